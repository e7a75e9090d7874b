import { requireOptions } from '../core/options.ts'
import { dim, range } from '../core/shape.ts'
import type {
  ChannelsLast,
  Check,
  ConvTransposed,
  ImageLayout,
  Resolved,
  ShapeOf,
  SpatialRank,
  TensorLike,
} from '../core/shape-types.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import {
  checkChannels,
  convolveGroups,
  type Drawn,
  drawImage,
  drawOptions,
  imageLayout,
  kernelAxes,
} from './convolution.ts'
import { composite, lift } from './define.ts'
import { channelsLast, imageAxes, type Padding, type PerAxis, transposedRelationOf } from './spatial.ts'

/** Options of `convTranspose1d`, `convTranspose2d` and `convTranspose3d`: those of the convolution that is transposed. */
export type ConvTransposeOptions<
  R extends SpatialRank = 2,
  Strides extends PerAxis<R> = PerAxis<R>,
  Pads extends Padding<R> = Padding<R>,
  Groups extends number = number,
  Order extends ImageLayout<R> = ImageLayout<R>,
> = {
  readonly strides?: Strides
  /** 'same' makes size · stride elements; 'valid' all that a window touches, and at least as many; numbers cut off, as in PyTorch. */
  readonly padding?: Pads
  readonly dilation?: PerAxis<R>
  readonly groups?: Groups
  /** As in `conv2d`; channels of the kernel too: 'NHWC' w [height, width, out / groups, in], 'NCHW' w [in, out / groups, height, width]. */
  readonly layout?: Order
  /** Elements more at the end, with padding in numbers: a convolution with strides has images of several sizes with results of one. */
  readonly outputPadding?: PerAxis<R>
}

const names = ['strides', 'padding', 'dilation', 'groups', 'layout', 'outputPadding'] as const

const transposeConvolution = <R extends SpatialRank>(
  op: string,
  rank: R,
  options: ConvTransposeOptions<R>,
  x: Tensor,
  w: Tensor,
): Tensor => {
  const {
    strides = 1,
    padding = 'valid',
    dilation = 1,
    groups = 1,
    outputPadding = 0,
    layout = channelsLast(rank),
  } = options
  const image = imageAxes(op, rank, layout)
  checkChannels(op, x, w, groups, image, true)
  const sizes = { strides, padding, dilation, outputPadding }
  const taps = kernelAxes(image).space.map(axis => dim(w.shape, axis))
  const relations = image.space.map((axis, i) =>
    transposedRelationOf(op, sizes, [i, rank], dim(x.shape, axis), dim(taps, i)),
  )
  return convolveGroups(image, relations, groups, ['o', 'i'], x, w)
}

const drawTransposed =
  (rank: SpatialRank) =>
  (draw: Draw): Sample<Drawn> => {
    const { busy, taps, channels, last, ...options } = drawOptions(draw, rank)
    const space = taps.map((_, axis) => (rank < 3 || axis === busy ? draw.integer(1, 2) : 1))
    const numbers = draw.boolean()
    const outputPadding = options.strides.map(n => (numbers ? draw.integer(0, n - 1) : 0))
    const cut = taps.map((n, i) => (dim(space, i) > 1 && n > 1 ? [draw.integer(0, 1), -1] : [-1, 0]))
    const padding = numbers ? draw.pick([0, cut]) : draw.pick(['valid', 'same'])
    const kernel = { taps, in: channels[1], out: channels[0] * options.groups }
    return {
      params: { ...options, padding, outputPadding, layout: imageLayout(rank, last) },
      args: drawImage(draw, last, space, kernel.out, kernel),
    }
  }

type Transposing<Name extends string, R extends SpatialRank> = <
  const Strides extends PerAxis<R> = 1,
  const Pads extends Padding<R> = 'valid',
  const Groups extends number = 1,
  const Order extends ImageLayout<R> = ChannelsLast<R>,
>(
  options?: ConvTransposeOptions<R, Strides, Pads, Groups, Order>,
) => <X extends TensorLike, W extends TensorLike>(
  x: X,
  w: Check<ConvTransposed<Name, R, ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order>, W>,
) => Tensor<Resolved<ConvTransposed<Name, R, ShapeOf<X>, ShapeOf<W>, Strides, Pads, Groups, Order>>>

const transposedConvolution = <const Name extends string, R extends SpatialRank>(name: Name, rank: R, doc: string) =>
  composite(
    {
      name,
      doc,
      apply: (options: Drawn, [x, w]) =>
        transposeConvolution(name, rank, options as ConvTransposeOptions<R>, x as Tensor, w as Tensor),
      sample: drawTransposed(rank),
      invalid: draw => ({
        params: { groups: 1, layout: channelsLast(rank) },
        args: drawImage(
          draw,
          true,
          range(0, rank).map(() => 3),
          3,
          { taps: range(0, rank).map(() => 2), in: 3, out: 2 },
        ),
      }),
    },
    ((options: ConvTransposeOptions<R> = {}) =>
      (x: TensorLike, w: TensorLike): Tensor => {
        const [a, b] = lift(name, [x, w])
        return transposeConvolution(name, rank, requireOptions(name, options, names), a as Tensor, b as Tensor)
      }) as Transposing<Name, R>,
  )

/**
 * One-dimensional transposed convolution; see `convTranspose2d`.
 *
 * x: [batch, width, in], w: [width, out / groups, in] -> [batch, width', out].
 * @throws ShapeError, ValueError as `convTranspose2d`
 * @example
 * convTranspose1d({ strides: 2 })(ones([4, 50, 8]), ones([2, 3, 8])) // [4,50,8] -> [4,100,3]
 */
export const convTranspose1d = transposedConvolution('convTranspose1d', 1, 'One-dimensional transposed convolution.')

/**
 * Two-dimensional transposed convolution: the gradient of `conv2d`, with the same options and the same kernel, with respect to its
 * image. So ⟨conv2d(o)(x, w), y⟩ = ⟨x, convTranspose2d(o)(y, w)⟩, and every element of x adds its multiple of the kernel, not
 * flipped, to the result.
 *
 * x: [batch, height, width, in], w: [height, width, out / groups, in] -> [batch, height', width', out]. With
 * span = dilation·(kernel - 1) + 1, height' is height·stride for padding 'same', height·stride + max(span - stride, 0) for
 * 'valid', and (height - 1)·stride + span - before - after + outputPadding for numbers.
 *
 * As Keras's Conv2DTranspose and, for padding in numbers, as PyTorch's conv_transpose2d, kernel layouts included; as
 * jax.lax.conv_transpose with transpose_kernel, but there numbers pad the image with holes.
 * @throws ShapeError when channels, groups and kernel do not fit, or nothing is left; ValueError for options out of range
 * @example
 * convTranspose2d({ strides: 2, padding: 'same' })(ones([4, 14, 14, 8]), ones([3, 3, 1, 8])) // [4,14,14,8] -> [4,28,28,1]
 */
export const convTranspose2d = transposedConvolution('convTranspose2d', 2, 'Two-dimensional transposed convolution.')

/**
 * Three-dimensional transposed convolution; see `convTranspose2d`.
 *
 * x: [batch, depth, height, width, in], w: [depth, height, width, out / groups, in] -> [batch, depth', height', width', out].
 * @throws ShapeError, ValueError as `convTranspose2d`
 * @example
 * convTranspose3d({ strides: 2 })(ones([1, 2, 2, 2, 4]), ones([2, 2, 2, 1, 4])) // [1,2,2,2,4] -> [1,4,4,4,1]
 */
export const convTranspose3d = transposedConvolution('convTranspose3d', 3, 'Three-dimensional transposed convolution.')
