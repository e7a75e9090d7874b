/**
 * The adjugate det(A)·A⁻¹, without a division by what may be zero.
 *
 * Layer: backend. With complete pivoting, P·A·Q = L·U, a matrix of rank n - 1 has its one zero in the last pivot, and
 *
 *     U = [U₁ c; 0 u],    adj U = det(U₁)·[u·U₁⁻¹  -U₁⁻¹·c; 0 1],    adj A = det(P)·det(Q)·Q·adj(U)·L⁻¹·P
 *
 * does not divide by u. Of a lesser rank, det U₁ = 0 and so is the adjugate. Source: Stewart 1998, "On the adjugate matrix".
 */
import { eliminate, swapRows } from './lu.ts'

const swapColumns = (a: Float64Array, n: number, i: number, j: number): void => {
  for (let r = 0; r < n; r++) {
    const kept = a[r * n + i] as number
    a[r * n + i] = a[r * n + j] as number
    a[r * n + j] = kept
  }
}

/** The place of the largest element in the rows and columns from k on. */
const pivotPlace = (a: Float64Array, n: number, k: number): readonly [row: number, column: number] => {
  let [row, column] = [k, k]
  for (let i = k; i < n; i++)
    for (let j = k; j < n; j++)
      if (Math.abs(a[i * n + j] as number) > Math.abs(a[row * n + column] as number)) [row, column] = [i, j]
  return [row, column]
}

type Pivoted = { readonly columns: readonly number[]; readonly b: Float64Array; readonly sign: number }

/** Overwrites A by its factors; b is L⁻¹·P, `columns` is Q. */
const eliminateAll = (a: Float64Array, n: number): Pivoted => {
  const columns = Array.from({ length: n }, (_, i) => i)
  const b = new Float64Array(n * n)
  for (let i = 0; i < n; i++) b[i * (n + 1)] = 1
  let sign = 1
  for (let k = 0; k < n; k++) {
    const [row, column] = pivotPlace(a, n, k)
    if (row !== k) {
      swapRows(a, n, k, row)
      swapRows(b, n, k, row)
      sign = -sign
    }
    if (column !== k) {
      swapColumns(a, n, k, column)
      ;[columns[k], columns[column]] = [columns[column] as number, columns[k] as number]
      sign = -sign
    }
    eliminate(a, n, k)
    if (a[k * (n + 1)] === 0) continue
    for (let i = k + 1; i < n; i++) subtractRow(b, n, i, k, a[i * n + k] as number)
  }
  return { columns, b, sign }
}

const subtractRow = (b: Float64Array, n: number, i: number, k: number, factor: number): void => {
  for (let c = 0; c < n; c++) b[i * n + c] = (b[i * n + c] as number) - factor * (b[k * n + c] as number)
}

/** adj A; A is overwritten. For n = 1 it is 1. */
export const adjugate = (a: Float64Array, n: number): Float64Array => {
  const out = new Float64Array(n * n)
  const { columns, b, sign } = eliminateAll(a, n)
  let scale = sign
  for (let i = 0; i < n - 1; i++) scale *= a[i * (n + 1)] as number
  if (scale === 0) return out
  const last = n - 1
  const u = a[n * n - 1] as number
  for (let c = 0; c < n; c++) {
    const x = new Float64Array(n)
    x[last] = b[last * n + c] as number
    for (let i = last - 1; i >= 0; i--) {
      let sum = u * (b[i * n + c] as number)
      for (let j = i + 1; j < n; j++) sum -= (a[i * n + j] as number) * (x[j] as number)
      x[i] = sum / (a[i * (n + 1)] as number)
    }
    columns.forEach((column, i) => {
      out[column * n + c] = scale * (x[i] as number)
    })
  }
  return out
}
