/**
 * grad and valueAndGrad: the pullback of a scalar function at 1.
 *
 * Layer: transform.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, treeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { checkPromise, type Flat } from '../core/program.ts'
import type { Check, ScalarOnly } from '../core/shape-types.ts'
import { isTensor, scalarLike, showType } from '../core/tensor.ts'
import { flatten, flattenWithPaths, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { zerosOf } from '../ops/define.ts'
import { type Arguments, liftArguments, requireFunction, type TensorTree } from './arguments.ts'
import { vjpFlat } from './vjp.ts'

/** Which arguments to differentiate in: one position (0 by default) or several. */
export type Argnums = number | readonly number[]

/** The gradient's type: that of the argument, or a tuple for several. */
export type GradOf<Args extends readonly unknown[], N extends Argnums> = N extends number
  ? TensorTree<Args[N]>
  : N extends readonly number[]
    ? { readonly [K in keyof N]: N[K] extends number ? TensorTree<Args[N[K]]> : never }
    : never

const positions = (argnums: Argnums, count: number): readonly number[] => {
  const list = typeof argnums === 'number' ? [argnums] : argnums
  const wrong = list.find(i => !Number.isInteger(i) || i < 0 || i >= count)
  return wrong === undefined && new Set(list).size === list.length && list.length > 0
    ? list
    : fail(
        valueError(
          'grad',
          `argnums ${JSON.stringify(argnums)} do not name different ones of ${count} arguments, counted from 0`,
        ),
      )
}

const checkScalar = (y: unknown): Tensor => {
  if (!isTensor(y))
    return fail(
      treeError('grad', `the function must return a scalar tensor (with aux: true, [scalar, aux]), got ${describe(y)}`),
    )
  if (y.shape.length > 0)
    return fail(
      shapeError(
        'grad',
        `the function must return a scalar, got ${showType(y)}: reduce it, for example with sum or mean, or use vjp`,
      ),
    )
  if (!isFloat(y.dtype)) return fail(dtypeError('grad', `the function must return a float, got ${showType(y)}`))
  return y
}

const checkLeaf = (name: string, x: unknown): void => {
  if (!isTensor(x)) fail(treeError('grad', `${name} is ${describe(x)}, not a tensor`))
  else if (!isFloat(x.dtype))
    fail(
      dtypeError(
        'grad',
        `${name} is ${showType(x)}, which has no derivative: cast it to float32, or leave it out of argnums`,
      ),
    )
}

/** The leaves to differentiate in, each a float tensor. */
const differentiable = (args: readonly unknown[], list: readonly number[]) => {
  const lifted = list.map(i => liftArguments(args[i]))
  lifted.forEach((tree, k) => {
    for (const { path, value } of flattenWithPaths(tree)[0]) checkLeaf(`argument[${list[k]}]${path}`, value)
  })
  return tensorsOf('grad', 'argument', lifted)
}

type Evaluated = { readonly value: Tensor; readonly aux: unknown; readonly gradient: unknown }

const pairOf = (y: unknown): readonly [unknown, unknown] =>
  Array.isArray(y) && y.length === 2
    ? [y[0], y[1]]
    : fail(treeError('grad', `with aux: true the function must return [scalar, aux], got ${describe(y)}`))

const evaluate = (
  f: (...args: readonly unknown[]) => unknown,
  options: GradOptions,
  args: readonly unknown[],
): Evaluated => {
  requireFunction('grad', f)
  const { argnums = 0, aux: hasAux = false } = requireOptions('grad', options, ['argnums', 'aux'])
  const list = positions(argnums, args.length)
  const [xs, shape] = differentiable(args, list)
  let restore: (tensors: readonly Tensor[]) => unknown = () => undefined
  const flat: Flat = (...inputs) => {
    const picked = unflatten<readonly unknown[]>(shape, inputs)
    const y = f(...args.map((arg, i) => (list.includes(i) ? picked[list.indexOf(i)] : arg)))
    checkPromise('grad', y)
    const [loss, aux] = hasAux ? pairOf(y) : [y, []]
    checkPromise('grad', loss)
    const [leaves, auxShape] = flatten(aux)
    const tensors = leaves.filter(isTensor)
    restore = values =>
      unflatten(
        auxShape,
        leaves.map(x => (isTensor(x) ? values[tensors.indexOf(x)] : x)),
      )
    return [checkScalar(loss), ...tensors]
  }
  const [[value, ...auxValues], pullback] = vjpFlat(flat, xs, 'grad')
  const y = value as Tensor
  const cts = pullback([scalarLike(1, y.dtype)]).map((ct, i) => ct ?? zerosOf(xs[i] as Tensor))
  const gradients = unflatten<readonly unknown[]>(shape, cts)
  return { value: y, aux: restore(auxValues), gradient: typeof argnums === 'number' ? gradients[0] : gradients }
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

/**
 * The gradient of a scalar function, in reverse mode: a function of the same arguments whose result has the structure,
 * shapes and dtypes of argument `argnums` (a list of them for a list). Arguments are trees of tensors; numbers stand for
 * float32 scalars. Other arguments are passed on untouched.
 *
 * With `aux: true` f returns [scalar, aux], and the result is [gradient, aux].
 * @throws ShapeError unless f returns a scalar; DtypeError unless it and the arguments are floats; TreeError for leaves that are no tensors
 * @example
 * grad((x: Tensor) => sum(square(x)))(tensor([1, 2])) // [2, 4]
 */
export const grad: Differentiate<'grad', 'gradAux'> = (<N extends Argnums>(
  f: Erased,
  options: GradOptions & { argnums?: N } = {},
) =>
  (...args: readonly unknown[]) => {
    const { aux, gradient } = evaluate(f, options, args)
    return options.aux === true ? [gradient, aux] : gradient
  }) as unknown as Differentiate<'grad', 'gradAux'>

/**
 * The value of a scalar function together with its gradient: `[value, gradient]`; with `aux: true`, `[[value, aux], gradient]`.
 * See `grad`.
 */
export const valueAndGrad: Differentiate<'value', 'valueAux'> = (<N extends Argnums>(
  f: Erased,
  options: GradOptions & { argnums?: N } = {},
) =>
  (...args: readonly unknown[]) => {
    const { value, aux, gradient } = evaluate(f, options, args)
    return [options.aux === true ? [value, aux] : value, gradient]
  }) as unknown as Differentiate<'value', 'valueAux'>
