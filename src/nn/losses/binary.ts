/**
 * Losses of yes or no: sigmoid cross-entropy, and the hinges, which want a margin between the two.
 *
 * Layer: nn. Read next: common.ts, multiclass.ts.
 */
import { isFloat } from '../../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, valueError } from '../../core/errors.ts'
import { showShape } from '../../core/shape.ts'
import { isTensor, showType } from '../../core/tensor.ts'
import type { Tensor } from '../../core/types.ts'
import { beside } from '../../core/weak.ts'
import { relu, softplus } from '../../ops/activations.ts'
import { square, sub } from '../../ops/arithmetic.ts'
import { add, mul, neg } from '../../ops/elementwise.ts'
import {
  allowed,
  converted,
  counted,
  fits,
  type Loss,
  type LossOptions,
  lossOf,
  numberOption,
  pair,
  reduced,
} from './common.ts'

type SigmoidOptions = {
  /** Multiplies the losses of what is true: a number, or a tensor that broadcasts to the logits, such as [classes]. 1 by default. */
  readonly posWeight?: number | Tensor
  /** The share s of the truth that is spread over both: (1 - s) · z + s / 2. From 0 to 1; 0 by default. */
  readonly labelSmoothing?: number
}

const SIGMOID = 'sigmoidCrossEntropy'

const smoothedLabels = (s: number, z: Tensor): Tensor => {
  numberOption(SIGMOID, 'labelSmoothing', s, 'from 0 to 1', x => x >= 0 && x <= 1)
  return s === 0 ? z : add(mul(z, 1 - s), s / 2)
}

const positiveWeight = (logits: Tensor, given: number | Tensor): number | Tensor => {
  if (typeof given === 'number') return given
  if (!isTensor(given))
    return fail(valueError(SIGMOID, `posWeight must be a number or a tensor, got ${describe(given)}`))
  const w = beside(SIGMOID, given, logits.dtype)
  if (w.dtype !== logits.dtype)
    return fail(dtypeError(SIGMOID, `posWeight must be ${logits.dtype} as the logits are, got ${showType(w)}`))
  if (!fits(w, logits))
    return fail(
      shapeError(SIGMOID, `posWeight ${showShape(w.shape)} does not broadcast to logits ${showShape(logits.shape)}`),
    )
  return w
}

/**
 * Cross-entropy of yes-or-no questions from their logits, in nats: w · z · ln(1 + e⁻ˣ) + (1 - z) · ln(1 + eˣ), which does not
 * overflow. logits x: [...], targets z: [...] -> a scalar of the dtype of x, or with `reduction: 'none'` [...].
 *
 * Targets are int32 0 or 1, bool, or probabilities of the dtype of x from 0 to 1 (which are not checked). A logit of ±∞ that is
 * right costs 0, one that is wrong ∞. `posWeight` w as in PyTorch, `labelSmoothing` as in Keras.
 * @throws ValueError for int32 targets other than 0 and 1, and for an option; ShapeError when targets are of another shape;
 *   DtypeError
 * @example
 * sigmoidCrossEntropy(tensor([0, 1000]), tensor([true, true])) // 0.3465735912322998
 * sigmoidCrossEntropy({ posWeight: 3 })(tensor([2, -1]), tensor([1, 0])) // []
 */
export const sigmoidCrossEntropy: Loss<'sigmoidCrossEntropy', SigmoidOptions> = lossOf<
  LossOptions & SigmoidOptions,
  Loss<'sigmoidCrossEntropy', SigmoidOptions>
>(SIGMOID, 2, ['posWeight', 'labelSmoothing'], ({ posWeight = 1, labelSmoothing = 0, ...options }, logits, targets) => {
  const given = targets as Tensor
  const known = isFloat(given.dtype) ? given : allowed(SIGMOID, given, '0 or 1', z => z === 0 || z === 1)
  const [x, z] = pair(SIGMOID, ['logits', 'targets'], logits as Tensor, converted(logits as Tensor, known))
  const truth = smoothedLabels(labelSmoothing, z)
  const yes = mul(positiveWeight(x, posWeight), counted(truth, softplus(neg(x) as Tensor) as Tensor)) as Tensor
  return reduced(SIGMOID, options, add(yes, counted(sub(1, truth) as Tensor, softplus(x) as Tensor)))
})

/** relu(margin - y · x) */
const shortfall = (name: string, margin: number, scores: Tensor, targets: Tensor): Tensor => {
  numberOption(name, 'margin', margin, 'a number of at least 0', m => m >= 0 && m < Infinity)
  const signs = allowed(name, targets, '1 or -1', y => y === 1 || y === -1)
  const [x, y] = pair(name, ['scores', 'targets'], scores, converted(scores, signs))
  return relu(sub(margin, mul(y, x)) as Tensor) as Tensor
}

type Margin = {
  /** By how much a score should be on the right side of 0; 1 by default. */
  readonly margin?: number
}

/**
 * max(0, margin - y · x), the loss of support vector machines: scores x: [...], targets y: [...], each 1 or -1, of the dtype of x or
 * int32 -> a scalar of the dtype of x, or with `reduction: 'none'` [...]. At the kink, y · x = margin, the derivative is 0.
 * @throws ValueError for targets other than 1 and -1; ShapeError when they are of another shape; DtypeError
 * @example
 * hinge(tensor([2, 0.5, -1]), tensor([1, 1, 1])) // 0.8333333134651184
 */
export const hinge: Loss<'hinge', Margin> = lossOf<LossOptions & Margin, Loss<'hinge', Margin>>(
  'hinge',
  2,
  ['margin'],
  ({ margin = 1, ...options }, scores, targets) =>
    reduced('hinge', options, shortfall('hinge', margin, scores as Tensor, targets as Tensor)),
)

/**
 * max(0, margin - y · x)², the hinge without a jump in its derivative; otherwise as `hinge`. At y · x = margin the second derivative
 * is that of the flat side, 0.
 * @throws as `hinge`
 * @example
 * squaredHinge(tensor([2, 0.5, -1]), tensor([1, 1, 1])) // 1.4166666269302368
 */
export const squaredHinge: Loss<'squaredHinge', Margin> = lossOf<LossOptions & Margin, Loss<'squaredHinge', Margin>>(
  'squaredHinge',
  2,
  ['margin'],
  ({ margin = 1, ...options }, scores, targets) =>
    reduced(
      'squaredHinge',
      options,
      square(shortfall('squaredHinge', margin, scores as Tensor, targets as Tensor)) as Tensor,
    ),
)
