/**
 * QR decomposition by Householder reflections, some columns at a time.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, sections 5.2.2 and 5.2.3; Schreiber & Van Loan 1989 for the product of a block's
 * reflections, H₁·…·Hₖ = I - V·T·Vᵀ; Puglisi 1992 for T⁻¹, which is the upper half of Vᵀ·V but for 1/τ on its diagonal, and which solves
 * as well as T multiplies. The signs are those of LAPACK's dlarfg: R[j,j] has the sign opposite to that of the element it replaces, but
 * for a column that is zero below it, which is left alone. Read first: update.ts, orthogonal.ts.
 */
import { accumulate, normalize, reflector, transposed } from './orthogonal.ts'
import { solveTriangular } from './triangular.ts'
import { after, BLOCK, type Block, rowMajor, subtractProduct, turned } from './update.ts'

/** With so few columns, all are reflected one by one: what was fastest. */
const SMALL = 32

/** The reflections of up to BLOCK columns from `first` on: Vᵀ, whose rows are as long as the columns, and -T⁻¹. */
type Reflections = {
  readonly first: number
  readonly size: number
  readonly vt: Float64Array
  readonly t: Float64Array
}

/**
 * Takes v·yᵀ off the rows from `from` on and the columns after j, and leaves what remains, transposed, times `next` in `product`: one
 * pass over A for the reflection before and the one to come.
 */
const updateAndMultiply = (
  a: Float64Array,
  from: number,
  j: number,
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
    for (let c = j + 1; c < n; c++) {
      const x = (a[row + c] as number) - vi * (y[c] as number)
      a[row + c] = x
      product[c] = (product[c] as number) + x * nexti
    }
  }
}

/**
 * Reflects m×n, one column after the other and as many as there are τ to be found, until it is R in the upper triangle from row `first`
 * on. The reflections are left in the rows of Vᵀ.
 */
const reflectColumns = (a: Float64Array, n: number, first: number, vt: Float64Array, taus: Float64Array): void => {
  const m = vt.length / taus.length
  const [column, y, product] = [new Float64Array(m), new Float64Array(n), new Float64Array(n)]
  let v: Float64Array = new Float64Array(m)
  for (let j = 0; j < taus.length; j++) {
    const from = first + j
    for (let i = from; i < m; i++) column[i] = (a[i * n + j] as number) - (v[i] as number) * (y[j] as number)
    const next = vt.subarray(j * m, (j + 1) * m)
    const [multiple, tau] = reflector(column, from, next)
    updateAndMultiply(a, from, j, v, y, next, product)
    v = next
    taus[j] = tau
    a[from * n + j] = multiple
    for (let c = j + 1; c < n; c++) {
      y[c] = tau * (product[c] as number)
      a[from * n + c] = (a[from * n + c] as number) - (y[c] as number)
    }
  }
}

/** -T⁻¹ of reflections that leave alone what is before column `first`. */
const negativeInverse = (vt: Float64Array, taus: Float64Array, m: number, first: number): Float64Array => {
  const size = taus.length
  const t = new Float64Array(size * size)
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < j; i++) {
      let sum = 0
      for (let c = first + j; c < m; c++) sum -= (vt[i * m + c] as number) * (vt[j * m + c] as number)
      t[i * size + j] = sum
    }
    t[j * (size + 1)] = -1 / (taus[j] as number)
  }
  return t
}

/** C - V·T·Vᵀ·C, or with Tᵀ in the place of T, in the place of C: m×n, of which rows before `first` stay. */
const reflect = ({ first, size, vt, t }: Reflections, transpose: boolean, c: Block, m: number, n: number): void => {
  const [v, rows, w] = [after(rowMajor(vt, m), 0, first), after(c, first, 0), new Float64Array(size * n)]
  subtractProduct(rowMajor(w, n), v, rows, size, m - first, n)
  solveTriangular(t, size, w, n, { lower: false, transpose, unitDiagonal: false, leftSide: true })
  subtractProduct(rows, turned(v), rowMajor(w, n), m - first, size, n)
}

/** Copies columns, from `first` on and of so many rows, to a matrix that is nothing else: close together they stay in the cache. */
const columnsOf = (a: Float64Array, m: number, n: number, first: number, count: number): Float64Array => {
  const out = new Float64Array(m * count)
  for (let i = 0; i < m; i++) for (let c = 0; c < count; c++) out[i * count + c] = a[i * n + first + c] as number
  return out
}

/** Reflects up to BLOCK columns of A from `first` on, in whose place they are R then. */
const reflectBlock = (a: Float64Array, m: number, n: number, first: number): Reflections => {
  const size = Math.min(BLOCK, n - first, m - first)
  const columns = columnsOf(a, m, n, first, size)
  const [vt, taus] = [new Float64Array(size * m), new Float64Array(size)]
  reflectColumns(columns, size, first, vt, taus)
  for (let i = 0; i < m; i++) for (let c = 0; c < size; c++) a[i * n + first + c] = columns[i * size + c] as number
  return { first, size, vt, t: negativeInverse(vt, taus, m, first) }
}

/** Q; what R is stays in the upper triangle of A. */
const qrByBlocks = (a: Float64Array, m: number, n: number, k: number): Float64Array => {
  const blocks: Reflections[] = []
  for (let first = 0; first < k; first += BLOCK) {
    const block = reflectBlock(a, m, n, first)
    blocks.push(block)
    const last = first + block.size
    reflect(block, true, after(rowMajor(a, n), 0, last), m, n - last)
  }
  const q = new Float64Array(m * k)
  for (let i = 0; i < k; i++) q[i * (k + 1)] = 1
  for (const block of blocks.reverse()) reflect(block, false, after(rowMajor(q, k), 0, block.first), m, k - block.first)
  return q
}

/** Q; what R is stays in the upper triangle of A. */
const qrByColumns = (a: Float64Array, m: number, n: number, k: number): Float64Array => {
  const [vt, taus] = [new Float64Array(k * m), new Float64Array(k)]
  if (k > 0) reflectColumns(a, n, 0, vt, taus)
  return transposed(accumulate(vt, taus, [k, m], 0), k, m)
}

/** The upper triangle of the first k rows of A, times `scale`. */
const upperTriangle = (a: Float64Array, k: number, n: number, scale: number): Float64Array => {
  const r = new Float64Array(k * n)
  for (let i = 0; i < k; i++) for (let j = i; j < n; j++) r[i * n + j] = (a[i * n + j] as number) * scale
  return r
}

/** Q, m×k, and R, k×n, with k = min(m, n); NaN if A is not finite. A is overwritten. */
export const qr = (a: Float64Array, m: number, n: number): readonly [q: Float64Array, r: Float64Array] => {
  const k = Math.min(m, n)
  const scale = normalize(a)
  if (Number.isNaN(scale)) return [new Float64Array(m * k).fill(scale), new Float64Array(k * n).fill(scale)]
  const q = k <= SMALL ? qrByColumns(a, m, n, k) : qrByBlocks(a, m, n, k)
  return [q, upperTriangle(a, k, n, scale)]
}
