/**
 * Slices read at computed positions, and slices combined into what is there: gather, scatter and scatterAdd, which are each
 * other's transposes.
 *
 * Layer: ops. Positions outside read NaN (0 for int32, false for bool) and write nothing, as in JAX's fill mode: under a
 * transformation there is no value to check. Read next: scatter-combine.ts for products and extremes, indexing.ts, at.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Dtype, isFloat } from '../core/dtype.ts'
import { type CotangentError, describe, dtypeError, orThrow, shapeError, valueError } from '../core/errors.ts'
import { type Affine, along, type Combination, type Expr, fixed, iota, load, loadAt, mapNest } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts'
import type { ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor, TensorType } from '../core/types.ts'
import { eq, where } from './comparison.ts'
import { arange, zeros } from './creation.ts'
import {
  type Accepts,
  commonDtype,
  type Differentiation,
  defineOp,
  type Inferred,
  liftOne,
  primitive,
  typed,
  zerosOf,
} from './define.ts'
import { reshape, withBatch } from './movement.ts'

/** How many leading axes operand and indices share. */
export type Batch = { readonly batch: number }
/** What a position outside reads: NaN, or 0 where the dtype has none; or 0, as tangents do. */
type Gather = Batch & { readonly fill: 'nan' | 'zero' }

/** An operand [batch, indexed, rest] and indices [batch, points, k], where k is the number of indexed axes. */
export type Layout = { readonly batch: Shape; readonly indexed: Shape; readonly rest: Shape; readonly points: Shape }

/** The layout of operand and indices, or why they do not fit. */
export const layoutOf = (
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
  const fit =
    k !== undefined &&
    batch < indices.shape.length &&
    batch + k <= operand.shape.length &&
    sameShape(head(operand.shape), head(indices.shape))
  if (!fit)
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
  return [
    ...batch.map((_, i) => iota(i)),
    ...indexed.map((_, i) => load(input, 'int32', indices.shape, [...point, fixed(i)])),
    ...rest.map((_, i) => iota(batch.length + points.length + i)),
  ]
}

const outside = (fill: Gather['fill'], dtype: Dtype): number => (fill === 'nan' && isFloat(dtype) ? Number.NaN : 0)

const pair = (types: readonly TensorType[], i: number, j: number): readonly [TensorType, TensorType] => [
  types[i] as TensorType,
  types[j] as TensorType,
]

const drawLayout = (draw: Draw): Layout => ({
  batch: draw.shape({ maxRank: 1 }),
  indexed: draw.shape({ minRank: 1, maxRank: 2 }),
  rest: draw.shape({ maxRank: 1 }),
  points: draw.shape({ maxRank: 1 }),
})

/** Indices of a layout, those up to `beyond` from the ends included. */
const drawIndices = (draw: Draw, { batch, indexed, points }: Layout, beyond: number): Tensor =>
  draw.integers([...batch, ...points, indexed.length], -beyond, Math.min(...indexed) - 1 + beyond)

// ---- gather

/** The primitive behind `gather`. */
export const gatherOp: Op<Gather> = defineOp<Gather>({
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
    return mapNest(outs[0]?.shape ?? [], loadAt(0, dtype, view, index, outside(fill, dtype)))
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
    const layout = drawLayout(draw)
    const { batch, indexed, rest } = layout
    return {
      params: { batch: batch.length, fill: draw.pick(['nan', 'zero']) },
      args: [draw.tensor([...batch, ...indexed, ...rest]), drawIndices(draw, layout, 0)],
    }
  },
  invalid: draw => ({ params: { batch: 0, fill: 'nan' }, args: [draw.tensor([2, 3]), draw.integers([1, 3], 0, 1)] }),
})

/**
 * Slices of x at positions: x: [batch…, d₁…d_k, rest…], indices: int32 [batch…, points…, k] -> [batch…, points…, rest…], as
 * TensorFlow's gather_nd; `batch` is the number of shared leading axes, 0 by default. Outside 0 … d-1, NaN (0, false).
 * @throws DtypeError for indices that are not int32; ShapeError when they do not fit
 * @example
 * gather()(x, tensor([[1, 2], [0, 0]], { dtype: 'int32' })) // [6, 1]
 */
export const gather = primitive(gatherOp, (options: { readonly batch?: number } = {}) => {
  const { batch = 0 } = requireOptions('gather', options, ['batch'])
  return (x: TensorLike, indices: Tensor): Tensor =>
    bind1(gatherOp, { batch, fill: 'nan' }, liftOne('gather', x), indices)
})

// ---- scatters

type ScatterDeclaration = {
  readonly name: string
  readonly doc: string
  readonly combine: Combination
  readonly accepts: Accepts
  readonly differentiation: Differentiation<Batch>
  /** Values of the operand and of updates, inside the domain where it is differentiable. */
  readonly values?: (draw: Draw, shape: Shape, of: 'operand' | 'updates') => Tensor
}

const scatterType = (
  { name, accepts }: ScatterDeclaration,
  batch: number,
  operand: TensorType,
  indices: TensorType,
  updates: TensorType,
): Inferred =>
  E.chain((l: Layout): Inferred => {
    const dtype = commonDtype(name, [operand, updates], accepts)
    if (E.isLeft(dtype)) return dtype
    const wanted = [...l.batch, ...l.points, ...l.rest]
    return sameShape(updates.shape, wanted)
      ? typed(operand.shape, operand.dtype)
      : E.left(
          shapeError(
            name,
            `updates must be ${operand.dtype}${showShape(wanted)}, got ${updates.dtype}${showShape(updates.shape)}`,
          ),
        )
  })(layoutOf(name, batch, operand, indices))

const sampleScatter =
  (values: NonNullable<ScatterDeclaration['values']>) =>
  (draw: Draw): Sample<Batch> => {
    const layout = drawLayout(draw)
    const { batch, indexed, rest, points } = layout
    const x = values(draw, [...batch, ...indexed, ...rest], 'operand')
    const indices = drawIndices(draw, layout, 1)
    return {
      params: { batch: batch.length },
      args: [x, indices, values(draw, [...batch, ...points, ...rest], 'updates')],
    }
  }

/** An op (x, indices, updates) that combines updates into x at positions laid out as in `gather`, one after the other. */
export const scatterOp = (declaration: ScatterDeclaration): Op<Batch> => {
  const { name, doc, combine, differentiation, values = (draw, shape) => draw.tensor(shape) } = declaration
  const op: Op<Batch> = defineOp({
    name,
    doc,
    infer: ({ batch }, types): Inferred =>
      scatterType(declaration, batch, types[0] as TensorType, types[1] as TensorType, types[2] as TensorType),
    lower: ({ batch }, types) => {
      const [operand, indices] = pair(types, 0, 1)
      const updates = types[2] as TensorType
      const layout = orThrow(layoutOf(name, batch, operand, indices))
      const whole = (type: TensorType): readonly Affine[] => type.shape.map((_, i) => along(i))
      return {
        tag: 'scatter',
        shape: operand.shape,
        init: load(0, operand.dtype, operand.shape, whole(operand)),
        axes: updates.shape,
        index: coordinates(layout, indices, 1),
        update: load(2, updates.dtype, updates.shape, whole(updates)),
        combine,
      }
    },
    differentiation,
    batch: ({ batch }, args, batched, n) => [
      bind1(op, { batch: batch + 1 }, ...args.map((x, i) => withBatch(x, batched[i] === true, n))),
    ],
    sample: sampleScatter(values),
    invalid: draw => ({
      params: { batch: 0 },
      args: [draw.tensor([3]), draw.integers([2, 1], 0, 1), draw.tensor([3])],
    }),
  })
  return op
}

/** The primitive behind `scatterAdd`. */
export const scatterAddOp: Op<Batch> = scatterOp({
  name: 'scatterAdd',
  doc: 'Adds elements, or slices, at computed positions.',
  combine: 'sum',
  accepts: 'number',
  differentiation: {
    rule: 'linear',
    transpose: ({ batch }, ct, [operand, indices, updates]) => [
      operand === null ? ct : null,
      null,
      updates === null ? bind1(gatherOp, { batch, fill: 'zero' }, ct, indices as Tensor) : null,
    ],
  },
})

/** Which updates stay: [batch…, points…], with axes of size 1 for the rest. Each writes its number, and looks if it is still there. */
const stays = (batch: number, operand: Shape, indices: Tensor): Tensor => {
  const places = indices.shape.slice(0, -1)
  const indexed = operand.slice(0, batch + dim(indices.shape, places.length))
  const numbers = reshape(places)(arange(sizeOf(places)))
  const written = bind1(scatterSetOp, { batch }, zeros(indexed, { dtype: 'int32' }), indices, numbers)
  const last = eq(bind1(gatherOp, { batch, fill: 'zero' }, written, indices), numbers)
  return reshape([...places, ...operand.slice(indexed.length).map(() => 1)])(last)
}

/** The primitive behind `scatter`. It is linear in operand and updates together, for the positions say which of them stay. */
export const scatterSetOp: Op<Batch> = scatterOp({
  name: 'scatter',
  doc: 'Puts elements, or slices, at computed positions.',
  combine: 'last',
  accepts: 'any',
  differentiation: {
    rule: 'linear',
    transpose: ({ batch }, ct, [operand, at, updates], types) => {
      const indices = at as Tensor
      const read = (): Tensor => bind1(gatherOp, { batch, fill: 'zero' }, ct, indices)
      return [
        operand === null ? bind1(scatterSetOp, { batch }, ct, indices, zerosOf(types[2] as TensorType)) : null,
        null,
        updates === null ? where(stays(batch, ct.shape, indices), read(), 0) : null,
      ]
    },
  },
})

/** The public function of a scatter: options, then x, indices and updates. */
export const scattering = (op: Op<Batch>) =>
  primitive(op, (options: { readonly batch?: number } = {}) => {
    const { batch = 0 } = requireOptions(op.name, options, ['batch'])
    return <X extends TensorLike>(x: X, indices: Tensor, updates: Tensor) =>
      bind1(op, { batch }, liftOne(op.name, x), indices, updates) as Tensor as Tensor<ShapeOf<X>>
  })

/**
 * Puts updates into x at positions laid out as in `gather`: x: [batch…, d₁…d_k, rest…], indices: int32 [batch…, points…, k],
 * updates: [batch…, points…, rest…] -> the shape of x. At a position that comes more than once the last update in row-major
 * order stays, and it alone has a derivative (JAX leaves open which). Outside 0 … d-1, dropped.
 * @throws DtypeError for indices that are not int32, or dtypes that differ; ShapeError when shapes do not fit
 * @example
 * scatter()(tensor([1, 2, 3]), tensor([[2], [0], [2]], { dtype: 'int32' }), tensor([7, 8, 9])) // [8, 2, 9]
 */
export const scatter = scattering(scatterSetOp)

/**
 * Adds updates into x at positions laid out as in `gather`; at a position that comes up twice both are added. Outside, dropped.
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit
 * @example
 * scatterAdd()(tensor([1, 2, 3]), tensor([[2], [0], [2]], { dtype: 'int32' }), tensor([7, 8, 9])) // [9, 2, 19]
 */
export const scatterAdd = scattering(scatterAddOp)
