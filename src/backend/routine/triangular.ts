/**
 * Forward and backward substitution.
 *
 * Layer: backend.
 */
import type { Triangle } from '../../core/routine.ts'

/**
 * Overwrites B by X with op(A)·X = B, where A is n×n and B n×k; or, on the other side, X·op(A) = B, where B is k×n. The half of A
 * that is not named, and a diagonal said to be ones, is not read.
 */
export const solveTriangular = (
  a: Float64Array,
  n: number,
  b: Float64Array,
  k: number,
  { lower, transpose, unitDiagonal, leftSide }: Triangle,
): Float64Array => {
  // X·op(A) = B is op(A)ᵀ·Xᵀ = Bᵀ.
  const flipped = transpose === leftSide
  const forward = lower !== flipped
  const [down, right] = flipped ? [1, n] : [n, 1]
  const [alongRow, alongColumn] = leftSide ? [k, 1] : [1, n]
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step
    for (let done = 0; done < step; done++) {
      const j = forward ? done : n - 1 - done
      const factor = a[i * down + j * right] as number
      for (let c = 0; c < k; c++)
        b[i * alongRow + c * alongColumn] =
          (b[i * alongRow + c * alongColumn] as number) - factor * (b[j * alongRow + c * alongColumn] as number)
    }
    if (unitDiagonal) continue
    const pivot = a[i * (n + 1)] as number
    for (let c = 0; c < k; c++)
      b[i * alongRow + c * alongColumn] = (b[i * alongRow + c * alongColumn] as number) / pivot
  }
  return b
}
