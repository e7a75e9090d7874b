/**
 * Convolution over signals, images and volumes, as a `contract` with a window for each spatial axis.
 *
 * Layer: ops. What deep learning calls convolution: the kernel is not flipped. Its gradients are contractions again. Read next:
 * convolution-transposed.ts, the same contraction with the image and the result exchanged.
 */
import { fail, shapeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape, showShape } from '../core/shape.ts'
import type {
  ChannelsLast,
  Check,
  Conv,
  ImageLayout,
  Resolved,
  ShapeOf,
  SpatialRank,
  TensorLike,
} from '../core/shape-types.ts'
import type { Draw, Params, Sample, Tensor } from '../core/types.ts'
import { contract, type Relation } from './contract.ts'
import { composite, lift } from './define.ts'
import { reshape } from './movement.ts'
import {
  channelsLast,
  checkRank,
  type ImageAxes,
  imageAxes,
  type Padding,
  type PerAxis,
  relationOf,
  spanOf,
} from './spatial.ts'

/** Options of `conv1d`, `conv2d` and `conv3d`; all sizes in elements. */
export type ConvOptions<
  R extends SpatialRank = 2,
  Strides extends PerAxis<R> = PerAxis<R>,
  Pads extends Padding<R> = Padding<R>,
  Groups extends number = number,
  Order extends ImageLayout<R> = ImageLayout<R>,
  Holes extends PerAxis<R> = PerAxis<R>,
> = {
  readonly strides?: Strides
  readonly padding?: Pads
  /** Elements from one of the kernel to the next. */
  readonly dilation?: PerAxis<R>
  /** Elements from one of the image to the next, with zeros between; padding, also 'same', is that of the image with these. */
  readonly inputDilation?: Holes
  /** Channels are cut into so many groups, convolved by themselves; as many as channels is a depthwise convolution. */
  readonly groups?: Groups
  /**
   * Channels last (default, 'NHWC'): x [batch, height, width, channels], w [height, width, in, out]. Channels first ('NCHW'):
   * x [batch, channels, height, width], w [out, in, height, width]. Without height in 'NWC' and 'NCW', with depth in front of it in
   * 'NDHWC' and 'NCDHW'.
   */
  readonly layout?: Order
}

const names = ['strides', 'padding', 'dilation', 'inputDilation', 'groups', 'layout'] as const

/** Where the axes of a kernel are. */
export type KernelAxes = { readonly in: number; readonly out: number; readonly space: readonly number[] }

/** The axes of the kernel that goes with images of a layout. */
export const kernelAxes = ({ last, space }: ImageAxes): KernelAxes => {
  const rank = space.length
  return last ? { in: rank, out: rank + 1, space: range(0, rank) } : { in: 1, out: 0, space: range(2, rank + 2) }
}

/** Refuses kernels that do not take the channels of x, in groups. */
export const checkChannels = (
  op: string,
  x: Tensor,
  w: Tensor,
  groups: number,
  image: ImageAxes,
  transposed: boolean,
): void => {
  checkRank(op, image.space.length as SpatialRank, 'on both sides', [x, w])
  const kernel = kernelAxes(image)
  const both = `${showShape(x.shape)} with kernel ${showShape(w.shape)}`
  const channels = dim(x.shape, image.channel)
  const [inputs, outputs] = [dim(w.shape, kernel.in), dim(w.shape, kernel.out)]
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || outputs % groups !== 0)
    fail(
      shapeError(
        op,
        `${groups} groups do not divide ${channels} channels in and ${transposed ? inputs * groups : outputs} out (${both})`,
      ),
    )
  const taken = transposed ? outputs : inputs * groups
  if (taken !== channels)
    fail(
      shapeError(
        op,
        `channels differ: ${both} has ${channels} channels, the kernel takes ${transposed ? taken : `${inputs} × ${groups} groups`}`,
      ),
    )
}

/** Splits one axis in two. */
const splitAxis = (x: Tensor, axis: number, outerSize: number): Tensor =>
  reshape(x.shape.flatMap((n, i) => (i === axis ? [outerSize, n / outerSize] : [n])))(x)

/** An axis and the one after it as one. */
const merged = (shape: Shape, axis: number): Shape => [
  ...shape.slice(0, axis),
  dim(shape, axis) * dim(shape, axis + 1),
  ...shape.slice(axis + 2),
]

/** Axis letters: n batch, g group, i and o channels of the kernel; spatial ones of the image, the kernel and the result. */
const spatialLetters = { image: 'dhw', kernel: 'rpq', result: 'zyx' } as const

/**
 * Σ over taps and channels of x·w, group by group, where the relations hold. `from` are the channels of the kernel that x has, `to`
 * those that the result has.
 */
export const convolveGroups = (
  image: ImageAxes,
  relations: readonly Relation[],
  groups: number,
  [from, to]: readonly ['i', 'o'] | readonly ['o', 'i'],
  x: Tensor,
  w: Tensor,
): Tensor => {
  const rank = relations.length
  const axes = (of: keyof typeof spatialLetters): string => spatialLetters[of].slice(-rank)
  const [space, taps, places] = [axes('image'), axes('kernel'), axes('result')]
  const windows = relations.map((relation, i) => ({
    a: space.charAt(i),
    b: taps.charAt(i),
    out: places.charAt(i),
    ...relation,
  }))
  const labels = image.last
    ? { a: `n${space}g${from}`, b: `${taps}igo`, out: `n${places}g${to}` }
    : { a: `ng${from}${space}`, b: `goi${taps}`, out: `ng${to}${places}` }
  const y = contract(
    { ...labels, windows },
    splitAxis(x, image.channel, groups),
    splitAxis(w, kernelAxes(image).out, groups),
  )
  return reshape(merged(y.shape, image.channel))(y)
}

const convolve = <R extends SpatialRank>(
  op: string,
  rank: R,
  options: ConvOptions<R>,
  x: Tensor,
  w: Tensor,
): Tensor => {
  const {
    strides = 1,
    padding = 'valid',
    dilation = 1,
    inputDilation = 1,
    groups = 1,
    layout = channelsLast(rank),
  } = options
  const image = imageAxes(op, rank, layout)
  checkChannels(op, x, w, groups, image, false)
  const sizes = { strides, padding, dilation, inputDilation }
  const taps = kernelAxes(image).space.map(axis => dim(w.shape, axis))
  const relations = image.space.map((axis, i) => relationOf(op, sizes, [i, rank], dim(x.shape, axis), dim(taps, i)))
  return convolveGroups(image, relations, groups, ['i', 'o'], x, w)
}

/** An image and a kernel with so many taps, of the sizes that a layout wants. */
export const drawImage = (
  draw: Draw,
  last: boolean,
  space: Shape,
  channels: number,
  kernel: { readonly taps: Shape; readonly in: number; readonly out: number },
): readonly Tensor[] => {
  const batch = space.length === 3 ? 1 : draw.integer(1, 2)
  return last
    ? [draw.tensor([batch, ...space, channels]), draw.tensor([...kernel.taps, kernel.in, kernel.out])]
    : [draw.tensor([batch, channels, ...space]), draw.tensor([kernel.out, kernel.in, ...kernel.taps])]
}

/** `Params` with the numbers of a sample: for every axis, or for all. */
export type Drawn = Params & { readonly groups: number; readonly layout: string }

/** Options for samples, with strides and dilations along one axis alone: finite differences over three such axes would take long. */
export const drawOptions = (draw: Draw, rank: SpatialRank) => {
  const busy = draw.integer(0, rank - 1)
  const numbers = (): readonly number[] => range(0, rank).map(axis => (axis === busy ? draw.integer(1, 2) : 1))
  return {
    busy,
    strides: numbers(),
    dilation: numbers(),
    groups: draw.integer(1, 2),
    taps: range(0, rank).map(() => draw.integer(1, 2)),
    channels: [draw.integer(1, 2), rank === 3 ? 1 : draw.integer(1, 2)] as const,
    last: draw.boolean(),
  }
}

const drawConv =
  (rank: SpatialRank) =>
  (draw: Draw): Sample<Drawn> => {
    const { busy, taps, channels, last, ...options } = drawOptions(draw, rank)
    const inputDilation = taps.map((_, axis) => (axis === busy ? draw.integer(1, 2) : 1))
    const spans = taps.map((n, axis) => spanOf(n, dim(options.dilation, axis)))
    const space = spans.map((n, axis) => (axis === busy ? n + draw.integer(0, 2) : n))
    const pairs = range(0, rank).map(() => [draw.integer(0, 1), draw.integer(0, 1)])
    const cut = space.map((n, axis) => (n > dim(spans, axis) ? [-1, draw.integer(0, 1)] : [1, 0]))
    const padding = draw.pick(['valid', 'same', 1, pairs, cut])
    const kernel = { taps, in: channels[0], out: channels[1] * options.groups }
    return {
      params: { ...options, padding, inputDilation, layout: imageLayout(rank, last) },
      args: drawImage(draw, last, space, channels[0] * options.groups, kernel),
    }
  }

/** Channels last or first. */
export const imageLayout = <R extends SpatialRank>(rank: R, last: boolean): ImageLayout<R> => {
  const name = channelsLast(rank)
  return (last ? name : `NC${name.slice(1, -1)}`) as ImageLayout<R>
}

/** A convolution with R spatial axes. */
export type Convolving<Name extends string, R extends SpatialRank> = <
  const Strides extends PerAxis<R> = 1,
  const Pads extends Padding<R> = 'valid',
  const Groups extends number = 1,
  const Order extends ImageLayout<R> = ChannelsLast<R>,
  const Holes extends PerAxis<R> = 1,
>(
  options?: ConvOptions<R, Strides, Pads, Groups, Order, Holes>,
) => <X extends TensorLike, W extends TensorLike>(
  x: X,
  w: Check<Conv<Name, R, ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order, Holes>, W>,
) => Tensor<Resolved<Conv<Name, R, ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order, Holes>>>

const convolution = <const Name extends string, R extends SpatialRank>(name: Name, rank: R, doc: string) =>
  composite(
    {
      name,
      doc,
      apply: (options: Drawn, [x, w]) => convolve(name, rank, options as ConvOptions<R>, x as Tensor, w as Tensor),
      sample: drawConv(rank),
      invalid: draw => ({
        params: { groups: 1, layout: channelsLast(rank) },
        args: drawImage(
          draw,
          true,
          range(0, rank).map(() => 3),
          3,
          { taps: range(0, rank).map(() => 2), in: 2, out: 1 },
        ),
      }),
    },
    ((options: ConvOptions<R> = {}) =>
      (x: TensorLike, w: TensorLike): Tensor => {
        const [a, b] = lift(name, [x, w])
        return convolve(name, rank, requireOptions(name, options, names), a as Tensor, b as Tensor)
      }) as Convolving<Name, R>,
  )

/**
 * One-dimensional convolution (cross-correlation); see `conv2d`.
 *
 * x: [batch, width, in], w: [width, in / groups, out] -> [batch, width', out].
 * @throws ShapeError, ValueError as `conv2d`
 * @example
 * conv1d({ padding: 'same' })(ones([4, 100, 2]), ones([5, 2, 8])) // [4,100,2] -> [4,100,8]
 */
export const conv1d = convolution('conv1d', 1, 'One-dimensional convolution.')

/**
 * Two-dimensional convolution (cross-correlation).
 *
 * x: [batch, height, width, in], w: [height, width, in / groups, out] -> [batch, height', width', out], where
 * height' = ⌊(height + padding - dilation·(kernel - 1) - 1) / stride⌋ + 1; see `layout` for channels first. With `inputDilation`,
 * height counts the zeros between elements. Options and names as jax.lax.conv_general_dilated.
 * @throws ShapeError when channels, groups and kernel do not fit, or the kernel is larger than the padded image; ValueError for
 * options out of range
 * @example
 * conv2d({ strides: 2, padding: 'same' })(images, ones([3, 3, 1, 8])) // [4,28,28,1] -> [4,14,14,8]
 */
export const conv2d = convolution('conv2d', 2, 'Two-dimensional convolution.')

/**
 * Three-dimensional convolution (cross-correlation); see `conv2d`.
 *
 * x: [batch, depth, height, width, in], w: [depth, height, width, in / groups, out] -> [batch, depth', height', width', out].
 * @throws ShapeError, ValueError as `conv2d`
 * @example
 * conv3d({ strides: [1, 2, 2] })(ones([1, 5, 9, 9, 1]), ones([3, 3, 3, 1, 2])) // [1,5,9,9,1] -> [1,3,4,4,2]
 */
export const conv3d = convolution('conv3d', 3, 'Three-dimensional convolution.')
