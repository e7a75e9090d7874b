/**
 * call and checkpoint: a function as one op.
 *
 * Layer: transform. Both run a program. They differ in reverse mode: `call` keeps what its derivative will need, `checkpoint`
 * keeps its arguments alone and runs again. Read first: derive.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { outputTypes, run } from '../core/program.ts'
import { bind, typesOf } from '../core/trace.ts'
import { unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor } from '../core/types.ts'
import { strong } from '../core/weak.ts'
import { type Arguments, liftArguments } from './arguments.ts'
import {
  dualProgram,
  filled,
  flattenArguments,
  floats,
  forwardProgram,
  pick,
  placed,
  pullback,
  recordBody,
  splitDual,
  vjpProgram,
  vmapProgram,
} from './derive.ts'

/** Params of an op that runs one program. */
export type Holding = { readonly program: Program }

type Rule<P extends Holding> = NonNullable<Operation<P>['vjp']>

/** What is an op's own among those that run one program; `hold` makes params for another program. */
type Kind<P extends Holding> = {
  readonly name: string
  readonly doc: string
  readonly hold: (program: Program) => P
  readonly evaluate: Operation<P>['evaluate']
  readonly vjp: Rule<P>
}

/** An op that runs one program, from what is its own. */
export const running = <P extends Holding>({ hold, ...own }: Kind<P>): Operation<P> => {
  const op: Operation<P> = {
    ...own,
    constant: false,
    infer: ({ program }) => E.right(outputTypes(program)),
    dual: ({ program }, xs, ts) => {
      const active = ts.map(t => t !== null)
      const dual = hold(dualProgram(program, active))
      return splitDual(bind(op, dual, ...xs, ...(pick(ts, active) as readonly Tensor[])), outputTypes(program))
    },
    batch: ({ program }, xs, batched, n) => bind(op, hold(vmapProgram(program, batched, n)), ...xs),
  }
  return op
}

type Bound = (program: Program, xs: readonly Tensor[]) => readonly Tensor[]

/** Reverse mode that keeps the arguments alone: runs the program one way, and once more for the way back. */
export const again =
  (forward: Bound, back: Bound): Rule<Holding> =>
  ({ program }, xs, active) => [
    forward(forwardProgram(program, active), xs),
    cts => {
      const outs = outputTypes(program)
      const given = pick(filled(cts, outs), floats(outs))
      return placed(active, back(vjpProgram(program, active), [...xs, ...given]))
    },
  ]

const held = (program: Program): Holding => ({ program })

/** Runs a program; its derivative uses values that the run has left. */
const callOp: Operation<Holding> = running({
  name: 'call',
  doc: 'Runs a program.',
  hold: held,
  evaluate: ({ program }, xs) => run(program)(...xs),
  vjp: ({ program }, xs, active) => {
    const [ys, back] = pullback(program, xs, active)
    return [ys, cts => placed(active, back(cts))]
  },
})

const checkpointOp: Operation<Holding> = running({
  name: 'checkpoint',
  doc: 'Runs a program, and again for its derivative.',
  hold: held,
  evaluate: ({ program }, xs) => run(program)(...xs),
  vjp: again(
    (program, xs) => bind(checkpointOp, held(program), ...xs),
    (program, xs) => bind(callOp, held(program), ...xs),
  ),
})

const asOp =
  (op: Operation<Holding>) =>
  <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  (...args: Arguments<Args>): Y => {
    const [xs, shape] = flattenArguments(op.name, liftArguments(args) as readonly unknown[])
    const { program, captured, outShape } = recordBody(op.name, f, shape, typesOf(xs), xs)
    return unflatten(outShape, bind(op, held(program), ...xs.map(strong), ...captured))
  }

/**
 * f as one op: traced on arguments of these shapes and dtypes, and run. In a printed program it is one equation with a program
 * of its own. Arguments and results are trees of tensors; tensors from outside that f uses become arguments too.
 * @throws TraceError when f reads a value, as `if` and `item` do, or returns a promise; TreeError for leaves that are no tensors
 * @example
 * call((x: Tensor) => sum(square(x)))(tensor([1, 2])) // 5
 */
export const call = asOp(callOp)

/**
 * f with less to remember (rematerialisation): in reverse mode only its arguments are kept, and f is run once more when its
 * derivative is wanted. The same values and gradients in less memory, for one more run.
 *
 * Chen, Xu, Zhang and Guestrin (2016), "Training deep nets with sublinear memory cost"; as `jax.checkpoint`.
 * @throws TraceError when f reads a value or returns a promise; TreeError for leaves that are no tensors
 * @example
 * grad((x: Tensor) => sum(checkpoint((y: Tensor) => square(square(y)))(x)))(tensor([1, 2])) // [4, 32]
 */
export const checkpoint = asOp(checkpointOp)
