/**
 * inline: programs without ops that merely hold a program.
 *
 * Layer: compile. `call`, `checkpoint` and functions with rules of their own mean, once derivatives are taken, what the program they
 * hold means. Loops and branches stay, but what they hold is inlined too. Read next: simplify.ts.
 */
import { isProgram } from '../core/program.ts'
import type { Captured, Equation, Param, Params, Program, TensorType, Variable } from '../core/types.ts'
import { memo } from './memo.ts'

/** A program with some of its parts replaced. */
export const withParts = (program: Program, parts: Partial<Program>): Program =>
  Object.assign(Object.create(Object.getPrototypeOf(program)), { ...program, ...parts })

/** The program that an equation merely runs, if that is all it does. */
const heldBy = ({ op, params }: Equation): Program | undefined => {
  if ('lower' in op || ['scan', 'cond', 'whileLoop'].includes(op.name)) return undefined
  const held = params.program ?? params.function
  return isProgram(held) ? held : undefined
}

/** Params with every program in them, or in lists of them, replaced. */
export const mapPrograms = (params: Params, f: (program: Program) => Program): Params => {
  if (!hasPrograms(params)) return params
  const each = (param: Param): Param =>
    isProgram(param) ? f(param) : Array.isArray(param) && param.some(isProgram) ? param.map(each) : param
  return Object.fromEntries(Object.entries(params).map(([name, param]) => [name, each(param)]))
}

/** A function of programs that is computed once for each. */
export const remembering = (f: (program: Program) => Program): ((program: Program) => Program) => {
  const known = new WeakMap<Program, Program>()
  return program => {
    const found = known.get(program) ?? f(program)
    known.set(program, found)
    return found
  }
}

/** Whether there are programs among params. */
export const hasPrograms = memo((params: Params): boolean =>
  Object.values(params).some(param => isProgram(param) || (Array.isArray(param) && param.some(isProgram))),
)

/** The program with equations that only hold a program replaced by that program's own, all the way down. */
export const inline = (program: Program): Program => remembering(inlineOnce)(program)

const inlineOnce = (program: Program): Program => {
  if (!program.equations.some(({ params }) => hasPrograms(params))) return program
  const types: TensorType[] = [...program.types]
  const captured: Captured[] = [...program.captured]
  const equations: Equation[] = []
  const inner = remembering(inlineOnce)
  /** Writes down a program's equations; `at` says what its variables are here. */
  const emit = (from: Program, at: Map<Variable, Variable>): readonly Variable[] => {
    const place = (v: Variable): Variable => {
      const known = at.get(v)
      if (known !== undefined) return known
      at.set(v, types.push(from.types[v] as TensorType) - 1)
      return types.length - 1
    }
    if (from !== program)
      for (const { variable, value } of from.captured) captured.push({ variable: place(variable), value })
    for (const equation of from.equations) {
      const held = heldBy(equation)
      const inputs = equation.inputs.map(place)
      if (held !== undefined) {
        const results = emit(held, new Map(held.inputs.map((v, i) => [v, inputs[i] as Variable])))
        equation.outputs.forEach((v, i) => {
          at.set(v, results[i] as Variable)
        })
      } else
        equations.push({
          ...equation,
          params: mapPrograms(equation.params, inner),
          inputs,
          outputs: equation.outputs.map(place),
        })
    }
    return from.outputs.map(place)
  }
  const outputs = emit(program, new Map(program.types.map((_, v) => [v, v])))
  return withParts(program, { equations, types, captured, outputs })
}
