/**
 * What loops over a stage's own axes have in common: groups of reductions that share them, their ends, positions in them.
 *
 * Layer: backend. Read next: nest-rows.ts, nest-columns.ts.
 */
import type { Expr } from '../../core/kernel.ts'
import type { Space, SpacedReduction } from './nest-form.ts'
import { stagesIn } from './nest-job.ts'
import type { Spot, Values } from './nest-values.ts'
import type { Extent, Walk } from './nest-walk.ts'

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

/** The last place of a space. */
export const lastPlace = ({ sizes }: Space): number => sizes.length - 1

/** Whether a space has no points inside an outer one. */
export const isEmpty = ({ sizes, outer }: Space): boolean => sizes.slice(outer).includes(0)

/** Where the loop of a place ends, and the size from which what remains after whole rounds follows. */
export const endOf = (
  walk: Walk,
  { sizes, cut }: Space,
  place: number,
): { readonly to: Extent; readonly size: number } => {
  const size = sizes[place] ?? 1
  if (cut?.place !== place || cut.whole % cut.size === 0) return { to: size, size }
  const { code } = walk
  const rest = walk.take('i32')
  const part = walk.index(cut.part)
  code.i32(cut.whole)
  if (part !== null) {
    code.get(part)
    code.i32(cut.size)
    code.op('i32.mul')
    code.op('i32.sub')
  }
  code.set(rest)
  code.get(rest)
  code.i32(cut.size)
  code.get(rest)
  code.i32(cut.size)
  code.op('i32.lt_s')
  code.op('select')
  code.set(rest)
  return { to: { local: rest }, size: cut.whole }
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

/** Walks the own places of a space from the first up to, but not including, `last`; `levels` deep already. */
export const ownLoops = (
  walk: Walk,
  space: Space,
  values: Values,
  exprs: readonly Expr[],
  pointers: Values['pointers'],
  levels: readonly number[],
  spots: readonly Spot[],
  last: number,
  body: () => void,
): void => {
  const from = (place: number): void => {
    if (place >= last) {
      body()
      return
    }
    values.hoist(levels[place] ?? 0, spots, exprs)
    const { to } = endOf(walk, space, place)
    walk.along(place, pointers, 0, steps => steps.run(to, 1, () => values.scoped(() => from(place + 1))))
  }
  from(space.outer)
}
