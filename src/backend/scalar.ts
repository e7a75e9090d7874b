/**
 * What each scalar function of the kernel language means, on JavaScript numbers.
 *
 * Layer: backend. Floats are computed in float64; int32 arithmetic wraps; bool is 0 and 1.
 * Sources of the special functions are named at each.
 */
import type { Dtype } from '../core/dtype.ts'
import type { BinaryFn, Combination, HashFn, ScalarFn, UnaryFn } from '../core/kernel.ts'
import { threefry, type Words } from '../core/threefry.ts'
import { erf, erfc, erfInv } from './special.ts'

/** Rounds half to even, as NumPy does and IEEE 754 recommends. */
const roundHalfEven = (x: number): number => {
  if (Math.abs(x) >= 2 ** 52 || !Number.isFinite(x)) return x
  const floor = Math.floor(x)
  const gap = x - floor
  const rounded = gap < 0.5 ? floor : gap > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded
}

/** The remainder with the sign of the divisor (Python's and NumPy's `%`). */
const mod = (x: number, y: number): number => {
  const r = x % y
  return r !== 0 && r < 0 !== y < 0 ? r + y : r === 0 ? (y < 0 ? -0 : 0) : r
}

/** x / y rounded down, consistent with `mod` (NumPy's algorithm): 1 // 0.1 is 9, since 1 mod 0.1 is nearly 0.1. */
const floorDiv = (x: number, y: number): number => {
  if (y === 0) return Math.floor(x / y)
  const r = x % y
  const quotient = (x - r) / y - (r !== 0 && r < 0 !== y < 0 ? 1 : 0)
  if (quotient === 0) return x / y < 0 ? -0 : 0
  return Math.round(quotient)
}

/** IEEE 754 pow(1, NaN) and pow(-1, ±Infinity) are 1; JavaScript says NaN. */
const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)

const unary: { readonly [fn in UnaryFn]: (x: number) => number } = {
  neg: x => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  trunc: Math.trunc,
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  erfInv,
  not: x => (x === 0 ? 1 : 0),
  bitNot: x => ~x,
}

const binary: { readonly [fn in BinaryFn]: (x: number, y: number) => number } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  floorDiv,
  mod,
  rem: (x, y) => x % y,
  pow,
  max: Math.max,
  min: Math.min,
  atan2: Math.atan2,
  eq: (x, y) => (x === y ? 1 : 0),
  ne: (x, y) => (x !== y ? 1 : 0),
  lt: (x, y) => (x < y ? 1 : 0),
  le: (x, y) => (x <= y ? 1 : 0),
  gt: (x, y) => (x > y ? 1 : 0),
  ge: (x, y) => (x >= y ? 1 : 0),
  and: (x, y) => (x !== 0 && y !== 0 ? 1 : 0),
  or: (x, y) => (x !== 0 || y !== 0 ? 1 : 0),
  xor: (x, y) => ((x !== 0) !== (y !== 0) ? 1 : 0),
  bitAnd: (x, y) => x & y,
  bitOr: (x, y) => x | y,
  bitXor: (x, y) => x ^ y,
  // A shift by the width or more gives what shifting one place at a time would (XLA), not JavaScript's modulo 32.
  shiftLeft: (x, y) => (y >>> 0 > 31 ? 0 : x << y),
  shiftRight: (x, y) => x >> (y >>> 0 > 31 ? 31 : y),
  shiftRightLogical: (x, y) => (y >>> 0 > 31 ? 0 : (x >>> y) | 0),
}

/** int32 arithmetic where it differs from arithmetic on doubles; division by zero gives 0. */
const int32: { readonly [fn in ScalarFn]?: (x: number, y: number) => number } = {
  neg: x => -x | 0,
  abs: x => Math.abs(x) | 0,
  add: (x, y) => (x + y) | 0,
  sub: (x, y) => (x - y) | 0,
  mul: Math.imul,
  div: (x, y) => (x / y) | 0,
  floorDiv: (x, y) => Math.floor(x / y) | 0,
  mod: (x, y) => (y === 0 ? 0 : mod(x, y) | 0),
  rem: (x, y) => (y === 0 ? 0 : (x % y) | 0),
  pow: (x, y) => integerPower(x, y),
}

/** Powers of int32 by squaring, wrapping; a negative exponent gives 0 but for bases 1 and -1. */
const integerPower = (base: number, exponent: number): number => {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0
  let result = 1
  let square = base
  for (let e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = Math.imul(result, square)
    square = Math.imul(square, square)
  }
  return result
}

const words: Words<number> = {
  add: (x, y) => (x + y) | 0,
  xor: (x, y) => x ^ y,
  rotateLeft: (x, by) => (x << by) | (x >>> (32 - by)),
  constant: value => value,
}

const hash = ([k0 = 0, k1 = 0, c0 = 0, c1 = 0]: readonly number[]): readonly [number, number] =>
  threefry(words, k0, k1, c0, c1)

const hashes: { readonly [fn in HashFn]: ScalarFunction } = {
  threefry0: (...args) => hash(args)[0],
  threefry1: (...args) => hash(args)[1],
}

/** A scalar function of one, two or four arguments. */
export type ScalarFunction = (...args: readonly number[]) => number

/** The function that an `apply` node means; the dtype of its first argument chooses int32 arithmetic. */
export const scalarFunction = (fn: ScalarFn, dtype: Dtype | undefined): ScalarFunction => {
  const wrapping = dtype === 'int32' ? int32[fn] : undefined
  if (wrapping !== undefined) return wrapping
  if (fn in unary) return unary[fn as UnaryFn]
  return fn in hashes ? hashes[fn as HashFn] : binary[fn as BinaryFn]
}

/** How two values become one. */
export type Combine = (x: number, y: number) => number

/** How a reduction combines: its unit and its operation. Positions (argMax, argMin) are the backends' own loops. */
export const monoids: {
  readonly [m in 'sum' | 'prod' | 'max' | 'min' | 'and' | 'or']: {
    readonly unit: number
    readonly combine: Combine
  }
} = {
  sum: { unit: 0, combine: binary.add },
  prod: { unit: 1, combine: binary.mul },
  max: { unit: -Infinity, combine: Math.max },
  min: { unit: Infinity, combine: Math.min },
  and: { unit: 1, combine: binary.and },
  or: { unit: 0, combine: binary.or },
}

/** A monoid for a dtype: int32 wraps, and its extremes stand for the infinities. */
export const monoidFor = (
  monoid: keyof typeof monoids,
  dtype: Dtype,
): { readonly unit: number; readonly combine: Combine } => {
  const { unit, combine } = monoids[monoid]
  if (dtype !== 'int32') return { unit: dtype === 'bool' ? Number(unit > 0) : unit, combine }
  if (monoid === 'sum') return { unit, combine: (x, y) => (x + y) | 0 }
  if (monoid === 'prod') return { unit, combine: Math.imul }
  return { unit: unit === Infinity ? 2147483647 : unit === -Infinity ? -2147483648 : unit, combine }
}

/** How a scatter combines what is there with an update. */
export const combinationFor = (combination: Combination, dtype: Dtype): Combine =>
  combination === 'last' ? (_x, y) => y : monoidFor(combination, dtype).combine
