/**
 * Sorting positions, for every backend that runs on the host.
 *
 * Layer: backend.
 */
import type { TypedArray } from '../core/dtype.ts'
import type { Sort } from '../core/kernel.ts'

/** Ascending, NaN after everything else. */
const compareNumbers = (x: number, y: number): number =>
  Number.isNaN(x) ? (Number.isNaN(y) ? 0 : 1) : Number.isNaN(y) ? -1 : x - y || 0

/** The stable order of each row along the last axis. */
export const runSort = (kernel: Sort, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const keys = inputs[0] ?? new Float64Array()
  const out = new Int32Array(keys.length)
  const length = kernel.shape.at(-1) ?? 1
  for (let row = 0; row < keys.length; row += length) {
    const order = Array.from({ length }, (_, i) => i)
    order.sort((i, j) => compareNumbers(keys[row + i] ?? 0, keys[row + j] ?? 0))
    out.set(order, row)
  }
  return [out]
}
