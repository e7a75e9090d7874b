/**
 * Softmax cross-entropy: how far the probabilities that logits stand for are from the truth.
 *
 * Layer: nn. Read next: labels.ts.
 */
import { isFloat } from '../../core/dtype.ts'
import { dtypeError, fail, shapeError } from '../../core/errors.ts'
import { sameShape, showShape } from '../../core/shape.ts'
import type { Check, ShapeOf, Targets } from '../../core/shape-types.ts'
import { showType } from '../../core/tensor.ts'
import type { Tensor } from '../../core/types.ts'
import { logSoftmax } from '../../ops/activations.ts'
import { mul, neg } from '../../ops/elementwise.ts'
import { takeAlongAxis } from '../../ops/indexing.ts'
import { reshape } from '../../ops/movement.ts'
import { sum } from '../../ops/reduction.ts'
import { mean } from '../../ops/statistics.ts'
import { labelsOf } from './labels.ts'

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
