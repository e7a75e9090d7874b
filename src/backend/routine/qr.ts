/**
 * QR decomposition by Householder reflections.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithm 5.2.1; the signs are those of LAPACK's dlarfg: R[j,j] has the sign
 * opposite to that of the element it replaces, but for a column that is zero below it, which is left alone.
 */

/** The length of column j from row `from` on, without overflow on the way. */
const columnNorm = (a: Float64Array, m: number, n: number, from: number, j: number): number => {
  let largest = 0
  for (let i = from; i < m; i++) largest = Math.max(largest, Math.abs(a[i * n + j] as number))
  if (largest === 0) return 0
  let sum = 0
  for (let i = from; i < m; i++) sum += ((a[i * n + j] as number) / largest) ** 2
  return largest * Math.sqrt(sum)
}

/** Makes column j zero below the diagonal. Its reflection is I - τ·v·vᵀ with v = 1 at j; the rest of v takes the zeros' place. */
const reflect = (a: Float64Array, m: number, n: number, j: number): number => {
  const alpha = a[j * n + j] as number
  const rest = columnNorm(a, m, n, j + 1, j)
  if (rest === 0) return 0
  const beta = alpha < 0 ? Math.hypot(alpha, rest) : -Math.hypot(alpha, rest)
  for (let i = j + 1; i < m; i++) a[i * n + j] = (a[i * n + j] as number) / (alpha - beta)
  a[j * n + j] = beta
  return (beta - alpha) / beta
}

/** Applies the reflection in column j of `a` to columns `from` and on of b, which has as many rows. */
const applyReflection = (
  a: Float64Array,
  [m, n]: readonly [number, number],
  j: number,
  tau: number,
  b: Float64Array,
  [from, columns]: readonly [number, number],
): void => {
  for (let c = from; c < columns; c++) {
    let dot = b[j * columns + c] as number
    for (let i = j + 1; i < m; i++) dot += (a[i * n + j] as number) * (b[i * columns + c] as number)
    b[j * columns + c] = (b[j * columns + c] as number) - tau * dot
    for (let i = j + 1; i < m; i++)
      b[i * columns + c] = (b[i * columns + c] as number) - tau * dot * (a[i * n + j] as number)
  }
}

/** Q, m×k, and R, k×n, with k = min(m, n); A is overwritten. */
export const qr = (a: Float64Array, m: number, n: number): readonly [q: Float64Array, r: Float64Array] => {
  const k = Math.min(m, n)
  const taus = new Float64Array(k)
  for (let j = 0; j < k; j++) {
    taus[j] = reflect(a, m, n, j)
    applyReflection(a, [m, n], j, taus[j] as number, a, [j + 1, n])
  }
  const q = new Float64Array(m * k)
  for (let i = 0; i < k; i++) q[i * (k + 1)] = 1
  for (let j = k - 1; j >= 0; j--) applyReflection(a, [m, n], j, taus[j] as number, q, [j, k])
  const r = new Float64Array(k * n)
  for (let i = 0; i < k; i++) r.set(a.subarray(i * n + i, (i + 1) * n), i * n + i)
  return [q, r]
}
