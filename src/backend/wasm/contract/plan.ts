/**
 * How a matrix product is cut: tiles for the registers, panels of columns, blocks of terms for the caches, chunks for the threads.
 *
 * Layer: backend. All of it follows from shapes. A tile is `height` rows by `vectors` vectors of columns, held in registers over all
 * terms of a block. Where the result has few tiles but many terms (the weight gradient of a convolution), the blocks are shared out in
 * *parts*, whose sums are added up in the end. Read next: contract/tile.ts.
 */
import type { Roles, TermAxis } from './roles.ts'

/** Where the columns of B come from: memory as it is, panels packed once for all, or panels that each chunk packs for itself. */
export type Packing = 'none' | 'shared' | 'own'

/** The terms as loops: a block is `length` points of `axis`, with all of the axes in `inner`. */
export type Blocks = {
  readonly outer: readonly TermAxis[]
  readonly axis: TermAxis
  readonly length: number
  readonly inner: readonly TermAxis[]
  /** How many there are. */
  readonly count: number
}

/** Into how many pieces each dimension is cut for the threads. */
export type Grid = { readonly outer: number; readonly parts: number; readonly rows: number; readonly panels: number }

export type Plan = {
  readonly height: number
  readonly vectors: number
  readonly packing: Packing
  /** Whether each chunk packs its rows of A. */
  readonly packsRows: boolean
  /** Whether tiles of the same rows follow each other, rather than those of the same panel. */
  readonly rowsOutside: boolean
  readonly blocks: Blocks
  readonly grid: Grid
  readonly work: number
}

/** Terms of a block when there are several: a panel of B and a tile's rows of A then stay in the first-level cache. */
const BLOCK = 512
/** The same where panels are few: what all of them and all rows read then stays there. */
const NARROW_BLOCK = 160
const FEW_PANELS = 3
/** From so many terms on, panels would not stay in the second-level cache. */
const MOST_TERMS = 4096
/** Flops in a nanosecond, roughly. */
const SPEED = 45
/** Nanoseconds that a chunk should take. */
const CHUNK = 60_000
const MOST_CHUNKS = 32
/** Floats of all partial sums together. */
const MOST_PARTIAL = 1 << 22

const product = (axes: readonly TermAxis[]): number => axes.reduce((n, { size }) => n * size, 1)

/** Neighbouring axes that both operands walk as one become one. */
export const mergeTerms = (terms: readonly TermAxis[], by: readonly ('a' | 'b')[]): readonly TermAxis[] => {
  const out: TermAxis[] = []
  for (const inner of terms) {
    const outer = out.at(-1)
    if (outer !== undefined && by.every(of => outer[of] === inner[of] * inner.size))
      out[out.length - 1] = { size: outer.size * inner.size, a: inner.a, b: inner.b }
    else out.push(inner)
  }
  return out
}

const ONE: TermAxis = { size: 1, a: 0, b: 0 }

/** Terms in blocks of at most about `most`, all but the last of one length. */
const blocksOf = (terms: readonly TermAxis[], most: number): Blocks => {
  let from = Math.max(0, terms.length - 1)
  while (from > 0 && product(terms.slice(from)) < most) from--
  const inner = terms.slice(from + 1)
  const axis = terms[from] ?? ONE
  const longest = Math.max(1, Math.floor(most / product(inner)))
  const pieces = Math.max(1, Math.ceil(axis.size / longest))
  const length = Math.ceil(axis.size / pieces)
  const outer = terms.slice(0, from)
  return { outer, axis, length, inner, count: product(outer) * Math.ceil(axis.size / length) }
}

/** Rows and vectors of a tile: what fits in sixteen registers, besides operands. */
const tileOf = ({ rows, columns }: Roles, fma: boolean): readonly [height: number, vectors: number] => {
  if (columns <= 4) return [6, 1]
  if (rows === 1) return [1, 8]
  if (rows === 2) return [2, 4]
  if (rows === 3 || (columns > 8 && columns <= 12)) return [3, 3]
  return [fma ? 6 : 5, 2]
}

/** Pieces to cut `n` things in, at most `wanted`. */
const pieces = (n: number, wanted: number): number => Math.max(1, Math.min(n, wanted))

/** Numbers of the things that are shared out, besides the blocks of terms. */
type Counts = { readonly outer: number; readonly rowTiles: number; readonly panels: number }

/** `most` parts at most, if terms are cut in blocks. */
const gridOf = ({ outer, rowTiles, panels }: Counts, blocks: number, most: number, wanted: number): Grid => {
  const packs = blocks > 1
  const byOuter = outer >= wanted ? wanted : outer > 1 && outer * 2 > wanted ? outer : 1
  const parts = packs ? Math.min(Math.ceil(wanted / byOuter), blocks, most) : 1
  const rest = Math.ceil(wanted / byOuter / parts)
  // The longer side is cut first; but where each chunk packs its own panels, few should pack the same.
  const rowsFirst = rowTiles >= panels && !(packs && panels >= rest)
  const first = pieces(rowsFirst ? Math.ceil(rowTiles / 2) : panels, rest)
  const second = pieces(rowsFirst ? panels : Math.ceil(rowTiles / 2), Math.floor(rest / first))
  return { outer: byOuter, parts, rows: rowsFirst ? first : second, panels: rowsFirst ? second : first }
}

/** Bytes between terms up to which columns are as good as packed. */
const NEAR = 64

const packingOf = ({ terms, b }: Roles, rowTiles: number, shared: boolean): Packing => {
  const near = Math.abs(terms.at(-1)?.b ?? 0) <= NEAR
  if (b.column === 4 && (near || rowTiles <= 2)) return 'none'
  return shared ? 'shared' : 'own'
}

/** Cache lines of 64 bytes in the first-level cache, in sets of 8 at addresses that are 4096 apart. */
const LINES = 512

/** Whether numbers so many bytes apart would push one another out of the first-level cache before their neighbours are read. */
const thrashes = (step: number, terms: number): boolean => {
  const distance = Math.abs(step)
  if (distance < 64) return false
  let apart = 4096
  while (distance % apart !== 0) apart /= 2
  return terms > (LINES * 64) / Math.max(64, apart) / 1.5
}

/** From so many panels on, packed rows pay. */
const MANY_PANELS = 3

/**
 * Bytes of B up to which tiles of the same rows follow each other: it stays in the second-level cache, and what the epilogue reads and
 * writes is walked line by line, as caches expect it.
 */
const NEAR_PANELS = 1 << 18
/** Terms up to which that matters beside the product itself. */
const FEW_TERMS = 320

/** Whether tiles of the same rows should follow each other, in chunks of so many panels, each of so many terms and vectors. */
const runsAlongRows = (panels: number, terms: number, vectors: number): boolean =>
  panels > 1 && terms <= FEW_TERMS && panels * terms * 16 * vectors <= NEAR_PANELS

/** Cuts a product. */
export const planOf = (roles: Roles, fma: boolean): Plan => {
  const [height, vectors] = tileOf(roles, fma)
  const rowTiles = Math.ceil(roles.rows / height)
  const panels = Math.ceil(roles.columns / (4 * vectors))
  const outer = roles.outer.reduce((n, size) => n * size, 1)
  const count = product(roles.terms)
  const points = outer * roles.rows * roles.columns
  const work = (2 * points * count) / SPEED
  const wanted = Math.max(1, Math.min(MOST_CHUNKS, Math.round(work / CHUNK)))
  const few = outer * rowTiles * panels < 2 * wanted || (outer * rowTiles * panels < 128 && count > 16 * BLOCK)
  const cutTerms = count > MOST_TERMS || (few && count >= 2 * BLOCK)
  const merged = mergeTerms(roles.terms, ['a', 'b'])
  const longest = panels <= FEW_PANELS ? NARROW_BLOCK : BLOCK
  const blocks = blocksOf(merged, cutTerms ? longest : Number.POSITIVE_INFINITY)
  const room = Math.max(1, Math.floor(MOST_PARTIAL / points))
  const grid = gridOf({ outer, rowTiles, panels }, blocks.count, room, wanted)
  const reused = grid.rows > 1 || roles.outer.some((size, i) => size > 1 && roles.b.outer[i] === 0)
  const blockTerms = product(blocks.inner) * blocks.length
  const rowsOutside = runsAlongRows(Math.ceil(panels / grid.panels), blockTerms, vectors)
  const packing = packingOf(roles, rowTiles, (reused || rowsOutside) && blocks.count === 1)
  return {
    height,
    vectors,
    packing,
    packsRows: thrashes(roles.terms.at(-1)?.a ?? 0, blockTerms) && panels / grid.panels >= MANY_PANELS,
    rowsOutside: rowsOutside && packing !== 'own',
    blocks,
    grid,
    work,
  }
}
