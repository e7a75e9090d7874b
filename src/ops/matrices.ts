/**
 * Matrices from parts and parts of matrices: triangles, diagonals, traces, powers.
 *
 * Layer: ops. Compositions; a diagonal is a slice of the flattened matrix, and a matrix from a diagonal the padding that this slice
 * turns into backwards, so that nothing is computed on what is 0.
 */
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { dim, range, showShape } from '../core/shape.ts'
import type {
  Check,
  Diag,
  Diagonal,
  KeepMatrix,
  MatrixTrace,
  Resolved,
  ShapeOf,
  TensorLike,
  Vander,
  VectorOnly,
} from '../core/shape-types.ts'
import { scalarLike } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { where } from './comparison.ts'
import { tri } from './creation.ts'
import { cumprod } from './cumulative.ts'
import { composite, dataLast, type NotTensor } from './define.ts'
import { broadcastTo, reshape, transpose } from './movement.ts'
import { axisPair, drawPlane } from './rearrange.ts'
import { sum } from './reduction.ts'
import { concat, flip, padOp, slice } from './slicing.ts'

const requireOffset = (name: string, offset: number): number =>
  Number.isSafeInteger(offset)
    ? offset
    : fail(valueError(name, `offset must be a whole number, got ${describe(offset)}`))

// ---- triangles

/** Which diagonal is the edge: 0 the main one, positive above it. */
export type OffsetOptions = { readonly offset?: number }

interface Triangle<Name extends string> {
  (
    options: OffsetOptions & NotTensor,
  ): <X extends TensorLike>(x: Check<KeepMatrix<Name, ShapeOf<X>>, X>) => Tensor<Resolved<KeepMatrix<Name, ShapeOf<X>>>>
  <X extends TensorLike>(x: Check<KeepMatrix<Name, ShapeOf<X>>, X>): Tensor<Resolved<KeepMatrix<Name, ShapeOf<X>>>>
}

const triangle = <const Name extends string>(
  name: Name,
  doc: string,
  pick: (offset: number, below: (offset: number) => Tensor, x: Tensor, zero: Tensor) => Tensor,
): Triangle<Name> => {
  const of = ({ offset = 0 }: OffsetOptions, x: Tensor): Tensor => {
    const [rows, columns] = x.shape.slice(-2)
    if (rows === undefined || columns === undefined)
      return fail(shapeError(name, `needs at least two axes, got ${showShape(x.shape)}`))
    const below = (at: number): Tensor => tri(rows, { columns, offset: at, dtype: 'bool' })
    return pick(requireOffset(name, offset), below, x, scalarLike(0, x.dtype))
  }
  return composite(
    {
      name,
      doc,
      apply: (options: { readonly offset: number }, [x]) => of(options, x as Tensor),
      sample: draw => ({
        params: { offset: draw.integer(-3, 3) },
        args: [draw.tensor(draw.shape({ minRank: 2 }))],
      }),
      invalid: draw => ({ params: { offset: 0 }, args: [draw.tensor([3])] }),
    },
    dataLast<OffsetOptions, Triangle<Name>>(name, ['offset'], of),
  )
}

/**
 * x with zeros above the diagonal `offset` (0) of the last two axes; NaN there is gone too.
 * @throws ShapeError for fewer than two axes
 * @example
 * tril(x) // [[1, 0, 0], [4, 5, 0]]
 */
export const tril = triangle('tril', 'The lower triangle.', (offset, below, x, zero) => where(below(offset), x, zero))
/**
 * x with zeros below the diagonal `offset` (0) of the last two axes; NaN there is gone too.
 * @throws ShapeError for fewer than two axes
 * @example
 * triu({ offset: 1 })(x) // [[0, 2, 3], [0, 0, 6]]
 */
export const triu = triangle('triu', 'The upper triangle.', (offset, below, x, zero) =>
  where(below(offset - 1), zero, x),
)

// ---- diagonals

type DiagonalParams = { readonly offset: number; readonly axis: readonly number[] }

const diagonalOf = (name: string, { offset, axis }: DiagonalParams, x: Tensor): Tensor => {
  const [a, b] = axisPair(name, axis, x)
  const by = requireOffset(name, offset)
  const rest = range(0, x.shape.length).filter(i => i !== a && i !== b)
  const [m, n] = [dim(x.shape, a), dim(x.shape, b)]
  const count = Math.max(0, Math.min(m + Math.min(by, 0), n - Math.max(by, 0)))
  const start = by >= 0 ? by : -by * n
  const flat = reshape([...rest.map(i => dim(x.shape, i)), m * n])(transpose([...rest, a, b])(x))
  const bounds = count === 0 ? [0, 0, 1] : [start, start + (count - 1) * (n + 1) + 1, n + 1]
  return slice([...rest.map(() => null), bounds as [number, number, number]])(flat)
}

/** A square matrix with v on the diagonal `offset`. */
const matrixOf = (offset: number, v: Tensor): Tensor => {
  const k = dim(v.shape, 0)
  const n = k + Math.abs(offset)
  const start = k === 0 ? 0 : offset >= 0 ? offset : -offset * n
  const span = k === 0 ? 0 : (k - 1) * (n + 1) + 1
  const flat = bind1(padOp, { low: [start], high: [n * n - start - span], interior: [n] }, v)
  return reshape([n, n])(flat)
}

const diagOf = ({ offset = 0 }: OffsetOptions, x: Tensor): Tensor => {
  const by = requireOffset('diag', offset)
  if (x.shape.length === 1) return matrixOf(by, x)
  return x.shape.length === 2
    ? diagonalOf('diag', { offset: by, axis: [0, 1] }, x)
    : fail(shapeError('diag', `takes a vector or a matrix, got ${showShape(x.shape)}; diagonal takes more axes`))
}

interface Diagonally {
  <const K extends number = 0>(
    options: { readonly offset?: K } & NotTensor,
  ): <X extends TensorLike>(x: Check<Diag<ShapeOf<X>, K>, X>) => Tensor<Resolved<Diag<ShapeOf<X>, K>>>
  <X extends TensorLike>(x: Check<Diag<ShapeOf<X>, 0>, X>): Tensor<Resolved<Diag<ShapeOf<X>, 0>>>
}

/**
 * The square matrix with a vector on the diagonal `offset` (0), or the diagonal of a matrix: [n] -> [n,n], [m,n] -> [min(m, n)].
 * @throws ShapeError for other ranks
 * @example
 * diag(tensor([1, 2])) // [[1, 0], [0, 2]]
 * diag({ offset: 1 })(x) // [2, 6]
 */
export const diag: Diagonally = composite(
  {
    name: 'diag',
    doc: 'A matrix with a diagonal, or the diagonal of a matrix.',
    apply: (options: { readonly offset: number }, [x]) => diagOf(options, x as Tensor),
    sample: draw => ({
      params: { offset: draw.integer(-2, 2) },
      args: [draw.tensor(draw.shape({ minRank: 1, maxRank: 2 }))],
    }),
    invalid: draw => ({ params: { offset: 0 }, args: [draw.tensor([2, 2, 2])] }),
  },
  dataLast<OffsetOptions, Diagonally>('diag', ['offset'], diagOf),
)

const samplePlane = (draw: Draw): Sample<DiagonalParams> => {
  const { axis, x } = drawPlane(draw)
  return { params: { offset: draw.integer(-2, 2), axis }, args: [x] }
}
const invalidPlane = (draw: Draw): Sample<DiagonalParams> => ({
  params: { offset: 0, axis: [0, 0] },
  args: [draw.tensor([2, 2])],
})

type PlaneOptions<A extends readonly [number, number] = readonly [number, number]> = OffsetOptions & {
  readonly axis?: A
}

interface Diagonals {
  <const A extends readonly [number, number] = readonly [0, 1]>(
    options: PlaneOptions<A> & NotTensor,
  ): <X extends TensorLike>(x: Check<Diagonal<ShapeOf<X>, A>, X>) => Tensor<Resolved<Diagonal<ShapeOf<X>, A>>>
  <X extends TensorLike>(
    x: Check<Diagonal<ShapeOf<X>, readonly [0, 1]>, X>,
  ): Tensor<Resolved<Diagonal<ShapeOf<X>, readonly [0, 1]>>>
}

/**
 * The diagonal `offset` (0) in the plane of two axes, [0, 1] by default as in NumPy; it becomes the last axis.
 * @throws AxisError when the axes are not two different ones of x
 * @example
 * diagonal(x) // [1, 5]
 * diagonal({ axis: [-2, -1] })(ones([5, 3, 4])) // [5,3]
 */
export const diagonal: Diagonals = composite(
  {
    name: 'diagonal',
    doc: 'The diagonal in the plane of two axes.',
    apply: (params: DiagonalParams, [x]) => diagonalOf('diagonal', params, x as Tensor),
    sample: samplePlane,
    invalid: invalidPlane,
  },
  dataLast<PlaneOptions, Diagonals>('diagonal', ['offset', 'axis'], ({ offset = 0, axis = [0, 1] }, x) =>
    diagonalOf('diagonal', { offset, axis }, x),
  ),
)

interface Traces {
  <const A extends readonly [number, number] = readonly [0, 1]>(
    options: PlaneOptions<A> & NotTensor,
  ): <X extends TensorLike>(x: Check<MatrixTrace<ShapeOf<X>, A>, X>) => Tensor<Resolved<MatrixTrace<ShapeOf<X>, A>>>
  <X extends TensorLike>(
    x: Check<MatrixTrace<ShapeOf<X>, readonly [0, 1]>, X>,
  ): Tensor<Resolved<MatrixTrace<ShapeOf<X>, readonly [0, 1]>>>
}

/**
 * The sum of the diagonal `offset` (0) in the plane of two axes, [0, 1] by default: linear algebra's trace. bool
 * counts as int32.
 * @throws AxisError when the axes are not two different ones of x
 * @example
 * matrixTrace(x) // 6
 */
export const matrixTrace: Traces = composite(
  {
    name: 'matrixTrace',
    doc: 'The sum of a diagonal.',
    apply: (params: DiagonalParams, [x]) => traceOf(params, x as Tensor),
    sample: samplePlane,
    invalid: invalidPlane,
  },
  dataLast<PlaneOptions, Traces>('matrixTrace', ['offset', 'axis'], ({ offset = 0, axis = [0, 1] }, x) =>
    traceOf({ offset, axis }, x),
  ),
)
const traceOf = (params: DiagonalParams, x: Tensor): Tensor =>
  sum({ axis: -1 })(diagonalOf('matrixTrace', params, x)) as Tensor

// ---- powers

/** How many columns (as many as rows), and whether powers go up along them. */
export type VanderOptions<N extends number | undefined = number> = {
  readonly columns?: N
  readonly increasing?: boolean
}

interface Powers {
  <const N extends number | undefined = undefined>(
    options: VanderOptions<N> & NotTensor,
  ): <X extends TensorLike>(x: Check<VectorOnly<'vander', 'x', ShapeOf<X>>, X>) => Tensor<Vander<ShapeOf<X>, N>>
  <X extends TensorLike>(x: Check<VectorOnly<'vander', 'x', ShapeOf<X>>, X>): Tensor<Vander<ShapeOf<X>, undefined>>
}

type VanderParams = { readonly columns: number | null; readonly increasing: boolean }

const powersOf = ({ columns, increasing }: VanderParams, x: Tensor): Tensor => {
  if (x.shape.length !== 1) return fail(shapeError('vander', `x must have one axis, got ${showShape(x.shape)}`))
  const rows = dim(x.shape, 0)
  const count = columns ?? rows
  if (!Number.isSafeInteger(count) || count < 0)
    return fail(valueError('vander', `columns must be a whole number of at least 0, got ${describe(count)}`))
  const one = broadcastTo([rows, Math.min(1, count)])(scalarLike(1, x.dtype))
  const factors = concat({ axis: 1 })([one, broadcastTo([rows, Math.max(0, count - 1)])(reshape([rows, 1])(x))])
  const powers = cumprod({ axis: 1 })(factors)
  return increasing ? powers : flip({ axis: 1 })(powers)
}

/**
 * Vandermonde's matrix: powers of x along rows, from x^(columns - 1) down to 1, or up with `increasing`; as many columns as rows unless
 * said. As running products, so that derivatives at 0 are exact.
 * @throws ShapeError unless x has one axis; ValueError for columns that are no whole number
 * @example
 * vander({ columns: 3 })(tensor([2, 3])) // [[4, 2, 1], [9, 3, 1]]
 */
export const vander: Powers = composite(
  {
    name: 'vander',
    doc: "Vandermonde's matrix of powers.",
    apply: (params: VanderParams, [x]) => powersOf(params, x as Tensor),
    sample: (draw): Sample<VanderParams> => ({
      params: { columns: draw.integer(0, 4), increasing: draw.boolean() },
      args: [draw.tensor([draw.integer(1, 3)])],
    }),
    invalid: (draw): Sample<VanderParams> => ({
      params: { columns: 2, increasing: true },
      args: [draw.tensor([2, 2])],
    }),
  },
  dataLast<VanderOptions, Powers>('vander', ['columns', 'increasing'], ({ columns = null, increasing = false }, x) =>
    powersOf({ columns, increasing }, x),
  ),
)
