/**
 * Helper: a function in the language of gpu.js that kernels may call.
 *
 * Layer: backend. Read next: functions.ts.
 */

/** A function and the names of those that it calls. */
export type Helper = { readonly source: string; readonly uses: readonly string[] }

/** Functions by name. */
export type Helpers = { readonly [name: string]: Helper }

/** A function that has been written, and what it calls. */
export const helper = (source: string, ...uses: readonly string[]): Helper => ({ source: source.trim(), uses })

const text = (x: number): string => (x < 0 ? `(${x})` : String(x))

/** c₀ + c₁·x + c₂·x² + … as text, by Horner's rule. */
export const polynomial = (x: string, ...c: readonly number[]): string =>
  c.slice(0, -1).reduceRight((sum, a) => `(${sum} * ${x} + ${text(a)})`, text(c[c.length - 1] ?? 0))
