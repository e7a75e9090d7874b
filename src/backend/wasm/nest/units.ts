/**
 * How a nest is cut into chunks: its outer points in units, which chunks share out evenly.
 *
 * Layer: backend. A unit is a row of the last outer place, or a part of it where rows are few and long. All of it depends on shapes
 * alone. Read next: nest.ts.
 */
import { type Shape, sizeOf } from '../../../core/shape.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'
import { address, type Phase } from '../emit.ts'
import type { Form } from '../expr.ts'
import { clamp, type Extent } from './extent.ts'
import { DATA, type Memory } from './job.ts'
import { type Walk, walkOf } from './walk.ts'

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
const decode = (walk: Walk, outer: Shape, row: Local): void => {
  const { code } = walk
  let inner = sizeOf(outer.slice(0, -1))
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

/** Whether each chunk is a range of the only row. */
export const isRange = ({ rows, parts, each }: Units): boolean => each === 1 && rows === 1 && parts > 1

/**
 * What the code of a phase is written for: the form of its numbers, the memory that it touches, numbers that it is given when it runs,
 * and, as text, all else that it depends on. Phases with the same `code` and units, but for how many there are, are one function.
 */
export type Shared = {
  readonly form: Form
  readonly memories: readonly Memory[]
  readonly counts: readonly number[]
  readonly code: string
}

/** The local that holds a count of a phase in its code. */
export const countAt = ({ memories }: Pick<Shared, 'memories'>, count: number): Extent => ({
  local: memories.length + count,
})

/** The function of a phase's units: (...memories, ...counts, first, end). */
const defineUnits = (
  module: ModuleBuilder,
  { form, memories, counts }: Shared,
  units: Units,
  outer: Shape,
  body: (walk: Walk, from: Extent, to: Extent) => void,
): FunctionRef => {
  const known = memories.length + counts.length
  const run = (code: Code, first: Local, end: Local): void => {
    const walk = walkOf(module, code, form, new Map(memories.map((memory, local) => [memory, local])))
    if (isRange(units)) {
      walk.scoped(() => body(walk, { local: first }, { local: end }))
      return
    }
    const round = (): void =>
      walk.scoped(() => {
        const { row, from, to } = partOf(walk, units, first)
        decode(walk, outer, row)
        body(walk, from, to)
      })
    if (units.each === 1) {
      round()
      return
    }
    code.loop(again => {
      round()
      set(code, first, () => {
        code.get(first)
        code.i32(1)
        code.op('i32.add')
      })
      code.get(first)
      code.get(end)
      code.op('i32.lt_s')
      code.brIf(again)
    })
  }
  const params = Array.from({ length: known + 2 }, () => 'i32' as const)
  return module.define(null, params, [], code => code.pinning(() => run(code, known, known + 1)))
}

/** Pushes where a chunk begins and where it ends, in units or, for a range, in points. */
const pushShare = (code: Code, units: Units, chunk: Local): void => {
  const [step, all] = isRange(units) ? [units.length, units.size] : [units.each, units.rows * units.parts]
  const [first, end] = [code.local('i32'), code.local('i32')]
  set(code, first, () => {
    code.get(chunk)
    code.i32(step)
    code.op('i32.mul')
  })
  set(code, end, () => {
    code.get(first)
    code.i32(step)
    code.op('i32.add')
  })
  clamp(code, end, all)
  code.get(first)
  code.get(end)
}

/**
 * A phase that runs `body` for each unit, whose outer indices are set but for that of the last place, which goes `from`–`to`. The code is
 * written for `outer`, which stands for the outer places that the units are of.
 */
export const emitUnits = (
  module: ModuleBuilder,
  shared: Shared,
  units: Units,
  outer: Shape,
  work: number,
  body: (walk: Walk, from: Extent, to: Extent) => void,
): Phase => {
  const { memories, counts, form } = shared
  const { parts, length, size, each } = units
  const unit = isRange(units) ? 'range' : parts === 1 ? 'row' : `${parts} ${length} ${size}`
  const key = `nest ${form} ${each > 1} ${unit} ${memories.length} ${counts.length} ${shared.code}`
  const all = module.once(key, () => defineUnits(module, shared, units, outer, body))
  const fn = module.define(null, ['i32', 'i32'], [], (code, frame = 0, chunk = 1) => {
    for (const { word, offset } of memories) {
      if (word === DATA) code.dataAddress()
      else address(code, frame, word)
      if (offset === 0) continue
      code.i32(offset)
      code.op('i32.add')
    }
    for (const count of counts) code.i32(count)
    pushShare(code, units, chunk)
    code.call(all)
  })
  return { fn, chunks: units.chunks, work }
}
