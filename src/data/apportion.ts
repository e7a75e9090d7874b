/**
 * Whole numbers in place of shares: how many rows of each class each part gets, where classes and parts have their sizes.
 *
 * Layer: data. Largest remainders (Hamilton's method) class by class, each in view of what the classes before it have left owing; then
 * rows are moved from parts that have too many to parts that have too few. Read next: split.ts.
 */
import { range } from '../core/shape.ts'

/** Rows by class and part. */
type Table = readonly number[][]

const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0)

/** Products that are whole but for rounding are whole. */
const snapped = (x: number): number => (Math.abs(x - Math.round(x)) < 1e-9 ? Math.round(x) : x)

/** Each share of a class rounded up or down, so that they come to its size: up where most is owed. */
const rounded = (counts: readonly number[], exact: Table): Table => {
  const owed = (exact[0] ?? []).map(() => 0)
  return exact.map((row, c) => {
    const whole = row.map(Math.floor)
    for (const [p, x] of row.entries()) owed[p] = (owed[p] ?? 0) + x - (whole[p] ?? 0)
    const parts = range(0, row.length).filter(p => (row[p] ?? 0) > (whole[p] ?? 0))
    parts.sort((p, q) => (owed[q] ?? 0) - (owed[p] ?? 0))
    for (const p of parts.slice(0, (counts[c] ?? 0) - sum(whole))) {
      whole[p] = (whole[p] ?? 0) + 1
      owed[p] = (owed[p] ?? 0) - 1
    }
    return whole
  })
}

/** A row of class `c` to be moved to a part from the part before. */
type Move = { readonly c: number; readonly from: number; readonly to: number }

/** The move from one part to another after which counts are nearest to shares, none of them further off than `most`. */
const bestMove = (table: Table, exact: Table, from: number, to: number, most: number): Move | undefined => {
  const over = (c: number, p: number): number => (table[c]?.[p] ?? 0) - (exact[c]?.[p] ?? 0)
  const possible = range(0, table.length).filter(
    c => (table[c]?.[from] ?? 0) > 0 && Math.max(1 - over(c, from), over(c, to) + 1) <= most + 1e-9,
  )
  const cost = (c: number): number => over(c, to) - over(c, from)
  const [first, ...others] = possible
  return first === undefined
    ? undefined
    : { c: others.reduce((best, c) => (cost(c) < cost(best) ? c : best), first), from, to }
}

/** The fewest moves that take a row from one part to one of others, through parts between them. */
const path = (
  from: number,
  ends: readonly number[],
  moveTo: (from: number, to: number) => Move | undefined,
  parts: number,
): readonly Move[] | undefined => {
  const found = new Map<number, readonly Move[]>([[from, []]])
  for (const [p, moves] of found) {
    if (ends.includes(p)) return moves
    for (const q of range(0, parts)) {
      const move = found.has(q) ? undefined : moveTo(p, q)
      if (move !== undefined) found.set(q, [...moves, move])
    }
  }
  return undefined
}

/**
 * A table of whole numbers: classes of `counts` rows by parts of `sizes` rows, with no entry further than 1 from the share of the class
 * that the part has. There is one for up to three parts; of more, where sizes were rounded against each other, entries may be off by 2.
 */
export const apportion = (counts: readonly number[], shares: readonly number[], sizes: readonly number[]): Table => {
  const exact = counts.map(n => shares.map(share => snapped(n * share)))
  const table = rounded(counts, exact)
  for (;;) {
    const lacking = sizes.map((size, p) => size - sum(table.map(row => row[p] ?? 0)))
    const from = lacking.findIndex(n => n < 0)
    if (from < 0) return table
    const ends = range(0, sizes.length).filter(p => (lacking[p] ?? 0) > 0)
    const within = (most: number) => path(from, ends, (p, q) => bestMove(table, exact, p, q, most), sizes.length)
    const moves = within(1) ?? within(2) ?? within(Infinity)
    if (moves === undefined) return table
    for (const { c, from, to } of moves) {
      const row = table[c] ?? []
      row[from] = (row[from] ?? 0) - 1
      row[to] = (row[to] ?? 0) + 1
    }
  }
}
