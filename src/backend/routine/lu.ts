/**
 * LU decomposition with partial pivoting, and what is read off it: solutions and determinants.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithm 3.4.1. A singular matrix has a zero among its pivots: its determinant is
 * 0, its solutions are infinite or NaN.
 */
import { solveTriangular } from './triangular.ts'

/** P·A = L·U, packed into one matrix; row i of P·A is row `rows[i]` of A, and `sign` is det P. */
export type Factors = {
  readonly n: number
  readonly packed: Float64Array
  readonly rows: readonly number[]
  readonly sign: number
}

/** Exchanges two rows. */
export const swapRows = (a: Float64Array, n: number, i: number, j: number): void => {
  for (let c = 0; c < n; c++) {
    const kept = a[i * n + c] as number
    a[i * n + c] = a[j * n + c] as number
    a[j * n + c] = kept
  }
}

/** Takes multiples of row k off the rows below, so that column k is zero there; the multipliers stay in its place. */
export const eliminate = (a: Float64Array, n: number, k: number): void => {
  const pivot = a[k * n + k] as number
  if (pivot === 0) return
  for (let i = k + 1; i < n; i++) {
    const factor = (a[i * n + k] as number) / pivot
    a[i * n + k] = factor
    for (let j = k + 1; j < n; j++) a[i * n + j] = (a[i * n + j] as number) - factor * (a[k * n + j] as number)
  }
}

/** The row at or below k with the largest element in column k. */
const pivotRow = (a: Float64Array, n: number, k: number): number => {
  let found = k
  for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k] as number) > Math.abs(a[found * n + k] as number)) found = i
  return found
}

/** Factorises A, which is overwritten. */
export const factorize = (a: Float64Array, n: number): Factors => {
  const rows = Array.from({ length: n }, (_, i) => i)
  let sign = 1
  for (let k = 0; k < n; k++) {
    const p = pivotRow(a, n, k)
    if (p !== k) {
      swapRows(a, n, k, p)
      ;[rows[k], rows[p]] = [rows[p] as number, rows[k] as number]
      sign = -sign
    }
    eliminate(a, n, k)
  }
  return { n, packed: a, rows, sign }
}

const belowDiagonal = { lower: true, transpose: false, unitDiagonal: true, leftSide: true }
const aboveDiagonal = { lower: false, transpose: false, unitDiagonal: false, leftSide: true }

/** X with A·X = B, for B of k columns. */
export const solveFactored = ({ n, packed, rows }: Factors, b: Float64Array, k: number): Float64Array => {
  const x = new Float64Array(n * k)
  rows.forEach((row, i) => {
    x.set(b.subarray(row * k, (row + 1) * k), i * k)
  })
  solveTriangular(packed, n, x, k, belowDiagonal)
  return solveTriangular(packed, n, x, k, aboveDiagonal)
}

const pivots = ({ n, packed }: Factors): readonly number[] =>
  Array.from({ length: n }, (_, i) => packed[i * (n + 1)] as number)

/** det A; 1 for n = 0. */
export const determinant = (factors: Factors): number => {
  const product = pivots(factors).reduce((x, pivot) => x * pivot, factors.sign)
  return product === 0 ? 0 : product
}

/** The sign of det A and ln |det A|: 0 and -∞ where A is singular. */
export const logDeterminant = (factors: Factors): readonly [sign: number, log: number] => {
  const all = pivots(factors)
  const sign = all.reduce((x, pivot) => x * Math.sign(pivot), factors.sign)
  return [sign === 0 ? 0 : sign, all.reduce((x, pivot) => x + Math.log(Math.abs(pivot)), 0)]
}
