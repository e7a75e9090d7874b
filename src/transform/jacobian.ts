/**
 * Whole Jacobians and Hessians, and products with them.
 *
 * Layer: transform. A Jacobian is a jvp or a pullback mapped over the unit vectors: forward mode for few inputs, reverse mode for
 * few outputs; of trees, leaf by leaf.
 */
import { isFloat } from '../core/dtype.ts'
import { dtypeError, fail, treeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Flat } from '../core/program.ts'
import { sizeOf } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { showType } from '../core/tensor.ts'
import { typesOf } from '../core/trace.ts'
import { type MapTree, type Tree, unflatten } from '../core/tree.ts'
import type { Maybe, Tensor } from '../core/types.ts'
import { isWeak } from '../core/weak.ts'
import { cast } from '../ops/comparison.ts'
import { eye } from '../ops/creation.ts'
import { moveAxis, reshape } from '../ops/movement.ts'
import { type Argnums, type GradOf, inArguments } from './argnums.ts'
import { type Argument, type Arguments, flattenFunction } from './arguments.ts'
import { withAux } from './aux.ts'
import { filled } from './derive.ts'
import { grad, gradientIn } from './grad.ts'
import { jvp, jvpFlat } from './jvp.ts'
import { vjpFlat } from './vjp.ts'
import { vmap } from './vmap.ts'

type Erased = (...args: readonly unknown[]) => unknown

/**
 * What is differentiated: a function of leaves, which gives results and the tensors of aux; `count` says how many of the former it
 * gave last, and `together` puts blocks, one for each result and leaf, and aux together.
 */
type Problem = {
  readonly xs: readonly Tensor[]
  readonly flat: Flat
  readonly count: () => number
  readonly together: (blocks: readonly (readonly Tensor[])[], aux: readonly Tensor[]) => unknown
}

const problemOf = (op: string, f: Erased, args: readonly unknown[], options: JacobianOptions): Problem => {
  const { argnums = 0, aux: hasAux = false } = requireOptions(op, options, ['argnums', 'aux'])
  const { xs, at, together } = inArguments(op, f, argnums, args)
  if (xs.length === 0) fail(treeError(op, 'there is no tensor in the arguments to differentiate in'))
  const leaves = { tag: 'array' as const, items: xs.map(() => ({ tag: 'leaf' as const })) }
  let found = withAux(op, undefined, false, 'result')
  let count = 0
  const body = (...inputs: readonly unknown[]): unknown => {
    found = withAux(op, at(inputs as readonly Tensor[]), hasAux, 'result')
    return found.result
  }
  const { flat, outShape } = flattenFunction(op, body, leaves)
  return {
    xs,
    flat: (...inputs) => {
      const ys = flat(...inputs).map(y => requireFloat(op, y))
      count = ys.length
      return [...ys, ...found.tensors]
    },
    count: () => count,
    together: (blocks, aux) => {
      const whole = unflatten(outShape(), blocks.map(together))
      return hasAux ? [whole, found.restore(aux)] : whole
    },
  }
}

const requireFloat = (op: string, y: Tensor): Tensor =>
  isFloat(y.dtype) ? y : fail(dtypeError(op, `the function must return a float, got ${showType(y)}`))

/** The unit vectors of a shape: [n, …shape]. */
const units = (x: Tensor): Tensor => {
  const n = sizeOf(x.shape)
  return reshape([n, ...x.shape])(cast(x.dtype)(eye(n) as Tensor))
}

/** A linear function of a tensor like x at all unit vectors: its results, with an axis of them in front. */
const atUnits = (x: Tensor, linear: (t: Tensor) => readonly Tensor[]): readonly Tensor[] =>
  vmap(linear)(units(x)) as readonly Tensor[]

/** In place i of n a tangent or cotangent, and none elsewhere. */
const alone = (n: number, i: number, t: Tensor): readonly Maybe[] =>
  Array.from({ length: n }, (_, k) => (k === i ? t : null))

const forwards = (op: string, f: Erased, args: readonly unknown[], options: JacobianOptions): unknown => {
  const { xs, flat, count, together } = problemOf(op, f, args, options)
  // Once more without tangents, since what is mapped over them comes out for each.
  const aux = options.aux === true ? flat(...xs).slice(count()) : []
  const columns = xs.map((x, k) =>
    atUnits(x, t => {
      const [ys, dys] = jvpFlat(flat, xs, alone(xs.length, k, t))
      return filled(dys, typesOf(ys)).slice(0, count())
    }),
  )
  const block = (column: Tensor, x: Tensor): Tensor => {
    const shape = column.shape.slice(1)
    const whole: Tensor = reshape([...shape, ...x.shape])(moveAxis(0, shape.length)(column))
    // As in reverse mode, the derivative in a number has its dtype, not that of the tensors it met.
    return isWeak(x) ? cast(x.dtype)(whole) : whole
  }
  const [first = []] = columns
  return together(
    first.map((_, o) => xs.map((x, k) => block(columns[k]?.[o] as Tensor, x))),
    aux,
  )
}

const backwards = (op: string, f: Erased, args: readonly unknown[], options: JacobianOptions): unknown => {
  const { xs, flat, count, together } = problemOf(op, f, args, options)
  const [all, pullback] = vjpFlat(flat, xs)
  const [ys, aux] = [all.slice(0, count()), all.slice(count())]
  const rows = ys.map((y, o) => atUnits(y, ct => filled(pullback(alone(all.length, o, ct)), typesOf(xs))))
  return together(
    rows.map((row, o) => xs.map((x, k) => reshape([...(ys[o] as Tensor).shape, ...x.shape])(row[k] as Tensor))),
    aux,
  )
}

/**
 * `argnums`: which arguments to differentiate in: the first, unless it says another, or a list of them; `aux`: whether the function
 * returns [result, anything else].
 */
export type JacobianOptions<N extends Argnums = Argnums> = { readonly argnums?: N; readonly aux?: boolean }

/** A tree like Y with a tree like X at each leaf, of the derivatives of the one in the other. */
export type JacobianOf<Y, X> = [Tree<Tensor>] extends [Y]
  ? Y
  : Y extends TensorLike
    ? MapTree<X, Tensor>
    : { readonly [K in keyof Y]: JacobianOf<Y[K], X> }

interface Jacobian {
  <Args extends readonly unknown[], Y, Aux, const N extends Argnums = 0>(
    f: (...args: Args) => readonly [Y, Aux],
    options: { readonly argnums?: N; readonly aux: true },
  ): (...args: Arguments<Args>) => readonly [JacobianOf<Y, GradOf<Args, N>>, Aux]
  <Args extends readonly unknown[], Y, const N extends Argnums = 0>(
    f: (...args: Args) => Y,
    options?: { readonly argnums?: N; readonly aux?: false },
  ): (...args: Arguments<Args>) => JacobianOf<Y, GradOf<Args, N>>
}

interface Hessian {
  <Args extends readonly unknown[], Aux, const N extends Argnums = 0>(
    f: (...args: Args) => readonly [Tensor, Aux],
    options: { readonly argnums?: N; readonly aux: true },
  ): (...args: Arguments<Args>) => readonly [JacobianOf<GradOf<Args, N>, GradOf<Args, N>>, Aux]
  <Args extends readonly unknown[], const N extends Argnums = 0>(
    f: (...args: Args) => Tensor,
    options?: { readonly argnums?: N; readonly aux?: false },
  ): (...args: Arguments<Args>) => JacobianOf<GradOf<Args, N>, GradOf<Args, N>>
}

/**
 * The Jacobian by forward mode: f: x -> y gives [...y's shape, ...x's shape], one pass for each element of x, all of a leaf at once.
 * For functions of few inputs. Of trees, a tree like y with a tree like x at each leaf; `argnums` as in `grad`, and the derivative in a
 * number is float32 as there. With `aux: true` f
 * returns [y, aux], and the result is [Jacobian, aux]. As `jax.jacfwd`.
 * @throws DtypeError unless arguments and results are floats; TreeError for leaves that are no tensors; ValueError for argnums that
 *   name no arguments
 * @example
 * jacfwd((x: Tensor) => square(x))(tensor([1, 2])) // [[2, 0], [0, 4]]
 */
export const jacfwd = ((f: Erased, options: JacobianOptions = {}) =>
  (...args: readonly unknown[]) =>
    forwards('jacfwd', f, args, options)) as unknown as Jacobian

/**
 * The Jacobian by reverse mode: f: x -> y gives [...y's shape, ...x's shape], one pass for each element of y, all of a leaf at once.
 * For functions of few outputs. Of trees as `jacfwd`. As `jax.jacrev`.
 * @throws as `jacfwd`
 * @example
 * jacrev((x: Tensor) => square(x))(tensor([1, 2])) // [[2, 0], [0, 4]]
 */
export const jacrev = ((f: Erased, options: JacobianOptions = {}) =>
  (...args: readonly unknown[]) =>
    backwards('jacrev', f, args, options)) as unknown as Jacobian

/**
 * The Hessian of a scalar function: f: x -> scalar gives [...x's shape, ...x's shape], by forward over reverse mode. Of trees, a
 * tree like x with a tree like x at each leaf: the blocks. As `jax.hessian`.
 * @throws ShapeError unless f returns a scalar; errors as `jacfwd`
 * @example
 * hessian((x: Tensor) => sum(mul(square(x), x)))(tensor([1, 2])) // [[6, 0], [0, 12]]
 */
export const hessian = ((f: Erased, options: JacobianOptions = {}) =>
  (...args: readonly unknown[]) =>
    forwards('hessian', gradientIn('hessian', f, options), args, options)) as unknown as Hessian

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
