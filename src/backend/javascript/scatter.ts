/**
 * Scatters: updates combined into what is where computed coordinates say, in the reference's order.
 *
 * Layer: backend.
 */
import { allocate, type TypedArray } from '../../core/dtype.ts'
import { mapNest, type Scatter } from '../../core/kernel.ts'
import { range } from '../../core/shape.ts'
import { combinationFor } from '../scalar.ts'
import { runNest } from './nest.ts'
import { eachTile, positionsOf } from './tile.ts'

/** Runs a scatter. */
export const runScatter = (kernel: Scatter, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { shape, init, axes, index, update } = kernel
  const [start = new Float64Array(0)] = runNest(mapNest(shape, init), inputs)
  const totals = Float64Array.from(start)
  const combine = combinationFor(kernel.combine, update.dtype)
  const loop = { axes: range(0, axes.length), sizes: axes }
  const sources = { inputs, results: [], outer: axes }
  eachTile([update, ...index], loop, sources, Number.POSITIVE_INFINITY, (_start, n, [updates, ...places]) => {
    const at = positionsOf(places, shape, n)
    for (let j = 0; j < n; j++) {
      const i = at[j] as number
      if (i >= 0) totals[i] = combine(totals[i] as number, (updates as Float64Array)[j] as number)
    }
  })
  const out = allocate(update.dtype, totals.length)
  out.set(totals)
  return [out]
}
