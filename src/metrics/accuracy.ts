/**
 * Scores of logits: accuracy, binary accuracy, top-k accuracy, perplexity. Tensor arithmetic, so that a compiled step may hold them.
 *
 * Layer: metrics. Read next: confusion.ts.
 */
import { isFloat } from '../core/dtype.ts'
import { dtypeError, fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Check, Labels, SameShape, ShapeOf } from '../core/shape-types.ts'
import { requireTensors, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { allowed, converted, pair } from '../nn/losses/common.ts'
import { labelsOf } from '../nn/losses/labels.ts'
import { softmaxCrossEntropy } from '../nn/losses/softmax.ts'
import { cast, eq, ge } from '../ops/comparison.ts'
import type { NotTensor } from '../ops/define.ts'
import { exp } from '../ops/math.ts'
import { reshape } from '../ops/movement.ts'
import { any, argmax } from '../ops/reduction.ts'
import { topK } from '../ops/sorting.ts'
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
  requireTensors('accuracy', logits, labels)
  const rows: Tensor = labelsOf('accuracy', logits, labels as Tensor)
  const best: Tensor = argmax({ axis: -1 })(logits as Tensor)
  return mean(cast('float32')(eq(best, rows)))
}

/**
 * The share of yes-or-no answers that are right, where a logit of at least `threshold` (0: an even chance) is a yes: logits: [...],
 * labels: [...], bool or int32 0 and 1 -> float32 scalar from 0 to 1. Of probabilities, take a threshold of 0.5. NaN for no answers.
 * A logit that is NaN is a no.
 * @throws ValueError for int32 labels other than 0 and 1, and for a threshold that is NaN; ShapeError when labels are of another
 *   shape; DtypeError
 * @example
 * binaryAccuracy()(tensor([2, -1]), tensor([true, true])) // 0.5
 */
export const binaryAccuracy = (options: { readonly threshold?: number } & NotTensor = {}) => {
  const { threshold = 0 } = requireOptions('binaryAccuracy', options, ['threshold'])
  return <L extends Tensor, T extends Tensor>(
    logits: L,
    labels: Check<SameShape<'binaryAccuracy', 'labels', ShapeOf<L>, ShapeOf<T>>, T>,
  ): Tensor<readonly []> => {
    requireTensors(BINARY, logits, labels)
    if (Number.isNaN(threshold)) fail(valueError(BINARY, 'the threshold is not a number'))
    const truth = allowed(BINARY, labels as Tensor, '0 or 1', z => z === 0 || z === 1)
    if (isFloat(truth.dtype)) fail(dtypeError(BINARY, `labels are bool or int32 0 and 1, got ${showType(truth)}`))
    const [x] = pair(BINARY, ['logits', 'labels'], logits as Tensor, converted(logits as Tensor, truth))
    return mean(cast('float32')(eq(ge(x, threshold), cast('bool')(truth))))
  }
}

const BINARY = 'binaryAccuracy'

/**
 * The share of rows whose label is among the k largest logits: logits: [..., classes], labels: int32 [...] -> float32 scalar from 0
 * to 1. Of equal logits the first class counts as larger, as in `topK`, so that with k = 1 it is `accuracy`. NaN for no rows.
 * @throws ValueError when k is not between 0 and the number of classes; IndexError, ShapeError and DtypeError as
 *   `softmaxCrossEntropy`
 * @example
 * topKAccuracy({ k: 10 })(logits, labels) // 1
 */
export const topKAccuracy = (options: { readonly k: number } & NotTensor) => {
  const { k } = requireOptions('topKAccuracy', options, ['k'], ['k'])
  return <L extends Tensor, T extends Tensor>(
    logits: L,
    labels: Check<Labels<'topKAccuracy', ShapeOf<L>, ShapeOf<T>>, T>,
  ): Tensor<readonly []> => {
    requireTensors('topKAccuracy', logits, labels)
    const rows = labelsOf('topKAccuracy', logits, labels as Tensor)
    const [, best] = topK({ k })(logits as Tensor) as readonly [Tensor, Tensor]
    const hit = any({ axis: -1 })(eq(best, reshape([...rows.shape, 1])(rows))) as Tensor
    return mean(cast('float32')(hit))
  }
}

/**
 * e to the mean cross-entropy in nats: how many equally likely classes a prediction is as uncertain as. logits: [..., classes],
 * labels: int32 [...] -> a scalar of the dtype of the logits, at least 1. Of batches, average the cross-entropy and take e to it.
 * @throws as `softmaxCrossEntropy`
 * @example
 * perplexity(tensor([[0, 0, 0, 0]]), tensor([2], { dtype: 'int32' })) // 4
 */
export const perplexity = <L extends Tensor, T extends Tensor>(
  logits: L,
  labels: Check<Labels<'perplexity', ShapeOf<L>, ShapeOf<T>>, T>,
): Tensor<readonly []> => {
  requireTensors('perplexity', logits, labels)
  const rows = labelsOf('perplexity', logits, labels as Tensor)
  return exp(softmaxCrossEntropy(logits as Tensor, rows)) as Tensor<readonly []>
}
