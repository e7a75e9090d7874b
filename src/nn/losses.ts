/**
 * Losses and scores: how far predictions are from the truth.
 *
 * Layer: nn.
 */
import { isFloat } from '../core/dtype.ts'
import { dtypeError, fail, indexError, shapeError } from '../core/errors.ts'
import { dim, type Shape, sameShape, showShape } from '../core/shape.ts'
import type { Check, Labels, ShapeOf, Targets } from '../core/shape-types.ts'
import { asValue, cellOf, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { logSoftmax } from '../ops/activations.ts'
import { cast, eq } from '../ops/comparison.ts'
import { mul, neg } from '../ops/elementwise.ts'
import { takeAlongAxis } from '../ops/indexing.ts'
import { reshape } from '../ops/movement.ts'
import { argmax, sum } from '../ops/reduction.ts'
import { mean } from '../ops/statistics.ts'

const positionOf = (i: number, shape: Shape): string => {
  let rest = i
  const index = [...shape].reverse().map(n => {
    const at = rest % n
    rest = Math.floor(rest / n)
    return at
  })
  return index.reverse().join(',')
}

/**
 * Labels as they are, if those that can be read name classes. Under a transformation of the labels there is nothing to read.
 * @throws IndexError naming the label, its position and the number of classes; DtypeError unless the labels are int32
 */
export const checkLabels = (op: string, labels: Tensor, classes: number): Tensor => {
  if (labels.dtype !== 'int32')
    return fail(dtypeError(op, `labels must be int32, got ${showType(labels)}; convert with cast('int32')`))
  if (asValue(labels).tag !== 'concrete') return labels
  const values = cellOf(labels)
  const wrong = values.findIndex((label: number) => label < 0 || label >= classes)
  if (wrong < 0) return labels
  const where = positionOf(wrong, labels.shape)
  const range = `the ${classes} classes 0 to ${classes - 1}`
  return fail(indexError(op, `label ${values[wrong]} at position ${where} is none of ${range}`))
}

/** The labels of logits [..., classes], with one label for each row. */
const labelsOf = (op: string, logits: Tensor, labels: Tensor): Tensor => {
  const rows = logits.shape.slice(0, -1)
  if (logits.shape.length === 0 || !sameShape(rows, labels.shape))
    return fail(shapeError(op, `logits ${showShape(logits.shape)} and labels ${showShape(labels.shape)} do not fit`))
  return checkLabels(op, labels, dim(logits.shape, rows.length))
}

/** -ln p of the label by row. */
const ofLabels = (logits: Tensor, labels: Tensor): Tensor => {
  const index = reshape([...labels.shape, 1])(labelsOf('softmaxCrossEntropy', logits, labels))
  return neg(takeAlongAxis(logSoftmax(logits), index))
}

/** -Σ q · ln p by row. */
const ofProbabilities = (logits: Tensor, targets: Tensor): Tensor =>
  sameShape(logits.shape, targets.shape) && logits.shape.length > 0
    ? neg(sum({ axis: -1 })(mul(targets, logSoftmax(logits))))
    : fail(
        shapeError(
          'softmaxCrossEntropy',
          `logits ${showShape(logits.shape)} and target probabilities ${showShape(targets.shape)} differ`,
        ),
      )

/**
 * The mean over all rows of -Σ q · ln softmax(logits), in nats: logits: [..., classes] -> a scalar of their dtype.
 *
 * `targets` are int32 labels [...], or probabilities [..., classes] of the dtype of the logits. A logit of -∞ makes the loss
 * infinite for its own label and does not count for others; with probabilities, -∞ where q is 0 is NaN. NaN for no rows.
 * @throws IndexError for a label out of range, naming it, its position and the number of classes (labels that are traced
 *   cannot be read: there the loss is NaN); ShapeError when targets do not fit; DtypeError
 * @example
 * softmaxCrossEntropy(logits, labels) // float32[4,10], int32[4] -> float32[]
 */
export const softmaxCrossEntropy = <L extends Tensor, T extends Tensor>(
  logits: L,
  targets: Check<Targets<'softmaxCrossEntropy', ShapeOf<L>, ShapeOf<T>>, T>,
): Tensor<readonly []> => {
  const given = targets as Tensor
  if (!isFloat(logits.dtype))
    return fail(dtypeError('softmaxCrossEntropy', `logits must be float, got ${showType(logits)}`))
  return mean(isFloat(given.dtype) ? ofProbabilities(logits, given) : ofLabels(logits, given))
}

/**
 * The share of rows whose largest logit is that of the label, the first of equals: logits: [..., classes], labels: int32 [...]
 * -> float32 scalar from 0 to 1. NaN for no rows.
 * @throws IndexError, ShapeError and DtypeError as `softmaxCrossEntropy`
 */
export const accuracy = <L extends Tensor, T extends Tensor>(
  logits: L,
  labels: Check<Labels<'accuracy', ShapeOf<L>, ShapeOf<T>>, T>,
): Tensor<readonly []> => {
  const rows: Tensor = labelsOf('accuracy', logits, labels as Tensor)
  const best: Tensor = argmax({ axis: -1 })(logits as Tensor)
  return mean(cast('float32')(eq(best, rows)))
}
