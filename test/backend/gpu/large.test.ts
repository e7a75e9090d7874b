/**
 * Kernels at sizes where float32 skips whole numbers, and loops longer than gpu.js lets them be unless told.
 */
import { describe, expect, it } from 'vitest'
import { along, apply, constant, convert, type Expr, iota, load, mapNest, type Nest } from '../../../src/core/kernel.ts'
import { sizeOf } from '../../../src/core/shape.ts'
import { agree, openBenches } from './kernels.ts'

const benches = await openBenches()

/** 16,832,207 elements, more than 2²⁴; no size is a power of 2. */
const AXES = [7, 601, 4001]
const SIZE = sizeOf(AXES)

describe.each(benches)('in mode $mode', bench => {
  it('every element of a tensor of more than 2^24 is read from its place and written to its own', async () => {
    const x = Float32Array.from({ length: SIZE }, (_, i) => i % 8191)
    const backwards = AXES.map((n, axis) => along(axis, -1, n - 1))
    const [y = x] = await bench.run(mapNest(AXES, load(0, 'float32', AXES, backwards)), [x])
    expect(y.length).toBe(SIZE)
    expect(y.findIndex((value: number, i: number) => value !== x[SIZE - 1 - i])).toBe(-1)
  })

  it('coordinates beyond 2^24 are exact', async () => {
    const low = apply('bitAnd', iota(0), constant('int32', 8191))
    const [y = new Float32Array()] = await bench.run(mapNest([SIZE], convert('float32', low)), [])
    expect(y.length).toBe(SIZE)
    expect(y.findIndex((value: number, i: number) => value !== (i & 8191))).toBe(-1)
  })

  it('loops run to their end, and positions have more than 16 bits', async () => {
    const n = 100_003
    const x = Int32Array.from({ length: n }, (_, i) => Math.imul(i, 0x9e3779b1) >> 1)
    x[n - 2] = 2147483647
    const expr: Expr = load(0, 'int32', [n], [along(0)])
    const nest: Nest = {
      tag: 'nest',
      axes: [],
      stages: (['sum', 'argMax', 'min'] as const).map(monoid => ({
        tag: 'reduce',
        axes: [n],
        monoid,
        expr,
        dtype: 'int32',
      })),
      outputs: [0, 1, 2],
    }
    await agree(bench, nest, [x], 0)
  })

  it('what has no elements gives what has none, or units', async () => {
    const none = load(0, 'float32', [0, 3], [along(0), along(1)])
    const total: Nest = {
      tag: 'nest',
      axes: [3],
      stages: [
        {
          tag: 'reduce',
          axes: [0],
          monoid: 'max',
          expr: load(0, 'float32', [0, 3], [along(1), along(0)]),
          dtype: 'float32',
        },
      ],
      outputs: [0],
    }
    await agree(bench, mapNest([0, 3], none), [new Float32Array()], 0)
    await agree(bench, total, [new Float32Array()], 0)
    for (const axis of [0, 1])
      await agree(
        bench,
        { tag: 'cumulate', axes: [0, 3], axis, reverse: false, monoid: 'sum', expr: none },
        [new Float32Array()],
        0,
      )
    const scattered = { tag: 'scatter', shape: [3], init: constant('float32', 2), axes: [0], index: [iota(0)] } as const
    await agree(
      bench,
      { ...scattered, update: load(0, 'float32', [0], [along(0)]), combine: 'sum' },
      [new Float32Array()],
      0,
    )
  })
})
