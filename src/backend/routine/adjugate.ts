/**
 * The adjugate det(A)·A⁻¹, without a division by what may be zero.
 *
 * Layer: backend. With complete pivoting, P·A·Q = L·U, a matrix of rank n - 1 has its one zero in the last pivot, and
 *
 *     U = [U₁ c; 0 u],    adj U = det(U₁)·[u·U₁⁻¹  -U₁⁻¹·c; 0 1],    adj A = det(P)·det(Q)·Q·adj(U)·L⁻¹·P
 *
 * does not divide by u. Of a lesser rank, det U₁ = 0 and so is the adjugate. Source: Stewart 1998, "On the adjugate matrix".
 */
import { aboveDiagonal, belowDiagonal, choose, eliminate, upTo } from './lu.ts'
import { solveTriangular } from './triangular.ts'

const swapColumns = (a: Float64Array, n: number, i: number, j: number): void => {
  for (let r = 0; r < n; r++) {
    const kept = a[r * n + i] as number
    a[r * n + i] = a[r * n + j] as number
    a[r * n + j] = kept
  }
}

/** The place of the largest element in the rows and columns from k on, in the list of all. */
const pivotPlace = (a: Float64Array, n: number, k: number): number => {
  let found = k * (n + 1)
  let largest = Math.abs(a[found] as number)
  for (let i = k; i < n; i++)
    for (let at = i * n + k; at < (i + 1) * n; at++) {
      const size = Math.abs(a[at] as number)
      if (size > largest) {
        found = at
        largest = size
      }
    }
  return found
}

/** Row i of P·A·Q is row `rows[i]` of A, and so for columns; `sign` is det(P)·det(Q). */
type Pivoted = { readonly rows: readonly number[]; readonly columns: readonly number[]; readonly sign: number }

/** Overwrites A by L and U. */
const eliminateAll = (a: Float64Array, n: number): Pivoted => {
  const rows = upTo(n)
  const columns = upTo(n)
  let sign = 1
  for (let k = 0; k < n; k++) {
    const place = pivotPlace(a, n, k)
    const row = Math.floor(place / n)
    const column = place % n
    if (row !== k) {
      choose(a, n, rows, k, row)
      sign = -sign
    }
    if (column !== k) {
      swapColumns(a, n, k, column)
      ;[columns[k], columns[column]] = [columns[column] as number, columns[k] as number]
      sign = -sign
    }
    eliminate(a, n, k, n)
  }
  return { rows, columns, sign }
}

/** diag(u, ..., u, 1)·L⁻¹·P. */
const scaledRows = (a: Float64Array, n: number, rows: readonly number[], u: number): Float64Array => {
  const x = new Float64Array(n * n)
  for (let i = 0; i < n; i++) x[i * n + (rows[i] as number)] = 1
  solveTriangular(a, n, x, n, belowDiagonal)
  for (let at = 0; at < n * (n - 1); at++) x[at] = u * (x[at] as number)
  return x
}

/** adj A; A is overwritten. For n = 1 it is 1. */
export const adjugate = (a: Float64Array, n: number): Float64Array => {
  const out = new Float64Array(n * n)
  const { rows, columns, sign } = eliminateAll(a, n)
  let scale = sign
  for (let i = 0; i < n - 1; i++) scale *= a[i * (n + 1)] as number
  if (scale === 0 || n === 0) return out
  const x = scaledRows(a, n, rows, a[n * n - 1] as number)
  a[n * n - 1] = 1
  solveTriangular(a, n, x, n, aboveDiagonal)
  for (let i = 0; i < n; i++)
    for (let c = 0; c < n; c++) out[(columns[i] as number) * n + c] = scale * (x[i * n + c] as number)
  return out
}
