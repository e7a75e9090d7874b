/**
 * Convolutions as layers, channels last: over signals, images or volumes, as the window has one, two or three sizes.
 *
 * Layer: nn. Read first: ops/convolution.ts, ops/convolution-transposed.ts, which compute them.
 */
import { assertShape } from '../core/assert-shape.ts'
import type { FloatDtype } from '../core/dtype.ts'
import { describe, fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Shape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { conv1d, conv2d, conv3d } from '../ops/convolution.ts'
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../ops/convolution-transposed.ts'
import { add } from '../ops/elementwise.ts'
import type { Padding, PerAxis } from '../ops/spatial.ts'
import { type Key, split } from '../random/index.ts'
import { checkInits, checkInput, checkSizes } from './checks.ts'
import { zerosInit } from './constants.ts'
import { drawnBy, fansOf, glorotUniform, type Initializer } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** The sizes of a window over one, two or three axes. */
export type Window =
  | readonly [width: number]
  | readonly [height: number, width: number]
  | readonly [depth: number, height: number, width: number]

/** Kernel w, and biases b: [out] unless the layer has none. */
export type ConvParams = { readonly w: Tensor; readonly b?: Tensor }

/** The options of a convolution with this window. */
type Options<W extends Window> = {
  /** One size for each spatial axis: how many there are decides between signals, images and volumes. */
  readonly window: W
  /** Steps of the window: 1 by default. */
  readonly strides?: PerAxis<W['length']>
  /** 'valid' by default. */
  readonly padding?: Padding<W['length']>
  /** Elements from one of the kernel to the next: 1 by default. */
  readonly dilation?: PerAxis<W['length']>
  /** Channels are cut into so many groups that do not see each other: 1 by default. */
  readonly groups?: number
  /** Whether there are biases: true by default. */
  readonly bias?: boolean
  /** Initialiser of the kernel: `glorotUniform` by default. */
  readonly init?: Initializer
  /** Initialiser of the biases: `zerosInit` by default. */
  readonly biasInit?: Initializer
  /** float32 by default. */
  readonly dtype?: FloatDtype
}

/** The options of `conv`, named as those of the op `conv2d`. */
export type ConvLayerOptions<W extends Window = Window> = Options<W>

/** The options of `convTranspose`, named as those of the op `convTranspose2d`. */
export type ConvTransposeLayerOptions<W extends Window = Window> = Options<W> & {
  /** Elements more at the end, with padding in numbers: 0 by default. */
  readonly outputPadding?: PerAxis<W['length']>
}

/** A convolution of any rank, once its options are known. */
type Op = (options: object) => (x: Tensor, w: Tensor) => Tensor

const forward = [conv1d, conv2d, conv3d] as unknown as readonly Op[]
const transposed = [convTranspose1d, convTranspose2d, convTranspose3d] as unknown as readonly Op[]

const AXES = ['width', 'height, width', 'depth, height, width'] as const

/** Refuses windows of no or too many axes, and groups that do not divide the channels. */
const checkOptions = (
  op: string,
  channels: readonly [number, number],
  { window, groups = 1, ...options }: Options<Window>,
): void => {
  checkInits(op, options)
  if (!Array.isArray(window) || window.length < 1 || window.length > 3)
    fail(valueError(op, `window must be a list of one, two or three sizes, got ${describe(window)}`))
  checkSizes(op, [...channels, ...window, groups])
  if (channels.some(n => n % groups !== 0))
    fail(valueError(op, `${groups} groups do not divide ${channels[0]} channels in and ${channels[1]} out`))
}

/** Draws kernel and biases. */
const initOf =
  (
    shape: Shape,
    outputs: number,
    { bias = true, init = glorotUniform, biasInit = zerosInit, dtype = 'float32' }: Options<Window>,
  ) =>
  (key: Key): ConvParams => {
    const [forKernel, forBiases] = split(key)
    const w = assertShape(shape)(drawnBy(init, { shape, dtype }, forKernel))
    if (!bias) return { w }
    return { w, b: assertShape([outputs])(drawnBy(biasInit, { shape: [outputs], dtype }, forBiases, fansOf(shape))) }
  }

/** What the two kinds of convolution do not share: the name, the ops by rank, and the last two axes of the kernel. */
type Kind = { readonly name: string; readonly ops: readonly Op[]; readonly kernel: readonly [number, number] }

const convolution = (
  { name: stem, ops, kernel }: Kind,
  [inputs, outputs]: readonly [number, number],
  options: ConvTransposeLayerOptions,
): Layer<readonly [ConvParams], readonly [Stateless]> => {
  const { window, bias: _bias, init: _init, biasInit: _biasInit, dtype: _dtype, ...sizes } = options
  const rank = window.length
  const name = `${stem}${rank}d`
  const convolve = (ops[rank - 1] as Op)(sizes)
  const takes = `[batch, ${AXES[rank - 1]}, ${inputs}]`
  return layer<ConvParams>({
    name,
    init: initOf([...window, ...kernel], outputs, options),
    apply: ({ w, b }, x) => {
      checkInput(name, x.shape.length === rank + 2 && x.shape.at(-1) === inputs, takes, x)
      const y = convolve(x, w)
      return b === undefined ? y : add(y, b)
    },
  })
}

/**
 * Convolution (cross-correlation) of each window with a kernel, plus biases: [batch, ...space, inputs] -> [batch, ...space', outputs].
 *
 * Of signals, images or volumes, as `window` has one, two or three sizes; the kernel w is [...window, inputs / groups, outputs].
 * Sizes, padding, dilation and groups as the op `conv2d`; Keras's Conv2D and PyTorch's Conv2d, whose kernels are
 * [outputs, inputs / groups, ...window].
 * @throws ValueError unless sizes are whole numbers of at least 1 and groups divide the channels; on application, ShapeError when x
 *   has other axes or channels, or is smaller than the window
 * @example
 * const network = serial(conv(1, 8, { window: [3, 3], padding: 'same' }), activation(relu))
 * const { params, state } = network.init(key(0))
 * network.apply(params, state, images)[0] // [4,28,28,8]
 */
export const conv = <const W extends Window>(
  inputs: number,
  outputs: number,
  options: ConvLayerOptions<W>,
): Layer<readonly [ConvParams], readonly [Stateless]> => {
  requireOptions(
    'conv',
    options,
    ['window', 'strides', 'padding', 'dilation', 'groups', 'bias', 'init', 'biasInit', 'dtype'],
    ['window'],
  )

  const { groups = 1 } = options
  checkOptions('conv', [inputs, outputs], options as Options<Window>)
  return convolution(
    { name: 'conv', ops: forward, kernel: [inputs / groups, outputs] },
    [inputs, outputs],
    options as Options<Window>,
  )
}

/**
 * Transposed convolution plus biases, which spreads each element over a window: [batch, ...space, inputs] ->
 * [batch, ...space', outputs]. With strides, images become larger: 'same' padding multiplies sizes by them.
 *
 * The kernel w is [...window, outputs / groups, inputs], as of the convolution that this one is the transpose of, and its initialiser
 * sees it so, as in Keras and PyTorch. See the op `convTranspose2d` for sizes.
 * @throws as `conv`
 * @example
 * const upsample = convTranspose(8, 1, { window: [2, 2], strides: 2 })
 * const { params, state } = upsample.init(key(0))
 * upsample.apply(params, state, ones([4, 14, 14, 8]))[0] // [4,28,28,1]
 */
export const convTranspose = <const W extends Window>(
  inputs: number,
  outputs: number,
  options: ConvTransposeLayerOptions<W>,
): Layer<readonly [ConvParams], readonly [Stateless]> => {
  requireOptions(
    'convTranspose',
    options,
    ['window', 'strides', 'padding', 'dilation', 'groups', 'bias', 'init', 'biasInit', 'dtype', 'outputPadding'],
    ['window'],
  )

  const { groups = 1 } = options
  checkOptions('convTranspose', [inputs, outputs], options as Options<Window>)
  return convolution(
    { name: 'convTranspose', ops: transposed, kernel: [outputs / groups, inputs] },
    [inputs, outputs],
    options as ConvTransposeLayerOptions,
  )
}
