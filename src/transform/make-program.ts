/**
 * makeProgram: a function as a Program, to look at, compare and run.
 *
 * Layer: transform.
 */
import { record } from '../core/program.ts'
import { typesOf } from '../core/trace.ts'
import { tensorsOf } from '../core/tree.ts'
import type { Program } from '../core/types.ts'
import { type Arguments, flattenFunction, liftArguments } from './arguments.ts'

/**
 * The program that f runs on arguments like these; their values do not matter, only structure, shapes and dtypes. Inputs and
 * outputs are the leaves in order.
 * @throws TraceError when f reads a value, as `if` and `item` do: use `where`
 * @example
 * console.log(makeProgram((x: Tensor) => sum(mul(x, x)))(zeros([3])))
 */
export const makeProgram =
  <Args extends readonly unknown[]>(f: (...args: Args) => unknown) =>
  (...args: Arguments<Args>): Program => {
    const [xs, shape] = tensorsOf('makeProgram', 'argument', liftArguments(args))
    const { flat } = flattenFunction('makeProgram', f as (...args: readonly unknown[]) => unknown, shape)
    return record(flat, typesOf(xs), 'makeProgram')
  }
