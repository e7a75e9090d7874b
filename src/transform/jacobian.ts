/**
 * Whole Jacobians and Hessians, and products with them.
 *
 * Layer: transform. A Jacobian is a jvp or a pullback mapped over the unit vectors: forward mode for few inputs, reverse mode for
 * few outputs. Of one tensor argument; for trees, concatenate or take one leaf at a time.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, treeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { sizeOf } from '../core/shape.ts'
import { isTensor, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { cast } from '../ops/comparison.ts'
import { eye } from '../ops/creation.ts'
import { moveAxis, reshape } from '../ops/movement.ts'
import { type Argument, type Arguments, liftArguments, requireFunction } from './arguments.ts'
import { grad } from './grad.ts'
import { jvp } from './jvp.ts'
import { vjp } from './vjp.ts'
import { vmap } from './vmap.ts'

type Plain = (x: Tensor) => Tensor

/** f as a function of its argument number `at`, and that argument. */
const inArgument = (
  op: string,
  f: (...args: readonly Tensor[]) => unknown,
  args: readonly unknown[],
  options: JacobianOptions,
): readonly [Plain, Tensor] => {
  requireFunction(op, f)
  const { argnum: at = 0 } = requireOptions(op, options, ['argnum'])
  const lifted = liftArguments(args) as readonly Tensor[]
  const x = lifted[at]
  if (!isTensor(x))
    return fail(treeError(op, `argument ${at} is ${describe(x)}; it differentiates in one tensor, named by argnum`))
  if (!isFloat(x.dtype))
    return fail(dtypeError(op, `argument ${at} is ${showType(x)}, which has no derivative: cast it`))
  const g: Plain = v => {
    const y = f(...lifted.map((arg, i) => (i === at ? v : arg)))
    if (!isTensor(y)) return fail(treeError(op, `the function must return one tensor, got ${describe(y)}`))
    return y
  }
  return [g, x]
}

/** The unit vectors of a shape: [n, …shape]. */
const units = (x: Tensor): Tensor => {
  const n = sizeOf(x.shape)
  return reshape([n, ...x.shape])(cast(x.dtype)(eye(n) as Tensor))
}

const requireFloat = (op: string, y: Tensor): void => {
  if (!isFloat(y.dtype)) fail(dtypeError(op, `the function must return a float, got ${showType(y)}`))
}

/** Which argument to differentiate in; the first by default. */
export type JacobianOptions = { readonly argnum?: number }

type Jacobian = <Args extends readonly unknown[]>(
  f: (...args: Args) => Tensor,
  options?: JacobianOptions,
) => (...args: Arguments<Args>) => Tensor

type Erased = (...args: readonly Tensor[]) => unknown

/**
 * The Jacobian by forward mode: f: x -> y gives [...y's shape, ...x's shape], one pass for each element of x, all at once. For
 * functions of few inputs. As `jax.jacfwd`.
 * @throws TreeError unless f takes a tensor there and returns one; DtypeError unless the argument is a float
 * @example
 * jacfwd((x: Tensor) => square(x))(tensor([1, 2])) // [[2, 0], [0, 4]]
 */
export const jacfwd: Jacobian =
  (f, options = {}) =>
  (...args) => {
    const [g, x] = inArgument('jacfwd', f as unknown as Erased, args, options)
    const columns = vmap((t: Tensor) => {
      const [y, dy] = jvp(g)([x], [t])
      requireFloat('jacfwd', y)
      return dy
    })(units(x)) as Tensor
    const shape = columns.shape.slice(1)
    return reshape([...shape, ...x.shape])(moveAxis(0, shape.length as number)(columns) as Tensor) as Tensor
  }

/**
 * The Jacobian by reverse mode: f: x -> y gives [...y's shape, ...x's shape], one pass for each element of y, all at once. For
 * functions of few outputs. As `jax.jacrev`.
 * @throws TreeError unless f takes a tensor there and returns one; DtypeError unless argument and result are floats
 * @example
 * jacrev((x: Tensor) => square(x))(tensor([1, 2])) // [[2, 0], [0, 4]]
 */
export const jacrev: Jacobian =
  (f, options = {}) =>
  (...args) => {
    const [g, x] = inArgument('jacrev', f as unknown as Erased, args, options)
    const [y, pullback] = vjp(g)(x)
    requireFloat('jacrev', y)
    const rows = vmap((ct: Tensor) => (pullback as (ct: Tensor) => readonly [Tensor])(ct)[0])(units(y)) as Tensor
    return reshape([...y.shape, ...x.shape])(rows) as Tensor
  }

/**
 * The Hessian of a scalar function: f: x -> scalar gives [...x's shape, ...x's shape], by forward over reverse mode. As
 * `jax.hessian`.
 * @throws ShapeError unless f returns a scalar; errors as `jacfwd`
 * @example
 * hessian((x: Tensor) => sum(mul(square(x), x)))(tensor([1, 2])) // [[6, 0], [0, 12]]
 */
export const hessian: Jacobian =
  (f, options = {}) =>
  (...args) => {
    const [g, x] = inArgument('hessian', f as unknown as Erased, args, options)
    return jacfwd(grad(g) as (x: Tensor) => Tensor)(x)
  }

/**
 * The product of the Hessian of a scalar function with a direction, without the Hessian: forward over reverse mode, at a small
 * multiple of the cost of f. Arguments and directions are trees; the result is a tree like the first argument.
 *
 * Pearlmutter (1994), "Fast exact multiplication by the Hessian".
 * @throws ShapeError unless f returns a scalar; errors as `jvp` when the direction does not match
 * @example
 * hvp((x: Tensor) => sum(mul(square(x), x)))(tensor([1, 2]), tensor([1, 1])) // [6, 12]
 */
export const hvp =
  <X>(f: (x: X) => Tensor) =>
  (x: Argument<X>, direction: Argument<X>): X => {
    const gradient = grad(f as (x: unknown) => Tensor) as (x: unknown) => unknown
    return jvp(gradient)([x] as never, [direction] as never)[1] as X
  }
