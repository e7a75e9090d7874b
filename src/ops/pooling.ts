/**
 * Pooling: a reduction over `windows`, a linear view in which every element stands once for each window it is in.
 *
 * Layer: ops. `windows` and `foldWindows` are each other's transpose.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type CotangentError, fail, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, load, mapNest } from '../core/kernel.ts'
import { dim, normalizeAxes, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import type { Check, ImageLayout, Pool, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor } from '../core/types.ts'
import { div } from './arithmetic.ts'
import { pad } from './arrange.ts'
import { checkFits, type Padding, type PerAxis, padOf, perAxis, windowCount } from './convolution.ts'
import { full } from './creation.ts'
import { composite, defineOp, first, liftOne, only, primitive, requireOptions, typed } from './define.ts'
import { max, sum } from './reduction.ts'

/** Windows of `size` elements, `dilation` apart, every `stride` along an axis. */
export type AxisWindow = {
  readonly axis: number
  readonly size: number
  readonly stride: number
  readonly dilation: number
}
type Windows = { readonly windows: readonly AxisWindow[] }
type Fold = Windows & { readonly shape: Shape }

const spanOf = (w: AxisWindow): number => (w.size - 1) * w.dilation + 1

/** Windows need an axis each, and whole numbers of at least 1. */
const checkWindows = (
  op: string,
  shape: Shape,
  windows: readonly AxisWindow[],
): E.Either<CotangentError, readonly number[]> =>
  pipe(
    normalizeAxes(
      op,
      windows.map(w => w.axis),
      shape.length,
    ),
    E.filterOrElse(
      () => windows.every(w => [w.size, w.stride, w.dilation].every(n => Number.isInteger(n) && n >= 1)),
      () =>
        valueError(op, `size, stride and dilation must be whole numbers of at least 1, got ${JSON.stringify(windows)}`),
    ),
  )

/** Windows with their axes counted from the front. */
const counted = (rank: number, windows: readonly AxisWindow[]): readonly AxisWindow[] =>
  windows.map(w => ({ ...w, axis: w.axis < 0 ? w.axis + rank : w.axis }))

/** The windowed axes count windows; the elements of a window are new last axes. */
const windowedShape = (shape: Shape, windows: readonly AxisWindow[]): Shape => [
  ...shape.map((n, axis) => {
    const w = windows.find(v => v.axis === axis)
    return w === undefined ? n : windowCount(n, [0, 0], spanOf(w), w.stride)
  }),
  ...windows.map(w => w.size),
]

const sample = (draw: Draw): Sample<Windows> & { readonly shape: Shape } => {
  const shape = range(0, draw.integer(1, 2)).map(() => draw.integer(3, 6))
  const axes = draw.boolean() ? range(0, shape.length) : [0]
  const windows = axes.map(axis => ({
    axis,
    size: draw.integer(1, 3),
    stride: draw.integer(1, 3),
    dilation: draw.integer(1, 2),
  }))
  return { params: { windows }, args: [], shape }
}

const windowsOp: Op<Windows> = defineOp<Windows>({
  name: 'windows',
  doc: 'Sliding windows as new last axes.',
  infer: ({ windows }, types) => {
    const { shape, dtype } = first(types)
    return pipe(
      checkWindows('windows', shape, windows),
      E.chain(() => typed(windowedShape(shape, windows), dtype)),
    )
  },
  lower: ({ windows }, types, outs) => {
    const { shape, dtype } = first(types)
    const index = shape.map((_, axis): Affine => {
      const at = windows.findIndex(v => v.axis === axis)
      const w = windows[at]
      if (w === undefined) return along(axis)
      return {
        offset: 0,
        terms: [
          { axis, by: w.stride },
          { axis: shape.length + at, by: w.dilation },
        ],
        divisor: 1,
      }
    })
    return mapNest(first(outs).shape, load(0, dtype, shape, index))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ windows }, ct, _args, types) => [bind1(foldWindowsOp, { windows, shape: first(types).shape }, ct)],
  },
  batch: ({ windows }, xs) => [bind1(windowsOp, { windows: windows.map(w => ({ ...w, axis: w.axis + 1 })) }, only(xs))],
  sample: draw => {
    const { params, shape } = sample(draw)
    return { params, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { windows: [{ axis: 1, size: 2, stride: 1, dilation: 1 }] }, args: [draw.tensor([3])] }),
})

const foldWindowsOp: Op<Fold> = defineOp<Fold>({
  name: 'foldWindows',
  doc: 'Adds windows back to where they were taken.',
  infer: ({ windows, shape }, types) => {
    const { shape: given, dtype } = first(types)
    const wanted = windowedShape(shape, windows)
    return pipe(
      checkWindows('foldWindows', shape, windows),
      E.chain(() =>
        sameShape(wanted, given)
          ? typed(shape, dtype)
          : E.left(
              shapeError(
                'foldWindows',
                `windows of ${showShape(shape)} are ${showShape(wanted)}, got ${showShape(given)}`,
              ),
            ),
      ),
    )
  },
  lower: ({ windows, shape }, types) => {
    const { shape: view, dtype } = first(types)
    const rank = shape.length
    const index = view.map((_, axis): Affine => {
      if (axis >= rank) return along(axis)
      const at = windows.findIndex(v => v.axis === axis)
      const w = windows[at]
      if (w === undefined) return along(axis)
      return {
        offset: 0,
        terms: [
          { axis, by: 1 },
          { axis: rank + at, by: -w.dilation },
        ],
        divisor: w.stride,
      }
    })
    const expr = load(0, dtype, view, index, 0)
    const stage = { tag: 'reduce', axes: windows.map(w => w.size), monoid: 'sum', expr, dtype } as const
    return { tag: 'nest', axes: shape, stages: [stage], outputs: [0] }
  },
  differentiation: { rule: 'linear', transpose: ({ windows }, ct) => [bind1(windowsOp, { windows }, ct)] },
  batch: ({ windows, shape }, xs, _batched, n) => [
    bind1(foldWindowsOp, { windows: windows.map(w => ({ ...w, axis: w.axis + 1 })), shape: [n, ...shape] }, only(xs)),
  ],
  sample: draw => {
    const { params, shape } = sample(draw)
    return { params: { ...params, shape }, args: [draw.tensor(windowedShape(shape, params.windows))] }
  },
  invalid: draw => ({
    params: { windows: [{ axis: 0, size: 2, stride: 1, dilation: 1 }], shape: [5] },
    args: [draw.tensor([3, 2])],
  }),
})

/**
 * Sliding windows over axes of x: each windowed axis counts windows, and their elements are new last axes. A
 * view, as cheap as an index map. Windows larger than their axis: none.
 * @throws AxisError for an axis out of range or named twice; ValueError for sizes, strides or dilations below 1
 */
export const windows = primitive(windowsOp, (list: readonly AxisWindow[]) => (x: TensorLike): Tensor => {
  const value = liftOne('windows', x)
  return bind1(windowsOp, { windows: counted(value.shape.length, list) }, value)
})

/** Adds windows back to where `windows` took them from, in a tensor of the given shape. */
export const foldWindows = primitive(
  foldWindowsOp,
  <const S extends Shape>(shape: S, list: readonly AxisWindow[]) =>
    (x: TensorLike) =>
      bind1(
        foldWindowsOp,
        { windows: counted(shape.length, list), shape },
        liftOne('foldWindows', x),
      ) as Tensor as Tensor<Readonly<S>>,
)

// ---- pooling over images

/** Options of pooling; `strides` default to the window, padding to 'valid'. */
export type PoolOptions<
  Size extends PerAxis = PerAxis,
  Strides extends PerAxis | undefined = PerAxis,
  Pads extends Padding = Padding,
  Dilation extends PerAxis = PerAxis,
  Order extends ImageLayout = ImageLayout,
> = {
  readonly window: Size
  readonly strides?: Strides
  readonly padding?: Pads
  readonly dilation?: Dilation
  readonly layout?: Order
}
/** `countPadding` (false): whether padded zeros count in the average, as PyTorch does by default and Keras does not. */
export type AveragePoolOptions = PoolOptions & { readonly countPadding?: boolean }

type Pooling<Name extends string, More = unknown> = <
  const Size extends PerAxis,
  const Strides extends PerAxis | undefined = undefined,
  const Pads extends Padding = 'valid',
  const Dilation extends PerAxis = 1,
  const Order extends ImageLayout = 'NHWC',
>(
  options: PoolOptions<Size, Strides, Pads, Dilation, Order> & More,
) => <X extends TensorLike>(
  x: Check<Pool<Name, ShapeOf<X>, Size, Strides, Pads, Dilation, Order>, X>,
) => Tensor<Resolved<Pool<Name, ShapeOf<X>, Size, Strides, Pads, Dilation, Order>>>

/** x padded by `fill` and cut into windows over height and width, whose elements are the last two axes. */
const pooled = (op: string, options: PoolOptions, fill: number, x: Tensor): Tensor => {
  const { window, strides = window, padding = 'valid', dilation = 1, layout = 'NHWC' } = options
  if (x.shape.length !== 4) return fail(shapeError(op, `needs four axes (${layout}), got ${showShape(x.shape)}`))
  if (layout !== 'NHWC' && layout !== 'NCHW')
    return fail(valueError(op, `layout must be 'NHWC' or 'NCHW', got ${JSON.stringify(layout)}`))
  const start = layout === 'NHWC' ? 1 : 2
  const list = range(0, 2).map(i => ({
    axis: start + i,
    size: perAxis(op, 'window', window, i),
    stride: perAxis(op, 'strides', strides, i),
    dilation: perAxis(op, 'dilation', dilation, i),
  }))
  const widths = x.shape.map((n, axis) => {
    const w = list[axis - start]
    if (w === undefined) return [0, 0] as const
    const pads = padOf(op, padding, w.axis - start, n, spanOf(w), w.stride)
    checkFits(op, n, pads, spanOf(w))
    return pads
  })
  const padded = widths.every(([low, high]) => low === 0 && high === 0) ? x : pad({ widths, value: fill })(x)
  return windows(list)(padded)
}

const maxPoolOf = (options: PoolOptions, x: Tensor): Tensor =>
  max({ axis: [-2, -1] })(pooled('maxPool2d', options, x.dtype === 'int32' ? -2147483648 : -Infinity, x))

const avgPoolOf = ({ countPadding = false, ...options }: AveragePoolOptions, x: Tensor): Tensor => {
  const cut = pooled('avgPool2d', options, 0, x)
  const total = sum({ axis: [-2, -1] })(cut)
  const [h, w] = [dim(cut.shape, cut.shape.length - 2), dim(cut.shape, cut.shape.length - 1)]
  if (countPadding || options.padding === undefined || options.padding === 'valid') return div(total, h * w)
  const ones = full(x.shape, 1, { dtype: x.dtype })
  return div(total, sum({ axis: [-2, -1] })(pooled('avgPool2d', options, 0, ones)))
}

const drawPool = (draw: Draw): { readonly params: Required<PoolOptions>; readonly shape: Shape } => {
  const layout = draw.pick(['NHWC', 'NCHW'])
  const window = [draw.integer(1, 3), draw.integer(2, 3)] as const
  const params = { window, strides: draw.integer(1, 2), padding: draw.pick(['valid', 'same']), dilation: 1, layout }
  const [h, w, c] = [draw.integer(3, 5), draw.integer(3, 5), draw.integer(1, 2)]
  return { params, shape: layout === 'NHWC' ? [1, h, w, c] : [1, c, h, w] }
}

/**
 * The largest element of each window, per channel: [batch, height, width, channels] -> [batch, height', width', channels].
 * Padding never wins; elements that tie share the derivative equally.
 * @throws ShapeError unless there are four axes; ValueError for options out of range
 * @example
 * maxPool2d({ window: 2 })(images) // [4,28,28,1] -> [4,14,14,1]
 */
export const maxPool2d = composite(
  {
    name: 'maxPool2d',
    doc: 'Largest element of each window.',
    apply: (options: Required<PoolOptions>, [x]) => maxPoolOf(options, x as Tensor),
    sample: draw => {
      const { params, shape } = drawPool(draw)
      return { params, args: [draw.tensor(shape, undefined, { distinct: true })] }
    },
    invalid: draw => ({
      params: { window: 2, strides: 2, padding: 'valid', dilation: 1, layout: 'NHWC' } as const,
      args: [draw.tensor([3])],
    }),
  },
  ((options: PoolOptions) => (x: TensorLike) =>
    maxPoolOf(requireOptions('maxPool2d', options), liftOne('maxPool2d', x))) as Pooling<'maxPool2d'>,
)

/**
 * The mean of each window, per channel; see `maxPool2d` for shapes. Padding does not count unless `countPadding`.
 * @throws ShapeError unless there are four axes; ValueError for options out of range
 */
export const avgPool2d = composite(
  {
    name: 'avgPool2d',
    doc: 'Mean of each window.',
    apply: (options: Required<AveragePoolOptions>, [x]) => avgPoolOf(options, x as Tensor),
    sample: draw => {
      const { params, shape } = drawPool(draw)
      return { params: { ...params, countPadding: draw.boolean() }, args: [draw.tensor(shape)] }
    },
    invalid: draw => ({
      params: { window: 2, strides: 2, padding: 'valid', dilation: 1, layout: 'NHWC', countPadding: false } as const,
      args: [draw.tensor([3])],
    }),
  },
  ((options: AveragePoolOptions) => (x: TensorLike) =>
    avgPoolOf(requireOptions('avgPool2d', options), liftOne('avgPool2d', x))) as Pooling<
    'avgPool2d',
    { readonly countPadding?: boolean }
  >,
)
