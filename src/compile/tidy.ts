/**
 * tidy: the form in which equal kernels look equal.
 *
 * Layer: compile. Plain loads are addresses, axes that are walked together are one axis, stages that nothing reads are gone, equal
 * expressions are one node. A kernel that is in that form already costs a look at its loads. Read next: lower.ts, network.ts.
 */
import { type Affine, type Expr, type Kernel, type Nest, type Stage, withExpr } from '../core/kernel.ts'
import { range, type Shape, sameShape } from '../core/shape.ts'
import { axisMap, combine } from './affine.ts'
import { about, relocating, renumbering, restaging } from './expressions.ts'
import type { Forms } from './forms.ts'
import type { ValueId } from './graph.ts'
import { mapPlaces, placesOf } from './kernels.ts'

/** The nest without stages that no output depends on. */
const pruned = (nest: Nest): Nest => {
  const needed = new Set(nest.outputs)
  if (needed.size === nest.stages.length) return nest
  for (let s = nest.stages.length - 1; s >= 0; s--)
    if (needed.has(s)) for (const stage of about((nest.stages[s] as Stage).expr).stages) needed.add(stage)
  if (needed.size === nest.stages.length) return nest
  const kept = range(0, nest.stages.length).filter(s => needed.has(s))
  const at = new Map(kept.map((s, i) => [s, i]))
  const moved = restaging(s => at.get(s) as number)
  return {
    tag: 'nest',
    axes: nest.axes,
    stages: kept.map(s => {
      const stage = nest.stages[s] as Stage
      return withExpr(stage, moved(stage.expr))
    }),
    outputs: nest.outputs.map(s => at.get(s) as number),
  }
}

/** How each axis of a nest moves every index of its loads; an axis whose own coordinate is used moves alone. */
type Moves = { readonly outer: readonly number[][]; readonly inner: readonly (readonly number[][])[] }

const movesOf = (nest: Nest): Moves => {
  const rank = nest.axes.length
  const outer: number[][] = nest.axes.map(() => [])
  let column = 0
  const inner = nest.stages.map(({ axes, expr }) => {
    const own: number[][] = axes.map(() => [])
    const move = (axis: number, at: number, by: number): void => {
      ;(axis < rank ? outer[axis] : own[axis - rank])?.push(at, by)
    }
    const { loads, iotas } = about(expr)
    for (const axis of iotas) move(axis, -1, Number.NaN)
    for (const { index } of loads)
      for (const { terms } of index) {
        for (const { axis, by } of terms) move(axis, column, by)
        column++
      }
    return own
  })
  return { outer, inner }
}

/** Whether axis a, just outside of axis b of size n, continues it in every load. */
const continues = (a: readonly number[], b: readonly number[], n: number): boolean =>
  a.length === b.length && a.every((x, i) => (i % 2 === 0 ? x === b[i] : x === (b[i] as number) * n))

/** Groups of neighbouring axes that all loads walk as one. Axes of size 1 go. */
const grouped = (sizes: Shape, moves: readonly (readonly number[])[]): readonly (readonly number[])[] => {
  const groups: number[][] = []
  sizes.forEach((n, axis) => {
    if (n === 1) return
    const last = groups.at(-1)
    const [outer, inner] = [moves[last?.at(-1) ?? -1], moves[axis]]
    if (last !== undefined && outer !== undefined && inner !== undefined && continues(outer, inner, n)) last.push(axis)
    else groups.push([axis])
  })
  return groups
}

/** The coordinates of axes in groups: the innermost keeps its place in the address, the others follow from it. */
const groupCoordinates = (rank: number, groups: readonly (readonly number[])[], from: number): readonly Affine[] => {
  const at = new Array<Affine>(rank).fill(zero)
  // The merged axis runs through all of the group; what the outer axes would add, the innermost one does by running on.
  groups.forEach((group, g) => {
    at[group.at(-1) as number] = axisMap(from + g)
  })
  return at
}

const zero: Affine = combine(0, [])

const sizesOf = (groups: readonly (readonly number[])[], sizes: Shape): Shape =>
  groups.map(group => group.reduce((product, axis) => product * (sizes[axis] as number), 1))

/** Whether there is an axis to go: one of size 1, or one that has a neighbour. */
const mayMerge = (axes: Shape): boolean => axes.length > 1 || axes[0] === 1

/** The nest with neighbouring axes as one where all loads allow. */
const mergedNest = (nest: Nest): Nest => {
  if (!mayMerge(nest.axes) && !nest.stages.some(({ axes }) => mayMerge(axes))) return nest
  const moves = movesOf(nest)
  const outer = grouped(nest.axes, moves.outer)
  const inner = nest.stages.map((stage, s) => grouped(stage.axes, moves.inner[s] as number[][]))
  if (outer.length === nest.axes.length && inner.every((groups, s) => groups.length === nest.stages[s]?.axes.length))
    return nest
  const axes = sizesOf(outer, nest.axes)
  const outside = groupCoordinates(nest.axes.length, outer, 0)
  const stages = nest.stages.map((stage, s): Stage => {
    const groups = inner[s] as readonly (readonly number[])[]
    const inside = groupCoordinates(stage.axes.length, groups, outer.length)
    const expr = relocating([...outside, ...inside])(stage.expr)
    return withExpr(stage, expr, sizesOf(groups, stage.axes))
  })
  return { tag: 'nest', axes, stages, outputs: nest.outputs }
}

/**
 * A kernel in the form that the head of this file describes. Operands of contractions keep their index maps as they are: they say which
 * axes are rows, columns and taps.
 */
export const tidy = (kernel: Kernel, { share, exact }: Forms): Kernel => {
  const form = mapPlaces(kernel.tag === 'nest' ? pruned(kernel) : kernel, (expr, sizes) =>
    kernel.tag === 'contract' && (expr === kernel.a || expr === kernel.b) ? share(expr) : exact(expr, sizes),
  )
  const merged = form.tag === 'nest' ? mergedNest(form) : form
  return merged === form ? form : mapPlaces(merged, exact)
}

/** The values that the loads of a kernel name, in order of use. */
export const inputsOf = (kernel: Kernel): readonly ValueId[] => {
  const order = new Set<ValueId>()
  for (const { expr } of placesOf(kernel)) for (const value of about(expr).inputs) order.add(value)
  return [...order]
}

/**
 * A tidy kernel with other numbers on its inputs, tidy again if `share` is that of its forms. Equal nodes stay one where they are computed
 * in the same loop; in another the same axis may be a different one.
 */
export const numbered = (kernel: Kernel, at: (input: number) => number, share = (expr: Expr): Expr => expr): Kernel => {
  const loops: { readonly sizes: Shape; readonly rename: (expr: Expr) => Expr }[] = []
  return mapPlaces(kernel, (expr, sizes) => {
    const found = loops.find(loop => sameShape(loop.sizes, sizes))
    const rename = found?.rename ?? renumbering(at)
    if (found === undefined) loops.push({ sizes, rename })
    return share(rename(expr))
  })
}
