import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { grad, jvp, reduceWindow, sum, tensor, vmap, type WindowMonoid, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { naiveReduce } from '../support/windows.ts'

/** Sums and products of at most fifty numbers in float64. */
const CLOSE = 1e-12

const folds: { readonly [m in WindowMonoid]: (xs: readonly number[]) => number } = {
  sum: xs => xs.reduce((a, b) => a + b, 0),
  prod: xs => xs.reduce((a, b) => a * b, 1),
  max: xs => Math.max(...xs),
  min: xs => Math.min(...xs),
}

/** Without its types, which want the window for one rank. */
const reduceOver = reduceWindow as unknown as (options: object) => (x: Tensor) => Tensor

describe('reduceWindow', () => {
  const upTo = (most: number, least = 1): fc.Arbitrary<number> => fc.integer({ min: least, max: most })
  const axis = fc.record({
    stride: upTo(3),
    dilation: upTo(2),
    taps: upTo(3),
    extra: upTo(2, 0),
    pads: fc.tuple(upTo(2, 0), upTo(2, -1)),
  })
  const cases = fc.record({
    axes: fc.array(axis, { minLength: 0, maxLength: 4 }),
    padding: fc.constantFrom('valid', 'same', 1, 'pairs'),
    monoid: fc.constantFrom('sum', 'max', 'min', 'prod'),
    phase: fc.nat(99),
  })

  it('agrees with a loop over everything, for all options and over any axes', () => {
    check(
      fc.property(cases, ({ axes, padding, monoid, phase }) => {
        const shape = axes.map(a => (a.taps - 1) * a.dilation + 1 + a.extra)
        const plain = {
          window: axes.map(a => a.taps),
          strides: axes.map(a => a.stride),
          dilation: axes.map(a => a.dilation),
          padding:
            padding === 'pairs' ? axes.map(a => (a.extra > 0 ? a.pads : ([1, 0] as const))) : (padding as 'same'),
        }
        const x = wavy(shape, phase)
        expectSame(
          reduceOver({ monoid, ...plain })(x),
          naiveReduce({ ...plain, inputDilation: axes.map(() => 1) }, x, folds[monoid as WindowMonoid]),
          CLOSE,
        )
      }),
      200,
    )
  })

  const x = tensor([
    [1, 5, 2],
    [4, 3, 6],
  ])

  it('known values', () => {
    expectClose(reduceWindow({ monoid: 'max', window: [2, 2] })(x), [[5, 6]])
    expectClose(reduceWindow({ monoid: 'min', window: [1, 2] })(x), [
      [1, 2],
      [3, 3],
    ])
    expectClose(reduceWindow({ monoid: 'prod', window: [2, 1] })(x), [[4, 15, 12]])
    expectClose(reduceWindow({ monoid: 'sum', window: [1, 2], strides: [1, 2], padding: 'same' })(x), [
      [6, 2],
      [7, 6],
    ])
    expectClose(reduceWindow({ monoid: 'sum', window: [1, 2], dilation: 2 })(x), [[3], [10]])
    expectClose(reduceWindow({ monoid: 'sum', window: [1, 1] })(x), [
      [1, 5, 2],
      [4, 3, 6],
    ])
    expectClose(reduceWindow({ monoid: 'sum', window: [] })(3), 3)
  })

  it('a window in padding alone gives 0, -∞, ∞ or 1, and the largest or smallest int32', () => {
    const padded = (monoid: WindowMonoid, v: Tensor): Tensor =>
      reduceWindow({ monoid, window: [1], padding: [[0, 1]] })(v)
    expectClose(padded('sum', f64([2])), [2, 0])
    expectClose(padded('max', f64([2])), [2, -Infinity])
    expectClose(padded('min', f64([2])), [2, Infinity])
    expectClose(padded('prod', f64([2])), [2, 1])
    expectClose(padded('max', i32([2])), [2, -2147483648])
    expectClose(padded('min', i32([2])), [2, 2147483647])
  })

  it('and no derivative', () => {
    const lonely = reduceWindow({ monoid: 'max', window: [1], padding: [[1, 1]] })
    expectClose(jvp((v: Tensor) => lonely(v))([f64([2])], [f64([3])])[1], [0, 3, 0])
    expectClose(grad((v: Tensor) => sum(lonely(v)))(f64([2])), [1])
  })

  it('elements that tie share the derivative, among them -∞ beside padding', () => {
    const largest = (v: Tensor): Tensor => sum(reduceWindow({ monoid: 'max', window: [2], padding: [[1, 0]] })(v))
    expectClose(grad(largest)(f64([1, 1, 0])), [1 + 0.5, 0.5 + 1, 0])
    expectClose(grad(largest)(f64([-Infinity, 0])), [1, 1])
    const smallest = (v: Tensor): Tensor => sum(reduceWindow({ monoid: 'min', window: [3] })(v))
    expectClose(grad(smallest)(f64([2, 2, 2])), [1 / 3, 1 / 3, 1 / 3])
  })

  it('NaN is the extreme of its windows, whose derivatives are NaN', () => {
    const largest = reduceWindow({ monoid: 'max', window: [2], strides: 2 })
    expectClose(largest(f64([Number.NaN, 1, 2, 3])), [Number.NaN, 3])
    expectClose(grad((v: Tensor) => sum(largest(v)))(f64([Number.NaN, 1, 2, 3])), [Number.NaN, Number.NaN, 0, 1])
  })

  it('the derivative of products is exact with no zero, one and two zeros', () => {
    const products = (v: Tensor): Tensor => sum(reduceWindow({ monoid: 'prod', window: [3], padding: 'same' })(v))
    expectClose(grad(products)(f64([2, 3, 4])), [3 + 12, 2 + 8 + 4, 6 + 3])
    expectClose(grad(products)(f64([0, 3, 4])), [3 + 12, 0 + 0 + 4, 0 + 3])
    expectClose(grad(products)(f64([0, 3, 0])), [3 + 0, 0, 0 + 3])
  })

  it('int32 wraps', () => {
    expectClose(reduceWindow({ monoid: 'sum', window: [2] })(i32([2147483647, 1])), [-2147483648])
  })

  it('of no elements', () => {
    expect(reduceWindow({ monoid: 'max', window: [1, 2] })(zeros([0, 4])).shape).toEqual([0, 3])
    expect(reduceWindow({ monoid: 'prod', window: [1, 2], strides: 2 })(zeros([0, 4])).shape).toEqual([0, 2])
    for (const monoid of ['sum', 'max', 'min', 'prod'] as const)
      expect(grad((v: Tensor) => sum(reduceWindow({ monoid, window: [1], strides: 2 })(v)))(zeros([0])).shape).toEqual([
        0,
      ])
  })

  it('maps over examples', () => {
    const f = reduceWindow({ monoid: 'max', window: [2] })
    expectClose(vmap((row: Tensor) => f(row))(x), [
      [5, 5],
      [4, 6],
    ])
  })

  it('mistakes', () => {
    const three = zeros([3])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: [2, 2] })(three))).toBe(
      'ShapeError: reduceWindow: a window of 2 sizes for the 1 axes of [3]',
    )
    // @ts-expect-error
    expect(mistake(() => reduceWindow({ monoid: 'mean', window: [2] })(three))).toBe(
      `ValueError: reduceWindow: monoid must be 'sum', 'max', 'min' or 'prod', got "mean"`,
    )
    // @ts-expect-error
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: 2 })(three))).toContain(
      'a list with a size for each axis',
    )
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: [0] })(three))).toContain(
      'window must be a whole number of at least 1',
    )
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: [4] })(three))).toContain(
      'a window over 4 elements does not fit an axis of size 3',
    )
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: [2] })(zeros([3], { dtype: 'bool' })))).toContain(
      'DtypeError: reduceWindow: does not take bool',
    )
    expect(mistake(() => reduceWindow({ monoid: 'sum', window: [2], padding: 1e10 })(three))).toContain(
      'ValueError: reduceWindow: [20000000002] is too large',
    )
    expect(
      mistake(() => reduceWindow({ monoid: 'sum', window: [1, 1, 1, 1], padding: [[1, 1]] })(zeros([1, 1, 1, 1]))),
    ).toContain('one for each axis or [before, after] for each')
  })
})
