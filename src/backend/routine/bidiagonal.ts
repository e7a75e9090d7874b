/**
 * Bidiagonal matrices: the reduction to them, and their singular values.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 8.6; Demmel & Kahan 1990, "Accurate singular values of bidiagonal matrices",
 * for steps without a shift, which keep the digits of small values, and for when an element is 0.
 */
import { accumulate, EPSILON, type Rotations, reflector, rotateRows, rotations } from './orthogonal.ts'

/** A = U·B·Vᵀ with m ≥ n: B by its diagonal and what is above it, rows of Uᵀ, n×m, and of Vᵀ, n×n. */
export type Bidiagonal = {
  readonly diagonal: Float64Array
  readonly above: Float64Array
  readonly left: Float64Array
  readonly right: Float64Array
}

/** Steps for one singular value before giving up; two are usual. */
const STEPS = 60
/** How exact singular values are to be, relatively. */
const TOLERANCE = 64 * EPSILON
/** What is smaller than this beside a largest element near 1 is 0, whatever is beside it. */
const NEGLIGIBLE = 1e-290

/** What is still to be taken off A: v·yᵀ + z·uᵀ, of the last reflection from the left and the last from the right. */
type Update = { readonly v: Float64Array; readonly y: Float64Array; readonly z: Float64Array; readonly u: Float64Array }

/** Takes an update off the rows from `from` on and columns after it, and leaves what remains, transposed, times `next` in `product`. */
const updateAndMultiply = (
  a: Float64Array,
  from: number,
  { v, y, z, u }: Update,
  next: Float64Array,
  product: Float64Array,
): void => {
  const [m, n] = [next.length, product.length]
  product.fill(0)
  for (let i = from; i < m; i++) {
    const vi = v[i] as number
    const zi = z[i] as number
    const nexti = next[i] as number
    const row = i * n
    for (let j = from + 1; j < n; j++) {
      const x = (a[row + j] as number) - vi * (y[j] as number) - zi * (u[j] as number)
      a[row + j] = x
      product[j] = (product[j] as number) + x * nexti
    }
  }
}

/** z = τ·(A - v·yᵀ)·u, for the rows and columns after `from`. */
const multiplyRows = (a: Float64Array, from: number, { v, y, z, u }: Update, tau: number): void => {
  const [m, n] = [v.length, u.length]
  let along = 0
  for (let j = from + 1; j < n; j++) along += (y[j] as number) * (u[j] as number)
  for (let i = from + 1; i < m; i++) {
    let sum = 0
    for (let j = from + 1; j < n; j++) sum += (a[i * n + j] as number) * (u[j] as number)
    z[i] = tau * (sum - (v[i] as number) * along)
  }
}

/** Reduces A, m×n with m ≥ n, which is overwritten; its largest element is near 1. */
export const bidiagonalize = (a: Float64Array, m: number, n: number): Bidiagonal => {
  const [diagonal, above] = [new Float64Array(n), new Float64Array(n)]
  const [lefts, leftTaus] = [new Float64Array(n * m), new Float64Array(n)]
  const [rights, rightTaus] = [new Float64Array(n * n), new Float64Array(n)]
  const [column, row, z] = [new Float64Array(m), new Float64Array(n), new Float64Array(m)]
  const y = new Float64Array(n)
  const product = new Float64Array(n)
  let [v, u] = [new Float64Array(m), new Float64Array(n)]
  for (let k = 0; k < n; k++) {
    for (let i = k; i < m; i++)
      column[i] = (a[i * n + k] as number) - (v[i] as number) * (y[k] as number) - (z[i] as number) * (u[k] as number)
    const nextV = lefts.subarray(k * m, (k + 1) * m)
    const [multiple, tau] = reflector(column, k, nextV)
    diagonal[k] = multiple
    leftTaus[k] = tau
    updateAndMultiply(a, k, { v, y, z, u }, nextV, product)
    for (let j = k + 1; j < n; j++) {
      y[j] = tau * (product[j] as number)
      row[j] = (a[k * n + j] as number) - (y[j] as number) * (nextV[k] as number)
    }
    v = nextV
    if (k === n - 1) break
    const nextU = rights.subarray(k * n, (k + 1) * n)
    const [beside, rightTau] = reflector(row, k + 1, nextU)
    above[k] = beside
    rightTaus[k] = rightTau
    u = nextU
    multiplyRows(a, k, { v, y, z, u }, rightTau)
  }
  return {
    diagonal,
    above,
    left: accumulate(lefts, leftTaus, [n, m], 0),
    right: accumulate(rights, rightTaus, [n, n], 1),
  }
}

/** Rows and columns `low` to `high`; with direction -1 it is read from its end, transposed: then it is an upper bidiagonal matrix too. */
type Part = { readonly low: number; readonly high: number; readonly direction: 1 | -1 }

/** The places of the k-th diagonal element of a part, and of what is between that and the next. */
const diagonalPlace = ({ low, high, direction }: Part, k: number): number => (direction === 1 ? low + k : high - k)
const abovePlace = ({ low, high, direction }: Part, k: number): number => (direction === 1 ? low + k : high - k - 1)

/** The smaller singular value of [f g; 0 h]. */
const smaller = (f: number, g: number, h: number): number => {
  const larger = (Math.hypot(f + h, g) + Math.hypot(f - h, g)) / 2
  return larger === 0 ? 0 : Math.abs(f / larger) * Math.abs(h)
}

/** A step with a shift: the bulge is chased from the first row of the part to the last. */
const shiftedStep = (
  { diagonal: d, above: e }: Bidiagonal,
  part: Part,
  shift: number,
  before: Rotations,
  after: Rotations,
): void => {
  const count = part.high - part.low
  const first = d[diagonalPlace(part, 0)] as number
  let f = (Math.abs(first) - shift) * ((first < 0 ? -1 : 1) + shift / first)
  let g = e[abovePlace(part, 0)] as number
  for (let k = 0; k < count; k++) {
    const [at, next, between] = [diagonalPlace(part, k), diagonalPlace(part, k + 1), abovePlace(part, k)]
    const r = Math.hypot(f, g)
    const c = r === 0 ? 1 : f / r
    const s = r === 0 ? 0 : g / r
    if (k > 0) e[abovePlace(part, k - 1)] = r
    f = c * (d[at] as number) + s * (e[between] as number)
    e[between] = c * (e[between] as number) - s * (d[at] as number)
    g = s * (d[next] as number)
    d[next] = c * (d[next] as number)
    before.cosines[k] = c
    before.sines[k] = s
    const length = Math.hypot(f, g)
    const cosine = length === 0 ? 1 : f / length
    const sine = length === 0 ? 0 : g / length
    d[at] = length
    f = cosine * (e[between] as number) + sine * (d[next] as number)
    d[next] = cosine * (d[next] as number) - sine * (e[between] as number)
    if (k < count - 1) {
      const beyond = abovePlace(part, k + 1)
      g = sine * (e[beyond] as number)
      e[beyond] = cosine * (e[beyond] as number)
    }
    after.cosines[k] = cosine
    after.sines[k] = sine
  }
  e[abovePlace(part, count - 1)] = f
}

/** A step without a shift, in which nothing is subtracted: Demmel & Kahan 1990, section 3. */
const unshiftedStep = (
  { diagonal: d, above: e }: Bidiagonal,
  part: Part,
  before: Rotations,
  after: Rotations,
): void => {
  const count = part.high - part.low
  let [c, cosine, sine] = [1, 1, 0]
  for (let k = 0; k < count; k++) {
    const [at, next] = [diagonalPlace(part, k), diagonalPlace(part, k + 1)]
    const [f, g] = [(d[at] as number) * c, e[abovePlace(part, k)] as number]
    const r = Math.hypot(f, g)
    c = r === 0 ? 1 : f / r
    const s = r === 0 ? 0 : g / r
    if (k > 0) e[abovePlace(part, k - 1)] = sine * r
    const [x, y] = [cosine * r, (d[next] as number) * s]
    const length = Math.hypot(x, y)
    cosine = length === 0 ? 1 : x / length
    sine = length === 0 ? 0 : y / length
    d[at] = length
    before.cosines[k] = c
    before.sines[k] = s
    after.cosines[k] = cosine
    after.sines[k] = sine
  }
  const last = diagonalPlace(part, count)
  const rest = (d[last] as number) * c
  d[last] = rest * cosine
  e[abovePlace(part, count - 1)] = rest * sine
}

/**
 * Sets what is negligible above the diagonal of a part to 0; returns whether something was, and a lower bound for the smallest
 * singular value, up to a factor of √n. Demmel & Kahan 1990, section 4, criteria 1 and 2.
 */
const deflate = ({ diagonal: d, above: e }: Bidiagonal, part: Part): readonly [deflated: boolean, least: number] => {
  const count = part.high - part.low
  const end = abovePlace(part, count - 1)
  if (Math.abs(e[end] as number) <= TOLERANCE * Math.abs(d[diagonalPlace(part, count)] as number)) {
    e[end] = 0
    return [true, 0]
  }
  let mu = Math.abs(d[diagonalPlace(part, 0)] as number)
  let least = mu
  for (let k = 0; k < count; k++) {
    const at = abovePlace(part, k)
    const beside = Math.abs(e[at] as number)
    if (beside <= TOLERANCE * mu) {
      e[at] = 0
      return [true, 0]
    }
    mu = Math.abs(d[diagonalPlace(part, k + 1)] as number) * (mu / (mu + beside))
    least = Math.min(least, mu)
  }
  return [false, least]
}

/** The shift of a step: 0 where one would cost digits of the smallest values, or changes nothing. */
const shiftOf = ({ diagonal: d, above: e }: Bidiagonal, part: Part, least: number): number => {
  const count = part.high - part.low
  let largest = 0
  for (let k = part.low; k <= part.high; k++) largest = Math.max(largest, Math.abs(d[k] as number))
  for (let k = part.low; k < part.high; k++) largest = Math.max(largest, Math.abs(e[k] as number))
  if (d.length * TOLERANCE * least <= EPSILON * largest) return 0
  const shift = smaller(
    d[diagonalPlace(part, count - 1)] as number,
    e[abovePlace(part, count - 1)] as number,
    d[diagonalPlace(part, count)] as number,
  )
  const first = Math.abs(d[diagonalPlace(part, 0)] as number)
  return first === 0 || (shift / first) ** 2 < EPSILON ? 0 : shift
}

/** Turns B to a diagonal matrix whose elements, of either sign, are the singular values in some order, and the vectors with it. */
export const diagonalize = (b: Bidiagonal, m: number): void => {
  const { diagonal: d, above: e, left, right } = b
  const n = d.length
  const [first, second] = [rotations(n), rotations(n)]
  let [high, steps] = [n - 1, STEPS * n]
  let [low, direction]: [number, 1 | -1] = [n, 1]
  while (high > 0 && steps > 0) {
    if (Math.abs(e[high - 1] as number) <= NEGLIGIBLE) {
      high--
      continue
    }
    const before = low
    low = high - 1
    while (low > 0 && Math.abs(e[low - 1] as number) > NEGLIGIBLE) low--
    // From the large end to the small one. What is left of a part that was begun goes on as it began.
    if (low < before) direction = Math.abs(d[low] as number) >= Math.abs(d[high] as number) ? 1 : -1
    const part: Part = { low, high, direction }
    const [deflated, least] = deflate(b, part)
    if (deflated) continue
    const shift = shiftOf(b, part, least)
    const [ofRight, ofLeft] = direction === 1 ? [first, second] : [second, first]
    if (shift === 0) unshiftedStep(b, part, first, second)
    else shiftedStep(b, part, shift, first, second)
    const start = diagonalPlace(part, 0)
    rotateRows(right, n, ofRight, start, high - low, direction)
    rotateRows(left, m, ofLeft, start, high - low, direction)
    steps--
  }
}
