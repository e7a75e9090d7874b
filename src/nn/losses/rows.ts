/**
 * Losses of rows: distributions and vectors along the last axis, and the multiclass hinge.
 *
 * Layer: nn. Read next: common.ts.
 */
import { axisError, fail } from '../../core/errors.ts'
import { dim } from '../../core/shape.ts'
import type { Check, Labels, SameShape, ShapeOf } from '../../core/shape-types.ts'
import type { Tensor } from '../../core/types.ts'
import { relu } from '../../ops/activations.ts'
import { abs, div, square, sub } from '../../ops/arithmetic.ts'
import { eq, gt, where } from '../../ops/comparison.ts'
import { add, mul } from '../../ops/elementwise.ts'
import { oneHot, takeAlongAxis } from '../../ops/indexing.ts'
import { exp, log } from '../../ops/math.ts'
import { reshape } from '../../ops/movement.ts'
import { norm } from '../../ops/norms.ts'
import { max, sum } from '../../ops/reduction.ts'
import { stopGradient } from '../../ops/stopgradient.ts'
import {
  floats,
  type LossOptions,
  type LossReduction,
  lossOf,
  numberOption,
  pair,
  type Reduced,
  type RowLoss,
  type RowsOf,
  reduced,
} from './common.ts'
import { labelsOf } from './labels.ts'

/** Two tensors of one shape with a last axis. */
const rowPair = (name: string, names: readonly [string, string], x: Tensor, y: Tensor): readonly [Tensor, Tensor] =>
  x.shape.length === 0 ? fail(axisError(name, 'needs a last axis, got a scalar')) : pair(name, names, x, y)

const ofRows = (x: Tensor): Tensor => sum({ axis: -1 })(x) as Tensor

/** Σ q · (ln q - ln p) from ln p and ln q. Where q is 0 its logarithm is not looked at, nor differentiated. */
const divergence = (logP: Tensor, q: Tensor, logQ: Tensor): Tensor => {
  const there = gt(q, 0) as Tensor
  return ofRows(where(there, mul(q, sub(where(there, logQ, 0), where(there, logP, 0))), mul(q, 0)) as Tensor)
}

type KlOptions = {
  /** Whether the targets are logarithms of probabilities too; they are probabilities by default. */
  readonly logTargets?: boolean
}

/**
 * The Kullback-Leibler divergence Σ q · (ln q - ln p) of each row, in nats: ln p, as `logSoftmax` gives it: [..., classes], targets q:
 * [..., classes] -> a scalar of their dtype, the mean over rows (PyTorch's 'batchmean'), or with `reduction: 'none'` [...].
 *
 * Where q is 0 a class counts 0 (0 · ln 0 = 0), whatever p is, and its derivative in q, which would be -∞, is 0; where p is 0 and q is not, ∞.
 * @throws ShapeError unless both have one shape; AxisError for scalars; DtypeError
 * @example
 * klDivergence(logSoftmax(tensor([0, 0])), tensor([1, 0])) // 0.6931471824645996
 */
export const klDivergence: RowLoss<'klDivergence', KlOptions> = lossOf<
  LossOptions & KlOptions,
  RowLoss<'klDivergence', KlOptions>
>('klDivergence', 2, ['logTargets'], ({ logTargets = false, ...options }, logProbabilities, targets) => {
  const names = ['log-probabilities', 'targets'] as const
  const [logP, q] = rowPair('klDivergence', names, logProbabilities as Tensor, targets as Tensor)
  if (logTargets) return reduced('klDivergence', options, divergence(logP, exp(q) as Tensor, q))
  const positive = where(gt(q, 0), q, 1) as Tensor
  return reduced('klDivergence', options, divergence(logP, q, log(positive) as Tensor))
})

/** Rows divided by their largest element, which changes no angle and lets squares neither overflow nor vanish. */
const scaled = (x: Tensor): Tensor => {
  if (x.shape.at(-1) === 0) return x
  const largest = stopGradient(max({ axis: -1, keepDims: true })(abs(x) as Tensor) as Tensor)
  return div(x, where(eq(largest, 0), 1, largest)) as Tensor
}

/**
 * 1 - cos of the angle between two vectors, from 0 (one direction) to 2 (opposite ones): x, y: [..., n] -> a scalar of their dtype, the
 * mean over rows, or with `reduction: 'none'` [...].
 *
 * A vector of zeros has no direction: its cosine counts as 0, so that the loss is 1 and its derivative 0 (PyTorch adds 1e-8 to
 * norms instead). Lengths do not matter, however small or large.
 * @throws ShapeError unless both have one shape; AxisError for scalars; DtypeError
 * @example
 * cosineDistance({ reduction: 'none' })(tensor([[1, 0], [1, 1]]), tensor([[0, 3], [2, 2]])) // [2]
 */
export const cosineDistance: RowLoss<'cosineDistance'> = lossOf<LossOptions, RowLoss<'cosineDistance'>>(
  'cosineDistance',
  2,
  [],
  (options, first, second) => {
    const [x, y] = rowPair('cosineDistance', ['x', 'y'], first as Tensor, second as Tensor).map(scaled) as [
      Tensor,
      Tensor,
    ]
    const lengths = mul(norm({ axis: -1 })(x) as Tensor, norm({ axis: -1 })(y) as Tensor) as Tensor
    const none = eq(lengths, 0) as Tensor
    const cosine = where(none, 0, div(ofRows(mul(x, y) as Tensor), where(none, 1, lengths)))
    return reduced('cosineDistance', options, sub(1, cosine) as Tensor)
  },
)

/** max(0, margin - own + other)^p summed over all other classes, divided by the number of classes. */
const hinges = (margin: number, power: 1 | 2, scores: Tensor, labels: Tensor): Tensor => {
  const classes = dim(scores.shape, labels.shape.length)
  const own = takeAlongAxis(scores, reshape([...labels.shape, 1])(labels) as Tensor) as Tensor
  const short = relu(add(sub(scores, own), margin) as Tensor) as Tensor
  const each = (power === 2 ? square(short) : short) as Tensor
  const isOwn = gt(oneHot({ classes })(labels) as Tensor, 0) as Tensor
  return div(ofRows(where(isOwn, 0, each) as Tensor), classes) as Tensor
}

type MulticlassOptions = {
  /** By how much the score of the label should exceed all others; 1 by default. */
  readonly margin?: number
  /** 1, the default, or 2 for squared hinges. */
  readonly power?: 1 | 2
}

interface MulticlassHinge {
  <const R extends LossReduction = 'mean'>(
    options: LossOptions<R> & MulticlassOptions,
  ): <L extends Tensor, T extends Tensor>(
    scores: L,
    labels: Check<Labels<'multiclassHinge', ShapeOf<L>, ShapeOf<T>>, T>,
  ) => Tensor<Reduced<R, RowsOf<ShapeOf<L>>>>
  <L extends Tensor, T extends Tensor>(
    scores: L,
    labels: Check<Labels<'multiclassHinge', ShapeOf<L>, ShapeOf<T>>, T>,
  ): Tensor<readonly []>
}

/**
 * Σ max(0, margin - x[label] + x[i])^power / classes over all other classes i, as PyTorch's multi_margin_loss: scores x: [...,
 * classes], labels: int32 [...] -> a scalar of the dtype of x, the mean over rows, or with `reduction: 'none'` [...]. Weston and
 * Watkins (1999). Where a score is just the margin below that of the label, the derivative is 0.
 * @throws IndexError, ShapeError and DtypeError as `softmaxCrossEntropy`; ValueError for an option
 * @example
 * multiclassHinge(tensor([[0.5, 1, 0]]), tensor([1], { dtype: 'int32' })) // 0.1666666716337204
 */
export const multiclassHinge: MulticlassHinge = lossOf<LossOptions & MulticlassOptions, MulticlassHinge>(
  'multiclassHinge',
  2,
  ['margin', 'power'],
  ({ margin = 1, power = 1, ...options }, scores, labels) => {
    const name = 'multiclassHinge'
    numberOption(name, 'margin', margin, 'a number of at least 0', m => m >= 0 && m < Infinity)
    numberOption(name, 'power', power, '1 or 2', p => p === 1 || p === 2)
    const x = floats(name, 'scores', scores as Tensor)
    return reduced(name, options, hinges(margin, power, x, labelsOf(name, x, labels as Tensor)))
  },
)

type TripletOptions = {
  /** By how much a negative should be further from the anchor than the positive; 1 by default. */
  readonly margin?: number
}

interface Triplet {
  <const R extends LossReduction = 'mean'>(
    options: LossOptions<R> & TripletOptions,
  ): <A extends Tensor, P extends Tensor, N extends Tensor>(
    anchors: A,
    positives: Check<SameShape<'triplet', 'positive', ShapeOf<A>, ShapeOf<P>>, P>,
    negatives: Check<SameShape<'triplet', 'negative', ShapeOf<A>, ShapeOf<N>>, N>,
  ) => Tensor<Reduced<R, RowsOf<ShapeOf<A>>>>
  <A extends Tensor, P extends Tensor, N extends Tensor>(
    anchors: A,
    positives: Check<SameShape<'triplet', 'positive', ShapeOf<A>, ShapeOf<P>>, P>,
    negatives: Check<SameShape<'triplet', 'negative', ShapeOf<A>, ShapeOf<N>>, N>,
  ): Tensor<readonly []>
}

const distance = (x: Tensor, y: Tensor): Tensor => norm({ axis: -1 })(sub(x, y) as Tensor) as Tensor

/**
 * max(0, |a - p| - |a - n| + margin) with Euclidean distances along the last axis: anchors a, positives p, negatives n: [..., n] -> a scalar
 * of their dtype, the mean over rows, or with `reduction: 'none'` [...]. Schroff, Kalenichenko and Philbin (2015), but for distances
 * where they have squares, as in PyTorch (which adds 1e-6 to each difference). A distance of 0 has the derivative 0, as has the kink of the maximum.
 * @throws ShapeError unless all have one shape; AxisError for scalars; DtypeError; ValueError for an option
 * @example
 * triplet({ margin: 0.5 })(tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 5]])) // 0.5
 */
export const triplet: Triplet = lossOf<LossOptions & TripletOptions, Triplet>(
  'triplet',
  3,
  ['margin'],
  ({ margin = 1, ...options }, anchors, positives, negatives) => {
    numberOption('triplet', 'margin', margin, 'a number of at least 0', m => m >= 0 && m < Infinity)
    const [a, p] = rowPair('triplet', ['anchors', 'positives'], anchors as Tensor, positives as Tensor)
    const [, n] = rowPair('triplet', ['anchors', 'negatives'], a, negatives as Tensor)
    const gap = sub(distance(a, p), distance(a, n)) as Tensor
    return reduced('triplet', options, relu(add(gap, margin) as Tensor) as Tensor)
  },
)
