/**
 * Kernels as values to rewrite: walking their expressions, and the form in which equal kernels look equal.
 *
 * Layer: compile. In that form inputs are numbered in order of use, equal nodes are one node, axes that are walked together are
 * one axis, plain loads are addresses. Read next: lower.ts, fuse.ts.
 */
import type { Affine, Contract, Expr, Kernel, Load, Nest, Stage } from '../core/kernel.ts'
import { range, type Shape, sizeOf } from '../core/shape.ts'
import { axisMap, canonicalLoad, combine, compose } from './affine.ts'
import { nodesOf, relocating, renumbering, rewriting, sharing } from './expressions.ts'

/** An expression of a kernel and the sizes of the axes that it is computed over. */
export type Place = { readonly expr: Expr; readonly sizes: Shape }

/** The sizes of the axes of a stage, the outer ones first. */
export const stageSizes = (nest: Nest, stage: Stage): Shape => [...nest.axes, ...stage.axes]

/** Every expression of a kernel. */
export const placesOf = (kernel: Kernel): readonly Place[] => {
  switch (kernel.tag) {
    case 'nest':
      return kernel.stages.map(stage => ({ expr: stage.expr, sizes: stageSizes(kernel, stage) }))
    case 'contract': {
      const sizes = [...kernel.axes, ...kernel.reduce]
      const after = kernel.epilogue.map(expr => ({ expr, sizes: kernel.axes }))
      return [{ expr: kernel.a, sizes }, { expr: kernel.b, sizes }, ...after]
    }
    case 'scatter': {
      const each = [...kernel.index, kernel.update].map(expr => ({ expr, sizes: kernel.axes }))
      return [{ expr: kernel.init, sizes: kernel.shape }, ...each]
    }
    case 'cumulate':
      return [{ expr: kernel.expr, sizes: kernel.axes }]
    case 'sort':
    case 'routine':
      return []
  }
}

/** The kernel with its expressions replaced; those of operands of a contraction must stay loads. */
export const mapPlaces = (kernel: Kernel, f: (expr: Expr, sizes: Shape) => Expr): Kernel => {
  switch (kernel.tag) {
    case 'nest':
      return {
        ...kernel,
        stages: kernel.stages.map(stage => ({ ...stage, expr: f(stage.expr, stageSizes(kernel, stage)) })),
      }
    case 'contract': {
      const sizes = [...kernel.axes, ...kernel.reduce]
      return {
        ...kernel,
        a: f(kernel.a, sizes) as Load,
        b: f(kernel.b, sizes) as Load,
        epilogue: kernel.epilogue.map(expr => f(expr, kernel.axes)),
      }
    }
    case 'scatter':
      return {
        ...kernel,
        init: f(kernel.init, kernel.shape),
        index: kernel.index.map(expr => f(expr, kernel.axes)),
        update: f(kernel.update, kernel.axes),
      }
    case 'cumulate':
      return { ...kernel, expr: f(kernel.expr, kernel.axes) }
    case 'sort':
    case 'routine':
      return kernel
  }
}

/** A nest that only maps. */
export type MapNest = Nest & { readonly stages: readonly Extract<Stage, { tag: 'map' }>[] }

/** Whether a nest only maps, without axes of its own in a stage: what elementwise and movement ops are. */
export const isMap = (kernel: Kernel): kernel is MapNest =>
  kernel.tag === 'nest' && kernel.stages.every(({ tag, axes }) => tag === 'map' && axes.length === 0)

/** Whether a nest combines along axes. */
export const isReduction = (kernel: Kernel): kernel is Nest =>
  kernel.tag === 'nest' && kernel.stages.some(({ tag }) => tag === 'reduce')

const knownExprs = new WeakMap<Nest, readonly Expr[]>()

/** What a map stores, without reads of its own earlier stages. */
export const mapExprs = (nest: Nest): readonly Expr[] => {
  const known = knownExprs.get(nest)
  if (known !== undefined) return known
  const done: Expr[] = []
  const read = rewriting(node => (node.tag === 'stage' ? (done[node.stage] as Expr) : node))
  for (const { expr } of nest.stages) done.push(read(expr))
  const exprs = nest.outputs.map(i => done[i] as Expr)
  knownExprs.set(nest, exprs)
  return exprs
}

/** The nest without stages that no output depends on. */
const pruned = (nest: Nest): Nest => {
  const needed = new Set(nest.outputs)
  for (let s = nest.stages.length - 1; s >= 0; s--)
    if (needed.has(s))
      for (const node of nodesOf([(nest.stages[s] as Stage).expr])) if (node.tag === 'stage') needed.add(node.stage)
  if (needed.size === nest.stages.length) return nest
  const kept = range(0, nest.stages.length).filter(s => needed.has(s))
  const at = new Map(kept.map((s, i) => [s, i]))
  const moved = rewriting(node => (node.tag === 'stage' ? { ...node, stage: at.get(node.stage) as number } : node))
  return {
    ...nest,
    stages: kept.map(s => {
      const stage = nest.stages[s] as Stage
      return { ...stage, expr: moved(stage.expr) }
    }),
    outputs: nest.outputs.map(s => at.get(s) as number),
  }
}

/** How the axes of a loop become others: each old coordinate as an index map over the new ones. */
type Regrouping = { readonly sizes: Shape; readonly coordinates: readonly Affine[] }

/** Every axis in parts, the outermost first. */
export const splitInto = (parts: readonly Shape[], from = 0): Regrouping => {
  let next = from
  const coordinates = parts.map(sizes => {
    const first = next
    next += sizes.length
    return combine(
      0,
      sizes.map((_, i) => [sizeOf(sizes.slice(i + 1)), axisMap(first + i)] as const),
    )
  })
  return { sizes: parts.flat(), coordinates }
}

/** A nest whose outer axes, or those of its stages, have been split. */
export const splitNest = (nest: Nest, outer: readonly Shape[], inner: readonly (readonly Shape[])[]): Nest => {
  const outside = splitInto(outer)
  return {
    ...nest,
    axes: outside.sizes,
    stages: nest.stages.map((stage, s) => {
      const own = splitInto(inner[s] as readonly Shape[], outside.sizes.length)
      return { ...stage, axes: own.sizes, expr: relocating([...outside.coordinates, ...own.coordinates])(stage.expr) }
    }),
  }
}

/** How each axis moves every index of the loads of an expression; an axis whose own coordinate is used moves alone. */
const walks = (exprs: readonly Expr[], rank: number): readonly (readonly number[])[] => {
  const moves: number[][] = range(0, rank).map(() => [])
  let column = 0
  for (const node of nodesOf(exprs)) {
    if (node.tag === 'iota') moves[node.axis]?.push(column * 2 + 1, Number.NaN)
    if (node.tag !== 'load') continue
    for (const { terms } of node.index) {
      for (const { axis, by } of terms) moves[axis]?.push(column, by)
      column++
    }
  }
  return moves
}

/** Whether axis a, just outside of axis b of size n, continues it in every load. */
const continues = (a: readonly number[], b: readonly number[], n: number): boolean =>
  a.length === b.length && a.every((x, i) => (i % 2 === 0 ? x === b[i] : x === (b[i] as number) * n))

/** Neighbouring axes as one where all loads allow. Axes of size 1 go. `from`: the first axis concerned. */
const merging = (
  sizes: Shape,
  moves: readonly (readonly number[])[],
  from: number,
  to: number,
): readonly (readonly number[])[] => {
  const groups: number[][] = []
  for (const axis of range(from, to).filter(a => sizes[a] !== 1)) {
    const last = groups.at(-1)
    const [outer, inner] = [moves[last?.at(-1) ?? -1], moves[axis]]
    if (
      last !== undefined &&
      outer !== undefined &&
      inner !== undefined &&
      continues(outer, inner, sizes[axis] as number)
    )
      last.push(axis)
    else groups.push([axis])
  }
  return groups
}

/** The coordinates of axes in groups: the innermost keeps its place in the address, the others follow from it. */
const groupCoordinates = (groups: readonly (readonly number[])[], from: number): ReadonlyMap<number, Affine> => {
  const at = new Map<number, Affine>()
  groups.forEach((group, g) => {
    // The merged axis runs through all of the group; what the outer axes would add, the innermost one does by running on.
    for (const axis of group) at.set(axis, axis === group.at(-1) ? axisMap(from + g) : combine(0, []))
  })
  return at
}

const zero: Affine = combine(0, [])

const mergedNest = (nest: Nest): Nest => {
  const rank = nest.axes.length
  const all = nest.stages.map(stage => walks([stage.expr], rank + stage.axes.length))
  const joint = range(0, rank).map(axis =>
    all.flatMap((moves, s) => (moves[axis] as readonly number[]).map((x, i) => (i % 2 === 0 ? s * 1e6 + x : x))),
  )
  const outer = merging(nest.axes, joint, 0, rank)
  const size = (group: readonly number[], sizes: Shape): number => sizeOf(group.map(axis => sizes[axis] as number))
  const outside = groupCoordinates(outer, 0)
  const stages = nest.stages.map((stage, s): Stage => {
    const sizes = stageSizes(nest, stage)
    const inner = merging(sizes, all[s] as readonly (readonly number[])[], rank, sizes.length)
    const inside = groupCoordinates(inner, outer.length)
    const coordinates = sizes.map((_, axis) => outside.get(axis) ?? inside.get(axis) ?? zero)
    return { ...stage, axes: inner.map(group => size(group, sizes)), expr: relocating(coordinates)(stage.expr) }
  })
  return { ...nest, axes: outer.map(group => size(group, nest.axes)), stages }
}

/** A kernel and the values that its inputs are. */
export type Wired = { readonly kernel: Kernel; readonly inputs: readonly number[] }

/** Inputs in order of use, each value once. */
const renumbered = ({ kernel, inputs }: Wired): Wired => {
  const order = new Map<number, number>()
  for (const { expr } of placesOf(kernel))
    for (const node of nodesOf([expr]))
      if (node.tag === 'load' || node.tag === 'loadAt') {
        const value = inputs[node.input] as number
        if (!order.has(value)) order.set(value, order.size)
      }
  const rename = renumbering(input => order.get(inputs[input] as number) as number)
  return { kernel: mapPlaces(kernel, rename), inputs: [...order.keys()] }
}

const canonicalLoads = (kernel: Kernel): Kernel =>
  mapPlaces(kernel, (expr, sizes) => rewriting(node => (node.tag === 'load' ? canonicalLoad(node, sizes) : node))(expr))

/** Operands of contractions keep their index maps as they are: they say which axes are rows, columns and taps. */
const canonicalContract = (kernel: Contract): Contract => ({
  ...(canonicalLoads(kernel) as Contract),
  a: kernel.a,
  b: kernel.b,
})

/** A kernel in the form that the head of this file describes. */
export const tidy = ({ kernel, inputs }: Wired): Wired => {
  if (kernel.tag === 'sort' || kernel.tag === 'routine') return { kernel, inputs }
  const nest = kernel.tag === 'nest' ? mergedNest(canonicalLoads(pruned(kernel)) as Nest) : kernel
  const exact = nest.tag === 'contract' ? canonicalContract(nest) : canonicalLoads(nest)
  const wired = renumbered({ kernel: exact, inputs })
  return { ...wired, kernel: mapPlaces(wired.kernel, sharingByLoop()) }
}

/** Equal nodes are one where they are computed in the same loop; in another the same axis may be a different one. */
const sharingByLoop = (): ((expr: Expr, sizes: Shape) => Expr) => {
  const loops = new Map<string, (expr: Expr) => Expr>()
  return (expr, sizes) => {
    const key = String(sizes)
    const share = loops.get(key) ?? sharing()
    loops.set(key, share)
    return share(expr)
  }
}

/** Whether a load reads, at each point of axes of some sizes, the element of that point's row-major number. */
export const readsInPlace = (load: Load, sizes: Shape): boolean => {
  const exact = canonicalLoad(load, sizes)
  const [address] = exact.index
  if (exact.fill !== null || address === undefined || sizeOf(exact.view) !== sizeOf(sizes)) return false
  return isRowMajor(address, sizes)
}

/** Whether an address counts the points of axes of some sizes. */
export const isRowMajor = (address: Affine, sizes: Shape): boolean => {
  if (address.offset !== 0) return false
  const by = new Map(address.terms.map(term => [term.axis, term.by]))
  let stride = 1
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const n = sizes[axis] as number
    if (n !== 1 && by.get(axis) !== stride) return false
    stride *= n
  }
  return true
}

/** The address of a load at points given by coordinates of another loop. */
export const addressAt = (load: Load, coordinates: readonly Affine[], sizes: Shape): Load =>
  canonicalLoad({ ...load, index: load.index.map(affine => compose(affine, coordinates)) }, sizes)
