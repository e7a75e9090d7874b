/**
 * Contractions as blocked matrix products: both operands are packed into panels of four and multiplied by a 4×4 tile of
 * accumulators. Convolutions pack through their index maps (im2col, a block at a time).
 *
 * Layer: backend. Blocking as in Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication".
 */
import { allocate, type TypedArray } from '../../core/dtype.ts'
import type { Contract, Load } from '../../core/kernel.ts'
import { type Shape, sizeOf } from '../../core/shape.ts'
import { type Address, addressOf } from './address.ts'

const TILE = 4
const K_BLOCK = 256
const M_BLOCK = 64

/** Which of the kernel's axes number the rows (only a moves), the columns (only b moves), the batches (both), and the sum. */
type Roles = {
  readonly batch: readonly number[]
  readonly rows: readonly number[]
  readonly columns: readonly number[]
  readonly sum: readonly number[]
}

const moves = (load: Load, axis: number): boolean => load.index.some(i => i.terms.some(t => t.axis === axis))

const rolesOf = ({ axes, reduce, a, b }: Contract): Roles => {
  const outer = axes.map((_, axis) => axis)
  const both = outer.filter(axis => moves(a, axis) && moves(b, axis))
  const columns = outer.filter(axis => !moves(a, axis))
  return {
    batch: both,
    rows: outer.filter(axis => moves(a, axis) && !both.includes(axis)),
    columns,
    sum: reduce.map((_, i) => axes.length + i),
  }
}

/** For a group of axes: at each of their points, the flat offset and the numerators of the checked coordinates. */
type Table = { readonly length: number; readonly offset: Int32Array; readonly checked: readonly Int32Array[] }

const tableOf = (address: Address, group: readonly number[], sizes: Shape): Table => {
  const groupSizes = group.map(axis => sizes[axis] ?? 1)
  const length = sizeOf(groupSizes)
  const tabulate = (by: readonly number[]): Int32Array => {
    const out = new Int32Array(length)
    let repeat = 1
    for (let g = group.length - 1; g >= 0; g--) {
      const n = groupSizes[g] as number
      const step = by[group[g] as number] ?? 0
      for (let i = 0; i < length; i++) out[i] = (out[i] as number) + step * (Math.floor(i / repeat) % n)
      repeat *= n
    }
    return out
  }
  return { length, offset: tabulate(address.strides), checked: address.checked.map(c => tabulate(c.by)) }
}

/** One operand: element (i, k) of its matrix in batch `b`. */
type Operand = {
  readonly source: TypedArray
  readonly address: Address
  readonly batch: Table
  readonly free: Table
  readonly sum: Table
}

const operandOf = (
  load: Load,
  inputs: readonly TypedArray[],
  roles: Roles,
  free: readonly number[],
  sizes: Shape,
): Operand => {
  const address = addressOf(load, sizes)
  return {
    source: inputs[load.input] ?? new Float64Array(0),
    address,
    batch: tableOf(address, roles.batch, sizes),
    free: tableOf(address, free, sizes),
    sum: tableOf(address, roles.sum, sizes),
  }
}

/** The element of an operand with checked coordinates; 0 outside. */
const checkedElement = ({ source, address, batch, free, sum }: Operand, b: number, i: number, k: number): number => {
  let at = address.base + (batch.offset[b] as number) + (free.offset[i] as number) + (sum.offset[k] as number)
  for (let c = 0; c < address.checked.length; c++) {
    const { divisor, offset, size, stride } = address.checked[c] as Address['checked'][number]
    const numerator =
      offset +
      ((batch.checked[c] as Int32Array)[b] as number) +
      ((free.checked[c] as Int32Array)[i] as number) +
      ((sum.checked[c] as Int32Array)[k] as number)
    const quotient = numerator / divisor
    if (numerator % divisor !== 0 || quotient < 0 || quotient >= size) return 0
    at += quotient * stride
  }
  return source[at] as number
}

/** Packs rows i0.. and terms k0.. into panels of four rows, term by term; rows past the end are zero. */
const pack = (
  out: Float64Array,
  operand: Operand,
  b: number,
  i0: number,
  rows: number,
  k0: number,
  terms: number,
): void => {
  const { source, address, free, sum, batch } = operand
  const plain = address.checked.length === 0
  const base = address.base + (batch.offset[b] as number)
  for (let panel = 0; panel < rows; panel += TILE) {
    for (let r = 0; r < TILE; r++) {
      const i = i0 + panel + r
      let at = panel * terms + r
      if (panel + r >= rows) for (let k = 0; k < terms; k++, at += TILE) out[at] = 0
      else if (plain) {
        const row = base + (free.offset[i] as number)
        for (let k = 0; k < terms; k++, at += TILE) out[at] = source[row + (sum.offset[k0 + k] as number)] as number
      } else for (let k = 0; k < terms; k++, at += TILE) out[at] = checkedElement(operand, b, i, k0 + k)
    }
  }
}

/** Adds the product of two panels of four over `terms` terms to a 4×4 tile of sums. */
const multiplyPanels = (
  sums: Float64Array,
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  terms: number,
): void => {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0
  for (let k = 0, i = atA, j = atB; k < terms; k++, i += TILE, j += TILE) {
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
  sums[0] = s00
  sums[1] = s01
  sums[2] = s02
  sums[3] = s03
  sums[4] = s10
  sums[5] = s11
  sums[6] = s12
  sums[7] = s13
  sums[8] = s20
  sums[9] = s21
  sums[10] = s22
  sums[11] = s23
  sums[12] = s30
  sums[13] = s31
  sums[14] = s32
  sums[15] = s33
}

const roundUp = (n: number): number => Math.ceil(n / TILE) * TILE

/** totals[rows × columns] += A·B for one batch. */
const multiply = (totals: Float64Array, a: Operand, b: Operand, batch: number): void => {
  const rows = a.free.length
  const columns = b.free.length
  const terms = a.sum.length
  const panelB = new Float64Array(roundUp(columns) * Math.min(K_BLOCK, terms))
  const panelA = new Float64Array(roundUp(Math.min(M_BLOCK, rows)) * Math.min(K_BLOCK, terms))
  const sums = new Float64Array(TILE * TILE)
  for (let k0 = 0; k0 < terms; k0 += K_BLOCK) {
    const kn = Math.min(K_BLOCK, terms - k0)
    pack(panelB, b, batch, 0, columns, k0, kn)
    for (let i0 = 0; i0 < rows; i0 += M_BLOCK) {
      const mn = Math.min(M_BLOCK, rows - i0)
      pack(panelA, a, batch, i0, mn, k0, kn)
      for (let j = 0; j < columns; j += TILE)
        for (let i = 0; i < mn; i += TILE) {
          multiplyPanels(sums, panelA, i * kn, panelB, j * kn, kn)
          const iEnd = Math.min(TILE, mn - i)
          const jEnd = Math.min(TILE, columns - j)
          for (let r = 0; r < iEnd; r++)
            for (let c = 0; c < jEnd; c++) {
              const at = (i0 + i + r) * columns + j + c
              totals[at] = (totals[at] as number) + (sums[r * TILE + c] as number)
            }
        }
    }
  }
}

/** int32 products wrap, which doubles cannot express: a plain loop. */
const multiplyIntegers = (totals: Float64Array, a: Operand, b: Operand, batch: number): void => {
  for (let i = 0; i < a.free.length; i++)
    for (let j = 0; j < b.free.length; j++) {
      let sum = 0
      for (let k = 0; k < a.sum.length; k++)
        sum = (sum + Math.imul(checkedElement(a, batch, i, k), checkedElement(b, batch, j, k))) | 0
      totals[i * b.free.length + j] = sum
    }
}

/** Runs a contraction. */
export const runContract = (kernel: Contract, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const sizes = [...kernel.axes, ...kernel.reduce]
  const out = allocate(kernel.dtype, sizeOf(kernel.axes))
  if (sizeOf(sizes) === 0) return [out]
  const roles = rolesOf(kernel)
  const a = operandOf(kernel.a, inputs, roles, roles.rows, sizes)
  const b = operandOf(kernel.b, inputs, roles, roles.columns, sizes)
  const outAddress = addressOf(
    {
      ...kernel.a,
      view: kernel.axes,
      index: kernel.axes.map((_, axis) => ({ offset: 0, terms: [{ axis, by: 1 }], divisor: 1 })),
      fill: null,
    },
    kernel.axes,
  )
  const at = (group: readonly number[]): Int32Array => tableOf(outAddress, group, kernel.axes).offset
  const [batchAt, rowAt, columnAt] = [at(roles.batch), at(roles.rows), at(roles.columns)]
  const totals = new Float64Array(rowAt.length * columnAt.length)
  for (let n = 0; n < batchAt.length; n++) {
    totals.fill(0)
    if (kernel.dtype === 'int32') multiplyIntegers(totals, a, b, n)
    else multiply(totals, a, b, n)
    const start = batchAt[n] as number
    for (let i = 0, t = 0; i < rowAt.length; i++)
      for (let j = 0; j < columnAt.length; j++, t++)
        out[start + (rowAt[i] as number) + (columnAt[j] as number)] = totals[t] as number
  }
  return [out]
}
