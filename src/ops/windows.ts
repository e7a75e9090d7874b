/**
 * Windows as a linear view, in which every element stands once for each window it is in.
 *
 * Layer: ops. `windows` and `foldWindows` are each other's transpose. Read next: reduce-window.ts, which combines the elements of
 * windows without making them.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type CotangentError, describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, load, mapNest } from '../core/kernel.ts'
import { normalizeAxes, range, type Shape, sameShape, showShape, validShape } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor } from '../core/types.ts'
import { defineOp, first, liftOne, only, primitive, typed } from './define.ts'
import { spanOf, windowCount } from './spatial.ts'

/** Windows of `size` elements, `dilation` apart, every `stride` along an axis. */
export type AxisWindow = {
  readonly axis: number
  readonly size: number
  readonly stride: number
  readonly dilation: number
}
type Windows = { readonly windows: readonly AxisWindow[] }
type Fold = Windows & { readonly shape: Shape }

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
const counted = (op: string, rank: number, windows: readonly AxisWindow[]): readonly AxisWindow[] => {
  if (!Array.isArray(windows) || windows.some(w => typeof w !== 'object' || w === null))
    return fail(valueError(op, `takes a list of windows, [{ axis, size, … }], got ${describe(windows)}`))
  return windows.map((w: AxisWindow) => ({ ...w, axis: w.axis < 0 ? w.axis + rank : w.axis }))
}

/** The windowed axes count windows; the elements of a window are new last axes. */
const windowedShape = (shape: Shape, windows: readonly AxisWindow[]): Shape => [
  ...shape.map((n, axis) => {
    const w = windows.find(v => v.axis === axis)
    return w === undefined ? n : windowCount(n, spanOf(w.size, w.dilation), w.stride)
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
  return bind1(windowsOp, { windows: counted('windows', value.shape.length, list) }, value)
})

/** Adds windows back to where `windows` took them from, in a tensor of the given shape. */
export const foldWindows = primitive(
  foldWindowsOp,
  <const S extends Shape>(shape: S, list: readonly AxisWindow[]) =>
    (x: TensorLike) =>
      bind1(
        foldWindowsOp,
        { windows: counted('foldWindows', orThrow(validShape('foldWindows', shape)).length, list), shape },
        liftOne('foldWindows', x),
      ) as Tensor as Tensor<Readonly<S>>,
)
