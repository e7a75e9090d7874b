import { describe, expect, it } from 'vitest'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  grad,
  jvp,
  segmentMax,
  segmentMin,
  segmentProd,
  segmentSum,
  sum,
  type TensorLike,
  take,
  vmap,
  zeros,
} from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'

const all = { segmentSum, segmentProd, segmentMax, segmentMin }
const ids = i32([3, 0, 3, -1, 3, 4, 0])
const x = f64([2, 3, 5, 7, -4, 9, 6])

describe('segments', () => {
  it('combine the rows of each number; empty ones are 0, 1, -∞ and ∞; numbers outside are dropped', () => {
    expectClose(segmentSum({ segments: 4 })(x, ids), [9, 0, 0, 3])
    expectClose(segmentProd({ segments: 4 })(x, ids), [18, 1, 1, -40])
    expectClose(segmentMax({ segments: 4 })(x, ids), [6, -Infinity, -Infinity, 5])
    expectClose(segmentMin({ segments: 4 })(x, ids), [3, Infinity, Infinity, -4])
  })
  it('of int32: empty ones are the smallest and the largest number; bool is counted', () => {
    expectClose(segmentMax({ segments: 2 })(i32([5]), i32([0])), [5, -2147483648])
    expectClose(segmentMin({ segments: 2 })(i32([5]), i32([0])), [5, 2147483647])
    const counts = segmentSum({ segments: 2 })(tensor([true, true, false]), i32([0, 0, 1]))
    expect(counts.dtype).toBe('int32')
    expectClose(counts, [2, 0])
    expect(mistake(() => segmentMax({ segments: 2 })(tensor([true]), i32([0])))).toContain('DtypeError: segmentMax')
  })
  it('of rows, of ids with two axes, of a number', () => {
    const rows = f64([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expectClose(segmentSum({ segments: 2 })(rows, i32([1, 0, 1])), [
      [3, 4],
      [6, 8],
    ])
    expectClose(
      segmentMax({ segments: 2 })(
        rows,
        i32([
          [0, 1],
          [1, 0],
          [1, 1],
        ]),
      ),
      [4, 6],
    )
    expectClose(segmentSum({ segments: 3 })(7, 1), [0, 7, 0])
  })
  it.each(Object.entries(all))('%s of no rows, and into no segments', (_name, f) => {
    expect(f({ segments: 3 })(zeros([0, 2]), zeros([0], { dtype: 'int32' })).shape).toEqual([3, 2])
    expect(f({ segments: 0 })(x, ids).shape).toEqual([0])
    expectClose(grad((v: Tensor) => sum(f({ segments: 0 })(v, ids)))(x), [0, 0, 0, 0, 0, 0, 0])
  })
  it('derivatives: of products the others, of extremes equal shares', () => {
    expectClose(grad((v: Tensor) => sum(segmentSum({ segments: 4 })(v, ids)))(x), [1, 1, 1, 0, 1, 0, 1])
    expectClose(grad((v: Tensor) => sum(segmentProd({ segments: 4 })(v, ids)))(x), [-20, 6, -8, 0, 10, 0, 3])
    expectClose(
      grad((v: Tensor) => sum(take(segmentMax({ segments: 4 })(v, ids), 3)))(f64([5, 1, 5, 5, 2, 0, 0])),
      [0.5, 0, 0.5, 0, 0, 0, 0],
    )
  })
  it('segmentProd with zeros: exact', () => {
    const f = grad((v: Tensor) => sum(segmentProd({ segments: 2 })(v, i32([0, 1, 0, 1, 1]))))
    expectClose(f(f64([0, 0, 3, 0, 2])), [3, 0, 0, 0, 0])
  })
  it('the tangent of an empty segment is 0', () => {
    for (const f of Object.values(all))
      expectClose(jvp((v: Tensor) => f({ segments: 2 })(v, i32([1])))([f64([3])], [f64([5])])[1], [0, 5])
  })
  it('under vmap, each row has its own numbers', () => {
    const y = vmap((v: Tensor, i: Tensor) => segmentSum({ segments: 2 })(v, i))(
      f64([
        [1, 2],
        [3, 4],
      ]),
      i32([
        [1, 1],
        [0, 1],
      ]),
    )
    expect([...data(y)]).toEqual([0, 3, 3, 4])
  })
  it('mistakes', () => {
    const loose = segmentSum as unknown as (options: unknown) => (data: TensorLike, ids: TensorLike) => Tensor
    expect(mistake(() => loose({ segments: 2 })(zeros([3]), i32([0, 1])))).toBe(
      'ShapeError: segmentSum: ids [2] do not fit data [3]: the shape of the data must begin with that of the ids',
    )
    expect(mistake(() => loose({})(x, ids))).toBe('ValueError: segmentSum: needs the option segments')
    expect(mistake(() => loose({ segments: -1 })(x, ids))).toBe(
      'ValueError: segmentSum: segments must be a whole number of at least 0, got -1',
    )
    expect(mistake(() => loose(x))).toContain('ValueError: segmentSum: takes options')
    expect(mistake(() => loose({ segments: 2 })(x, x))).toContain('DtypeError: segmentSum: indices must be int32')
  })
})
