/**
 * Whole numbers and categories.
 *
 * Layer: random.
 */
import { fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { broadcastShapes, dim, normalizeAxis, type Shape, sameShape, showShape, validShape } from '../core/shape.ts'
import type { Reduce, Resolved, ShapeOf } from '../core/shape-types.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { sub } from '../ops/arithmetic.ts'
import { gt, where } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { argmax } from '../ops/reduction.ts'
import { bitsOf, unsignedRemainder } from './bits.ts'
import { type Key, type Sampler, split } from './key.ts'
import { floatDtype, optionsFirst, type Parameter, settle } from './parameters.ts'
import { gumbelOf } from './uniform.ts'

/** The options of `randint`: the bounds, of which the upper one is excluded. */
export type RandintOptions<S extends Shape> = {
  readonly shape?: S
  readonly minval?: Parameter
  readonly maxval: Parameter
  readonly dtype?: never
}

/**
 * Whole numbers in [minval, maxval), minval 0 by default.
 *
 * Bits as `jax.random.randint` in 32 bits. Up to a span of 2¹⁶, 64 random bits modulo the span; above, in effect 32, so
 * that probabilities are off by up to span / 2³² of themselves. The bounds are int32 numbers, or tensors that broadcast
 * to `shape`; without a shape, theirs.
 * A maxval ≤ minval gives minval. 2³¹ - 1 itself cannot be drawn: `bits` covers all of int32.
 * @returns int32
 * @throws DtypeError for bounds that are not int32; ShapeError when they do not fit `shape`
 * @example
 * randint({ maxval: 6, shape: [10] })(key(0)) // int32[10]
 */
export const randint = <const S extends Shape = Shape>(options: RandintOptions<S>) => {
  const {
    minval: low = 0,
    maxval: high,
    ...rest
  } = optionsFirst('randint', options, ['shape', 'minval', 'maxval'], ['maxval'])
  const { shape, minval, maxval } = settle('randint', 'int32', rest.shape, { minval: low, maxval: high })
  const span = where(gt(maxval, minval), sub(maxval, minval), 1)
  // 2³² modulo the span, what each unit of the high word is worth.
  const half = unsignedRemainder(scalar(65536, 'int32'), span)
  const worth = unsignedRemainder(mul(half, half), span)
  return (key: Key): Tensor<S> => {
    const [high, low] = split(key).map(k => unsignedRemainder(bitsOf('randint', k, shape), span)) as [Tensor, Tensor]
    return add(minval, unsignedRemainder(add(mul(high, worth), low), span)) as Tensor as Tensor<S>
  }
}

/** The options of `categorical`: unnormalised log-probabilities, and the axis of the categories (the last). */
export type CategoricalOptions<
  L extends Tensor = Tensor,
  A extends number = number,
  S extends Shape | undefined = Shape,
> = {
  readonly logits: L
  readonly axis?: A
  readonly shape?: S
  readonly dtype?: never
}

/** The shape that logits are drawn with, and the axis of the categories in it, counted from the end. */
const layout = ({ logits, axis = -1, shape }: CategoricalOptions): { readonly drawn: Shape; readonly axis: number } => {
  const at = orThrow(normalizeAxis('categorical', axis, logits.shape.length))
  const batch = logits.shape.filter((_, i) => i !== at)
  const result = shape ?? batch
  if (!sameShape(orThrow(broadcastShapes('categorical', orThrow(validShape('categorical', result)), batch)), result))
    return fail(
      shapeError(
        'categorical',
        `shape ${showShape(result)} must end with that of the logits without axis ${at}, ${showShape(batch)}`,
      ),
    )
  const lead = result.length - batch.length
  return {
    drawn: [...result.slice(0, lead + at), dim(logits.shape, at), ...result.slice(lead + at)],
    axis: at - logits.shape.length,
  }
}

/**
 * Categories with probabilities softmax(logits) along `axis`, by the Gumbel-max trick: argmax(logits + Gumbel).
 *
 * As `jax.random.categorical`. `shape` defaults to that of the logits without `axis`, and must end with it: `[5, 3]`
 * draws five for each of three rows. A logit of -∞ is never drawn unless all are. float32 misses probabilities below
 * 1e-7.
 * Source: Gumbel (1954); Maddison, Tarlow and Minka (2014), "A* sampling".
 * @returns int32, positions along `axis`
 * @throws DtypeError for logits that are no float; AxisError; ShapeError when `shape` does not fit
 * @example
 * categorical({ logits })(key(0)) // float32[4,10] -> int32[4]
 */
export const categorical = <
  L extends Tensor,
  const A extends number = -1,
  const S extends Shape | undefined = undefined,
>(
  options: CategoricalOptions<L, A, S>,
): Sampler<Tensor<S extends Shape ? S : Resolved<Reduce<'categorical', ShapeOf<L>, A, false>>>> =>
  categoriesOf(options as CategoricalOptions) as Sampler<never>

const categoriesOf = (options: CategoricalOptions): Sampler<Tensor> => {
  const { logits } = optionsFirst('categorical', options, ['logits', 'axis', 'shape'], ['logits'])
  if (!isTensor(logits)) return fail(valueError('categorical', 'needs { logits }, a tensor of log-probabilities'))
  const dtype = floatDtype('categorical', undefined, [logits])
  const { drawn, axis } = layout(options)
  return key => argmax({ axis })(add(gumbelOf('categorical', dtype, drawn, key), logits))
}
