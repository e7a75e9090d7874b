/**
 * Cholesky decomposition.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithm 4.2.2, by blocks as in section 4.2.9; of the upper triangle, whose rows lie
 * along memory. Read first: update.ts.
 */
import { transposed } from './orthogonal.ts'
import { after, BLOCK, rowMajor, subtractMultiple, subtractProduct, turned } from './update.ts'

/** The upper half of (A + Aᵀ)/2. */
const symmetricPart = (a: Float64Array, n: number): Float64Array => {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) out[i * n + j] = ((a[j * n + i] as number) + (a[i * n + j] as number)) / 2
  return out
}

/** Makes the rows from `first` to `last` those of U; false if a pivot is not positive. */
const eliminateRows = (u: Float64Array, n: number, first: number, last: number): boolean => {
  for (let k = first; k < last; k++) {
    const row = k * n
    const pivot = Math.sqrt(u[row + k] as number)
    if (!(pivot > 0)) return false
    u[row + k] = pivot
    for (let j = k + 1; j < n; j++) u[row + j] = (u[row + j] as number) / pivot
    for (let i = k + 1; i < last; i++) subtractMultiple(u, i * n + i, u[row + i] as number, u, row + i, n - i)
  }
  return true
}

/** Overwrites the upper half of a symmetric matrix by U with Uᵀ·U = A; false if a pivot is not positive. */
const factorize = (u: Float64Array, n: number): boolean => {
  const whole = rowMajor(u, n)
  for (let first = 0; first < n; first += BLOCK) {
    const last = Math.min(first + BLOCK, n)
    if (!eliminateRows(u, n, first, last)) return false
    // Two rows at a time: what that writes below the diagonal is never read.
    for (let i = last; i < n; i += 2) {
      const beside = after(whole, first, i)
      subtractProduct(after(whole, i, i), turned(beside), beside, Math.min(2, n - i), last - first, n - i)
    }
  }
  return true
}

/** L with L·Lᵀ = (A + Aᵀ)/2, or Lᵀ; NaN throughout the triangle where a pivot is not positive. */
export const cholesky = (a: Float64Array, n: number, upper: boolean): Float64Array => {
  const u = symmetricPart(a, n)
  const defined = factorize(u, n)
  for (let i = 0; i < n; i++) {
    u.fill(0, i * n, i * (n + 1))
    if (!defined) u.fill(Number.NaN, i * (n + 1), (i + 1) * n)
  }
  return upper ? u : transposed(u, n, n)
}
