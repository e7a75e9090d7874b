/**
 * Scalar functions in the language of gpu.js, as text: those that its builtins lack, or give poorly in some mode.
 *
 * Layer: backend. Every function is written for float32, in which intermediate results must be neither too large nor too close to
 * each other; with the doubles of the `cpu` mode they are better still. Builtins that are used are close enough in all modes.
 * `infinity` and `nan` are arguments since gpu.js knows no such literals. Shader compilers may take it that there is no NaN, and that
 * x + 1 - 1 is x: so whether x is a number is asked as |x| <= infinity, of which they do not know the value, with what to do for NaN
 * last; nothing rests on what is lost by rounding; and products with literal zeros, which are folded, are avoided. Read next: scalars.ts.
 */
import { arithmetic } from './functions-arithmetic.ts'
import { errorFunctions } from './functions-error.ts'
import { exponentials } from './functions-exponential.ts'
import { gles } from './functions-gles.ts'
import { integers } from './functions-integer.ts'
import { periodic } from './functions-periodic.ts'
import type { Helpers, Kind } from './helper.ts'

/** The functions by name. */
const helpers: Helpers = { ...arithmetic, ...exponentials, ...periodic, ...errorFunctions, ...integers }

/**
 * A function as gpu.js takes it. Types are said, since those of functions within kernels are guessed before calls are seen. Where
 * there is a `glsl`, modes that run GLSL take it for a native function instead.
 */
export type GpuFunction = {
  readonly name: string
  readonly source: string
  readonly argumentTypes: readonly Kind[]
  readonly returnType: Kind
  readonly glsl?: string
  /** The same for OpenGL ES 2, where that is another; null where that is `source`. */
  readonly gles?: string | null
}

const functionOf = (name: string): GpuFunction => {
  const { source = '', takes = [], gives = 'Number', glsl } = helpers[name] ?? {}
  const known = { name, source, argumentTypes: takes, returnType: gives }
  if (glsl === undefined) return known
  const older = gles[name]
  return older === undefined ? { ...known, glsl } : { ...known, glsl, gles: older?.trim() ?? null }
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
