/**
 * Forward mode: values travel with their tangents.
 *
 * Layer: transform. Source: dual numbers; the trace carries (primal, tangent), where a missing tangent is zero.
 */
import { fail, ruleError, treeError } from '../core/errors.ts'
import { checkOutputs, type Flat } from '../core/program.ts'
import { typeOf } from '../core/tensor.ts'
import { bind, type Scope, withTrace } from '../core/trace.ts'
import { flattenWithPaths, sameTree, tensorsOf, unflatten } from '../core/tree.ts'
import type { Maybe, Operation, Params, Tensor } from '../core/types.ts'
import { weakAs } from '../core/weak.ts'
import { cast } from '../ops/comparison.ts'
import { zerosOf } from '../ops/define.ts'
import { type Arguments, checkLike, flattenFunction, liftArguments, liftLike } from './arguments.ts'

type Dual = { readonly primal: Tensor; readonly tangent: Tensor }

const valuesAndTangents = (
  op: Operation,
  params: Params,
  primals: readonly Tensor[],
  tangents: readonly Maybe[],
): readonly [readonly Tensor[], readonly Maybe[]] => {
  const ys = bind(op, params, ...primals)
  if (op.constant) return [ys, []]
  if (op.jvp === undefined) return fail(ruleError(op.name, 'has no forward-mode derivative'))
  return [ys, op.jvp(params, primals, tangents, ys)]
}

const forward = (scope: Scope<Dual>, op: Operation, params: Params, args: readonly Tensor[]): readonly Tensor[] => {
  const duals = args.map(scope.open)
  const primals = args.map((x, i) => duals[i]?.primal ?? x)
  const tangents = duals.map((dual): Maybe => dual?.tangent ?? null)
  const [ys, dys] = op.dual?.(params, primals, tangents) ?? valuesAndTangents(op, params, primals, tangents)
  return ys.map((y, i) => {
    const tangent = dys[i] ?? null
    return tangent === null ? y : scope.wrap(typeOf(y), { primal: y, tangent }, y)
  })
}

/** `jvp` on flat lists; a missing tangent, in or out, is zero. */
export const jvpFlat = (
  f: Flat,
  primals: readonly Tensor[],
  tangents: readonly Maybe[],
): readonly [readonly Tensor[], readonly Maybe[]] =>
  withTrace<Dual, readonly [readonly Tensor[], readonly Maybe[]]>(
    'jvp',
    scope => (op, params, args) => forward(scope, op, params, args),
    scope => {
      const wrapped = (primal: Tensor, tangent: Tensor): Tensor =>
        scope.wrap(typeOf(primal), { primal, tangent }, primal)
      const inputs = primals.map((primal, i) => {
        const tangent = tangents[i] ?? null
        if (tangent === null) return primal
        const input = wrapped(primal, tangent)
        return weakAs(input, primal, other => wrapped(other, cast(other.dtype)(tangent)))
      })
      const outputs = checkOutputs('jvp', f(...inputs))
      return [outputs.map(y => scope.open(y)?.primal ?? y), outputs.map(y => scope.open(y)?.tangent ?? null)]
    },
  )

/**
 * The value of f and its derivative in a direction: f: (…args) -> y gives (args, tangents) -> [y, dy].
 *
 * Tangents have the structure, shapes and dtypes of the arguments; those of int32 and bool leaves are ignored, since these
 * have no derivative. Output tangents of int32 and bool leaves are zeros.
 * @throws TreeError, ShapeError or DtypeError when tangents do not match the arguments
 * @example
 * jvp((x: Tensor) => sin(x))([0], [1]) // [0, 1]
 */
export const jvp =
  <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  (primals: Arguments<Args>, tangents: Arguments<Args>): readonly [Y, Y] => {
    if (!Array.isArray(primals) || !Array.isArray(tangents))
      return fail(treeError('jvp', 'takes the arguments and the tangents as two lists: jvp(f)([x], [dx])'))
    const [xs, shape] = tensorsOf('jvp', 'argument', liftArguments(primals))
    const lifted = liftLike(tangents, xs)
    const [ts, other] = tensorsOf('jvp', 'tangent', lifted)
    sameTree('jvp', shape, other)
    const [leaves] = flattenWithPaths(lifted)
    const checked = xs.map((x, i) => {
      const t = ts[i]
      return t === undefined
        ? fail(treeError('jvp', 'a tangent is missing'))
        : checkLike('jvp', `tangent${leaves[i]?.path}`, t, ['argument', x])
    })
    const { flat, outShape } = flattenFunction('jvp', f as (...args: readonly unknown[]) => unknown, shape)
    const [ys, dys] = jvpFlat(flat, xs, checked)
    const filled = dys.map((dy, i) => dy ?? zerosOf(ys[i] as Tensor))
    return [unflatten<Y>(outShape(), ys), unflatten<Y>(outShape(), filled)]
  }
