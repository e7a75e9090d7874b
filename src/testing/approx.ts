/**
 * Approximate equality, which is no `Eq`: it is not transitive.
 *
 * Layer: testing.
 */
import type { Dtype } from '../core/dtype.ts'
import { requireRecord } from '../core/options.ts'
import { showShape, unravel } from '../core/shape.ts'
import { data, requireTensors, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { relativeError } from '../transform/report.ts'

/** |a - b| ≤ absolute + relative · max(|a|, |b|). */
export type Tolerance = { readonly relative: number; readonly absolute: number }

/** Where two tensors differ most. */
export type Difference = {
  readonly index: readonly number[]
  readonly a: number
  readonly b: number
  readonly error: number
}

/** The element that differs most, or `null` when there is none; an infinite error where one is NaN and the other is not. */
export const largestDifference = (x: Tensor, y: Tensor): Difference | null => {
  const [a, b] = [data(x), data(y)]
  let worst: Difference | null = null
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i] ?? 0, b[i] ?? 0]
    if (Object.is(p, q) || p === q) continue
    const error = relativeError(p, q, 1)
    if (worst === null || error > worst.error) worst = { index: unravel(i, x.shape), a: p, b: q, error }
  }
  return worst
}

/** Whether two numbers are close; NaN is close to NaN, an infinity to itself. */
export const closeNumbers = (a: number, b: number, { relative, absolute }: Tolerance): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b))

/** Why two tensors are not close, naming the element; `undefined` when they are. */
export const farApart = (x: Tensor, y: Tensor, tolerance: Tolerance): string | undefined => {
  requireTensors('farApart', x, y)
  requireRecord('farApart', 'a tolerance, { relative, absolute }', tolerance, ['relative', 'absolute'])
  if (x.dtype !== y.dtype || showShape(x.shape) !== showShape(y.shape)) return `${showType(x)} vs ${showType(y)}`
  const [a, b] = [data(x), data(y)]
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i] ?? 0, b[i] ?? 0]
    if (!closeNumbers(p, q, tolerance)) return `element [${unravel(i, x.shape)}]: ${p} vs ${q}`
  }
  return undefined
}

/** Rounding of a few operations in each dtype, for values of unit scale. */
export const roundingOf = (dtype: Dtype): Tolerance => {
  switch (dtype) {
    case 'float64':
      return { relative: 1e-10, absolute: 1e-10 }
    case 'float32':
      return { relative: 2e-6, absolute: 2e-6 }
    case 'int32':
    case 'bool':
      return { relative: 0, absolute: 0 }
  }
}
