/**
 * Maps computed right after what they read: in the epilogue of a contraction, or at the end of the rows of a reduction.
 *
 * Layer: compile. A map is taken in when it reads results of the site at the very elements that are just being stored, and nothing
 * else that depends on the site. Read first: substitute.ts, maps.ts.
 */
import { type Expr, type Kernel, type Nest, type Stage, stage } from '../core/kernel.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { refinement } from './affine.ts'
import { MOST_NODES, nodesOf, weightOf } from './expressions.ts'
import type { KernelNode, ValueId } from './graph.ts'
import { isMap, mapExprs, type Wired } from './kernels.ts'
import { canTake } from './maps.ts'
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
import { epilogueOf, isRowwise, over } from './substitute.ts'

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

type Taken = { readonly kernel: Kernel; readonly inputs: readonly ValueId[] }

/** The kernel of a site with a map at its end; nothing where the map does not fit. */
const withMap = (node: KernelNode, map: Wired): Taken | undefined => {
  const inputs = [...node.inputs, ...map.inputs]
  const kernel = node.kernel.tag === 'nest' ? finer(node.kernel, (map.kernel as Nest).axes) : node.kernel
  const exprs = epilogueOf(map, axesOf(kernel), ownValues({ ...node, kernel }), node.inputs.length)
  if (exprs === undefined) return undefined
  if (kernel.tag === 'contract') return { kernel: { ...kernel, epilogue: [...kernel.epilogue, ...exprs] }, inputs }
  const nest = kernel as Nest
  const stages = [...nest.stages, ...exprs.map(expr => ({ tag: 'map', axes: [], expr }) as const)]
  return {
    kernel: { ...nest, stages, outputs: [...nest.outputs, ...exprs.map((_, i) => nest.stages.length + i)] },
    inputs,
  }
}

/** A nest whose outer axes are split as those of a map demand. */
const finer = (nest: Nest, axes: Shape): Nest => {
  const common = refinement(nest.axes, axes)
  return (common === undefined ? undefined : over(nest, common)) ?? nest
}

/** Whether a site could take a reader of its results in. */
const absorbed = (network: Network, site: KernelSite, reader: Site, maxInputs: number): Taken | undefined => {
  if (reader === site || !hasKernel(reader) || !isMap(reader.node.kernel)) return undefined
  if (sizeOf(reader.node.kernel.axes) !== sizeOf(axesOf(site.node.kernel))) return undefined
  const others = reader.node.inputs.filter(v => !site.node.outputs.includes(v))
  const values = new Set([...site.node.inputs, ...others])
  if (values.size + site.node.outputs.length + reader.node.outputs.length > maxInputs + 1) return undefined
  return dependsOn(network, others, site) ? undefined : withMap(site.node, reader.node)
}

/** Whether a map had better be computed by its own readers: it is cheap, and what it reads is in memory anyway. */
const betterLater = (network: Network, site: KernelSite, reader: KernelSite, maxInputs: number): boolean => {
  const { kernel, inputs, outputs } = reader.node
  if (weightOf(mapExprs(kernel as Nest)) > CHEAP) return false
  if (outputs.some(v => network.results.has(v) || ![...readersOf(network, v)].every(r => canTake(r, v)))) return false
  const inMemory = (v: ValueId): boolean =>
    network.results.has(v) ||
    [...readersOf(network, v)].some(r => r !== reader && absorbed(network, site, r, maxInputs) === undefined)
  return inputs.filter(v => site.node.outputs.includes(v)).every(inMemory)
}

/** The next map that a site takes in. */
const nextOf = (network: Network, site: KernelSite, refused: Set<Site>, maxInputs: number) => {
  const readers = new Set(site.node.outputs.flatMap(v => [...readersOf(network, v)]))
  for (const reader of [...readers].sort((a, b) => a.level - b.level || a.order - b.order)) {
    if (refused.has(reader)) continue
    const taken = absorbed(network, site, reader, maxInputs)
    if (taken === undefined || betterLater(network, site, reader as KernelSite, maxInputs)) refused.add(reader)
    else return { reader: reader as KernelSite, taken }
  }
  return undefined
}

/** Takes maps into the ends of contractions and reductions. */
export const takeEpilogues = (network: Network, maxInputs: number): void => {
  for (const site of network.sites) {
    if (!site.alive || !takesEpilogues(site)) continue
    const refused = new Set<Site>()
    for (
      let next = nextOf(network, site, refused, maxInputs);
      next !== undefined;
      next = nextOf(network, site, refused, maxInputs)
    ) {
      const { node } = next.reader
      const before = site.node
      remove(network, next.reader)
      replaceKernel(network, site, next.taken, [...before.outputs, ...node.outputs], [...before.ops, ...node.ops])
      if (nodesOf(ownExprs(site)).length > MOST_NODES) break
    }
  }
}

const ownExprs = ({ node: { kernel } }: KernelSite): readonly Expr[] =>
  kernel.tag === 'contract' ? kernel.epilogue : kernel.tag === 'nest' ? kernel.stages.map(s => s.expr) : []
