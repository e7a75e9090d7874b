/**
 * Reading at computed positions, and its transpose, adding at them.
 *
 * Layer: ops. Positions outside read NaN (0 for int32, false for bool) and write nothing, as in JAX's fill mode: under a
 * transformation there is no value to check. Negative positions count from the end in `take` and `takeAlongAxis`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Dtype, isFloat } from '../core/dtype.ts'
import { type CotangentError, describe, dtypeError, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, type Expr, iota, load, mapNest } from '../core/kernel.ts'
import { dim, normalizeAxis, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import type { Check, Resolved, ShapeOf, Take, TakeAlongAxis, TensorLike } from '../core/shape-types.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor, TensorType } from '../core/types.ts'
import { cast, eq, lt, where } from './comparison.ts'
import { arange, zeros } from './creation.ts'
import {
  composite,
  defineOp,
  type Inferred,
  isData,
  liftOne,
  type NotTensor,
  primitive,
  requireOptions,
  typed,
} from './define.ts'
import { add } from './elementwise.ts'
import { moveAxis, reshape, transpose, withBatch } from './movement.ts'

/** How many leading axes operand and indices share. */
type Batch = { readonly batch: number }
/** What a position outside reads: NaN, or 0 where the dtype has none; or 0, as tangents do. */
type Gather = Batch & { readonly fill: 'nan' | 'zero' }

/** An operand [batch, indexed, rest] and indices [batch, points, k], where k is the number of indexed axes. */
type Layout = { readonly batch: Shape; readonly indexed: Shape; readonly rest: Shape; readonly points: Shape }

const layoutOf = (
  op: string,
  batch: number,
  operand: TensorType,
  indices: TensorType,
): E.Either<CotangentError, Layout> => {
  if (!Number.isInteger(batch) || batch < 0)
    return E.left(valueError(op, `batch must be a whole number of at least 0, got ${describe(batch)}`))
  const k = indices.shape.at(-1)
  if (indices.dtype !== 'int32')
    return E.left(dtypeError(op, `indices must be int32, got ${indices.dtype}; convert with cast('int32')`))
  const head = (shape: Shape): Shape => shape.slice(0, batch)
  if (k === undefined || batch + k > operand.shape.length || !sameShape(head(operand.shape), head(indices.shape)))
    return E.left(
      shapeError(
        op,
        `indices ${showShape(indices.shape)} do not fit ${showShape(operand.shape)} with ${batch} batch axes: the last size says how many axes are indexed`,
      ),
    )
  return E.right({
    batch: head(operand.shape),
    indexed: operand.shape.slice(batch, batch + k),
    rest: operand.shape.slice(batch + k),
    points: indices.shape.slice(batch, -1),
  })
}

/** Coordinates into the operand at each point of [batch, points, rest]. */
const coordinates = ({ batch, indexed, rest, points }: Layout, indices: TensorType, input: number): readonly Expr[] => {
  const point = range(0, batch.length + points.length).map((i): Affine => along(i))
  const component = (i: number): Expr =>
    load(input, 'int32', indices.shape, [...point, { offset: i, terms: [], divisor: 1 }])
  return [
    ...batch.map((_, i) => iota(i)),
    ...indexed.map((_, i) => component(i)),
    ...rest.map((_, i) => iota(batch.length + points.length + i)),
  ]
}

const outside = (fill: Gather['fill'], dtype: Dtype): number => (fill === 'nan' && isFloat(dtype) ? Number.NaN : 0)

const pair = (types: readonly TensorType[], i: number, j: number): readonly [TensorType, TensorType] => [
  types[i] as TensorType,
  types[j] as TensorType,
]

const sample = (draw: Draw): Sample<Batch> & { readonly layout: Layout } => {
  const batch = draw.shape({ maxRank: 1 })
  const indexed = draw.shape({ minRank: 1, maxRank: 2 })
  const rest = draw.shape({ maxRank: 1 })
  const points = draw.shape({ maxRank: 1 })
  const indices = draw.integers([...batch, ...points, indexed.length], 0, Math.min(...indexed) - 1)
  return {
    params: { batch: batch.length },
    args: [draw.tensor([...batch, ...indexed, ...rest]), indices],
    layout: { batch, indexed, rest, points },
  }
}

const gatherOp: Op<Gather> = defineOp<Gather>({
  name: 'gather',
  doc: 'Elements, or slices, at computed positions.',
  infer: ({ batch }, types): Inferred => {
    const [operand, indices] = pair(types, 0, 1)
    return E.map((l: Layout) => [{ shape: [...l.batch, ...l.points, ...l.rest], dtype: operand.dtype }])(
      layoutOf('gather', batch, operand, indices),
    )
  },
  lower: ({ batch, fill }, types, outs) => {
    const [operand, indices] = pair(types, 0, 1)
    const layout = orThrow(layoutOf('gather', batch, operand, indices))
    const index = coordinates(layout, indices, 1)
    const { dtype, shape: view } = operand
    return mapNest(outs[0]?.shape ?? [], { tag: 'loadAt', dtype, input: 0, view, index, fill: outside(fill, dtype) })
  },
  differentiation: {
    rule: 'jvp',
    jvp: ({ batch }, [, indices], [t = null]) => [
      t === null ? null : bind1(gatherOp, { batch, fill: 'zero' }, t, indices as Tensor),
    ],
    transpose: ({ batch }, ct, [, indices], types) => {
      const operand = types[0] as TensorType
      const start = zeros(operand.shape, { dtype: operand.dtype })
      return [bind1(scatterAddOp, { batch }, start, indices as Tensor, ct), null]
    },
  },
  batch: ({ batch, fill }, [x, indices], [batchedX, batchedIndices], n) => [
    bind1(
      gatherOp,
      { batch: batch + 1, fill },
      withBatch(x as Tensor, batchedX === true, n),
      withBatch(indices as Tensor, batchedIndices === true, n),
    ),
  ],
  sample: draw => {
    const { params, args } = sample(draw)
    return { params: { ...params, fill: draw.pick(['nan', 'zero']) }, args }
  },
  invalid: draw => ({ params: { batch: 0, fill: 'nan' }, args: [draw.tensor([2, 3]), draw.integers([1, 3], 0, 1)] }),
})

/**
 * Slices of x at positions: x: [batch…, d₁…d_k, rest…], indices: int32 [batch…, points…, k] -> [batch…, points…, rest…], as
 * TensorFlow's gather_nd; `batch` is the number of shared leading axes, 0 by default. Outside, NaN (0, false).
 * @throws DtypeError for indices that are not int32; ShapeError when they do not fit
 */
export const gather = primitive(
  gatherOp,
  ({ batch = 0 }: { readonly batch?: number } = {}) =>
    (x: TensorLike, indices: Tensor): Tensor =>
      bind1(gatherOp, { batch, fill: 'nan' }, liftOne('gather', x), indices),
)

const scatterAddOp: Op<Batch> = defineOp({
  name: 'scatterAdd',
  doc: 'Adds elements, or slices, at computed positions.',
  infer: ({ batch }, types): Inferred => {
    const [operand, indices] = pair(types, 0, 1)
    const updates = types[2] as TensorType
    return E.chain((l: Layout): Inferred => {
      const wanted = [...l.batch, ...l.points, ...l.rest]
      return sameShape(updates.shape, wanted) && updates.dtype === operand.dtype && operand.dtype !== 'bool'
        ? typed(operand.shape, operand.dtype)
        : E.left(
            shapeError(
              'scatterAdd',
              `updates must be ${operand.dtype}${showShape(wanted)}, got ${updates.dtype}${showShape(updates.shape)}`,
            ),
          )
    })(layoutOf('scatterAdd', batch, operand, indices))
  },
  lower: ({ batch }, types) => {
    const [operand, indices] = pair(types, 0, 1)
    const updates = types[2] as TensorType
    const layout = orThrow(layoutOf('scatterAdd', batch, operand, indices))
    const whole = (type: TensorType): readonly Affine[] => type.shape.map((_, i) => along(i))
    return {
      tag: 'scatter',
      shape: operand.shape,
      init: load(0, operand.dtype, operand.shape, whole(operand)),
      axes: updates.shape,
      index: coordinates(layout, indices, 1),
      update: load(2, updates.dtype, updates.shape, whole(updates)),
      monoid: 'sum',
    }
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ batch }, ct, [operand, indices, updates]) => [
      operand === null ? ct : null,
      null,
      updates === null ? bind1(gatherOp, { batch, fill: 'zero' }, ct, indices as Tensor) : null,
    ],
  },
  batch: ({ batch }, args, batched, n) => [
    bind1(scatterAddOp, { batch: batch + 1 }, ...args.map((x, i) => withBatch(x, batched[i] === true, n))),
  ],
  sample: draw => {
    const { params, args, layout } = sample(draw)
    return { params, args: [...args, draw.tensor([...layout.batch, ...layout.points, ...layout.rest])] }
  },
  invalid: draw => ({ params: { batch: 0 }, args: [draw.tensor([3]), draw.integers([2, 1], 0, 1), draw.tensor([3])] }),
})

/**
 * Adds updates into x at positions laid out as in `gather`; at a position that comes up twice both are added. Outside, dropped.
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit
 */
export const scatterAdd = primitive(
  scatterAddOp,
  ({ batch = 0 }: { readonly batch?: number } = {}) =>
    <X extends TensorLike>(x: X, indices: Tensor, updates: Tensor) =>
      bind1(scatterAddOp, { batch }, liftOne('scatterAdd', x), indices, updates) as Tensor as Tensor<ShapeOf<X>>,
)

// ---- along one axis

/** Indices as an int32 tensor. */
const indicesOf = (op: string, indices: TensorLike): Tensor => {
  if (!isTensor(indices))
    return Number.isInteger(indices)
      ? scalar(Number(indices), 'int32')
      : fail(valueError(op, `${describe(indices)} is no index: use a whole number or an int32 tensor`))
  return indices.dtype === 'int32'
    ? indices
    : fail(dtypeError(op, `indices must be int32, got ${indices.dtype}; convert with cast('int32')`))
}

/** Negative positions counted from the end. */
const wrapped = (op: string, indices: TensorLike, n: number): Tensor => {
  const raw = indicesOf(op, indices)
  return where(lt(raw, 0), add(raw, n), raw)
}

interface Taking {
  <const A extends number = 0>(
    options: { readonly axis?: A } & NotTensor,
  ): <X extends TensorLike, I extends TensorLike>(
    x: Check<Take<ShapeOf<X>, ShapeOf<I>, A>, X>,
    indices: I,
  ) => Tensor<Resolved<Take<ShapeOf<X>, ShapeOf<I>, A>>>
  <X extends TensorLike, I extends TensorLike>(
    x: Check<Take<ShapeOf<X>, ShapeOf<I>, 0>, X>,
    indices: I,
  ): Tensor<Resolved<Take<ShapeOf<X>, ShapeOf<I>, 0>>>
}

interface TakingAlongAxis {
  <const A extends number = -1>(
    options: { readonly axis?: A } & NotTensor,
  ): <X extends TensorLike, I extends TensorLike>(
    x: X,
    indices: Check<TakeAlongAxis<ShapeOf<X>, ShapeOf<I>, A>, I>,
  ) => Tensor<Resolved<TakeAlongAxis<ShapeOf<X>, ShapeOf<I>, A>>>
  <X extends TensorLike, I extends TensorLike>(
    x: X,
    indices: Check<TakeAlongAxis<ShapeOf<X>, ShapeOf<I>, -1>, I>,
  ): Tensor<Resolved<TakeAlongAxis<ShapeOf<X>, ShapeOf<I>, -1>>>
}

const dataLast = <F>(f: (axis: number, x: Tensor, indices: TensorLike) => Tensor, name: string, axis0: number): F =>
  ((arg: TensorLike | { readonly axis?: number }, indices?: TensorLike) =>
    isData(arg)
      ? f(
          axis0,
          liftOne(name, arg),
          indices ?? fail(valueError(name, 'needs indices: an int32 tensor or a whole number')),
        )
      : (x: TensorLike, at: TensorLike) => f(arg.axis ?? axis0, liftOne(name, x), at)) as F

const takeAlong = (axis: number, x: Tensor, indices: TensorLike): Tensor => {
  const at = orThrow(normalizeAxis('take', axis, x.shape.length))
  const positions = wrapped('take', indices, dim(x.shape, at))
  const taken = gather()(moveAxis(at, 0)(x), reshape([...positions.shape, 1])(positions))
  const rank = positions.shape.length
  const order = [...range(rank, rank + at), ...range(0, rank), ...range(rank + at, taken.shape.length)]
  return transpose(order)(taken)
}

const sampleTake = (draw: Draw): Sample<{ readonly axis: number }> => {
  const shape = draw.shape({ minRank: 1 })
  const axis = draw.integer(0, shape.length - 1)
  const n = dim(shape, axis)
  return { params: { axis }, args: [draw.tensor(shape), draw.integers(draw.shape({ maxRank: 2 }), -n, n - 1)] }
}

/**
 * Slices of x at positions along an axis, 0 by default: indices of any shape take the axis's place, as NumPy's take.
 * Outside -n … n-1, NaN (0, false).
 * @example
 * take(x, tensor([1, 0, -1], { dtype: 'int32' })) // [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
 * take({ axis: 1 })(x, 2) // [3, 6]
 */
export const take: Taking = composite(
  {
    name: 'take',
    doc: 'Slices at positions along an axis.',
    apply: ({ axis }: { readonly axis: number }, [x, indices]) => takeAlong(axis, x as Tensor, indices as Tensor),
    sample: sampleTake,
    invalid: draw => ({ params: { axis: 2 }, args: [draw.tensor([3]), draw.integers([2], 0, 1)] }),
  },
  dataLast<Taking>(takeAlong, 'take', 0),
)

const takePerRow = (axis: number, x: Tensor, indices: TensorLike): Tensor => {
  const at = orThrow(normalizeAxis('takeAlongAxis', axis, x.shape.length))
  const positions = wrapped('takeAlongAxis', indices, dim(x.shape, at))
  const last = x.shape.length - 1
  const elsewhere = (shape: Shape): Shape => shape.filter((_, i) => i !== at)
  if (positions.shape.length !== x.shape.length || !sameShape(elsewhere(x.shape), elsewhere(positions.shape)))
    return fail(
      shapeError(
        'takeAlongAxis',
        `indices ${showShape(positions.shape)} and x ${showShape(x.shape)} must agree on all axes but ${at}`,
      ),
    )
  const rows = moveAxis(at, last)(x)
  const points = moveAxis(at, last)(positions)
  return moveAxis(last, at)(gather({ batch: last })(rows, reshape([...points.shape, 1])(points)))
}

/** Elements of x at a position of its own for each place along an axis (the last by default), as NumPy's take_along_axis. */
export const takeAlongAxis: TakingAlongAxis = composite(
  {
    name: 'takeAlongAxis',
    doc: 'Elements at a position of its own for each row.',
    apply: ({ axis }: { readonly axis: number }, [x, indices]) => takePerRow(axis, x as Tensor, indices as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.integer(0, shape.length - 1)
      const n = dim(shape, axis)
      const count = draw.integer(1, 3)
      const indices = draw.integers(
        shape.map((size, i) => (i === axis ? count : size)),
        -n,
        n - 1,
      )
      return { params: { axis }, args: [draw.tensor(shape), indices] }
    },
    invalid: draw => ({ params: { axis: 0 }, args: [draw.tensor([3, 2]), draw.integers([2, 3], 0, 1)] }),
  },
  dataLast<TakingAlongAxis>(takePerRow, 'takeAlongAxis', -1),
)

const oneHotOf = (classes: number, dtype: Dtype, indices: TensorLike): Tensor => {
  const at = indicesOf('oneHot', indices)
  if (!Number.isInteger(classes) || classes < 0)
    return fail(valueError('oneHot', `classes must be a whole number of at least 0, got ${describe(classes)}`))
  return cast(dtype)(eq(reshape([...at.shape, 1])(at), arange(classes)))
}

/**
 * 1 at the index and 0 elsewhere along a new last axis of size `classes`; an index outside gives zeros.
 * @throws DtypeError when the indices are not int32; ValueError when `classes` is no whole number
 * @example
 * oneHot({ classes: 10 })(labels) // int32[4] -> float32[4,10]
 */
export const oneHot = composite(
  {
    name: 'oneHot',
    doc: '1 at the index and 0 elsewhere along a new last axis.',
    apply: ({ classes }: { readonly classes: number }, [indices]) => oneHotOf(classes, 'float32', indices as Tensor),
    sample: draw => ({
      params: { classes: draw.integer(1, 4) },
      args: [draw.integers(draw.shape({ maxRank: 2 }), -1, 4)],
    }),
    invalid: draw => ({ params: { classes: 3 }, args: [draw.tensor([2])] }),
  },
  <const Classes extends number>(options: { readonly classes: Classes; readonly dtype?: Dtype }) =>
    <I extends TensorLike>(indices: I) => {
      const { classes, dtype = 'float32' } = requireOptions('oneHot', options)
      return oneHotOf(classes, dtype, indices) as Tensor<readonly [...ShapeOf<I>, Classes]>
    },
)
