/**
 * jit: a function traced once and compiled.
 *
 * Layer: transform. A jitted function is one op that holds its program: derivatives and batches of it are jitted again, and in a
 * program that is compiled it is an equation like others. Read first: call.ts, traced.ts.
 */
import { describe, fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { bind } from '../core/trace.ts'
import { unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor } from '../core/types.ts'
import { type Arguments, requireFunction } from './arguments.ts'
import { again, type Holding, running } from './call.ts'
import { execute } from './compiled.ts'
import { type Found, type JitOptions, traced } from './traced.ts'

export type { JitOptions }

type Compiled = Holding & { readonly donated: readonly number[] }

/** What is transformed donates nothing. */
const held = (program: Program): Compiled => ({ program, donated: [] })
const compiled = (program: Program, xs: readonly Tensor[]) => bind(jitOp, held(program), ...xs)

/** Runs a compiled program. Its derivative runs it again, compiled together with the way back. */
const jitOp: Operation<Compiled> = running<Compiled>({
  name: 'jit',
  doc: 'Runs a compiled program.',
  hold: held,
  evaluate: ({ program, donated }, xs) => execute(program, xs, donated),
  vjp: again(compiled, compiled),
})

/** What is known of a jitted function: the program for some arguments, and how to make it again. */
type Made = {
  readonly find: (args: readonly unknown[]) => Found
  readonly again: (options: JitOptions) => unknown
  readonly options: JitOptions
}
const jittedFunctions = new WeakMap<object, Made>()

/** What a jitted function does with these arguments. */
export const tracedOf = (f: unknown, args: readonly unknown[]): Found =>
  (typeof f === 'function' ? jittedFunctions.get(f) : undefined)?.find(args) ??
  fail(valueError('explain', `takes a jitted function, got ${describe(f)}: explain(jit(f))(...args)`))

/** A jitted function that donates its first argument too; `null` for a function that is not jitted. */
export const donatingFirst = <F>(f: F): F | null => {
  const made = typeof f === 'function' ? jittedFunctions.get(f) : undefined
  if (made === undefined) return null
  const { donate = [] } = made.options
  return donate.includes(0) ? f : (made.again({ ...made.options, donate: [0, ...donate] }) as F)
}

/**
 * f traced once and compiled: the same function, quicker. Arguments and results are trees of tensors; numbers are traced as
 * scalars, of the dtype of the tensors they meet, so that a learning rate that changes costs no compilation.
 *
 * Compiled for each combination of structure, shapes, dtypes and static arguments, and kept. Tensors from outside that f uses are
 * fixed when it is traced. Composes with all transformations: `jit(grad(f))` is what one wants; `grad(jit(f))` and `vmap(jit(f))`
 * work too. As `jax.jit`.
 * @throws TraceError when f reads a value, as `if` and `item` do (use `where`, `cond`, `scan` or `whileLoop`), or returns a
 *   promise; TreeError for arguments that are neither tensors nor static; EngineError when a donated tensor is read
 * @example
 * const step = jit((w: Tensor, x: Tensor) => sub(w, mul(0.1, grad((v: Tensor) => sum(square(matmul(x, v))))(w))))
 * step(ones([3, 1]), ones([2, 3])) // [3,1]
 */
export const jit = <Args extends readonly unknown[], Y>(
  f: (...args: Args) => Y,
  options: JitOptions = {},
): ((...args: Arguments<Args>) => Y) => {
  requireFunction('jit', f)
  requireOptions('jit', options, ['static', 'donate'])
  const find = traced('jit', f, options)
  const jitted = (...all: readonly unknown[]): unknown => {
    const { program, inputs, donated, outShape } = find(all)
    const ys = bind(jitOp, { program, donated }, ...inputs)
    return outShape.tag === 'leaf' ? ys[0] : unflatten(outShape, ys)
  }
  jittedFunctions.set(jitted, { find, again: other => jit(f, other), options })
  return jitted as unknown as (...args: Arguments<Args>) => Y
}
