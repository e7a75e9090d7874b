/**
 * Batch normalisation: the one layer here that remembers.
 *
 * Layer: nn. Read next: norms.ts, normalisation that looks at one example alone.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { fail, orThrow, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, sizeOf } from '../core/shape.ts'
import type { KeepsShape } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { sub } from '../ops/arithmetic.ts'
import { ones, zeros } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { rsqrt } from '../ops/math.ts'
import { reshape } from '../ops/movement.ts'
import { mean as meanOf, variance as varianceOf } from '../ops/statistics.ts'
import { checkInput, checkNumber, checkSizes } from './checks.ts'
import { type Layer, statefulLayer } from './layer.ts'

/** What normalised features are multiplied by (γ) and moved by (β), each [features]; absent where an option says so. */
export type NormParams = { readonly scale?: Tensor; readonly bias?: Tensor }

/** Running mean and variance of each feature: [features] both. */
export type BatchStatistics = { readonly mean: Tensor; readonly variance: Tensor }

/** Options that all normalisations share. */
export type NormOptions = {
  /** Added to variances. */
  readonly eps?: number
  /** Whether the result is multiplied by parameters that start at 1: true by default. */
  readonly scale?: boolean
  /** Whether parameters that start at 0 are added to the result: true by default. */
  readonly bias?: boolean
  /** float32 by default. */
  readonly dtype?: FloatDtype
}

/** The options of `batchNorm`. */
export type BatchNormOptions = NormOptions & {
  /** How much of the old running value stays in a step: 0.99 by default. PyTorch's momentum is 1 minus that. */
  readonly momentum?: number
  /** The axis of the features: -1, the last one, by default. */
  readonly axis?: number
  /** Whether the running variance follows the unbiased one, as in PyTorch, or the biased one, as in Keras and Flax (false). */
  readonly unbiased?: boolean
}

/** γ = 1 and β = 0, as far as there are any. */
export const normParams = (
  features: number,
  { scale = true, bias = true, dtype = 'float32' }: NormOptions,
): NormParams => ({
  ...(scale ? { scale: ones([features], { dtype }) } : {}),
  ...(bias ? { bias: zeros([features], { dtype }) } : {}),
})

/** γ (x - mean) / √(variance + eps) + β, all of shapes that broadcast. */
export const normalized = (
  x: Tensor,
  { mean, variance }: BatchStatistics,
  { scale, bias }: NormParams,
  eps: number,
): Tensor => {
  const inverse = rsqrt(add(variance, eps))
  const y = mul(sub(x, mean), scale === undefined ? inverse : mul(scale, inverse))
  return bias === undefined ? y : add(y, bias)
}

/** Refuses an eps below 0. */
export const checkEps = (op: string, eps: number): void =>
  checkNumber(op, 'eps', eps, eps >= 0 && eps < Infinity, 'a number of at least 0')

/** Vectors of features laid along an axis of x. */
const laidAlong = (axis: number, x: Tensor): ((v: Tensor) => Tensor) => {
  const rank = x.shape.length
  return axis === rank - 1 ? v => v : reshape(range(0, rank).map(i => (i === axis ? dim(x.shape, i) : 1)))
}

/** What is remembered after a batch with these statistics of n numbers each. */
const remembered = (
  old: BatchStatistics,
  batch: BatchStatistics,
  momentum: number,
  n: number | undefined,
): BatchStatistics => {
  if (n !== undefined && n < 2)
    return fail(valueError('batchNorm', `an unbiased variance needs at least two numbers per feature, got ${n}`))
  const variance = n === undefined ? batch.variance : mul(batch.variance, n / (n - 1))
  const blend = (before: Tensor, now: Tensor): Tensor => add(mul(before, momentum), mul(now, 1 - momentum))
  return { mean: blend(old.mean, batch.mean), variance: blend(old.variance, variance) }
}

/**
 * γ (x - mean) / √(variance + eps) + β for each feature: [batch, ..., features] -> the same. Ioffe and Szegedy (2015).
 *
 * In training, mean and (biased) variance are those of the batch, over all axes but that of the features, and the state moves towards
 * them: running = momentum · running + (1 - momentum) · batch. In evaluation they are the running ones. Parameters are `scale` γ and
 * `bias` β, state `mean` (from 0) and `variance` (from 1), 2 · features numbers each.
 *
 * `momentum` 0.99 and `eps` 1e-5 by default, as in Flax. Keras: momentum 0.99, eps 1e-3. PyTorch: what is called 0.1 there is momentum
 * 0.9 here, eps 1e-5, unbiased true.
 * @throws ValueError for a size below 1, a momentum outside [0, 1], an eps below 0, or on application fewer than two numbers for an
 *   unbiased variance; on application, ShapeError for other features, AxisError for an axis that x does not have
 * @example
 * const norm = batchNorm(1)
 * const { params, state } = norm.init(key(0))
 * norm.apply(params, state, images, { train: key(1) }) // [[4,28,28,1], [{ mean: [1], variance: [1] }]]
 */
export const batchNorm = (
  features: number,
  options: BatchNormOptions = {},
): Layer<readonly [NormParams], readonly [BatchStatistics], KeepsShape> => {
  requireOptions('batchNorm', options, ['eps', 'scale', 'bias', 'dtype', 'momentum', 'axis', 'unbiased'])

  const { momentum = 0.99, eps = 1e-5, axis = -1, unbiased = false, dtype = 'float32' } = options
  checkSizes('batchNorm', [features])
  checkNumber('batchNorm', 'momentum', momentum, momentum >= 0 && momentum <= 1, 'a number from 0 to 1')
  checkEps('batchNorm', eps)
  return statefulLayer<NormParams, BatchStatistics, KeepsShape>({
    name: 'batchNorm',
    init: () => ({
      params: normParams(features, options),
      state: { mean: zeros([features], { dtype }), variance: ones([features], { dtype }) },
    }),
    apply: ({ scale, bias }, state, x, mode) => {
      const at = orThrow(normalizeAxis('batchNorm', axis, x.shape.length))
      const takes = axis === -1 ? `[..., ${features}]` : `${features} features along axis ${axis}`
      checkInput('batchNorm', dim(x.shape, at) === features, takes, x)
      const along = laidAlong(at, x)
      const laid = {
        ...(scale === undefined ? {} : { scale: along(scale) }),
        ...(bias === undefined ? {} : { bias: along(bias) }),
      }
      const normalize = (of: BatchStatistics): Tensor =>
        normalized(x, { mean: along(of.mean), variance: along(of.variance) }, laid, eps)
      if (mode === undefined) return [normalize(state), state]
      const others = range(0, x.shape.length).filter(i => i !== at)
      const batch = { mean: meanOf({ axis: others })(x), variance: varianceOf({ axis: others })(x) }
      const n = unbiased ? sizeOf(others.map(i => dim(x.shape, i))) : undefined
      return [normalize(batch), remembered(state, batch, momentum, n)]
    },
  })
}
