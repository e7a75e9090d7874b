/**
 * Contractions as blocked matrix products. Convolutions pack through their index maps: im2col, a block at a time.
 *
 * Layer: backend. Read next: panels.ts, where the time goes.
 */
import { allocate, type TypedArray } from '../../core/dtype.ts'
import { along, apply, type Contract, type Load, load, mapNest, type Nest } from '../../core/kernel.ts'
import { range, sizeOf, stridesOf } from '../../core/shape.ts'
import { addressOf, hullOf, type Loop, offsetsAt } from './address.ts'
import { runNest } from './nest.ts'
import { type Matrix, multiplyPanels, PANEL, pack } from './panels.ts'

/** Terms, rows and columns of a block: one panel of B stays in the first-level cache, a block of A in the second. */
const TERMS = 256
const ROWS = 128
const COLUMNS = 512

// Kept between calls, since making them costs more than a small product does.
const panelsA = new Float64Array(ROWS * TERMS)
const panelsB = new Float64Array(COLUMNS * TERMS)
const sums = new Float64Array(ROWS * COLUMNS)

/** Which of the kernel's axes number the batches (both operands move), the rows (a alone moves), the columns (the others). */
type Roles = {
  readonly batches: readonly number[]
  readonly rows: readonly number[]
  readonly columns: readonly number[]
}

const moves = ({ index }: Load, axis: number): boolean => index.some(({ terms }) => terms.some(t => t.axis === axis))

const rolesOf = ({ axes, a, b }: Contract): Roles => {
  const all = range(0, axes.length)
  return {
    batches: all.filter(axis => moves(a, axis) && moves(b, axis)),
    rows: all.filter(axis => moves(a, axis) && !moves(b, axis)),
    columns: all.filter(axis => !moves(a, axis)),
  }
}

type Operand = { readonly load: Load; readonly source: TypedArray }

/** An operand some of whose coordinates can fall outside, copied with its fill values written out, so that none can. */
const laidOut = (operand: Load, loop: Loop, inputs: readonly TypedArray[]): Operand => {
  const source = inputs[operand.input] ?? new Float64Array(0)
  if (addressOf(operand, loop).bounds.length === 0) return { load: operand, source }
  const { dtype, index, view, fill } = operand
  const lows = index.map(affine => hullOf(affine, loop)[0])
  const shape = index.map((affine, d) => hullOf(affine, loop)[1] - (lows[d] as number) + 1)
  const spread = index.map(({ divisor }, d) => ({ ...along(d, 1, lows[d]), divisor }))
  const [copy = source] = runNest(mapNest(shape, load(operand.input, dtype, view, spread, fill)), inputs)
  const shifted = index.map(({ offset, terms }, d) => ({ offset: offset - (lows[d] as number), terms, divisor: 1 }))
  return { load: load(0, dtype, shape, shifted), source: copy }
}

/** The matrix of an operand in each batch. */
const matricesOf = (
  operand: Load,
  loop: Loop,
  inputs: readonly TypedArray[],
  batches: readonly number[],
  rows: readonly number[],
  terms: readonly number[],
): ((batch: number) => Matrix) => {
  const { load, source } = laidOut(operand, loop, inputs)
  const { base, strides } = addressOf(load, loop)
  const starts = offsetsAt(batches, strides, loop.sizes)
  const rowOffsets = offsetsAt(rows, strides, loop.sizes)
  const termOffsets = offsetsAt(terms, strides, loop.sizes)
  return batch => ({ source, base: base + (starts[batch] as number), rows: rowOffsets, terms: termOffsets })
}

const roundUp = (n: number): number => Math.ceil(n / PANEL) * PANEL

/** Fills a block of `sums`, whose rows are `width` apart, with the product of rows i.. of a and j.. of b. */
const multiplyBlock = (a: Matrix, i0: number, i1: number, b: Matrix, j0: number, j1: number, width: number): void => {
  sums.fill(0, 0, roundUp(i1 - i0) * width)
  const terms = a.terms.length
  for (let k0 = 0; k0 < terms; k0 += TERMS) {
    const n = Math.min(TERMS, terms - k0)
    pack(panelsA, a, i0, i1, k0, n)
    pack(panelsB, b, j0, j1, k0, n)
    for (let j = 0; j < j1 - j0; j += PANEL)
      for (let i = 0; i < i1 - i0; i += PANEL)
        multiplyPanels(sums, i * width + j, width, panelsA, i * n, panelsB, j * n, n)
  }
}

/** Where the result of each batch, row and column goes. */
type Places = { readonly rows: Int32Array; readonly columns: Int32Array }

/** Writes a row, columns j0 to before j1 of it. The loop over float32, the default, sees one kind of array. */
const storeRow = (
  out: TypedArray,
  to: number,
  columns: Int32Array,
  j0: number,
  j1: number,
  values: Float64Array,
  from: number,
): void => {
  if (out instanceof Float32Array)
    for (let j = j0, at = from; j < j1; j++, at++) out[to + (columns[j] as number)] = values[at] as number
  else for (let j = j0, at = from; j < j1; j++, at++) out[to + (columns[j] as number)] = values[at] as number
}

/** Writes the product of two matrices from `start` on. */
const multiply = (out: TypedArray, start: number, { rows, columns }: Places, a: Matrix, b: Matrix): void => {
  for (let i0 = 0; i0 < rows.length; i0 += ROWS)
    for (let j0 = 0; j0 < columns.length; j0 += COLUMNS) {
      const i1 = Math.min(i0 + ROWS, rows.length)
      const j1 = Math.min(j0 + COLUMNS, columns.length)
      const width = roundUp(j1 - j0)
      multiplyBlock(a, i0, i1, b, j0, j1, width)
      for (let i = i0; i < i1; i++) storeRow(out, start + (rows[i] as number), columns, j0, j1, sums, (i - i0) * width)
    }
}

/** The same contraction as a nest: for products with a vector, too thin to block, and for integers, which wrap. */
const asNest = ({ dtype, axes, reduce, a, b }: Contract): Nest => {
  const expr = apply('mul', { ...a, dtype }, { ...b, dtype })
  return { tag: 'nest', axes, stages: [{ tag: 'reduce', axes: reduce, monoid: 'sum', expr, dtype }], outputs: [0] }
}

/** Runs a contraction. */
export const runContract = (kernel: Contract, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { axes, reduce, dtype } = kernel
  const sizes = [...axes, ...reduce]
  const { batches, rows, columns } = rolesOf(kernel)
  const count = (group: readonly number[]): number => sizeOf(group.map(axis => axes[axis] as number))
  const thin = count(rows) === 1 || count(columns) === 1
  if (thin || dtype === 'int32' || sizeOf(sizes) === 0) return runNest(asNest(kernel), inputs)
  const loop = { axes: range(0, sizes.length), sizes }
  const terms = range(axes.length, sizes.length)
  const matrixA = matricesOf(kernel.a, loop, inputs, batches, rows, terms)
  const matrixB = matricesOf(kernel.b, loop, inputs, batches, columns, terms)
  const out = allocate(dtype, sizeOf(axes))
  const strides = stridesOf(axes)
  const places = { rows: offsetsAt(rows, strides, axes), columns: offsetsAt(columns, strides, axes) }
  offsetsAt(batches, strides, axes).forEach((start, batch) => {
    multiply(out, start, places, matrixA(batch), matrixB(batch))
  })
  return [out]
}
