/**
 * How a tile begins and ends: its sums go on from those of earlier blocks of terms, or go through the epilogue to the outputs.
 *
 * Layer: backend. An epilogue that reads and writes much does so for a *strip* at once, all tiles of the same rows in a chunk: it then
 * walks along whole rows, not from line to line, where each would be a miss. Read next: expr.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import type { Expr, Load } from '../../../core/kernel.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'
import { type Place as At, loadLanes, loadSplat, loadVector, moved, storeVector } from '../expr/memory.ts'
import { emitVector, type Leaves } from '../expr.ts'
import { advance, lesser, placed, repeat } from './code.ts'
import type { Place } from './layout.ts'
import type { Rows } from './roles.ts'
import { type Ends, type Given, lanesOf, type Sums, tableOf, vectorsOf } from './tile.ts'

/** The address of row number `i` of a place, whose entry in tables is at `row`. */
const rowAt = (module: ModuleBuilder, code: Code, rows: Rows, at: Local, row: Local, i: number): At => {
  if (rows.tag === 'linear') return { address: at, offset: i * rows.step }
  const address = code.local('i32')
  code.get(at)
  code.get(row)
  code.memory('i32.load', tableOf(module, rows) + 4 * i)
  code.op('i32.add')
  code.set(address)
  return { address, offset: 0 }
}

/** Sums go to the one place, a matrix of float32; where there are `several` blocks, they begin with what is there. */
export const sumEnds = (module: ModuleBuilder, { walk }: Place, columns: number, several: boolean): Ends => {
  const each = (
    code: Code,
    sums: Sums,
    { places: [at = 0], row }: Given,
    act: (at: At, sum: Local, lanes: number) => void,
  ): void =>
    sums.forEach((vectors, i) => {
      const line = rowAt(module, code, walk.rows, at, row, i)
      for (const [j, sum] of vectors.entries()) act(moved(line, 16 * j), sum, lanesOf(columns, j))
    })
  return {
    start: (code, sums, given) => {
      if (!several) return
      code.get(given.first)
      code.op('i32.eqz')
      code.when(() =>
        each(code, sums, given, (from, sum, lanes) => {
          loadVector(code, 'float32', from, lanes)
          code.set(sum)
        }),
      )
    },
    finish: (code, sums, given) =>
      each(code, sums, given, (to, sum, lanes) => storeVector(module, code, 'float32', to, sum, lanes)),
  }
}

/** What the epilogue computes, where it stores that, and where it reads each load. */
export type Epilogue = {
  readonly exprs: readonly Expr[]
  readonly outputs: readonly Place[]
  readonly loads: ReadonlyMap<Load, Place>
}

/** Places in the order of a tile's parameters. */
export const placesOf = ({ outputs, loads }: Epilogue): readonly Place[] => [...outputs, ...loads.values()]

/** Sums are laid down, and go through the epilogue row by row. */
export const epilogueEnds = (module: ModuleBuilder, epilogue: Epilogue, columns: number): Ends => ({
  start: () => undefined,
  finish: (code, sums, given) => {
    const stride = 16 * vectorsOf(columns)
    for (const [i, vectors] of sums.entries())
      for (const [j, sum] of vectors.entries())
        storeVector(module, code, 'float32', { address: given.room, offset: i * stride + 16 * j }, sum, 4)
    repeat(code, sums.length, false, () => {
      epilogueRow(module, code, epilogue, columns, given)
      advance(code, given.room, stride)
      advance(code, given.row, 4)
      placesOf(epilogue).forEach(({ walk: { rows } }, p) => {
        if (rows.tag === 'linear') advance(code, given.places[p] as Local, rows.step)
      })
    })
  },
})

/** Where the epilogue is at a vector: sums, and all places. */
type Spot = { readonly sums: At; readonly places: readonly At[]; readonly lanes: number }

/** The epilogue at one vector. */
const epilogueVector = (module: ModuleBuilder, code: Code, epilogue: Epilogue, { sums, places, lanes }: Spot): void => {
  const loads = [...epilogue.loads.entries()]
  const leaves: Leaves = {
    load: load => {
      const i = loads.findIndex(([one]) => one === load)
      const column = loads[i]?.[1].walk.column ?? 0
      loadColumns(code, load, places[epilogue.outputs.length + i] as At, column, lanes)
    },
    loadAt: () => undefined,
    iota: () => undefined,
    stage: () => loadVector(code, 'float32', sums, 4),
  }
  const values = emitVector(module, code, epilogue.exprs, leaves)
  for (const [o, { dtype }] of epilogue.exprs.entries())
    storeVector(module, code, dtype, places[o] as At, values[o] as Local, lanes)
}

/** The epilogue at one row of a tile. */
const epilogueRow = (module: ModuleBuilder, code: Code, epilogue: Epilogue, columns: number, given: Given): void => {
  const places = placesOf(epilogue)
  const lines = places.map(({ walk }, p) => rowAt(module, code, walk.rows, given.places[p] as Local, given.row, 0))
  for (let j = 0; j < vectorsOf(columns); j++)
    epilogueVector(module, code, epilogue, {
      sums: { address: given.room, offset: 16 * j },
      places: places.map(({ walk }, p) => moved(lines[p] as At, 4 * j * walk.column)),
      lanes: lanesOf(columns, j),
    })
}

/** A strip: rows of sums so many bytes apart, in panels of so many vectors; the columns of the whole result. */
export type Strip = {
  readonly height: number
  readonly bytes: number
  readonly vectors: number
  readonly columns: number
}

/** The function that ends a strip from one panel to another: (row, sums, from, end, ...places). */
export const defineStrip = (module: ModuleBuilder, epilogue: Epilogue, strip: Strip): FunctionRef => {
  const walks = placesOf(epilogue).map(({ walk }) => walk)
  const params = Array.from({ length: 4 + walks.length }, () => 'i32' as const)
  return module.define(null, params, [], (code, row = 0, sums = 0, from = 0, end = 0, ...places) => {
    const count = code.local('i32')
    const first = placed(code, from, [from], [strip.vectors - 1])
    const last = lesser(code, placed(code, end, [end], [strip.vectors - 1]), Math.floor(strip.columns / 4))
    code.get(last)
    code.get(first)
    code.op('i32.sub')
    code.set(count)
    repeat(code, strip.height, false, () => {
      const lines = walks.map((walk, p) => {
        const { address, offset } = rowAt(module, code, walk.rows, places[p] as Local, row, 0)
        const line = placed(code, address, [], [])
        advance(code, line, offset)
        return line
      })
      const at = placed(code, sums, [], [])
      stripRow(module, code, epilogue, strip, { at, lines, count, end })
      advance(code, sums, strip.bytes)
      advance(code, row, 4)
      walks.forEach(({ rows }, p) => {
        if (rows.tag === 'linear') advance(code, places[p] as Local, rows.step)
      })
    })
  })
}

/** Pointers that move along a row, and how many full vectors are before panel number `end`. */
type Line = { readonly at: Local; readonly lines: readonly Local[]; readonly count: Local; readonly end: Local }

const stripRow = (
  module: ModuleBuilder,
  code: Code,
  epilogue: Epilogue,
  { columns, vectors }: Strip,
  { at, lines, count, end }: Line,
): void => {
  const walks = placesOf(epilogue).map(({ walk }) => walk)
  const spot = (lanes: number): Spot => ({
    sums: { address: at, offset: 0 },
    places: lines.map(address => ({ address, offset: 0 })),
    lanes,
  })
  code.get(count)
  code.when(() =>
    repeat(code, count, true, () => {
      epilogueVector(module, code, epilogue, spot(4))
      advance(code, at, 16)
      for (const [p, line] of lines.entries()) advance(code, line, 4 * (walks[p]?.column ?? 0))
    }),
  )
  if (columns % 4 === 0) return
  code.get(end)
  code.i32(Math.ceil(columns / (4 * vectors)))
  code.op('i32.eq')
  code.when(() => epilogueVector(module, code, epilogue, spot(columns % 4)))
}

/** Pushes what a load reads at the columns of a vector. */
const loadColumns = (code: Code, { dtype }: Load, at: At, step: number, lanes: number): void => {
  if (step === 0) loadSplat(code, dtype, at)
  else if (step === bytesOf(dtype)) loadVector(code, dtype, at, lanes)
  else loadLanes(code, dtype, at, step, lanes)
}
