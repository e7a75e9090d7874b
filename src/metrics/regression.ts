/**
 * Scores of predicted numbers. Mean squared and absolute errors are the losses `mse` and `mae` of nn.
 *
 * Layer: metrics.
 */
import type { Check, SameShape, ShapeOf } from '../core/shape-types.ts'
import { requireTensors } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { pair } from '../nn/losses/common.ts'
import { div, square, sub } from '../ops/arithmetic.ts'
import { eq, indicator, where } from '../ops/comparison.ts'
import { sum } from '../ops/reduction.ts'
import { mean } from '../ops/statistics.ts'

/**
 * The coefficient of determination, 1 - Σ (y - x)² / Σ (y - mean y)², over all elements: predictions x, targets y: [...] -> a scalar of
 * their dtype. 1 when all are right, 0 as the mean of the targets would be, negative below. Where targets are all alike, which is a
 * division by 0, it is 1 if all are right, else 0, as in scikit-learn. NaN for no elements.
 * @throws ShapeError unless both have one shape; DtypeError unless both have one float dtype
 * @example
 * r2(tensor([1, 2, 4]), tensor([1, 2, 3])) // 0.5
 */
export const r2 = <P extends Tensor, T extends Tensor>(
  predictions: P,
  targets: Check<SameShape<'r2', 'target', ShapeOf<P>, ShapeOf<T>>, T>,
): Tensor<readonly []> => {
  requireTensors('r2', predictions, targets)
  const [x, y] = pair('r2', ['predictions', 'targets'], predictions, targets as Tensor)
  const middle = mean(y) as Tensor
  const [left, all] = [sum(square(sub(y, x))) as Tensor, sum(square(sub(y, middle))) as Tensor]
  const alike = eq(all, 0) as Tensor
  const score = sub(1, div(left, where(alike, 1, all))) as Tensor
  return (x.shape.includes(0) ? middle : where(alike, indicator(eq(left, 0) as Tensor, left), score)) as Tensor<
    readonly []
  >
}
