/**
 * `bind` sends an op to the innermost transformation among its arguments; without one, the op runs.
 *
 * A trace unwraps its own tracers only, and rebinds on what they carried: a carried value therefore holds tracers of
 * smaller serials alone, and a derivative with respect to an outer variable can never be taken for one with respect to
 * an inner one. That is the whole argument against perturbation confusion.
 *
 * Layer: core. Read next: program.ts, transform/.
 */
import { describe, fail, orThrow, traceError, valueError } from './errors.ts'
import { asValue, isTensor, tracer, typeOf } from './tensor.ts'
import type { Concrete, Operation, Params, Tensor, TensorType, Trace, Value } from './types.ts'

let serials = 0

/** Refuses a tracer whose transformation has ended. */
export const checkLive = (op: string, x: Tensor): void => {
  const value = asValue(x)
  if (value.tag === 'concrete' || value.trace.live) return
  fail(
    traceError(
      op,
      `got a value from inside a ${value.trace.kind} that has ended (an escaped tracer): return it from the transformed function instead of storing it outside`,
    ),
  )
}

const innermost = (op: string, args: readonly Tensor[]): Trace | null => {
  let found: Trace | null = null
  for (const arg of args) {
    if (!isTensor(arg)) return fail(valueError(op, `an argument is ${describe(arg)}; pass a tensor`))
    const value = asValue(arg)
    if (value.tag === 'concrete') continue
    const { trace } = value
    checkLive(op, value)
    if (found === null || trace.serial > found.serial) found = trace
  }
  return found
}

/** Applies an op: the one way in which ops are called. */
export const bind = <P extends Params>(op: Operation<P>, params: P, ...args: readonly Tensor[]): readonly Tensor[] => {
  const trace = innermost(op.name, args)
  const outs = orThrow(op.infer(params, args))
  return trace === null
    ? op.evaluate(params, args as readonly Concrete[], outs)
    : trace.process(op as unknown as Operation, params, args, outs)
}

/** Applies an op that has one output. */
export const bind1 = <P extends Params>(op: Operation<P>, params: P, ...args: readonly Tensor[]): Tensor => {
  const [y] = bind(op, params, ...args)
  return y ?? fail(traceError(op.name, 'gave no output'))
}

/** What a trace can do with its own tracers, whose carried value is a `C`. */
export type Scope<C> = {
  readonly kind: string
  /** A tracer of this trace. `primal` is its value where that is known. */
  readonly wrap: (type: TensorType, carried: C, primal: Tensor | null) => Tensor
  /** What a tracer of this trace carries; `undefined` for every other tensor. */
  readonly open: (x: Tensor) => C | undefined
}

type Process = Trace['process']

/** Runs `body` with a new trace open; `process` says what the trace does with an op. */
export const withTrace = <C, A>(
  kind: string,
  process: (scope: Scope<C>) => Process,
  body: (scope: Scope<C>) => A,
): A => {
  const scope: Scope<C> = {
    kind,
    wrap: (type, carried, primal) => tracer(trace, type, primal, carried),
    open: x => {
      const value: Value = asValue(x)
      return value.tag === 'tracer' && value.trace === trace ? (value.carried as C) : undefined
    },
  }
  const trace = { kind, serial: ++serials, live: true, process: process(scope) }
  try {
    return body(scope)
  } finally {
    trace.live = false
  }
}

/** The types of several tensors. */
export const typesOf = (xs: readonly Tensor[]): readonly TensorType[] => xs.map(typeOf)
