/**
 * What ops on matrices share: shape rules, their kernel, parts of a matrix, and samples that are well conditioned.
 *
 * Layer: ops. No op is declared here. Read next: solving.ts, decompositions.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type FloatDtype, isFloat } from '../core/dtype.ts'
import { type CotangentError, describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { matrixSizes, type Routine, type Task } from '../core/routine.ts'
import { broadcastShapes, dim, range, type Shape, showShape } from '../core/shape.ts'
import { tensor } from '../core/tensor.ts'
import type { Draw, Tensor, TensorType } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import { ge, where } from './comparison.ts'
import { arange, eye } from './creation.ts'
import { commonDtype, first } from './define.ts'
import { add, mul } from './elementwise.ts'
import { matmul, matrixTranspose } from './linalg.ts'
import { reshape } from './movement.ts'
import { sum } from './reduction.ts'

// ---- rules and kernels

/** Matrices with their leading axes, in a float dtype. */
export type Matrices = {
  readonly batch: Shape
  readonly rows: number
  readonly columns: number
  readonly dtype: FloatDtype
}

const wrongShape = (op: string, shape: Shape, square: boolean): E.Either<CotangentError, never> =>
  E.left(shapeError(op, `needs ${square ? 'square ' : ''}matrices, got ${showShape(shape)}`))

/** The matrices of an op's first argument, or why it has none. */
export const matrices = (
  op: string,
  types: readonly TensorType[],
  { square }: { readonly square: boolean },
): E.Either<CotangentError, Matrices> => {
  const { shape } = first(types)
  const [rows, columns] = matrixSizes(shape)
  if (shape.length < 2 || (square && rows !== columns)) return wrongShape(op, shape, square)
  return pipe(
    commonDtype(op, types, 'float'),
    E.map(dtype => ({ batch: shape.slice(0, -2), rows, columns, dtype: dtype as FloatDtype })),
  )
}

/** What solutions need: matrices, and right-hand sides [..., n, k] of n rows, or [..., k, n] on the other side. */
export const rightHandSides = (
  op: string,
  a: Shape,
  b: Shape,
  leftSide = true,
): E.Either<CotangentError, { readonly batch: Shape }> => {
  const text = `${showShape(a)} with right-hand sides ${showShape(b)}`
  if (b.length === 0) return E.left(shapeError(op, 'right-hand sides need at least one axis, got []'))
  const [n] = matrixSizes(a)
  const found = b.length === 1 || !leftSide ? b.at(-1) : b.at(-2)
  if (found !== n) return E.left(shapeError(op, `sizes differ: ${text} (${n} vs ${found})`))
  return pipe(
    broadcastShapes(op, a.slice(0, -2), b.slice(0, -2)),
    E.bimap(
      () => shapeError(op, `leading axes do not broadcast: ${text}`),
      batch => ({ batch }),
    ),
  )
}

/** Solves for right-hand sides that fit. With NumPy's rule, one axis is a vector, and nothing else is. */
export const withVectors = (
  op: string,
  a: Tensor,
  b: Tensor,
  { square, leftSide = true }: { readonly square: boolean; readonly leftSide?: boolean },
  solveFor: (b: Tensor) => Tensor,
): Tensor => {
  orThrow(matrices(op, [a], { square }))
  orThrow(rightHandSides(op, a.shape, b.shape, leftSide))
  if (b.shape.length > 1) return solveFor(b)
  const x = solveFor(reshape(leftSide ? [-1, 1] : [1, -1])(b))
  return reshape([...x.shape.slice(0, -2), dim(x.shape, x.shape.length - (leftSide ? 2 : 1))])(x)
}

/** The kernel of a routine on arguments whose leading axes broadcast. */
export const routine = (task: Task, types: readonly TensorType[]): Routine => {
  const operands = types.map(({ shape }) => shape)
  const { dtype } = first(types)
  const batch = broadcastShapes(task.name, ...operands.map(shape => shape.slice(0, -2)))
  return {
    tag: 'routine',
    task,
    dtype: isFloat(dtype) ? dtype : 'float32',
    batch: E.getOrElse((): number[] => [])(batch),
    operands,
  }
}

// ---- options

/** An option that is true or false. */
export const flag = (op: string, name: string, value: boolean | undefined, otherwise: boolean): boolean => {
  if (value === undefined) return otherwise
  return typeof value === 'boolean'
    ? value
    : fail(valueError(op, `${name} must be true or false, got ${describe(value)}`))
}

// ---- parts of matrices

/** The diagonal: [..., n, n] -> [..., n]. */
export const diagonalOf = (x: Tensor): Tensor => sum({ axis: -1 })(mul(x, identityLike(x)))

/** Elements at or below the diagonal number `offset`, counted to the right; zeros elsewhere. */
export const lowerPart = (x: Tensor, offset = 0): Tensor => {
  const [rows, columns] = matrixSizes(x.shape)
  const below = ge(add(reshape([rows, 1])(arange(rows)), offset), arange(columns))
  return where(below, x, 0)
}

/** Elements at or above the diagonal number `offset`; zeros elsewhere. */
export const upperPart = (x: Tensor, offset = 0): Tensor =>
  matrixTranspose(lowerPart(matrixTranspose(x) as Tensor, -offset)) as Tensor

/** (x + xᵀ)/2. */
export const symmetricPart = (x: Tensor): Tensor => mul(0.5, add(x, matrixTranspose(x) as Tensor))

/** The identity that goes with matrices. */
export const identityLike = (x: Tensor): Tensor => eye(matrixSizes(x.shape)[1], { dtype: x.dtype })

/** The sum of the diagonal. */
export const traceOf = (x: Tensor): Tensor => sum({ axis: [-2, -1] })(mul(x, identityLike(x)))

// ---- samples

/** No leading axes, or one. */
export const drawBatch = (draw: Draw): Shape => draw.shape({ maxRank: 1, maxSize: 2 })

/** n×n matrices far from singular, in which elimination has to exchange rows. */
export const drawRegular = (draw: Draw, batch: Shape, n: number): Tensor => {
  const rows = draw.permutation(n)
  const permutation = tensor(
    rows.flatMap(row => range(0, n).map(i => (i === row ? 2 : 0))),
    {
      shape: [n, n],
      dtype: draw.dtype,
    },
  )
  return add(permutation, draw.tensor([...batch, n, n], [[-0.4, 0.4]]))
}

/** n×n matrices whose symmetric part is positive definite. */
export const drawPositive = (draw: Draw, batch: Shape, n: number): Tensor => {
  const [x, skew] = [draw.tensor([...batch, n, n], [[-1, 1]]), draw.tensor([...batch, n, n], [[-1, 1]])]
  const positive = add(matmul(x, matrixTranspose(x)) as Tensor, identityLike(x))
  return add(positive, sub(skew, matrixTranspose(skew) as Tensor))
}

/** m×n matrices near a diagonal one whose elements are 3 apart, in any order: eigenvalues and singular values keep their distance. */
export const drawSpread = (draw: Draw, batch: Shape, m: number, n: number): Tensor => {
  const places = draw.permutation(Math.min(m, n))
  const diagonal = range(0, m).flatMap(i => range(0, n).map(j => (i === j ? 3 * (places[i] ?? 0) + 3 : 0)))
  return add(tensor(diagonal, { shape: [m, n], dtype: draw.dtype }), draw.tensor([...batch, m, n], [[-0.4, 0.4]]))
}
