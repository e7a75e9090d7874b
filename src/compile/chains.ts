/**
 * Chains of maps as one map: what one map alone reads, over the same axes and at the element that it computes, is computed in it.
 *
 * Layer: compile. That is half of what there is to fuse in a step of training, and needs none of the network's knowledge: one walk over
 * the graph does it. Read next: maps.ts, which moves maps that have several readers, or are read elsewhere.
 */
import type { Expr } from '../core/kernel.ts'
import { sameShape, sizeOf } from '../core/shape.ts'
import { about, MOST_NODES, rewriting } from './expressions.ts'
import type { Forms } from './forms.ts'
import type { Graph, GraphNode, KernelNode, ValueId } from './graph.ts'
import { isMap, type MapNest, mapPlaces, readsInPlace } from './kernels.ts'
import { isFree } from './maps.ts'
import { inputsOf } from './tidy.ts'

type MapNode = KernelNode & { readonly kernel: MapNest }

const isMapNode = (node: GraphNode): node is MapNode => node.tag === 'kernel' && isMap(node.kernel)

/** How many nodes read each value; results are read once more. */
const readCounts = ({ nodes, outputs }: Graph): ReadonlyMap<ValueId, number> => {
  const counts = new Map<ValueId, number>()
  const count = (v: ValueId): void => {
    counts.set(v, (counts.get(v) ?? 0) + 1)
  }
  for (const { inputs } of nodes) for (const v of inputs) count(v)
  outputs.forEach(count)
  return counts
}

/** What a map of one result, of some points, computes. */
const only = ({ kernel }: MapNode): Expr | undefined =>
  kernel.stages.length === 1 && kernel.outputs.length === 1 && sizeOf(kernel.axes) > 0
    ? kernel.stages[0]?.expr
    : undefined

/** Whether a map reads a value nowhere but at the element that it computes. */
const readsHere = ({ kernel }: MapNode, value: ValueId): boolean =>
  kernel.stages.every(({ expr }) => {
    const { loads, computed } = about(expr)
    return !computed.includes(value) && loads.every(load => load.input !== value || readsInPlace(load, kernel.axes))
  })

type Makers = ReadonlyMap<ValueId, MapNode>
const none: Makers = new Map()

/** Of those that make what a map reads, the ones over the same axes whose values it reads where it computes. */
const near = (node: MapNode, makers: Makers): readonly (readonly [ValueId, MapNode])[] =>
  node.inputs.flatMap(v => {
    const maker = makers.get(v)
    const here = maker !== undefined && sameShape(maker.kernel.axes, node.kernel.axes) && readsHere(node, v)
    return here ? [[v, maker] as const] : []
  })

/** As many of those as leave a kernel of bearable size. */
const bearable = (node: MapNode, found: readonly (readonly [ValueId, MapNode])[], maxInputs: number): Makers => {
  let values = node.inputs.length + node.outputs.length
  let nodes = node.kernel.stages.reduce((n, { expr }) => n + about(expr).nodes.length, 0)
  const taken = new Map<ValueId, MapNode>()
  for (const [v, maker] of found) {
    const [moreValues, moreNodes] = [maker.inputs.length - 1, about(only(maker) as Expr).nodes.length]
    if (values + moreValues > maxInputs || nodes + moreNodes > MOST_NODES) continue
    values += moreValues
    nodes += moreNodes
    taken.set(v, maker)
  }
  return taken
}

/** A map that computes what some others did itself. */
const together = (node: MapNode, makers: Makers, share: Forms['share']): MapNode => {
  const value = (v: ValueId): Expr | undefined => {
    const maker = makers.get(v)
    return maker === undefined ? undefined : only(maker)
  }
  const put = rewriting(leaf => (leaf.tag === 'load' ? (value(leaf.input) ?? leaf) : leaf))
  const kernel = mapPlaces(node.kernel, expr => share(put(expr))) as MapNest
  const ops = [...[...makers.values()].flatMap(maker => maker.ops), ...node.ops]
  return { tag: 'kernel', kernel, inputs: inputsOf(kernel), outputs: node.outputs, ops }
}

/**
 * A map with what it alone reads taken in; what that read may follow. A map that costs nothing takes nothing in: it goes into all of
 * its readers, and what it reads may be smaller than what it makes.
 */
const lengthened = (
  node: MapNode,
  makers: Makers,
  maxInputs: number,
  share: Forms['share'],
  gone: Set<GraphNode>,
): MapNode => {
  const expr = only(node)
  const found = expr !== undefined && isFree(expr) ? [] : near(node, makers)
  const taken = found.length === 0 ? none : bearable(node, found, maxInputs)
  if (taken.size === 0) return node
  for (const maker of taken.values()) gone.add(maker)
  return lengthened(together(node, taken, share), makers, maxInputs, share, gone)
}

/** The graph with every map that one other map alone reads, where it computes, taken into that one. */
export const joinChains = (graph: Graph, maxInputs: number): Graph => {
  const counts = readCounts(graph)
  const makers = new Map<ValueId, MapNode>()
  const gone = new Set<GraphNode>()
  const nodes = graph.nodes.map(node => {
    if (!isMapNode(node)) return node
    const whole = lengthened(node, makers, maxInputs, graph.forms.share, gone)
    const [value] = whole.outputs
    if (value !== undefined && only(whole) !== undefined && counts.get(value) === 1) makers.set(value, whole)
    return whole
  })
  return { ...graph, nodes: nodes.filter(node => !gone.has(node)) }
}
