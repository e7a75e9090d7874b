/**
 * Index maps as arithmetic on positions: where in its source a load reads as a loop goes on.
 *
 * Layer: backend. A coordinate that can neither leave its axis nor fail to divide becomes a stride; the others are bounds
 * that have to be looked at. Read next: wasm/nest/form.ts, which walks addresses.
 */
import type { Affine, Load } from '../core/kernel.ts'
import { type Shape, stridesOf } from '../core/shape.ts'

/**
 * A coordinate that may miss: something is read only where (offset + Σ by·point) / divisor is a whole number from 0 to
 * below `size`. Where the divisor is 1 the address already includes it; otherwise the quotient times `stride` is added.
 */
export type Bound = {
  readonly offset: number
  readonly by: readonly number[]
  readonly divisor: number
  readonly size: number
  readonly stride: number
}

/** The element at a point of a loop over `sizes` is number base + Σ strides·point of the source, if no bound forbids it. */
export type Address = {
  readonly sizes: Shape
  readonly base: number
  readonly strides: readonly number[]
  readonly bounds: readonly Bound[]
}

/** A loop: which axes of the kernel it walks, outermost first, and their sizes. */
export type Loop = { readonly axes: readonly number[]; readonly sizes: Shape }

/** The coefficients of an index map by the places of a loop. */
const coefficients = ({ terms }: Affine, { axes }: Loop): number[] => {
  const by = axes.map(() => 0)
  for (const term of terms) {
    const place = axes.indexOf(term.axis)
    if (place >= 0) by[place] = (by[place] as number) + term.by
  }
  return by
}

/** The least and the greatest value that an index map takes before division. */
export const hullOf = (affine: Affine, loop: Loop): readonly [low: number, high: number] => {
  const by = coefficients(affine, loop)
  let low = affine.offset
  let high = affine.offset
  for (let i = 0; i < by.length; i++) {
    const reach = (by[i] as number) * ((loop.sizes[i] as number) - 1)
    if (reach < 0) low += reach
    else high += reach
  }
  return [low, high]
}

const alwaysInside = (affine: Affine, loop: Loop, size: number): boolean => {
  if (affine.divisor !== 1) return false
  const [low, high] = hullOf(affine, loop)
  return low >= 0 && high < size
}

/** The address of a load, with an entry for every axis of the loop. */
export const addressOf = ({ view, index, fill }: Load, loop: Loop): Address => {
  const viewStrides = stridesOf(view)
  const strides = loop.sizes.map(() => 0)
  const bounds: Bound[] = []
  let base = 0
  for (let d = 0; d < index.length; d++) {
    const affine = index[d] as Affine
    const by = coefficients(affine, loop)
    const size = view[d] as number
    const stride = viewStrides[d] as number
    const { offset, divisor } = affine
    const bounded = fill !== null && !alwaysInside(affine, loop, size)
    const divided = bounded && divisor !== 1
    if (bounded) bounds.push({ offset, by, divisor, size, stride: divided ? stride : 0 })
    if (divided) continue
    const step = stride / divisor
    base += offset * step
    for (let i = 0; i < by.length; i++) strides[i] = (strides[i] as number) + (by[i] as number) * step
  }
  return { sizes: loop.sizes, base, strides, bounds }
}

/** Σ strides·point at every point of some of a loop's axes, row-major. */
export const offsetsAt = (axes: readonly number[], strides: readonly number[], sizes: Shape): Int32Array => {
  const offsets = new Int32Array(axes.reduce((n, axis) => n * (sizes[axis] as number), 1))
  let known = 1
  for (const axis of [...axes].reverse()) {
    const size = sizes[axis] as number
    const stride = strides[axis] as number
    for (let i = 1, at = known; i < size; i++)
      for (let j = 0; j < known; j++) offsets[at++] = (offsets[j] as number) + i * stride
    known *= size
  }
  return offsets
}
