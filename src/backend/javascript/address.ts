/**
 * Affine loads as flat addresses: the arithmetic that the quick loops share.
 *
 * Layer: backend. A coordinate that can neither leave its axis nor fail to divide becomes a stride; the others stay checked.
 */
import type { Affine, Load } from '../../core/kernel.ts'
import { type Shape, stridesOf } from '../../core/shape.ts'

/** A coordinate that must be looked at for every element. */
export type Checked = {
  readonly size: number
  readonly stride: number
  readonly divisor: number
  readonly offset: number
  readonly by: readonly number[]
}

/** `base + Σ stride·axis`, plus the checked coordinates. */
export type Address = {
  readonly base: number
  readonly strides: readonly number[]
  readonly checked: readonly Checked[]
}

const coefficients = ({ terms }: Affine, rank: number): number[] => {
  const by = new Array<number>(rank).fill(0)
  for (const term of terms) by[term.axis] = (by[term.axis] ?? 0) + term.by
  return by
}

/** Whether a coordinate stays within its axis at every point of `axes`. */
const alwaysInside = ({ offset, divisor }: Affine, by: readonly number[], axes: Shape, size: number): boolean => {
  if (divisor !== 1) return false
  let low = offset
  let high = offset
  by.forEach((b, axis) => {
    const reach = b * ((axes[axis] ?? 1) - 1)
    if (reach < 0) low += reach
    else high += reach
  })
  return low >= 0 && high < size
}

/** The address of a load in a loop over `axes`. */
export const addressOf = (load: Load, axes: Shape): Address => {
  const viewStrides = stridesOf(load.view)
  const strides = new Array<number>(axes.length).fill(0)
  const checked: Checked[] = []
  let base = 0
  load.index.forEach((affine, d) => {
    const by = coefficients(affine, axes.length)
    const stride = viewStrides[d] ?? 1
    const size = load.view[d] ?? 1
    if (load.fill === null || alwaysInside(affine, by, axes, size)) {
      base += affine.offset * stride
      by.forEach((b, axis) => {
        strides[axis] = (strides[axis] ?? 0) + b * stride
      })
    } else checked.push({ size, stride, divisor: affine.divisor, offset: affine.offset, by })
  })
  return { base, strides, checked }
}

/** The dot product of a point with coefficients. */
export const dot = (by: readonly number[], point: readonly number[]): number => {
  let sum = 0
  for (let i = 0; i < point.length; i++) sum += (by[i] ?? 0) * (point[i] ?? 0)
  return sum
}
