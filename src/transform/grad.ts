/**
 * grad and valueAndGrad: the pullback of a scalar function at 1.
 *
 * Layer: transform.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, treeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { checkPromise, type Flat } from '../core/program.ts'
import type { Check, ScalarOnly } from '../core/shape-types.ts'
import { isTensor, scalarLike, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { zerosOf } from '../ops/define.ts'
import { type Argnums, type GradOf, inArguments } from './argnums.ts'
import { type Arguments, requireFunction } from './arguments.ts'
import { type WithAux, withAux } from './aux.ts'
import { vjpFlat } from './vjp.ts'

const checkScalar = (op: string, y: unknown): Tensor => {
  if (!isTensor(y))
    return fail(
      treeError(op, `the function must return a scalar tensor (with aux: true, [scalar, aux]), got ${describe(y)}`),
    )
  if (y.shape.length > 0)
    return fail(
      shapeError(
        op,
        `the function must return a scalar, got ${showType(y)}: reduce it, for example with sum or mean, or use vjp`,
      ),
    )
  if (!isFloat(y.dtype)) return fail(dtypeError(op, `the function must return a float, got ${showType(y)}`))
  return y
}

type Evaluated = { readonly value: Tensor; readonly aux: unknown; readonly gradient: unknown }

const evaluate = (
  op: string,
  f: (...args: readonly unknown[]) => unknown,
  options: GradOptions,
  args: readonly unknown[],
): Evaluated => {
  requireFunction(op, f)
  const { argnums = 0, aux: hasAux = false } = requireOptions(op, options, ['argnums', 'aux'])
  const { xs, at, together } = inArguments(op, f, argnums, args)
  let restore: WithAux['restore'] = () => undefined
  const flat: Flat = (...inputs) => {
    const found = withAux(op, at(inputs), hasAux, 'scalar')
    checkPromise(op, found.result)
    restore = found.restore
    return [checkScalar(op, found.result), ...found.tensors]
  }
  const [[value, ...auxValues], pullback] = vjpFlat(flat, xs, 'grad')
  const y = value as Tensor
  const cts = pullback([scalarLike(1, y.dtype)]).map((ct, i) => ct ?? zerosOf(xs[i] as Tensor))
  return { value: y, aux: restore(auxValues), gradient: together(cts) }
}

/** `argnums`: which arguments to differentiate in; `aux`: whether f returns [scalar, anything else]. */
export type GradOptions = { readonly argnums?: Argnums; readonly aux?: boolean }

/** What a function to differentiate returns: a scalar, as far as is known; else a message. */
type Loss<R> = [R] extends [Tensor<infer S>]
  ? Check<ScalarOnly<'grad', S>, R>
  : [R] extends [readonly [Tensor<infer S>, unknown]]
    ? Check<ScalarOnly<'grad', S>, 'grad: to return [scalar, aux], give the option aux: true'>
    : 'grad: the function must return a scalar tensor'

/** What comes with a gradient G: the value, and aux. */
type Returned<G, Aux> = {
  readonly grad: G
  readonly gradAux: readonly [G, Aux]
  readonly value: readonly [Tensor<readonly []>, G]
  readonly valueAux: readonly [readonly [Tensor<readonly []>, Aux], G]
}

/** A differentiated function. Its arguments may hold numbers for scalars, and the gradient has the shapes of what is passed. */
type Differentiated<Args extends readonly unknown[], N extends Argnums, How extends keyof Returned<0, 0>, Aux> = <
  const A extends Arguments<Args>,
>(
  ...args: A
) => Returned<GradOf<A, N>, Aux>[How]

interface Differentiate<Plain extends keyof Returned<0, 0>, WithAux extends keyof Returned<0, 0>> {
  <Args extends readonly unknown[], R, Aux, const N extends Argnums = 0>(
    f: (...args: Args) => readonly [Loss<R>, Aux],
    options: { readonly argnums?: N; readonly aux: true },
  ): Differentiated<Args, N, WithAux, Aux>
  <Args extends readonly unknown[], R, const N extends Argnums = 0>(
    f: (...args: Args) => Loss<R>,
    options?: { readonly argnums?: N; readonly aux?: false },
  ): Differentiated<Args, N, Plain, never>
}

type Erased = (...args: readonly unknown[]) => unknown

/** The gradient, with aux where there is one, in the name of another function. */
export const gradientIn =
  (op: string, f: Erased, options: GradOptions): Erased =>
  (...args) => {
    const { aux, gradient } = evaluate(op, f, options, args)
    return options.aux === true ? [gradient, aux] : gradient
  }

/**
 * The gradient of a scalar function, in reverse mode: a function of the same arguments whose result has the structure,
 * shapes and dtypes of argument `argnums` (a list of them for a list). Arguments are trees of tensors; numbers stand for
 * scalars, whose gradient is float32. Other arguments are passed on untouched.
 *
 * With `aux: true` f returns [scalar, aux], and the result is [gradient, aux].
 * @throws ShapeError unless f returns a scalar; DtypeError unless it and the arguments are floats; TreeError for leaves that are no tensors
 * @example
 * grad((x: Tensor) => sum(square(x)))(tensor([1, 2])) // [2, 4]
 */
export const grad: Differentiate<'grad', 'gradAux'> = (<N extends Argnums>(
  f: Erased,
  options: GradOptions & { argnums?: N } = {},
) => gradientIn('grad', f, options)) as unknown as Differentiate<'grad', 'gradAux'>

/**
 * The value of a scalar function together with its gradient: `[value, gradient]`; with `aux: true`, `[[value, aux], gradient]`.
 * See `grad`.
 */
export const valueAndGrad: Differentiate<'value', 'valueAux'> = (<N extends Argnums>(
  f: Erased,
  options: GradOptions & { argnums?: N } = {},
) =>
  (...args: readonly unknown[]) => {
    const { value, aux, gradient } = evaluate('valueAndGrad', f, options, args)
    return [options.aux === true ? [value, aux] : value, gradient]
  }) as unknown as Differentiate<'value', 'valueAux'>
