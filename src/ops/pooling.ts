/**
 * Pooling over signals, images and volumes: the windows of `reduceWindow` over the spatial axes.
 *
 * Layer: ops.
 */
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape } from '../core/shape.ts'
import type {
  ChannelsLast,
  Check,
  ImageLayout,
  Pool,
  Resolved,
  ShapeOf,
  SpatialRank,
  TensorLike,
} from '../core/shape-types.ts'
import type { Draw, Params, Sample, Tensor } from '../core/types.ts'
import { div } from './arithmetic.ts'
import { imageLayout } from './convolution.ts'
import { full } from './creation.ts'
import { composite, liftOne } from './define.ts'
import { reduceWindows, type WindowMonoid } from './reduce-window.ts'
import {
  channelsLast,
  checkRank,
  imageAxes,
  type Padding,
  type PerAxis,
  perAxis,
  relationOf,
  spanOf,
} from './spatial.ts'
import type { AxisRelation } from './window-match.ts'

/** Options of pooling; `strides` default to the window, padding to 'valid'. */
export type PoolOptions<
  R extends SpatialRank = 2,
  Size extends PerAxis<R> = PerAxis<R>,
  Strides extends PerAxis<R> | undefined = PerAxis<R>,
  Pads extends Padding<R> = Padding<R>,
  Dilation extends PerAxis<R> = PerAxis<R>,
  Order extends ImageLayout<R> = ImageLayout<R>,
> = {
  readonly window: Size
  readonly strides?: Strides
  readonly padding?: Pads
  readonly dilation?: Dilation
  readonly layout?: Order
}
/** `countPadding` (false): whether padded zeros count in the average, as PyTorch does by default and Keras does not. */
export type AveragePoolOptions<R extends SpatialRank = 2> = PoolOptions<R> & { readonly countPadding?: boolean }

const names = ['window', 'strides', 'padding', 'dilation', 'layout'] as const

type Pooling<Name extends string, R extends SpatialRank, More = unknown> = <
  const Size extends PerAxis<R>,
  const Strides extends PerAxis<R> | undefined = undefined,
  const Pads extends Padding<R> = 'valid',
  const Dilation extends PerAxis<R> = 1,
  const Order extends ImageLayout<R> = ChannelsLast<R>,
>(
  options: PoolOptions<R, Size, Strides, Pads, Dilation, Order> & More,
) => <X extends TensorLike>(
  x: Check<Pool<Name, R, ShapeOf<X>, Size, Strides, Pads, Dilation, Order>, X>,
) => Tensor<Resolved<Pool<Name, R, ShapeOf<X>, Size, Strides, Pads, Dilation, Order>>>

/** The windows over the spatial axes of x. */
const windowsOver = <R extends SpatialRank>(
  op: string,
  rank: R,
  options: PoolOptions<R>,
  x: Tensor,
): readonly AxisRelation[] => {
  const { window, strides = window, padding = 'valid', dilation = 1, layout = channelsLast(rank) } = options
  checkRank(op, rank, `(${layout})`, [x])
  return imageAxes(op, rank, layout).space.map((axis, i) => {
    const taps = perAxis(op, 'window', window, i, rank)
    const n = dim(x.shape, axis)
    return { axis, taps, ...relationOf(op, { strides, padding, dilation }, [i, rank], n, taps) }
  })
}

/** How many elements each window has that are no padding; of size 1 along the other axes. */
const insideCount = (windows: readonly AxisRelation[], x: Tensor): Tensor => {
  const shape = x.shape.map((n, axis) => (windows.some(w => w.axis === axis) ? n : 1))
  return reduceWindows('sum', windows, full(shape, 1, { dtype: x.dtype }))
}

const average = <R extends SpatialRank>(
  op: string,
  rank: R,
  { countPadding = false, ...options }: AveragePoolOptions<R>,
  x: Tensor,
): Tensor => {
  const windows = windowsOver(op, rank, options, x)
  const total = reduceWindows('sum', windows, x)
  const whole = countPadding || options.padding === undefined || options.padding === 'valid'
  return div(total, whole ? windows.reduce((n, w) => n * w.taps, 1) : insideCount(windows, x))
}

/** Options for samples, with large windows along one axis alone: finite differences over three such axes would take long. */
const drawPool = (draw: Draw, rank: SpatialRank): { readonly params: Params; readonly shape: Shape } => {
  const busy = draw.integer(0, rank - 1)
  const window = range(0, rank).map(axis => draw.integer(1, axis === busy ? 3 : 2))
  const dilation = window.map((_, axis) => (axis === busy ? draw.integer(1, 2) : 1))
  const space = window.map((n, axis) => spanOf(n, dim(dilation, axis)) + (axis === busy ? draw.integer(0, 2) : 0))
  const padding = draw.pick(['valid', 'same', window.map(n => [n - 1, 0])])
  const channels = rank === 3 ? 1 : draw.integer(1, 2)
  const layout = imageLayout(rank, draw.boolean())
  const params = { window, strides: draw.integer(1, 2), padding, dilation, layout }
  return { params, shape: layout === channelsLast(rank) ? [1, ...space, channels] : [1, channels, ...space] }
}

const sampleOf =
  (rank: SpatialRank, more: (draw: Draw) => Params = () => ({})) =>
  (draw: Draw): Sample => {
    const { params, shape } = drawPool(draw, rank)
    return { params: { ...params, ...more(draw) }, args: [draw.tensor(shape, undefined, { distinct: true })] }
  }

const invalid = (draw: Draw): Sample => ({ params: { window: 2 }, args: [draw.tensor([3])] })

const pooling = <const Name extends string, R extends SpatialRank>(
  name: Name,
  rank: R,
  monoid: WindowMonoid,
  doc: string,
): Pooling<Name, R> => {
  const pool = (options: PoolOptions<R>, x: Tensor): Tensor =>
    reduceWindows(monoid, windowsOver(name, rank, options, x), x)
  return composite(
    {
      name,
      doc,
      apply: (options, [x]) => pool(options as PoolOptions<R>, x as Tensor),
      sample: sampleOf(rank),
      invalid,
    },
    ((options: PoolOptions<R>) => (x: TensorLike) =>
      pool(requireOptions(name, options, names, ['window']), liftOne(name, x))) as Pooling<Name, R>,
  )
}

type Averaging<Name extends string, R extends SpatialRank> = Pooling<Name, R, { readonly countPadding?: boolean }>

const averagePooling = <const Name extends string, R extends SpatialRank>(name: Name, rank: R): Averaging<Name, R> =>
  composite(
    {
      name,
      doc: 'Mean of each window.',
      apply: (options, [x]) => average(name, rank, options as AveragePoolOptions<R>, x as Tensor),
      sample: sampleOf(rank, draw => ({ countPadding: draw.boolean() })),
      invalid,
    },
    ((options: AveragePoolOptions<R>) => (x: TensorLike) =>
      average(
        name,
        rank,
        requireOptions(name, options, [...names, 'countPadding'], ['window']),
        liftOne(name, x),
      )) as Averaging<Name, R>,
  )

/** The largest element of each window, per channel: [batch, width, channels] -> [batch, width', channels]; see `maxPool2d`. */
export const maxPool1d = pooling('maxPool1d', 1, 'max', 'Largest element of each window.')
/**
 * The largest element of each window, per channel: [batch, height, width, channels] -> [batch, height', width', channels].
 * Padding never wins; elements that tie share the derivative equally.
 * @throws ShapeError unless there are four axes; ValueError for options out of range
 * @example
 * maxPool2d({ window: 2 })(images) // [4,28,28,1] -> [4,14,14,1]
 */
export const maxPool2d = pooling('maxPool2d', 2, 'max', 'Largest element of each window.')
/** The largest element of each window, per channel, over depth, height and width; see `maxPool2d`. */
export const maxPool3d = pooling('maxPool3d', 3, 'max', 'Largest element of each window.')

/** The smallest element of each window, per channel: [batch, width, channels] -> [batch, width', channels]; see `maxPool2d`. */
export const minPool1d = pooling('minPool1d', 1, 'min', 'Smallest element of each window.')
/**
 * The smallest element of each window, per channel; see `maxPool2d`.
 * @example
 * minPool2d({ window: 2, strides: 1 })(images) // [4,28,28,1] -> [4,27,27,1]
 */
export const minPool2d = pooling('minPool2d', 2, 'min', 'Smallest element of each window.')
/** The smallest element of each window, per channel, over depth, height and width; see `maxPool2d`. */
export const minPool3d = pooling('minPool3d', 3, 'min', 'Smallest element of each window.')

/** The sum of each window, per channel: [batch, width, channels] -> [batch, width', channels]; see `maxPool2d`. */
export const sumPool1d = pooling('sumPool1d', 1, 'sum', 'Sum of each window.')
/**
 * The sum of each window, per channel; see `maxPool2d` for shapes. Padding counts as 0.
 * @example
 * sumPool2d({ window: 2 })(images) // [4,28,28,1] -> [4,14,14,1]
 */
export const sumPool2d = pooling('sumPool2d', 2, 'sum', 'Sum of each window.')
/** The sum of each window, per channel, over depth, height and width; see `sumPool2d`. */
export const sumPool3d = pooling('sumPool3d', 3, 'sum', 'Sum of each window.')

/** The mean of each window, per channel: [batch, width, channels] -> [batch, width', channels]; see `avgPool2d`. */
export const avgPool1d = averagePooling('avgPool1d', 1)
/**
 * The mean of each window, per channel; see `maxPool2d` for shapes. Padding does not count unless `countPadding`; where a window has
 * nothing else, the mean is NaN.
 * @throws ShapeError unless there are four axes; ValueError for options out of range
 * @example
 * avgPool2d({ window: 3, strides: 2, padding: 'same' })(images) // [4,28,28,1] -> [4,14,14,1]
 */
export const avgPool2d = averagePooling('avgPool2d', 2)
/** The mean of each window, per channel, over depth, height and width; see `avgPool2d`. */
export const avgPool3d = averagePooling('avgPool3d', 3)
