/**
 * Expression graphs as lists: equal nodes made one, and an order in which operands come first.
 *
 * Layer: backend. Graphs may be thousands of nodes deep, so nothing here recurses. Read next: expr.ts.
 */
import { type Expr, type Load, operands } from '../../../core/kernel.ts'

/** The nodes of some graphs, each once, operands before their users; without those that are `known`, and what only they need. */
export const inOrder = (roots: readonly Expr[], known: (node: Expr) => boolean = () => false): readonly Expr[] => {
  const order: Expr[] = []
  const done = new Set<Expr>()
  const stack = roots.filter(root => !known(root)).reverse()
  while (stack.length > 0) {
    const height = stack.length
    const node = stack[height - 1] as Expr
    if (done.has(node)) {
      stack.pop()
      continue
    }
    const before = operands(node)
    for (let i = before.length - 1; i >= 0; i--) {
      const operand = before[i] as Expr
      if (!done.has(operand) && !known(operand)) stack.push(operand)
    }
    if (stack.length > height) continue
    stack.pop()
    done.add(node)
    order.push(node)
  }
  return order
}

const loadKey = ({ input, dtype, view, index, fill }: Load): string => {
  const coordinates = index.map(
    ({ offset, terms, divisor }) => `${offset}/${divisor}${terms.map(({ axis, by }) => `+${by}*${axis}`).join('')}`,
  )
  return `${input} ${dtype} ${view} ${fill} ${coordinates}`
}

/** A node but for its operands, as text. */
const headOf = (node: Expr): string => {
  switch (node.tag) {
    case 'const':
      return `${node.dtype} ${Object.is(node.value, -0) ? '-0' : node.value}`
    case 'iota':
      return `iota ${node.axis}`
    case 'stage':
      return `stage ${node.stage}`
    case 'load':
      return `load ${loadKey(node)}`
    case 'loadAt':
      return `gather ${node.input} ${node.dtype} ${node.view} ${node.fill}`
    case 'apply':
      return node.fn
    case 'select':
      return '?'
    case 'cast':
      return `as ${node.dtype}`
  }
}

/** A node with other operands, in the order of `operands`. */
export const withOperands = (node: Expr, next: (operand: Expr) => Expr): Expr => {
  if (operands(node).every(operand => next(operand) === operand)) return node
  switch (node.tag) {
    case 'const':
    case 'iota':
    case 'load':
    case 'stage':
      return node
    case 'loadAt':
      return { ...node, index: node.index.map(next) }
    case 'apply':
      return { ...node, args: node.args.map(next) }
    case 'select':
      return {
        ...node,
        condition: next(node.condition),
        onTrue: next(node.onTrue),
        onFalse: next(node.onFalse),
      }
    case 'cast':
      return { ...node, value: next(node.value) }
  }
}

/** Nodes of which each is unlike all others, by what makes them so. */
export type Known = { readonly nodes: Map<string, Expr>; readonly numbers: Map<Expr, number> }

/** No nodes yet. */
export const noNodes = (): Known => ({ nodes: new Map(), numbers: new Map() })

/**
 * The same expressions with structurally equal nodes made one, also among those of other calls with the same `known`. `replace` may put
 * another expression in the place of a leaf.
 */
export const canonical = (
  roots: readonly Expr[],
  replace: (leaf: Expr) => Expr = leaf => leaf,
  { nodes, numbers }: Known = noNodes(),
): readonly Expr[] => {
  const results = new Map<Expr, Expr>()
  const next = (node: Expr): Expr => results.get(node) ?? node
  const numberOf = (node: Expr): number => {
    const found = numbers.get(node) ?? numbers.size
    numbers.set(node, found)
    return found
  }
  for (const node of inOrder(roots)) {
    const replaced = replace(node)
    if (replaced !== node) {
      results.set(node, replaced)
      continue
    }
    const key = `${headOf(node)} ${operands(node).map(operand => numberOf(next(operand)))}`
    const found = nodes.get(key) ?? withOperands(node, next)
    nodes.set(key, found)
    results.set(node, found)
  }
  return roots.map(next)
}
