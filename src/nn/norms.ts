/**
 * Normalisation of each example by itself: over features, over groups of channels, or by the root of the mean square.
 *
 * Layer: nn. Read first: batchnorm.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range } from '../core/shape.ts'
import type { KeepsShape } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { square } from '../ops/arithmetic.ts'
import { add, mul } from '../ops/elementwise.ts'
import { rsqrt } from '../ops/math.ts'
import { reshape } from '../ops/movement.ts'
import { mean, variance } from '../ops/statistics.ts'
import { checkEps, type NormOptions, type NormParams, normalized, normParams } from './batchnorm.ts'
import { checkFeatures, checkInput, checkSizes } from './checks.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** A normalisation without state: `scale` γ and `bias` β, each [features]. */
export type Norm = Layer<readonly [NormParams], readonly [Stateless], KeepsShape>

/** γ y + β. */
const affine = ({ scale, bias }: NormParams, y: Tensor): Tensor => {
  const scaled = scale === undefined ? y : mul(y, scale)
  return bias === undefined ? scaled : add(scaled, bias)
}

/**
 * γ (x - mean) / √(variance + eps) + β, with mean and (biased) variance over the last axis: [..., features] -> [..., features]. `eps`
 * is 1e-5 by default, as in PyTorch (Keras: 1e-3). Ba, Kiros and Hinton (2016).
 * @throws ValueError for a size below 1 or an eps below 0; on application, ShapeError for other features
 * @example
 * const norm = layerNorm(3)
 * const { params, state } = norm.init(key(0))
 * norm.apply(params, state, x)[0] // [2,3]
 */
export const layerNorm = (features: number, options: NormOptions = {}): Norm => {
  requireOptions('layerNorm', options, ['eps', 'scale', 'bias', 'dtype'])

  const { eps = 1e-5 } = options
  checkSizes('layerNorm', [features])
  checkEps('layerNorm', eps)
  return layer<NormParams, KeepsShape>({
    name: 'layerNorm',
    init: () => normParams(features, options),
    apply: (params, x) => {
      checkFeatures('layerNorm', features, x)
      const over = { axis: -1, keepDims: true } as const
      return affine(params, normalized(x, { mean: mean(over)(x), variance: variance(over)(x) }, {}, eps))
    },
  })
}

/**
 * γ x / √(mean x² + eps), with the mean over the last axis: [..., features] -> [..., features]; no mean is taken away, and there is no
 * β unless `bias` is true. `eps` is 1e-6 by default. Zhang and Sennrich (2019), equation 4.
 * @throws as `layerNorm`
 * @example
 * const norm = rmsNorm(3)
 * const { params, state } = norm.init(key(0))
 * norm.apply(params, state, x)[0] // [2,3]
 */
export const rmsNorm = (features: number, given: NormOptions = {}): Norm => {
  const { bias = false, ...options } = requireOptions('rmsNorm', given, ['eps', 'scale', 'bias', 'dtype'])

  const { eps = 1e-6 } = options
  checkSizes('rmsNorm', [features])
  checkEps('rmsNorm', eps)
  return layer<NormParams, KeepsShape>({
    name: 'rmsNorm',
    init: () => normParams(features, { ...options, bias }),
    apply: (params, x) => {
      checkFeatures('rmsNorm', features, x)
      return affine(params, mul(x, rsqrt(add(mean({ axis: -1, keepDims: true })(square(x)), eps))))
    },
  })
}

/** x with features in groups, normalised over space and group. */
const inGroups = (groups: number, eps: number, x: Tensor): Tensor => {
  const { shape } = x
  const channels = dim(shape, shape.length - 1)
  const split: Tensor = reshape([...shape.slice(0, -1), groups, channels / groups])(x)
  const over = { axis: [...range(1, shape.length - 1), shape.length], keepDims: true }
  return reshape(shape)(normalized(split, { mean: mean(over)(split), variance: variance(over)(split) }, {}, eps))
}

const groupNormalization = (name: string, groups: number, features: number, options: NormOptions): Norm => {
  const { eps = 1e-5 } = options
  checkSizes(name, [groups, features])
  checkEps(name, eps)
  if (features % groups !== 0) return fail(valueError(name, `${groups} groups do not divide ${features} features`))
  return layer<NormParams, KeepsShape>({
    name,
    init: () => normParams(features, options),
    apply: (params, x) => {
      checkInput(name, x.shape.length >= 2 && x.shape.at(-1) === features, `[batch, ..., ${features}]`, x)
      return affine(params, inGroups(groups, eps, x))
    },
  })
}

/**
 * γ (x - mean) / √(variance + eps) + β, with mean and (biased) variance of each example over space and a group of neighbouring
 * channels: [batch, ...space, features] -> the same. `eps` is 1e-5 by default, as in PyTorch. Wu and He (2018).
 * @throws ValueError for sizes below 1, groups that do not divide the features, or an eps below 0; on application, ShapeError for other
 *   features
 * @example
 * const norm = groupNorm(2, 8)
 * const { params, state } = norm.init(key(0))
 * norm.apply(params, state, ones([4, 14, 14, 8]))[0] // [4,14,14,8]
 */
export const groupNorm = (groups: number, features: number, options: NormOptions = {}): Norm => {
  requireOptions('groupNorm', options, ['eps', 'scale', 'bias', 'dtype'])
  return groupNormalization('groupNorm', groups, features, options)
}

/**
 * `groupNorm` with a group for each channel: mean and variance over space alone. PyTorch's has neither γ nor β by default. Ulyanov,
 * Vedaldi and Lempitsky (2016).
 * @throws as `groupNorm`
 * @example
 * instanceNorm(8, { scale: false, bias: false }).apply([{}], [[]], ones([4, 14, 14, 8]))[0] // [4,14,14,8]
 */
export const instanceNorm = (features: number, options: NormOptions = {}): Norm => {
  requireOptions('instanceNorm', options, ['eps', 'scale', 'bias', 'dtype'])
  return groupNormalization('instanceNorm', features, features, options)
}
