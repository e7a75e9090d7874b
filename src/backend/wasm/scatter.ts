/**
 * Scatters: the result begins as what it starts from; then rows of updates are combined into it, in the order of the updates.
 *
 * Layer: backend. Positions and updates are computed by nests first, unless the updates are an input as it stands. Chunks divide an
 * axis along which no two updates meet, and the columns of rows; so the order in which updates of one place are combined is the same
 * however many threads there are. Where updates may meet everywhere there is one chunk. float32 is combined in float32.
 * Read next: scatter/plan.ts, scatter/combine.ts.
 */
import { bytesOf } from '../../core/dtype.ts'
import type { Scatter } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from './assembler.ts'
import { address, type Emitted, type Phase, type Slots } from './emit.ts'

import { integers } from './integers.ts'
import type { Term } from './math/terms.ts'
import { type Count, combineRow } from './scatter/combine.ts'
import { type Rows, rowsOf } from './scatter/plan.ts'
import { bytesFor, inPlace, intoOutput, intoScratch } from './staged.ts'

/** Columns that one chunk does not share with another. */
const BLOCK = 16
const CHUNK = 50_000
const MOST_CHUNKS = 32
/** Nanoseconds, roughly: for each row, and for each element. */
const ROW = 2
const ELEMENT = 0.4

/** Into how many parts the axis that keeps updates apart, and the columns, are cut. */
type Shares = { readonly points: number; readonly columns: number }

const sharesOf = (points: number, columns: number, work: number): Shares => {
  const wanted = Math.max(1, Math.min(MOST_CHUNKS, Math.ceil(work / CHUNK)))
  const first = Math.min(points, wanted)
  return { points: first, columns: Math.min(Math.ceil(columns / BLOCK), Math.ceil(wanted / first)) }
}

/** Rows in three parts, before, along and behind the axis that keeps them apart: row (b·along + p)·behind + a. */
const partsOf = ({ lead, apart }: Rows): readonly [before: number, along: number, behind: number] => [
  sizeOf(lead.slice(0, Math.max(0, apart))),
  apart < 0 ? 1 : (lead[apart] ?? 1),
  sizeOf(lead.slice(apart + 1)),
]

/** Where updates, positions and the result are. */
type Bases = { readonly updates: Local; readonly positions: Local; readonly out: Local }

/** Combines some rows, of which `count` columns from `first` on are this chunk's. */
const combineRows = (
  code: Code,
  kernel: Scatter,
  rows: Rows,
  bases: Bases,
  [row, end]: readonly [row: Local, end: Local],
  first: Local,
  count: Count,
): void => {
  const { add, advance, constant, get, keep, load, run, sub, times, upTo, when } = integers(code)
  const width = bytesOf(kernel.update.dtype)
  const place = keep(add(get(bases.positions), times(get(row), 4)))
  const from = keep(add(get(bases.updates), times(add(times(get(row), rows.width), get(first)), width)))
  const shift = keep(sub(get(first), constant(rows.from)))
  upTo(row, get(end), 1, () => {
    const position = keep(load('i32.load', get(place)))
    when(run('i32.ge_s', get(position), constant(0)), () => {
      const to = keep(add(get(bases.out), times(add(get(position), get(shift)), width)))
      combineRow(code, kernel, to, from, count)
    })
    advance(place, 4)
    advance(from, rows.width * width)
  })
}

/** The columns of a chunk, and how many they are. */
const columnsOfChunk = (code: Code, rows: Rows, shares: number, part: Term): readonly [first: Local, count: Count] => {
  const { add, constant, get, keep, less, run, share, sub, times } = integers(code)
  const [first, last] = share(part, shares, Math.ceil((rows.to - rows.from) / BLOCK)).map(block => {
    const at = keep(add(times(get(block), BLOCK), constant(rows.from)))
    return keep(run('select', get(at), constant(rows.to), less(get(at), constant(rows.to))))
  }) as [Local, Local]
  return [first, shares === 1 ? { known: rows.to - rows.from } : { local: keep(sub(get(last), get(first))) }]
}

/** The phase that combines. `source` pushes the address of the updates; positions are first in the scratch memory. */
const combining = (
  module: ModuleBuilder,
  kernel: Scatter,
  rows: Rows,
  shares: Shares,
  slots: Slots,
  source: (code: Code, frame: Local) => void,
): FunctionRef =>
  module.define(null, ['i32', 'i32'], [], (code, frame, chunk) => {
    const { add, constant, get, keep, run, share, times, upTo } = integers(code)
    const [before, along, behind] = partsOf(rows)
    const bases: Bases = {
      updates: keep(() => source(code, frame)),
      positions: keep(() => address(code, frame, slots.scratch)),
      out: keep(() => address(code, frame, slots.outputs[0] ?? 0)),
    }
    const [point, end] = share(run('i32.div_u', get(chunk), constant(shares.columns)), shares.points, along)
    const part = run('i32.rem_u', get(chunk), constant(shares.columns))
    const [first, count] = columnsOfChunk(code, rows, shares.columns, part)
    const b = keep(constant(0))
    upTo(b, constant(before), 1, () => {
      const [row, last] = [point, end].map(p => keep(times(add(times(get(b), along), get(p)), behind))) as [
        Local,
        Local,
      ]
      combineRows(code, kernel, rows, bases, [row, last], first, count)
    })
  })

/** The code of a scatter. */
export const emitScatter = (module: ModuleBuilder, kernel: Scatter, slots: Slots): Emitted => {
  const { shape, axes, init, update } = kernel
  if (sizeOf(shape) === 0) return { phases: [], scratch: 0 }
  const start = intoOutput(module, shape, init, slots)
  const rows = rowsOf(kernel)
  const columns = rows.to - rows.from
  if (sizeOf(axes) === 0 || columns === 0) return start
  const places = intoScratch(module, rows.lead, rows.position, slots, 0)
  const input = inPlace(update, axes)
  const updatesAt = bytesFor(rows.lead, 'int32')
  const updates = input === null ? intoScratch(module, axes, update, slots, updatesAt) : { phases: [], scratch: 0 }
  const source = (code: Code, frame: Local): void => {
    address(code, frame, input === null ? slots.scratch : (slots.inputs[input] ?? 0))
    if (input !== null) return
    code.i32(updatesAt)
    code.op('i32.add')
  }
  const work = sizeOf(rows.lead) * (ROW + ELEMENT * columns)
  const shares = sharesOf(partsOf(rows)[1], columns, work)
  const fn = combining(module, kernel, rows, shares, slots, source)
  const last: Phase = { fn, chunks: shares.points * shares.columns, work }
  return {
    phases: [...start.phases, ...places.phases, ...updates.phases, last],
    scratch: Math.max(start.scratch, places.scratch, updates.scratch),
  }
}
