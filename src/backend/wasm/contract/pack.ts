/**
 * Packing: operands copied in the order in which tiles read them.
 *
 * Layer: backend. A panel of B is the columns of a tile for all terms, one after the other, with zeros for columns that are none. Packed
 * rows of A are the numbers of a tile's rows for each term. Read next: contract/tile.ts, which reads both.
 */
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'
import type { Phase } from '../emit.ts'
import { loadVector, storeVector } from '../expr/memory.ts'
import { addressAt, advance, countUp, digitsOf, placed, shareOf } from './code.ts'
import { type Job, matrixBytes, packedMatrices, panelBytes, panelsOf, walkOf } from './layout.ts'
import type { Rows } from './roles.ts'
import { forTerms, lanesOf, rowPointers, type Terms, vectorsOf } from './tile.ts'

/** A panel to pack: so many columns, `step` bytes apart. */
type Panel = { readonly columns: number; readonly step: number; readonly terms: Terms }

/** Copies the number some bytes from a place, or 0, to a lane of a panel. */
const copyOne = (code: Code, from: Local, bytes: number | null, to: Local, lane: number): void => {
  code.get(to)
  if (bytes === null) code.f32(0)
  else {
    code.get(from)
    code.i32(bytes)
    code.op('i32.add')
    code.memory('f32.load')
  }
  code.memory('f32.store', 4 * lane)
}

/** The function that packs a panel: (from, to, terms). */
const definePack = (module: ModuleBuilder, { columns, step, terms }: Panel): FunctionRef =>
  module.define(null, ['i32', 'i32', 'i32'], [], (code, from = 0, to = 0, count = 0) => {
    const value = code.local('v128')
    const vectors = vectorsOf(columns)
    forTerms(module, code, terms, { terms: count, guard: from }, [{ of: 'b', at: from }], ([at = from]) => {
      if (step === 4)
        for (let j = 0; j < vectors; j++) {
          loadVector(code, 'float32', { address: at, offset: 16 * j }, lanesOf(columns, j))
          code.set(value)
          storeVector(module, code, 'float32', { address: to, offset: 16 * j }, value, 4)
        }
      else
        for (let lane = 0; lane < 4 * vectors; lane++) copyOne(code, at, lane < columns ? lane * step : null, to, lane)
      advance(code, to, 16 * vectors)
    })
  })

/** The function that packs the rows of a tile: (row, from, to, terms). */
export const definePackRows = (module: ModuleBuilder, rows: Rows, height: number, terms: Terms): FunctionRef =>
  module.define(null, ['i32', 'i32', 'i32', 'i32'], [], (code, row = 0, from = 0, to = 0, count = 0) => {
    const places = rowPointers(module, code, rows, height, from, row)
    const pointers = [...new Set(places.map(({ address }) => address))]
    const moving = pointers.map(at => ({ of: 'a' as const, at }))
    forTerms(module, code, terms, { terms: count, guard: to }, moving, moved => {
      for (const [i, { address, offset }] of places.entries()) {
        code.get(to)
        code.get(moved[pointers.indexOf(address)] as Local)
        code.memory('f32.load', offset)
        code.memory('f32.store', 4 * i)
      }
      advance(code, to, 4 * height)
    })
  })

/** Functions that pack full panels, and the one that is not full. */
export type Packs = { readonly full: FunctionRef | null; readonly rest: FunctionRef | null }

/** The functions that pack panels of a job. */
export const definePacks = (module: ModuleBuilder, { roles, plan }: Job): Packs => {
  const { full, rest } = panelsOf(roles, plan)
  const make = (columns: number): FunctionRef =>
    definePack(module, { columns, step: roles.b.column, terms: walkOf(roles, plan, ['b']) })
  return { full: full > 0 ? make(4 * plan.vectors) : null, rest: rest > 0 ? make(rest) : null }
}

/** Bytes that are packed in a nanosecond, roughly. */
const SPEED = 8
/** Nanoseconds that a chunk should take. */
const CHUNK = 40_000
const MOST_CHUNKS = 32

/** The phase that packs all panels, whose chunks share out the panels of all matrices; `define` makes its function, of addresses and a chunk. */
export const packing = (
  module: ModuleBuilder,
  job: Job,
): Omit<Phase, 'fn'> & { readonly define: () => FunctionRef } => {
  const { roles, plan, starts, params } = job
  const panels = panelsOf(roles, plan)
  const matrices = packedMatrices(roles, plan)
  const sizes = roles.outer.map((n, i) => (roles.b.outer[i] === 0 ? 1 : n))
  const work = (matrices.count * matrixBytes(roles, plan)) / SPEED
  const total = matrices.count * panels.count
  const chunks = Math.max(1, Math.min(MOST_CHUNKS, total, Math.round(work / CHUNK)))
  const write = (code: Code, packs: Packs): void => {
    const from = addressAt(code, starts.b, roles.b.base)
    const to = addressAt(code, starts.scratch, job.scratch.panels)
    const none = code.local('i32')
    const [at, end] = shareOf(code, params.length - 1, chunks, total)
    countUp(code, at, end, () => {
      const digits = digitsOf(code, at, [...sizes, panels.count])
      const source = placed(code, from, digits, [...roles.b.outer, 4 * plan.vectors * roles.b.column])
      const goal = placed(code, to, digits, [...matrices.steps, panelBytes(plan)])
      const run = (pack: FunctionRef | null): void => {
        if (pack === null) return
        for (const argument of [source, goal, none]) code.get(argument)
        code.call(pack)
      }
      code.get(digits.at(-1) as Local)
      code.i32(panels.full)
      code.op('i32.lt_s')
      code.when(
        () => run(packs.full),
        () => run(packs.rest),
      )
    })
  }
  const define = (): FunctionRef => {
    const packs = definePacks(module, job)
    return module.define(null, params, [], code => write(code, packs))
  }
  return { define, chunks, work }
}
