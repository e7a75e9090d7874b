/**
 * An activation that is learnt.
 *
 * Layer: nn. Activations without parameters are functions: `activation(relu)`.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { requireOptions } from '../core/options.ts'
import type { KeepsShape } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { gt, where } from '../ops/comparison.ts'
import { mul } from '../ops/elementwise.ts'
import { checkFeatures, checkInits, checkSizes } from './checks.ts'
import { constantInit } from './constants.ts'
import { drawnBy, type Initializer } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** The slopes of `prelu` where x is negative: [features], or [1]. */
export type PreluParams = { readonly slope: Tensor }

/** Initialiser of the slopes (0.25, as in PyTorch), and their dtype (float32). */
export type PreluOptions = { readonly init?: Initializer; readonly dtype?: FloatDtype }

/**
 * x where positive, else slope · x, with a slope for each feature that is learnt: [..., features] -> [..., features]. One feature is one
 * slope for everything, as PyTorch's default. At 0 the derivative is the slope. He, Zhang, Ren and Sun (2015).
 * @throws ValueError for a size below 1; on application, ShapeError for other features
 * @example
 * const network = serial(dense(3, 8), prelu(8))
 * const { params, state } = network.init(key(0))
 * network.apply(params, state, x)[0] // [2,8]
 */
export const prelu = (
  features: number,
  options: PreluOptions = {},
): Layer<readonly [PreluParams], readonly [Stateless], KeepsShape> => {
  const { init = constantInit(0.25), dtype = 'float32' } = requireOptions('prelu', options, ['init', 'dtype'])

  checkSizes('prelu', [features])
  checkInits('prelu', options)
  return layer<PreluParams, KeepsShape>({
    name: 'prelu',
    init: key => ({ slope: drawnBy(init, { shape: [features], dtype }, key) }),
    apply: ({ slope }, x) => {
      if (features > 1) checkFeatures('prelu', features, x)
      return where(gt(x, 0), x, mul(slope, x))
    },
  })
}
