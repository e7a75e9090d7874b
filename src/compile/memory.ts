/**
 * planOf: a graph with memory given out.
 *
 * Layer: compile. Lifetimes are known: a value is there from the step that makes it to the last that reads it. Temporaries share
 * one arena; each takes the smallest free stretch that holds it. An elementwise result may take the place of an operand that is
 * read for the last time. Read next: interpret.ts, which runs plans.
 */
import { bytesOf } from '../core/dtype.ts'
import { loadsOf, nodesOf } from './expressions.ts'
import type { Graph, GraphNode, KernelNode, ValueId } from './graph.ts'
import { isMap, placesOf, readsInPlace } from './kernels.ts'
import { aligned, type Buffer, type Plan, type Step } from './plan.ts'
import { numbered } from './tidy.ts'

/** A stretch of the arena. */
type Stretch = { readonly offset: number; readonly bytes: number }

/** Gives out stretches of an arena that grows. */
const arenaOf = () => {
  let free: readonly Stretch[] = []
  let size = 0
  const take = (bytes: number): number => {
    const fitting = free.filter(s => s.bytes >= bytes)
    const best = fitting.reduce<Stretch | undefined>(
      (a, b) => (a === undefined || b.bytes < a.bytes ? b : a),
      undefined,
    )
    if (best === undefined) return grow(bytes)
    free = free.flatMap(s =>
      s !== best ? [s] : s.bytes === bytes ? [] : [{ offset: s.offset + bytes, bytes: s.bytes - bytes }],
    )
    return best.offset
  }
  /** At the end, over a free stretch that lies there. */
  const grow = (bytes: number): number => {
    const last = free.find(s => s.offset + s.bytes === size)
    const offset = last?.offset ?? size
    free = free.filter(s => s !== last)
    size = offset + bytes
    return offset
  }
  const give = (stretch: Stretch): void => {
    if (stretch.bytes === 0) return
    const sorted = [...free, stretch].sort((a, b) => a.offset - b.offset)
    const merged: Stretch[] = []
    for (const s of sorted) {
      const before = merged.at(-1)
      if (before === undefined || before.offset + before.bytes !== s.offset) merged.push(s)
      else merged[merged.length - 1] = { offset: before.offset, bytes: before.bytes + s.bytes }
    }
    free = merged
  }
  return { take, give, size: () => size }
}

/** The inputs of a kernel that it reads nowhere but at the element that it is about to store. */
const readInPlace = ({ kernel, inputs }: KernelNode): readonly ValueId[] => {
  if (!isMap(kernel) && kernel.tag !== 'contract') return []
  const places = placesOf(kernel)
  const elementwise = kernel.tag === 'contract' ? places.slice(2) : places
  const elsewhere = new Set(
    kernel.tag === 'contract'
      ? [kernel.a.input, kernel.b.input]
      : nodesOf(places.map(({ expr }) => expr)).flatMap(node => (node.tag === 'loadAt' ? [node.input] : [])),
  )
  for (const { expr, sizes } of elementwise) {
    for (const node of nodesOf([expr])) if (node.tag === 'loadAt') elsewhere.add(node.input)
    for (const load of loadsOf([expr])) if (!readsInPlace(load, sizes)) elsewhere.add(load.input)
  }
  return inputs.filter(v => !elsewhere.has(v))
}

/** For each value the step after which nothing reads it; never for results. */
const lastUses = ({ nodes, outputs }: Graph): ReadonlyMap<ValueId, number> => {
  const last = new Map<ValueId, number>()
  nodes.forEach((node, i) => {
    for (const v of [...node.outputs, ...node.inputs]) last.set(v, i)
  })
  for (const v of outputs) last.set(v, nodes.length)
  return last
}

/** Where each temporary lies, and how large the arena is. */
const placed = (graph: Graph): { readonly offsets: ReadonlyMap<ValueId, number>; readonly arena: number } => {
  const last = lastUses(graph)
  const results = new Set(graph.outputs)
  const offsets = new Map<ValueId, number>()
  const arena = arenaOf()
  const sizeInBytes = (v: ValueId): number => {
    const { dtype, size } = graph.values[v] as Graph['values'][number]
    return size * bytesOf(dtype)
  }
  graph.nodes.forEach((node, i) => {
    const dying = [...new Set(node.inputs)].filter(v => last.get(v) === i && offsets.has(v))
    const reusable = node.tag === 'kernel' ? readInPlace(node).filter(v => dying.includes(v)) : []
    const taken = new Set<ValueId>()
    for (const v of node.outputs.filter(v => !results.has(v))) {
      const over = reusable.find(u => !taken.has(u) && sizeInBytes(u) === sizeInBytes(v))
      if (over !== undefined) taken.add(over)
      offsets.set(v, over === undefined ? arena.take(aligned(sizeInBytes(v))) : (offsets.get(over) as number))
    }
    const dead = [...dying.filter(v => !taken.has(v)), ...node.outputs.filter(v => last.get(v) === i && offsets.has(v))]
    for (const v of dead) arena.give({ offset: offsets.get(v) as number, bytes: aligned(sizeInBytes(v)) })
  })
  return { offsets, arena: arena.size() }
}

const stepOf = (node: GraphNode, slot: (v: ValueId) => number): Step => {
  const wired = { inputs: node.inputs.map(slot), outputs: node.outputs.map(slot) }
  if (node.tag !== 'kernel') return { ...node, ...wired }
  const kernel = numbered(node.kernel, value => node.inputs.indexOf(value))
  return { tag: 'run', kernel, ops: node.ops, ...wired }
}

/** The plan of a graph: buffers for the values that are there, in the arena unless they are given or wanted outside. */
export const planOf = (graph: Graph): Plan => {
  const { offsets, arena } = placed(graph)
  const slots = new Map<ValueId, number>()
  const buffers: Buffer[] = []
  const inputs = new Map(graph.inputs.map((v, i) => [v, i]))
  const slot = (v: ValueId): number => {
    const known = slots.get(v)
    if (known !== undefined) return known
    const { dtype, size, constant } = graph.values[v] as Graph['values'][number]
    const index = inputs.get(v)
    const offset = offsets.get(v)
    const storage: Buffer['storage'] =
      index !== undefined
        ? { tag: 'input', index }
        : constant !== undefined
          ? { tag: 'constant', value: constant }
          : offset === undefined
            ? { tag: 'output' }
            : { tag: 'temporary', offset }
    slots.set(v, buffers.push({ dtype, size, storage }) - 1)
    return buffers.length - 1
  }
  const given = graph.inputs.map(slot)
  const steps = graph.nodes.map(node => stepOf(node, slot))
  return { inputs: given, steps, outputs: graph.outputs.map(slot), buffers, arena }
}
