/**
 * Helper: a function in the language of gpu.js that kernels may call.
 *
 * Layer: backend. Read next: functions.ts.
 */

/** What gpu.js calls a float and an int32. */
export type Kind = 'Number' | 'Integer'

/** A function, what it takes and gives, and the names of those that it calls. `glsl` is the same for modes that run GLSL. */
export type Helper = {
  readonly source: string
  readonly takes: readonly Kind[]
  readonly gives: Kind
  readonly uses: readonly string[]
  readonly glsl?: string
}

/** Functions by name. */
export type Helpers = { readonly [name: string]: Helper }

const parameters = (source: string): readonly string[] => {
  const [, list = ''] = /\(([^)]*)\)/.exec(source) ?? []
  return list.split(',')
}

/** A function of floats, and what it calls. */
export const helper = (source: string, ...uses: readonly string[]): Helper => ({
  source: source.trim(),
  takes: parameters(source).map(() => 'Number'),
  gives: 'Number',
  uses,
})

/**
 * A function of floats that has a shorter form in GLSL. Compilers write a function out at every call, and once more for each round of a
 * loop, so that some take minutes over the branches of a long one.
 */
export const nativeHelper = (source: string, glsl: string): Helper => ({ ...helper(source), glsl })

/** A function of int32, in the language of gpu.js and in GLSL. */
export const wholeHelper = (source: string, glsl: string): Helper => ({
  source: source.trim(),
  takes: parameters(source).map(() => 'Integer'),
  gives: 'Integer',
  uses: [],
  glsl: glsl.trim(),
})

/**
 * Declares an int32 variable. gpu.js makes a variable an integer if it is counted up and starts as a literal; what has been found of a
 * literal is forgotten or not, depending on the mode, but the size of the output is always taken for a new one.
 */
export const declareWhole = (name: string): string => `let ${name} = this.output.x; ${name}++;`

const text = (x: number): string => (x < 0 ? `(${x})` : String(x))

/** c₀ + c₁·x + c₂·x² + … as text, by Horner's rule. */
export const polynomial = (x: string, ...c: readonly number[]): string =>
  c.slice(0, -1).reduceRight((sum, a) => `(${sum} * ${x} + ${text(a)})`, text(c[c.length - 1] ?? 0))
