/**
 * Eigenvalues and eigenvectors of symmetric matrices.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 8.5. Read first: jacobi.ts.
 */
import { rotate, rotation, SWEEPS, signOf } from './jacobi.ts'

/** Elements this much smaller than the largest are 0. */
const NEGLIGIBLE = 1e-18

/** (A + Aᵀ)/2, and its largest absolute value, which is NaN if there is one. */
const symmetrized = (a: Float64Array, n: number): readonly [s: Float64Array, scale: number] => {
  const s = a.map((x, at) => (x + (a[(at % n) * n + Math.floor(at / n)] as number)) / 2)
  return [s, s.reduce((most, x) => Math.max(most, Math.abs(x)), 0)]
}

/** Turns S to a diagonal matrix, row i of V to the eigenvector of its i-th element; false when nothing is left to do. */
const sweep = (s: Float64Array, v: Float64Array, n: number, negligible: number): boolean => {
  let turned = false
  for (let p = 0; p < n - 1; p++)
    for (let q = p + 1; q < n; q++) {
      const off = s[p * n + q] as number
      if (Math.abs(off) <= negligible) continue
      const turn = rotation(((s[q * (n + 1)] as number) - (s[p * (n + 1)] as number)) / (2 * off))
      rotate(s, n, [p * n, q * n], turn)
      rotate(s, n, [p, q], turn, n)
      rotate(v, n, [p * n, q * n], turn)
      turned = true
    }
  return turned
}

/** Ascending eigenvalues of (A + Aᵀ)/2, and as columns the eigenvectors, whose largest component is positive; NaN if A is not finite. */
export const eigh = (a: Float64Array, n: number): readonly [values: Float64Array, vectors: Float64Array] => {
  const [s, scale] = symmetrized(a, n)
  if (!Number.isFinite(scale)) return [new Float64Array(n).fill(Number.NaN), new Float64Array(n * n).fill(Number.NaN)]
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * (n + 1)] = 1
  for (let count = 0; count < SWEEPS && sweep(s, v, n, NEGLIGIBLE * scale); count++);
  const order = Array.from({ length: n }, (_, i) => i)
  order.sort((i, j) => (s[i * (n + 1)] as number) - (s[j * (n + 1)] as number))
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    const vector = v.subarray(from * n, (from + 1) * n)
    const sign = signOf(vector)
    vector.forEach((x, i) => {
      vectors[i * n + to] = sign * x
    })
  })
  return [Float64Array.from(order, i => s[i * (n + 1)] as number), vectors]
}
