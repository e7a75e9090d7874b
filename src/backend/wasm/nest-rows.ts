/**
 * Stages row by row: lanes go along the last of a stage's own places, and several outer points are done at once.
 *
 * Layer: backend. Four rows at a time have an accumulator each, whose lanes are then summed up into one vector with a lane for each
 * row; a single row has four accumulators. So the expressions at outer points, too, are computed for four points at once.
 * Read next: nest-columns.ts.
 */
import type { Expr } from '../../core/kernel.ts'
import type { Local } from './assembler.ts'
import type { Form, Pointer, Space, SpacedReduction, SpacedResult } from './nest-form.ts'
import type { Memory } from './nest-job.ts'
import { rounds, spotsFor } from './nest-map.ts'
import { type Accumulator, type Combining, combining } from './nest-monoid.ts'
import { endOf, groupsOf, isEmpty, lastPlace, ownLoops, pushPosition } from './nest-own.ts'
import { lanesTo } from './nest-read.ts'
import { type Layout, type Spot, store, type Values, valuesOf } from './nest-values.ts'
import type { Extent, Walk } from './nest-walk.ts'

/** Rows at a time, and the accumulators of each. */
type Shape = { readonly rows: number; readonly each: number }

/** The values of a space's expressions, and all that moves in its loops. */
type Inside = { readonly layout: Layout; readonly values: Values; readonly pointers: readonly Pointer[] }

const layoutOf = (space: Space, row: number): Layout => ({
  space,
  vector: lastPlace(space),
  row,
  levels: space.sizes.map((_, place) => (place < row ? 0 : place - row + 1)),
})

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/** Pushes lanes with a value only where there is one, and the unit elsewhere. */
const masked = (walk: Walk, value: Local, count: number, unit: () => void): Local => {
  const { code, module } = walk
  if (count === walk.width) return value
  const local = walk.take('v128')
  code.get(value)
  unit()
  code.dataAddress()
  code.memory('v128.load', module.data(Int32Array.from([0, 1, 2, 3], lane => -Number(lane < count))))
  code.op('v128.bitselect')
  code.set(local)
  return local
}

const pushPositions = (walk: Walk, space: Space, steps: number): void => {
  const { code, module, form } = walk
  pushPosition(walk, space, steps)
  if (form === 'scalar') return
  code.op('i32x4.splat')
  code.dataAddress()
  code.memory('v128.load', module.data(Int32Array.of(0, 1, 2, 3)))
  code.op('i32x4.add')
}

const mergeAll = ({ merge }: Combining, accumulators: readonly Accumulator[]): Accumulator => {
  for (let gap = 1; gap < accumulators.length; gap *= 2)
    for (let i = 0; i + gap < accumulators.length; i += 2 * gap)
      merge(accumulators[i] as Accumulator, accumulators[i + gap] as Accumulator)
  return accumulators[0] as Accumulator
}

/** Runs the loops of one group; the results, with a lane for each row. */
const reduceGroup = (
  walk: Walk,
  group: readonly SpacedReduction[],
  { layout, values, pointers }: Inside,
  { rows, each }: Shape,
): readonly Local[] => {
  const { space, levels } = layout
  const place = lastPlace(space)
  const exprs = group.map(({ expr }) => expr)
  const codes = group.map(({ monoid, expr }) => combining(walk, monoid, expr.dtype))
  const accumulators = codes.map(({ start }) => range(rows).map(() => range(each).map(start)))
  const at = range(rows).map((row): Spot => ({ rows: row, steps: 0, count: walk.width }))
  const round = (count: number): void =>
    values.scoped(() => {
      for (const [i, spot] of spotsFor(count, walk.width).entries())
        for (const row of range(rows))
          group.forEach(({ expr }, r) => {
            const { add, unit } = codes[r] as Combining
            const value = masked(walk, values.value(expr, { ...spot, rows: row }), spot.count, unit)
            add(accumulators[r]?.[row]?.[i % each] as Accumulator, value, () => pushPositions(walk, space, spot.steps))
          })
    })
  if (!isEmpty(space))
    ownLoops(walk, space, values, exprs, pointers, levels, at, place, () => {
      values.hoist(levels[place] ?? 0, at, exprs)
      const { to, size } = endOf(walk, space, place)
      walk.along(place, pointers, 0, steps => rounds(walk, steps, to, size, each * walk.width, round))
    })
  return codes.map((code, r) => {
    const totals = (accumulators[r] ?? []).map(of => mergeAll(code, of))
    if (walk.form === 'scalar') return code.result(totals[0] as Accumulator)
    if (rows === 4) return code.result(code.acrossEach(totals))
    code.across(totals[0] as Accumulator)
    return code.result(totals[0] as Accumulator)
  })
}

/** Stores the results that have places of their own, for some rows. */
const storeRows = (walk: Walk, results: readonly SpacedResult[], inside: Inside, rows: number): void => {
  const { layout, values, pointers } = inside
  const { space, levels, vector, row } = layout
  const at = range(rows).map((r): Spot => ({ rows: r, steps: 0, count: walk.width }))
  const exprs = results.map(({ expr }) => expr)
  ownLoops(walk, space, values, exprs, pointers, levels, at, vector, () => {
    values.hoist(levels[vector] ?? 0, at, exprs)
    const { to, size } = endOf(walk, space, vector)
    walk.along(vector, pointers, 0, steps =>
      rounds(walk, steps, to, size, walk.width, count =>
        values.scoped(() => {
          for (const r of range(rows)) {
            const spot = { rows: r, steps: 0, count }
            const locals = results.map(({ expr }) => values.value(expr, spot))
            for (const [i, { target }] of results.entries())
              store(walk, target, { vector, row, ...spot }, locals[i] as Local)
          }
        }),
      ),
    )
  })
}

/** Runs stages for the outer points `from`–`to` of the last outer place. */
export const emitRows = (walk: Walk, form: Form, memory: (input: number) => Memory, from: Extent, to: Extent): void => {
  const { code } = walk
  const row = form.outer.length - 1
  const count = form.outer[row] ?? 1
  const lanes = new Map<number, Local>()
  let rowsNow = 1
  const pushStage = (stage: number): void => code.get(lanes.get(stage) as Local)
  const pushRow = (stage: number, { rows }: Spot): void => {
    pushStage(stage)
    if (rowsNow === 1) return
    pushStage(stage)
    code.shuffle(lanesTo([rows, rows, rows, rows]))
  }
  const points = form.results.filter(({ space }) => space.sizes.length === form.outer.length)
  const outside = points[0]?.space
  const atPoints =
    outside === undefined
      ? null
      : valuesOf(
          walk,
          points.map(({ expr }) => expr),
          { space: outside, vector: row, row: -1, levels: outside.sizes.map((_, place) => Number(place === row)) },
          { memory, stage: pushStage },
        )
  const spaces = new Set([...form.reductions, ...form.results].map(({ space }) => space))
  if (outside !== undefined) spaces.delete(outside)
  const insides = new Map(
    [...spaces].map(space => {
      const results = form.results.filter(r => r.space === space)
      const exprs: readonly Expr[] = [...form.reductions.filter(r => r.space === space), ...results].map(r => r.expr)
      const layout = layoutOf(space, row)
      const values = valuesOf(walk, exprs, layout, { memory, stage: pushRow })
      return [space, { layout, values, pointers: [...values.pointers, ...results.map(r => r.target.pointer)] }]
    }),
  )
  const all = [...insides.values()]
  const evaluators = [...all.map(({ values }) => values), ...(atPoints === null ? [] : [atPoints])]
  const scopedAll = (body: () => void): void =>
    evaluators.reduce(
      (inner, { scoped }) =>
        () =>
          scoped(inner),
      body,
    )()
  const block = (shape: Shape): void =>
    scopedAll(() => {
      rowsNow = shape.rows
      for (const group of groupsOf(form.reductions)) {
        const inside = insides.get(group[0]?.space as Space) as Inside
        const results = reduceGroup(walk, group, inside, shape)
        for (const [i, { stage }] of group.entries()) lanes.set(stage.stage, results[i] as Local)
      }
      const spot = { rows: 0, steps: 0, count: shape.rows }
      const locals = points.map(({ expr }) => (atPoints as Values).value(expr, spot))
      for (const [space, inside] of insides) {
        const results = form.results.filter(r => r.space === space)
        if (results.length > 0) storeRows(walk, results, inside, shape.rows)
      }
      for (const [i, { target }] of points.entries())
        store(walk, target, { vector: row, row: -1, ...spot }, locals[i] as Local)
    })
  const pointers = [
    ...new Set([
      ...all.flatMap(inside => inside.pointers),
      ...(atPoints?.pointers ?? []),
      ...points.map(({ target }) => target.pointer),
    ]),
  ]
  walk.aim(pointers, range(row))
  scopedAll(() =>
    walk.along(row, pointers, from, steps => {
      for (const { hoist, roots } of evaluators) hoist(1, [{ rows: 0, steps: 0, count: walk.width }], roots)
      const together = walk.form === 'vector' && count >= 4
      if (together) steps.run(to, 4, () => block({ rows: 4, each: 1 }))
      if (!together || typeof to !== 'number' || count % 4 !== 0)
        steps.run(to, 1, () => block({ rows: 1, each: together || walk.form === 'scalar' ? 1 : 4 }))
    }),
  )
}
