/**
 * Network: a graph while it is being fused. Nodes are replaced and merged; who makes and who reads a value is always known.
 *
 * Layer: compile. Every node has a level above those of the nodes that it reads from; searches for paths stop at it. Read next:
 * fuse.ts.
 */
import type { Kernel } from '../core/kernel.ts'
import type { Graph, GraphNode, KernelNode, ValueId } from './graph.ts'
import { inputsOf, tidy } from './tidy.ts'

/** A node in its place in the network. `order` is where it stood in the program. */
export type Site = { node: GraphNode; level: number; readonly order: number; alive: boolean }
/** A site with a kernel. */
export type KernelSite = Site & { node: KernelNode }

export type Network = {
  readonly graph: Graph
  readonly sites: Site[]
  readonly makers: Map<ValueId, Site>
  readonly readers: Map<ValueId, Set<Site>>
  /** Results of the whole, which must be made. */
  readonly results: ReadonlySet<ValueId>
}

/** Whether a site has a kernel. */
export const hasKernel = (site: Site | undefined): site is KernelSite =>
  site !== undefined && site.node.tag === 'kernel'

/** The sites that read a value. */
export const readersOf = ({ readers }: Network, value: ValueId): ReadonlySet<Site> => readers.get(value) ?? new Set()

/** Puts a site's level above those of what it reads, and what reads it above its own. */
const raise = (network: Network, site: Site): void => {
  const below = site.node.inputs.map(v => network.makers.get(v)?.level ?? 0)
  site.level = Math.max(site.level, 1 + Math.max(0, ...below))
  for (const v of site.node.outputs)
    for (const reader of readersOf(network, v)) if (reader.level <= site.level) raise(network, reader)
}

const connect = (network: Network, site: Site): void => {
  for (const v of site.node.outputs) network.makers.set(v, site)
  for (const v of site.node.inputs) {
    const readers = network.readers.get(v) ?? new Set()
    network.readers.set(v, readers.add(site))
  }
  raise(network, site)
}

/** The network of a graph. */
export const networkOf = (graph: Graph): Network => {
  const network: Network = { graph, sites: [], makers: new Map(), readers: new Map(), results: new Set(graph.outputs) }
  graph.nodes.forEach((node, order) => {
    const site: Site = { node, level: 0, order, alive: true }
    network.sites.push(site)
    connect(network, site)
  })
  return network
}

/** Puts another node in a site's place. */
export const replace = (network: Network, site: Site, node: GraphNode): void => {
  for (const v of site.node.inputs) network.readers.get(v)?.delete(site)
  site.node = node
  connect(network, site)
}

/** Puts a kernel in a site's place, in its normal form and without results that nobody wants. */
export const replaceKernel = (
  network: Network,
  site: KernelSite,
  kernel: Kernel,
  outputs: readonly ValueId[],
  ops: readonly string[],
): void => {
  const before = site.node.inputs
  for (const v of before) network.readers.get(v)?.delete(site)
  const keep = outputs.map(v => wanted(network, v))
  const needed = keep.every(Boolean) ? kernel : withoutResults(kernel, keep)
  const kept = needed === kernel ? outputs : outputs.filter((_, i) => keep[i])
  const exact = tidy(needed, network.graph.forms)
  replace(network, site, { tag: 'kernel', kernel: exact, inputs: inputsOf(exact), outputs: kept, ops })
  for (const v of before) if (!site.node.inputs.includes(v)) forget(network, v)
}

/** Lets a site take in another one, as long as its kernel is in the making: `replaceKernel` with that kernel brings it into its form. */
export const extend = (network: Network, site: KernelSite, other: KernelSite, kernel: Kernel): void => {
  const { inputs, outputs, ops } = site.node
  remove(network, other)
  for (const v of inputs) network.readers.get(v)?.delete(site)
  const all = [...outputs, ...other.node.outputs]
  const keep = all.map(v => wanted(network, v))
  replace(network, site, {
    tag: 'kernel',
    kernel: keep.every(Boolean) ? kernel : withoutResults(kernel, keep),
    inputs: [...new Set([...inputs, ...other.node.inputs])].filter(v => !outputs.includes(v)),
    outputs: all.filter((_, i) => keep[i]),
    ops: [...ops, ...other.node.ops],
  })
}

/** A kernel that keeps some of its results; one of a kind that cannot leave any out as it is. */
const withoutResults = (kernel: Kernel, keep: readonly boolean[]): Kernel => {
  const kept = <A>(list: readonly A[]): readonly A[] => list.filter((_, i) => keep[i])
  if (kernel.tag === 'nest')
    return { tag: 'nest', axes: kernel.axes, stages: kernel.stages, outputs: kept(kernel.outputs) }
  return kernel.tag === 'contract' ? { ...kernel, epilogue: kept(kernel.epilogue) } : kernel
}

/** Whether anybody wants a value. */
const wanted = (network: Network, value: ValueId): boolean =>
  network.results.has(value) || readersOf(network, value).size > 0

/** Stops making a value that nobody wants, and what was made for it alone. */
export const forget = (network: Network, value: ValueId): void => {
  const site = network.makers.get(value)
  if (site === undefined || !site.alive || wanted(network, value)) return
  const { node } = site
  if (node.outputs.every(v => !wanted(network, v))) {
    site.alive = false
    for (const v of node.inputs) network.readers.get(v)?.delete(site)
    for (const v of node.inputs) forget(network, v)
  } else if (hasKernel(site)) replaceKernel(network, site, site.node.kernel, node.outputs, node.ops)
}

/** Takes a site out whose results another one makes now. */
export const remove = (network: Network, site: Site): void => {
  site.alive = false
  for (const v of site.node.inputs) network.readers.get(v)?.delete(site)
}

/** Whether some of these values need what a site makes. */
export const dependsOn = (network: Network, values: readonly ValueId[], site: Site): boolean => {
  const seen = new Set<Site>()
  const search = (v: ValueId): boolean => {
    const maker = network.makers.get(v)
    if (maker === undefined || seen.has(maker)) return false
    if (maker === site) return true
    if (maker.level <= site.level) return false
    seen.add(maker)
    return maker.node.inputs.some(search)
  }
  return values.some(search)
}

/** The nodes in an order in which they can run, near to that of the program. */
export const graphOf = (network: Network): Graph => {
  const nodes: GraphNode[] = []
  const done = new Set<Site>()
  const visit = (site: Site): void => {
    if (done.has(site)) return
    done.add(site)
    const makers = site.node.inputs.flatMap(v => network.makers.get(v) ?? [])
    makers.sort((a, b) => a.order - b.order).forEach(visit)
    nodes.push(site.node)
  }
  for (const site of network.sites) if (site.alive) visit(site)
  return { ...network.graph, nodes }
}
