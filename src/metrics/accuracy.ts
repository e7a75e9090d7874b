/**
 * Accuracy: how many rows of logits are right. Tensor arithmetic, so that a compiled step may hold it.
 *
 * Layer: metrics. Read next: confusion.ts.
 */
import type { Check, Labels, ShapeOf } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { labelsOf } from '../nn/losses/labels.ts'
import { cast, eq } from '../ops/comparison.ts'
import { argmax } from '../ops/reduction.ts'
import { mean } from '../ops/statistics.ts'

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
