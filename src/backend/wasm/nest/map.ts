/**
 * Maps: the same expressions at every point, four neighbours at a time.
 *
 * Layer: backend. Lanes go along the last place, where results are contiguous. Read next: nest/rows.ts.
 */
import { range } from '../../../core/shape.ts'
import type { Local } from '../assembler.ts'
import { vectorsAbreast } from './cost.ts'
import type { Extent } from './extent.ts'
import type { Pointer, SpacedResult } from './form.ts'
import { type Spot, store, type Values } from './values.ts'
import type { Steps, Walk } from './walk.ts'

/** Points of a round: full vectors, and at the end what is left of one. */
export const spotsFor = (count: number, width: number): readonly Spot[] =>
  range(0, Math.ceil(count / width)).map(i => ({
    rows: 0,
    steps: i * width,
    count: Math.min(width, count - i * width),
  }))

/**
 * Runs `body` along a place: for rounds of `width` points as often as they fit, then for what remains of `size` points. Where the end
 * is known only later, it is a multiple of `width` away, or the end of all.
 */
export const rounds = (
  walk: Walk,
  steps: Steps,
  to: Extent,
  size: number,
  width: number,
  body: (count: number) => void,
): void => {
  const { code } = walk
  const full = Math.floor(size / width)
  const rest = size % width
  if (full <= 2 && typeof to === 'number') {
    for (let i = 0; i < full; i++) {
      body(width)
      if (i + 1 < full || rest > 0) steps.advance(width)
    }
  } else if (full > 0) steps.run(to, width, () => body(width))
  if (rest === 0) return
  if (typeof to === 'number') {
    body(rest)
    return
  }
  code.get(steps.index)
  code.get(to.local)
  code.op('i32.lt_s')
  code.when(() => body(rest))
}

/** Rounds from which on it pays to write the code of a map once more, for several vectors. */
const MANY_ROUNDS = 16

/** Vectors of a map that are computed side by side. */
const sideBySide = (results: readonly SpacedResult[]): number =>
  vectorsAbreast(
    results.map(({ expr }) => expr),
    results.flatMap(({ space }) => [...space.leaves.values()]),
  )

/** Stores results at each point of the last outer place from `from` to `to`. */
export const emitMap = (
  walk: Walk,
  results: readonly SpacedResult[],
  values: Values,
  place: number,
  from: Extent,
  to: Extent,
): void => {
  const size = results[0]?.space.sizes[place] ?? 1
  const targets = results.map(({ target }) => target.pointer)
  const pointers: readonly Pointer[] = [...values.pointers, ...targets]
  walk.aim(pointers, range(0, place))
  values.scoped(() =>
    walk.along(place, pointers, from, steps => {
      values.hoist(
        1,
        [{ rows: 0, steps: 0, count: walk.width }],
        results.map(({ expr }) => expr),
      )
      const round = (count: number): void =>
        values.scoped(() => storeAll(walk, results, values, place, spotsFor(count, walk.width)))
      const many = walk.width * sideBySide(results)
      if (typeof to === 'number') {
        rounds(walk, steps, to, size, many, round)
        return
      }
      if (many > walk.width && size >= MANY_ROUNDS * many) steps.run(to, many, () => round(many))
      rounds(walk, steps, to, size, walk.width, round)
    }),
  )
}

/** Computes all results at some spots, then stores them: a result may take the place of what it is computed from. */
export const storeAll = (
  walk: Walk,
  results: readonly SpacedResult[],
  values: Pick<Values, 'value'>,
  vector: number,
  spots: readonly Spot[],
  row = -1,
): void => {
  const locals = spots.map(spot => results.map(({ expr }) => values.value(expr, spot)))
  for (const [s, spot] of spots.entries())
    for (const [i, { target }] of results.entries())
      store(walk, target, { vector, row, ...spot }, locals[s]?.[i] as Local)
}
