/**
 * Softmax cross-entropy: how far the probabilities that logits stand for are from the truth.
 *
 * Layer: nn. Read next: labels.ts, binary.ts.
 */
import { isFloat } from '../../core/dtype.ts'
import { dtypeError, fail, shapeError } from '../../core/errors.ts'
import { dim, sameShape, showShape } from '../../core/shape.ts'
import type { Check, ShapeOf, Targets } from '../../core/shape-types.ts'
import { requireTensor, showType } from '../../core/tensor.ts'
import type { Tensor } from '../../core/types.ts'
import { logSoftmax } from '../../ops/activations.ts'
import { div } from '../../ops/arithmetic.ts'
import { lt, where } from '../../ops/comparison.ts'
import { add, mul, neg } from '../../ops/elementwise.ts'
import { take, takeAlongAxis } from '../../ops/indexing.ts'
import { reshape } from '../../ops/movement.ts'
import { sum } from '../../ops/reduction.ts'
import { mean } from '../../ops/statistics.ts'
import {
  counted,
  floats,
  type LossOptions,
  type LossReduction,
  lossOf,
  numberOption,
  type Reduced,
  type RowsOf,
  reduced,
} from './common.ts'
import { labelsOf } from './labels.ts'

const NAME = 'softmaxCrossEntropy'

/** Options of `softmaxCrossEntropy`. */
export type SoftmaxCrossEntropyOptions<R extends LossReduction = LossReduction> = LossOptions<R> & {
  /** The share s of the truth that is spread over all classes: (1 - s) · q + s / classes. From 0 to 1; 0 by default. */
  readonly labelSmoothing?: number
  /** A weight for each class, [classes]. */
  readonly classWeights?: Tensor
}

interface SoftmaxCrossEntropy {
  <const R extends LossReduction = 'mean'>(
    options: SoftmaxCrossEntropyOptions<R>,
  ): <L extends Tensor, T extends Tensor>(
    logits: L,
    targets: Check<Targets<'softmaxCrossEntropy', ShapeOf<L>, ShapeOf<T>>, T>,
  ) => Tensor<Reduced<R, RowsOf<ShapeOf<L>>>>
  <L extends Tensor, T extends Tensor>(
    logits: L,
    targets: Check<Targets<'softmaxCrossEntropy', ShapeOf<L>, ShapeOf<T>>, T>,
  ): Tensor<readonly []>
}

/** ln p of each class, times its weight. */
const weightedLogs = (logits: Tensor, weights: Tensor | undefined): Tensor => {
  const logs = logSoftmax(logits) as Tensor
  if (weights === undefined) return logs
  requireTensor(NAME, weights, 'classWeights')
  if (!sameShape(weights.shape, logits.shape.slice(-1)))
    return fail(
      shapeError(
        NAME,
        `logits ${showShape(logits.shape)} need a weight for each class, got ${showShape(weights.shape)}`,
      ),
    )
  return weights.dtype === logits.dtype
    ? counted(weights, logs)
    : fail(dtypeError(NAME, `class weights must be ${logits.dtype} as the logits are, got ${showType(weights)}`))
}

/** (1 - s) times the loss, and s times the mean of that of all classes. */
const smoothed = (s: number, loss: Tensor, logs: Tensor): Tensor =>
  s === 0 ? loss : add(mul(1 - s, loss), mul(-s, mean({ axis: -1 })(logs) as Tensor))

/** -ln p of the label by row; NaN for a label out of range, which does not count from the end. */
const ofLabels = (logs: Tensor, labels: Tensor): Tensor => {
  const index = where(lt(labels, 0), dim(logs.shape, labels.shape.length), labels)
  const own = takeAlongAxis(logs, reshape([...labels.shape, 1])(index) as Tensor) as Tensor
  return reshape([...labels.shape])(neg(own)) as Tensor
}

/** The losses of rows; with class weights and labels, also the weight of each row's label. */
const rowsOf = (
  { labelSmoothing: s = 0, classWeights }: Partial<SoftmaxCrossEntropyOptions>,
  logits: Tensor,
  targets: Tensor,
): readonly [losses: Tensor, weights: Tensor | undefined] => {
  numberOption(NAME, 'labelSmoothing', s, 'from 0 to 1', x => x >= 0 && x <= 1)
  if (isFloat(targets.dtype)) {
    if (logits.shape.length === 0 || !sameShape(logits.shape, targets.shape))
      return fail(
        shapeError(
          NAME,
          `logits ${showShape(logits.shape)} and target probabilities ${showShape(targets.shape)} differ`,
        ),
      )
    const logs = weightedLogs(logits, classWeights)
    return [smoothed(s, neg(sum({ axis: -1 })(counted(targets, logs)) as Tensor), logs), undefined]
  }
  const labels = labelsOf(NAME, logits, targets)
  const logs = weightedLogs(logits, classWeights)
  const own = classWeights === undefined ? undefined : (take(classWeights, labels) as Tensor)
  return [smoothed(s, ofLabels(logs, labels), logs), own]
}

const crossEntropy = (
  { reduction = 'mean', weights, ...options }: Partial<SoftmaxCrossEntropyOptions>,
  logits: Tensor,
  targets: Tensor,
): Tensor => {
  const [losses, own] = rowsOf(options, floats(NAME, 'logits', logits), targets)
  const sample = weights === undefined ? {} : { weights }
  if (reduction !== 'mean' || own === undefined) return reduced(NAME, { reduction, ...sample }, losses)
  const ofAll = (xs: Tensor): Tensor => reduced(NAME, { reduction: 'sum', ...sample }, xs)
  return div(ofAll(losses), ofAll(own))
}

/**
 * -Σ q · ln softmax(logits) by row, in nats: logits: [..., classes] -> a scalar of their dtype, the mean over rows, or with
 * `reduction: 'none'` [...].
 *
 * `targets` are int32 labels [...], or probabilities [..., classes] of the dtype of the logits. `labelSmoothing` s makes the
 * truth (1 - s) · q + s / classes (Szegedy et al., 2016, section 7). `classWeights` w make it -Σ w · q · ln softmax(logits); the
 * mean is then, as in PyTorch, Σ loss / Σ w of the labels, and with probabilities that over the rows. `weights` are of rows.
 * A logit of -∞ makes the loss infinite for its own label and does not count where q is 0. NaN for no rows, and for logits of ∞.
 * @throws IndexError for a label out of range, naming it, its position and the number of classes (labels that are traced
 *   cannot be read: there the loss is NaN); ShapeError when targets do not fit; DtypeError; ValueError for an option
 * @example
 * softmaxCrossEntropy(logits, labels) // float32[4,10], int32[4] -> float32[]
 * softmaxCrossEntropy({ labelSmoothing: 0.1, reduction: 'none' })(logits, labels) // float32[4]
 */
export const softmaxCrossEntropy: SoftmaxCrossEntropy = lossOf<SoftmaxCrossEntropyOptions, SoftmaxCrossEntropy>(
  NAME,
  2,
  ['labelSmoothing', 'classWeights'],
  (options, logits, targets) => crossEntropy(options, logits as Tensor, targets as Tensor),
)
