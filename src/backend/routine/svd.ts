/**
 * Singular values and vectors, by way of a bidiagonal matrix.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 8.6. Read first: orthogonal.ts, bidiagonal.ts.
 */
import { bidiagonalize, diagonalize } from './bidiagonal.ts'
import { normalize, signOf, transposed } from './orthogonal.ts'
import { qr } from './qr.ts'

type Decomposition = readonly [u: Float64Array, s: Float64Array, vt: Float64Array]

/** A matrix with so many times as many rows as columns is reduced to its R first, Chan 1982: reflections are cheaper than rotations. */
const TALL = 1.5

/** A·B, m×n, for A m×k and B k×n. */
const product = (a: Float64Array, b: Float64Array, [m, k, n]: readonly [number, number, number]): Float64Array => {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) {
      const factor = a[i * k + l] as number
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] as number) + factor * (b[l * n + j] as number)
    }
  return out
}

/** With m ≥ n, elements near 1, and signs as they come. */
const decompose = (a: Float64Array, m: number, n: number): Decomposition => {
  if (n > 0 && m >= TALL * n && m > n) {
    const [q, r] = qr(a, m, n)
    const [u, s, vt] = decompose(r, n, n)
    return [product(q, u, [m, n, n]), s, vt]
  }
  const b = bidiagonalize(a, m, n)
  diagonalize(b, m)
  const { diagonal, left, right } = b
  const order = Array.from(diagonal, (_, i) => i)
  order.sort((i, j) => Math.abs(diagonal[j] as number) - Math.abs(diagonal[i] as number))
  const [u, s, vt] = [new Float64Array(m * n), new Float64Array(n), new Float64Array(n * n)]
  order.forEach((from, to) => {
    const value = diagonal[from] as number
    s[to] = Math.abs(value)
    vt.set(right.subarray(from * n, (from + 1) * n), to * n)
    for (let i = 0; i < m; i++) u[i * n + to] = (value < 0 ? -1 : 1) * (left[from * m + i] as number)
  })
  return [u, s, vt]
}

/** Makes the largest component of each row of Vᵀ positive. */
const signed = ([u, s, vt]: Decomposition, m: number, n: number, k: number): Decomposition => {
  for (let row = 0; row < k; row++) {
    if (signOf(vt.subarray(row * n, (row + 1) * n)) > 0) continue
    for (let j = 0; j < n; j++) vt[row * n + j] = -(vt[row * n + j] as number)
    for (let i = 0; i < m; i++) u[i * k + row] = -(u[i * k + row] as number)
  }
  return [u, s, vt]
}

/** U, m×k, descending singular values, and Vᵀ, k×n, with k = min(m, n); the largest component of each row of Vᵀ is positive. NaN if A is not finite. */
export const svd = (a: Float64Array, m: number, n: number): Decomposition => {
  const k = Math.min(m, n)
  const scale = normalize(a)
  if (Number.isNaN(scale))
    return [new Float64Array(m * k).fill(scale), new Float64Array(k).fill(scale), new Float64Array(k * n).fill(scale)]
  if (m >= n) {
    const [u, s, vt] = decompose(a, m, n)
    return signed([u, s.map(x => x * scale), vt], m, n, k)
  }
  const [v, s, ut] = decompose(transposed(a, m, n), n, m)
  return signed([transposed(ut, m, m), s.map(x => x * scale), transposed(v, n, m)], m, n, k)
}
