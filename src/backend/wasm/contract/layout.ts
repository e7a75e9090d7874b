/**
 * What the loops of a contraction share: the order in which terms are walked, and where things are in the scratch memory.
 *
 * Layer: backend. Scratch memory holds, in this order: partial sums, packed panels of B, packed rows of A, and room for a tile,
 * or a strip of tiles, of each chunk. Read next: contract/chunks.ts.
 */
import { aligned } from '../../../compile/plan.ts'
import { range, sizeOf } from '../../../core/shape.ts'
import { offsetsAt } from '../../address.ts'
import type { FunctionRef, Local } from '../assembler.ts'
import { mergeTerms, type Plan } from './plan.ts'
import type { Roles, Walk } from './roles.ts'
import { type Ends, type Terms, vectorsOf } from './tile.ts'

/** A piece of memory that tiles read or write when their sums are complete: the local that has its address, and the walk through it. */
export type Place = { readonly start: Local; readonly walk: Walk }

/** Everything the loops need. */
export type Job = {
  readonly roles: Roles
  readonly plan: Plan
  /** The locals that have the addresses of the operands and of the scratch memory, in functions of these parameters. */
  readonly starts: { readonly a: Local; readonly b: Local; readonly scratch: Local }
  readonly params: readonly 'i32'[]
  readonly places: readonly Place[]
  /** How a tile of so many columns begins and ends. */
  readonly endsOf: (columns: number) => Ends
  /** What ends strips of so many rows; null where each tile ends itself. */
  readonly strips: ((height: number) => FunctionRef) | null
  /** Bytes from the partial sums of a part to those of the next. */
  readonly part: number
  readonly fma: boolean
  readonly scratch: Scratch
}

/** Where things are in the scratch memory, in bytes; `size` of all. */
export type Scratch = {
  readonly panels: number
  readonly rows: number
  readonly room: number
  readonly size: number
}

/** Bytes of a chunk's room for the sums of a tile. */
const ROOM = 256
/** Panels from which it pays to end a strip, all tiles of the same rows in a chunk, at once. */
const WIDE = 4

/** Bytes of the sums of one row of a strip; null where tiles do not come in strips. */
export const stripOf = (roles: Roles, plan: Plan): number | null => {
  const panels = Math.ceil(panelsOf(roles, plan).count / plan.grid.panels)
  return plan.rowsOutside && panels >= WIDE ? 16 * plan.vectors * panels : null
}

/** Bytes of a chunk's room for sums on their way through the epilogue. */
export const roomOf = (roles: Roles, plan: Plan): number =>
  Math.max(ROOM, aligned(plan.height * (stripOf(roles, plan) ?? 0)))

/** The tiles of a chunkless product along one side: full ones, and what the last one has if it is not. */
export type Tiling = { readonly full: number; readonly rest: number; readonly count: number }

const tiling = (n: number, each: number): Tiling => ({
  full: Math.floor(n / each),
  rest: n % each,
  count: Math.ceil(n / each),
})

/** Panels of columns. */
export const panelsOf = ({ columns }: Roles, { vectors }: Plan): Tiling => tiling(columns, 4 * vectors)

/** Tiles of rows. */
export const tilesOf = ({ rows }: Roles, { height }: Plan): Tiling => tiling(rows, height)

export const chunksOf = ({ grid }: Plan): number => grid.outer * grid.parts * grid.rows * grid.panels

/** The terms of a block as some of the operands run through them. */
export const walkOf = (roles: Roles, { blocks }: Plan, of: readonly ('a' | 'b')[]): Terms => {
  const several = blocks.count > 1
  const axes = several ? [{ ...blocks.axis, size: blocks.length }, ...blocks.inner] : roles.terms
  const merged = mergeTerms(axes, of)
  const sizes = merged.map(({ size }) => size)
  const count = several ? null : sizeOf(sizes)
  const [only] = merged
  if (only === undefined || merged.length === 1) return { count, steps: { a: only?.a ?? 0, b: only?.b ?? 0 } }
  const offsets = (side: 'a' | 'b'): Int32Array => {
    const strides = merged.map(axis => axis[side])
    return offsetsAt(range(0, sizes.length), strides, sizes)
  }
  return { count, steps: { a: offsets('a'), b: offsets('b') } }
}

/** The terms as a tile of some height sees them: packed operands are read one after the other. */
export const tileTerms = (roles: Roles, plan: Plan, height: number): Terms => {
  const { packing, packsRows } = plan
  if (!packsRows) return walkOf(roles, plan, packing === 'none' ? ['a', 'b'] : ['a'])
  const { count, steps } = walkOf(roles, plan, ['b'])
  const step = 4 * height
  if (packing !== 'none') return { count, steps: { a: step, b: 0 } }
  return typeof steps.b === 'number'
    ? { count, steps: { a: step, b: steps.b } }
    : { count, steps: { a: steps.b.map((_, i) => step * i), b: steps.b } }
}

/** Terms of a block at most. */
export const termsOf = ({ blocks }: Plan): number => blocks.inner.reduce((n, { size }) => n * size, blocks.length)

/** Bytes of a full panel. */
export const panelBytes = (plan: Plan): number => 16 * plan.vectors * termsOf(plan)

/** Bytes of all panels of one matrix. */
export const matrixBytes = (roles: Roles, plan: Plan): number => {
  const { full, rest } = panelsOf(roles, plan)
  return 16 * termsOf(plan) * (full * plan.vectors + vectorsOf(rest))
}

/** Packed matrices, one for each outer point along which B moves: their number, and the bytes between them along outer axes. */
export const packedMatrices = (
  roles: Roles,
  plan: Plan,
): { readonly steps: readonly number[]; readonly count: number } => {
  const steps = roles.outer.map(() => 0)
  let count = 1
  for (let i = roles.outer.length - 1; i >= 0; i--) {
    if (roles.b.outer[i] === 0) continue
    steps[i] = count * matrixBytes(roles, plan)
    count *= roles.outer[i] as number
  }
  return { steps, count }
}

/** Bytes of one tile of packed rows. */
export const packedTile = (plan: Plan): number => 4 * termsOf(plan) * plan.height

/** Bytes in which a chunk packs its rows of A. */
export const packedRows = (roles: Roles, plan: Plan): number =>
  plan.packsRows ? packedTile(plan) * Math.ceil(tilesOf(roles, plan).count / plan.grid.rows) : 0

const panelsSize = (roles: Roles, plan: Plan): number => {
  if (plan.packing === 'none') return 0
  if (plan.packing === 'own') return chunksOf(plan) * panelBytes(plan)
  return packedMatrices(roles, plan).count * matrixBytes(roles, plan)
}

/** The scratch memory of a product behind so many bytes of partial sums. */
export const scratchOf = (roles: Roles, plan: Plan, partial: number): Scratch => {
  const rows = partial + panelsSize(roles, plan)
  const room = rows + chunksOf(plan) * packedRows(roles, plan)
  return { panels: partial, rows, room, size: room + chunksOf(plan) * roomOf(roles, plan) }
}
