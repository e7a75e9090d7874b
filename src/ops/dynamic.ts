/**
 * Slices whose place is computed: read, and replaced.
 *
 * Layer: ops. Each is the other's transpose. A start that is negative counts from the end, and one that leaves no room is moved
 * until the slice fits, as in jax.lax. Read next: at.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type CotangentError, dtypeError, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { along, apply, constant, type Expr, fixed, iota, load, loadAt, mapNest, select } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape, sameShape, showShape, validShape } from '../core/shape.ts'
import type { Check, DynamicSlice, DynamicUpdate, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { isTensor } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor, TensorType } from '../core/types.ts'
import { stack } from './arrange.ts'
import { zeros } from './creation.ts'
import {
  commonDtype,
  defineOp,
  type Inferred,
  lift,
  liftOne,
  type NotTensor,
  primitive,
  typed,
  zerosOf,
} from './define.ts'
import { indicesOf } from './indexing.ts'
import { withBatch } from './movement.ts'

/** How many leading axes all arguments share. */
type Batch = { readonly batch: number }
type Cut = Batch & { readonly sizes: Shape }

/** Whether a slice of `sizes` at `starts` [batch…, rank] fits into x [batch…, …]. */
const checkPlace = (
  op: string,
  batch: number,
  sizes: Shape,
  x: TensorType,
  starts: TensorType,
): E.Either<CotangentError, Shape> => {
  const shape = x.shape.slice(batch)
  const shared = x.shape.slice(0, batch)
  if (starts.dtype !== 'int32')
    return E.left(dtypeError(op, `starts must be int32, got ${starts.dtype}; convert with cast('int32')`))
  if (!sameShape(starts.shape, [...shared, shape.length]))
    return E.left(
      shapeError(op, `starts ${showShape(starts.shape)} do not fit ${showShape(x.shape)}: give one for each axis`),
    )
  return sizes.length === shape.length && sizes.every((n, i) => n <= dim(shape, i))
    ? E.right(shared)
    : E.left(shapeError(op, `a slice of ${showShape(sizes)} does not fit into ${showShape(shape)}`))
}

/** Where a slice of `size` begins along an axis of size n, given input number `input`. */
const startAt = (input: number, starts: TensorType, batch: number, axis: number, n: number, size: number): Expr => {
  const int = (value: number): Expr => constant('int32', value)
  const given = load(input, 'int32', starts.shape, [...range(0, batch).map(i => along(i)), fixed(axis)])
  const fromFront = select(apply('lt', given, int(0)), apply('add', given, int(n)), given)
  return apply('max', apply('min', fromFront, int(n - size)), int(0))
}

const drawPlace = (draw: Draw): Sample<Cut> => {
  const shared = draw.shape({ maxRank: 1, maxSize: 2 })
  const shape = draw.shape({ maxRank: 2 })
  const sizes = shape.map(n => draw.integer(0, n))
  return {
    params: { batch: shared.length, sizes },
    args: [draw.tensor([...shared, ...shape]), draw.integers([...shared, shape.length], -5, 5)],
  }
}

// ---- reading

const dynamicSliceOp: Op<Cut> = defineOp({
  name: 'dynamicSlice',
  doc: 'A slice whose place is computed.',
  infer: ({ batch, sizes }, types): Inferred => {
    const [x, starts] = types as readonly [TensorType, TensorType]
    return E.map((shared: Shape) => [{ shape: [...shared, ...sizes], dtype: x.dtype }])(
      checkPlace('dynamicSlice', batch, sizes, x, starts),
    )
  },
  lower: ({ batch, sizes }, types, outs) => {
    const [{ shape, dtype }, starts] = types as readonly [TensorType, TensorType]
    const index = shape.map((n, i) => {
      const axis = i - batch
      return axis < 0 ? iota(i) : apply('add', iota(i), startAt(1, starts, batch, axis, n, dim(sizes, axis)))
    })
    return mapNest(outs[0]?.shape ?? [], loadAt(0, dtype, shape, index, 0))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ batch }, ct, [, starts], types) => [
      bind1(dynamicUpdateSliceOp, { batch }, zerosOf(types[0] as TensorType), ct, starts as Tensor),
      null,
    ],
  },
  batch: ({ batch, sizes }, xs, batched, n) => [
    bind1(dynamicSliceOp, { batch: batch + 1, sizes }, ...xs.map((x, i) => withBatch(x, batched[i] === true, n))),
  ],
  sample: drawPlace,
  invalid: draw => ({ params: { batch: 0, sizes: [4] }, args: [draw.tensor([3]), draw.integers([1], 0, 1)] }),
})

// ---- writing

const dynamicUpdateSliceOp: Op<Batch> = defineOp({
  name: 'dynamicUpdateSlice',
  doc: 'A slice whose place is computed, replaced.',
  infer: ({ batch }, types): Inferred => {
    const [x, update, starts] = types as readonly [TensorType, TensorType, TensorType]
    const dtype = commonDtype('dynamicUpdateSlice', [x, update], 'any')
    if (E.isLeft(dtype)) return dtype
    return E.chain((shared: Shape) =>
      sameShape(update.shape.slice(0, batch), shared)
        ? typed(x.shape, x.dtype)
        : E.left(
            shapeError('dynamicUpdateSlice', `${showShape(update.shape)} does not fit into ${showShape(x.shape)}`),
          ),
    )(checkPlace('dynamicUpdateSlice', batch, update.shape.slice(batch), x, starts))
  },
  lower: ({ batch }, types) => {
    const [x, update, starts] = types as readonly [TensorType, TensorType, TensorType]
    const int = (value: number): Expr => constant('int32', value)
    const place = x.shape.map((n, i) => {
      const size = dim(update.shape, i)
      return i < batch ? iota(i) : apply('sub', iota(i), startAt(2, starts, batch, i - batch, n, size))
    })
    const inside = place.flatMap((at, i) =>
      i < batch ? [] : [apply('ge', at, int(0)), apply('lt', at, int(dim(update.shape, i)))],
    )
    const written = loadAt(1, x.dtype, update.shape, place, 0)
    const old = load(
      0,
      x.dtype,
      x.shape,
      x.shape.map((_, i) => along(i)),
    )
    const isWritten = inside.reduce((a, b) => apply('and', a, b), constant('bool', 1))
    return mapNest(x.shape, select(isWritten, written, old))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ batch }, ct, [x, update, at], types) => {
      const starts = at as Tensor
      const type = types[1] as TensorType
      return [
        x === null ? bind1(dynamicUpdateSliceOp, { batch }, ct, zerosOf(type), starts) : null,
        update === null ? bind1(dynamicSliceOp, { batch, sizes: type.shape.slice(batch) }, ct, starts) : null,
        null,
      ]
    },
  },
  batch: ({ batch }, xs, batched, n) => [
    bind1(dynamicUpdateSliceOp, { batch: batch + 1 }, ...xs.map((x, i) => withBatch(x, batched[i] === true, n))),
  ],
  sample: draw => {
    const { params, args } = drawPlace(draw)
    const [x, starts] = args as readonly [Tensor, Tensor]
    const { batch, sizes } = params
    return { params: { batch }, args: [x, draw.tensor([...x.shape.slice(0, batch), ...sizes]), starts] }
  },
  invalid: draw => ({
    params: { batch: 0 },
    args: [draw.tensor([3]), draw.tensor([4]), draw.integers([1], 0, 1)],
  }),
})

// ---- the public functions

/** Where a slice begins: for each axis a whole number or an int32 scalar, or all of them in one tensor int32[rank]. */
export type Starts = Tensor | readonly (number | Tensor)[]

const startsOf = (op: string, starts: Starts): Tensor => {
  if (isTensor(starts)) return starts
  if (!Array.isArray(starts))
    return fail(valueError(op, 'takes starts as a list with one for each axis, or as one int32 tensor'))
  if (starts.length === 0) return zeros([0], { dtype: 'int32' })
  const scalars = starts.map((start: TensorLike) => indicesOf(op, start))
  const odd = scalars.find(start => start.shape.length > 0)
  return odd === undefined
    ? stack(scalars)
    : fail(shapeError(op, `a start in a list is a scalar, got ${showShape(odd.shape)}`))
}

/**
 * The slice of x with the given sizes that begins at `starts`. Starts may be computed: a whole number or an int32 scalar for each
 * axis, or int32[rank] for all. Negative ones count from the end; then all are moved until the slice fits, as jax.lax.dynamic_slice.
 * @throws ShapeError for sizes that do not fit into x, or not one start for each axis; DtypeError for starts that are not int32
 * @example
 * dynamicSlice({ sizes: [2, 2] })(x, [0, 1]) // [[2, 3], [5, 6]]
 */
export const dynamicSlice = primitive(
  dynamicSliceOp,
  <const Sizes extends Shape>(options: { readonly sizes: Sizes } & NotTensor) => {
    const sizes = orThrow(
      validShape('dynamicSlice', requireOptions('dynamicSlice', options, ['sizes'], ['sizes']).sizes),
    )
    return <X extends TensorLike>(x: Check<DynamicSlice<ShapeOf<X>, Sizes>, X>, starts: Starts) =>
      bind1(
        dynamicSliceOp,
        { batch: 0, sizes },
        liftOne('dynamicSlice', x as TensorLike),
        startsOf('dynamicSlice', starts),
      ) as Tensor as Tensor<Resolved<DynamicSlice<ShapeOf<X>, Sizes>>>
  },
)

/**
 * x with `update` in place of the slice that begins at `starts`, which are as in `dynamicSlice`.
 * @throws ShapeError for an update that does not fit into x, or not one start for each axis; DtypeError when dtypes differ
 * @example
 * dynamicUpdateSlice(x, tensor([[0, 0]]), [1, 1]) // [[1, 2, 3], [4, 0, 0]]
 */
export const dynamicUpdateSlice = primitive(
  dynamicUpdateSliceOp,
  <X extends TensorLike, U extends TensorLike>(
    x: X,
    update: Check<DynamicUpdate<ShapeOf<X>, ShapeOf<U>>, U>,
    starts: Starts,
  ): Tensor<ShapeOf<X>> => {
    const [whole, part] = lift('dynamicUpdateSlice', [x, update as TensorLike])
    const place = startsOf('dynamicUpdateSlice', starts)
    return bind1(dynamicUpdateSliceOp, { batch: 0 }, whole as Tensor, part as Tensor, place) as Tensor as Tensor<
      ShapeOf<X>
    >
  },
)
