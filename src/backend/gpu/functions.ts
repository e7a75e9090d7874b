/**
 * Scalar functions in the language of gpu.js, as text: those that its builtins lack, or give poorly in some mode.
 *
 * Layer: backend. Every function is written for float32, in which intermediate results must be neither too large nor too close to
 * each other; with the doubles of the `cpu` mode they are better still. Builtins that are used are close enough in all modes.
 * `infinity` and `nan` are arguments since gpu.js knows no such literals. Read next: scalars.ts.
 */
import { arithmetic } from './functions-arithmetic.ts'
import { errorFunctions } from './functions-error.ts'
import { exponentials } from './functions-exponential.ts'
import { periodic } from './functions-periodic.ts'
import type { Helpers } from './helper.ts'

/** The functions by name. All take and give floats, of which int32 are whole ones. */
const helpers: Helpers = { ...arithmetic, ...exponentials, ...periodic, ...errorFunctions }

/** A function as gpu.js takes it. Types are said, since those of functions within kernels are guessed before calls are seen. */
export type GpuFunction = {
  readonly name: string
  readonly source: string
  readonly argumentTypes: readonly 'Number'[]
  readonly returnType: 'Number'
}

const functionOf = (name: string): GpuFunction => {
  const source = helpers[name]?.source ?? ''
  const [, list = ''] = /\(([^)]*)\)/.exec(source) ?? []
  return { name, source, argumentTypes: list.split(',').map(() => 'Number'), returnType: 'Number' }
}

/** Some functions and all that they call, each once. */
export const functionsFor = (names: Iterable<string>): readonly GpuFunction[] => {
  const needed = new Set<string>()
  const visit = (name: string): void => {
    if (needed.has(name)) return
    helpers[name]?.uses.forEach(visit)
    needed.add(name)
  }
  for (const name of names) visit(name)
  return [...needed].map(functionOf)
}
