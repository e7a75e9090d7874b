/**
 * Scalar functions of the kernel language as text in the language of gpu.js.
 *
 * Layer: backend. All values are floats there: bool is 0 and 1, int32 a whole number, exact up to ±2²⁴. Functions that need all 32
 * bits are refused with a RuleError. Read next: functions.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import { fail, ruleError } from '../../core/errors.ts'
import type { ScalarFn } from '../../core/kernel.ts'

/** Numbers that are no literals and have to be given as arguments. */
export type Special = 'infinity' | 'nan'

/** What a kernel's text may refer to; asking for something makes it part of the kernel. */
export type Vocabulary = {
  /** Names the op, for messages. */
  readonly op: string
  readonly helper: (name: string) => string
  readonly special: (name: Special) => string
}

/** Whole numbers below this size are exact; this one may be its rounded neighbour. */
const EXACT = 2 ** 24

const INT32_MAX = 2147483647
const INT32_MIN = -2147483648

/** Whether an int32 is exact as a float32, or one of the two ends of the range, where casts saturate and empty extremes lie. */
export const fitsInt32 = (x: number): boolean =>
  Math.abs(x) < EXACT || x === INT32_MAX || x === INT32_MIN || x === 2 ** 31

/** A number as text. A RuleError for an int32 that a float32 does not hold. */
export const literal = (words: Vocabulary, dtype: Dtype, value: number): string => {
  if (dtype === 'int32' && !fitsInt32(value))
    return fail(ruleError(words.op, `backend gpu: the int32 ${value} is beyond ±2^24, where float32 skips numbers`))
  const x = Math.fround(value)
  if (Number.isNaN(x)) return words.special('nan')
  if (!Number.isFinite(x)) return `${x < 0 ? '-' : ''}${words.special('infinity')}`
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** A condition as 0 or 1. */
const truth = (condition: string): string => `(${condition}) ? 1 : 0`

type Form = (words: Vocabulary, x: string, y: string) => string

const infix =
  (operator: string): Form =>
  (_, x, y) =>
    `${x} ${operator} ${y}`
const compare =
  (operator: string): Form =>
  (_, x, y) =>
    truth(`${x} ${operator} ${y}`)
const builtin =
  (name: string): Form =>
  (_, x) =>
    `Math.${name}(${x})`
/** A function of functions.ts; `specials` are further arguments. */
const own =
  (name: string, arity: 1 | 2 = 1, ...specials: readonly Special[]): Form =>
  (words, x, y) =>
    `${words.helper(name)}(${[x, ...(arity === 2 ? [y] : []), ...specials.map(words.special)].join(', ')})`

/** Functions that mean the same whatever the dtype. */
const common: { readonly [fn in ScalarFn]?: Form } = {
  eq: compare('==='),
  ne: compare('!=='),
  lt: compare('<'),
  le: compare('<='),
  gt: compare('>'),
  ge: compare('>='),
  and: (_, x, y) => truth(`${x} !== 0 && ${y} !== 0`),
  or: (_, x, y) => truth(`${x} !== 0 || ${y} !== 0`),
  xor: (_, x, y) => truth(`(${x} !== 0 && ${y} === 0) || (${x} === 0 && ${y} !== 0)`),
  not: (_, x) => truth(`${x} === 0`),
}

const floats: { readonly [fn in ScalarFn]?: Form } = {
  neg: (_, x) => `-${x}`,
  abs: builtin('abs'),
  sign: own('signOf'),
  floor: builtin('floor'),
  ceil: builtin('ceil'),
  round: own('roundEven'),
  trunc: builtin('trunc'),
  sqrt: builtin('sqrt'),
  cbrt: builtin('cbrt'),
  exp: own('exponential'),
  expm1: own('exponentialLess1'),
  log: own('logarithm', 1, 'infinity', 'nan'),
  log1p: own('logarithmOf1Plus', 1, 'infinity', 'nan'),
  log2: own('logarithm2', 1, 'infinity', 'nan'),
  sin: own('sine'),
  cos: own('cosine'),
  tan: own('tangent'),
  asin: builtin('asin'),
  acos: builtin('acos'),
  atan: builtin('atan'),
  sinh: own('sineH'),
  cosh: own('cosineH'),
  tanh: own('tangentH'),
  asinh: own('areaSineH', 1, 'infinity', 'nan'),
  acosh: own('areaCosineH', 1, 'infinity', 'nan'),
  atanh: own('areaTangentH', 1, 'infinity', 'nan'),
  erf: own('errorFunction'),
  erfc: own('errorComplement'),
  erfInv: own('errorInverse', 1, 'infinity', 'nan'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  floorDiv: own('floorQuotient', 2),
  mod: own('modulo', 2),
  rem: own('remainder', 2),
  pow: own('power', 2, 'infinity', 'nan'),
  max: own('maximum', 2),
  min: own('minimum', 2),
  atan2: (_, x, y) => `Math.atan2(${x}, ${y})`,
}

// Adding 0 makes a zero of -0, which int32 has not.
const integers: { readonly [fn in ScalarFn]?: Form } = {
  neg: (_, x) => `0 - ${x}`,
  abs: builtin('abs'),
  sign: own('signOf'),
  bitNot: (_, x) => `-1 - ${x}`,
  add: infix('+'),
  sub: infix('-'),
  mul: (_, x, y) => `${x} * ${y} + 0`,
  div: own('wholeQuotient', 2),
  floorDiv: own('wholeFloorQuotient', 2),
  mod: (words, x, y) => `${y} === 0 ? 0 : ${x} - ${y} * ${words.helper('wholeFloorQuotient')}(${x}, ${y})`,
  rem: (words, x, y) => `${y} === 0 ? 0 : ${x} - ${y} * ${words.helper('wholeQuotient')}(${x}, ${y})`,
  pow: own('wholePower', 2),
  max: (_, x, y) => `Math.max(${x}, ${y})`,
  min: (_, x, y) => `Math.min(${x}, ${y})`,
  bitAnd: infix('&'),
  bitOr: infix('|'),
  bitXor: infix('^'),
  shiftRight: own('shiftedRight', 2),
  ...Object.fromEntries(
    (['floor', 'ceil', 'round', 'trunc'] as const).map(fn => [fn, (_: Vocabulary, x: string) => x]),
  ),
}

const bools: { readonly [fn in ScalarFn]?: Form } = {
  max: (_, x, y) => `Math.max(${x}, ${y})`,
  min: (_, x, y) => `Math.min(${x}, ${y})`,
}

const formOf = (fn: ScalarFn, dtype: Dtype): Form | undefined =>
  common[fn] ?? (dtype === 'int32' ? integers : dtype === 'bool' ? bools : floats)[fn]

/** An `apply` node as an expression over names. `dtype` is that of the first argument. A RuleError for what needs 32 bits. */
export const scalarText = (
  words: Vocabulary,
  fn: ScalarFn,
  dtype: Dtype,
  [x = '0', y = '0']: readonly string[],
): string => {
  const form = formOf(fn, dtype)
  if (form !== undefined) return form(words, x, y)
  const why =
    dtype === 'int32' ? 'needs wrapping 32-bit arithmetic, which float32 kernels lack' : 'has no meaning there'
  return fail(ruleError(words.op, `backend gpu: ${fn} of ${dtype} ${why}; run this part on another backend`))
}

/** A `cast` node as an expression over a name. */
export const castText = (words: Vocabulary, from: Dtype, to: Dtype, x: string): string => {
  if (to === 'bool') return truth(`${x} !== 0`)
  return to === 'int32' && from === 'float32' ? `${words.helper('toWhole')}(${x})` : `${x} + 0`
}
