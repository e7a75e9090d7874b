/**
 * Singular values and vectors, by rotating columns until they are orthogonal.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 8.6.3 (one-sided Jacobi). Read first: jacobi.ts.
 */
import { rotate, rotation, SWEEPS, signOf } from './jacobi.ts'

/** Columns with a smaller cosine are orthogonal, up to rounding. */
const ORTHOGONAL = 1e-15
/** Columns shorter than this, where the largest element is 1, are 0: their squares would vanish. */
const SHORT = 1e-140

const dot = (a: Float64Array, n: number, x: number, y: number): number => {
  let sum = 0
  for (let k = 0; k < n; k++) sum += (a[x + k] as number) * (a[y + k] as number)
  return sum
}

/** Makes rows p and q of G orthogonal, for all p and q, and turns V alike; false when nothing is left to do. */
const sweep = (g: Float64Array, m: number, v: Float64Array, n: number): boolean => {
  let turned = false
  for (let p = 0; p < n - 1; p++)
    for (let q = p + 1; q < n; q++) {
      const [alpha, beta] = [dot(g, m, p * m, p * m), dot(g, m, q * m, q * m)]
      const gamma = dot(g, m, p * m, q * m)
      if (Math.abs(gamma) <= ORTHOGONAL * Math.sqrt(alpha) * Math.sqrt(beta)) continue
      const turn = rotation((beta - alpha) / (2 * gamma))
      rotate(g, m, [p * m, q * m], turn)
      rotate(v, n, [p * n, q * n], turn)
      turned = true
    }
  return turned
}

/** A unit vector orthogonal to the first `count` rows, which are orthonormal and less than m: what is left of a basis vector. */
const orthogonalUnit = (rows: Float64Array, m: number, count: number): Float64Array => {
  for (let axis = 0; ; axis++) {
    const x = new Float64Array(m)
    x[axis] = 1
    for (let pass = 0; pass < 2; pass++)
      for (let r = 0; r < count; r++) {
        const row = rows.subarray(r * m, (r + 1) * m)
        const along = row.reduce((sum, y, k) => sum + y * (x[k] as number), 0)
        row.forEach((y, k) => {
          x[k] = (x[k] as number) - along * y
        })
      }
    const length = Math.hypot(...x)
    // Of m basis vectors, one keeps a part of at least 1/√m.
    if (length >= 0.5 / Math.sqrt(m) || axis === m - 1) return x.map(y => y / length)
  }
}

type Vectors = { readonly left: Float64Array; readonly values: Float64Array; readonly right: Float64Array }

/** Sorted, with unit vectors as rows on both sides. */
const sorted = (g: Float64Array, m: number, v: Float64Array, n: number, scale: number): Vectors => {
  const lengths = Array.from({ length: n }, (_, i) => Math.sqrt(dot(g, m, i * m, i * m)))
  const order = lengths.map((_, i) => i).sort((i, j) => (lengths[j] as number) - (lengths[i] as number))
  const [left, values, right] = [new Float64Array(n * m), new Float64Array(n), new Float64Array(n * n)]
  order.forEach((from, to) => {
    const length = lengths[from] as number
    const vector = v.subarray(from * n, (from + 1) * n)
    const sign = signOf(vector)
    const short = !(length >= SHORT)
    values[to] = short ? 0 : length * scale
    right.set(
      vector.map(x => sign * x),
      to * n,
    )
    const column = g.subarray(from * m, (from + 1) * m)
    left.set(short ? orthogonalUnit(left, m, to) : column.map(x => (sign * x) / length), to * m)
  })
  return { left, values, right }
}

/** From the columns of A, as rows of G, which is overwritten; there are not more of them than they are long. */
const decompose = (g: Float64Array, m: number, n: number): Vectors => {
  const scale = g.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  if (!Number.isFinite(scale)) {
    const unknown = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN)
    return { left: unknown(n * m), values: unknown(n), right: unknown(n * n) }
  }
  if (scale > 0) for (let i = 0; i < g.length; i++) g[i] = (g[i] as number) / scale
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * (n + 1)] = 1
  for (let count = 0; count < SWEEPS && sweep(g, m, v, n); count++);
  return sorted(g, m, v, n, scale)
}

const transposed = (a: Float64Array, m: number, n: number): Float64Array =>
  a.map((_, at) => a[(at % m) * n + Math.floor(at / m)] as number)

/** U, m×k, descending singular values, and Vᵀ, k×n, with k = min(m, n); the largest component of each row of Vᵀ is positive. */
export const svd = (
  a: Float64Array,
  m: number,
  n: number,
): readonly [u: Float64Array, s: Float64Array, vt: Float64Array] => {
  if (m >= n) {
    const { left, values, right } = decompose(transposed(a, m, n), m, n)
    return [transposed(left, n, m), values, right]
  }
  const { left, values, right } = decompose(a, n, m)
  const u = transposed(right, m, m)
  for (let row = 0; row < m; row++)
    if (signOf(left.subarray(row * n, (row + 1) * n)) < 0) {
      for (let k = 0; k < n; k++) left[row * n + k] = -(left[row * n + k] as number)
      for (let k = 0; k < m; k++) u[k * m + row] = -(u[k * m + row] as number)
    }
  return [u, values, left]
}
