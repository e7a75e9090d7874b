/**
 * Reading along one axis at computed positions: take, takeAlongAxis, oneHot.
 *
 * Layer: ops. Positions outside read NaN (0 for int32, false for bool), as in JAX's fill mode; negative ones count from the end.
 * Read first: scatter.ts. Read next: at.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import { describe, dtypeError, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import type { Check, Resolved, ShapeOf, Take, TakeAlongAxis, TensorLike } from '../core/shape-types.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { beside } from '../core/weak.ts'
import { cast, eq, lt, where } from './comparison.ts'
import { arange } from './creation.ts'
import { composite, isData, liftOne, type NotTensor } from './define.ts'
import { add } from './elementwise.ts'
import { moveAxis, reshape, transpose } from './movement.ts'
import { gather } from './scatter.ts'

// ---- along one axis

/** Indices as an int32 tensor; one that stands for a number is that number. */
export const indicesOf = (op: string, indices: TensorLike): Tensor => {
  if (!isTensor(indices))
    return Number.isInteger(indices)
      ? scalar(Number(indices), 'int32')
      : fail(valueError(op, `${describe(indices)} is no index: use a whole number or an int32 tensor`))
  const known = beside(op, indices, 'int32')
  return known.dtype === 'int32'
    ? known
    : fail(dtypeError(op, `indices must be int32, got ${indices.dtype}; convert with cast('int32')`))
}

/** Negative positions counted from the end. */
export const wrapped = (op: string, indices: TensorLike, n: number): Tensor => {
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
      : (x: TensorLike, at: TensorLike) =>
          f(requireOptions(name, arg, ['axis']).axis ?? axis0, liftOne(name, x), at)) as F

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

/**
 * Elements of x at a position of its own for each place along an axis (the last by default), as NumPy's take_along_axis. The
 * sizes of all other axes must be the same. Outside -n … n-1, NaN (0, false).
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit; AxisError
 */
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
      const { classes, dtype = 'float32' } = requireOptions('oneHot', options, ['classes', 'dtype'], ['classes'])
      return oneHotOf(classes, dtype, indices) as Tensor<readonly [...ShapeOf<I>, Classes]>
    },
)
