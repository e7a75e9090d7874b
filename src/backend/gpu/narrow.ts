/**
 * Expressions that read too many arrays for one kernel, in parts that do not.
 *
 * Layer: backend. A part becomes an array of its own, which the rest loads in place of what it was made from. Read next: source.ts.
 */
import { along, type Expr, linearise, load, operands, withOperands } from '../../core/kernel.ts'
import type { Shape } from '../../core/shape.ts'
import { MOST_INPUTS } from './gpu-kernel.ts'
import { MADE } from './writer.ts'

/** What an expression reads: numbers of inputs, and negative ones for stages. */
export const readsOf = (...exprs: readonly Expr[]): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const expr of exprs)
    for (const node of linearise([expr]))
      if (node.tag === 'load' || node.tag === 'loadAt') found.add(node.input)
      else if (node.tag === 'stage') found.add(-1 - node.stage)
  return found
}

/** An array that a kernel has made at all points of some axes, in their order. */
export const loadMade = (expr: Expr, kernel: number, axes: Shape): Expr =>
  load(
    MADE + kernel,
    expr.dtype,
    axes,
    axes.map((_, axis) => along(axis)),
  )

/** The operand that reads most arrays. */
const widest = (expr: Expr): Expr | undefined =>
  operands(expr)
    .filter(operand => readsOf(operand).size > 1)
    .reduce<Expr | undefined>(
      (most, operand) => (most === undefined || readsOf(operand).size > readsOf(most).size ? operand : most),
      undefined,
    )

/**
 * An expression that means the same and reads no more arrays than a kernel may. `make` computes a part at all points and returns the
 * load of what it has made; it is asked for each node at most once.
 */
export const narrowed = (expr: Expr, make: (part: Expr) => Expr): Expr => {
  const done = new Map<Expr, Expr>()
  const narrow = (node: Expr): Expr => {
    const known = done.get(node)
    if (known !== undefined) return known
    let now = readsOf(node).size > MOST_INPUTS ? withOperands(node, narrow) : node
    while (readsOf(now).size > MOST_INPUTS) {
      const part = widest(now)
      if (part === undefined) break
      const made = make(part)
      now = withOperands(now, operand => (operand === part ? made : operand))
    }
    done.set(node, now)
    return now
  }
  return narrow(expr)
}
