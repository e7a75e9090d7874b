/**
 * Expressions as values to compute with: rewriting, composing with index maps, weighing.
 *
 * Layer: compile. An expression is a graph, in which a node that is used twice is computed once; nothing here loses that. Read
 * next: kernels.ts.
 */
import { type Affine, apply, constant, type Expr, iota, type Load, operands, type ScalarFn } from '../core/kernel.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { compose } from './affine.ts'

/** The node on other operands. */
const withOperands = (expr: Expr, f: (x: Expr) => Expr): Expr => {
  switch (expr.tag) {
    case 'const':
    case 'iota':
    case 'load':
    case 'stage':
      return expr
    case 'loadAt':
      return { ...expr, index: expr.index.map(f) }
    case 'apply':
      return { ...expr, args: expr.args.map(f) }
    case 'select':
      return { ...expr, condition: f(expr.condition), onTrue: f(expr.onTrue), onFalse: f(expr.onFalse) }
    case 'cast':
      return { ...expr, value: f(expr.value) }
  }
}

/** Replaces nodes from the leaves up, each once; `f` sees a node whose operands are done. */
export const rewriting = (f: (node: Expr) => Expr): ((expr: Expr) => Expr) => {
  const done = new Map<Expr, Expr>()
  const visit = (expr: Expr): Expr => {
    const known = done.get(expr)
    if (known !== undefined) return known
    const before = operands(expr)
    const after = before.map(visit)
    const changed = after.some((x, i) => x !== before[i])
    const result = f(changed ? withOperands(expr, x => done.get(x) ?? x) : expr)
    done.set(expr, result)
    return result
  }
  return visit
}

/** Most nodes of one kernel: beyond, making it takes longer than fusing saves. */
export const MOST_NODES = 300

/** Puts other numbers on inputs. */
export const renumbering = (at: (input: number) => number): ((expr: Expr) => Expr) =>
  rewriting(node => (node.tag === 'load' || node.tag === 'loadAt' ? { ...node, input: at(node.input) } : node))

/** An index map as an int32 expression. */
const asExpr = ({ offset, terms }: Affine): Expr => {
  const products = terms.map(({ axis, by }) =>
    by === 1 ? iota(axis) : apply('mul', iota(axis), constant('int32', by)),
  )
  const [first, ...others] = offset === 0 && products.length > 0 ? products : [constant('int32', offset), ...products]
  return others.reduce<Expr>((sum, product) => apply('add', sum, product), first ?? constant('int32', 0))
}

/** The expression at other coordinates: axis i becomes `coordinates[i]`, which divides by nothing. */
export const relocating = (coordinates: readonly Affine[]): ((expr: Expr) => Expr) => {
  if (coordinates.every(isAxis)) return expr => expr
  return rewriting(node => {
    if (node.tag === 'iota') return asExpr(coordinates[node.axis] as Affine)
    return node.tag === 'load' ? { ...node, index: node.index.map(affine => compose(affine, coordinates)) } : node
  })
}

const isAxis = ({ offset, terms, divisor }: Affine, axis: number): boolean =>
  offset === 0 && divisor === 1 && terms.length === 1 && terms[0]?.axis === axis && terms[0].by === 1

/** The key of a node whose operands have numbers. */
const keyOf = (node: Expr, number: (x: Expr) => number): string => {
  switch (node.tag) {
    case 'const':
      return `const ${node.dtype} ${Object.is(node.value, -0) ? '-0' : node.value}`
    case 'iota':
      return `iota ${node.axis}`
    case 'load':
      return `load ${node.dtype} ${node.input} ${node.view} ${node.fill} ${node.index.map(keyOfAffine).join(';')}`
    case 'stage':
      return `stage ${node.dtype} ${node.stage}`
    case 'loadAt':
      return `loadAt ${node.dtype} ${node.input} ${node.view} ${node.fill} ${node.index.map(number)}`
    case 'apply':
      return `${node.fn} ${node.dtype} ${node.args.map(number)}`
    case 'select':
      return `select ${number(node.condition)} ${number(node.onTrue)} ${number(node.onFalse)}`
    case 'cast':
      return `cast ${node.dtype} ${number(node.value)}`
  }
}

const keyOfAffine = ({ offset, terms, divisor }: Affine): string =>
  `${offset}/${divisor} ${terms.map(({ axis, by }) => `${axis}*${by}`)}`

/** Gives equal expressions one identity, within all that one such function is given. */
export const sharing = (): ((expr: Expr) => Expr) => {
  const byKey = new Map<string, Expr>()
  const numbers = new Map<Expr, number>()
  return rewriting(node => {
    const key = keyOf(node, x => numbers.get(x) ?? -1)
    const known = byKey.get(key) ?? node
    if (known === node) {
      byKey.set(key, node)
      numbers.set(node, numbers.size)
    }
    return known
  })
}

const knownNodes = new WeakMap<Expr, readonly Expr[]>()

/** The nodes of several expressions, each once, operands before their users. */
export const nodesOf = (exprs: readonly Expr[]): readonly Expr[] => {
  const [only] = exprs
  const known = only !== undefined && exprs.length === 1 ? knownNodes.get(only) : undefined
  if (known !== undefined) return known
  const order = new Set<Expr>()
  const visit = (node: Expr): void => {
    if (order.has(node)) return
    for (const operand of operands(node)) visit(operand)
    order.add(node)
  }
  for (const expr of exprs) visit(expr)
  const nodes = [...order]
  if (only !== undefined && exprs.length === 1) knownNodes.set(only, nodes)
  return nodes
}

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
      return dear.has(node.fn) ? 20 : middling.has(node.fn) ? 4 : 1
    case 'select':
      return 1
    case 'loadAt':
      return 4
    default:
      return 0
  }
}

/** What it costs to compute expressions at one point, in additions. */
export const weightOf = (exprs: readonly Expr[]): number =>
  nodesOf(exprs).reduce((sum, node) => sum + weightOfNode(node), 0)

/** The loads of expressions. */
export const loadsOf = (exprs: readonly Expr[]): readonly Load[] => nodesOf(exprs).filter(node => node.tag === 'load')

/** The loads that read another element at every point, or nearly: broadcast ones read few. */
export const fullLoads = (exprs: readonly Expr[], sizes: Shape): readonly Load[] => {
  const points = sizeOf(sizes)
  return loadsOf(exprs).filter(({ index }) => {
    const moved = new Set(index.flatMap(({ terms }) => terms.map(({ axis }) => axis)))
    return 2 * [...moved].reduce((n, axis) => n * (sizes[axis] ?? 1), 1) >= points
  })
}
