/**
 * Running totals along an axis. Columns beside each other go in vectors; where there is only one, totals run along the vectors.
 *
 * Layer: backend. A column is what one total runs through. Chunks share the points before the axis, and blocks of columns.
 * Read next: cumulate/lanes.ts.
 */
import { bytesOf } from '../../core/dtype.ts'
import type { Cumulate } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from './assembler.ts'
import {
  columnsOf,
  newAlong,
  newTotal,
  newTotals,
  reversed,
  runsAlong,
  type Totals,
  totalAlong,
  totalColumns,
  totalOf,
  totalOne,
} from './cumulate/lanes.ts'
import { address, type Emitted, type Slots } from './emit.ts'
import { loadScalar, storeScalar } from './expr/memory.ts'
import { integers } from './integers.ts'
import type { Term } from './math/terms.ts'
import { inPlace, intoOutput } from './staged.ts'

/** Vectors that go down their columns side by side: the cache line of 64 bytes is read at once. */
const SIDE_BY_SIDE = 4
/** Columns that one chunk does not share with another. */
const BLOCK = 16

const CHUNK = 50_000
const MOST_CHUNKS = 32
/** Nanoseconds per element, roughly. */
const COST = 0.8

type Sizes = { readonly outer: number; readonly n: number; readonly inner: number }
type Sweep = { readonly totals: Totals; readonly step: number; readonly n: number }
/** Where the next value is read, and where its total goes; both move by `step`. */
type Ends = { readonly from: Local; readonly to: Local }

const moveOn = (code: Code, { from, to }: Ends, step: number): void => {
  const { advance } = integers(code)
  advance(from, step)
  advance(to, step)
}

/** Runs the body `n` times, and moves on after each. */
const eachStep = (code: Code, n: number, ends: Ends, step: number, body: () => void): void => {
  const { constant, keep, upTo } = integers(code)
  const k = keep(constant(0))
  upTo(k, constant(n), 1, () => {
    body()
    moveOn(code, ends, step)
  })
}

/** One column. */
const sweepOne = (code: Code, { totals, step, n }: Sweep, ends: Ends): void => {
  const total = newTotal(code, totals)
  eachStep(code, n, ends, step, () => oneMore(code, totals, total, ends))
}

const oneMore = (code: Code, totals: Totals, total: Local, { from, to }: Ends): void => {
  const value = code.local(totals.dtype === 'float32' ? 'f32' : totals.dtype === 'float64' ? 'f64' : 'i32')
  loadScalar(code, totals.dtype, { address: from, offset: 0 })
  totalOne(code, totals, total)
  code.set(value)
  storeScalar(code, totals.dtype, { address: to, offset: 0 }, value)
}

/** Some vectors of columns beside each other. */
const sweepVectors = (
  module: ModuleBuilder,
  code: Code,
  { totals, step, n }: Sweep,
  ends: Ends,
  vectors: number,
): void => {
  const registers = Array.from({ length: vectors }, () => newTotals(module, code, totals))
  const x = code.local('v128')
  eachStep(code, n, ends, step, () =>
    registers.forEach((own, i) => {
      code.get(ends.from)
      code.memory('v128.load', 16 * i)
      code.set(x)
      code.get(ends.to)
      totalColumns(code, totals, x, own)
      code.memory('v128.store', 16 * i)
    }),
  )
}

/** One column whose elements are beside each other. */
const sweepAlong = (module: ModuleBuilder, code: Code, { totals, step, n }: Sweep, ends: Ends): void => {
  const along = newAlong(module, code, totals)
  const x = code.local('v128')
  const back = step < 0
  const { from, to } = ends
  // Going backwards, a vector begins three elements before the place that the total has come to.
  if (back) moveOn(code, ends, 3 * step)
  eachStep(code, Math.floor(n / 4), ends, 4 * step, () => {
    code.get(from)
    code.memory('v128.load')
    code.set(x)
    if (back) reversed(code, x)
    if (back) code.set(x)
    totalAlong(code, totals, x, along)
    code.get(to)
    if (back) reversed(code, x)
    else code.get(x)
    code.memory('v128.store')
  })
  if (back) moveOn(code, ends, -3 * step)
  const total = newTotal(code, totals)
  totalOf(code, totals, along)
  code.set(total)
  eachStep(code, n % 4, ends, step, () => oneMore(code, totals, total, ends))
}

/** The columns from `column` to before `end`, as many at a time as there are. */
const sweepColumns = (
  module: ModuleBuilder,
  code: Code,
  sweep: Sweep,
  at: (column: Local) => Ends,
  column: Local,
  end: Local,
): void => {
  const { add, advance, constant, during, get, less } = integers(code)
  const width = columnsOf(sweep.totals.dtype)
  const atATime = (count: number, body: (ends: Ends) => void): void =>
    during(less(add(get(column), constant(count - 1)), get(end)), () => {
      body(at(column))
      advance(column, count)
    })
  for (const vectors of width === 0 ? [] : [SIDE_BY_SIDE, 1])
    atATime(width * vectors, ends => sweepVectors(module, code, sweep, ends, vectors))
  atATime(1, ends => sweepOne(code, sweep, ends))
}

const sizesOf = ({ axes, axis }: Cumulate): Sizes => ({
  outer: sizeOf(axes.slice(0, axis)),
  n: axes[axis] ?? 1,
  inner: sizeOf(axes.slice(axis + 1)),
})

/** Into how many parts the outer points, and the columns, are cut. */
const sharesOf = ({ outer, inner }: Sizes, work: number): readonly [outer: number, columns: number] => {
  const wanted = Math.max(1, Math.min(MOST_CHUNKS, Math.ceil(work / CHUNK)))
  const outerShares = Math.min(outer, wanted)
  return [outerShares, Math.min(Math.ceil(inner / BLOCK), Math.ceil(wanted / outerShares))]
}

/** All that the code of the sweeping phase depends on; `from` and `to` are words of the frame. */
type Job = {
  readonly sizes: Sizes
  readonly sweep: Sweep
  readonly width: number
  readonly shares: readonly [outer: number, columns: number]
  readonly from: number
  readonly to: number
}

/** The columns of a chunk: its blocks, of which the last may not be whole. */
const columnsOfChunk = (code: Code, part: Term, shares: number, inner: number): readonly [first: Term, end: Local] => {
  const { constant, get, keep, less, run, share, times } = integers(code)
  const [first, last] = share(part, shares, Math.ceil(inner / BLOCK))
  const end = keep(times(get(last), BLOCK))
  const within = run('select', get(end), constant(inner), less(get(end), constant(inner)))
  return [times(get(first), BLOCK), keep(within)]
}

const sweeping = (module: ModuleBuilder, { sizes, sweep, width, shares, from, to }: Job): FunctionRef =>
  module.define(null, ['i32', 'i32'], [], (code, frame, chunk) => {
    const { add, constant, get, keep, run, share, times, upTo } = integers(code)
    const { outer, n, inner } = sizes
    const [point, end] = share(run('i32.div_u', get(chunk), constant(shares[1])), shares[0], outer)
    const part = run('i32.rem_u', get(chunk), constant(shares[1]))
    const [first, until] = columnsOfChunk(code, part, shares[1], inner)
    const bases = [from, to].map(word => keep(() => address(code, frame, word)))
    const start = sweep.step < 0 ? (n - 1) * inner * width : 0
    upTo(point, get(end), 1, () => {
      const block = keep(add(times(get(point), n * inner * width), constant(start)))
      const at = (column: Local): Ends => {
        const offset = keep(add(get(block), times(get(column), width)))
        const [source, target] = bases.map(base => keep(add(get(base), get(offset)))) as [Local, Local]
        return { from: source, to: target }
      }
      const column = keep(first)
      if (inner === 1 && runsAlong(sweep.totals)) sweepAlong(module, code, sweep, at(column))
      else sweepColumns(module, code, sweep, at, column, until)
    })
  })

/** The code of running totals. */
export const emitCumulate = (module: ModuleBuilder, kernel: Cumulate, slots: Slots): Emitted => {
  const { axes, expr, monoid, reverse } = kernel
  const { dtype } = expr
  if (sizeOf(axes) === 0) return { phases: [], scratch: 0 }
  const input = inPlace(expr, axes)
  const values = input === null ? intoOutput(module, axes, expr, slots) : { phases: [], scratch: 0 }
  const to = slots.outputs[0] ?? 0
  const from = input === null ? to : (slots.inputs[input] ?? 0)
  const sizes = sizesOf(kernel)
  const width = bytesOf(dtype)
  const sweep = { totals: { dtype, monoid }, n: sizes.n, step: (reverse ? -1 : 1) * sizes.inner * width }
  const work = COST * sizeOf(axes)
  const shares = sharesOf(sizes, work)
  const fn = sweeping(module, { sizes, sweep, width, shares, from, to })
  return { phases: [...values.phases, { fn, chunks: shares[0] * shares[1], work }], scratch: values.scratch }
}
