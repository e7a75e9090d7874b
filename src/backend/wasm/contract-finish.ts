/**
 * How a tile begins and ends: its sums go on from those of earlier blocks of terms, or go through the epilogue to the outputs.
 *
 * Layer: backend. Read next: expr.ts.
 */
import type { Expr, Load } from '../../core/kernel.ts'
import type { Code, Local, ModuleBuilder } from './assembler.ts'
import { advance, repeat } from './contract-code.ts'
import type { Place } from './contract-layout.ts'
import type { Rows } from './contract-roles.ts'
import { type Ends, type Given, lanesOf, type Sums, tableOf, vectorsOf } from './contract-tile.ts'
import { emitVector, type Leaves } from './expr.ts'
import { type Place as At, bytesOf, loadLanes, loadSplat, loadVector, moved, storeVector } from './expr-memory.ts'

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

/** The epilogue at one row of a tile. */
const epilogueRow = (module: ModuleBuilder, code: Code, epilogue: Epilogue, columns: number, given: Given): void => {
  const places = placesOf(epilogue)
  const loads = [...epilogue.loads.keys()]
  const lines = places.map(({ walk }, p) => rowAt(module, code, walk.rows, given.places[p] as Local, given.row, 0))
  for (let j = 0; j < vectorsOf(columns); j++) {
    const lanes = lanesOf(columns, j)
    const at = (p: number): At => moved(lines[p] as At, 4 * j * (places[p] as Place).walk.column)
    const leaves: Leaves = {
      load: load => {
        const p = epilogue.outputs.length + loads.indexOf(load)
        loadColumns(code, load, at(p), places[p]?.walk.column ?? 0, lanes)
      },
      loadAt: () => undefined,
      iota: () => undefined,
      stage: () => loadVector(code, 'float32', { address: given.room, offset: 16 * j }, 4),
    }
    const values = emitVector(module, code, epilogue.exprs, leaves)
    for (const [o, { dtype }] of epilogue.exprs.entries())
      storeVector(module, code, dtype, at(o), values[o] as Local, lanes)
  }
}

/** Pushes what a load reads at the columns of a vector. */
const loadColumns = (code: Code, { dtype }: Load, at: At, step: number, lanes: number): void => {
  if (step === 0) loadSplat(code, dtype, at)
  else if (step === bytesOf(dtype)) loadVector(code, dtype, at, lanes)
  else loadLanes(code, dtype, at, step, lanes)
}
