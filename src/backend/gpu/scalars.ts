/**
 * Scalar functions of the kernel language as text in the language of gpu.js.
 *
 * Layer: backend. Names are those of variables: floats, of which a bool is 0 or 1, or int32. Read next: functions.ts.
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
  /** A new float variable with a value; its name. */
  readonly float: (value: string) => string
  /** A new int32 variable with a value; its name. */
  readonly integer: (value: string) => string
  /** A bitwise operator applied to names or whole numbers. */
  readonly bits: (x: string | number, operator: '&' | '|' | '^' | '<<' | '>>', y: string | number) => string
  /** A float without fraction, to be assigned to an int32 variable. */
  readonly wholeOf: (x: string) => string
  /** A sum, difference or negative of int32, cut to 32 bits. */
  readonly wrap: (sum: string) => string
}

/** A number as text. An int32 beyond 2²⁴ is put together from its halves, as literals are floats in some modes. */
export const literal = (words: Vocabulary, dtype: Dtype, value: number): string => {
  if (dtype === 'int32')
    return Math.abs(value) < 2 ** 24 ? String(value) : words.bits(words.bits(value >> 16, '<<', 16), '|', value & 65535)
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

/**
 * Functions that mean the same whatever the dtype. NaN is equal to nothing, and only that is asked: shader compilers take "unequal" for
 * "less or greater".
 */
const common: { readonly [fn in ScalarFn]?: Form } = {
  eq: compare('==='),
  ne: (_, x, y) => `${x} === ${y} ? 0 : 1`,
  lt: compare('<'),
  le: compare('<='),
  gt: compare('>'),
  ge: compare('>='),
  and: (_, x, y) => `(${x} === 0 || ${y} === 0) ? 0 : 1`,
  or: (_, x, y) => `(${x} === 0 && ${y} === 0) ? 0 : 1`,
  xor: (words, x, y) => `${words.float(truth(`${x} === 0`))} === ${words.float(truth(`${y} === 0`))} ? 0 : 1`,
  not: (_, x) => truth(`${x} === 0`),
}

const floats: { readonly [fn in ScalarFn]?: Form } = {
  neg: (_, x) => `-${x}`,
  abs: builtin('abs'),
  sign: own('signOf'),
  floor: builtin('floor'),
  ceil: builtin('ceil'),
  round: own('roundHalfEven'),
  trunc: builtin('trunc'),
  sqrt: builtin('sqrt'),
  cbrt: own('cubeRoot', 1, 'infinity'),
  exp: own('exponential', 1, 'infinity'),
  expm1: own('exponentialLess1', 1, 'infinity'),
  log: own('logarithm', 1, 'infinity', 'nan'),
  log1p: own('logarithmOf1Plus', 1, 'infinity', 'nan'),
  log2: own('logarithm2', 1, 'infinity', 'nan'),
  sin: own('sine', 1, 'infinity', 'nan'),
  cos: own('cosine', 1, 'infinity', 'nan'),
  tan: own('tangent', 1, 'infinity', 'nan'),
  asin: own('arcSine', 1, 'infinity', 'nan'),
  acos: own('arcCosine', 1, 'infinity', 'nan'),
  atan: own('arcTangent', 1, 'infinity'),
  sinh: own('sineH', 1, 'infinity'),
  cosh: own('cosineH', 1, 'infinity'),
  tanh: own('tangentH', 1, 'infinity'),
  asinh: own('areaSineH', 1, 'infinity', 'nan'),
  acosh: own('areaCosineH', 1, 'infinity', 'nan'),
  atanh: own('areaTangentH', 1, 'infinity', 'nan'),
  erf: own('errorFunction', 1, 'infinity'),
  erfc: own('errorComplement', 1, 'infinity'),
  erfInv: own('errorInverse', 1, 'infinity', 'nan'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  floorDiv: own('floorQuotient', 2, 'infinity', 'nan'),
  mod: own('modulo', 2, 'infinity', 'nan'),
  rem: own('remainder', 2, 'infinity', 'nan'),
  pow: own('power', 2, 'infinity', 'nan'),
  max: own('maximum', 2, 'infinity'),
  min: own('minimum', 2, 'infinity'),
  atan2: own('arcTangent2', 2, 'infinity'),
}

const bitwise =
  (operator: '&' | '|' | '^'): Form =>
  (words, x, y) =>
    words.bits(x, operator, y)
const wrapped =
  (form: (x: string, y: string) => string): Form =>
  (words, x, y) =>
    words.wrap(form(x, y))
/** What is left of x when y is taken so many times. */
const rest = (words: Vocabulary, x: string, y: string, times: string): string =>
  words.wrap(`${x} - ${words.helper('wholeProduct')}(${times}, ${y})`)
/** Whether the quotient towards zero has to be one less to be rounded down. */
const below = (x: string, y: string, r: string): string =>
  `(${r} !== 0 && ((${x} < 0 && ${y} > 0) || (${x} > 0 && ${y} < 0)))`

const integers: { readonly [fn in ScalarFn]?: Form } = {
  neg: wrapped(x => `0 - ${x}`),
  abs: (words, x) => `${x} < 0 ? ${words.wrap(`0 - ${x}`)} : ${x}`,
  sign: (words, x) =>
    words.bits(words.bits(x, '>>', 31), '|', words.integer(words.wholeOf(words.float(truth(`${x} > 0`))))),
  bitNot: (_, x) => `-1 - ${x}`,
  add: wrapped((x, y) => `${x} + ${y}`),
  sub: wrapped((x, y) => `${x} - ${y}`),
  mul: own('wholeProduct', 2),
  div: own('wholeQuotient', 2),
  floorDiv: (words, x, y) => {
    const q = words.integer(`${words.helper('wholeQuotient')}(${x}, ${y})`)
    const r = words.integer(rest(words, x, y, q))
    return `${y} !== 0 && ${below(x, y, r)} ? ${words.wrap(`${q} - 1`)} : ${q}`
  },
  mod: (words, x, y) => {
    const q = words.integer(`${words.helper('wholeQuotient')}(${x}, ${y})`)
    const r = words.integer(rest(words, x, y, q))
    const v = words.integer(`${below(x, y, r)} ? ${words.wrap(`${r} + ${y}`)} : ${r}`)
    return `${y} !== 0 ? ${v} : ${words.integer('0')}`
  },
  rem: (words, x, y) => {
    const q = words.integer(`${words.helper('wholeQuotient')}(${x}, ${y})`)
    const r = words.integer(rest(words, x, y, q))
    return `${y} !== 0 ? ${r} : ${words.integer('0')}`
  },
  pow: own('wholePower', 2),
  max: (_, x, y) => `${x} > ${y} ? ${x} : ${y}`,
  min: (_, x, y) => `${x} < ${y} ? ${x} : ${y}`,
  bitAnd: bitwise('&'),
  bitOr: bitwise('|'),
  bitXor: bitwise('^'),
  shiftLeft: own('shiftedLeft', 2),
  shiftRight: own('shiftedRight', 2),
  shiftRightLogical: own('shiftedRightLogically', 2),
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

/** An `apply` node as an expression over names. `dtype` is that of the first argument. */
export const scalarText = (words: Vocabulary, fn: ScalarFn, dtype: Dtype, args: readonly string[]): string => {
  if (fn === 'threefry0' || fn === 'threefry1') return `${words.helper(fn)}(${args.join(', ')})`
  const [x = '0', y = '0'] = args
  const form = formOf(fn, dtype)
  if (form !== undefined) return form(words, x, y)
  return fail(ruleError(words.op, `backend gpu: ${fn} of ${dtype} has no meaning there`))
}

/** A `cast` node as an expression over a name, to be assigned to a variable of the other type. */
export const castText = (words: Vocabulary, from: Dtype, to: Dtype, x: string): string => {
  if (to === 'bool') return `${x} === 0 ? 0 : 1`
  if (to !== 'int32') return x
  return from === 'bool' ? words.wholeOf(x) : `${words.helper('toWhole')}(${x})`
}
