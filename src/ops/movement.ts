/**
 * reshape, transpose, broadcastTo — and the sum along axes, which is what broadcasting turns into backwards.
 *
 * Layer: ops. Every op here is linear and its transpose is another op here. Lowered to index maps, they cost a copy at most.
 * Read next: slicing.ts, elementwise.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { axisError, describe, fail, orThrow, shapeError } from '../core/errors.ts'
import { type Affine, along, fixed, load, mapNest } from '../core/kernel.ts'
import {
  dim,
  normalizeAxes,
  normalizeAxis,
  range,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  validShape,
} from '../core/shape.ts'
import type {
  BroadcastTo,
  Check,
  MoveAxis,
  Reshape,
  Resolved,
  Reverse,
  ShapeOf,
  TensorLike,
  Transpose,
} from '../core/shape-types.ts'
import { withShape } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Tensor } from '../core/types.ts'
import { defineOp, first, isData, liftOne, only, primitive, typed } from './define.ts'

// ---- reshape

const reshapeOp: Op<{ readonly shape: Shape }> = defineOp({
  name: 'reshape',
  doc: 'The same elements in row-major order under another shape.',
  infer: ({ shape }, types) => {
    const x = first(types)
    return sizeOf(shape) === sizeOf(x.shape)
      ? typed(shape, x.dtype)
      : E.left(
          shapeError(
            'reshape',
            `${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}; the sizes must multiply to the same number`,
          ),
        )
  },
  lower: ({ shape }, types) =>
    mapNest(
      shape,
      load(
        0,
        first(types).dtype,
        shape,
        shape.map((_, i) => along(i)),
      ),
    ),
  view: (_params, x, type) => withShape(x, type.shape),
  differentiation: { rule: 'linear', transpose: (_p, ct, _args, types) => [reshape(first(types).shape)(ct)] },
  batch: ({ shape }, xs, _batched, n) => [reshape([n, ...shape])(only(xs))],
  sample: draw => {
    const shape = draw.shape()
    const others: readonly Shape[] = [[sizeOf(shape)], [...shape, 1], [1, ...shape], [...shape].reverse()]
    return { params: { shape: draw.pick(others) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => {
    const shape = draw.shape()
    return { params: { shape: [sizeOf(shape) + 1] }, args: [draw.tensor(shape)] }
  },
})

/** Replaces the one -1 of a target shape by the size that makes the numbers of elements equal. */
const completeShape = (target: Shape, size: number): Shape => {
  if (!Array.isArray(target)) return orThrow(validShape('reshape', target))
  const shape: Shape = target
  const holes = shape.filter(n => n === -1).length
  const given = orThrow(
    validShape(
      'reshape',
      shape.filter(n => n !== -1),
    ),
  )
  if (holes === 0) return given
  const rest = sizeOf(given)
  const missing = rest === 0 && size === 0 ? 0 : size / rest
  if (holes === 1 && Number.isInteger(missing)) return shape.map(n => (n === -1 ? missing : n))
  const why =
    holes > 1 ? 'has more than one -1: only one size can be left open' : `does not divide ${size} elements evenly`
  return fail(shapeError('reshape', `${showShape(shape)} ${why}`))
}

/**
 * The same elements in row-major order under another shape; one size may be -1 and is filled in.
 * @throws ShapeError when the numbers of elements differ
 * @example
 * reshape([2, -1])(tensor([1, 2, 3, 4])) // [2,2]
 */
export const reshape = primitive(reshapeOp, ((shape: Shape) =>
  (x: TensorLike): Tensor => {
    const value = liftOne('reshape', x)
    const target = completeShape(shape, sizeOf(value.shape))
    return sameShape(target, value.shape) ? value : bind1(reshapeOp, { shape: target }, value)
  }) as <const T extends Shape>(
  shape: T,
) => <X extends TensorLike>(x: Check<Reshape<ShapeOf<X>, T>, X>) => Tensor<Resolved<Reshape<ShapeOf<X>, T>>>)

// ---- transpose

const inverse = (permutation: readonly number[]): readonly number[] => permutation.map((_, i) => permutation.indexOf(i))

const transposeOp: Op<{ readonly axes: readonly number[] }> = defineOp({
  name: 'transpose',
  doc: 'Permutes axes: axis i of the result is axis axes[i] of the argument.',
  infer: ({ axes }, types) => {
    const { shape, dtype } = first(types)
    const valid = axes.length === shape.length && [...axes].sort((a, b) => a - b).every((axis, i) => axis === i)
    return valid
      ? typed(
          axes.map(axis => dim(shape, axis)),
          dtype,
        )
      : E.left(axisError('transpose', `[${axes}] is no permutation of the axes of ${showShape(shape)}`))
  },
  lower: ({ axes }, types, outs) => {
    const { shape, dtype } = first(types)
    const index = inverse(axes).map(i => along(i))
    return mapNest(first(outs).shape, load(0, dtype, shape, index))
  },
  differentiation: { rule: 'linear', transpose: ({ axes }, ct) => [permute(inverse(axes), ct)] },
  batch: ({ axes }, xs) => [permute([0, ...axes.map(axis => axis + 1)], only(xs))],
  sample: draw => {
    const shape = draw.shape()
    return { params: { axes: draw.permutation(shape.length) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { axes: [0, 0] }, args: [draw.tensor([2, 3])] }),
})

const permute = (axes: readonly number[], x: Tensor): Tensor => {
  if (!Array.isArray(axes)) return fail(axisError('transpose', `takes a list of axes, got ${describe(axes)}`))
  const normal = axes.map(axis => orThrow(normalizeAxis('transpose', axis, x.shape.length)))
  const identity = normal.every((axis, i) => axis === i) && normal.length === x.shape.length
  return identity ? x : bind1(transposeOp, { axes: normal }, x)
}

interface Transposing {
  <const P extends Shape>(
    axes: P,
  ): <X extends TensorLike>(x: Check<Transpose<ShapeOf<X>, P>, X>) => Tensor<Resolved<Transpose<ShapeOf<X>, P>>>
  <X extends TensorLike>(x: X): Tensor<Reverse<ShapeOf<X>>>
}

/**
 * Permutes axes; without axes, reverses them. Axis i of the result is axis axes[i] of the argument.
 * @throws AxisError when the axes are not a permutation
 * @example
 * transpose(x) // [2,3] -> [3,2]
 * transpose([0, 2, 1])(ones([2, 3, 4])) // [2,3,4] -> [2,4,3]
 */
export const transpose: Transposing = primitive(transposeOp, ((arg: TensorLike | readonly number[]) => {
  if (!isData(arg)) return (x: TensorLike) => permute(arg, liftOne('transpose', x))
  const x = liftOne('transpose', arg)
  return permute(range(0, x.shape.length).reverse(), x)
}) as Transposing)

/** Moves one axis to another place; the others keep their order. */
export const moveAxis =
  <const From extends number, const To extends number>(from: From, to: To) =>
  <X extends TensorLike>(
    x: Check<MoveAxis<ShapeOf<X>, From, To>, X>,
  ): Tensor<Resolved<MoveAxis<ShapeOf<X>, From, To>>> => {
    const value = liftOne('moveAxis', x as TensorLike)
    const rank = value.shape.length
    const source = orThrow(normalizeAxis('moveAxis', from, rank))
    const target = orThrow(normalizeAxis('moveAxis', to, rank))
    const rest = range(0, rank).filter(axis => axis !== source)
    return permute([...rest.slice(0, target), source, ...rest.slice(target)], value) as Tensor<
      Resolved<MoveAxis<ShapeOf<X>, From, To>>
    >
  }

// ---- broadcastTo and sum, each the other's transpose

/** Index maps that read an argument of shape `from` at the points of a shape it broadcasts to. */
export const broadcastIndex = (from: Shape, to: Shape): readonly Affine[] =>
  from.map((n, i) => (n === 1 ? fixed(0) : along(i + to.length - from.length)))

const broadcastToOp: Op<{ readonly shape: Shape }> = defineOp({
  name: 'broadcastTo',
  doc: 'Repeats along new leading axes and axes of size 1.',
  infer: ({ shape }, types) => {
    const { shape: from, dtype } = first(types)
    const offset = shape.length - from.length
    return offset >= 0 && from.every((n, i) => n === 1 || n === shape[i + offset])
      ? typed(shape, dtype)
      : E.left(
          shapeError(
            'broadcastTo',
            `cannot broadcast ${showShape(from)} to ${showShape(shape)}: aligned at the last axis, sizes must be equal or 1`,
          ),
        )
  },
  lower: ({ shape }, types) => {
    const { shape: from, dtype } = first(types)
    return mapNest(shape, load(0, dtype, from, broadcastIndex(from, shape)))
  },
  differentiation: { rule: 'linear', transpose: (_p, ct, _args, types) => [sumTo(first(types).shape)(ct)] },
  batch: ({ shape }, xs, _batched, n) => {
    const x = only(xs)
    const ones = range(x.shape.length - 1, shape.length).map(() => 1)
    return [broadcastTo([n, ...shape])(reshape([n, ...ones, ...x.shape.slice(1)])(x))]
  },
  sample: draw => {
    const from = draw.shape().map(n => (draw.boolean() ? 1 : n))
    const to = [...draw.shape({ maxRank: 1 }), ...from.map(n => (n === 1 ? draw.integer(1, 3) : n))]
    return { params: { shape: to }, args: [draw.tensor(from)] }
  },
  invalid: draw => ({ params: { shape: [2, 4] }, args: [draw.tensor([2, 3])] }),
})

/**
 * Repeats a tensor along new leading axes and axes of size 1, as NumPy's broadcasting does.
 * @throws ShapeError when some size is neither equal nor 1
 */
export const broadcastTo = primitive(broadcastToOp, ((shape: Shape) =>
  (x: TensorLike): Tensor => {
    const value = liftOne('broadcastTo', x)
    const target = orThrow(validShape('broadcastTo', shape))
    return sameShape(target, value.shape) ? value : bind1(broadcastToOp, { shape: target }, value)
  }) as <const T extends Shape>(
  shape: T,
) => <X extends TensorLike>(x: Check<BroadcastTo<ShapeOf<X>, T>, X>) => Tensor<Readonly<T>>)

/** A tensor that may have no batch axis, given one of size `n` by broadcasting. */
export const withBatch = (x: Tensor, batched: boolean, n: number): Tensor =>
  batched ? x : broadcastTo([n, ...x.shape])(x)

/** Some of the axes below `rank`, ascending. */
export const drawAxes = (draw: Draw, rank: number): readonly number[] => range(0, rank).filter(() => draw.boolean())

/** Index maps that read an argument so that the kept axes come first, then the reduced ones. */
export const reducedIndex = (shape: Shape, axes: readonly number[]): readonly Affine[] => {
  const kept = range(0, shape.length).filter(axis => !axes.includes(axis))
  return shape.map((_, axis) => along(axes.includes(axis) ? kept.length + axes.indexOf(axis) : kept.indexOf(axis)))
}

/** The sum along axes, which go; int32 wraps. The public `sum`, with its options, is in reduction.ts. */
export const sumOp: Op<{ readonly axes: readonly number[] }> = defineOp({
  name: 'sum',
  doc: 'Sum along axes.',
  infer: ({ axes }, types) => {
    const { shape, dtype } = first(types)
    return pipe(
      normalizeAxes('sum', axes, shape.length),
      E.map(normal => [{ shape: shape.filter((_, i) => !normal.includes(i)), dtype }]),
    )
  },
  lower: ({ axes }, types, outs) => {
    const { shape, dtype } = first(types)
    const expr = load(0, dtype, shape, reducedIndex(shape, axes))
    const reduced = axes.map(axis => dim(shape, axis))
    const stage = { tag: 'reduce', axes: reduced, monoid: 'sum', expr, dtype } as const
    return { tag: 'nest', axes: first(outs).shape, stages: [stage], outputs: [0] }
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ axes }, ct, _args, types) => {
      const { shape } = first(types)
      return [broadcastTo(shape)(reshape(shape.map((n, i) => (axes.includes(i) ? 1 : n)))(ct))]
    },
  },
  batch: ({ axes }, xs) => [bind1(sumOp, { axes: axes.map(axis => axis + 1) }, only(xs))],
  sample: draw => {
    const shape = draw.shape()
    return { params: { axes: drawAxes(draw, shape.length) }, args: [draw.tensor(shape)] }
  },
  invalid: draw => ({ params: { axes: [5] }, args: [draw.tensor([2, 3])] }),
})

/** Sums a tensor to a shape that broadcasts to its own: what `broadcastTo` turns into backwards. */
export const sumTo =
  (shape: Shape) =>
  (x: Tensor): Tensor => {
    const offset = x.shape.length - shape.length
    const axes = range(0, x.shape.length).filter(i => i < offset || (shape[i - offset] === 1 && x.shape[i] !== 1))
    return axes.length === 0 ? x : reshape(shape)(bind1(sumOp, { axes }, x))
  }
