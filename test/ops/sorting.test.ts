import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { argsort, grad, mul, searchsorted, sort, sum, tensor, topK, vmap, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number

describe('descending order', () => {
  it('is stable, with NaN first', () => {
    expectSame(argsort({ descending: true })(f64([2, 1, 2, NAN, 1])), i32([3, 0, 2, 1, 4]))
    expectClose(sort({ descending: true })(f64([-INF, NAN, 2, INF])), [NAN, INF, 2, -INF])
  })

  it('is ascending order of the negative', () => {
    const x = wavy([3, 4])
    for (const axis of [0, -1])
      expectSame(sort({ axis, descending: true })(x), mul(-1, sort({ axis })(mul(-1, x) as Tensor) as Tensor))
  })

  it('the gradient goes back to where the elements were', () => {
    const f = (x: Tensor): Tensor => sum(mul(sort({ descending: true })(x), f64([1, 10, 100])))
    expectClose(grad(f)(f64([1, 3, 2])), [100, 1, 10])
  })

  it('takes true or false', () => {
    const wrong = { descending: 'desc' } as unknown as { descending: boolean }
    expect(mistake(() => sort(wrong)(f64([1])))).toContain('ValueError: sort: descending is true or false')
  })
})

describe('int32 and bool', () => {
  it('are sorted as they are; false before true', () => {
    expectSame(sort(i32([2147483647, -2147483648, 0])), i32([-2147483648, 0, 2147483647]))
    expectSame(sort(tensor([true, false, true])), tensor([false, true, true]))
    expectSame(argsort(tensor([true, false, true])), i32([1, 0, 2]))
  })
})

describe('topK', () => {
  it('is the head of the descending order, along either axis', () => {
    const x = i32([
      [3, 1, 2],
      [0, 5, 4],
    ])
    const [values, indices] = topK({ k: 2 })(x)
    expectSame(
      values,
      i32([
        [3, 2],
        [5, 4],
      ]),
    )
    expectSame(
      indices,
      i32([
        [0, 2],
        [1, 2],
      ]),
    )
    expectSame(topK({ k: 1, axis: 0 })(x)[0], i32([[3, 5, 4]]))
  })

  it('of equals the first comes first; NaN counts as largest', () => {
    const [values, indices] = topK({ k: 3 })(f64([1, 2, NAN, 2]))
    expectClose(values, [NAN, 2, 2])
    expectClose(indices, [2, 1, 3])
  })

  it('k may be 0 and the whole size, and nothing else than whole numbers between', () => {
    expect(topK({ k: 0 })(f64([1, 2]))[0].shape).toEqual([0])
    expectClose(topK({ k: 2 })(f64([1, 2]))[0], [2, 1])
    expect(topK({ k: 0 })(zeros([0]))[1].shape).toEqual([0])
    for (const k of [3, -1, 0.5, NAN])
      expect(mistake(() => topK({ k })(f64([1, 2])))).toContain(
        'ValueError: topK: k must be a whole number from 0 to 2',
      )
    expect(mistake(() => topK({ k: 1 })(2 as unknown as Tensor))).toContain('AxisError: topK')
  })

  it('the gradient goes to the elements taken', () => {
    const f = (x: Tensor): Tensor => sum(mul(topK({ k: 2 })(x)[0], f64([1, 10])))
    expectClose(grad(f)(f64([4, 7, 5])), [0, 1, 10])
    expectClose(vmap(grad(f))(f64([[1, 2, 3]])), [[0, 10, 1]])
  })
})

describe('searchsorted', () => {
  const sorted = f64([1, 2, 2, 3])

  it('is that of NumPy on both sides', () => {
    const values = f64([0, 1, 2, 2.5, 3, 4, INF, -INF])
    expectSame(searchsorted(sorted, values), i32([0, 0, 1, 3, 3, 4, 4, 0]))
    expectSame(searchsorted({ side: 'right' })(sorted, values), i32([0, 1, 3, 3, 4, 4, 4, 0]))
  })

  it('counts the elements before each value', () => {
    const entry = fc.integer({ min: -5, max: 5 })
    check(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.array(entry, { maxLength: 5 }), (keys, values) => {
        const x = i32(keys.toSorted((a, b) => a - b))
        expect(toArray(searchsorted(x, i32(values)))).toEqual(values.map(v => keys.filter(k => k < v).length))
        expect(toArray(searchsorted({ side: 'right' })(x, i32(values)))).toEqual(
          values.map(v => keys.filter(k => k <= v).length),
        )
      }),
    )
  })

  it('NaN comes after everything', () => {
    expectClose(searchsorted(f64([1, INF, NAN, NAN]), f64([INF, NAN])), [1, 2])
    expectClose(searchsorted({ side: 'right' })(f64([1, INF, NAN, NAN]), f64([INF, NAN])), [2, 4])
  })

  it('in nothing every place is 0; of no values there is none', () => {
    expectSame(searchsorted(zeros([0]), 3), i32(0))
    expectSame(searchsorted(sorted, zeros([2, 0], { dtype: 'float64' })), zeros([2, 0], { dtype: 'int32' }))
  })

  it('refuses matrices, other dtypes and other sides', () => {
    expect(mistake(() => searchsorted(zeros([2, 2]) as Tensor, 1))).toContain(
      'ShapeError: searchsorted: what is sorted',
    )
    expect(mistake(() => searchsorted(sorted, i32([1])))).toContain('DtypeError: searchsorted: dtypes differ')
    expect(mistake(() => searchsorted(sorted, undefined as unknown as number))).toContain('ValueError: searchsorted')
    expect(mistake(() => searchsorted({ side: 'middle' as 'left' })(sorted, 1))).toContain(
      "ValueError: searchsorted: side is 'left' or 'right'",
    )
  })
})
