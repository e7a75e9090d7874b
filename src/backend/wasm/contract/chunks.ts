/**
 * The walk of one chunk over its tiles.
 *
 * Layer: backend. From outside in: outer points, blocks of terms, then panels of columns and
 * tiles of rows, of which the plan says which are outside. Read next: contract/pack.ts.
 */
import { sizeOf } from '../../../core/shape.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'
import { addressAt, advance, countUp, digitsOf, greater, lesser, placed, shareOf } from './code.ts'
import {
  type Job,
  packedMatrices,
  packedRows,
  packedTile,
  panelBytes,
  panelsOf,
  roomOf,
  termsOf,
  tilesOf,
  tileTerms,
  walkOf,
} from './layout.ts'
import { definePackRows, definePacks } from './pack.ts'
import type { Walk } from './roles.ts'
import { defineTile } from './tile.ts'

/** Functions for full tiles, and for the last one if it is not. */
type ByHeight = { readonly full: FunctionRef | null; readonly rest: FunctionRef | null }

/** Panels of one width, from one number to another: the functions for their tiles, and for packing them. */
type Width = {
  readonly from: number
  readonly to: number
  readonly tiles: ByHeight
  readonly pack: FunctionRef | null
}

type Functions = {
  readonly widths: readonly Width[]
  readonly packRows: ByHeight | null
  readonly strips: ByHeight | null
}

const byHeight = ({ roles, plan }: Job, make: (height: number) => FunctionRef): ByHeight => {
  const { full, rest } = tilesOf(roles, plan)
  return { full: full > 0 ? make(plan.height) : null, rest: rest > 0 ? make(rest) : null }
}

const tilesOfWidth = (module: ModuleBuilder, job: Job, columns: number): ByHeight =>
  byHeight(job, height =>
    defineTile(module, {
      height,
      columns,
      a: job.plan.packsRows ? { tag: 'linear', step: 4 } : job.roles.a.rows,
      terms: tileTerms(job.roles, job.plan, height),
      packed: job.plan.packing !== 'none',
      fma: job.fma,
      places: job.strips === null ? job.places.length : 1,
      ends: job.endsOf(columns),
    }),
  )

const functionsOf = (module: ModuleBuilder, job: Job): Functions => {
  const { roles, plan } = job
  const { full, rest, count } = panelsOf(roles, plan)
  const packs = plan.packing === 'own' ? definePacks(module, job) : null
  const width = (columns: number, from: number, to: number, pack: FunctionRef | null): Width => {
    const tiles = tilesOfWidth(module, job, columns)
    return { from, to, tiles, pack }
  }
  return {
    widths: [
      ...(full > 0 ? [width(4 * plan.vectors, 0, full, packs?.full ?? null)] : []),
      ...(rest > 0 ? [width(rest, full, count, packs?.rest ?? null)] : []),
    ],
    packRows: plan.packsRows
      ? byHeight(job, height => definePackRows(module, roles.a.rows, height, walkOf(roles, plan, ['a'])))
      : null,
    strips: job.strips === null ? null : byHeight(job, job.strips),
  }
}

type Range = readonly [from: Local, end: Local]

/** What is known of a chunk throughout: its share of everything, and memory of its own. */
type Chunk = {
  readonly code: Code
  readonly job: Job
  readonly functions: Functions
  readonly outer: Range
  readonly blocks: Range
  readonly tiles: Range
  readonly panels: Range
  readonly data: Local
  readonly room: Local
  readonly ownPanel: Local | null
  readonly ownRows: Local | null
}

/** Pointers on their way inwards, and the terms of the block: how many, and whether the tile's sums begin with it. */
type At = {
  readonly a: Local
  readonly b: Local
  readonly places: readonly Local[]
  readonly terms: Local
  readonly first: Local
}

/** The walk through B, or through its panels where all chunks share them. */
const columnsWalk = ({ roles, plan, scratch }: Job): Walk =>
  plan.packing === 'shared'
    ? {
        base: scratch.panels,
        outer: packedMatrices(roles, plan).steps,
        rows: { tag: 'linear', step: 0 },
        column: 4 * termsOf(plan),
      }
    : roles.b

/** Calls `visit` at each tile of the chunk's rows, with pointers that move by a step from tile to tile. */
const overTiles = (
  { code, job, tiles: [from, end], data }: Chunk,
  pointers: readonly { readonly at: Local; readonly step: number }[],
  visit: (row: Local, at: readonly Local[], height: keyof ByHeight) => void,
): void => {
  const { full, rest } = tilesOf(job.roles, job.plan)
  const { height } = job.plan
  const tile = placed(code, from, [], [])
  const row = placed(code, data, [from], [4 * height])
  const moved = pointers.map(({ at, step }) => placed(code, at, [from], [step]))
  if (full > 0)
    countUp(code, tile, rest > 0 ? lesser(code, end, full) : end, () => {
      visit(row, moved, 'full')
      for (const [i, { step }] of pointers.entries()) advance(code, moved[i] as Local, step)
      advance(code, row, 4 * height)
    })
  if (rest === 0) return
  code.get(tile)
  code.get(end)
  code.op('i32.lt_s')
  code.when(() => visit(row, moved, 'rest'))
}

const call = (code: Code, f: FunctionRef | null, args: readonly Local[]): void => {
  if (f === null) return
  for (const arg of args) code.get(arg)
  code.call(f)
}

/** Bytes from tile to tile of a walk; tables say it themselves. */
const tileStep = ({ rows }: Walk, height: number): number => (rows.tag === 'linear' ? rows.step * height : 0)

/** Packs the chunk's rows of A, if the plan says so; where tile number 0 is, or would be. */
const packRows = (chunk: Chunk, { a, terms }: At): Local => {
  const { code, job, functions, ownRows, tiles } = chunk
  const { packRows: packs } = functions
  if (ownRows === null || packs === null) return a
  const step = packedTile(job.plan)
  const origin = placed(code, ownRows, [tiles[0]], [-step])
  const pointers = [
    { at: a, step: tileStep(job.roles.a, job.plan.height) },
    { at: origin, step },
  ]
  overTiles(chunk, pointers, (row, at, height) => call(code, packs[height], [row, ...at, terms]))
  return origin
}

/** What a tile reads and writes, besides panels of B: pointers that move from tile to tile. */
const tilePointers = ({ job }: Chunk, { a, places }: At): readonly { readonly at: Local; readonly step: number }[] => {
  const { plan, roles } = job
  return [
    { at: a, step: plan.packsRows ? packedTile(plan) : tileStep(roles.a, plan.height) },
    ...places.map((at, i) => ({ at, step: tileStep(placeOf(job, i).walk, plan.height) })),
  ]
}

const placeOf = ({ places }: Job, i: number): Job['places'][number] => places[i] as Job['places'][number]

/** Calls `visit` at each panel of some width, with pointers that are there. */
const overWidth = (
  { code, job, panels: [from, end] }: Chunk,
  width: Width,
  at: At,
  visit: (at: At, panel: Local) => void,
): void => {
  const columns = 4 * job.plan.vectors
  const panel = greater(code, from, width.from)
  countUp(code, panel, lesser(code, end, width.to), () => {
    const b = placed(code, at.b, [panel], [columns * columnsWalk(job).column])
    const places = at.places.map((place, i) => placed(code, place, [panel], [columns * placeOf(job, i).walk.column]))
    visit({ ...at, b, places }, panel)
  })
}

/** All tiles of a block, panel by panel. */
const byPanels = (chunk: Chunk, at: At): void => {
  const { code, functions, ownPanel, room } = chunk
  for (const width of functions.widths)
    overWidth(chunk, width, at, there => {
      if (ownPanel !== null) call(code, width.pack, [there.b, ownPanel, at.terms])
      overTiles(chunk, tilePointers(chunk, there), (row, [left = at.a, ...moved], height) =>
        call(code, width.tiles[height], [row, left, ownPanel ?? there.b, at.terms, at.first, room, ...moved]),
      )
    })
}

/** All tiles of a block, those of the same rows one after the other. */
const byRows = (chunk: Chunk, at: At): void => {
  const { code, functions, room } = chunk
  overTiles(chunk, tilePointers(chunk, at), (row, [a = at.a, ...places], height) => {
    for (const width of functions.widths)
      overWidth(chunk, width, { ...at, a, places }, there =>
        call(code, width.tiles[height], [row, a, there.b, at.terms, at.first, room, ...there.places]),
      )
  })
}

/** All tiles of a block in strips: the sums of the same rows are laid down, then go through the epilogue together. */
const byStrips = (chunk: Chunk, at: At, strips: ByHeight): void => {
  const { code, job, functions, room } = chunk
  const [from, end] = chunk.panels
  const { vectors } = job.plan
  const origin = placed(code, room, [from], [-16 * vectors])
  overTiles(chunk, tilePointers(chunk, at), (row, [a = at.a, ...places], height) => {
    for (const width of functions.widths)
      overWidth(chunk, width, { ...at, a, places: [] }, (there, panel) => {
        const sums = placed(code, origin, [panel], [16 * vectors])
        call(code, width.tiles[height], [row, a, there.b, at.terms, at.first, room, sums])
      })
    const starts = places.map((place, i) => placed(code, place, [from], [4 * vectors * placeOf(job, i).walk.column]))
    call(code, strips[height], [row, room, from, end, ...starts])
  })
}

/** All tiles of a block. */
const overTilesOfBlock = (chunk: Chunk, at: At): void => {
  const there = { ...at, a: packRows(chunk, at) }
  const { strips } = chunk.functions
  if (strips !== null) byStrips(chunk, there, strips)
  else if (chunk.job.plan.rowsOutside) byRows(chunk, there)
  else byPanels(chunk, there)
}

/** All blocks of an outer point. */
const overBlocks = (chunk: Chunk, at: At): void => {
  const { code, job } = chunk
  const { outer, axis, length, inner, count } = job.plan.blocks
  if (count === 1) {
    overTilesOfBlock(chunk, at)
    return
  }
  const [from, end] = chunk.blocks
  const block = placed(code, from, [], [])
  const steps = (of: 'a' | 'b'): readonly number[] => [...outer.map(o => o[of]), axis[of] * length]
  countUp(code, block, end, () => {
    const digits = digitsOf(code, block, [...outer.map(({ size }) => size), Math.ceil(axis.size / length)])
    const left = code.local('i32')
    code.i32(axis.size)
    code.set(left)
    const rest = placed(code, left, [digits[outer.length] as Local], [-length])
    code.get(block)
    code.get(from)
    code.op('i32.eq')
    code.set(at.first)
    code.i32(0)
    code.set(left)
    overTilesOfBlock(chunk, {
      ...at,
      a: placed(code, at.a, digits, steps('a')),
      b: placed(code, at.b, digits, steps('b')),
      terms: placed(code, left, [lesser(code, rest, length)], [sizeOf(inner.map(({ size }) => size))]),
    })
  })
}

/** All outer points of a chunk, from the bases of its pointers on. */
const overOuter = (chunk: Chunk, bases: At): void => {
  const { code, job } = chunk
  const [from, end] = chunk.outer
  const outer = placed(code, from, [], [])
  countUp(code, outer, end, () => {
    const digits = digitsOf(code, outer, job.roles.outer)
    overBlocks(chunk, {
      ...bases,
      a: placed(code, bases.a, digits, job.roles.a.outer),
      b: placed(code, bases.b, digits, columnsWalk(job).outer),
      places: job.places.map(({ walk }, i) => placed(code, bases.places[i] as Local, digits, walk.outer)),
    })
  })
}

/** The function that computes the tiles, of addresses and a chunk. */
export const defineTiles = (module: ModuleBuilder, job: Job): FunctionRef => {
  const { roles, plan, starts, places, scratch, params } = job
  const { grid, blocks } = plan
  const functions = functionsOf(module, job)
  return module.define(null, params, [], code => {
    const number = params.length - 1
    const [outer, part, row, panel] = digitsOf(code, number, [grid.outer, grid.parts, grid.rows, grid.panels])
    const own = (at: number, bytes: number): Local =>
      placed(code, addressAt(code, starts.scratch, at), [number], [bytes])
    const data = code.local('i32')
    code.dataAddress()
    code.set(data)
    const chunk: Chunk = {
      code,
      job,
      functions,
      outer: shareOf(code, outer as Local, grid.outer, sizeOf(roles.outer)),
      blocks: shareOf(code, part as Local, grid.parts, blocks.count),
      tiles: shareOf(code, row as Local, grid.rows, tilesOf(roles, plan).count),
      panels: shareOf(code, panel as Local, grid.panels, panelsOf(roles, plan).count),
      data,
      room: own(scratch.room, roomOf(roles, plan)),
      ownPanel: plan.packing === 'own' ? own(scratch.panels, panelBytes(plan)) : null,
      ownRows: plan.packsRows ? own(scratch.rows, packedRows(roles, plan)) : null,
    }
    overOuter(chunk, {
      a: addressAt(code, starts.a, roles.a.base),
      b: addressAt(code, plan.packing === 'shared' ? starts.scratch : starts.b, columnsWalk(job).base),
      places: places.map(({ start, walk }) =>
        placed(code, addressAt(code, start, walk.base), [part as Local], [job.part]),
      ),
      terms: code.local('i32'),
      first: code.local('i32'),
    })
  })
}
