/**
 * Running averages as values: a sum and how much it is a sum of. They combine, so a state can carry them.
 *
 * Layer: metrics.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { requireRecord } from '../core/options.ts'

/** The weighted sum of what has been averaged so far, and the sum of the weights. */
export type Average = { readonly sum: number; readonly weight: number }

/** The average of one value; `weight` says how many samples it stands for, as the mean loss of a batch does. */
export const average = (value: number, weight = 1): Average => ({ sum: value * weight, weight })

/**
 * Averages over disjoint samples together; the identity is that of no samples. fp-ts's `struct` makes records of them combine.
 * @example
 * const metrics = struct({ loss: averageMonoid, accuracy: averageMonoid })
 */
export const averageMonoid: Monoid<Average> = {
  empty: { sum: 0, weight: 0 },
  concat: (a, b) => ({ sum: a.sum + b.sum, weight: a.weight + b.weight }),
}

/** The number; NaN of no samples. */
export const averageValue = (average: Average): number => {
  const { sum, weight } = requireRecord('averageValue', 'an average, { sum, weight }', average, ['sum', 'weight'])
  return sum / weight
}
