/**
 * Single numbers from a confusion matrix that chance and unequal classes do not flatter. They read data.
 *
 * Layer: metrics. Read next: confusion.ts, report.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import type { Tensor } from '../core/types.ts'
import { countsOf } from './confusion.ts'

const total = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0)
const dot = (xs: readonly number[], ys: readonly number[]): number => total(xs.map((x, i) => x * (ys[i] ?? 0)))

/** How many samples there are, how many right, and by class how often it occurs and is predicted. */
const marginsOf = (op: string, matrix: Tensor) => {
  const counts = countsOf(op, matrix)
  const occurs = counts.map(total)
  const samples = total(occurs)
  if (samples === 0) return fail(valueError(op, 'needs at least one sample, got a matrix of zeros'))
  const hits = counts.map((row, i) => row[i] ?? 0)
  return { samples, hits, occurs, predicted: counts.map((_, i) => total(counts.map(row => row[i] ?? 0))) }
}

/**
 * The mean recall of the classes that occur, from a confusion matrix, int32 [classes, classes]: what accuracy would be if all of
 * them occurred equally often. From 0 to 1.
 * @throws ShapeError unless the matrix is square; ValueError for no samples
 * @example
 * balancedAccuracy(tensor([[8, 0], [1, 1]], { dtype: 'int32' })) // 0.75
 */
export const balancedAccuracy = (matrix: Tensor): number => {
  const { hits, occurs } = marginsOf('balancedAccuracy', matrix)
  const recalls = hits.flatMap((n, i) => (occurs[i] === 0 ? [] : [n / (occurs[i] ?? 1)]))
  return total(recalls) / recalls.length
}

/**
 * The correlation of labels and predictions, Matthews (1975), for any number of classes as Gorodkin (2004): 1 when all are right, 0
 * as by chance. From a confusion matrix, int32 [classes, classes]. Where all labels or all predictions are alike, which is 0/0, it is 0.
 * @throws ShapeError unless the matrix is square; ValueError for no samples
 * @example
 * matthewsCorrelation(tensor([[2, 0], [0, 3]], { dtype: 'int32' })) // 1
 */
export const matthewsCorrelation = (matrix: Tensor): number => {
  const { samples, hits, occurs, predicted } = marginsOf('matthewsCorrelation', matrix)
  const spread = (samples ** 2 - dot(predicted, predicted)) * (samples ** 2 - dot(occurs, occurs))
  return spread === 0 ? 0 : (total(hits) * samples - dot(occurs, predicted)) / Math.sqrt(spread)
}

/**
 * Cohen's kappa (1960): how much of the agreement that chance leaves out is there; 1 when all are right, 0 as by chance. From a confusion
 * matrix, int32 [classes, classes]. NaN when all labels and predictions are of one class, where chance leaves nothing.
 * @throws ShapeError unless the matrix is square; ValueError for no samples
 * @example
 * cohenKappa(tensor([[2, 0], [0, 3]], { dtype: 'int32' })) // 1
 */
export const cohenKappa = (matrix: Tensor): number => {
  const { samples, hits, occurs, predicted } = marginsOf('cohenKappa', matrix)
  const chance = dot(occurs, predicted)
  return (total(hits) * samples - chance) / (samples ** 2 - chance)
}
