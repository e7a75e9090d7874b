/**
 * Running totals along an axis, in float64 and in the reference's order.
 *
 * Layer: backend. The values are written first, then combined in place: a whole row with the one before it where the axis has
 * others inside it, else along the row.
 */
import { allocate, type Dtype, type TypedArray } from '../../core/dtype.ts'
import type { Cumulate, ScalarFn } from '../../core/kernel.ts'
import { range, sizeOf } from '../../core/shape.ts'
import { monoidFor } from '../scalar.ts'
import { sweepOf } from './loops.ts'
import { eachTile } from './tile.ts'

type Monoid = Cumulate['monoid']

const combiner: { readonly [m in Monoid]: ScalarFn } = { sum: 'add', prod: 'mul', max: 'max', min: 'min' }

/** Combines `n` values, the first at `at`, each with the total before it; `step` is 1 or -1. */
type Run = (totals: Float64Array, at: number, n: number, step: number) => void

const sumRun: Run = (totals, at, n, step) => {
  let total = totals[at] as number
  for (let k = 1, i = at + step; k < n; k++, i += step) totals[i] = total += totals[i] as number
}

const runOf = (monoid: Monoid, dtype: Dtype): Run => {
  if (monoid === 'sum' && dtype !== 'int32') return sumRun
  const { combine } = monoidFor(monoid, dtype)
  return (totals, at, n, step) => {
    let total = totals[at] as number
    for (let k = 1, i = at + step; k < n; k++, i += step) totals[i] = total = combine(total, totals[i] as number)
  }
}

/** Combines whole rows of `inner` values, the first of `n` at `at`, each with the row before it. */
const sweepRows = (
  kernel: Cumulate,
  totals: Float64Array,
  at: number,
  n: number,
  inner: number,
  step: number,
): void => {
  const sweep = sweepOf(combiner[kernel.monoid], kernel.expr.dtype)
  for (let k = 1; k < n; k++) {
    const from = at + (k - 1) * step * inner
    const row = totals.subarray(from + step * inner, from + step * inner + inner)
    sweep(row, totals.subarray(from, from + inner), row, inner)
  }
}

const valuesOf = ({ axes, expr }: Cumulate, inputs: readonly TypedArray[]): Float64Array => {
  const values = new Float64Array(sizeOf(axes))
  const loop = { axes: range(0, axes.length), sizes: axes }
  const sources = { inputs, results: [], outer: axes }
  eachTile([expr], loop, sources, Number.POSITIVE_INFINITY, (start, n, [tile]) => {
    values.set((tile as Float64Array).subarray(0, n), start)
  })
  return values
}

/** Runs a scan. */
export const runCumulate = (kernel: Cumulate, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { axes, axis, reverse, monoid, expr } = kernel
  const totals = valuesOf(kernel, inputs)
  const n = axes[axis] ?? 1
  const inner = sizeOf(axes.slice(axis + 1))
  const step = reverse ? -1 : 1
  const run = runOf(monoid, expr.dtype)
  for (let block = 0; block < totals.length; block += n * inner) {
    const first = block + (reverse ? (n - 1) * inner : 0)
    if (inner === 1) run(totals, first, n, step)
    else sweepRows(kernel, totals, first, n, inner, step)
  }
  const out = allocate(expr.dtype, totals.length)
  out.set(totals)
  return [out]
}
