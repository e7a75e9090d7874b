/**
 * Reverse mode: values leave a tape, which a pullback walks backwards.
 *
 * Layer: transform. Read first: linear.ts. Tracers carry their value and their place on the tape; what the tape holds are
 * values with tracers of outer transformations only, so a pullback can be called after the trace has ended, and traced itself.
 */
import { isFloat } from '../core/dtype.ts'
import { fail, ruleError } from '../core/errors.ts'
import { checkOutputs, type Flat, record } from '../core/program.ts'
import type { Check, SameShape, ShapeOf } from '../core/shape-types.ts'
import { typeOf } from '../core/tensor.ts'
import { bind, type Scope, typesOf, withTrace } from '../core/trace.ts'
import { flattenWithPaths, sameTree, tensorsOf, unflatten } from '../core/tree.ts'
import type { Maybe, Operation, Params, Pullback, Tensor } from '../core/types.ts'
import { weakAs } from '../core/weak.ts'
import { cast } from '../ops/comparison.ts'
import { zerosOf } from '../ops/define.ts'
import { add } from '../ops/elementwise.ts'
import { type Arguments, checkLike, flattenFunction, liftArguments, liftLike, type TensorTree } from './arguments.ts'
import { transposeProgram } from './linear.ts'

type Carried = { readonly value: Tensor; readonly place: number }
/** One step on the tape: its pullback, and the places of its arguments (-1 for constants) and results. */
type Step = { readonly pullback: Pullback; readonly args: readonly number[]; readonly outs: readonly number[] }

/** The pullback of an op at known arguments, in those that are active: its jvp rule, recorded and transposed. */
const pullbackOf = (
  op: Operation,
  params: Params,
  values: readonly Tensor[],
  active: readonly boolean[],
  outs: readonly Tensor[],
): Pullback => {
  const { jvp } = op
  if (jvp === undefined) return fail(ruleError(op.name, 'has no derivative that could be transposed'))
  const places = active.flatMap((isActive, i) => (isActive ? [i] : []))
  return cts => {
    let nonZero: readonly boolean[] = []
    const rule: Flat = (...ts) => {
      const tangents = values.map((_, i): Maybe => (active[i] ? (ts[places.indexOf(i)] ?? null) : null))
      const dys = jvp(params, values, tangents, outs)
      nonZero = outs.map((_, i) => (dys[i] ?? null) !== null)
      return dys.filter((dy): dy is Tensor => dy !== null)
    }
    const program = record(rule, typesOf(places.map(i => values[i] as Tensor)), 'vjp')
    const wanted = cts.filter((_, i) => nonZero[i])
    const results = transposeProgram(program, wanted)
    return values.map((_, i): Maybe => (active[i] ? (results[places.indexOf(i)] ?? null) : null))
  }
}

const backward = (tape: readonly Step[], cotangents: Map<number, Tensor>): void => {
  const accumulate = (place: number, ct: Tensor): void => {
    const sum = cotangents.get(place)
    cotangents.set(place, sum === undefined ? ct : add(sum, ct))
  }
  for (let s = tape.length - 1; s >= 0; s--) {
    const { pullback, args, outs } = tape[s] as Step
    const cts = outs.map((place): Maybe => cotangents.get(place) ?? null)
    if (cts.every(ct => ct === null)) continue
    for (const place of outs) cotangents.delete(place)
    pullback(cts).forEach((ct, i) => {
      const place = args[i] ?? -1
      if (ct !== null && place >= 0) accumulate(place, ct)
    })
  }
}

/** `vjp` on flat lists: the values, and a pullback in which a missing cotangent is zero. */
export const vjpFlat = (f: Flat, inputs: readonly Tensor[], kind = 'vjp'): readonly [readonly Tensor[], Pullback] => {
  const tape: Step[] = []
  let places = 0
  const forward = (
    scope: Scope<Carried>,
    op: Operation,
    params: Params,
    args: readonly Tensor[],
  ): readonly Tensor[] => {
    const carried = args.map(scope.open)
    const values = args.map((x, i) => carried[i]?.value ?? x)
    const active = carried.map(c => c !== undefined)
    const outs = op.vjp?.(params, values, active)
    const ys = outs?.[0] ?? bind(op, params, ...values)
    if (op.constant) return ys
    const pullback = outs?.[1] ?? pullbackOf(op, params, values, active, ys)
    const start = places
    places += ys.length
    const results = ys.map((y, i) => (isFloat(y.dtype) ? start + i : -1))
    tape.push({ pullback, args: carried.map(c => c?.place ?? -1), outs: results })
    return ys.map((y, i) => (isFloat(y.dtype) ? scope.wrap(typeOf(y), { value: y, place: start + i }, y) : y))
  }
  return withTrace<Carried, readonly [readonly Tensor[], Pullback]>(
    kind,
    scope => (op, params, args) => forward(scope, op, params, args),
    scope => {
      const first = places
      places += inputs.length
      // Where on the tape a number has been read in another dtype.
      const readings: { readonly input: number; readonly place: number }[] = []
      const wrapped = (value: Tensor, place: number): Tensor => scope.wrap(typeOf(value), { value, place }, value)
      const tracers = inputs.map((x, i) => {
        if (!isFloat(x.dtype)) return x
        return weakAs(wrapped(x, first + i), x, other => {
          readings.push({ input: i, place: places })
          return wrapped(other, places++)
        })
      })
      const outputs = checkOutputs(kind, f(...tracers))
      const ends = outputs.map(scope.open)
      const pullback: Pullback = cts => {
        const cotangents = new Map<number, Tensor>()
        ends.forEach((end, i) => {
          const ct = cts[i] ?? null
          if (end === undefined || ct === null) return
          const sum = cotangents.get(end.place)
          cotangents.set(end.place, sum === undefined ? ct : add(sum, ct))
        })
        backward(tape, cotangents)
        for (const { input, place } of readings) {
          const ct = cotangents.get(place)
          if (ct === undefined) continue
          const own = cast((inputs[input] as Tensor).dtype)(ct)
          const sum = cotangents.get(first + input)
          cotangents.set(first + input, sum === undefined ? own : add(sum, own))
        }
        return inputs.map((_, i) => cotangents.get(first + i) ?? null)
      }
      return [outputs.map((y, i) => ends[i]?.value ?? y), pullback]
    },
  )
}

/** A tree like Y of tensors whose shapes are not looked at, and of numbers. */
type Loosely<Y> = [Y] extends [Tensor] ? Tensor | number : { readonly [K in keyof Y]: Loosely<Y[K]> }

/** From a cotangent of y to those of the arguments. */
type PullbackOf<Y, Xs> = <C extends Loosely<Y>>(
  ct: [Y] extends [Tensor<infer S>] ? Check<SameShape<'vjp', 'cotangent', S, ShapeOf<C>>, C> : C,
) => Xs

type PulledBack<Args extends readonly unknown[], Y> = <const A extends Arguments<Args>>(
  ...args: A
) => readonly [Y, PullbackOf<Y, TensorTree<A>>]

/**
 * The value of f and its pullback: vjp(f)(…args) is [y, ct => cotangents of args].
 *
 * The cotangent has the structure, shapes and dtypes of y; the result is a list with one tree for each argument. Leaves of
 * int32 and bool have no derivative: their cotangents are zeros. The pullback is linear, and can itself be transformed.
 * @throws TreeError, ShapeError or DtypeError when the cotangent does not match y
 * @example
 * const [y, pullback] = vjp((x: Tensor) => square(x))(tensor([1, 2]))
 * pullback(onesLike(y)) // [[2, 4]]
 */
export const vjp = <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  ((...args: readonly unknown[]): readonly [unknown, (ct: unknown) => unknown] => {
    const [xs, shape] = tensorsOf('vjp', 'argument', liftArguments(args))
    const { flat, outShape } = flattenFunction('vjp', f as (...args: readonly unknown[]) => unknown, shape)
    const [ys, pullback] = vjpFlat(flat, xs)
    const structure = outShape()
    return [
      unflatten(structure, ys),
      ct => {
        const lifted = liftLike(ct, ys)
        const [cts, other] = tensorsOf('vjp', 'cotangent', lifted)
        sameTree('vjp', structure, other)
        const [leaves] = flattenWithPaths(lifted)
        const checked = cts.map((c, i) =>
          checkLike('vjp', `cotangent${leaves[i]?.path}`, c, ['output', ys[i] as Tensor]),
        )
        return unflatten(
          shape,
          pullback(checked).map((x, i) => x ?? zerosOf(xs[i] as Tensor)),
        )
      },
    ]
  }) as unknown as PulledBack<Args, Y>
