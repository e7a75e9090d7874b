/**
 * Expressions as values to compute with: rewriting, composing with index maps, weighing.
 *
 * Layer: compile. An expression is a graph, in which a node that is used twice is computed once; nothing here loses that. Read
 * next: kernels.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import {
  type Affine,
  apply,
  constant,
  type Expr,
  iota,
  isHash,
  type Load,
  linearise,
  load,
  loadAt,
  type ScalarFn,
  stage,
  withIndex,
  withOperands,
} from '../core/kernel.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { compose } from './affine.ts'
import { memo } from './memo.ts'

/** Replaces nodes from the leaves up, each once; `f` sees a node whose operands are done. */
export const rewriting = (f: (node: Expr) => Expr): ((expr: Expr) => Expr) => {
  const done = new Map<Expr, Expr>()
  const visit = (expr: Expr): Expr => {
    const known = done.get(expr)
    if (known !== undefined) return known
    const result = f(withOperands(expr, visit))
    done.set(expr, result)
    return result
  }
  return visit
}

/** Most nodes of one kernel: beyond, making it takes longer than fusing saves. */
export const MOST_NODES = 300

/** Puts other numbers on the stages that are read. */
export const restaging = (at: (stage: number) => number): ((expr: Expr) => Expr) =>
  rewriting(node => (node.tag === 'stage' ? stage(node.dtype, at(node.stage)) : node))

/** Puts other numbers on inputs, in nodes that are all new ones. */
export const renumbering = (at: (input: number) => number): ((expr: Expr) => Expr) =>
  rewriting(node => {
    switch (node.tag) {
      case 'load':
        return load(at(node.input), node.dtype, node.view, node.index, node.fill)
      case 'loadAt':
        return loadAt(at(node.input), node.dtype, node.view, node.index, node.fill)
      case 'const':
        return constant(node.dtype, node.value)
      case 'iota':
        return iota(node.axis)
      case 'stage':
        return stage(node.dtype, node.stage)
      default:
        return node
    }
  })

/** An index map that divides by nothing, as an int32 expression. */
export const asExpr = ({ offset, terms }: Affine): Expr => {
  const products = terms.map(({ axis, by }) =>
    by === 1 ? iota(axis) : apply('mul', iota(axis), constant('int32', by)),
  )
  const [first, ...others] = offset === 0 && products.length > 0 ? products : [constant('int32', offset), ...products]
  return others.reduce<Expr>((sum, product) => apply('add', sum, product), first ?? constant('int32', 0))
}

/** The expression at other coordinates: axis i becomes `coordinates[i]`, which divides by nothing. */
export const relocating = (coordinates: readonly Affine[]): ((expr: Expr) => Expr) => {
  if (coordinates.every(isAxis)) return unmoved
  return rewriting(node => {
    if (node.tag === 'iota') return asExpr(coordinates[node.axis] as Affine)
    if (node.tag !== 'load') return node
    return withIndex(
      node,
      node.index.map(affine => compose(affine, coordinates)),
    )
  })
}

/** What `relocating` gives where every axis stays what it is. */
export const unmoved = (expr: Expr): Expr => expr

const isAxis = ({ offset, terms, divisor }: Affine, axis: number): boolean =>
  offset === 0 && divisor === 1 && terms.length === 1 && terms[0]?.axis === axis && terms[0].by === 1

const written = (x: number): string | number => (Object.is(x, -0) ? '-0' : x)

/** What tells a node, whose operands have numbers, from others of its dtype and kind; a number where that will do, for speed. */
const keyOf = (node: Expr, number: (x: Expr) => number): string | number => {
  switch (node.tag) {
    case 'const':
      return written(node.value)
    case 'iota':
      return node.axis
    case 'load':
      return `${node.input} ${node.view} ${node.fill} ${node.index.map(keyOfAffine).join(';')}`
    case 'stage':
      return node.stage
    case 'loadAt':
      return `${node.input} ${node.view} ${node.fill} ${node.index.map(number)}`
    case 'apply': {
      const [x, y, ...others] = node.args
      if (x === undefined || others.length > 0) return node.args.map(number).join()
      return number(x) * MOST_NUMBERS + (y === undefined ? 0 : number(y) + 1)
    }
    case 'select':
      return `${number(node.condition)} ${number(node.onTrue)} ${number(node.onFalse)}`
    case 'cast':
      return number(node.value)
  }
}

/** More nodes than there ever are, and so few that two numbers of nodes make one. */
const MOST_NUMBERS = 2 ** 26

const keyOfAffine = ({ offset, terms, divisor }: Affine): string =>
  terms.reduce((key, { axis, by }) => `${key} ${axis}*${by}`, `${written(offset)}/${divisor}`)

/** The entry of a map, made where there is none. */
const entry = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/**
 * Gives equal expressions one identity, within all that one such function is given. What it has seen it does not look at again, so
 * that an expression costs what is new in it.
 */
export const sharing = (): ((expr: Expr) => Expr) => {
  type Numbers = Map<string | number, number>
  const shared: Expr[] = []
  const tables = new Map<Dtype, Map<string, Numbers>>()
  /** What each expression that has been seen is among the shared ones. */
  const numbers = new Map<Expr, number>()
  const number = (x: Expr): number => numbers.get(x) ?? -1
  const share = (expr: Expr): Expr => {
    const before = numbers.get(expr)
    if (before !== undefined) return shared[before] as Expr
    const node = withOperands(expr, share)
    const kinds = entry(tables, node.dtype, () => new Map<string, Numbers>())
    const table = entry(kinds, node.tag === 'apply' ? node.fn : node.tag, (): Numbers => new Map())
    const key = keyOf(node, number)
    const known = table.get(key) ?? shared.push(node) - 1
    table.set(key, known)
    numbers.set(node, known)
    if (node !== expr) numbers.set(expr, known)
    return shared[known] as Expr
  }
  return share
}

/** The nodes of several expressions, each once, operands before their users. */
export const nodesOf = (exprs: readonly Expr[]): readonly Expr[] => {
  const [only] = exprs
  if (only !== undefined && exprs.length === 1) return about(only).nodes
  return linearise(exprs)
}

/** What is asked of an expression again and again, found in one walk. */
export type About = {
  /** Each node once, operands before their users. */
  readonly nodes: readonly Expr[]
  readonly loads: readonly Load[]
  /** The axes whose coordinates it is computed from, and the stages that it reads. */
  readonly iotas: readonly number[]
  readonly stages: readonly number[]
  /** The inputs that it reads, in order of use, some more than once; and those that are read at computed coordinates. */
  readonly inputs: readonly number[]
  readonly computed: readonly number[]
  /** What it costs to compute it at one point, in additions. */
  readonly weight: number
}

/** What there is to say about an expression. */
export const about = memo((expr: Expr): About => {
  const nodes = linearise([expr])
  const loads: Load[] = []
  const iotas: number[] = []
  const stages: number[] = []
  const inputs: number[] = []
  const computed: number[] = []
  let weight = 0
  for (const node of nodes) {
    weight += weightOfNode(node)
    switch (node.tag) {
      case 'load':
        loads.push(node)
        inputs.push(node.input)
        break
      case 'loadAt':
        inputs.push(node.input)
        computed.push(node.input)
        break
      case 'iota':
        iotas.push(node.axis)
        break
      case 'stage':
        stages.push(node.stage)
        break
      default:
        break
    }
  }
  return { nodes, loads, iotas, stages, inputs, computed, weight }
})

const dear: ReadonlySet<ScalarFn> = new Set<ScalarFn>([
  ...([
    'exp',
    'expm1',
    'log',
    'log1p',
    'log2',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
  ] as const),
  ...(['asinh', 'acosh', 'atanh', 'erf', 'erfc', 'erfInv', 'cbrt', 'pow', 'atan2'] as const),
])
const middling: ReadonlySet<ScalarFn> = new Set<ScalarFn>(['div', 'sqrt', 'mod', 'rem', 'floorDiv'])

const weightOfNode = (node: Expr): number => {
  switch (node.tag) {
    case 'apply':
      return dear.has(node.fn) ? 20 : middling.has(node.fn) ? 4 : isHash(node) ? 60 : 1
    case 'select':
      return 1
    case 'loadAt':
      return 4
    default:
      return 0
  }
}

/** What it costs to compute expressions at one point, in additions. */
export const weightOf = (exprs: readonly Expr[]): number => {
  const [only] = exprs
  if (only !== undefined && exprs.length === 1) return about(only).weight
  return nodesOf(exprs).reduce((sum, node) => sum + weightOfNode(node), 0)
}

/** Whether expressions have more nodes than one kernel should. */
export const tooLarge = (exprs: readonly Expr[]): boolean =>
  exprs.reduce((sum, expr) => sum + about(expr).nodes.length, 0) > MOST_NODES && nodesOf(exprs).length > MOST_NODES

/** The loads of expressions. */
export const loadsOf = (exprs: readonly Expr[]): readonly Load[] => {
  const [only] = exprs
  if (only !== undefined && exprs.length === 1) return about(only).loads
  return nodesOf(exprs).filter(node => node.tag === 'load')
}

/** The loads that read another element at every point, or nearly: broadcast ones read few. */
export const fullLoads = (exprs: readonly Expr[], sizes: Shape): readonly Load[] => {
  const points = sizeOf(sizes)
  return loadsOf(exprs).filter(({ index }) => {
    const moved = new Set(index.flatMap(({ terms }) => terms.map(({ axis }) => axis)))
    return 2 * [...moved].reduce((n, axis) => n * (sizes[axis] ?? 1), 1) >= points
  })
}
