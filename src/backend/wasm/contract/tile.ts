/**
 * The innermost loop of a contraction: a tile of sums in registers.
 *
 * Layer: backend. For each term a tile takes a row of B, a vector or more, and one number of A for each of its own rows. There is one
 * loop over all terms: where they are no constant step apart, their distances come from a table. It is not unrolled, stands in a
 * branch, and its sums are only stored behind it: in any other form V8 11 keeps some of the sums on the stack, at half the speed.
 * Read next: contract/finish.ts, what comes after.
 */
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'
import { loadVector, type Place } from '../expr/memory.ts'
import { advance, repeat } from './code.ts'
import type { Rows } from './roles.ts'

/** How operands move from term to term. A null count is known only at run time. */
export type Terms = {
  readonly count: number | null
  readonly steps: Steady | ByTable
}
type Steady = { readonly a: number; readonly b: number }
type ByTable = { readonly a: Int32Array; readonly b: Int32Array }

const isSteady = (steps: Steady | ByTable): steps is Steady => typeof steps.a === 'number'

/** What a tile does before its loop and after it. */
export type Ends = {
  readonly start: (code: Code, sums: Sums, given: Given) => void
  readonly finish: (code: Code, sums: Sums, given: Given) => void
}

/** Sums by row and vector. */
export type Sums = readonly (readonly Local[])[]

/** The arguments of a tile. */
export type Given = {
  /** Points at the entry of the tile's first row in a table that begins at 0. */
  readonly row: Local
  readonly a: Local
  readonly b: Local
  readonly terms: Local
  /** Whether nothing has been added to the tile yet. */
  readonly first: Local
  /** Room for the sums of a tile. */
  readonly room: Local
  readonly places: readonly Local[]
}

export type Tile = {
  readonly height: number
  readonly columns: number
  readonly a: Rows
  readonly terms: Terms
  /** Whether B comes in panels. */
  readonly packed: boolean
  readonly fma: boolean
  readonly places: number
  readonly ends: Ends
}

/** How many of the columns are in vector number j. */
export const lanesOf = (columns: number, j: number): number => Math.min(4, columns - 4 * j)

export const vectorsOf = (columns: number): number => Math.ceil(columns / 4)

export const times = <A>(n: number, make: (i: number) => A): readonly A[] =>
  Array.from({ length: n }, (_, i) => make(i))

/** Where a table of rows is in the module's data. */
export const tableOf = (module: ModuleBuilder, rows: Rows): number =>
  rows.tag === 'table' ? module.data(rows.offsets) : 0

/** Local pointers to each row of A: a single one where immediate offsets reach the others. */
export const rowPointers = (
  module: ModuleBuilder,
  code: Code,
  rows: Rows,
  height: number,
  a: Local,
  row: Local,
): readonly Place[] => {
  if (rows.tag === 'linear' && rows.step >= 0) return times(height, i => ({ address: a, offset: i * rows.step }))
  const table = tableOf(module, rows)
  return times(height, i => {
    const address = code.local('i32')
    code.get(a)
    if (rows.tag === 'linear') code.i32(i * rows.step)
    else {
      code.get(row)
      code.memory('i32.load', table + 4 * i)
    }
    code.op('i32.add')
    code.set(address)
    return { address, offset: 0 }
  })
}

/** A pointer into one of the operands. */
export type Pointer = { readonly of: 'a' | 'b'; readonly at: Local }

/** What is done for a term: all pointers as they are at that term. */
type Body = (moved: readonly Local[]) => void

/** Tables side by side, entry by entry. */
const interleaved = (tables: readonly Int32Array[]): Int32Array => {
  const entries = new Int32Array(tables.length * (tables[0]?.length ?? 0))
  for (const [t, table] of tables.entries())
    for (let i = 0; i < table.length; i++) entries[i * tables.length + t] = table[i] as number
  return entries
}

/** A new local: x + y. */
const sumOf = (code: Code, x: Local, y: Local): Local => {
  const sum = code.local('i32')
  code.get(x)
  code.get(y)
  code.op('i32.add')
  code.set(sum)
  return sum
}

/** Pointers stay; their distances at each term are in a table, through which `entry` moves. */
const byTable = (
  module: ModuleBuilder,
  code: Code,
  steps: ByTable,
  pointers: readonly Pointer[],
  entry: Local,
  body: Body,
): void => {
  const used = (['a', 'b'] as const).filter(of => pointers.some(pointer => pointer.of === of))
  const table = module.data(interleaved(used.map(of => steps[of])))
  const distances = used.map((_, i) => {
    const distance = code.local('i32')
    code.get(entry)
    code.memory('i32.load', table + 4 * i)
    code.set(distance)
    return distance
  })
  body(pointers.map(({ of, at }) => sumOf(code, at, distances[used.indexOf(of)] as Local)))
  advance(code, entry, 4 * used.length)
}

/** Runs `body` for each term: `terms` of them, if the count is known only at run time. `guard` is any local that is not 0. */
export const forTerms = (
  module: ModuleBuilder,
  code: Code,
  { count, steps }: Terms,
  { terms, guard }: { readonly terms: Local; readonly guard: Local },
  pointers: readonly Pointer[],
  body: Body,
): void => {
  const entry = code.local('i32')
  code.dataAddress()
  code.set(entry)
  code.get(guard)
  code.when(() =>
    repeat(code, count ?? terms, count === null, () => {
      if (!isSteady(steps)) return byTable(module, code, steps, pointers, entry, body)
      body(pointers.map(({ at }) => at))
      for (const { of, at } of pointers) advance(code, at, steps[of])
      return
    }),
  )
}

/** Loads the row of B at a term, then multiplies it with the numbers of A. */
const emitTerm = (
  code: Code,
  { columns, packed, fma }: Tile,
  sums: Sums,
  rows: readonly Place[],
  b: Local,
  { left, right }: { readonly left: Local; readonly right: readonly Local[] },
): void => {
  for (const [j, vector] of right.entries()) {
    loadVector(code, 'float32', { address: b, offset: 16 * j }, packed ? 4 : lanesOf(columns, j))
    code.set(vector)
  }
  for (const [i, row] of sums.entries()) {
    const { address, offset } = rows[i] as Place
    code.get(address)
    code.memory('v128.load32_splat', offset)
    code.set(left)
    for (const [j, sum] of row.entries()) multiplyAdd(code, left, right[j] as Local, sum, fma)
  }
}

/** The function of a tile; its arguments are those of `Given`, in order. */
export const defineTile = (module: ModuleBuilder, tile: Tile): FunctionRef => {
  const params = times(6 + tile.places, () => 'i32' as const)
  return module.define(null, params, [], (code, row = 0, a = 0, b = 0, terms = 0, first = 0, room = 0, ...places) => {
    const given: Given = { row, a, b, terms, first, room, places }
    const vectors = vectorsOf(tile.columns)
    const sums = times(tile.height, () => times(vectors, () => code.local('v128')))
    const values = { right: times(vectors, () => code.local('v128')), left: code.local('v128') }
    const rows = rowPointers(module, code, tile.a, tile.height, a, row)
    const pointers = [...new Set(rows.map(({ address }) => address))]
    const moving = [
      ...pointers.map(at => ({ of: 'a' as const, at })),
      ...(tile.packed ? [] : [{ of: 'b' as const, at: b }]),
    ]
    tile.ends.start(code, sums, given)
    forTerms(module, code, tile.terms, { terms, guard: b }, moving, moved => {
      const here = rows.map(({ address, offset }) => ({ address: moved[pointers.indexOf(address)] as Local, offset }))
      emitTerm(code, tile, sums, here, tile.packed ? b : (moved.at(-1) as Local), values)
      if (tile.packed) advance(code, b, 16 * vectors)
    })
    tile.ends.finish(code, sums, given)
  })
}

/** sum += x·y */
const multiplyAdd = (code: Code, x: Local, y: Local, sum: Local, fma: boolean): void => {
  if (!fma) code.get(sum)
  code.get(x)
  code.get(y)
  if (fma) {
    code.get(sum)
    code.op('f32x4.relaxed_madd')
  } else {
    code.op('f32x4.mul')
    code.op('f32x4.add')
  }
  code.set(sum)
}
