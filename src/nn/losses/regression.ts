/**
 * Losses of numbers: how far predictions are from targets of the same shape, element by element.
 *
 * Layer: nn. Read next: common.ts.
 */
import type { Tensor } from '../../core/types.ts'
import { softplus } from '../../ops/activations.ts'
import { abs, div, square, sub } from '../../ops/arithmetic.ts'
import { le, where } from '../../ops/comparison.ts'
import { add, mul, neg } from '../../ops/elementwise.ts'
import { exp } from '../../ops/math.ts'
import { converted, counted, type Loss, type LossOptions, lossOf, numberOption, pair, reduced } from './common.ts'

const NAMES = ['predictions', 'targets'] as const

/** A loss of the difference, predictions - targets. */
const ofDifference = <const Name extends string, More = unknown>(
  name: Name,
  f: (difference: Tensor, options: Partial<More>) => Tensor,
  more: readonly Exclude<keyof More & string, keyof LossOptions>[] = [],
): Loss<Name, More> =>
  lossOf<LossOptions & More, Loss<Name, More>>(name, 2, more as readonly never[], (options, predictions, targets) => {
    const [x, y] = pair(name, NAMES, predictions as Tensor, targets as Tensor)
    return reduced(name, options as Partial<LossOptions>, f(sub(x, y) as Tensor, options as Partial<More>))
  })

/**
 * (x - y)², the mean squared error: predictions x, targets y: [...] -> a scalar of their dtype, or with `reduction: 'none'` [...].
 * The mean is over all elements; of none it is NaN.
 * @throws ShapeError unless both have one shape (they do not broadcast); DtypeError unless both have one float dtype
 * @example
 * mse(tensor([1, 2]), tensor([1, 4])) // 2
 * mse(softmax(logits), oneHot({ classes: 10 })(labels)) // []
 */
export const mse: Loss<'mse'> = ofDifference('mse', r => square(r) as Tensor)

/**
 * |x - y|, the mean absolute error; otherwise as `mse`. At x = y the derivative is 0.
 * @throws as `mse`
 * @example
 * mae(tensor([1, 2]), tensor([1, 4])) // 1
 */
export const mae: Loss<'mae'> = ofDifference('mae', r => abs(r) as Tensor)

/** r²/2 to |r| = delta, from there on a line. The square is of 0 on the line, so that an infinite r has a derivative. */
const huberOf = (name: string, option: string, delta: number, r: Tensor): Tensor => {
  numberOption(name, option, delta, 'a number above 0', x => x > 0 && x < Infinity)
  const size = abs(r) as Tensor
  const near = le(size, delta) as Tensor
  const parabola = mul(0.5, square(where(near, r, 0) as Tensor)) as Tensor
  return where(near, parabola, mul(delta, sub(size, delta / 2))) as Tensor
}

/**
 * r²/2 where |r| ≤ delta (1 by default), else delta · (|r| - delta/2), of r = x - y; otherwise as `mse`. Huber (1964). At |r| = delta the
 * second derivative is that of the parabola, 1.
 * @throws ValueError unless delta is above 0; otherwise as `mse`
 * @example
 * huber({ delta: 2 })(tensor([1, 10]), tensor([0, 0])) // 9.25
 */
export const huber: Loss<'huber', { readonly delta?: number }> = ofDifference<'huber', { readonly delta?: number }>(
  'huber',
  (r, { delta = 1 }) => huberOf('huber', 'delta', delta, r),
  ['delta'],
)

/**
 * Huber's loss divided by beta (1 by default): r²/(2 · beta) where |r| ≤ beta, else |r| - beta/2, as PyTorch's smooth_l1_loss; with
 * its slope always 1 it comes near `mae` for small beta. Girshick (2015), equation 3.
 * @throws ValueError unless beta is above 0; otherwise as `mse`
 * @example
 * smoothL1({ beta: 2 })(tensor([1, 10]), tensor([0, 0])) // 4.625
 */
export const smoothL1: Loss<'smoothL1', { readonly beta?: number }> = ofDifference<
  'smoothL1',
  { readonly beta?: number }
>('smoothL1', (r, { beta = 1 }) => div(huberOf('smoothL1', 'beta', beta, r), beta) as Tensor, ['beta'])

/**
 * ln cosh(x - y), which is r²/2 near 0 and |r| - ln 2 far from it, smooth everywhere and without overflow; otherwise as `mse`.
 * @throws as `mse`
 * @example
 * logCosh(tensor([1000]), tensor([0])) // 999.3068237304688
 */
export const logCosh: Loss<'logCosh'> = ofDifference('logCosh', r => {
  const twice = mul(2, r) as Tensor
  return sub(mul(0.5, add(softplus(twice), softplus(neg(twice)))), Math.LN2) as Tensor
})

/**
 * eˣ - y · x, the negative log-likelihood of counts y under a Poisson distribution of which x is the logarithm of the rate, less
 * ln y!, which does not depend on x; otherwise as `mse`. Counts may be int32. At x = -∞ it is 0 for y = 0 and ∞ for others.
 * @throws as `mse`
 * @example
 * poissonNll(tensor([0, 0]), tensor([1, 3], { dtype: 'int32' })) // 1
 */
export const poissonNll: Loss<'poissonNll'> = lossOf<LossOptions, Loss<'poissonNll'>>(
  'poissonNll',
  2,
  [],
  (options, logRates, counts) => {
    const given = logRates as Tensor
    const [x, y] = pair('poissonNll', ['log rates', 'counts'], given, converted(given, counts as Tensor))
    return reduced('poissonNll', options, sub(exp(x), counted(y, x)) as Tensor)
  },
)
