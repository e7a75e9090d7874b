/**
 * compileProgram: from a program to a plan.
 *
 * Layer: compile. Six passes, each a pure function that can be looked at by itself: inline, simplify, lower, fuse, adjoin, planOf. Read
 * next: plan.ts for the result, show.ts to look at one.
 */
import type { Program } from '../core/types.ts'
import { adjoin } from './companions.ts'
import { type FuseOptions, fuse } from './fuse.ts'
import { inline } from './inline.ts'
import { lower } from './lower.ts'
import { planOf } from './memory.ts'
import type { Plan } from './plan.ts'
import { simplify } from './simplify.ts'

/** Which passes are made; all of them unless said otherwise. */
export type CompileOptions = { readonly simplify?: boolean; readonly fuse?: FuseOptions | false }

/**
 * The plan of a program and of all programs in it.
 * @throws RuleError for an op without a kernel; TraceError for a program that has captured traced values
 */
export const compileProgram = (program: Program, options: CompileOptions = {}): Plan => {
  const whole = inline(program)
  return plans(options)(options.simplify === false ? whole : simplify(whole))
}

/** Plans of programs that have been simplified, one for each. */
const plans = (options: CompileOptions): ((program: Program) => Plan) => {
  const known = new Map<Program, Plan>()
  const compile = (program: Program): Plan => {
    const found = known.get(program)
    if (found !== undefined) return found
    const graph = lower(program, compile)
    const plan = planOf(options.fuse === false ? graph : adjoin(fuse(graph, options.fuse)))
    known.set(program, plan)
    return plan
  }
  return compile
}
