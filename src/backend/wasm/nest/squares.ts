/**
 * Maps that read along another place than they write, such as transposes: in squares of four by four, which are turned in registers.
 *
 * Layer: backend. Places are put in another order: the last is the one that is written along, the one before that is read along. Of it
 * a unit takes a few rows only, so that the lines written to stay in the cache until they are full. Read next: nest/map.ts.
 */
import { range } from '../../../core/shape.ts'
import type { Extent } from './extent.ts'
import type { Form, Leaf, Pointer, Source, Space, SpacedResult } from './form.ts'
import { rounds, storeAll } from './map.ts'
import { turnable } from './turn.ts'
import type { Layout, Values } from './values.ts'
import type { Walk } from './walk.ts'

/** Rows of a unit at most. */
export const SQUARES = 64

/** The place along which most of the loads are contiguous that are not so along the last; null if squares are of no use. */
export const swapOf = ({ outer, results }: Form): number | null => {
  const last = outer.length - 1
  const leaves = [...(results[0]?.space.leaves.values() ?? [])]
  const counts = outer.map((size, place) =>
    place === last || size < 4
      ? 0
      : leaves.filter(leaf => leaf.kind === 'source' && turnable(leaf, last, place)).length,
  )
  const most = Math.max(...counts)
  return most === 0 || (outer[last] ?? 1) < 4 ? null : counts.indexOf(most)
}

/** A form with one of its outer places moved to the one before the last. */
export const swapped = ({ outer, results }: Form, place: number): Form => {
  const last = outer.length - 1
  const order = [...outer.keys()].filter(p => p !== place && p !== last).concat(place, last)
  const pick = (by: readonly number[]): number[] => order.map(p => by[p] ?? 0)
  const pointers = new Map<Pointer, Pointer>()
  const pointerFor = (pointer: Pointer): Pointer => {
    const made = pointers.get(pointer) ?? { ...pointer, strides: pick(pointer.strides) }
    pointers.set(pointer, made)
    return made
  }
  const source = (of: Source): Source => ({
    ...of,
    pointer: pointerFor(of.pointer),
    bounds: of.bounds.map(bound => ({ ...bound, by: pick(bound.by) })),
  })
  const moved = (leaf: Leaf): Leaf => (leaf.kind === 'ramp' ? { ...leaf, by: pick(leaf.by) } : source(leaf))
  const before = results[0]?.space as Space
  const leaves = new Map([...before.leaves].map(([node, leaf]) => [node, moved(leaf)]))
  const space: Space = { sizes: pick(before.sizes), outer: before.outer, leaves }
  return {
    outer: pick(outer),
    reductions: [],
    results: results.map(result => ({ ...result, space, target: source(result.target) })),
  }
}

/** Loops along the last place, and inside of it along the one before. */
export const squareLayout = (space: Space): Layout => {
  const last = space.sizes.length - 1
  return {
    space,
    vector: last,
    row: last - 1,
    levels: space.sizes.map((_, p) => Math.max(0, p === last ? 1 : p === last - 1 ? 2 : 0)),
  }
}

/** Stores results at all points of the last place, in the rows `from`–`to` of the one before. */
export const emitSquares = (
  walk: Walk,
  results: readonly SpacedResult[],
  values: Values,
  { space, vector, row }: Layout,
  from: Extent,
  to: Extent,
): void => {
  const size = space.sizes[vector] ?? 1
  const pointers = [...values.pointers, ...results.map(({ target }) => target.pointer)]
  const at = (rows: number, count: number, square: boolean) => ({ rows, steps: 0, count, square })
  walk.aim(pointers, range(0, row))
  const column = (count: number): void =>
    values.scoped(() =>
      walk.along(row, pointers, from, steps => {
        values.hoist(2, [at(0, count, false)], values.roots)
        const square = (): void =>
          values.scoped(() => {
            for (const rows of range(0, 4)) storeAll(walk, results, values, vector, [at(rows, 4, true)], row)
          })
        if (count === 4) steps.run(to, 4, square)
        steps.run(to, 1, () => values.scoped(() => storeAll(walk, results, values, vector, [at(0, count, false)], row)))
      }),
    )
  values.scoped(() =>
    walk.along(vector, pointers, 0, steps => {
      values.hoist(1, [at(0, 4, false)], values.roots)
      rounds(walk, steps, size, size, 4, column)
    }),
  )
}
