/**
 * Companions: a kernel that computes row by row, and a contraction that sums over those rows and reads what the first has read.
 *
 * Layer: compile. A step of a linear model is x·w, then something for each row, then xᵀ times that, and reads x from memory twice.
 * Done side by side, some rows at a time, the sums find their rows in the cache. Here such a contraction is put right behind the kernel
 * that it may accompany; whether it does is up to the backend. Read next: memory.ts.
 */
import type { Contract, Kernel, Load } from '../core/kernel.ts'
import type { Shape } from '../core/shape.ts'
import { canonicalLoad } from './affine.ts'
import { loadsOf } from './expressions.ts'
import type { Graph, GraphNode, KernelNode } from './graph.ts'
import { placesOf } from './kernels.ts'

/** A kernel among others: `at` says which value an input of its loads is. */
export type Sited = {
  readonly kernel: Kernel
  readonly outputs: readonly number[]
  readonly at: (input: number) => number
}

/** Elements of a value from which on reading it once instead of twice matters, and rows that are enough to share out. */
const LARGE = 1 << 18
const MANY_ROWS = 1 << 13

/** The only axis of more than one point. */
const onlyAxis = (sizes: Shape): number | undefined => {
  const long = sizes.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  return long.length === 1 ? long[0] : undefined
}

/** How many rows a kernel computes, where each of its results has one element for each. */
const rowsMade = (kernel: Kernel): number | undefined => {
  if (kernel.tag !== 'contract' && kernel.tag !== 'nest') return undefined
  const axis = onlyAxis(kernel.axes)
  if (axis === undefined) return undefined
  const whole =
    kernel.tag === 'nest' &&
    kernel.outputs.some(i => kernel.stages[i]?.tag === 'map' && kernel.stages[i]?.axes.length !== 0)
  return whole ? undefined : kernel.axes[axis]
}

/** Whether an operand of a contraction is a column: its element at each point is that of the point's number along one axis. */
const isColumn = (operand: Load, sizes: Shape, axis: number): boolean => {
  const { index, fill } = canonicalLoad(operand, sizes)
  const [address] = index
  if (fill !== null || index.length !== 1 || address === undefined) return false
  const { offset, divisor, terms } = address
  return offset === 0 && divisor === 1 && terms.length === 1 && terms[0]?.axis === axis && terms[0].by === 1
}

const readsOf = ({ kernel, at }: Sited): ReadonlySet<number> =>
  new Set(placesOf(kernel).flatMap(({ expr }) => loadsOf([expr]).map(({ input }) => at(input))))

/** The rows that two kernels have in common, where the second may run some rows behind the first; null where it may not. */
export const companionRows = (first: Sited, second: Sited, sizeOfValue: (value: number) => number): number | null => {
  const rows = rowsMade(first.kernel)
  if (rows === undefined || rows < MANY_ROWS || second.kernel.tag !== 'contract') return null
  const { axes, reduce, a, b }: Contract = second.kernel
  const axis = onlyAxis(reduce)
  if (axis === undefined || reduce[axis] !== rows) return null
  const made = [a, b].filter(({ input }) => first.outputs.includes(second.at(input)))
  if (made.length === 0 || !made.every(load => isColumn(load, [...axes, ...reduce], axes.length + axis))) return null
  const before = readsOf(first)
  const shares = [a, b].map(({ input }) => second.at(input)).some(v => before.has(v) && sizeOfValue(v) >= LARGE)
  return shares ? rows : null
}

const sited = ({ kernel, outputs }: KernelNode): Sited => ({ kernel, outputs, at: input => input })

/** The number of the last node that makes something a node reads. */
const lastSource = (nodes: readonly GraphNode[], { inputs }: KernelNode): number =>
  nodes.findLastIndex(({ outputs }) => outputs.some(v => inputs.includes(v)))

/** The graph with contractions right behind the kernels that they may accompany. */
export const adjoin = (graph: Graph): Graph => {
  const nodes: GraphNode[] = []
  for (const node of graph.nodes) {
    const at = isLongSum(node) ? lastSource(nodes, node) : -1
    const source = nodes[at]
    const sizeOfValue = (v: number): number => graph.values[v]?.size ?? 0
    const behind =
      isLongSum(node) && source?.tag === 'kernel' && companionRows(sited(source), sited(node), sizeOfValue) !== null
    nodes.splice(behind ? at + 1 : nodes.length, 0, node)
  }
  return { ...graph, nodes }
}

const isLongSum = (node: GraphNode): node is KernelNode & { readonly kernel: Contract } =>
  node.tag === 'kernel' && node.kernel.tag === 'contract' && node.kernel.reduce.some(n => n >= MANY_ROWS)
