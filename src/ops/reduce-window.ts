/**
 * reduceWindow: the elements of every window combined by a monoid. Pooling is an instance of it.
 *
 * A sum over windows is linear and its transpose is another one, with strides and holes exchanged. The tangent of an extreme is
 * the mean of those of the elements that reach it, which `windowMatch` adds up; that is linear, and its transpose is
 * another one too. So no pass makes the windows themselves.
 *
 * Layer: ops. Read next: pooling.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Dtype } from '../core/dtype.ts'
import { fail, shapeError, valueError } from '../core/errors.ts'
import { type Affine, type Expr, load } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape, showShape, validShape } from '../core/shape.ts'
import type { Check, ReduceWindow, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Maybe, Op, Tensor } from '../core/types.ts'
import { div, maximum } from './arithmetic.ts'
import { pad } from './arrange.ts'
import { eq, indicator } from './comparison.ts'
import { full } from './creation.ts'
import { commonDtype, defineOp, first, liftOne, only, primitive, typed } from './define.ts'
import { productTangent, reducedFirst } from './reduction.ts'
import { type Pads, perAxis, relationOf, type Sizes, spanOf } from './spatial.ts'
import {
  type AxisRelation,
  checkWindows,
  drawWindows,
  resultShape,
  shifted,
  tapIndex,
  transposed,
  type Windows,
  windowMatch,
  windowSum,
} from './window-match.ts'
import { windows as windowsOf } from './windows.ts'

/** How `reduceWindow` combines elements. */
export type WindowMonoid = 'sum' | 'max' | 'min' | 'prod'

type Reduction = Windows & { readonly monoid: WindowMonoid }

/** What padding holds: the element that changes nothing. */
const identityOf = (monoid: WindowMonoid, dtype: Dtype): number => {
  switch (monoid) {
    case 'sum':
      return 0
    case 'prod':
      return 1
    case 'max':
      return dtype === 'int32' ? -(2 ** 31) : -Infinity
    case 'min':
      return dtype === 'int32' ? 2 ** 31 - 1 : Infinity
  }
}

/** The tangent of an extreme: the mean of those of the elements that reach it. */
const extremeTangent = ({ monoid, windows }: Reduction, x: Tensor, y: Tensor, t: Tensor): Tensor => {
  const reached = windowMatch({ windows }, y, x, full(x.shape, 1, { dtype: x.dtype }))
  const paddingAlone = indicator(eq(y, identityOf(monoid, y.dtype)), y)
  return div(windowMatch({ windows }, y, x, t), maximum(reached, paddingAlone))
}

// ---- windows combined

/** x as windows: axes of their elements in front, merged into one. */
const spreadWindows = (windows: readonly AxisRelation[], fill: number, x: Tensor): Tensor => {
  const rank = x.shape.length
  const widths = x.shape.map((n, axis): readonly [number, number] => {
    const w = windows.find(v => v.axis === axis)
    if (w === undefined) return [0, 0]
    const needed = Math.max(0, (w.size - 1) * -w.gamma + spanOf(w.taps, -w.beta))
    return [-w.delta, needed + w.delta - n]
  })
  const list = windows.map(w => ({ axis: w.axis, size: w.taps, stride: -w.gamma, dilation: -w.beta }))
  const cut = windowsOf(list)(pad({ widths, value: fill })(x))
  return reducedFirst(range(rank, rank + list.length), cut)
}

const tangentOf = (params: Reduction, x: Tensor, y: Tensor, t: Tensor): Tensor => {
  switch (params.monoid) {
    case 'sum':
      return bind1(reduceWindowOp, params, t)
    case 'max':
    case 'min':
      return extremeTangent(params, x, y, t)
    case 'prod':
      return productTangent(spreadWindows(params.windows, 1, x), spreadWindows(params.windows, 0, t))
  }
}

const reduceWindowOp: Op<Reduction> = defineOp<Reduction>({
  name: 'reduceWindow',
  doc: 'Elements of each window combined by a monoid.',
  infer: ({ windows }, types) => {
    const { shape } = first(types)
    return pipe(
      checkWindows('reduceWindow', shape.length, windows),
      E.chain(() => commonDtype('reduceWindow', types, 'number')),
      E.bindTo('dtype'),
      E.bind('result', () => validShape('reduceWindow', resultShape(shape, windows))),
      E.chain(({ dtype, result }) => typed(result, dtype)),
    )
  },
  lower: ({ monoid, windows }, types, outs) => {
    const { shape, dtype } = first(types)
    const out = first(outs).shape
    const element = (index: readonly Affine[]): Expr => load(0, dtype, shape, index, identityOf(monoid, dtype))
    if (monoid === 'sum') return windowSum(windows, shape, out, dtype, (_at, tap) => element(tap))
    const expr = element(tapIndex(shape.length, windows))
    const stage = { tag: 'reduce', axes: windows.map(w => w.taps), monoid, expr, dtype } as const
    return { tag: 'nest', axes: out, stages: [stage], outputs: [0] }
  },
  differentiation: {
    rule: 'jvp',
    jvp: (params, [x], [t = null], [y]): readonly Maybe[] => [
      t === null ? null : tangentOf(params, x as Tensor, y as Tensor, t),
    ],
    transpose: ({ monoid, windows }, ct, _args, types) => [
      bind1(reduceWindowOp, { monoid, windows: transposed(windows, first(types).shape) }, ct),
    ],
  },
  batch: ({ monoid, windows }, xs) => [bind1(reduceWindowOp, { monoid, windows: shifted(windows) }, only(xs))],
  sample: draw => {
    const monoid = draw.pick(['sum', 'max', 'min', 'prod'])
    const { windows, shape } = drawWindows(draw, monoid === 'sum')
    return { params: { monoid, windows }, args: [draw.tensor(shape, undefined, { distinct: true })] }
  },
  invalid: draw => ({
    params: { monoid: 'sum', windows: [{ axis: 1, taps: 2, alpha: 1, beta: -1, gamma: -1, delta: 0, size: 2 }] },
    args: [draw.tensor([3])],
  }),
})

/** The elements of windows over some axes combined. */
export const reduceWindows = (monoid: WindowMonoid, windows: readonly AxisRelation[], x: Tensor): Tensor =>
  bind1(reduceWindowOp, { monoid, windows }, x)

// ---- the public function

/** Options of `reduceWindow`; lists have one entry for each axis. */
export type ReduceWindowOptions<
  Window extends readonly number[] = readonly number[],
  Strides extends Sizes = Sizes,
  Padding extends Pads = Pads,
> = {
  readonly monoid: WindowMonoid
  /** How many elements a window has along each axis; 1 leaves an axis alone. */
  readonly window: Window
  /** 1 by default. */
  readonly strides?: Strides
  /** 'valid' by default; what is padded changes nothing: 0, -∞, ∞ or 1. */
  readonly padding?: Padding
  readonly dilation?: Sizes
}

const monoids: readonly unknown[] = ['sum', 'max', 'min', 'prod']

const reduceAll = (options: ReduceWindowOptions, x: Tensor): Tensor => {
  const {
    monoid,
    window,
    strides = 1,
    padding = 'valid',
    dilation = 1,
  } = requireOptions(
    'reduceWindow',
    options,
    ['monoid', 'window', 'strides', 'padding', 'dilation'],
    ['monoid', 'window'],
  )
  const rank = x.shape.length
  if (!monoids.includes(monoid))
    fail(valueError('reduceWindow', `monoid must be 'sum', 'max', 'min' or 'prod', got ${JSON.stringify(monoid)}`))
  if (!Array.isArray(window)) fail(valueError('reduceWindow', 'window must be a list with a size for each axis'))
  if (window.length !== rank)
    fail(shapeError('reduceWindow', `a window of ${window.length} sizes for the ${rank} axes of ${showShape(x.shape)}`))
  const windows = x.shape.map((n, axis): AxisRelation => {
    const taps = perAxis('reduceWindow', 'window', window, axis, rank)
    return { axis, taps, ...relationOf('reduceWindow', { strides, padding, dilation }, [axis, rank], n, taps) }
  })
  return reduceWindows(
    monoid,
    windows.filter(w => !isIdle(w, x.shape)),
    x,
  )
}

/** Whether a window leaves its axis as it is. */
const isIdle = (w: AxisRelation, shape: Shape): boolean =>
  w.taps === 1 && w.gamma === -1 && w.delta === 0 && w.size === dim(shape, w.axis)

/**
 * The elements of every window combined: as jax.lax.reduce_window.
 *
 * x: [n, …] -> [n', …] with n' = ⌊(n + padding - dilation·(window - 1) - 1) / stride⌋ + 1 along every axis. A window that
 * lies in padding alone gives 0, -∞, ∞ or 1. Elements that tie for an extreme share the derivative equally; derivatives of products are
 * exact with any number of zeros.
 * @throws ShapeError when the window has not one size for each axis, or does not fit; ValueError for options out of range;
 * DtypeError for bool
 * @example
 * reduceWindow({ monoid: 'sum', window: [1, 2] })(x) // [[3, 5], [9, 11]]
 */
export const reduceWindow = primitive(
  reduceWindowOp,
  ((options: ReduceWindowOptions) =>
    (x: TensorLike): Tensor =>
      reduceAll(options, liftOne('reduceWindow', x))) as <
    const Window extends readonly number[],
    const Strides extends Sizes = 1,
    const Padding extends Pads = 'valid',
  >(
    options: ReduceWindowOptions<Window, Strides, Padding>,
  ) => <X extends TensorLike>(
    x: Check<ReduceWindow<ShapeOf<X>, Window, Strides, Padding>, X>,
  ) => Tensor<Resolved<ReduceWindow<ShapeOf<X>, Window, Strides, Padding>>>,
)
