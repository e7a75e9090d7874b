/**
 * Which points of a round are read, and how far they are from the present place of the loops.
 *
 * Layer: backend. Read next: nest/range.ts, nest/read.ts.
 */
import type { Ramp, Source } from './form.ts'
import type { Walk } from './walk.ts'

/**
 * Which points are meant: lanes go along the place `vector`, from `step` places after the present one; `row` places after the present
 * one along the place `row`.
 */
export type Lanes = {
  readonly vector: number
  readonly row: number
  readonly steps: number
  readonly rows: number
  readonly count: number
}

/** Whether something moves along a place. */
export const moves = ({ pointer, bounds }: Source, place: number): boolean =>
  (pointer.strides[place] ?? 0) !== 0 || bounds.some(({ by }) => (by[place] ?? 0) !== 0)

/** How many bytes, or how much of a coordinate, the first lane is from the present point. */
export const shifted = (
  { strides }: { readonly strides: readonly number[] },
  { vector, row, steps, rows }: Lanes,
): number => (strides[vector] ?? 0) * steps + (strides[row] ?? 0) * rows

/** Pushes offset + Σ by·index at the first lane, but for the place `except`. */
export const pushSum = (walk: Walk, { offset, by }: Pick<Ramp, 'offset' | 'by'>, lanes: Lanes, except = -1): void => {
  const { code } = walk
  const used = by.map((b, place) => (place === except ? 0 : b))
  code.i32(offset + shifted({ strides: used }, lanes))
  for (const [place, b] of used.entries()) {
    const index = walk.index(place)
    if (b === 0 || index === null) continue
    code.get(index)
    if (b !== 1) {
      code.i32(b)
      code.op('i32.mul')
    }
    code.op('i32.add')
  }
}
