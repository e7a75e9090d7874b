/**
 * LU decomposition with partial pivoting, and what is read off it: solutions and determinants.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithm 3.4.1, by blocks as in section 3.2.11. A singular matrix has a zero among
 * its pivots: its determinant is 0, its solutions are infinite or NaN. Read first: update.ts, triangular.ts.
 */
import { solveTriangular, substitute } from './triangular.ts'
import { after, BLOCK, rowMajor, subtractMultiple, subtractProduct } from './update.ts'

/** P·A = L·U, packed into one matrix; row i of P·A is row `rows[i]` of A, and `sign` is det P. */
export type Factors = {
  readonly n: number
  readonly packed: Float64Array
  readonly rows: readonly number[]
  readonly sign: number
}

/** 0, 1, ..., n - 1. */
export const upTo = (n: number): number[] => {
  const all: number[] = []
  for (let i = 0; i < n; i++) all.push(i)
  return all
}

/** Exchanges two rows. */
const swapRows = (a: Float64Array, n: number, i: number, j: number): void => {
  for (let c = 0; c < n; c++) {
    const kept = a[i * n + c] as number
    a[i * n + c] = a[j * n + c] as number
    a[j * n + c] = kept
  }
}

/**
 * Takes multiples of row k off the rows below, before column `end`, so that column k is zero there; the multipliers stay in its
 * place. A pivot is 0 only where all below it is, or NaN.
 */
export const eliminate = (a: Float64Array, n: number, k: number, end: number): void => {
  const row = k * n
  const pivot = a[row + k] === 0 ? 1 : (a[row + k] as number)
  for (let at = row + n + k; at < n * n; at += n) {
    const factor = (a[at] as number) / pivot
    a[at] = factor
    subtractMultiple(a, at + 1, factor, a, row + k + 1, end - k - 1)
  }
}

/** The row at or below k with the largest element in column k. */
const pivotRow = (a: Float64Array, n: number, k: number): number => {
  let found = k
  let largest = Math.abs(a[k * n + k] as number)
  for (let i = k + 1; i < n; i++) {
    const size = Math.abs(a[i * n + k] as number)
    if (size > largest) [found, largest] = [i, size]
  }
  return found
}

/** Makes row p row k of A, and of the list of its rows. */
export const choose = (a: Float64Array, n: number, rows: number[], k: number, p: number): void => {
  swapRows(a, n, k, p)
  const kept = rows[k] as number
  rows[k] = rows[p] as number
  rows[p] = kept
}

/** Factorises A, which is overwritten. */
export const factorize = (a: Float64Array, n: number): Factors => {
  const rows = upTo(n)
  let sign = 1
  const whole = rowMajor(a, n)
  for (let first = 0; first < n; first += BLOCK) {
    const last = Math.min(first + BLOCK, n)
    for (let k = first; k < last; k++) {
      const p = pivotRow(a, n, k)
      if (p !== k) {
        choose(a, n, rows, k, p)
        sign = -sign
      }
      eliminate(a, n, k, last)
    }
    if (last === n) break
    const beside = after(whole, first, last)
    substitute(after(whole, first, first), last - first, beside, n - last, true)
    subtractProduct(after(whole, last, last), after(whole, last, first), beside, n - last, last - first, n - last)
  }
  return { n, packed: a, rows, sign }
}

/** L, where it is packed with U. */
export const belowDiagonal = { lower: true, transpose: false, unitDiagonal: true, leftSide: true }
/** U, where it is packed with L. */
export const aboveDiagonal = { lower: false, transpose: false, unitDiagonal: false, leftSide: true }

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
