/**
 * Expression graphs as lists: equal nodes made one, and an order in which operands come first.
 *
 * Layer: backend. Read next: expr.ts.
 */
import { type Expr, type Load, linearise, operands, withOperands } from '../../../core/kernel.ts'

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

/** All that there is to say about some expressions, as text. */
export const textOf = (exprs: readonly Expr[]): string => {
  const numbers = new Map<Expr, number>()
  const nodes = linearise(exprs).map(node => {
    numbers.set(node, numbers.size)
    return `${headOf(node)} ${operands(node).map(operand => numbers.get(operand))}`
  })
  return `${nodes.join(';')} ${exprs.map(expr => numbers.get(expr))}`
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
  for (const node of linearise(roots)) {
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
