/**
 * What loops over a stage's own axes have in common: groups of reductions that share them, their ends, positions in them.
 *
 * Layer: backend. Read next: nest/rows.ts, nest/columns.ts.
 */
import type { Expr } from '../../../core/kernel.ts'
import { clamp, type Extent, pushExtent } from './extent.ts'
import type { Form, Pointer, Space, SpacedReduction } from './form.ts'
import { stagesIn } from './job.ts'
import { type Layout, type Readers, type Spot, type Values, valuesOf } from './values.ts'
import type { Walk } from './walk.ts'

/** The values of a space's expressions, and all that moves in its loops. */
export type Inside = { readonly layout: Layout; readonly values: Values; readonly pointers: readonly Pointer[] }

/** What is inside each outer point, in loops of which that over outer place `row` is around; lanes go along the last place. */
export const insideOf = (walk: Walk, form: Form, space: Space, row: number, readers: Readers): Inside => {
  const levels = space.sizes.map((_, place) => Math.max(0, place - row + 1))
  return insideWith(walk, form, { space, vector: lastPlace(space), row, levels }, readers)
}

/** What is inside each outer point in the loops of some layout. */
export const insideWith = (walk: Walk, form: Form, layout: Layout, readers: Readers): Inside => {
  const { space } = layout
  const results = form.results.filter(r => r.space === space)
  const reductions = form.reductions.filter(r => r.space === space)
  const roots = [...reductions, ...results].map(({ expr }) => expr)
  const values = valuesOf(walk, roots, layout, readers)
  const targets = [...results.map(({ target }) => target), ...reductions.flatMap(({ keep }) => keep ?? [])]
  return { layout, values, pointers: [...new Set([...values.pointers, ...targets.map(({ pointer }) => pointer)])] }
}

/** Neighbouring reductions over the same places, none of which reads another. */
export const groupsOf = (reductions: readonly SpacedReduction[]): readonly (readonly SpacedReduction[])[] => {
  const groups: SpacedReduction[][] = []
  for (const reduction of reductions) {
    const last = groups[groups.length - 1]
    const read = stagesIn([reduction.expr])
    if (last?.[0]?.space === reduction.space && !last.some(({ stage }) => read.has(stage))) last.push(reduction)
    else groups.push([reduction])
  }
  return groups
}

/** Runs a body in a scope of each of some values. */
export const scopedAll = (all: readonly Values[], body: () => void): void =>
  all.reduce(
    (inner: () => void, { scoped }) =>
      () =>
        scoped(inner),
    body,
  )()

/** The last place of a space. */
export const lastPlace = ({ sizes }: Space): number => sizes.length - 1

/** Whether a space has no points inside an outer one. */
export const isEmpty = ({ sizes, outer }: Space): boolean => sizes.slice(outer).includes(0)

/** From where to where the loop of a place goes, and a size of which as much remains after whole rounds. */
export type Stretch = { readonly from: Extent; readonly to: Extent; readonly size: number }

/** The stretch of a place that is walked at the present indices. */
export const stretchOf = (walk: Walk, { sizes, cut }: Space, place: number): Stretch => {
  const size = sizes[place] ?? 1
  if (cut?.place !== place) return { from: 0, to: size, size }
  if (cut.part === null) return { from: 0, to: cut.whole, size: cut.like }
  const { code } = walk
  const [from, to] = [walk.take('i32'), walk.take('i32')]
  const part = walk.index(cut.part)
  if (part === null) code.i32(0)
  else {
    code.get(part)
    pushExtent(code, cut.size)
    code.op('i32.mul')
  }
  code.set(from)
  code.get(from)
  pushExtent(code, cut.size)
  code.op('i32.add')
  code.set(to)
  clamp(code, to, cut.whole)
  return { from: { local: from }, to: { local: to }, size: cut.like }
}

/** Pushes the position of the present point, `steps` places on, among all points of a stage's own places, as i32. */
export const pushPosition = (walk: Walk, { sizes, outer }: Space, steps: number): void => {
  const { code } = walk
  code.i32(steps)
  let stride = 1
  for (let place = sizes.length - 1; place >= outer; place--) {
    const index = walk.index(place)
    if (index !== null) {
      code.get(index)
      code.i32(stride)
      code.op('i32.mul')
      code.op('i32.add')
    }
    stride *= sizes[place] ?? 1
  }
}

/** Walks the own places of a space up to, but not including, `last`; what does not change inside a loop is computed before it. */
export const ownLoops = (
  walk: Walk,
  { layout, values, pointers }: Inside,
  exprs: readonly Expr[],
  spots: readonly Spot[],
  last: number,
  body: () => void,
): void => {
  const { space, levels } = layout
  const from = (place: number): void => {
    values.hoist(levels[place] ?? 0, spots, exprs)
    if (place === last) {
      body()
      return
    }
    const { from: first, to } = stretchOf(walk, space, place)
    walk.along(place, pointers, first, steps => steps.run(to, 1, () => values.scoped(() => from(place + 1))))
  }
  from(space.outer)
}
