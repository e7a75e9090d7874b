/**
 * Reductions, in one of two orders: along rows, where the reduced axes are innermost and one total runs; or by columns,
 * where they are outermost and there is a total for every point of the outer axes, which whole rows are combined into.
 *
 * Layer: backend. Either way each total takes its terms in the reference's order, so even rounding agrees with it.
 */
import type { Dtype } from '../../core/dtype.ts'
import { linearise, type Monoid, type ScalarFn, type Stage } from '../../core/kernel.ts'
import { range, type Shape, sizeOf } from '../../core/shape.ts'
import { monoidFor } from '../scalar.ts'
import { addressOf, type Loop } from './address.ts'
import { sweepOf } from './loops.ts'
import { eachTile, type Sources } from './tile.ts'

type Reduce = Stage & { readonly tag: 'reduce' }
type Combining = Exclude<Monoid, 'argMax' | 'argMin'>

const combiner: { readonly [m in Combining]: ScalarFn } = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
  and: 'and',
  or: 'or',
}

/** A total, after the values from `from` to before `to`. */
type Fold = (total: number, values: Float64Array, from: number, to: number) => number

const folds: { readonly [m in Combining]?: Fold } = {
  sum: (total, values, from, to) => {
    let sum = total
    for (let j = from; j < to; j++) sum += values[j] as number
    return sum
  },
  max: (total, values, from, to) => {
    let max = total
    for (let j = from; j < to; j++) max = Math.max(max, values[j] as number)
    return max
  },
}

const foldOf = (monoid: Combining, dtype: Dtype): Fold => {
  const own = dtype === 'int32' && monoid === 'sum' ? undefined : folds[monoid]
  if (own !== undefined) return own
  const { combine } = monoidFor(monoid, dtype)
  return (total, values, from, to) => {
    let all = total
    for (let j = from; j < to; j++) all = combine(all, values[j] as number)
    return all
  }
}

/** Reduced axes innermost. */
const byRows = (stage: Reduce, monoid: Combining, totals: Float64Array, loop: Loop, sources: Sources): void => {
  const fold = foldOf(monoid, stage.dtype)
  const size = sizeOf(stage.axes)
  eachTile([stage.expr], loop, sources, Number.POSITIVE_INFINITY, (start, n, [values]) => {
    for (let j = 0; j < n; ) {
      const at = Math.floor((start + j) / size)
      const end = Math.min(n, (at + 1) * size - start)
      totals[at] = fold(totals[at] as number, values as Float64Array, j, end)
      j = end
    }
  })
}

/** Reduced axes outermost. */
const byColumns = (stage: Reduce, monoid: Combining, totals: Float64Array, loop: Loop, sources: Sources): void => {
  const sweep = sweepOf(combiner[monoid], stage.dtype)
  const size = totals.length
  eachTile([stage.expr], loop, sources, size, (start, n, [values]) => {
    const at = start % size
    const part = totals.subarray(at, at + n)
    sweep(part, part, values as Float64Array, n)
  })
}

/** The first position of the extreme value, or of the first NaN. */
const positions = (stage: Reduce, found: Float64Array, loop: Loop, sources: Sources): void => {
  const sign = stage.monoid === 'argMax' ? 1 : -1
  const size = sizeOf(stage.axes)
  let best = Number.NaN
  let next = 0
  let at = 0
  eachTile([stage.expr], loop, sources, Number.POSITIVE_INFINITY, (_start, n, [values]) => {
    for (let j = 0; j < n; j++) {
      const x = (values as Float64Array)[j] as number
      if (next === 0 || sign * x > sign * best || (Number.isNaN(x) && !Number.isNaN(best))) {
        best = x
        found[at] = next
      }
      if (++next === size) {
        next = 0
        at++
      }
    }
  })
}

/** Few terms to a total make rows too short, and a load that strides along the last reduced axis reads columns better. */
const columnsAreBetter = ({ axes, expr }: Reduce, outer: Shape): boolean => {
  if (sizeOf(outer) < 64) return false
  if (sizeOf(axes) <= 8) return true
  const sizes = [...outer, ...axes]
  const loop = { axes: range(0, sizes.length), sizes }
  const steps = linearise(expr).flatMap(node =>
    node.tag === 'load' ? [addressOf(node, loop).strides.at(-1) ?? 0] : [],
  )
  return steps.some(step => Math.abs(step) > 1)
}

/** The totals of a reduction at each point of the outer axes, unrounded. */
export const reduceStage = (stage: Reduce, sources: Sources): Float64Array => {
  const { outer } = sources
  const sizes = [...outer, ...stage.axes]
  const totals = new Float64Array(sizeOf(outer))
  const axes = range(0, sizes.length)
  const rows = { axes, sizes }
  const { monoid } = stage
  if (monoid === 'argMax' || monoid === 'argMin') {
    positions(stage, totals, rows, sources)
    return totals
  }
  totals.fill(monoidFor(monoid, stage.dtype).unit)
  if (columnsAreBetter(stage, outer)) {
    const rank = outer.length
    const columns = {
      axes: [...axes.slice(rank), ...axes.slice(0, rank)],
      sizes: [...stage.axes, ...outer],
    }
    byColumns(stage, monoid, totals, columns, sources)
  } else byRows(stage, monoid, totals, rows, sources)
  return totals
}
