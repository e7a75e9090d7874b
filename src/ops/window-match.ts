/**
 * Windows as relations between elements, taps and results, and the sum over them of what matches: what the gradient of an
 * extreme over windows is made of.
 *
 * Layer: ops. Read next: reduce-window.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Dtype } from '../core/dtype.ts'
import { type CotangentError, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, apply, constant, convert, type Expr, iota, type Kernel, load } from '../core/kernel.ts'
import { dim, normalizeAxes, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Tensor, TensorType } from '../core/types.ts'
import { exchanged, type Relation, relatedIndex } from './contract.ts'
import { commonDtype, defineOp, first, primitive, typed } from './define.ts'
import { withBatch } from './movement.ts'
import { relationOf, spanOf } from './spatial.ts'

/** Windows of some taps along one axis. */
export type AxisRelation = Relation & { readonly axis: number; readonly taps: number }
/** Params of ops over windows. */
export type Windows = { readonly windows: readonly AxisRelation[] }

/** Windows of a tensor with one axis more in front. */
export const shifted = (windows: readonly AxisRelation[]): readonly AxisRelation[] =>
  windows.map(w => ({ ...w, axis: w.axis + 1 }))

/** The windows from results back to a tensor of a shape. */
export const transposed = (windows: readonly AxisRelation[], shape: Shape): readonly AxisRelation[] =>
  windows.map(w => exchanged(w, dim(shape, w.axis)))

/** The shape with as many places for windows as there are along each axis. */
export const resultShape = (shape: Shape, windows: readonly AxisRelation[]): Shape =>
  shape.map((n, axis) => windows.find(w => w.axis === axis)?.size ?? n)

/** The coordinates, in a tensor of some rank, of what the taps of a nest's last axes meet at the results of its first. */
export const tapIndex = (rank: number, windows: readonly AxisRelation[]): readonly Affine[] =>
  range(0, rank).map(axis => {
    const at = windows.findIndex(w => w.axis === axis)
    const w = windows[at]
    return w === undefined ? along(axis) : relatedIndex(w, rank + at, axis)
  })

/** Refuses what are no windows of a tensor of some rank. */
export const checkWindows = (
  op: string,
  rank: number,
  windows: readonly AxisRelation[],
): E.Either<CotangentError, readonly number[]> =>
  pipe(
    normalizeAxes(
      op,
      windows.map(w => w.axis),
      rank,
    ),
    E.filterOrElse(
      () => windows.every(w => w.taps >= 1 && w.size >= 0 && w.alpha * w.beta * w.gamma !== 0),
      () => valueError(op, `no windows: ${JSON.stringify(windows)}`),
    ),
  )

/** The integer that an index map without divisor gives. */
const coordinate = ({ offset, terms }: Affine): Expr =>
  terms.reduce<Expr>(
    (sum, { axis, by }) => apply('add', sum, by === 1 ? iota(axis) : apply('mul', iota(axis), constant('int32', by))),
    constant('int32', offset),
  )

/** What a tap adds to a result, given the coordinates of the result and those of the element that the tap meets there. */
type Term = (here: readonly Affine[], there: readonly Affine[]) => Expr

/** Every result collects from the elements that its taps meet. */
const gathered = (windows: readonly AxisRelation[], to: Shape, dtype: Dtype, term: Term): Kernel => {
  const here = to.map((_, axis) => along(axis))
  const expr = term(here, tapIndex(to.length, windows))
  const stage = { tag: 'reduce', axes: windows.map(w => w.taps), monoid: 'sum', expr, dtype } as const
  return { tag: 'nest', axes: to, stages: [stage], outputs: [0] }
}

/** Every element adds to the results that meet it at some tap. */
const scattered = (windows: readonly AxisRelation[], from: Shape, to: Shape, dtype: Dtype, term: Term): Kernel => {
  const count = windows.length
  const here = from.map((_, axis): Affine => {
    const at = windows.findIndex(w => w.axis === axis)
    const w = windows[at]
    return w === undefined ? along(axis + count) : relatedIndex(exchanged(w, 0), at, axis + count)
  })
  const there = from.map((_, axis) => along(axis + count))
  return {
    tag: 'scatter',
    shape: to,
    init: constant(dtype, 0),
    axes: [...windows.map(w => w.taps), ...from],
    index: here.map(coordinate),
    update: term(here, there),
    combine: 'sum',
  }
}

/**
 * Σ over the taps of every window, from elements to results. Where elements lie further apart than results, as on the way back through
 * strides, most taps of a result meet none: then elements are scattered.
 */
export const windowSum = (
  windows: readonly AxisRelation[],
  from: Shape,
  to: Shape,
  dtype: Dtype,
  term: Term,
): Kernel =>
  windows.some(w => Math.abs(w.alpha) > 1) && windows.every(w => Math.abs(w.gamma) === 1)
    ? scattered(windows, from, to, dtype, term)
    : gathered(windows, to, dtype, term)

/** Windows over some axes that all have an element, so that the result is finite; `holes` allows some in the input. */
export const drawWindows = (draw: Draw, holes: boolean): Windows & { readonly shape: Shape } => {
  const axes = draw.pick([[0], [1], [0, 1]])
  const drawn = axes.map(axis => {
    const [taps, strides, dilation] = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 2)]
    const span = spanOf(taps, dilation)
    const n = span + draw.integer(0, 2)
    const padding = draw.pick([
      'valid',
      'same',
      [[draw.integer(0, span - 1), draw.integer(n > span ? -1 : 0, span - 1)] as const],
    ])
    const inputDilation = holes ? draw.integer(1, 2) : 1
    const sizes = { strides, dilation, padding, inputDilation }
    return { n, window: { axis, taps, ...relationOf('windows', sizes, [0, 1], n, taps) } }
  })
  const shape = range(0, 2).map(axis => drawn.find(d => d.window.axis === axis)?.n ?? draw.integer(1, 2))
  return { windows: drawn.map(d => d.window), shape }
}

const windowMatchOp: Op<Windows> = defineOp<Windows>({
  name: 'windowMatch',
  doc: 'Sum over windows of t where the second argument is what the first has for the window.',
  infer: ({ windows }, types) => {
    const [here, there, t] = types as readonly [TensorType, TensorType, TensorType]
    return pipe(
      checkWindows('windowMatch', here.shape.length, windows),
      E.chain(() => commonDtype('windowMatch', [here, there], 'number')),
      E.chain(() =>
        sameShape(resultShape(t.shape, windows), here.shape) && sameShape(there.shape, t.shape)
          ? typed(here.shape, t.dtype)
          : E.left(shapeError('windowMatch', `${types.map(x => showShape(x.shape)).join(', ')} do not fit`)),
      ),
    )
  },
  lower: ({ windows }, types, outs) => {
    const [here, there, t] = types as readonly [TensorType, TensorType, TensorType]
    return windowSum(windows, t.shape, first(outs).shape, t.dtype, (at, tap) => {
      const match = apply('eq', load(0, here.dtype, here.shape, at, 0), load(1, there.dtype, there.shape, tap, 0))
      return apply('mul', convert(t.dtype, match), load(2, t.dtype, t.shape, tap, 0))
    })
  },
  differentiation: {
    rule: 'jvp',
    jvp: (params, [here, there], [, , t = null]) => [
      t === null ? null : bind1(windowMatchOp, params, here as Tensor, there as Tensor, t),
    ],
    transpose: ({ windows }, ct, [here, there], [, type]) => [
      null,
      null,
      bind1(windowMatchOp, { windows: transposed(windows, type?.shape ?? []) }, there as Tensor, here as Tensor, ct),
    ],
  },
  batch: ({ windows }, args, batched, n) => [
    bind1(windowMatchOp, { windows: shifted(windows) }, ...args.map((x, i) => withBatch(x, batched[i] ?? false, n))),
  ],
  sample: draw => {
    const { windows, shape } = drawWindows(draw, true)
    const out = resultShape(shape, windows)
    return {
      params: { windows },
      args: [draw.integers(out, 0, 2), draw.integers(shape, 0, 2), draw.tensor(shape)],
    }
  },
  invalid: draw => ({ params: { windows: [] }, args: [draw.tensor([2]), draw.tensor([3]), draw.tensor([3])] }),
})

/**
 * Σ t over the elements of each window that equal what `here` has for the window; the gradient of an extreme is
 * made of these.
 */
export const windowMatch = primitive(
  windowMatchOp,
  (params: Windows, here: Tensor, there: Tensor, t: Tensor): Tensor => bind1(windowMatchOp, params, here, there, t),
)
