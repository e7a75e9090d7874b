/**
 * Maps computed right after what they read: in the epilogue of a contraction, or at the end of the rows of a reduction.
 *
 * Layer: compile. A map is taken in when it reads results of the site at the very elements that are just being stored, and nothing
 * else that depends on the site. Read first: substitute.ts, maps.ts.
 */
import { type Expr, type Kernel, mapStage, type Nest, type Stage, stage } from '../core/kernel.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { refinement } from './affine.ts'
import { tooLarge, weightOf } from './expressions.ts'
import type { KernelNode, ValueId } from './graph.ts'
import { isMap, type MapNest, mapExprs } from './kernels.ts'
import { canTake } from './maps.ts'
import {
  dependsOn,
  extend,
  hasKernel,
  type KernelSite,
  type Network,
  readersOf,
  replaceKernel,
  type Site,
} from './network.ts'
import { epilogueOf, isRowwise, over, readsOnlyInPlace } from './substitute.ts'

const CHEAP = 4

/** What is computed at each point of a site's results, by result. */
const ownValues = ({ kernel, outputs }: KernelNode): ReadonlyMap<ValueId, Expr> => {
  if (kernel.tag === 'contract') return new Map(outputs.map((v, i) => [v, kernel.epilogue[i] as Expr]))
  const nest = kernel as Nest
  return new Map(
    outputs.map((v, i) => {
      const number = nest.outputs[i] as number
      const made = nest.stages[number] as Stage
      return [v, stage(made.tag === 'map' ? made.expr.dtype : made.dtype, number)]
    }),
  )
}

const axesOf = (kernel: Kernel): Shape => (kernel.tag === 'contract' || kernel.tag === 'nest' ? kernel.axes : [])

/** A site that takes epilogues: a contraction, or a nest that ends with one value a row. */
const takesEpilogues = (site: Site): site is KernelSite =>
  hasKernel(site) &&
  sizeOf(axesOf(site.node.kernel)) > 0 &&
  (site.node.kernel.tag === 'contract' || (site.node.kernel.tag === 'nest' && isRowwise(site.node.kernel)))

/** A site with a map. */
type MapSite = KernelSite & { readonly node: { readonly kernel: MapNest } }

/** A kernel with its axes split as those of a map at its end demand. */
const preparedFor = (kernel: Kernel, map: Nest): Kernel => (kernel.tag === 'nest' ? finer(kernel, map.axes) : kernel)

/** Whether a map reads the results of a kernel where it has them. */
const fits = ({ kernel, outputs }: KernelNode, map: Nest): boolean =>
  readsOnlyInPlace(map, axesOf(preparedFor(kernel, map)), new Set(outputs))

/** The kernel of a site with a map at its end, which fits there. */
const withMap = (node: KernelNode, map: Nest): Kernel => {
  const kernel = preparedFor(node.kernel, map)
  const exprs = epilogueOf(map, axesOf(kernel), ownValues({ ...node, kernel })) ?? []
  if (kernel.tag === 'contract') return { ...kernel, epilogue: [...kernel.epilogue, ...exprs] }
  const nest = kernel as Nest
  const stages = [...nest.stages, ...exprs.map(expr => mapStage(expr))]
  return {
    tag: 'nest',
    axes: nest.axes,
    stages,
    outputs: [...nest.outputs, ...exprs.map((_, i) => nest.stages.length + i)],
  }
}

/** A nest whose outer axes are split as those of a map demand. */
const finer = (nest: Nest, axes: Shape): Nest => {
  const common = refinement(nest.axes, axes)
  return (common === undefined ? undefined : over(nest, common)) ?? nest
}

/** Whether a site could take a reader of its results in. */
const canAbsorb = (network: Network, site: KernelSite, reader: Site, maxInputs: number): reader is MapSite => {
  if (reader === site || !hasKernel(reader) || !isMap(reader.node.kernel)) return false
  if (sizeOf(reader.node.kernel.axes) !== sizeOf(axesOf(site.node.kernel))) return false
  const others = reader.node.inputs.filter(v => !site.node.outputs.includes(v))
  const values = new Set([...site.node.inputs, ...others])
  if (values.size + site.node.outputs.length + reader.node.outputs.length > maxInputs + 1) return false
  return fits(site.node, reader.node.kernel) && !dependsOn(network, others, site)
}

/** Whether a map had better be computed by its own readers: it is cheap, and what it reads is in memory anyway. */
const betterLater = (network: Network, site: KernelSite, reader: KernelSite, maxInputs: number): boolean => {
  const { kernel, inputs, outputs } = reader.node
  if (weightOf(mapExprs(kernel as Nest)) > CHEAP) return false
  if (outputs.some(v => network.results.has(v) || ![...readersOf(network, v)].every(r => canTake(r, v)))) return false
  const inMemory = (v: ValueId): boolean =>
    network.results.has(v) ||
    [...readersOf(network, v)].some(r => r !== reader && !canAbsorb(network, site, r, maxInputs))
  return inputs.filter(v => site.node.outputs.includes(v)).every(inMemory)
}

/** The next map that a site takes in. */
const nextOf = (network: Network, site: KernelSite, refused: Set<Site>, maxInputs: number): MapSite | undefined => {
  const readers = new Set(site.node.outputs.flatMap(v => [...readersOf(network, v)]))
  for (const reader of [...readers].sort((a, b) => a.level - b.level || a.order - b.order)) {
    if (refused.has(reader)) continue
    if (!canAbsorb(network, site, reader, maxInputs) || betterLater(network, site, reader, maxInputs))
      refused.add(reader)
    else return reader
  }
  return undefined
}

/** Takes maps into the ends of contractions and reductions. */
export const takeEpilogues = (network: Network, maxInputs: number): void => {
  for (const site of network.sites) {
    if (!site.alive || !takesEpilogues(site)) continue
    const before = site.node
    const refused = new Set<Site>()
    do {
      const next = nextOf(network, site, refused, maxInputs)
      if (next === undefined) break
      extend(network, site, next, withMap(site.node, next.node.kernel))
    } while (!tooLarge(ownExprs(site)))
    const { node } = site
    if (node !== before) replaceKernel(network, site, node.kernel, node.outputs, node.ops)
  }
}

const ownExprs = ({ node: { kernel } }: KernelSite): readonly Expr[] =>
  kernel.tag === 'contract' ? kernel.epilogue : kernel.tag === 'nest' ? kernel.stages.map(s => s.expr) : []
