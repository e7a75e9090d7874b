import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, scalar, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  arange,
  dynamicSlice,
  dynamicUpdateSlice,
  grad,
  mul,
  type Starts,
  slice,
  sum,
  type TensorLike,
  vmap,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'

const m = i32([
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [8, 9, 10, 11],
])

describe('dynamicSlice', () => {
  it('is a slice that begins at computed positions: numbers, scalars, or one tensor', () => {
    const wanted = [
      [5, 6],
      [9, 10],
    ]
    const cut = dynamicSlice({ sizes: [2, 2] })
    const forms: readonly Starts[] = [[1, 1], i32([1, 1]), [scalar(1, 'int32'), 1]]
    for (const starts of forms) expectClose(cut(m, starts), wanted)
    expectClose(dynamicSlice({ sizes: [] })(5, []), 5)
    expect(dynamicSlice({ sizes: [0, 2] })(m, [1, 1]).shape).toEqual([0, 2])
    expectClose(dynamicSlice({ sizes: [1] })(tensor([false, true]), [1]), [true])
  })
  it('negative starts count from the end; then starts move until the slice fits', () => {
    const cut = (start: number): number[] => [...data(dynamicSlice({ sizes: [3] })(arange(5), [start]))]
    expect([cut(-3), cut(-1), cut(4), cut(2147483647), cut(-9), cut(-2147483648)]).toEqual([
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
      [0, 1, 2],
      [0, 1, 2],
    ])
  })
  it('agrees with slice wherever that fits', () => {
    check(
      fc.property(fc.nat(4), fc.nat(3), fc.nat(4), fc.nat(3), (a, b, p, q) => {
        const x = wavy([4, 3])
        const [start, other] = [Math.min(p, 4 - Math.min(a, 4)), Math.min(q, 3 - Math.min(b, 3))]
        const [rows, columns] = [Math.min(a, 4), Math.min(b, 3)]
        expectSame(
          dynamicSlice({ sizes: [rows, columns] })(x, [start, other]),
          slice([
            [start, start + rows],
            [other, other + columns],
          ])(x),
          0,
        )
      }),
    )
  })
  it('the gradient goes where the slice was taken', () => {
    const f = (x: Tensor): Tensor => sum(mul(dynamicSlice({ sizes: [2] })(x, [9]), f64([1, 10])))
    expectClose(grad(f)(f64([1, 2, 3])), [0, 1, 10])
  })
  it('under vmap each has its own start, or its own x, or both', () => {
    const cut = dynamicSlice({ sizes: [2] })
    const starts = i32([[0], [2], [7]])
    expectClose(vmap((s: Tensor) => cut(arange(4), s))(starts), [
      [0, 1],
      [2, 3],
      [2, 3],
    ])
    expectClose(vmap((x: Tensor, s: Tensor) => cut(x, s))(m, starts), [
      [0, 1],
      [6, 7],
      [10, 11],
    ])
    expectClose(vmap((x: Tensor) => cut(x, [1]))(m), [
      [1, 2],
      [5, 6],
      [9, 10],
    ])
    expectClose(vmap((s: Tensor) => cut(arange(4), [s]))(i32([0, 1])), [
      [0, 1],
      [1, 2],
    ])
  })
  it('mistakes', () => {
    const loose = dynamicSlice as unknown as (options: unknown) => (x: TensorLike, starts: unknown) => Tensor
    expect(mistake(() => loose({ sizes: [2, 5] })(m, [0, 0]))).toBe(
      'ShapeError: dynamicSlice: a slice of [2,5] does not fit into [3,4]',
    )
    expect(mistake(() => loose({ sizes: [2] })(m, [0, 0]))).toContain('ShapeError: dynamicSlice: a slice of [2]')
    expect(mistake(() => loose({ sizes: [2, 2] })(m, [0]))).toBe(
      'ShapeError: dynamicSlice: starts [1] do not fit [3,4]: give one for each axis',
    )
    expect(mistake(() => loose({ sizes: [2, 2] })(m, tensor([0, 0])))).toContain(
      'DtypeError: dynamicSlice: starts must be int32, got float32',
    )
    expect(mistake(() => loose({ sizes: [2, 2] })(m, [0.5, 0]))).toContain('ValueError: dynamicSlice: 0.5 is no index')
    expect(mistake(() => loose({ sizes: [2, 2] })(m, [i32([0]), 0]))).toContain(
      'ShapeError: dynamicSlice: a start in a list is a scalar, got [1]',
    )
    expect(mistake(() => loose({ sizes: [2, 2] })(m, 0))).toContain('ValueError: dynamicSlice: takes starts as a list')
    expect(mistake(() => loose({ sizes: [-1, 2] })(m, [0, 0]))).toContain('ValueError: dynamicSlice: a shape holds')
    expect(mistake(() => loose({})(m, [0, 0]))).toContain('ValueError: dynamicSlice: needs the option sizes')
    expect(mistake(() => loose(m))).toContain('ValueError: dynamicSlice: takes options')
  })
})

describe('dynamicUpdateSlice', () => {
  it('replaces a slice, moved until it fits', () => {
    expectClose(dynamicUpdateSlice(m, i32([[20, 21]]), [1, 2]), [
      [0, 1, 2, 3],
      [4, 5, 20, 21],
      [8, 9, 10, 11],
    ])
    expectClose(dynamicUpdateSlice(arange(4), i32([7, 8]), [9]), [0, 1, 7, 8])
    expectClose(dynamicUpdateSlice(arange(4), i32([7, 8]), [-4]), [7, 8, 2, 3])
    expectClose(dynamicUpdateSlice(arange(4), zeros([0], { dtype: 'int32' }), [1]), [0, 1, 2, 3])
    expectClose(dynamicUpdateSlice(f64(1), 2, []), 2)
  })
  it('what was put is what is read, with starts of every kind', () => {
    const x = wavy([3, 4])
    const update = wavy([2, 3], 1)
    for (const start of [-9, -1, 0, 1, 2, 9])
      expectSame(
        dynamicSlice({ sizes: [2, 3] })(dynamicUpdateSlice(x, update, [start, start]), [start, start]),
        update,
        0,
      )
  })
  it('the gradient of x is 0 where it was replaced, and that of the update is what stands there', () => {
    const f = (x: Tensor, u: Tensor): Tensor => sum(mul(dynamicUpdateSlice(x, u, [1]), f64([1, 10, 100, 1000])))
    const [inX, inU] = grad(f, { argnums: [0, 1] })(f64([1, 2, 3, 4]), f64([5, 6]))
    expectClose(inX, [1, 0, 0, 1000])
    expectClose(inU, [10, 100])
  })
  it('under vmap each has its own start', () => {
    expectClose(vmap((u: Tensor, s: Tensor) => dynamicUpdateSlice(arange(3), u, s))(i32([[7], [8]]), i32([[0], [5]])), [
      [7, 1, 2],
      [0, 1, 8],
    ])
  })
  it('mistakes', () => {
    expect(mistake(() => dynamicUpdateSlice(m, zeros([1, 2]), [0, 0]))).toContain(
      'DtypeError: dynamicUpdateSlice: dtypes differ: int32 and float32',
    )
    expect(mistake(() => dynamicUpdateSlice(arange(3), arange(4), [0]))).toBe(
      'ShapeError: dynamicUpdateSlice: a slice of [4] does not fit into [3]',
    )
    expect(mistake(() => (dynamicUpdateSlice as (...xs: unknown[]) => Tensor)(m, m))).toContain(
      'ValueError: dynamicUpdateSlice: takes starts',
    )
  })
})
