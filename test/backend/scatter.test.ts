/**
 * Scatters and sorts.
 */
import { describe, expect, it } from 'vitest'
import { wasm } from '../../src/backend/wasm.ts'
import { along, load, type Scatter } from '../../src/core/kernel.ts'
import { range } from '../../src/core/shape.ts'
import { AWKWARD, agreeExactly } from './agreement.ts'
import { dataFrom } from './choices.ts'

describe('scatter on the engine', () => {
  it.each(AWKWARD)('equals the reference with %i updates to five places', n => {
    const places = dataFrom(n + 1, 'int32', n).map(i => (((i % 8) + 8) % 8) - 1)
    const kernel: Scatter = {
      tag: 'scatter',
      shape: [5],
      init: load(0, 'float32', [5], [along(0)]),
      axes: [n],
      index: [load(1, 'int32', [n], [along(0)])],
      update: load(2, 'float32', [n], [along(0)]),
      combine: 'sum',
    }
    agreeExactly(kernel, [dataFrom(5, 'float32', 5, true), places, dataFrom(n, 'float32', n, true)])
  })
})

describe('sort', () => {
  it.each(AWKWARD)('gives the stable ascending order of rows of %i, NaN last', n => {
    const keys = dataFrom(n + 2, 'float64', 3 * n)
    const [order = keys] = wasm.run({ tag: 'sort', shape: [3, n] }, [keys])
    const class_ = (x: number): number => (Number.isNaN(x) ? 1 : 0)
    for (let row = 0; row < 3 * n; row += n) {
      const got = Array.from(order.subarray(row, row + n))
      expect([...got].sort((i, j) => i - j)).toEqual(range(0, n))
      for (let i = 1; i < n; i++) {
        const [a, b] = [got[i - 1] ?? -1, got[i] ?? -1]
        const [x, y] = [keys[row + a] ?? 0, keys[row + b] ?? 0]
        const tied = x === y || (class_(x) === 1 && class_(y) === 1)
        expect(class_(x) < class_(y) || x < y || (tied && a < b)).toBe(true)
      }
    }
  })
})
