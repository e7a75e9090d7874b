/**
 * A contraction as a product of matrices: rows that the first operand alone moves along, columns that the second alone moves along, a
 * product for each point of what is left; and its sums in parts, where there would be few groups of threads and many terms.
 *
 * Layer: backend. Everything follows from shapes. Read next: tiles.ts, which writes the shader.
 */
import { type Contract, type Load, load } from '../../core/kernel.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../core/shape.ts'
import { addressOf } from '../address.ts'

/** A part of the loops: its size, and how many elements both operands and the result move along it. */
export type Axis = { readonly size: number; readonly a: number; readonly b: number; readonly out: number }

/** Rows and columns by tiles; everything that has no such form is none. */
export type Product = {
  readonly inputs: { readonly a: number; readonly b: number }
  readonly base: { readonly a: number; readonly b: number }
  readonly outer: readonly Axis[]
  readonly rows: readonly Axis[]
  readonly columns: readonly Axis[]
  readonly terms: readonly Axis[]
  /** Rows and columns of a tile: 16, 32 or 64. */
  readonly tile: { readonly rows: number; readonly columns: number }
  /** How many groups of threads there are along columns, rows and the outer axes. */
  readonly groups: readonly [columns: number, rows: number, outer: number]
}

/** An operand as the element that it begins with, and how far it moves along each axis. */
type Strided = { readonly base: number; readonly strides: readonly number[] }

const stridedOf = (operand: Load, sizes: Shape): Strided | null => {
  const { base, strides, bounds } = addressOf(operand, { axes: range(0, sizes.length), sizes })
  return bounds.length > 0 || strides.some(step => step < 0) ? null : { base, strides }
}

export const countOf = (axes: readonly Axis[]): number => axes.reduce((n, { size }) => n * size, 1)

/** Neighbours that all three walk as one become one. */
const merged = (axes: readonly Axis[]): readonly Axis[] => {
  const out: Axis[] = []
  for (const inner of axes) {
    const outer = out.at(-1)
    if (outer !== undefined && (['a', 'b', 'out'] as const).every(of => outer[of] === inner[of] * inner.size))
      out[out.length - 1] = { ...inner, size: outer.size * inner.size }
    else out.push(inner)
  }
  return out
}

const tileSide = (count: number): number => (count > 32 ? 64 : count > 16 ? 32 : 16)

/** From so many rows, columns and terms on, threads have something to share; and products from which on it is worth a shader. */
const FEW = 4
const FEW_TERMS = 8
const WORTH = 1 << 20
/** Groups of threads along one dimension, at most. */
const MOST_GROUPS = 65_535

/** The product that a contraction is; null for one with an operand that may miss, of integers, or too thin or small for tiles. */
export const productOf = (kernel: Contract): Product | null => {
  const { axes, reduce, a, b, dtype } = kernel
  const sizes = [...axes, ...reduce]
  const [left, right] = [stridedOf(a, sizes), stridedOf(b, sizes)]
  if (left === null || right === null || [dtype, a.dtype, b.dtype].some(of => of !== 'float32')) return null
  const outStrides = stridesOf(axes)
  const all = sizes.map(
    (size, i): Axis => ({
      size,
      a: left.strides[i] as number,
      b: right.strides[i] as number,
      out: outStrides[i] ?? 0,
    }),
  )
  const [points, terms] = [all.slice(0, axes.length), all.slice(axes.length)].map(part => part.filter(x => x.size > 1))
  const rows = (points ?? []).filter(axis => axis.a !== 0 && axis.b === 0)
  const columns = (points ?? []).filter(axis => axis.a === 0 && axis.b !== 0)
  const outer = (points ?? []).filter(axis => !rows.includes(axis) && !columns.includes(axis))
  const [m, n] = [countOf(rows), countOf(columns)]
  if (m < FEW || n < FEW || sizeOf(reduce) < FEW_TERMS || sizeOf(sizes) < WORTH) return null
  const tile = { rows: tileSide(m), columns: tileSide(n) }
  const groups = [Math.ceil(n / tile.columns), Math.ceil(m / tile.rows), countOf(outer)] as const
  if (groups.some(count => count > MOST_GROUPS)) return null
  return {
    inputs: { a: a.input, b: b.input },
    base: { a: left.base, b: right.base },
    outer: merged(outer),
    rows: merged(rows),
    columns: merged(columns),
    terms: merged(terms ?? []),
    tile,
    groups,
  }
}

/** Groups of threads that keep a GPU busy, and terms that a part should have at least. */
const BUSY = 256
const PART_TERMS = 256

const divisorUpTo = (n: number, most: number): number => {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d
  return 1
}

/** A load that is an address over other axes. */
const addressed = ({ input, dtype, view }: Load, base: number, strides: readonly number[]): Load =>
  load(
    input,
    dtype,
    [sizeOf(view)],
    [{ offset: base, terms: strides.flatMap((by, axis) => (by === 0 ? [] : [{ axis, by }])), divisor: 1 }],
  )

/** The sums of a contraction in parts, an axis in front of the others; itself where parts would not help. */
export const inParts = (kernel: Contract, { groups }: Product): { readonly sums: Contract; readonly parts: number } => {
  const { axes, reduce } = kernel
  const wanted = Math.min(
    Math.ceil(BUSY / groups.reduce((n, count) => n * count, 1)),
    Math.floor(sizeOf(reduce) / PART_TERMS),
  )
  const divisors = reduce.map(size => divisorUpTo(size, wanted))
  const parts = Math.max(1, ...divisors)
  if (parts === 1) return { sums: kernel, parts }
  const at = divisors.indexOf(parts)
  const sizes = [...axes, ...reduce]
  const length = (reduce[at] as number) / parts
  const cut = (operand: Load): Load => {
    const { base, strides } = stridedOf(operand, sizes) as Strided
    return addressed(operand, base, [length * (strides[axes.length + at] as number), ...strides])
  }
  const sums = {
    ...kernel,
    axes: [parts, ...axes],
    reduce: reduce.map((size, i) => (i === at ? length : size)),
    a: cut(kernel.a),
    b: cut(kernel.b),
  }
  return { sums, parts }
}
