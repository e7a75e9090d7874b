/**
 * QR decomposition by Householder reflections.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithm 5.2.1; the signs are those of LAPACK's dlarfg: R[j,j] has the sign
 * opposite to that of the element it replaces, but for a column that is zero below it, which is left alone. Read first: orthogonal.ts.
 */
import { accumulate, normalize, reflector, transposed } from './orthogonal.ts'

/**
 * Takes v·yᵀ off the rows from `from` on and columns after it, and leaves what remains, transposed, times `next` in `product`: one pass
 * over A for the reflection before and the one to come.
 */
const updateAndMultiply = (
  a: Float64Array,
  from: number,
  v: Float64Array,
  y: Float64Array,
  next: Float64Array,
  product: Float64Array,
): void => {
  const n = y.length
  product.fill(0)
  for (let i = from; i < v.length; i++) {
    const vi = v[i] as number
    const nexti = next[i] as number
    const row = i * n
    for (let j = from + 1; j < n; j++) {
      const x = (a[row + j] as number) - vi * (y[j] as number)
      a[row + j] = x
      product[j] = (product[j] as number) + x * nexti
    }
  }
}

/** Q, m×k, and R, k×n, with k = min(m, n); NaN if A is not finite. A is overwritten. */
export const qr = (a: Float64Array, m: number, n: number): readonly [q: Float64Array, r: Float64Array] => {
  const k = Math.min(m, n)
  const scale = normalize(a)
  if (Number.isNaN(scale)) return [new Float64Array(m * k).fill(scale), new Float64Array(k * n).fill(scale)]
  const [reflectors, taus, r] = [new Float64Array(k * m), new Float64Array(k), new Float64Array(k * n)]
  const [column, y, product] = [new Float64Array(m), new Float64Array(n), new Float64Array(n)]
  let v = new Float64Array(m)
  for (let j = 0; j < k; j++) {
    for (let i = j; i < m; i++) column[i] = (a[i * n + j] as number) - (v[i] as number) * (y[j] as number)
    const next = reflectors.subarray(j * m, (j + 1) * m)
    const [multiple, tau] = reflector(column, j, next)
    taus[j] = tau
    updateAndMultiply(a, j, v, y, next, product)
    v = next
    r[j * (n + 1)] = multiple * scale
    for (let c = j + 1; c < n; c++) {
      y[c] = tau * (product[c] as number)
      r[j * n + c] = ((a[j * n + c] as number) - (y[c] as number)) * scale
    }
  }
  return [transposed(accumulate(reflectors, taus, [k, m], 0), k, m), r]
}
