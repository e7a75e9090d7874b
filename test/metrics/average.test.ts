import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { average, averageMonoid, averageValue } from '../../src/metrics/index.ts'
import { check } from '../support/values.ts'

describe('averages', () => {
  // Whole numbers: sums in any order are the same to the bit.
  const averages = fc
    .record({ value: fc.integer({ min: -1000, max: 1000 }), weight: fc.integer({ min: 0, max: 1000 }) })
    .map(({ value, weight }) => average(value, weight))
  const { concat, empty } = averageMonoid

  it('are a commutative monoid', () => {
    check(
      fc.property(averages, averages, averages, (a, b, c) => {
        expect(concat(concat(a, b), c)).toEqual(concat(a, concat(b, c)))
        expect(concat(a, b)).toEqual(concat(b, a))
        expect(concat(empty, a)).toEqual(a)
        expect(concat(a, empty)).toEqual(a)
      }),
    )
  })

  it('of batches are that of all samples, however these were batched', () => {
    const batches = fc.array(fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 }), { minLength: 1 })
    check(
      fc.property(batches, parts => {
        const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
        const whole = averageValue(parts.map(xs => average(mean(xs), xs.length)).reduce(concat, empty))
        expect(whole).toBeCloseTo(mean(parts.flat()), 9)
      }),
    )
  })

  it('of nothing are NaN', () => {
    expect(averageValue(empty)).toBeNaN()
  })
})
