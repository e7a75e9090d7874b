/**
 * C −= A·B on parts of matrices, the step in which blocked algorithms do nearly all their work.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 3.2.11, for elimination. Read next: triangular.ts, lu.ts, cholesky.ts, qr.ts.
 */

/** A part of a matrix: its first element, and how far it is from there to the one below and the one to the right. */
export type Block = {
  readonly values: Float64Array
  readonly start: number
  readonly down: number
  readonly right: number
}

/** How many rows or columns are eliminated one by one, before the rest of the matrix meets all of them at once: what was fastest. */
export const BLOCK = 4

/** A row-major matrix. */
export const rowMajor = (values: Float64Array, columns: number): Block => ({
  values,
  start: 0,
  down: columns,
  right: 1,
})

/** What is left of a block from an element on. */
export const after = ({ values, start, down, right }: Block, row: number, column: number): Block => ({
  values,
  start: start + row * down + column * right,
  down,
  right,
})

/** Bᵀ. */
export const turned = ({ values, start, down, right }: Block): Block => ({ values, start, down: right, right: down })

/** Takes a multiple of `count` numbers from `source` on off those from `target` on. */
export const subtractMultiple = (
  x: Float64Array,
  target: number,
  factor: number,
  y: Float64Array,
  source: number,
  count: number,
): void => {
  for (let j = 0; j < count; j++) x[target + j] = (x[target + j] as number) - factor * (y[source + j] as number)
}

/** Two rows of C less multiples of four rows of B: six loads and two stores for sixteen operations, not sixteen and eight. */
const subtractTile = (
  { values: c, down: below }: Block,
  first: number,
  { values: a, down, right }: Block,
  at: number,
  { values: b, down: next }: Block,
  b0: number,
  count: number,
): void => {
  const second = first + below
  const [b1, b2, b3] = [b0 + next, b0 + 2 * next, b0 + 3 * next]
  const f0 = a[at] as number
  const f1 = a[at + right] as number
  const f2 = a[at + 2 * right] as number
  const f3 = a[at + 3 * right] as number
  const g0 = a[at + down] as number
  const g1 = a[at + down + right] as number
  const g2 = a[at + down + 2 * right] as number
  const g3 = a[at + down + 3 * right] as number
  for (let j = 0; j < count; j++) {
    const x0 = b[b0 + j] as number
    const x1 = b[b1 + j] as number
    const x2 = b[b2 + j] as number
    const x3 = b[b3 + j] as number
    c[first + j] = (c[first + j] as number) - f0 * x0 - f1 * x1 - f2 * x2 - f3 * x3
    c[second + j] = (c[second + j] as number) - g0 * x0 - g1 * x1 - g2 * x2 - g3 * x3
  }
}

/**
 * C −= A·B for C m×n, A m×k, B k×n; the rows of B and C lie along memory. An element loses its k products one by one, the first
 * first: the result is, bit for bit, the same for every division into blocks.
 */
export const subtractProduct = (c: Block, a: Block, b: Block, m: number, k: number, n: number): void => {
  for (let i = 0; i < m; i += 2) {
    const target = c.start + i * c.down
    const factors = a.start + i * a.down
    let l = i + 2 <= m ? k - (k % 4) : 0
    for (let tile = 0; tile < l; tile += 4)
      subtractTile(c, target, a, factors + tile * a.right, b, b.start + tile * b.down, n)
    for (; l < k; l++) {
      const [at, source] = [factors + l * a.right, b.start + l * b.down]
      subtractMultiple(c.values, target, a.values[at] as number, b.values, source, n)
      if (i + 1 < m) subtractMultiple(c.values, target + c.down, a.values[at + a.down] as number, b.values, source, n)
    }
  }
}
