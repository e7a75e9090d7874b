import { describe, expect, it } from 'vitest'
import { reference } from '../../src/backend/reference.ts'
import { wasm } from '../../src/backend/wasm.ts'
import { kernelDtypes, kernelShapes } from '../../src/core/kernel.ts'
import type { Routine } from '../../src/core/routine.ts'

const solve = (batch: readonly number[], a: readonly number[], b: readonly number[]): Routine => ({
  tag: 'routine',
  task: { name: 'solve' },
  dtype: 'float64',
  batch,
  operands: [a, b],
})
/** Two matrices, and four right-hand sides. */
const matrices = Float64Array.of(2, 1, 1, 3, 0, 4, 5, 1)
const columns = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)

describe('routines', () => {
  it('read an operand that broadcasts at every point of the batch', () => {
    const whole = (kernel: Routine, a: Float64Array, b: Float64Array) => wasm.run(kernel, [a, b])[0]
    const [first, second] = [matrices.subarray(0, 4), matrices.subarray(4)]
    const each = [first, second, first, second].flatMap((a, i) => [
      ...(whole(solve([], [2, 2], [2, 1]), a, columns.subarray(2 * i, 2 * i + 2)) ?? []),
    ])
    expect([...(whole(solve([2, 2], [2, 2, 2], [2, 2, 2, 1]), matrices, columns) ?? [])]).toEqual(each)
    expect([...(whole(solve([2, 2], [1, 2, 2, 2], [2, 2, 2, 1]), matrices, columns) ?? [])]).toEqual(each)
    const shared = [0, 1].flatMap(i => [
      ...(whole(solve([], [2, 2], [2, 1]), matrices.subarray(4 * i, 4 * i + 4), columns.subarray(0, 2)) ?? []),
    ])
    expect([...(whole(solve([2], [2, 2, 2], [2, 1]), matrices, columns) ?? [])]).toEqual(shared)
  })

  it('leave their inputs alone, and round on store', () => {
    const [a, b] = [Float32Array.of(3, 1, 1, 3), Float32Array.of(1, 0)]
    const kernel: Routine = { ...solve([], [2, 2], [2, 1]), dtype: 'float32' }
    for (const backend of [reference, wasm]) {
      expect(backend.run(kernel, [a, b])).toEqual([Float32Array.of(3 / 8, -1 / 8)])
      expect([[...a], [...b]]).toEqual([
        [3, 1, 1, 3],
        [1, 0],
      ])
    }
  })

  it('of an empty batch give empty results of the shapes they say', () => {
    const kernel: Routine = {
      tag: 'routine',
      task: { name: 'qr' },
      dtype: 'float32',
      batch: [0, 2],
      operands: [[0, 2, 3, 2]],
    }
    expect(kernelShapes(kernel)).toEqual([
      [0, 2, 3, 2],
      [0, 2, 2, 2],
    ])
    expect(kernelDtypes(kernel)).toEqual(['float32', 'float32'])
    expect(wasm.run(kernel, [new Float32Array(0)])).toEqual([new Float32Array(0), new Float32Array(0)])
  })
})
