/**
 * Chains of maps as one map: what one map alone reads, over the same axes and at the element that it computes, is computed in it.
 *
 * Layer: compile. That is half of what there is to fuse in a step of training, and needs none of the network's knowledge: one walk over
 * the graph does it. Read next: maps.ts, which moves maps that have several readers, or are read elsewhere.
 */
import type { Expr } from '../core/kernel.ts'
import { sameShape, sizeOf } from '../core/shape.ts'
import { about, MOST_NODES, rewriting } from './expressions.ts'
import type { Graph, GraphNode, KernelNode, ValueId } from './graph.ts'
import { isMap, type MapNest, mapPlaces, readsInPlace } from './kernels.ts'
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

/** What a map of one expression, of some points, computes. */
const only = ({ kernel }: MapNode): Expr | undefined =>
  kernel.stages.length === 1 && sizeOf(kernel.axes) > 0 ? kernel.stages[0]?.expr : undefined

/** Whether a map reads a value nowhere but at the element that it computes. */
const readsHere = ({ kernel }: MapNode, value: ValueId): boolean =>
  kernel.stages.every(({ expr }) => {
    const { loads, computed } = about(expr)
    return !computed.includes(value) && loads.every(load => load.input !== value || readsInPlace(load, kernel.axes))
  })

/** The graph with every map that one other map alone reads, where it computes, taken into that one. */
export const joinChains = (graph: Graph, maxInputs: number): Graph => {
  const { share } = graph.forms
  const counts = readCounts(graph)
  const makers = new Map<ValueId, MapNode>()
  const gone = new Set<GraphNode>()
  const joined = (node: MapNode): MapNode => {
    let { size } = new Set(node.inputs)
    let nodes = node.kernel.stages.reduce((n, { expr }) => n + about(expr).nodes.length, 0)
    const taken = new Map<ValueId, MapNode>()
    for (const v of node.inputs) {
      const maker = makers.get(v)
      if (maker === undefined || !sameShape(maker.kernel.axes, node.kernel.axes) || !readsHere(node, v)) continue
      const more = about(only(maker) as Expr).nodes.length
      if (size + maker.inputs.length - 1 + node.outputs.length > maxInputs || nodes + more > MOST_NODES) continue
      size += maker.inputs.length - 1
      nodes += more
      taken.set(v, maker)
    }
    if (taken.size === 0) return node
    const value = (v: ValueId): Expr | undefined => {
      const maker = taken.get(v)
      return maker === undefined ? undefined : only(maker)
    }
    const put = rewriting(leaf => (leaf.tag === 'load' ? (value(leaf.input) ?? leaf) : leaf))
    const kernel = mapPlaces(node.kernel, expr => share(put(expr))) as MapNest
    for (const maker of taken.values()) gone.add(maker)
    const none: readonly string[] = []
    const ops = none.concat(...[...taken.values()].map(maker => maker.ops), node.ops)
    return { tag: 'kernel', kernel, inputs: inputsOf(kernel), outputs: node.outputs, ops }
  }
  const nodes = graph.nodes.map(node => {
    if (!isMapNode(node)) return node
    const whole = joined(node)
    const [value, ...others] = whole.outputs
    if (value !== undefined && others.length === 0 && only(whole) !== undefined && counts.get(value) === 1)
      makers.set(value, whole)
    return whole
  })
  return { ...graph, nodes: nodes.filter(node => !gone.has(node)) }
}
