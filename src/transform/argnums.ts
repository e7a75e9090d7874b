/**
 * The arguments that a function is differentiated in.
 *
 * Layer: transform. Read next: grad.ts, jacobian.ts.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, treeError, valueError } from '../core/errors.ts'
import { checkPromise } from '../core/program.ts'
import { isTensor, showType } from '../core/tensor.ts'
import { flattenWithPaths, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { liftArguments, requireFunction, type TensorTree } from './arguments.ts'

/** Which arguments to differentiate in: one position (0 by default) or several. */
export type Argnums = number | readonly number[]

/** The gradient's type: that of the argument, or a tuple for several. */
export type GradOf<Args extends readonly unknown[], N extends Argnums> = N extends number
  ? TensorTree<Args[N]>
  : N extends readonly number[]
    ? { readonly [K in keyof N]: N[K] extends number ? TensorTree<Args[N[K]]> : never }
    : never

const positions = (op: string, argnums: Argnums, count: number): readonly number[] => {
  const list = typeof argnums === 'number' ? [argnums] : argnums
  if (!Array.isArray(list))
    return fail(valueError(op, `argnums is a number or a list of numbers, got ${describe(argnums)}`))
  const right = Array.from(list).every(i => Number.isInteger(i) && i >= 0 && i < count)
  return right && new Set(list).size === list.length && list.length > 0
    ? list
    : fail(
        valueError(
          op,
          `argnums ${JSON.stringify(argnums)} do not name different ones of ${count} arguments, counted from 0`,
        ),
      )
}

const checkLeaf = (op: string, name: string, x: unknown): void => {
  if (!isTensor(x)) fail(treeError(op, `${name} is ${describe(x)}, not a tensor`))
  else if (!isFloat(x.dtype))
    fail(
      dtypeError(
        op,
        `${name} is ${showType(x)}, which has no derivative: cast it to float32, or leave it out of argnums`,
      ),
    )
}

/** The leaves to differentiate in, each a float tensor. */
const differentiable = (op: string, args: readonly unknown[], list: readonly number[]) => {
  const lifted = list.map(i => liftArguments(args[i]))
  lifted.forEach((tree, k) => {
    for (const { path, value } of flattenWithPaths(tree)[0]) checkLeaf(op, `argument[${list[k]}]${path}`, value)
  })
  return tensorsOf(op, 'argument', lifted)
}

/** A function as one of the arguments that it is differentiated in. */
export type InArguments = {
  /** The leaves of these arguments. */
  readonly xs: readonly Tensor[]
  /** What the function gives with other leaves in their places; the other arguments are as they were. */
  readonly at: (leaves: readonly Tensor[]) => unknown
  /** Leaves put together as the argument is, or as a list of arguments where `argnums` is a list. */
  readonly together: (leaves: readonly unknown[]) => unknown
}

/** f, called with some arguments, as a function of those that `argnums` names. */
export const inArguments = (
  op: string,
  f: (...args: readonly unknown[]) => unknown,
  argnums: Argnums,
  args: readonly unknown[],
): InArguments => {
  requireFunction(op, f)
  const list = positions(op, argnums, args.length)
  const [xs, shape] = differentiable(op, args, list)
  return {
    xs,
    at: leaves => {
      const picked = unflatten<readonly unknown[]>(shape, leaves)
      const y = f(...args.map((arg, i) => (list.includes(i) ? picked[list.indexOf(i)] : arg)))
      checkPromise(op, y)
      return y
    },
    together: leaves => {
      const trees = unflatten<readonly unknown[]>(shape, leaves)
      return typeof argnums === 'number' ? trees[0] : trees
    },
  }
}
