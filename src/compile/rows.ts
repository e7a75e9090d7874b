/**
 * Chains along rows as one nest: reduce, map, reduce again, map again, all over the same rows (softmax, cross-entropy, norms).
 *
 * Layer: compile. A row is in the nearest cache when it is read the second time. What an earlier stage computes along the row is not
 * kept: later stages compute it again. Rows must lie together in memory, and there must be enough of them to share out. Read
 * first: siblings.ts.
 */
import { type Expr, type Load, mapStage, type Nest, type Stage, stage, withExpr } from '../core/kernel.ts'
import { range, type Shape, sameShape, sizeOf } from '../core/shape.ts'
import { digitsOf, refinement, rowMajor } from './affine.ts'
import { about, relocating, rewriting, tooLarge } from './expressions.ts'
import type { KernelNode, ValueId } from './graph.ts'
import { isMap, isReduction, mapExprs, readsInPlace } from './kernels.ts'
import { memo } from './memo.ts'
import {
  dependsOn,
  hasKernel,
  type KernelSite,
  type Network,
  readersOf,
  remove,
  replaceKernel,
  type Site,
} from './network.ts'
import { over } from './substitute.ts'

/** Fewer rows than this are better shared out between threads by columns. */
const LEAST_ROWS = 2
/** Longer rows do not stay in the nearest cache. */
const LONGEST_ROW = 4096

/** The inner axes that all stages with axes have: those of the rows. */
const rowOf = (nest: Nest): Shape | undefined => {
  const [first, ...others] = nest.stages.filter(s => s.axes.length > 0).map(s => s.axes)
  const same = first !== undefined && others.every(axes => sameShape(axes, first))
  return same ? first : undefined
}

/** Whether the rows of a nest lie together: its last axis moves every address by one element, or not at all. */
const contiguous = memo((nest: Nest): boolean =>
  nest.stages.every(({ axes, expr }) => {
    const last = nest.axes.length + axes.length - 1
    const follows = ({ index }: Load): boolean =>
      index.every(({ terms }) => terms.every(({ axis, by }) => axis !== last || by === 1))
    return axes.length === 0 || about(expr).loads.every(follows)
  }),
)

const startsChain = (site: Site): site is KernelSite => {
  if (!hasKernel(site) || site.node.kernel.tag !== 'nest' || !isReduction(site.node.kernel)) return false
  const nest = site.node.kernel
  const row = rowOf(nest)
  if (
    row === undefined ||
    nest.stages.some(s => s.tag === 'reduce' && (s.monoid === 'argMax' || s.monoid === 'argMin'))
  )
    return false
  return sizeOf(nest.axes) >= LEAST_ROWS && sizeOf(row) > 0 && sizeOf(row) <= LONGEST_ROW && contiguous(nest)
}

/** Stages of a reader over the rows of a chain: outer axes `outer`, own axes `row` or none. */
const rowStages = (nest: Nest, outer: Shape, row: Shape): readonly Stage[] | undefined => {
  if (isMap(nest)) {
    const whole = [...outer, ...row]
    const perRow = sizeOf(nest.axes) === sizeOf(outer)
    const axes = perRow ? outer : whole
    if (sizeOf(nest.axes) !== sizeOf(axes)) return undefined
    const coordinates = digitsOf(rowMajor(axes), nest.axes, axes)
    return coordinates === undefined
      ? undefined
      : mapExprs(nest)
          .map(relocating(coordinates))
          .map(expr => mapStage(expr, perRow ? [] : row))
  }
  const common = refinement(nest.axes, outer)
  const split = common !== undefined && sameShape(common, outer) ? over(nest, outer) : undefined
  const own = split === undefined ? undefined : rowOf(split)
  return split !== undefined && own !== undefined && sameShape(own, row) ? split.stages : undefined
}

/** What a chain has of each of its results: one value for each row, or an expression along the row. */
const chainValues = ({ kernel, outputs }: KernelNode): ReadonlyMap<ValueId, Expr> => {
  const nest = kernel as Nest
  return new Map(
    outputs.map((v, i) => {
      const number = nest.outputs[i] as number
      const made = nest.stages[number] as Stage
      const dtype = made.tag === 'map' ? made.expr.dtype : made.dtype
      return [v, made.axes.length > 0 && made.tag === 'map' ? made.expr : stage(dtype, number)]
    }),
  )
}

/** Whether a load at a point of a row reads the value of that row. */
const readsRow = (node: Expr & { tag: 'load' }, outer: Shape, row: Shape): boolean => {
  const rank = outer.length
  const still = node.index.every(({ terms }) => terms.every(({ axis }) => axis < rank || row[axis - rank] === 1))
  return still && readsInPlace(node, outer)
}

/** The chain with a reader's stages at its end; nothing where the reader needs other elements than those at hand. */
const lengthened = (chain: KernelNode, reader: KernelNode): Nest | undefined => {
  const nest = chain.kernel as Nest
  const row = rowOf(nest)
  const stages = row === undefined ? undefined : rowStages(reader.kernel as Nest, nest.axes, row)
  if (row === undefined || stages === undefined) return undefined
  const own = chainValues(chain)
  const shift = nest.stages.length
  let complete = true
  const put = (axes: Shape): ((expr: Expr) => Expr) =>
    rewriting(node => {
      if (node.tag === 'stage') return stage(node.dtype, node.stage + shift)
      if (node.tag !== 'load' && node.tag !== 'loadAt') return node
      const value = own.get(node.input)
      if (value === undefined) return node
      const perRow = value.tag === 'stage'
      const fits =
        node.tag === 'load' && (perRow ? readsRow(node, nest.axes, row) : readsInPlace(node, [...nest.axes, ...axes]))
      if (!fits) complete = false
      return value
    })
  const added = stages.map(s => withExpr(s, put(s.axes)(s.expr)))
  if (!complete) return undefined
  const outputs = isMap(reader.kernel) ? range(0, added.length) : (reader.kernel as Nest).outputs
  const whole: Nest = {
    tag: 'nest',
    axes: nest.axes,
    stages: [...nest.stages, ...added],
    outputs: [...nest.outputs, ...outputs.map(i => i + shift)],
  }
  return contiguous(whole) && !tooLarge(whole.stages.map(s => s.expr)) ? whole : undefined
}

/** The chain's outer axes split as a map needs them. */
const prepared = (chain: KernelNode, reader: KernelNode): KernelNode => {
  const nest = chain.kernel as Nest
  const row = rowOf(nest) ?? []
  const axes = (reader.kernel as Nest).axes
  const common = isReduction(reader.kernel) ? refinement(nest.axes, axes) : refinement([...nest.axes, ...row], axes)
  if (common === undefined || isReduction(reader.kernel))
    return { ...chain, kernel: (common && over(nest, common)) || nest }
  // Cuts that lie within the outer axes.
  const outer: number[] = []
  for (const n of common) if (sizeOf(outer) < sizeOf(nest.axes)) outer.push(n)
  return { ...chain, kernel: sizeOf(outer) === sizeOf(nest.axes) ? (over(nest, outer) ?? nest) : nest }
}

const lengthen = (network: Network, site: KernelSite, reader: Site, maxInputs: number): boolean => {
  if (!hasKernel(reader) || reader === site || reader.node.kernel.tag !== 'nest') return false
  const { kernel } = reader.node
  if (!isMap(kernel) && !startsChain(reader)) return false
  const others = reader.node.inputs.filter(v => !site.node.outputs.includes(v))
  const values = new Set([...site.node.inputs, ...others])
  if (values.size + site.node.outputs.length + reader.node.outputs.length > maxInputs + 1) return false
  if (dependsOn(network, others, site)) return false
  const longer = lengthened(prepared(site.node, reader.node), reader.node)
  if (longer === undefined) return false
  const before = site.node
  const { outputs, ops } = reader.node
  remove(network, reader)
  replaceKernel(network, site, longer, [...before.outputs, ...outputs], [...before.ops, ...ops])
  return true
}

/** Joins what follows a reduction along its rows with it, from the first site to the last. */
export const joinRows = (network: Network, maxInputs: number): void => {
  for (const site of network.sites)
    for (let again = true; again; ) {
      again = false
      if (!site.alive || !startsChain(site)) continue
      const readers = new Set(site.node.outputs.flatMap(v => [...readersOf(network, v)]))
      again = [...readers].sort((a, b) => a.level - b.level).some(reader => lengthen(network, site, reader, maxInputs))
    }
}
