/**
 * Routines: dense linear algebra that is no nest of loops over independent points. A routine is named, takes its parameters as
 * plain data, and works on the last two axes of its operands, once for each point of the leading ones.
 *
 * Layer: core. Part of the kernel language (kernel.ts). Read next: backend/routine.ts, which runs them.
 */
import type { FloatDtype } from './dtype.ts'
import { dim, type Shape } from './shape.ts'

/** How a triangular matrix is read: which half of it, itself or its transpose, with ones for its diagonal; and on which side of X it stands. */
export type Triangle = {
  readonly lower: boolean
  readonly transpose: boolean
  readonly unitDiagonal: boolean
  readonly leftSide: boolean
}

/** What is done to a matrix A, or to a matrix A and right-hand sides B. */
export type Task =
  /** L with L·Lᵀ = (A + Aᵀ)/2, or its transpose; NaN in the triangle where that is not positive definite. */
  | { readonly name: 'cholesky'; readonly upper: boolean }
  /** X with op(A)·X = B, or X·op(A) = B. */
  | ({ readonly name: 'triangularSolve' } & Triangle)
  /** X with A·X = B. */
  | { readonly name: 'solve' }
  | { readonly name: 'det' }
  /** The sign of the determinant and ln of its absolute value. */
  | { readonly name: 'slogdet' }
  /** det(A)·A⁻¹, which singular matrices have too. */
  | { readonly name: 'adjugate' }
  /** Q and R of the reduced decomposition, with LAPACK's signs. */
  | { readonly name: 'qr' }
  /** Ascending eigenvalues of (A + Aᵀ)/2, and the eigenvectors as columns; the largest component of each is positive. */
  | { readonly name: 'eigh' }
  /** U, descending singular values and Vᵀ of the reduced decomposition; the largest component of each row of Vᵀ is positive. */
  | { readonly name: 'svd' }

/** `operands` are whole shapes; their leading axes broadcast to `batch`, which those of the results are. */
export type Routine = {
  readonly tag: 'routine'
  readonly task: Task
  readonly dtype: FloatDtype
  readonly batch: Shape
  readonly operands: readonly Shape[]
}

/** The sizes of an operand's matrices. */
export const matrixSizes = (shape: Shape = []): readonly [rows: number, columns: number] => [
  dim(shape, shape.length - 2),
  dim(shape, shape.length - 1),
]

/** What a routine makes of one matrix of each operand: the shape of each result without the leading axes. */
export const resultSizes = ({ task, operands }: Routine): readonly Shape[] => {
  const [m, n] = matrixSizes(operands[0])
  const least = Math.min(m, n)
  switch (task.name) {
    case 'cholesky':
    case 'adjugate':
      return [[n, n]]
    case 'triangularSolve':
    case 'solve':
      return [matrixSizes(operands[1])]
    case 'det':
      return [[]]
    case 'slogdet':
      return [[], []]
    case 'qr':
      return [
        [m, least],
        [least, n],
      ]
    case 'eigh':
      return [[n], [n, n]]
    case 'svd':
      return [[m, least], [least], [least, n]]
  }
}
