/**
 * Normal numbers, whole and truncated: √2·erfInv of a uniform number (inversion), as JAX does.
 *
 * Layer: random. The uniform numbers are JAX's to the bit; XLA's erfInv is a fitted polynomial, so last digits differ.
 */
import type { FloatDtype } from '../core/dtype.ts'
import type { Shape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { abs, div, maximum, minimum } from '../ops/arithmetic.ts'
import { isfinite, where } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { erf, erfInv } from '../ops/math.ts'
import { stopGradient } from '../ops/stopgradient.ts'
import type { Key } from './key.ts'
import { floatDtype, optionsFirst, type Parameter, settle } from './parameters.ts'
import { type DrawOptions, uniformBetween } from './uniform.ts'

/** Unit roundoff, largest number, and smallest above 0. */
const float: { readonly [d in FloatDtype]: { readonly u: number; readonly max: number; readonly tiny: number } } = {
  float32: { u: 2 ** -24, max: (2 - 2 ** -23) * 2 ** 127, tiny: 2 ** -149 },
  float64: { u: 2 ** -53, max: Number.MAX_VALUE, tiny: 2 ** -1074 },
}

const quantile = (u: Tensor): Tensor => mul(Math.SQRT2, erfInv(u))

/**
 * Standard normal numbers (mean 0, variance 1); for others, `add(mean, mul(std, x))`.
 *
 * √2·erfInv(u), u uniform in (-1, 1), as `jax.random.normal`. float32 stays within ±5.5.
 * @throws DtypeError for a dtype that is no float; ValueError for a shape that is none
 * @example
 * normal({ shape: [2, 3] })(key(0)) // float32[2,3]
 */
export const normal = <const S extends Shape = readonly []>(options: DrawOptions<S> = {}) => {
  const { shape = [], ...rest } = optionsFirst('normal', options, ['shape', 'dtype'])
  const dtype = floatDtype('normal', rest.dtype, [])
  // The least number above -1, where erfInv is -∞.
  const bounds = settle('normal', dtype, shape, { minval: float[dtype].u - 1, maxval: 1 })
  return (key: Key): Tensor<S> => quantile(uniformBetween('normal', dtype, key, bounds)) as Tensor<S>
}

/**
 * The next number above x (direction 1) or below it (-1), by arithmetic: Rump, Zimmermann, Boldo and Melquiond (2009),
 * "Computing predecessor and successor in rounding to nearest", algorithm 1.
 */
const nextAfter = (direction: 1 | -1, dtype: FloatDtype, x: Tensor): Tensor => {
  const { u, max, tiny } = float[dtype]
  const step = add(mul(abs(x), u * (1 + 2 * u)), tiny)
  return where(isfinite(x), add(x, mul(direction, step)), -direction * max)
}

/** The options of `truncatedNormal`: the open interval to stay in. */
export type TruncatedNormalOptions<S extends Shape> = DrawOptions<S> & {
  readonly lower: Parameter
  readonly upper: Parameter
}

/**
 * Standard normal numbers conditioned to lie in the open interval (lower, upper).
 *
 * √2·erfInv(u), u uniform between erf(lower/√2) and erf(upper/√2), as `jax.random.truncated_normal`. The bounds are
 * numbers, ±∞ among them, or tensors that broadcast to `shape`, to which derivatives flow; without a shape, theirs. Far
 * out in a tail (beyond 5 in float32) erf saturates and few values, or only the bound's neighbour, come out.
 * @throws DtypeError for a dtype that is no float, or bounds of another; ShapeError when bounds do not fit `shape`
 * @example
 * truncatedNormal({ lower: -2, upper: 2, shape: [3] })(key(0)) // float32[3]
 */
export const truncatedNormal = <const S extends Shape = Shape>(options: TruncatedNormalOptions<S>) => {
  const {
    lower: low,
    upper: high,
    ...rest
  } = optionsFirst('truncatedNormal', options, ['lower', 'upper', 'shape', 'dtype'], ['lower', 'upper'])
  const dtype = floatDtype('truncatedNormal', rest.dtype, [low, high])
  const { shape, lower, upper } = settle('truncatedNormal', dtype, rest.shape, { lower: low, upper: high })
  const cdf = (x: Tensor): Tensor => erf(div(x, Math.SQRT2))
  const bounds = { shape, minval: cdf(lower), maxval: cdf(upper) }
  const inside = (x: Tensor): Tensor =>
    minimum(maximum(x, stopGradient(nextAfter(1, dtype, lower))), stopGradient(nextAfter(-1, dtype, upper)))
  return (key: Key): Tensor<S> => inside(quantile(uniformBetween('truncatedNormal', dtype, key, bounds))) as Tensor<S>
}
