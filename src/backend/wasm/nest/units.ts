/**
 * How a nest is cut into chunks: its outer points in units, which chunks share out evenly.
 *
 * Layer: backend. A unit is a row of the last outer place, or a part of it where rows are few and long. All of it depends on shapes
 * alone. Read next: nest.ts.
 */
import { type Shape, sizeOf } from '../../../core/shape.ts'
import type { Code, Local, ModuleBuilder } from '../assembler.ts'
import type { Phase } from '../emit.ts'
import type { Form } from '../expr.ts'
import { type Extent, type Walk, walkOf } from './walk.ts'

/** Nanoseconds that a chunk should take. */
const CHUNK = 50_000
const MOST_CHUNKS = 32

/** Rows of the last outer place in parts of `length`. */
export type Units = {
  readonly outer: Shape
  readonly rows: number
  readonly size: number
  readonly parts: number
  readonly length: number
  readonly chunks: number
  readonly each: number
}

/**
 * Cuts outer places into units whose parts are multiples of `grain` and not longer than `most`, in chunks that are worth some `work`
 * (nanoseconds) in all.
 */
export const unitsOf = (outer: Shape, work: number, grain: number, most = Infinity): Units => {
  const size = outer[outer.length - 1] ?? 1
  const rows = sizeOf(outer.slice(0, -1))
  const wanted = Math.max(1, Math.min(MOST_CHUNKS, Math.round(work / CHUNK)))
  const shared = rows >= 2 * wanted || wanted === 1 ? 1 : Math.ceil(wanted / rows)
  const inParts = Math.max(shared, Math.ceil(size / most))
  const length = inParts === 1 ? size : Math.min(size, Math.ceil(size / inParts / grain) * grain)
  const parts = Math.ceil(size / length)
  const each = Math.ceil((rows * parts) / wanted)
  return { outer, rows, size, parts, length, each, chunks: Math.ceil((rows * parts) / each) }
}

/** Units that are chunks: the rows there are, or a single one in parts of `length`. */
export const evenUnits = (outer: Shape, length: number): Units => {
  const size = outer[outer.length - 1] ?? 1
  const rows = sizeOf(outer.slice(0, -1))
  const each = rows === 1 ? Math.min(length, size) : size
  const parts = Math.ceil(size / each)
  return { outer, rows, size, parts, length: each, each: 1, chunks: rows * parts }
}

/** Sets the indices of all outer places but the last from the number of a row. */
const decode = (walk: Walk, { outer, rows }: Units, row: Local): void => {
  const { code } = walk
  let inner = rows
  for (const [place, size] of outer.slice(0, -1).entries()) {
    inner /= size
    if (size === 1) {
      walk.setIndex(place, null)
      continue
    }
    const index = walk.take('i32')
    code.get(row)
    if (inner !== 1) {
      code.i32(inner)
      code.op('i32.div_u')
    }
    if (place !== 0) {
      code.i32(size)
      code.op('i32.rem_u')
    }
    code.set(index)
    walk.setIndex(place, index)
  }
}

const set = (code: Code, local: Local, push: () => void): void => {
  push()
  code.set(local)
}

/** Sets a local to the smaller of itself and a number. */
export const clamp = (code: Code, local: Local, most: number): void => {
  code.get(local)
  code.i32(most)
  code.get(local)
  code.i32(most)
  code.op('i32.lt_s')
  code.op('select')
  code.set(local)
}

/** The row and the ends of a part, from the number of a unit. */
const partOf = (
  walk: Walk,
  units: Units,
  unit: Local,
): { readonly row: Local; readonly from: Extent; readonly to: Extent } => {
  const { code } = walk
  const { parts, length, size } = units
  if (parts === 1) return { row: unit, from: 0, to: size }
  const [row, from, to] = [walk.take('i32'), walk.take('i32'), walk.take('i32')]
  set(code, row, () => {
    code.get(unit)
    code.i32(parts)
    code.op('i32.div_u')
  })
  set(code, from, () => {
    code.get(unit)
    code.i32(parts)
    code.op('i32.rem_u')
    code.i32(length)
    code.op('i32.mul')
  })
  set(code, to, () => {
    code.get(from)
    code.i32(length)
    code.op('i32.add')
  })
  clamp(code, to, size)
  return { row, from: { local: from }, to: { local: to } }
}

/** A phase that runs `body` for each unit, whose outer indices are set but for that of the last place, which goes `from`–`to`. */
export const emitUnits = (
  module: ModuleBuilder,
  form: Form,
  words: ReadonlySet<number>,
  units: Units,
  work: number,
  body: (walk: Walk, from: Extent, to: Extent) => void,
): Phase => {
  const run = (code: Code, frame: Local, chunk: Local): void => {
    const walk = walkOf(module, code, frame, form, words)
    const total = units.rows * units.parts
    const [unit, end] = [code.local('i32'), code.local('i32')]
    const round = (): void =>
      walk.scoped(() => {
        const { row, from, to } = partOf(walk, units, unit)
        decode(walk, units, row)
        body(walk, from, to)
      })
    set(code, unit, () => {
      code.get(chunk)
      code.i32(units.each)
      code.op('i32.mul')
    })
    if (units.each === 1) {
      round()
      return
    }
    set(code, end, () => {
      code.get(unit)
      code.i32(units.each)
      code.op('i32.add')
    })
    clamp(code, end, total)
    code.loop(again => {
      round()
      set(code, unit, () => {
        code.get(unit)
        code.i32(1)
        code.op('i32.add')
      })
      code.get(unit)
      code.get(end)
      code.op('i32.lt_s')
      code.brIf(again)
    })
  }
  const fn = module.define(null, ['i32', 'i32'], [], (code, frame = 0, chunk = 1) =>
    code.pinning(() => run(code, frame, chunk)),
  )
  return { fn, chunks: units.chunks, work }
}
