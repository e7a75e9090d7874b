import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { grad, median, quantile, zeros } from '../../src/index.ts'
import { expectClose, FLOAT64, f64, i32, mistake } from '../support/values.ts'

const v = f64([3, -1, 7, 2])
const m = f64([
  [1, -7, 3],
  [4, 0, -2],
])
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number

describe('quantile', () => {
  it('is that of NumPy by every method', () => {
    expectClose(quantile({ q: [0, 0.1, 0.5, 1] })(v), [-1, -0.1, 2.5, 7], FLOAT64)
    const values = { linear: [2.2, 2.5], lower: [2, 2], higher: [3, 3], nearest: [2, 3], midpoint: [2.5, 2.5] } as const
    for (const method of ['linear', 'lower', 'higher', 'nearest', 'midpoint'] as const)
      expectClose(quantile({ q: [0.4, 0.5], method })(v), [...values[method]], FLOAT64)
  })

  it('the nearest to a half is the one at an even position, as in NumPy', () => {
    expectClose(quantile({ q: [1 / 6, 0.5, 5 / 6], method: 'nearest' })(f64([1, 2, 3, 4])), [1, 3, 3])
  })

  it('reduces any axes, a list of q in front', () => {
    expect(quantile({ q: [0.25, 0.75], axis: 0 })(m).shape).toEqual([2, 3])
    expect(quantile({ q: 0.25, axis: [0, 1], keepDims: true })(m).shape).toEqual([1, 1])
    expect(quantile({ q: [0.5], axis: -1, keepDims: true })(m).shape).toEqual([1, 2, 1])
    expectClose(quantile({ q: 0.5 })(i32([1, 2])), 1.5)
    expectClose(quantile({ q: 0.3 })(7), 7)
  })

  it('NaN if there is one; infinities count where they are reached', () => {
    expectClose(quantile({ q: [0, 1] })(f64([1, NAN, 2])), [NAN, NAN])
    expectClose(quantile({ q: [0, 0.5, 0.75, 1] })(f64([-INF, 1, INF])), [-INF, 1, INF, INF])
  })

  it('the derivative flows to the elements used, by their weights', () => {
    expectClose(grad((x: Tensor) => quantile({ q: 0.4 })(x))(v), [0.2, 0, 0, 0.8])
  })

  it('mistakes', () => {
    for (const q of [-0.1, 1.1, NAN, '0.5' as unknown as number, [0.5, 2]])
      expect(mistake(() => quantile({ q })(v))).toContain('ValueError: quantile: q must be')
    expect(mistake(() => quantile({ q: 0.5, method: 'toString' as 'linear' })(v))).toContain(
      'ValueError: quantile: method',
    )
    expect(mistake(() => quantile({ q: 0.5 })(zeros([0])))).toContain('ShapeError: quantile: of no elements')
    expect(mistake(() => quantile({ q: 0.5, axis: 1 as 0 })(v))).toContain('AxisError: quantile: axis 1')
  })
})

describe('median', () => {
  it('is that of NumPy', () => {
    expectClose(median({ axis: 1 })(m), [1, 0])
    expectClose(median(m), 0.5)
  })

  it('of two in the middle each gets half the derivative', () => {
    expectClose(grad((x: Tensor) => median(x) as Tensor)(v), [0.5, 0, 0, 0.5])
  })
})
