/**
 * A contraction seen as a matrix product: which axes number the rows, the columns and the terms, and how far operands move along them.
 *
 * Layer: backend. Columns are the last axes of the result, so that it is written in whole vectors; rows are the other axes that the
 * first operand alone moves along; what is left is *outer*, a product for each point of it. All distances are bytes.
 * Read next: contract/plan.ts, which cuts this into blocks.
 */
import { bytesOf } from '../../../core/dtype.ts'
import { type Contract, type Expr, type Load, linearise } from '../../../core/kernel.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../../core/shape.ts'
import { addressOf, offsetsAt } from '../../address.ts'

/** Distances along rows: a constant one, or a table of them. */
export type Rows =
  | { readonly tag: 'linear'; readonly step: number }
  | { readonly tag: 'table'; readonly offsets: Int32Array }

/** A piece of memory as the loops move through it: from `base`, along the outer axes, the rows and the columns. */
export type Walk = {
  readonly base: number
  readonly outer: readonly number[]
  readonly rows: Rows
  readonly column: number
}

/** One axis of the terms: its size, and how far the operands move along it. */
export type TermAxis = { readonly size: number; readonly a: number; readonly b: number }

/** What the epilogue reads besides the sum. */
export type Extra = { readonly load: Load; readonly walk: Walk }

export type Roles = {
  /** Inputs that are the operands: that of the rows, that of the columns. */
  readonly inputs: readonly [rows: number, columns: number]
  readonly outer: Shape
  readonly rows: number
  readonly columns: number
  readonly a: Walk
  readonly b: Walk
  /** The result, in elements. */
  readonly out: Walk
  readonly terms: readonly TermAxis[]
  /** Loads of the epilogue; null where one of them is no walk. */
  readonly extras: readonly Extra[] | null
}

/** An address over all axes of the kernel, in units of `width` bytes. */
type Strided = { readonly base: number; readonly strides: readonly number[] }

/** A load as base and strides; null where it may miss. */
const stridedOf = (load: Load, sizes: Shape): Strided | null => {
  const { base, strides, bounds } = addressOf(load, { axes: range(0, sizes.length), sizes })
  const width = bytesOf(load.dtype)
  return bounds.length > 0 ? null : { base: base * width, strides: strides.map(n => n * width) }
}

/** An axis of the loops: one of the kernel's, or a part of one. */
type Axis = {
  readonly size: number
  readonly a: number
  readonly b: number
  readonly out: number
  readonly extras: readonly number[]
}

/** The distance from one point to the next in row-major order, if it is the same everywhere. */
const stepOf = (sizes: Shape, strides: readonly number[]): number | null => {
  const last = sizes.length - 1
  for (let i = 0; i < last; i++) if (strides[i] !== (strides[i + 1] as number) * (sizes[i + 1] as number)) return null
  return strides[last] ?? 0
}

type Pick = (axis: Axis) => number

const rowsOf = (axes: readonly Axis[], pick: Pick): Rows => {
  const [sizes, strides] = [axes.map(axis => axis.size), axes.map(pick)]
  const step = stepOf(sizes, strides)
  return step === null
    ? { tag: 'table', offsets: offsetsAt(range(0, axes.length), strides, sizes) }
    : { tag: 'linear', step }
}

/** Rows without a constant step are looked up; a table holds at most so many. */
const MOST_ROWS = 1 << 14

const linear = (axes: readonly Axis[], picks: readonly Pick[]): boolean =>
  picks.every(
    pick =>
      stepOf(
        axes.map(axis => axis.size),
        axes.map(pick),
      ) !== null,
  )

/** The largest divisor of n up to `most`. */
const divisorUpTo = (n: number, most: number): number => {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d
  return 1
}

/** An axis as two, the inner of a given size. */
const cut = (axis: Axis, inner: number): readonly [outer: Axis, inner: Axis] => [
  {
    size: axis.size / inner,
    a: axis.a * inner,
    b: axis.b * inner,
    out: axis.out * inner,
    extras: axis.extras.map(n => n * inner),
  },
  { ...axis, size: inner },
]

/** The last row axes, as many as a table may hold; the others become outer. */
const splitRows = (
  axes: readonly Axis[],
  picks: readonly Pick[],
): readonly [outer: readonly Axis[], rows: readonly Axis[]] => {
  if (linear(axes, picks)) return [[], axes]
  const rows: Axis[] = []
  let count = 1
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i] as Axis
    const inner = divisorUpTo(axis.size, Math.max(1, Math.floor(MOST_ROWS / count)))
    const whole = rows.length === 0 || inner === axis.size
    const [rest, part] = whole ? [null, axis] : cut(axis, inner)
    rows.unshift(part)
    count *= part.size
    if (rest !== null) return [[...axes.slice(0, i), rest], rows]
  }
  return [[], rows]
}

/** The last axes, which b alone moves along, as long as all walks have one step over them. */
const splitColumns = (
  axes: readonly Axis[],
  picks: readonly Pick[],
): readonly [others: readonly Axis[], columns: readonly Axis[]] => {
  let from = axes.length
  while (from > 0) {
    const next = axes[from - 1] as Axis
    if (next.a !== 0 || next.b === 0 || !linear(axes.slice(from - 1), picks)) break
    from--
  }
  return [axes.slice(0, from), axes.slice(from)]
}

/** Larger steps of the first operand outside, so that its runs are long; an axis that goes backwards is turned round. */
const orderTerms = (terms: readonly TermAxis[]): readonly TermAxis[] =>
  [...terms].sort((x, y) => Math.abs(y.a) - Math.abs(x.a) || Math.abs(y.b) - Math.abs(x.b))

const loadsOf = (epilogue: readonly Expr[]): readonly Load[] => [
  ...new Set(linearise(epilogue).filter((node): node is Load => node.tag === 'load')),
]

/** The product with its operands as they stand; null where columns would be none. */
const rolesWith = (kernel: Contract, a: Strided, b: Strided, inputs: readonly [number, number]): Roles | null => {
  const { axes, reduce, epilogue } = kernel
  const loads = loadsOf(epilogue)
  const found = loads.map(load => stridedOf(load, axes))
  const strided = found.every(s => s !== null) ? (found as readonly Strided[]) : []
  const outStrides = stridesOf(axes)
  const all = range(0, axes.length)
    .filter(i => axes[i] !== 1)
    .map(
      (i): Axis => ({
        size: axes[i] as number,
        a: a.strides[i] as number,
        b: b.strides[i] as number,
        out: outStrides[i] as number,
        extras: strided.map(s => s.strides[i] as number),
      }),
    )
  const picks: readonly Pick[] = [
    axis => axis.out,
    axis => axis.b,
    ...strided.map(
      (_, i): Pick =>
        axis =>
          axis.extras[i] as number,
    ),
  ]
  const [others, columns] = splitColumns(all, picks)
  if (columns.length === 0) return null
  const isRow = (axis: Axis): boolean => axis.a !== 0 && axis.b === 0
  const rowPicks: readonly Pick[] = [axis => axis.a, ...picks.filter((_, i) => i !== 1)]
  const [outerRows, rows] = splitRows(others.filter(isRow), rowPicks)
  const outer = [...others.filter(axis => !isRow(axis)), ...outerRows]
  const walk = (base: number, pick: Pick): Walk => ({
    base,
    outer: outer.map(pick),
    rows: rowsOf(rows, pick),
    column:
      stepOf(
        columns.map(axis => axis.size),
        columns.map(pick),
      ) ?? 0,
  })
  const raw = range(axes.length, axes.length + reduce.length)
    .map(i => ({ size: reduce[i - axes.length] as number, a: a.strides[i] as number, b: b.strides[i] as number }))
    .filter(({ size }) => size !== 1)
  const back = raw.filter(term => term.a < 0)
  const start = (of: 'a' | 'b'): number => back.reduce((sum, term) => sum + term[of] * (term.size - 1), 0)
  return {
    inputs,
    outer: outer.map(axis => axis.size),
    rows: sizeOf(rows.map(axis => axis.size)),
    columns: sizeOf(columns.map(axis => axis.size)),
    a: walk(a.base + start('a'), axis => axis.a),
    b: walk(b.base + start('b'), axis => axis.b),
    out: walk(0, axis => axis.out),
    terms: orderTerms(raw.map(term => (term.a < 0 ? { size: term.size, a: -term.a, b: -term.b } : term))),
    extras:
      strided.length < loads.length
        ? null
        : loads.map((load, i) => ({
            load,
            walk: walk((strided[i] as Strided).base, axis => axis.extras[i] as number),
          })),
  }
}

/** The matrix product that a contraction is, its operands exchanged if need be; null where it is none. */
export const rolesOf = (kernel: Contract): Roles | null => {
  const sizes = [...kernel.axes, ...kernel.reduce]
  const [a, b] = [stridedOf(kernel.a, sizes), stridedOf(kernel.b, sizes)]
  if (a === null || b === null) return null
  return (
    rolesWith(kernel, a, b, [kernel.a.input, kernel.b.input]) ??
    rolesWith(kernel, b, a, [kernel.b.input, kernel.a.input])
  )
}
