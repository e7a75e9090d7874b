/**
 * Standardising: each feature with the mean and standard deviation that it has in the training data.
 *
 * Layer: data. Fitted on the training part only; what is learned from the test part is a leak. Read next: batches.ts.
 */
import { fail, shapeError } from '../core/errors.ts'
import { requireRecord } from '../core/options.ts'
import { dim, range, showShape } from '../core/shape.ts'
import type { ShapeOf } from '../core/shape-types.ts'
import { requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { div, square, sub } from '../ops/arithmetic.ts'
import { eq, where } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { sqrt } from '../ops/math.ts'
import { reshape } from '../ops/movement.ts'
import { sum } from '../ops/reduction.ts'
import { slice } from '../ops/slicing.ts'
import { mean } from '../ops/statistics.ts'

/** Mean and standard deviation of each feature. */
export type Standardizer = { readonly mean: Tensor; readonly std: Tensor }

const requireFitted = (op: string, standardizer: Standardizer): Standardizer =>
  requireRecord(op, 'what fitStandardizer gives, { mean, std }', standardizer, ['mean', 'std'])

/** Number of rows, their mean, and the sum of squares about it. */
type Moments = { readonly count: number; readonly mean: Tensor; readonly squares: Tensor }

/** So many rows are looked at in one go: what is held beside the data stays small. */
const CHUNK = 2048

/** Measured from the first row, so that a feature which is constant has exactly that mean and exactly no deviation. */
const momentsOf = (x: Tensor): Moments => {
  const first = slice([[0, 1]])(x)
  const offset = sub(x, first)
  const shift = mean({ axis: 0, keepDims: true })(offset)
  return {
    count: dim(x.shape, 0),
    mean: reshape(x.shape.slice(1))(add(first, shift)),
    squares: sum({ axis: 0 })(square(sub(offset, shift))),
  }
}

/** The moments of both sets of rows together. Chan, Golub and LeVeque (1979), equations 2.1. */
const combine = (a: Moments, b: Moments): Moments => {
  const count = a.count + b.count
  const gap = sub(b.mean, a.mean)
  return {
    count,
    mean: add(a.mean, mul(gap, b.count / count)),
    squares: add(add(a.squares, b.squares), mul(square(gap), (a.count * b.count) / count)),
  }
}

/**
 * Mean and standard deviation (of the population: divided by n) along the first axis: x: [n, …] -> both […], in x's dtype.
 *
 * A feature that is constant has exactly its value as mean and 0 as deviation. NaN in a feature makes both NaN.
 * @throws ShapeError when x has no axes or no rows; DtypeError unless it is a float
 * @example
 * const fit = fitStandardizer(inputs)
 * standardize(fit)(inputs) // [4,3]
 */
export const fitStandardizer = (x: Tensor): Standardizer => {
  const rows = requireTensor('fitStandardizer', x).shape[0] ?? 0
  if (rows === 0) return fail(shapeError('fitStandardizer', `needs at least one row, got ${showShape(x.shape)}`))
  const { count, mean, squares } = range(0, Math.ceil(rows / CHUNK))
    .map(i => momentsOf(slice([[i * CHUNK, (i + 1) * CHUNK]])(x)))
    .reduce(combine)
  return { mean, std: sqrt(mul(squares, 1 / count)) }
}

/**
 * (x - mean) / std by feature: x: [n, …] -> [n, …]. A feature with std 0 is divided by 1: where it was constant it becomes 0.
 * @throws ShapeError when the features of x are not those of the fit
 */
export const standardize =
  (standardizer: Standardizer) =>
  <X extends Tensor>(x: X): Tensor<ShapeOf<X>> => {
    const { mean, std } = requireFitted('standardize', standardizer)
    return div(sub(x as Tensor, mean), where(eq(std, 0), 1, std)) as Tensor as Tensor<ShapeOf<X>>
  }

/**
 * What was standardised as it was before: x·std + mean by feature, [n, …] -> [n, …]; the inverse of `standardize`, up to rounding.
 * @throws ShapeError when the features of x are not those of the fit
 * @example
 * const fit = fitStandardizer(inputs)
 * pipe(inputs, standardize(fit), unstandardize(fit)) // [4,3]
 */
export const unstandardize =
  (standardizer: Standardizer) =>
  <X extends Tensor>(x: X): Tensor<ShapeOf<X>> => {
    const { mean, std } = requireFitted('unstandardize', standardizer)
    return add(mul(x as Tensor, where(eq(std, 0), 1, std)), mean) as Tensor as Tensor<ShapeOf<X>>
  }
