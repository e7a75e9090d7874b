/**
 * Stages row by row: lanes go along the last of a stage's own places, and several outer points are done at once.
 *
 * Layer: backend. The totals of four rows become one vector with a lane for each, so that the expressions at outer points are computed
 * for four points at once. Rows are walked one after the other, as memory has them, each with accumulators of its own; very long ones
 * are walked together.
 * Read next: nest/columns.ts.
 */
import { range } from '../../../core/shape.ts'
import type { Local } from '../assembler.ts'
import { vectorsAbreast } from './cost.ts'
import type { Extent } from './extent.ts'
import type { Form, Pointer, Space, SpacedReduction, SpacedResult } from './form.ts'
import { type Memory, stagesIn } from './job.ts'
import { rounds, spotsFor } from './map.ts'
import { type Accumulator, across, acrossEach, type Combining, mergeAll } from './monoid.ts'
import { groupsOf, type Inside, insideOf, isEmpty, ownLoops, pushPosition, scopedAll, stretchOf } from './own.ts'
import { accumulating } from './position.ts'
import { lanesTo } from './turn.ts'
import { type Spot, store, type Values, valuesOf } from './values.ts'
import type { Walk } from './walk.ts'

/** Rows of a block, in groups that are one vector at outer points; `few` when there is no block of four. */
type Block = { readonly rows: number; readonly groups: number; readonly few?: boolean }

/** Points from which on four rows are four runs of memory that are best read together; between shorter ones, reading would stall. */
const LONG_ROW = 4096

/** An extreme of floats, which may be NaN, takes a processor some eight instructions in a row: more of them must be under way. */
const isSlow = ({ monoid, expr }: SpacedReduction): boolean =>
  (monoid === 'max' || monoid === 'min') && expr.dtype === 'float32'

/** The rows of a block that are walked together, and the accumulators of each row: the same for all, or equal rows would differ. */
const walksOf = ({ form }: Walk, { sizes }: Space, { rows, few = false }: Block, group: readonly SpacedReduction[]) => {
  const all = range(0, rows)
  if (form === 'scalar') return { walks: [all], each: 1 }
  if (few) return { walks: [all], each: 4 }
  const points = sizes[sizes.length - 1] ?? 1
  return points >= LONG_ROW
    ? { walks: [all], each: 1 }
    : { walks: all.map(row => [row]), each: points >= 64 && group.every(isSlow) ? 4 : 2 }
}

/** Rows from which on it pays to write the code of a block once more, for two groups. */
const MANY_ROWS = 64

/** Groups of a block: two where all is stored at outer points and dear to compute there. */
const groupsOfBlock = ({ outer, reductions, results }: Form): number => {
  const simple =
    results.every(({ space }) => space.sizes.length === outer.length) &&
    stagesIn(reductions.map(({ expr }) => expr)).size === 0
  const leaves = results.flatMap(({ space }) => [...space.leaves.values()])
  return simple && (outer[outer.length - 1] ?? 1) >= MANY_ROWS
    ? Math.min(
        2,
        vectorsAbreast(
          results.map(({ expr }) => expr),
          leaves,
        ),
      )
    : 1
}

/** Lanes with a value only where there is one, and the unit elsewhere. */
const masked = ({ code, module, take, width }: Walk, value: Local, count: number, unit: () => void): Local => {
  if (count === width) return value
  const local = take('v128')
  code.get(value)
  unit()
  code.constant(module.data(Int32Array.from([0, 1, 2, 3], lane => -Number(lane < count))))
  code.op('v128.bitselect')
  code.set(local)
  return local
}

const pushPositions = (walk: Walk, space: Space, steps: number): void => {
  const { code, module, form } = walk
  pushPosition(walk, space, steps)
  if (form === 'scalar') return
  code.op('i32x4.splat')
  code.constant(module.data(Int32Array.of(0, 1, 2, 3)))
  code.op('i32x4.add')
}

/** The total of each row, with a lane for each. */
const totalOf = (walk: Walk, code: Combining, rows: readonly (readonly Accumulator[])[]): Local => {
  const totals = rows.map(of => mergeAll(code, of))
  if (rows.length === 4) return code.result(acrossEach(walk, code, totals))
  const only = totals[0] as Accumulator
  if (walk.form === 'vector') across(walk, code, only)
  return code.result(only)
}

/** Runs the loops of one group of reductions for the rows from `first` on; the results, with a lane for each row. */
const reduceGroup = (
  walk: Walk,
  group: readonly SpacedReduction[],
  inside: Inside,
  block: Block,
  first: number,
): readonly Local[] => {
  const { layout, values, pointers } = inside
  const { space, vector } = layout
  const { walks, each } = walksOf(walk, space, block, group)
  const parts = group.map(({ monoid, expr, keep }) => {
    const code = accumulating(walk, monoid, expr.dtype)
    return { expr, keep, code, accumulators: range(0, block.rows).map(() => range(0, each).map(code.start)) }
  })
  const add = (row: number, i: number, spot: Spot): void => {
    const at = { ...spot, rows: first + row }
    for (const { expr, keep, code, accumulators } of parts) {
      const whole = values.value(expr, at)
      if (keep !== undefined) store(walk, keep, { vector, row: layout.row, ...at }, whole)
      const value = masked(walk, whole, spot.count, code.unit)
      code.add(accumulators[row]?.[i % each] as Accumulator, value, () => pushPositions(walk, space, spot.steps))
    }
  }
  const exprs = group.map(({ expr }) => expr)
  const runRows = (some: readonly number[]): void => {
    const round = (count: number): void =>
      values.scoped(() => {
        for (const [i, spot] of spotsFor(count, walk.width).entries()) for (const row of some) add(row, i, spot)
      })
    const at = some.map((row): Spot => ({ rows: first + row, steps: 0, count: walk.width }))
    ownLoops(walk, inside, exprs, at, vector, () => {
      const { from, to, size } = stretchOf(walk, space, vector)
      walk.along(vector, pointers, from, steps => rounds(walk, steps, to, size, each * walk.width, round))
    })
  }
  if (!isEmpty(space)) for (const some of walks) values.scoped(() => runRows(some))
  return parts.map(({ code, accumulators }) => totalOf(walk, code, accumulators))
}

/** Stores the results that have places of their own, for some rows. */
const storeRows = (walk: Walk, results: readonly SpacedResult[], inside: Inside, rows: number): void => {
  const { layout, values, pointers } = inside
  const { space, vector, row } = layout
  const storeRow = (spot: Spot): void => {
    const locals = results.map(({ expr }) => values.value(expr, spot))
    for (const [i, { target }] of results.entries()) store(walk, target, { vector, row, ...spot }, locals[i] as Local)
  }
  const at = range(0, rows).map((r): Spot => ({ rows: r, steps: 0, count: walk.width }))
  const exprs = results.map(({ expr }) => expr)
  ownLoops(walk, inside, exprs, at, vector, () => {
    const { from, to, size } = stretchOf(walk, space, vector)
    walk.along(vector, pointers, from, steps =>
      rounds(walk, steps, to, size, walk.width, count =>
        values.scoped(() => {
          for (const r of range(0, rows)) storeRow({ rows: r, steps: 0, count })
        }),
      ),
    )
  })
}

/** What the rows of a form are computed with: the values at outer points, those inside each, and the results of stages as lanes. */
type Rows = {
  readonly form: Form
  readonly points: readonly SpacedResult[]
  readonly outside: Values
  readonly insides: ReadonlyMap<Space, Inside>
  readonly lanes: Map<number, readonly Local[]>
  /** How many rows the lanes are of. */
  rows: number
}

const rowsOf = (walk: Walk, form: Form, memory: (input: number) => Memory): Rows => {
  const { code } = walk
  const row = form.outer.length - 1
  const lanes = new Map<number, readonly Local[]>()
  const pushStage = (stage: number, group: number): void => code.get(lanes.get(stage)?.[group] as Local)
  const pushRow = (stage: number, spot: Spot): void => {
    pushStage(stage, 0)
    if (made.rows === 1) return
    pushStage(stage, 0)
    code.shuffle(lanesTo([spot.rows, spot.rows, spot.rows, spot.rows]))
  }
  const points = form.results.filter(({ space }) => space.sizes.length === form.outer.length)
  const space = points[0]?.space ?? { sizes: form.outer, outer: form.outer.length, leaves: new Map() }
  const layout = { space, vector: row, row: -1, levels: form.outer.map((_, place) => Number(place === row)) }
  const exprs = points.map(({ expr }) => expr)
  const spaces = new Set([...form.reductions, ...form.results].map(of => of.space))
  for (const { space: outer } of points) spaces.delete(outer)
  const insides = [...spaces].map(of => [of, insideOf(walk, form, of, row, { memory, stage: pushRow })] as const)
  const outside = valuesOf(walk, exprs, layout, {
    memory,
    stage: (stage, { steps }) => pushStage(stage, steps / 4),
  })
  const made: Rows = { form, points, outside, insides: new Map(insides), lanes, rows: 1 }
  return made
}

/** Runs all stages for some neighbouring rows. What is stored at outer points is computed before the rest is stored. */
const emitBlock = (walk: Walk, rows: Rows, block: Block): void => {
  const { form, points, outside, insides, lanes } = rows
  const row = form.outer.length - 1
  rows.rows = block.rows
  for (const group of groupsOf(form.reductions)) {
    const inside = insides.get(group[0]?.space as Space) as Inside
    const results = range(0, block.groups).map(g => reduceGroup(walk, group, inside, block, 4 * g))
    for (const [i, { stage }] of group.entries())
      lanes.set(
        stage.stage,
        results.map(of => of[i] as Local),
      )
  }
  const spots = range(0, block.groups).map(g => ({ rows: 0, steps: 4 * g, count: block.rows }))
  const locals = spots.map(spot => points.map(({ expr }) => outside.value(expr, spot)))
  for (const [space, inside] of insides) {
    const results = form.results.filter(r => r.space === space)
    if (results.length > 0) storeRows(walk, results, inside, block.rows)
  }
  for (const [g, spot] of spots.entries())
    for (const [i, { target }] of points.entries())
      store(walk, target, { vector: row, row: -1, ...spot }, locals[g]?.[i] as Local)
}

/** Runs stages for the outer points `from`–`to` of the last outer place. */
export const emitRows = (walk: Walk, form: Form, memory: (input: number) => Memory, from: Extent, to: Extent): void => {
  const row = form.outer.length - 1
  const count = form.outer[row] ?? 1
  const rows = rowsOf(walk, form, memory)
  const all = [rows.outside, ...[...rows.insides.values()].map(({ values }) => values)]
  const moving: readonly Pointer[] = [
    ...[rows.outside, ...rows.insides.values()].flatMap(({ pointers }) => pointers),
    ...form.results.map(({ target }) => target.pointer),
  ]
  const pointers = [...new Set(moving)]
  const together = walk.form === 'vector' && count >= 4
  const groups = walk.form === 'vector' ? groupsOfBlock(form) : 1
  const block = (shape: Block): void => scopedAll(all, () => emitBlock(walk, rows, shape))
  walk.aim(pointers, range(0, row))
  scopedAll(all, () =>
    walk.along(row, pointers, from, steps => {
      for (const { hoist, roots } of all) hoist(1, [{ rows: 0, steps: 0, count: walk.width }], roots)
      if (groups > 1) steps.run(to, 4 * groups, () => block({ rows: 4, groups }))
      if (together) steps.run(to, 4, () => block({ rows: 4, groups: 1 }))
      if (together && typeof to === 'number' && count % 4 === 0) return
      steps.run(to, 1, () => block({ rows: 1, groups: 1, few: !together }))
    }),
  )
}
