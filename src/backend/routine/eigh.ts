/**
 * Eigenvalues and eigenvectors of symmetric matrices: by reflections to tridiagonal form, whose off-diagonal is then rotated away.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, algorithms 8.3.1 to 8.3.3 (Householder; QR steps with Wilkinson's shift). All inner
 * loops run along rows: eigenvectors are rows until the end.
 */
import {
  accumulate,
  EPSILON,
  normalize,
  type Rotations,
  reflector,
  rotateRows,
  rotations,
  signOf,
  TINY_SQUARE,
} from './orthogonal.ts'

/** Steps for one eigenvalue before giving up; two are usual. */
const STEPS = 60
/** What is smaller than this beside a largest element near 1 is 0, whatever is beside it. */
const NEGLIGIBLE = 1e-18

/** T = Qᵀ·S·Q by its diagonal and off-diagonal; Q is the product of the reflections I - τ·v·vᵀ, with v as rows. */
type Tridiagonal = {
  readonly diagonal: Float64Array
  readonly beside: Float64Array
  readonly reflectors: Float64Array
  readonly taus: Float64Array
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

/** One step of QR on rows `low` to `high` of T; number 0 of its rotations is that of row `low`. */
const step = (
  d: Float64Array,
  e: Float64Array,
  [low, high]: readonly [number, number],
  { cosines, sines }: Rotations,
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
    cosines[k - low] = c
    sines[k - low] = s
  }
}

/** Turns T to a diagonal matrix, and row i of W to the eigenvector of its i-th element. */
const diagonalize = (d: Float64Array, e: Float64Array, w: Float64Array, n: number): void => {
  const turns = rotations(n)
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
    step(d, e, [low, high], turns)
    rotateRows(w, n, turns, low, high - low)
    left--
  }
}

/** Overwrites A by (A + Aᵀ)/2 over a power of two, its largest element then being near 1; the power, or NaN if A is not finite. */
const symmetrize = (a: Float64Array, n: number): number => {
  const first = normalize(a)
  if (Number.isNaN(first)) return first
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const mean = ((a[i * n + j] as number) + (a[j * n + i] as number)) / 2
      a[i * n + j] = mean
      a[j * n + i] = mean
    }
  // What is left may be much smaller than what cancelled.
  return first * normalize(a)
}

/** Ascending eigenvalues of (A + Aᵀ)/2, and as columns the eigenvectors, whose largest component is positive; NaN if A is not finite. */
export const eigh = (a: Float64Array, n: number): readonly [values: Float64Array, vectors: Float64Array] => {
  const scale = symmetrize(a, n)
  if (Number.isNaN(scale)) return [new Float64Array(n).fill(scale), new Float64Array(n * n).fill(scale)]
  const { diagonal, beside, reflectors, taus } = tridiagonalize(a, n)
  // Qᵀ, whose rows turn to those of Vᵀ with the rows of T.
  const rows = accumulate(reflectors, taus, [n, n], 1)
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
