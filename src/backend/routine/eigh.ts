/**
 * Eigenvalues and eigenvectors of symmetric matrices: by reflections to tridiagonal form, whose off-diagonal is then rotated away.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithms 8.3.1 to 8.3.3 (Householder; QR steps with Wilkinson's shift). All inner
 * loops run along rows: eigenvectors are rows until the end.
 */
import { signOf } from './jacobi.ts'

/** Steps for one eigenvalue before giving up; two are usual. */
const STEPS = 60
const EPSILON = 2 ** -52
/** What is smaller than this beside a largest element near 1 is 0, whatever is beside it. */
const NEGLIGIBLE = 1e-18
/** The square of what is not only 0 but also too small for its square to have all its digits. */
const TINY_SQUARE = 1e-280

/** T = Qᵀ·S·Q by its diagonal and off-diagonal; Q is the product of the reflections I - τ·v·vᵀ, with v as rows. */
type Tridiagonal = {
  readonly diagonal: Float64Array
  readonly beside: Float64Array
  readonly reflectors: Float64Array
  readonly taus: Float64Array
}

/** Writes the v that turns x, from `from` on, to a multiple of the first basis vector; the multiple, and τ, which is 0 where x is that already. */
const reflector = (x: Float64Array, from: number, v: Float64Array): readonly [multiple: number, tau: number] => {
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
 * Takes v·wᵀ + w·vᵀ off the rows and columns of S from `from` on, of which only the lower triangle is there, and leaves what remains
 * times `next` in `product`: one pass over S for the update of one reflection and the product for the one after it.
 */
const updateAndMultiply = (
  s: Float64Array,
  from: number,
  v: Float64Array,
  w: Float64Array,
  next: Float64Array,
  product: Float64Array,
): void => {
  const n = product.length
  product.fill(0)
  for (let i = from; i < n; i++) {
    const [vi, wi, nexti, row] = [v[i] as number, w[i] as number, next[i] as number, i * n]
    let sum = 0
    for (let j = from; j < i; j++) {
      const x = (s[row + j] as number) - vi * (w[j] as number) - wi * (v[j] as number)
      s[row + j] = x
      sum += x * (next[j] as number)
      product[j] = (product[j] as number) + x * nexti
    }
    const x = (s[row + i] as number) - 2 * vi * wi
    s[row + i] = x
    product[i] = sum + x * nexti
  }
}

/** Reduces S, whose lower triangle is overwritten. */
const tridiagonalize = (s: Float64Array, n: number): Tridiagonal => {
  const [diagonal, beside, taus] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  const reflectors = new Float64Array(n * n)
  const [column, product, w] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  let v = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const [vk, wk] = [v[k] as number, w[k] as number]
    for (let i = k; i < n; i++) column[i] = (s[i * n + k] as number) - (v[i] as number) * wk - (w[i] as number) * vk
    diagonal[k] = column[k] as number
    if (k === n - 1) break
    const next = reflectors.subarray(k * n, (k + 1) * n)
    const [multiple, tau] = reflector(column, k + 1, next)
    beside[k] = multiple
    taus[k] = tau
    updateAndMultiply(s, k + 1, v, w, next, product)
    let along = 0
    for (let i = k + 1; i < n; i++) along += (product[i] as number) * (next[i] as number)
    for (let i = k + 1; i < n; i++) w[i] = tau * ((product[i] as number) - (tau / 2) * along * (next[i] as number))
    v = next
  }
  return { diagonal, beside, reflectors, taus }
}

/** Qᵀ, from the last reflection to the first, so that each meets only the rows and columns that are not yet those of I. */
const accumulate = ({ reflectors, taus }: Tridiagonal, n: number): Float64Array => {
  const q = new Float64Array(n * n)
  for (let i = 0; i < n; i++) q[i * (n + 1)] = 1
  for (let k = n - 2; k >= 0; k--) {
    const tau = taus[k] as number
    if (tau === 0) continue
    const v = reflectors.subarray(k * n, (k + 1) * n)
    for (let row = (k + 1) * n; row < n * n; row += n) {
      let along = 0
      for (let j = k + 1; j < n; j++) along += (q[row + j] as number) * (v[j] as number)
      along *= tau
      for (let j = k + 1; j < n; j++) q[row + j] = (q[row + j] as number) - along * (v[j] as number)
    }
  }
  return q
}

/** One step of QR on rows `low` to `high` of T; the rotations are left in `cosines` and `sines`. */
const step = (
  d: Float64Array,
  e: Float64Array,
  [low, high]: readonly [number, number],
  cosines: Float64Array,
  sines: Float64Array,
): void => {
  const [last, off] = [d[high] as number, e[high - 1] as number]
  const half = ((d[high - 1] as number) - last) / 2
  const shift = last - (off * off) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, off))
  let [x, bulge] = [(d[low] as number) - shift, e[low] as number]
  for (let k = low; k < high; k++) {
    const squares = x * x + bulge * bulge
    const length = Math.sqrt(squares)
    const still = squares < TINY_SQUARE
    const c = still ? 1 : x / length
    const s = still ? 0 : bulge / length
    if (k > low) e[k - 1] = still ? x : length
    const [upper, lower, between] = [d[k] as number, d[k + 1] as number, e[k] as number]
    const turned = (lower - upper) * s + 2 * c * between
    d[k] = upper + s * turned
    d[k + 1] = lower - s * turned
    x = c * turned - between
    e[k] = x
    if (k + 1 < high) {
      bulge = s * (e[k + 1] as number)
      e[k + 1] = c * (e[k + 1] as number)
    }
    cosines[k] = c
    sines[k] = s
  }
}

/** Rotates rows `low` to `high` of W, each with the next, four columns at a time: a row is read and written once, not twice. */
const rotateRows = (
  w: Float64Array,
  n: number,
  [low, high]: readonly [number, number],
  cosines: Float64Array,
  sines: Float64Array,
): void => {
  let column = 0
  for (; column + 4 <= n; column += 4) {
    let at = low * n + column
    let [h0, h1, h2, h3] = [w[at] as number, w[at + 1] as number, w[at + 2] as number, w[at + 3] as number]
    for (let k = low; k < high; k++, at += n) {
      const c = cosines[k] as number
      const s = sines[k] as number
      const x0 = w[at + n] as number
      const x1 = w[at + n + 1] as number
      const x2 = w[at + n + 2] as number
      const x3 = w[at + n + 3] as number
      w[at] = c * h0 + s * x0
      w[at + 1] = c * h1 + s * x1
      w[at + 2] = c * h2 + s * x2
      w[at + 3] = c * h3 + s * x3
      h0 = c * x0 - s * h0
      h1 = c * x1 - s * h1
      h2 = c * x2 - s * h2
      h3 = c * x3 - s * h3
    }
    w[at] = h0
    w[at + 1] = h1
    w[at + 2] = h2
    w[at + 3] = h3
  }
  for (; column < n; column++) {
    let at = low * n + column
    let h = w[at] as number
    for (let k = low; k < high; k++, at += n) {
      const x = w[at + n] as number
      w[at] = (cosines[k] as number) * h + (sines[k] as number) * x
      h = (cosines[k] as number) * x - (sines[k] as number) * h
    }
    w[at] = h
  }
}

/** Turns T to a diagonal matrix, and row i of W to the eigenvector of its i-th element. */
const diagonalize = (d: Float64Array, e: Float64Array, w: Float64Array, n: number): void => {
  const [cosines, sines] = [new Float64Array(n), new Float64Array(n)]
  const negligible = (k: number): boolean =>
    (e[k] as number) ** 2 <= EPSILON ** 2 * Math.abs((d[k] as number) * (d[k + 1] as number)) + NEGLIGIBLE ** 2
  let [high, left] = [n - 1, STEPS * n]
  while (high > 0 && left > 0) {
    if (negligible(high - 1)) {
      high--
      continue
    }
    let low = high - 1
    while (low > 0 && !negligible(low - 1)) low--
    step(d, e, [low, high], cosines, sines)
    rotateRows(w, n, [low, high], cosines, sines)
    left--
  }
}

/** The largest power of two that is not above the largest absolute value; NaN if an element is not finite. */
const magnitude = (a: Float64Array): number => {
  let largest = 0
  for (const x of a) largest = Math.max(largest, Math.abs(x))
  return Number.isFinite(largest) ? (largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest))) : Number.NaN
}

const divide = (a: Float64Array, by: number): void => {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) / by
}

/** Overwrites A by (A + Aᵀ)/2 over a power of two, its largest element then being near 1; the power, or NaN if A is not finite. */
const symmetrize = (a: Float64Array, n: number): number => {
  const first = magnitude(a)
  if (Number.isNaN(first)) return first
  divide(a, first)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const mean = ((a[i * n + j] as number) + (a[j * n + i] as number)) / 2
      a[i * n + j] = mean
      a[j * n + i] = mean
    }
  // What is left may be much smaller than what cancelled.
  const second = magnitude(a)
  divide(a, second)
  return first * second
}

/** Ascending eigenvalues of (A + Aᵀ)/2, and as columns the eigenvectors, whose largest component is positive; NaN if A is not finite. */
export const eigh = (a: Float64Array, n: number): readonly [values: Float64Array, vectors: Float64Array] => {
  const scale = symmetrize(a, n)
  if (Number.isNaN(scale)) return [new Float64Array(n).fill(scale), new Float64Array(n * n).fill(scale)]
  const reduced = tridiagonalize(a, n)
  const { diagonal, beside } = reduced
  const rows = accumulate(reduced, n)
  diagonalize(diagonal, beside, rows, n)
  const order = Array.from({ length: n }, (_, i) => i)
  order.sort((i, j) => (diagonal[i] as number) - (diagonal[j] as number))
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    const vector = rows.subarray(from * n, (from + 1) * n)
    const sign = signOf(vector)
    for (let i = 0; i < n; i++) vectors[i * n + to] = sign * (vector[i] as number)
  })
  return [Float64Array.from(order, i => (diagonal[i] as number) * scale), vectors]
}
