/**
 * Uniform floats, and what follows from them by one formula: Bernoulli, exponential and Gumbel variables.
 *
 * Layer: random. Bits become the mantissa: multiples of 2⁻²³ in [0, 1) as float32, of 2⁻⁵² as float64.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { fail, valueError } from '../core/errors.ts'
import type { Shape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { bitwiseAnd, bitwiseOr, maximum, shiftLeft, shiftRightLogical, sub } from '../ops/arithmetic.ts'
import { cast, lt } from '../ops/comparison.ts'
import { add, mul, neg } from '../ops/elementwise.ts'
import { log, log1p } from '../ops/math.ts'
import { bitsOf, wordsOf } from './bits.ts'
import type { Key } from './key.ts'
import { floatDtype, optionsFirst, type Parameter, settle } from './parameters.ts'

/** 23 random bits as a float32 in [0, 1). */
const unit32 = (op: string, key: Key, shape: Shape): Tensor =>
  mul(cast('float32')(shiftRightLogical(bitsOf(op, key, shape), 9)), 2 ** -23)

/** 52 random bits as a float64 in [0, 1): the 26 highest of the two words, then the 26 after them. */
const unit64 = (op: string, key: Key, shape: Shape): Tensor => {
  const [high, low] = wordsOf(op, key, shape)
  const first = shiftRightLogical(high, 6)
  const second = bitwiseOr(shiftLeft(bitwiseAnd(high, 63), 20), shiftRightLogical(low, 12))
  const part = (x: Tensor, weight: number): Tensor => mul(cast('float64')(x), weight)
  return add(part(first, 2 ** -26), part(second, 2 ** -52))
}

/** Uniform in [0, 1). */
export const unit = (op: string, dtype: FloatDtype, key: Key, shape: Shape): Tensor =>
  dtype === 'float32' ? unit32(op, key, shape) : unit64(op, key, shape)

/** Uniform in [minval, maxval). The maximum undoes a rounding below minval. */
export const uniformBetween = (
  op: string,
  dtype: FloatDtype,
  key: Key,
  { shape, minval, maxval }: { readonly shape: Shape; readonly minval: Tensor; readonly maxval: Tensor },
): Tensor => maximum(minval, add(mul(unit(op, dtype, key, shape), sub(maxval, minval)), minval))

/** Shape (a scalar by default) and dtype (float32 by default) of a draw. */
export type DrawOptions<S extends Shape> = { readonly shape?: S; readonly dtype?: FloatDtype }

/** The options of `uniform`. */
export type UniformOptions<S extends Shape> = DrawOptions<S> & {
  readonly minval?: Parameter
  readonly maxval?: Parameter
}

/**
 * Uniform numbers in [minval, maxval), by default [0, 1).
 *
 * As `jax.random.uniform`: multiples of 2⁻²³ (float64: 2⁻⁵²), the same to the bit, then scaled and shifted, where XLA's
 * fused multiplication and addition may round differently. The bounds are numbers, or tensors that broadcast to
 * `shape`, to which derivatives flow; without a shape, theirs. A maxval ≤ minval gives minval. Rounding can give maxval
 * itself where the bounds are far from 0 and close to each other.
 * @param options.dtype float32 or float64; by default that of a tensor bound, or float32
 * @throws DtypeError for another dtype, or bounds that have another; ShapeError when bounds do not fit `shape`
 * @example
 * uniform({ shape: [2, 3], minval: -1, maxval: 1 })(key(0)) // float32[2,3]
 */
export const uniform = <const S extends Shape = Shape>(options: UniformOptions<S> = {}) => {
  const { minval = 0, maxval = 1, ...rest } = optionsFirst('uniform', options, ['shape', 'minval', 'maxval', 'dtype'])
  const dtype = floatDtype('uniform', rest.dtype, [minval, maxval])
  const bounds = settle('uniform', dtype, rest.shape, { minval, maxval })
  return (key: Key): Tensor<S> =>
    (minval === 0 && maxval === 1
      ? unit('uniform', dtype, key, bounds.shape)
      : uniformBetween('uniform', dtype, key, bounds)) as Tensor<S>
}

/** The options of `bernoulli`: `p` is the probability of true, 1/2 by default. */
export type BernoulliOptions<S extends Shape> = { readonly p?: Parameter; readonly shape?: S; readonly dtype?: never }

/**
 * true with probability p, else false; as `jax.random.bernoulli`, whether a uniform number is below p.
 *
 * p is a number in [0, 1], or a tensor that broadcasts to `shape`; without a shape, p's. A p below 2⁻²³ in float32 is
 * drawn too often, being compared with multiples of it.
 * @returns bool
 * @throws ValueError for a number outside [0, 1]; DtypeError for a tensor of no floats; ShapeError when it does not fit
 * @example
 * bernoulli({ p: 0.1, shape: [3] })(key(0)) // bool[3]
 */
export const bernoulli = <const S extends Shape = Shape>(options: BernoulliOptions<S> = {}) => {
  const { p = 0.5, shape } = optionsFirst('bernoulli', options, ['p', 'shape'])
  if (typeof p === 'number' && !(p >= 0 && p <= 1))
    return fail(valueError('bernoulli', `p is a probability in [0, 1], got ${p}`))
  const dtype = floatDtype('bernoulli', undefined, [p])
  const plan = settle('bernoulli', dtype, shape, { p })
  return (key: Key): Tensor<S> => lt(unit('bernoulli', dtype, key, plan.shape), plan.p) as Tensor as Tensor<S>
}

/** A sampler without parameters. */
const standard =
  (op: string, draw: (dtype: FloatDtype, shape: Shape, key: Key) => Tensor) =>
  <const S extends Shape = readonly []>(options: DrawOptions<S> = {}) => {
    const { shape = [], dtype } = optionsFirst(op, options, ['shape', 'dtype'])
    const float = floatDtype(op, dtype, [])
    return (key: Key): Tensor<S> => draw(float, shape, key) as Tensor<S>
  }

/**
 * Exponential numbers of rate 1 in [0, ∞): -ln(1 - u), u uniform, as `jax.random.exponential`. For rate r divide by r.
 * @throws DtypeError for a dtype that is no float; ValueError for a shape that is none
 * @example
 * exponential({ shape: [3] })(key(0)) // float32[3]
 */
export const exponential = standard('exponential', (dtype, shape, key) =>
  neg(log1p(neg(unit('exponential', dtype, key, shape)))),
)

const SMALLEST_NORMAL: { readonly [d in FloatDtype]: number } = { float32: 2 ** -126, float64: 2 ** -1022 }

/** -ln(-ln u), u uniform in [smallest normal number, 1). */
export const gumbelOf = (op: string, dtype: FloatDtype, shape: Shape, key: Key): Tensor => {
  const bounds = settle(op, dtype, shape, { minval: SMALLEST_NORMAL[dtype], maxval: 1 })
  return neg(log(neg(log(uniformBetween(op, dtype, key, bounds)))))
}

/**
 * Standard Gumbel numbers: -ln(-ln u), as `jax.random.gumbel` in its default mode, `low`: float32 from -4.5 to 15.9.
 * @throws DtypeError for a dtype that is no float; ValueError for a shape that is none
 * @example
 * gumbel({ shape: [3] })(key(0)) // float32[3]
 */
export const gumbel = standard('gumbel', (dtype, shape, key) => gumbelOf('gumbel', dtype, shape, key))
