/**
 * slice, pad, flip and concat: parts of tensors, and tensors from parts.
 *
 * Layer: ops. All linear; slice and pad are each other's transpose, flip is its own, concat turns into slices.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type CotangentError, describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, apply, constant, type Expr, iota, load, mapNest, select } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import { type Axes, dim, normalizeAxes, normalizeAxis, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import type { Check, Concat, KeepAxis, Resolved, ShapeOf, Slice, TensorLike } from '../core/shape-types.ts'
import { bind1, typesOf } from '../core/trace.ts'
import type { Draw, Op, Tensor, TensorType } from '../core/types.ts'
import {
  commonDtype,
  dataLast,
  defineOp,
  first,
  liftList,
  liftOne,
  type NotTensor,
  only,
  primitive,
  typed,
} from './define.ts'
import { reshape, withBatch } from './movement.ts'

// ---- slice

type SliceParams = { readonly starts: Shape; readonly stops: Shape; readonly steps: Shape }

const sliceOp: Op<SliceParams> = defineOp({
  name: 'slice',
  doc: 'Every step-th element from start to before stop along each axis.',
  infer: ({ starts, stops, steps }, types) => {
    const { shape, dtype } = first(types)
    const inside = (n: number, i: number): boolean =>
      dim(starts, i) >= 0 && dim(starts, i) <= dim(stops, i) && dim(stops, i) <= n && dim(steps, i) >= 1
    const complete = [starts, stops, steps].every(s => s.length === shape.length)
    return complete && shape.every(inside)
      ? typed(
          shape.map((_, i) => Math.ceil((dim(stops, i) - dim(starts, i)) / dim(steps, i))),
          dtype,
        )
      : E.left(
          shapeError(
            'slice',
            `starts ${showShape(starts)}, stops ${showShape(stops)}, steps ${showShape(steps)} do not fit ${showShape(shape)}`,
          ),
        )
  },
  lower: ({ starts, steps }, types, outs) => {
    const { shape, dtype } = first(types)
    const index = shape.map((_, i) => along(i, dim(steps, i), dim(starts, i)))
    return mapNest(first(outs).shape, load(0, dtype, shape, index))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ starts, steps }, ct, _args, types) => {
      const span = ct.shape.map((n, i) => (n === 0 ? 0 : (n - 1) * dim(steps, i) + 1))
      const high = first(types).shape.map((n, i) => n - dim(starts, i) - dim(span, i))
      return [bind1(padOp, { low: starts, high, interior: steps.map(s => s - 1) }, ct)]
    },
  },
  batch: ({ starts, stops, steps }, xs, _batched, n) => [
    bind1(sliceOp, { starts: [0, ...starts], stops: [n, ...stops], steps: [1, ...steps] }, only(xs)),
  ],
  sample: draw => {
    const shape = draw.shape({ maxSize: 6 })
    const starts = shape.map(n => draw.integer(0, n))
    const stops = shape.map((n, i) => draw.integer(dim(starts, i), n))
    return { params: { starts, stops, steps: shape.map(() => draw.integer(1, 3)) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { starts: [0], stops: [4], steps: [1] }, args: [draw.tensor([3])] }),
})

/** From, to before, step; each may be left out or null for NumPy's default, and negative ones count from the end. */
export type SliceSpec = readonly [start?: number | null, stop?: number | null, step?: number | null] | null

type Bounds = { readonly start: number; readonly stop: number; readonly step: number; readonly backwards: boolean }

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x))

/** A Python slice as start, stop and a positive step, with whether to flip afterwards. */
const resolveSlice = (spec: SliceSpec, n: number): Bounds => {
  if (spec !== null && !Array.isArray(spec))
    return fail(valueError('slice', `${describe(spec)} is no slice: give [start, stop, step] or null for each axis`))
  const [start = null, stop = null, given = null] = spec ?? []
  const step = given ?? 1
  if (step === 0 || ![start ?? 0, stop ?? 0, step].every(Number.isInteger))
    return fail(
      valueError('slice', `[${start}, ${stop}, ${given}] is no slice: use whole numbers, and a step that is not 0`),
    )
  const wrap = (i: number): number => (i < 0 ? i + n : i)
  if (step > 0) {
    const from = clamp(wrap(start ?? 0), 0, n)
    return { start: from, stop: Math.max(from, clamp(wrap(stop ?? n), 0, n)), step, backwards: false }
  }
  const from = clamp(wrap(start ?? n - 1), -1, n - 1)
  const to = stop === null ? -1 : clamp(wrap(stop), -1, n - 1)
  const count = Math.max(0, Math.ceil((from - to) / -step))
  return count === 0
    ? { start: 0, stop: 0, step: 1, backwards: false }
    : { start: from + (count - 1) * step, stop: from + 1, step: -step, backwards: true }
}

/**
 * Python slices, one per axis from the first: `[start, stop, step]`, each of which may be null; axes without one stay whole.
 * Bounds beyond the ends are clipped, as in NumPy; negative steps go backwards.
 * @throws ValueError for a step of 0 or fractions; ShapeError for more slices than axes
 * @example
 * slice([null, [1, 3]])(x) // x[:, 1:3] is [[2, 3], [5, 6]]
 * slice([[1], [null, null, -1]])(x) // [[6, 5, 4]]
 */
export const slice = primitive(sliceOp, ((specs: readonly SliceSpec[]) =>
  (x: TensorLike): Tensor => {
    const value = liftOne('slice', x)
    if (!Array.isArray(specs))
      return fail(valueError('slice', `takes a list with a slice for each axis, got ${describe(specs)}`))
    if (specs.length > value.shape.length)
      return fail(
        shapeError('slice', `${specs.length} slices for the ${value.shape.length} axes of ${showShape(value.shape)}`),
      )
    const resolved = value.shape.map((n, i) => resolveSlice(specs[i] ?? null, n))
    const whole = resolved.every(({ start, stop, step }, i) => start === 0 && stop === value.shape[i] && step === 1)
    const starts = resolved.map(r => r.start)
    const stops = resolved.map(r => r.stop)
    const steps = resolved.map(r => r.step)
    const taken = whole ? value : bind1(sliceOp, { starts, stops, steps }, value)
    const backwards = range(0, resolved.length).filter(i => resolved[i]?.backwards)
    return backwards.length === 0 ? taken : flip({ axis: backwards })(taken)
  }) as <const Specs extends readonly SliceSpec[]>(
  specs: Specs,
) => <X extends TensorLike>(x: Check<Slice<ShapeOf<X>, Specs>, X>) => Tensor<Resolved<Slice<ShapeOf<X>, Specs>>>)

/** The i-th slice along the first axis, which goes. */
export const rowOf = (x: Tensor, i: number): Tensor => reshape(x.shape.slice(1))(slice([[i, i + 1]])(x))

// ---- pad

type Pad = { readonly low: Shape; readonly high: Shape; readonly interior: Shape }

const paddedSize = (n: number, low: number, high: number, interior: number): number =>
  n + low + high + Math.max(0, n - 1) * interior

/** Zeros around and between the elements. The public `pad`, with its options, is in arrange.ts. */
export const padOp: Op<Pad> = defineOp({
  name: 'pad',
  doc: 'Surrounds a tensor with zeros, and puts zeros between elements; negative widths cut off.',
  infer: ({ low, high, interior }, types) => {
    const { shape, dtype } = first(types)
    const sizes = shape.map((n, i) => paddedSize(n, dim(low, i), dim(high, i), dim(interior, i)))
    const complete = [low, high, interior].every(w => w.length === shape.length)
    return complete && sizes.every(n => n >= 0) && interior.every(w => w >= 0)
      ? typed(sizes, dtype)
      : E.left(
          shapeError(
            'pad',
            `low ${showShape(low)}, high ${showShape(high)}, interior ${showShape(interior)} do not fit ${showShape(shape)}`,
          ),
        )
  },
  lower: ({ low, interior }, types, outs) => {
    const { shape, dtype } = first(types)
    const index = shape.map(
      (_, i): Affine => ({ offset: -dim(low, i), terms: [{ axis: i, by: 1 }], divisor: dim(interior, i) + 1 }),
    )
    return mapNest(first(outs).shape, load(0, dtype, shape, index, 0))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ low, high, interior }, ct, _args, types) => {
      const { shape } = first(types)
      const uncut = (widths: Shape): Shape => widths.map(w => Math.max(0, -w))
      const whole = bind1(padOp, { low: uncut(low), high: uncut(high), interior: low.map(() => 0) }, ct)
      const starts = low.map((w, i) => clamp(w, 0, dim(whole.shape, i)))
      const steps = interior.map(w => w + 1)
      const stops = starts.map((s, i) => (shape[i] === 0 ? s : s + (dim(shape, i) - 1) * dim(steps, i) + 1))
      return [bind1(sliceOp, { starts, stops, steps }, whole)]
    },
  },
  batch: ({ low, high, interior }, xs) => [
    bind1(padOp, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }, only(xs)),
  ],
  sample: draw => {
    const shape = draw.shape()
    const widths = (least: number): Shape => shape.map(n => draw.integer(n > 1 ? least : 0, 2))
    return { params: { low: widths(-1), high: widths(-1), interior: widths(0) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { low: [-4], high: [0], interior: [0] }, args: [draw.tensor([3])] }),
})

// ---- flip

const flipOp: Op<{ readonly axes: readonly number[] }> = defineOp({
  name: 'flip',
  doc: 'Reverses the order of elements along axes.',
  infer: ({ axes }, types) =>
    pipe(
      normalizeAxes('flip', axes, first(types).shape.length),
      E.map(() => [first(types)]),
    ),
  lower: ({ axes }, types) => {
    const { shape, dtype } = first(types)
    const index = shape.map((n, i) => (axes.includes(i) ? along(i, -1, n - 1) : along(i)))
    return mapNest(shape, load(0, dtype, shape, index))
  },
  differentiation: { rule: 'linear', transpose: ({ axes }, ct) => [bind1(flipOp, { axes }, ct)] },
  batch: ({ axes }, xs) => [bind1(flipOp, { axes: axes.map(axis => axis + 1) }, only(xs))],
  sample: draw => {
    const shape = draw.shape()
    return { params: { axes: range(0, shape.length).filter(() => draw.boolean()) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { axes: [2] }, args: [draw.tensor([2, 3])] }),
})

const flipAlong = (axis: Axes | undefined, x: Tensor): Tensor =>
  bind1(flipOp, { axes: orThrow(normalizeAxes('flip', axis, x.shape.length)) }, x)

interface Flipping {
  <const A extends Axes | undefined = undefined>(
    options: { readonly axis?: A } & NotTensor,
  ): <X extends TensorLike>(
    x: Check<KeepAxis<'flip', ShapeOf<X>, A>, X>,
  ) => Tensor<Resolved<KeepAxis<'flip', ShapeOf<X>, A>>>
  <X extends TensorLike>(x: X): Tensor<ShapeOf<X>>
}

/**
 * Reverses the order of elements along axes, or along all of them.
 * @throws AxisError when an axis is out of range
 * @example
 * flip({ axis: 0 })(x) // [[4, 5, 6], [1, 2, 3]]
 */
export const flip: Flipping = primitive(
  flipOp,
  dataLast<{ readonly axis?: Axes }, Flipping>('flip', ['axis'], ({ axis }, x) => flipAlong(axis, x)),
)

// ---- concat

/** Where each part starts along the axis, and where the last one ends. */
const offsetsOf = (types: readonly TensorType[], axis: number): readonly number[] => {
  const offsets = [0]
  for (const { shape } of types) offsets.push((offsets.at(-1) ?? 0) + dim(shape, axis))
  return offsets
}

const concatShape = (axis: number, types: readonly TensorType[]): E.Either<CotangentError, Shape> => {
  const { shape } = first(types)
  const rest = (s: Shape): Shape => s.map((n, i) => (i === axis ? 0 : n))
  const odd = types.find(t => !sameShape(rest(t.shape), rest(shape)))
  if (odd !== undefined)
    return E.left(
      shapeError(
        'concat',
        `${showShape(shape)} with ${showShape(odd.shape)}: all sizes but that of axis ${axis} must agree`,
      ),
    )
  return E.right(shape.map((n, i) => (i === axis ? (offsetsOf(types, axis).at(-1) ?? n) : n)))
}

const concatOp: Op<{ readonly axis: number }> = defineOp({
  name: 'concat',
  doc: 'Joins tensors along an axis.',
  infer: ({ axis }, types) =>
    pipe(
      commonDtype('concat', types, 'any'),
      E.chain(dtype =>
        pipe(
          normalizeAxis('concat', axis, first(types).shape.length),
          E.chain(normal => concatShape(normal, types)),
          E.map(shape => [{ shape, dtype }]),
        ),
      ),
    ),
  lower: ({ axis }, types, outs) => {
    const target = first(outs).shape
    const offsets = offsetsOf(types, axis)
    const part = ({ shape, dtype }: TensorType, k: number): Expr => {
      const index = shape.map((_, i) => (i === axis ? along(i, 1, -dim(offsets, k)) : along(i)))
      return load(k, dtype, shape, index, 0)
    }
    const parts = types.map(part)
    const before = (k: number): Expr => apply('lt', iota(axis), constant('int32', dim(offsets, k + 1)))
    const expr = parts.reduceRight((rest, piece, k) =>
      k === parts.length - 1 ? piece : select(before(k), piece, rest),
    )
    return mapNest(target, expr)
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ axis }, ct, args, types) => {
      const offsets = offsetsOf(types, axis)
      return args.map((arg, k) => {
        const bounds = [dim(offsets, k), dim(offsets, k + 1)] as const
        return arg === null ? slice(ct.shape.map((_, i) => (i === axis ? bounds : null)))(ct) : null
      })
    },
  },
  batch: ({ axis }, xs, batched, n) => [
    bind1(concatOp, { axis: axis + 1 }, ...xs.map((x, i) => withBatch(x, batched[i] === true, n))),
  ],
  sample: draw => {
    const shape = draw.shape({ minRank: 1 })
    const axis = draw.integer(0, shape.length - 1)
    const part = (): Tensor => draw.tensor(shape.map((n, i) => (i === axis ? draw.integer(0, 3) : n)))
    return { params: { axis }, args: range(0, draw.integer(1, 3)).map(part) }
  },
  invalid: (draw: Draw) => ({ params: { axis: 0 }, args: [draw.tensor([2, 3]), draw.tensor([2, 4])] }),
})

interface Joining {
  <const A extends number = 0>(
    options: { readonly axis?: A } & NotTensor,
  ): <const Xs extends readonly TensorLike[]>(xs: Check<Concat<Xs, A>, Xs>) => Tensor<Resolved<Concat<Xs, A>>>
  <const Xs extends readonly TensorLike[]>(xs: Check<Concat<Xs, 0>, Xs>): Tensor<Resolved<Concat<Xs, 0>>>
}

/** A point of the result looks at every part, so many parts are joined a few at a time: n log n instead of n². */
const PARTS = 8

const concatTree = (axis: number, values: readonly Tensor[]): Tensor => {
  if (values.length === 1) return only(values)
  if (values.length <= PARTS) return bind1(concatOp, { axis }, ...values)
  const groups = range(0, Math.ceil(values.length / PARTS)).map(i => values.slice(i * PARTS, (i + 1) * PARTS))
  return concatTree(
    axis,
    groups.map(group => concatTree(axis, group)),
  )
}

const concatAlong = (axis: number, xs: readonly TensorLike[]): Tensor => {
  const values = liftList('concat', xs)
  if (values.length === 0) return fail(valueError('concat', 'needs at least one tensor'))
  const normal = orThrow(normalizeAxis('concat', axis, first(typesOf(values)).shape.length))
  return concatTree(normal, values)
}

/**
 * Joins tensors along an axis, 0 by default; all other sizes must agree.
 * @throws ShapeError, DtypeError or AxisError when they do not fit; ValueError for an empty list
 * @example
 * concat([x, y]) // [2,3], [2,3] -> [4,3]
 * concat({ axis: 1 })([x, y]) // [2,6]
 */
export const concat: Joining = primitive(concatOp, ((arg: readonly TensorLike[] | { readonly axis?: number }) =>
  Array.isArray(arg)
    ? concatAlong(0, arg)
    : (xs: readonly TensorLike[]) =>
        concatAlong(requireOptions('concat', arg as { readonly axis?: number }, ['axis']).axis ?? 0, xs)) as Joining)
