/**
 * Reductions column by column: lanes go along the last outer place, a tile of vectors at a time, with a loop over the rows inside.
 *
 * Layer: backend. Each vector of the tile has an accumulator; narrow tiles take several rows at once, each with accumulators of its
 * own. Read next: nest/split.ts.
 */
import { linearise } from '../../../core/kernel.ts'
import { range } from '../../../core/shape.ts'
import type { Local } from '../assembler.ts'
import type { Extent } from './extent.ts'
import type { Form, Space, SpacedReduction } from './form.ts'
import type { Memory } from './job.ts'
import { rounds, spotsFor, storeAll } from './map.ts'
import { type Accumulator, mergeAll } from './monoid.ts'
import {
  groupsOf,
  type Inside,
  insideWith,
  isEmpty,
  lastPlace,
  ownLoops,
  pushPosition,
  scopedAll,
  stretchOf,
} from './own.ts'
import { accumulating } from './position.ts'
import { type Spot, valuesOf } from './values.ts'
import type { Walk } from './walk.ts'

/** Vectors of a tile. */
const TILE = 8
/** The same where rows are short: as many accumulators as leave registers for a plain sum, so that fewer tiles walk over the rows. */
const PLAIN_TILE = 12
const SHORT_ROW = 8 * PLAIN_TILE
/** Nodes of a plain sum: a product of two loads. */
const PLAIN = 3

/** Columns of a tile. */
export const tileColumns = ({ outer, reductions }: Form): number => {
  const short = (outer[outer.length - 1] ?? 1) <= SHORT_ROW
  const plain = short && reductions.length === 1 && linearise(reductions.map(({ expr }) => expr)).length <= PLAIN
  return 4 * (plain ? PLAIN_TILE : TILE)
}

/** Rows at once in a tile of so few vectors that additions would wait for each other. */
const rowsFor = (vectors: number): number => (vectors >= 4 ? 1 : vectors >= 2 ? 2 : 4)

/** Rows at once in the narrowest tile of a form, at most. */
export const rowsAtOnce = (form: Form): number => {
  const columns = form.outer[form.outer.length - 1] ?? 1
  const tile = tileColumns(form)
  return rowsFor(Math.ceil((columns % tile || tile) / 4))
}

/** Runs the loops of one group; its results by reduction and spot. */
const reduceGroup = (
  walk: Walk,
  group: readonly SpacedReduction[],
  inside: Inside,
  spots: readonly Spot[],
): readonly (readonly Local[])[] => {
  const { layout, values, pointers } = inside
  const { space, row } = layout
  const several = Math.min(rowsFor(spots.length), space.sizes[row] ?? 1)
  const parts = group.map(({ monoid, expr }) => {
    const code = accumulating(walk, monoid, expr.dtype)
    return { expr, code, accumulators: spots.map(() => range(0, several).map(code.start)) }
  })
  const add = (rows: number, u: number, spot: Spot): void => {
    for (const { expr, code, accumulators } of parts)
      code.add(accumulators[u]?.[rows] as Accumulator, values.value(expr, { ...spot, rows }), () => {
        pushPosition(walk, space, rows)
        walk.code.op('i32x4.splat')
      })
  }
  const round = (count: number): void =>
    values.scoped(() => {
      for (const rows of range(0, count)) for (const [u, spot] of spots.entries()) add(rows, u, spot)
    })
  const exprs = group.map(({ expr }) => expr)
  if (!isEmpty(space))
    ownLoops(walk, inside, exprs, spots, row, () => {
      const { from, to, size } = stretchOf(walk, space, row)
      walk.along(row, pointers, from, steps => rounds(walk, steps, to, size, several, round))
    })
  return parts.map(({ code, accumulators }) => accumulators.map(of => code.result(mergeAll(code, of))))
}

/** Runs reductions and stores what is made of them for the outer points `from`–`to` of the last outer place. */
export const emitColumns = (
  walk: Walk,
  form: Form,
  memory: (input: number) => Memory,
  from: Extent,
  to: Extent,
): void => {
  const { code, width } = walk
  const column = form.outer.length - 1
  const stages = new Map<number, readonly Local[]>()
  const stage = (number: number, { steps }: Spot): void => code.get(stages.get(number)?.[steps / width] as Local)
  const levelsOf = ({ sizes }: Space): readonly number[] => sizes.map((_, place) => Math.max(0, place - column + 1))
  const exprs = form.results.map(({ expr }) => expr)
  const outer = form.results[0]?.space as Space
  const points = valuesOf(
    walk,
    exprs,
    { space: outer, vector: column, row: -1, levels: levelsOf(outer) },
    { memory, stage },
  )
  const insides = new Map(
    form.reductions.map(({ space }) => {
      const layout = { space, vector: column, row: lastPlace(space), levels: levelsOf(space) }
      return [space, insideWith(walk, form, layout, { memory, stage })] as const
    }),
  )
  const all = [points, ...[...insides.values()].map(({ values }) => values)]
  const tile = (count: number): void =>
    scopedAll(all, () => {
      const spots = spotsFor(count, width)
      for (const group of groupsOf(form.reductions)) {
        const results = reduceGroup(walk, group, insides.get(group[0]?.space as Space) as Inside, spots)
        for (const [i, reduction] of group.entries()) stages.set(reduction.stage.stage, results[i] ?? [])
      }
      for (const spot of spots) storeAll(walk, form.results, points, column, [spot])
    })
  const moving = [...all.flatMap(values => values.pointers), ...form.results.map(({ target }) => target.pointer)]
  const pointers = [...new Set(moving)]
  walk.aim(pointers, range(0, column))
  scopedAll(all, () =>
    walk.along(column, pointers, from, steps => {
      for (const { hoist, roots } of all) hoist(1, [{ rows: 0, steps: 0, count: width }], roots)
      rounds(walk, steps, to, form.outer[column] ?? 1, tileColumns(form), tile)
    }),
  )
}
