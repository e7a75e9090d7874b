/**
 * What decompositions into orthogonal factors share: scaling, reflections, rotations of rows, and signs.
 *
 * Layer: backend. Vectors are rows, so that all inner loops run along memory. Read next: eigh.ts, svd.ts.
 */

export const EPSILON = 2 ** -52

/** The square of what is not only 0, in a matrix whose largest element is near 1, but also too small for its square to have all its digits. */
export const TINY_SQUARE = 1e-280

/** Components this close to the largest tie with it: more than rounding, less than anybody means. */
const TIE = 1 - 1e-6

/** 1 or -1, so that the vector times it has its component of largest absolute value positive: the first, if several tie. */
export const signOf = (x: Float64Array): 1 | -1 => {
  const largest = x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const leading = x.find(v => Math.abs(v) >= TIE * largest) ?? 0
  return leading < 0 ? -1 : 1
}

/** The largest power of two that is not above the largest absolute value, 1 if all are 0; NaN if an element is not finite. */
const magnitude = (a: Float64Array): number => {
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] as number))
  return Number.isFinite(largest) ? (largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest))) : Number.NaN
}

/** Divides A by a power of two, so that its largest element is near 1, and returns it; NaN, and A is left alone, if it is not finite. */
export const normalize = (a: Float64Array): number => {
  const scale = magnitude(a)
  if (!Number.isNaN(scale) && scale !== 1) for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) / scale
  return scale
}

/** n×n, with ones on its diagonal; or more columns, of zeros. */
export const identity = (n: number, columns = n): Float64Array => {
  const out = new Float64Array(n * columns)
  for (let i = 0; i < n; i++) out[i * (columns + 1)] = 1
  return out
}

/** Aᵀ of an m×n matrix. */
export const transposed = (a: Float64Array, m: number, n: number): Float64Array => {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j] as number
  return out
}

/**
 * Writes the v of the reflection I - τ·v·vᵀ that turns x, from `from` on, to a multiple of the basis vector there: v is 1 at `from`,
 * 0 before it. Returns the multiple, and τ, which is 0 where x is that already. Source: Golub & Van Loan 2013, algorithm 5.1.1, with
 * the signs of LAPACK's dlarfg.
 */
export const reflector = (x: Float64Array, from: number, v: Float64Array): readonly [multiple: number, tau: number] => {
  const alpha = x[from] as number
  let squares = 0
  for (let i = from + 1; i < x.length; i++) squares += (x[i] as number) ** 2
  v.fill(0)
  if (squares < TINY_SQUARE) return [alpha, 0]
  const length = Math.sqrt(alpha * alpha + squares)
  const multiple = alpha < 0 ? length : -length
  for (let i = from + 1; i < x.length; i++) v[i] = (x[i] as number) / (alpha - multiple)
  v[from] = 1
  return [multiple, (multiple - alpha) / multiple]
}

/**
 * W·H₍ₗₐₛₜ₎·…·H₀ for a W that begins as I: reflection k, row k of `reflectors`, leaves alone what is before column k + `offset`. From the
 * last to the first each meets only the rows and columns that are not yet those of I.
 */
export const accumulate = (
  reflectors: Float64Array,
  taus: Float64Array,
  [rows, columns]: readonly [number, number],
  offset: number,
): Float64Array => {
  const w = identity(rows, columns)
  for (let k = rows - 1; k >= 0; k--) {
    const tau = taus[k] as number
    if (tau === 0) continue
    const v = reflectors.subarray(k * columns, (k + 1) * columns)
    const from = k + offset
    for (let row = from * columns; row < w.length; row += columns) {
      let along = 0
      for (let j = from; j < columns; j++) along += (w[row + j] as number) * (v[j] as number)
      along *= tau
      for (let j = from; j < columns; j++) w[row + j] = (w[row + j] as number) - along * (v[j] as number)
    }
  }
  return w
}

/** Plane rotations of neighbours: number k turns x and y, in places k and k + 1, to c·x + s·y and c·y - s·x. */
export type Rotations = { readonly cosines: Float64Array; readonly sines: Float64Array }

export const rotations = (n: number): Rotations => ({ cosines: new Float64Array(n), sines: new Float64Array(n) })

/**
 * Rotates `count` neighbouring rows of W with the next, from row `start` on or, with direction -1, back. Four columns at a time go
 * through all rotations: a row is read and written once, not twice.
 */
export const rotateRows = (
  w: Float64Array,
  columns: number,
  { cosines, sines }: Rotations,
  start: number,
  count: number,
  direction: 1 | -1 = 1,
): void => {
  const down = direction * columns
  let column = 0
  for (; column + 4 <= columns; column += 4) {
    let at = start * columns + column
    let h0 = w[at] as number
    let h1 = w[at + 1] as number
    let h2 = w[at + 2] as number
    let h3 = w[at + 3] as number
    for (let k = 0; k < count; k++) {
      const c = cosines[k] as number
      const s = sines[k] as number
      const next = at + down
      const x0 = w[next] as number
      const x1 = w[next + 1] as number
      const x2 = w[next + 2] as number
      const x3 = w[next + 3] as number
      w[at] = c * h0 + s * x0
      w[at + 1] = c * h1 + s * x1
      w[at + 2] = c * h2 + s * x2
      w[at + 3] = c * h3 + s * x3
      h0 = c * x0 - s * h0
      h1 = c * x1 - s * h1
      h2 = c * x2 - s * h2
      h3 = c * x3 - s * h3
      at = next
    }
    w[at] = h0
    w[at + 1] = h1
    w[at + 2] = h2
    w[at + 3] = h3
  }
  for (; column < columns; column++) {
    let at = start * columns + column
    let h = w[at] as number
    for (let k = 0; k < count; k++) {
      const x = w[at + down] as number
      w[at] = (cosines[k] as number) * h + (sines[k] as number) * x
      h = (cosines[k] as number) * x - (sines[k] as number) * h
      at += down
    }
    w[at] = h
  }
}
