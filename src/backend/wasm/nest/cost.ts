/**
 * Roughly what expressions cost, in nanoseconds for a point, and which way of looping suits a nest.
 *
 * Layer: backend. Read next: nest.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import { type Expr, isHash, linearise, operands, type ScalarFn } from '../../../core/kernel.ts'
import { type Shape, sizeOf } from '../../../core/shape.ts'
import type { Form, Leaf, Source, Space } from './form.ts'

const cheap: ReadonlySet<ScalarFn> = new Set([
  ...([
    'neg',
    'abs',
    'sign',
    'floor',
    'ceil',
    'round',
    'trunc',
    'not',
    'bitNot',
    'add',
    'sub',
    'mul',
    'max',
    'min',
  ] as const),
  ...(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor', 'bitAnd', 'bitOr', 'bitXor'] as const),
  ...(['shiftLeft', 'shiftRight', 'shiftRightLogical'] as const),
])
const quick: ReadonlySet<ScalarFn> = new Set(['exp', 'tanh', 'log', 'div', 'sqrt', 'log2'])

const nodeCost = (node: Expr): number => {
  switch (node.tag) {
    case 'const':
    case 'stage':
      return 0
    case 'load':
      return 0.05 * bytesOf(node.dtype)
    case 'loadAt':
      return 1.5
    case 'apply':
      return cheap.has(node.fn) ? 0.12 : quick.has(node.fn) ? 0.7 : isHash(node) ? 7 : 2.5
    default:
      return 0.12
  }
}

/** Nanoseconds for one point, when vectors are used; scalars take about four times as long. */
export const costOf = (exprs: readonly Expr[], vector: boolean): number =>
  linearise(exprs).reduce((total, node) => total + nodeCost(node), 0.1) * (vector ? 1 : 4)

/** Dear functions whose code has no branches and calls nothing, so that engines mix that of one vector with that of another. */
const straight: ReadonlySet<ScalarFn> = new Set(['exp', 'expm1', 'tanh', 'log1p', 'erf', 'div', 'sqrt'])

/** Whether the code of a node has neither branches nor calls; a hash that is the same for all lanes is computed outside. */
const isStraight = (node: Expr): boolean =>
  node.tag === 'apply' ? cheap.has(node.fn) || straight.has(node.fn) || isHash(node) : node.tag !== 'loadAt'

/** Nanoseconds of the longest chain of nodes of which each waits for the one before. */
const chainOf = (order: readonly Expr[]): number => {
  const chains = new Map<Expr, number>()
  for (const node of order)
    chains.set(node, nodeCost(node) + Math.max(0, ...operands(node).map(of => chains.get(of) ?? 0)))
  return Math.max(0, ...chains.values())
}

/** Nanoseconds from which one vector keeps a processor waiting for results. */
const WAITING = 0.8
/** Chains that are as long and most of the work want four vectors at once; others have enough to do beside, and few registers left. */
const LONG_CHAIN = 1.5
const MOST_OF_WORK = 0.7

/** Whether a load asks anew at each point whether it is inside. */
const isGuarded = (leaf: Leaf): boolean =>
  leaf.kind === 'source' && leaf.bounds.some(({ by }) => by.some(step => step !== 0))

/** How many vectors of a map are best computed side by side, so that long chains of one fill the waits of another. */
export const vectorsAbreast = (exprs: readonly Expr[], leaves: readonly Leaf[]): 1 | 2 | 4 => {
  const order = linearise(exprs)
  if (!order.every(isStraight) || leaves.some(isGuarded)) return 1
  const [work, chain] = [costOf(exprs, true), chainOf(order)]
  if (work < WAITING) return 1
  return chain > LONG_CHAIN && chain > MOST_OF_WORK * work ? 4 : 2
}

/** What one load costs with lanes along a place. */
const laneCost = ({ pointer, bounds, dtype }: Source, place: number): number => {
  const stride = Math.abs(pointer.strides[place] ?? 0)
  const step = stride === 0 ? 0.2 : stride === bytesOf(dtype) ? 1 : 5
  return step + (bounds.some(({ divisor }) => divisor !== 1) ? 6 : bounds.length > 0 ? 0.5 : 0)
}

const sourcesOf = (space: Space): readonly Source[] => [...space.leaves.values()].filter(leaf => leaf.kind === 'source')

/** How many times the work lanes along `size` points take, for the last of them may be few. */
const waste = (size: number): number => (Math.ceil(size / 4) * 4) / Math.max(1, size)

const ofSpace = (space: Space, place: number): number =>
  sourcesOf(space).reduce((total, source) => total + laneCost(source, place), 1) * waste(space.sizes[place] ?? 1)

/** The number of points of a space inside each outer one. */
export const pointsInside = ({ sizes, outer }: Space): number => sizeOf(sizes.slice(outer))

/** Spaces of reductions. */
export const reducedSpaces = ({ reductions }: Form): readonly Space[] => [
  ...new Set(reductions.map(({ space }) => space)),
]

/** Whether lanes along the last outer place suit the reductions of a form better than lanes along their own last places. */
export const prefersColumns = (form: Form): boolean => {
  const spaces = reducedSpaces(form)
  const column = form.outer.length - 1
  const rows = spaces.reduce((sum, space) => sum + ofSpace(space, space.sizes.length - 1) + 8 / pointsInside(space), 0)
  return spaces.reduce((sum, space) => sum + ofSpace(space, column), 0) <= rows
}

/** Nanoseconds for all of a form. */
export const workOf = ({ outer, reductions, results }: Form, vector: boolean): number => {
  const spaces = new Map<Space, Expr[]>()
  for (const { space, expr } of [...reductions, ...results]) spaces.set(space, [...(spaces.get(space) ?? []), expr])
  const points: Shape = outer
  let work = 0
  for (const [space, exprs] of spaces) work += sizeOf(points) * pointsInside(space) * costOf(exprs, vector)
  return work
}
