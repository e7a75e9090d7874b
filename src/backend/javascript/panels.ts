/**
 * The inner loops of a matrix product: operands are packed into panels of four rows, and two panels multiply into a 4×4 tile
 * of sums that live in registers.
 *
 * Layer: backend. Blocking as in Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication". Sums are
 * in float64: no slower than float32 here, where a multiplication has one width. Read next: contract.ts.
 */
import type { TypedArray } from '../../core/dtype.ts'

/** Rows of a panel. The inner loops say 4 themselves: a name for it costs them a quarter of their speed. */
export const PANEL = 4

/** A matrix as offsets into its source: element (i, k) is number base + rows[i] + terms[k]. */
export type Matrix = {
  readonly source: TypedArray
  readonly base: number
  readonly rows: Int32Array
  readonly terms: Int32Array
}

/** Packs rows `from` to before `to` of a matrix, for `n` terms from number k0, into panels; a panel that lacks rows repeats the last. */
export const pack = (
  out: Float64Array,
  { source, base, rows, terms }: Matrix,
  from: number,
  to: number,
  k0: number,
  n: number,
): void => {
  const row = (i: number): number => base + (rows[Math.min(i, to - 1)] as number)
  let at = 0
  for (let i = from; i < to; i += PANEL) {
    const r0 = row(i)
    const r1 = row(i + 1)
    const r2 = row(i + 2)
    const r3 = row(i + 3)
    for (let k = k0; k < k0 + n; k++, at += 4) {
      const term = terms[k] as number
      out[at] = source[r0 + term] as number
      out[at + 1] = source[r1 + term] as number
      out[at + 2] = source[r2 + term] as number
      out[at + 3] = source[r3 + term] as number
    }
  }
}

/** Adds the product of two panels over `terms` terms to the 4×4 tile of `sums` at `at`, whose rows are `width` apart. */
export const multiplyPanels = (
  sums: Float64Array,
  at: number,
  width: number,
  a: Float64Array,
  fromA: number,
  b: Float64Array,
  fromB: number,
  terms: number,
): void => {
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  let s20 = 0
  let s21 = 0
  let s22 = 0
  let s23 = 0
  let s30 = 0
  let s31 = 0
  let s32 = 0
  let s33 = 0
  for (let k = 0, i = fromA, j = fromB; k < terms; k++, i += 4, j += 4) {
    const b0 = b[j] as number
    const b1 = b[j + 1] as number
    const b2 = b[j + 2] as number
    const b3 = b[j + 3] as number
    const a0 = a[i] as number
    s00 += a0 * b0
    s01 += a0 * b1
    s02 += a0 * b2
    s03 += a0 * b3
    const a1 = a[i + 1] as number
    s10 += a1 * b0
    s11 += a1 * b1
    s12 += a1 * b2
    s13 += a1 * b3
    const a2 = a[i + 2] as number
    s20 += a2 * b0
    s21 += a2 * b1
    s22 += a2 * b2
    s23 += a2 * b3
    const a3 = a[i + 3] as number
    s30 += a3 * b0
    s31 += a3 * b1
    s32 += a3 * b2
    s33 += a3 * b3
  }
  addRow(sums, at, s00, s01, s02, s03)
  addRow(sums, at + width, s10, s11, s12, s13)
  addRow(sums, at + 2 * width, s20, s21, s22, s23)
  addRow(sums, at + 3 * width, s30, s31, s32, s33)
}

const addRow = (sums: Float64Array, at: number, s0: number, s1: number, s2: number, s3: number): void => {
  sums[at] = (sums[at] as number) + s0
  sums[at + 1] = (sums[at + 1] as number) + s1
  sums[at + 2] = (sums[at + 2] as number) + s2
  sums[at + 3] = (sums[at + 3] as number) + s3
}
