/**
 * What the tests of random numbers share: arbitrary keys, raw values, and goodness of fit.
 */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { CotangentError, data, type ErrorTag, type Tensor, tensor } from '../../src/index.ts'
import type { Key } from '../../src/random/index.ts'

/** Any 64 bits as a key. */
export const keys: fc.Arbitrary<Key> = fc
  .tuple(fc.noBias(fc.integer()), fc.noBias(fc.integer()))
  .map(words => tensor(words, { dtype: 'int32' }))

/** Shapes of at most 24 elements, some of them empty. */
export const shapes: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 3 }), { maxLength: 2 })

/** Checks a property with a fixed seed, so that a red run can be repeated. */
export const holds = <Args>(property: fc.IProperty<Args>): void => fc.assert(property, { seed: 20261122, numRuns: 8 })

/** The elements of a tensor in row-major order. */
export const values = (x: Tensor): readonly number[] => Array.from(data(x))

/** Throws unless `f` throws an error with this tag, whose message matches. */
export const throwsTagged = (f: () => unknown, tag: ErrorTag, message: RegExp): void => {
  try {
    f()
  } catch (error) {
    expect(error).toBeInstanceOf(CotangentError)
    expect((error as CotangentError)._tag).toBe(tag)
    expect((error as CotangentError).message).toMatch(message)
    return
  }
  expect.fail(`no ${tag} was thrown`)
}

/** The largest relative difference between a tensor's elements and what they should be. */
export const relativeError = (x: Tensor, wanted: readonly number[]): number => {
  const got = values(x)
  expect(got.length).toBe(wanted.length)
  return Math.max(0, ...got.map((v, i) => Math.abs(v - (wanted[i] ?? 0)) / Math.abs(wanted[i] ?? 1)))
}

export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length
export const variance = (xs: readonly number[]): number => {
  const m = mean(xs)
  return mean(xs.map(x => (x - m) ** 2))
}

/** Kolmogorov's statistic √n·sup|Fₙ - F|. */
export const kolmogorov = (xs: readonly number[], cdf: (x: number) => number): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const n = sorted.length
  const gaps = sorted.map((x, i) => Math.max((i + 1) / n - cdf(x), cdf(x) - i / n))
  return Math.sqrt(n) * Math.max(...gaps)
}

/** What √n·sup|Fₙ - F| exceeds once in a thousand samples (Kolmogorov 1933); seeds are fixed, so no test fails by chance. */
export const KOLMOGOROV_LIMIT = 1.95

/** Pearson's statistic in standard deviations above its mean, for counts of equally likely or given categories. */
export const chiSquareExcess = (counts: readonly number[], probabilities: readonly number[]): number => {
  const n = counts.reduce((a, b) => a + b, 0)
  const statistic = counts.reduce((sum, count, i) => {
    const expected = n * (probabilities[i] ?? 0)
    return sum + (count - expected) ** 2 / expected
  }, 0)
  const freedom = counts.length - 1
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

/** A statistic this many standard deviations above its mean comes up about once in a thousand samples. */
export const CHI_SQUARE_LIMIT = 4

/** How often each of 0 … n-1 occurs. */
export const countsOf = (xs: readonly number[], n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => xs.filter(x => x === i).length)
