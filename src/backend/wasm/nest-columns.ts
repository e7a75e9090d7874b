/**
 * Reductions column by column: lanes go along the last outer place, a tile of vectors at a time, with a loop over the rows inside.
 *
 * Layer: backend. Each vector of the tile has an accumulator; narrow tiles take several rows at once, each with accumulators of its
 * own. Read next: nest-split.ts.
 */
import type { Local } from './assembler.ts'
import type { Form, Pointer, Space, SpacedReduction } from './nest-form.ts'
import type { Memory } from './nest-job.ts'
import { rounds, spotsFor, storeAll } from './nest-map.ts'
import { type Accumulator, type Combining, combining } from './nest-monoid.ts'
import { endOf, groupsOf, isEmpty, lastPlace, ownLoops, pushPosition } from './nest-own.ts'
import { type Layout, type Spot, type Values, valuesOf } from './nest-values.ts'
import type { Extent, Walk } from './nest-walk.ts'

/** Vectors of a tile. */
const TILE = 8

type Inside = { readonly layout: Layout; readonly values: Values; readonly pointers: readonly Pointer[] }

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/** Rows at once in a tile of so few vectors that additions would wait for each other. */
const rowsAtOnce = (vectors: number): number => (vectors >= 4 ? 1 : vectors >= 2 ? 2 : 4)

/** Runs the loops of one group; its results by reduction and spot. */
const reduceGroup = (
  walk: Walk,
  group: readonly SpacedReduction[],
  { layout, values, pointers }: Inside,
  spots: readonly Spot[],
): readonly (readonly Local[])[] => {
  const { space, levels } = layout
  const { code, form } = walk
  const place = lastPlace(space)
  const exprs = group.map(({ expr }) => expr)
  const codes = group.map(({ monoid, expr }) => combining(walk, monoid, expr.dtype))
  const size = space.sizes[place] ?? 1
  const several = walk.form === 'vector' ? Math.min(rowsAtOnce(spots.length), size) : 1
  const accumulators = codes.map(({ start }) => range(several).map(() => spots.map(start)))
  const round = (count: number): void =>
    values.scoped(() => {
      for (const rows of range(count))
        for (const [u, spot] of spots.entries())
          group.forEach(({ expr }, r) => {
            const value = values.value(expr, { ...spot, rows })
            ;(codes[r] as Combining).add(accumulators[r]?.[rows]?.[u] as Accumulator, value, () => {
              pushPosition(walk, space, rows)
              if (form === 'vector') code.op('i32x4.splat')
            })
          })
    })
  if (!isEmpty(space))
    ownLoops(walk, space, values, exprs, pointers, levels, spots, place, () => {
      values.hoist(levels[place] ?? 0, spots, exprs)
      const end = endOf(walk, space, place)
      walk.along(place, pointers, 0, steps => rounds(walk, steps, end.to, end.size, several, round))
    })
  return codes.map((combine, r) =>
    spots.map((_, u) => {
      const [first, ...rest] = (accumulators[r] ?? []).map(of => of[u] as Accumulator)
      for (const other of rest) combine.merge(first as Accumulator, other)
      return combine.result(first as Accumulator)
    }),
  )
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
  const size = form.outer[column] ?? 1
  const stages = new Map<number, readonly Local[]>()
  const stage = (number: number, { steps }: Spot): void => code.get(stages.get(number)?.[steps / width] as Local)
  const outside = form.results[0]?.space as Space
  const exprs = form.results.map(({ expr }) => expr)
  const outerLevels = outside.sizes.map((_, place) => Number(place === column))
  const points = valuesOf(
    walk,
    exprs,
    { space: outside, vector: column, row: -1, levels: outerLevels },
    { memory, stage },
  )
  const insides = new Map(
    [...new Set(form.reductions.map(({ space }) => space))].map(space => {
      const levels = space.sizes.map((_, place) => (place < column ? 0 : place - column + 1))
      const layout: Layout = { space, vector: column, row: lastPlace(space), levels }
      const roots = form.reductions.filter(r => r.space === space).map(({ expr }) => expr)
      const values = valuesOf(walk, roots, layout, { memory, stage })
      return [space, { layout, values, pointers: values.pointers }]
    }),
  )
  const evaluators = [points, ...[...insides.values()].map(({ values }) => values)]
  const scopedAll = (body: () => void): void =>
    evaluators.reduce(
      (inner, { scoped }) =>
        () =>
          scoped(inner),
      body,
    )()
  const tile = (count: number): void =>
    scopedAll(() => {
      const spots = spotsFor(count, width)
      for (const group of groupsOf(form.reductions)) {
        const results = reduceGroup(walk, group, insides.get(group[0]?.space as Space) as Inside, spots)
        for (const [
          i,
          {
            stage: { stage: number },
          },
        ] of group.entries())
          stages.set(number, results[i] ?? [])
      }
      for (const spot of spots) storeAll(walk, form.results, points, column, spot)
    })
  const pointers = [
    ...new Set([...evaluators.flatMap(values => values.pointers), ...form.results.map(({ target }) => target.pointer)]),
  ]
  walk.aim(pointers, range(column))
  scopedAll(() =>
    walk.along(column, pointers, from, steps => {
      for (const { hoist, roots } of evaluators) hoist(1, [{ rows: 0, steps: 0, count: width }], roots)
      rounds(walk, steps, to, size, TILE * width, tile)
    }),
  )
}

/** Columns of a tile. */
export const tileColumns = (width: number): number => TILE * width
