/**
 * Forward and backward substitution.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 3.1. Read first: update.ts.
 */
import type { Triangle } from '../../core/routine.ts'
import { transposed } from './orthogonal.ts'
import { after, BLOCK, type Block, subtractProduct } from './update.ts'

/** A matrix of so few columns is not worth the copy that has them along memory: what was fastest. */
const SMALL = 16

/** Overwrites the n rows of B, of length k, by those of L⁻¹·B, one after the other. */
const substituteRows = (l: Block, n: number, b: Block, k: number, unitDiagonal: boolean): void => {
  const { values: a, start, down: nextRow, right: nextColumn } = l
  const { values: x, start: top, down, right } = b
  for (let i = 0; i < n; i++) {
    const row = top + i * down
    for (let j = 0; j < i; j++) {
      const factor = a[start + i * nextRow + j * nextColumn] as number
      const other = top + j * down
      for (let c = 0; c < k * right; c += right) x[row + c] = (x[row + c] as number) - factor * (x[other + c] as number)
    }
    if (unitDiagonal) continue
    const pivot = a[start + i * (nextRow + nextColumn)] as number
    for (let c = 0; c < k * right; c += right) x[row + c] = (x[row + c] as number) / pivot
  }
}

/**
 * Overwrites B, n×k, by L⁻¹·B. Of L, n×n, only the lower half is read, without the diagonal if that is said to be ones. A B
 * whose rows do not lie along memory is taken one row after the other.
 */
export const substitute = (l: Block, n: number, b: Block, k: number, unitDiagonal: boolean): void => {
  const step = b.right === 1 ? BLOCK : n
  for (let first = 0; first < n; first += step) {
    const size = Math.min(step, n - first)
    const last = first + size
    const rows = after(b, first, 0)
    substituteRows(after(l, first, first), size, rows, k, unitDiagonal)
    if (last === n) return
    subtractProduct(after(b, last, 0), after(l, last, first), rows, n - last, size, k)
  }
}

/**
 * X with op(A)·X = B, where A is n×n and B n×k; or, on the other side, X·op(A) = B, where B is k×n. The half of A that is not named,
 * and a diagonal said to be ones, is not read. B is overwritten: by X, where A stands on the left.
 */
export const solveTriangular = (
  a: Float64Array,
  n: number,
  b: Float64Array,
  k: number,
  { lower, transpose, unitDiagonal, leftSide }: Triangle,
): Float64Array => {
  if (b.length === 0) return b
  // X·op(A) = B is op(A)ᵀ·Xᵀ = Bᵀ.
  if (!leftSide && n > SMALL) {
    const x = solveTriangular(a, n, transposed(b, k, n), k, {
      lower,
      transpose: !transpose,
      unitDiagonal,
      leftSide: true,
    })
    return transposed(x, n, k)
  }
  const flipped = transpose === leftSide
  // With its rows and columns in reverse, an upper triangle is a lower one. No product may be -0: as an index it is slow.
  const forward = lower !== flipped
  const step = forward ? 1 : -1
  const [down, right] = flipped ? [step, step * n] : [step * n, step]
  const [below, along] = leftSide ? [step * k, 1] : [step, n]
  const l = { values: a, start: forward ? 0 : n * n - 1, down, right }
  const x = { values: b, start: forward ? 0 : (n - 1) * -below, down: below, right: along }
  substitute(l, n, x, k, unitDiagonal)
  return b
}
