/**
 * Initialisers: random weights whose variance keeps signals from growing or fading from layer to layer.
 *
 * Layer: nn. Read next: constants.ts, initialisers that do not look at fans. Shapes end in […, in, out], as for `dense` and as in JAX and Keras: with leading axes, as of a convolution's window,
 * each output sums over size(…) · in inputs (fan-in), and each input goes to size(…) · out outputs (fan-out). Normal numbers are
 * cut off at two standard deviations, as in JAX and Keras, and scaled so that the variance is the stated one; PyTorch's are whole.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireFunction, requireOptions, requireRecord } from '../core/options.ts'
import { dim, type Shape, showShape, sizeOf, validShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { div } from '../ops/arithmetic.ts'
import { mul } from '../ops/elementwise.ts'
import { type Key, normal, truncatedNormal, uniform } from '../random/index.ts'

/** How many inputs an output sums over, and how many outputs an input goes to. */
export type Fans = { readonly in: number; readonly out: number }

/** The shape and dtype (float32 by default) of a parameter to be made. */
export type InitOptions = { readonly shape: Shape; readonly dtype?: FloatDtype }

/**
 * Makes a parameter from a key; samplers such as `normal` do too. `fans` are those of the weights that biases belong to; by default they
 * follow from the shape.
 */
export type Initializer = (options: InitOptions, fans?: Fans) => (key: Key) => Tensor

/**
 * The fans of weights of a shape [..., in, out]: for a window before them, times its size.
 * @throws ShapeError for fewer than two axes
 * @example
 * fansOf([3, 3, 16, 32]) // { in: 144, out: 288 }
 */
export const fansOf = (shape: Shape): Fans => {
  const rank = orThrow(validShape('initializer', shape)).length
  if (rank < 2) return fail(shapeError('initializer', `needs at least two axes, [in, out], got ${showShape(shape)}`))
  const field = sizeOf(shape.slice(0, -2))
  return { in: field * dim(shape, rank - 2), out: field * dim(shape, rank - 1) }
}

/** What an initialiser draws. */
export const drawnBy = (init: Initializer, options: InitOptions, key: Key, fans?: Fans): Tensor =>
  requireFunction('initializer', 'what an initialiser gives for a shape', init(options, fans))(key)

/** An initialiser that refuses what is no shape. */
export const initializer =
  (op: string, make: Initializer): Initializer =>
  (options, fans) => {
    requireRecord(op, 'options with the shape of a parameter, { shape }', options, ['shape'])
    orThrow(validShape(op, options.shape))
    return make(options, fans)
  }

/** Which fan the variance is divided by. */
export type FanMode = 'in' | 'out' | 'average'

/** How the numbers are spread; the truncated normal distribution ends at two standard deviations. */
export type Distribution = 'uniform' | 'normal' | 'truncatedNormal'

/** The standard deviation of a standard normal number, given that it lies between -2 and 2. */
const TRUNCATED_STD = 0.8796256610342398

/** A distribution with mean 0 and variance 1. */
const standard = (distribution: Distribution, { shape, dtype = 'float32' }: InitOptions, key: Key): Tensor => {
  const options = { shape, dtype }
  switch (distribution) {
    case 'uniform':
      return mul(uniform({ ...options, minval: -1, maxval: 1 })(key), Math.sqrt(3))
    case 'normal':
      return normal(options)(key)
    case 'truncatedNormal':
      return div(truncatedNormal({ ...options, lower: -2, upper: 2 })(key), TRUNCATED_STD)
  }
}

/**
 * Numbers of mean 0 and variance scale / fan, as JAX's variance_scaling.
 * @throws ShapeError for fewer than two axes; ValueError unless scale > 0
 * @example
 * dense(784, 10, { init: varianceScaling({ scale: 1, fan: 'out', distribution: 'normal' }) })
 */
export const varianceScaling = (options: {
  readonly scale: number
  readonly fan: FanMode
  readonly distribution: Distribution
}): Initializer => {
  const { scale, fan, distribution } = requireOptions(
    'varianceScaling',
    options,
    ['scale', 'fan', 'distribution'],
    ['scale', 'fan', 'distribution'],
  )
  return initializer('varianceScaling', (options, fans = fansOf(options.shape)) => {
    if (!(scale > 0 && scale < Infinity))
      return fail(valueError('varianceScaling', `scale must be a number above 0, got ${scale}`))
    const variance = scale / Math.max(1, fan === 'average' ? (fans.in + fans.out) / 2 : fans[fan])
    return key => mul(standard(distribution, options, key), Math.sqrt(variance))
  })
}

/** Uniform with variance 2 / (in + out), within ±√(6 / (in + out)): for tanh, sigmoid and softmax. Glorot and Bengio (2010), equation 16. */
export const glorotUniform = varianceScaling({ scale: 1, fan: 'average', distribution: 'uniform' })
/** Truncated normal with variance 2 / (in + out). Glorot and Bengio (2010), equation 12. */
export const glorotNormal = varianceScaling({ scale: 1, fan: 'average', distribution: 'truncatedNormal' })
/** Uniform with variance 2 / in, within ±√(6 / in): for relu. He et al. (2015). */
export const heUniform = varianceScaling({ scale: 2, fan: 'in', distribution: 'uniform' })
/** Truncated normal with variance 2 / in: for relu. He et al. (2015), equation 10. */
export const heNormal = varianceScaling({ scale: 2, fan: 'in', distribution: 'truncatedNormal' })
/** Uniform with variance 1 / in, within ±√(3 / in): for selu. */
export const lecunUniform = varianceScaling({ scale: 1, fan: 'in', distribution: 'uniform' })
/** Truncated normal with variance 1 / in: for selu. LeCun, Bottou, Orr and Müller (1998), equation 16. */
export const lecunNormal = varianceScaling({ scale: 1, fan: 'in', distribution: 'truncatedNormal' })

/**
 * PyTorch's default for weights and biases of linear layers and convolutions: uniform within ±1 / √fan-in, the fan-in of biases being
 * that of their weights (there written as kaiming_uniform_ with a = √5).
 * @throws ShapeError for biases alone, whose fans nobody gave
 * @example
 * dense(784, 10, { init: torchUniform, biasInit: torchUniform })
 */
export const torchUniform: Initializer = initializer('torchUniform', (options, fans = fansOf(options.shape)) => {
  const bound = 1 / Math.sqrt(Math.max(1, fans.in))
  return key => mul(standard('uniform', options, key), bound / Math.sqrt(3))
})

/**
 * `torchUniform` for weights and biases, as options of a layer.
 * @example
 * conv(1, 12, { window: [3, 3], ...torchInit })
 */
export const torchInit: { readonly init: Initializer; readonly biasInit: Initializer } = {
  init: torchUniform,
  biasInit: torchUniform,
}
