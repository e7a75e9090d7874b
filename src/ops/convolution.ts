/**
 * Convolution over images, as a `contract` with a window for each spatial axis.
 *
 * Layer: ops. What deep learning calls convolution: the kernel is not flipped. Its gradients are contractions again.
 */
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { dim, range, showShape } from '../core/shape.ts'
import type { Check, Conv, ImageLayout, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { contract, type Window } from './contract.ts'
import { composite, lift, requireOptions } from './define.ts'
import { reshape } from './movement.ts'

/** One number for both spatial axes, or one for each (height, width). */
export type PerAxis = number | readonly [number, number]
/**
 * Zeros around an image: 'valid' none, 'same' as many as keep ceil(size / stride) (the odd one after), a number or pair on
 * both sides alike, or `[[top, bottom], [left, right]]`; negative ones cut off.
 */
export type Padding = 'valid' | 'same' | PerAxis | readonly [readonly [number, number], readonly [number, number]]

/** Options of `conv2d`; all sizes in elements. */
export type ConvOptions<
  Strides extends PerAxis = PerAxis,
  Pads extends Padding = Padding,
  Groups extends number = number,
  Order extends ImageLayout = ImageLayout,
> = {
  readonly strides?: Strides
  readonly padding?: Pads
  readonly dilation?: PerAxis
  readonly groups?: Groups
  /** 'NHWC' (default): x [batch, height, width, channels], w [height, width, in, out]. 'NCHW': x [batch, channels, height, width], w [out, in, height, width]. */
  readonly layout?: Order
}

const showOption = (value: unknown): string => (Array.isArray(value) ? JSON.stringify(value) : describe(value))

/** The number that holds for a spatial axis. */
export const perAxis = (op: string, name: string, value: PerAxis, axis: number): number => {
  const n = Array.isArray(value) && value.length === 2 ? value[axis] : value
  return typeof n === 'number' && Number.isInteger(n) && n >= 1
    ? n
    : fail(valueError(op, `${name} must be a whole number of at least 1 or two of them, got ${showOption(value)}`))
}

/** Elements added before and after a spatial axis of size n under a window that spans `span` elements. */
export const padOf = (
  op: string,
  padding: Padding,
  axis: number,
  n: number,
  span: number,
  stride: number,
): readonly [number, number] => {
  if (padding === 'valid') return [0, 0]
  if (padding === 'same') {
    const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + span - n)
    return [Math.floor(total / 2), Math.ceil(total / 2)]
  }
  const side: unknown = Array.isArray(padding) && padding.length === 2 ? padding[axis] : padding
  const [low, high, ...more] = Array.isArray(side) ? side : [side, side]
  return Number.isInteger(low) && Number.isInteger(high) && more.length === 0
    ? [low, high]
    : fail(
        valueError(
          op,
          `padding must be 'same', 'valid', a whole number, one for each axis or [[top, bottom], [left, right]], got ${showOption(padding)}`,
        ),
      )
}

/** Refuses a window that has no place at all along an axis of size n. */
export const checkFits = (op: string, n: number, [low, high]: readonly [number, number], span: number): void => {
  if (span < 1) fail(shapeError(op, 'a kernel needs at least one element along each spatial axis'))
  if (n + low + high < span)
    fail(
      shapeError(
        op,
        `a window over ${span} elements does not fit an axis of size ${n}${low + high === 0 ? '' : ` padded by ${low} and ${high}`}: pad more, or use a smaller window`,
      ),
    )
}

/** How many places a window has along an axis of size n. */
export const windowCount = (n: number, [low, high]: readonly [number, number], span: number, stride: number): number =>
  Math.max(0, Math.floor((n + low + high - span) / stride) + 1)

/** Axis letters: n batch, h and w space, g group, i and o channels, p and q kernel, y and x result. */
const layouts = {
  NHWC: { a: 'nhwgi', b: 'pqigo', out: 'nyxgo', channel: 3, space: [1, 2], kernel: [0, 1, 2, 3] },
  NCHW: { a: 'ngihw', b: 'goipq', out: 'ngoyx', channel: 1, space: [2, 3], kernel: [2, 3, 1, 0] },
} as const

type Layout = (typeof layouts)[keyof typeof layouts]

const checkConv = (x: Tensor, w: Tensor, groups: number, layout: Layout): void => {
  const both = `${showShape(x.shape)} with kernel ${showShape(w.shape)}`
  if (x.shape.length !== 4 || w.shape.length !== 4)
    fail(shapeError('conv2d', `needs four axes on both sides, got ${both}`))
  const channels = dim(x.shape, layout.channel)
  const [inputs, outputs] = [dim(w.shape, layout.kernel[2]), dim(w.shape, layout.kernel[3])]
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || outputs % groups !== 0)
    fail(shapeError('conv2d', `${groups} groups do not divide ${channels} channels in and ${outputs} out (${both})`))
  if (inputs * groups !== channels)
    fail(
      shapeError(
        'conv2d',
        `channels differ: ${both} has ${channels} channels, the kernel takes ${inputs} × ${groups} groups`,
      ),
    )
}

/** Splits one axis in two. */
const splitAxis = (x: Tensor, axis: number, outerSize: number): Tensor =>
  reshape(x.shape.flatMap((n, i) => (i === axis ? [outerSize, n / outerSize] : [n])))(x)

const convolve = (options: ConvOptions, x: Tensor, w: Tensor): Tensor => {
  const { strides = 1, padding = 'valid', dilation = 1, groups = 1, layout: name = 'NHWC' } = options
  const layout =
    layouts[name] ?? fail(valueError('conv2d', `layout must be 'NHWC' or 'NCHW', got ${JSON.stringify(name)}`))
  checkConv(x, w, groups, layout)
  const windows = range(0, 2).map((axis): Window => {
    const [stride, step] = [perAxis('conv2d', 'strides', strides, axis), perAxis('conv2d', 'dilation', dilation, axis)]
    const n = dim(x.shape, layout.space[axis] ?? 0)
    const span = (dim(w.shape, layout.kernel[axis] ?? 0) - 1) * step + 1
    const pads = padOf('conv2d', padding, axis, n, span, stride)
    checkFits('conv2d', n, pads, span)
    const [a, b, out] = axis === 0 ? ['h', 'p', 'y'] : ['w', 'q', 'x']
    const size = windowCount(n, pads, span, stride)
    return { a, b, out, alpha: 1, beta: -step, gamma: -stride, delta: -pads[0], size }
  })
  const grouped = contract(
    { a: layout.a, b: layout.b, out: layout.out, windows },
    splitAxis(x, layout.channel, groups),
    splitAxis(w, layout.kernel[3], groups),
  )
  const at = layout.channel
  const merged = grouped.shape.flatMap((n, i) =>
    i === at ? [n * dim(grouped.shape, at + 1)] : i === at + 1 ? [] : [n],
  )
  return reshape(merged)(grouped)
}

const drawConv = (
  draw: Draw,
): Sample<
  Required<Pick<ConvOptions, 'groups' | 'layout'>> & { strides: PerAxis; padding: Padding; dilation: PerAxis }
> => {
  const [groups, inputs, outputs] = [draw.integer(1, 2), draw.integer(1, 2), draw.integer(1, 2)]
  const [n, p, q, dilation] = [draw.integer(1, 2), draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 2)]
  const [h, w] = [p, q].map(size => (size - 1) * dilation + draw.integer(1, 3)) as [number, number]
  const layout = draw.pick(['NHWC', 'NCHW'])
  const params = {
    strides: [draw.integer(1, 2), draw.integer(1, 2)] as const,
    padding: draw.pick([
      'valid',
      'same',
      1,
      [
        [0, 1],
        [1, -1],
      ],
    ]),
    dilation,
    groups,
    layout,
  }
  const channels = groups * inputs
  return layout === 'NHWC'
    ? { params, args: [draw.tensor([n, h, w, channels]), draw.tensor([p, q, inputs, groups * outputs])] }
    : { params, args: [draw.tensor([n, channels, h, w]), draw.tensor([groups * outputs, inputs, p, q])] }
}

/**
 * Two-dimensional convolution (cross-correlation).
 *
 * x: [batch, height, width, in], w: [height, width, in / groups, out] -> [batch, height', width', out], where
 * height' = ⌊(height + padding - dilation·(kernel - 1) - 1) / stride⌋ + 1; see `layout` for channels first.
 * @throws ShapeError when channels, groups and kernel do not fit, or the kernel is larger than the padded image; ValueError for
 * options out of range
 * @example
 * conv2d({ strides: 2, padding: 'same' })(images, ones([3, 3, 1, 8])) // [4,28,28,1] -> [4,14,14,8]
 */
export const conv2d = composite(
  {
    name: 'conv2d',
    doc: 'Two-dimensional convolution.',
    apply: (options: Required<ConvOptions>, [x, w]) => convolve(options, x as Tensor, w as Tensor),
    sample: drawConv,
    invalid: draw => ({
      params: { strides: 1, padding: 'valid', dilation: 1, groups: 1, layout: 'NHWC' } as const,
      args: [draw.tensor([1, 4, 4, 3]), draw.tensor([2, 2, 2, 1])],
    }),
  },
  <
    const Strides extends PerAxis = 1,
    const Pads extends Padding = 'valid',
    const Groups extends number = 1,
    const Order extends ImageLayout = 'NHWC',
  >(
    options: ConvOptions<Strides, Pads, Groups, Order> = {},
  ) =>
    <X extends TensorLike, W extends TensorLike>(
      x: X,
      w: Check<Conv<ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order>, W>,
    ) => {
      const [a, b] = lift('conv2d', [x, w as TensorLike])
      return convolve(requireOptions('conv2d', options), a as Tensor, b as Tensor) as Tensor<
        Resolved<Conv<ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order>>
      >
    },
)
