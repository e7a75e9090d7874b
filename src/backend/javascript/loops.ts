/**
 * Scalar functions as loops over buffers.
 *
 * Layer: backend. A function called through a variable costs ten times an addition, so the common ones have loops of
 * their own; scalar.ts says what each function means, and tests hold the two against each other.
 */
import { castNumber, type Dtype } from '../../core/dtype.ts'
import type { ScalarFn } from '../../core/kernel.ts'
import { scalarFunction } from '../scalar.ts'

/** out[j] = f(x[j], y[j]) for j below n; a function of one argument ignores y. */
export type Sweep = (out: Float64Array, x: Float64Array, y: Float64Array, n: number) => void

type Sweeps = { readonly [fn in ScalarFn]?: Sweep }

const floats: Sweeps = {
  neg: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = -(x[j] as number)
  },
  abs: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.abs(x[j] as number)
  },
  sqrt: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.sqrt(x[j] as number)
  },
  exp: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.exp(x[j] as number)
  },
  log: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.log(x[j] as number)
  },
  log1p: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.log1p(x[j] as number)
  },
  tanh: (out, x, _y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.tanh(x[j] as number)
  },
  add: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) + (y[j] as number)
  },
  sub: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) - (y[j] as number)
  },
  mul: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) * (y[j] as number)
  },
  div: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) / (y[j] as number)
  },
}

/** What means the same for every dtype. A comparison as a number, unlike one that chooses between 1 and 0, does not branch. */
const common: Sweeps = {
  max: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.max(x[j] as number, y[j] as number)
  },
  min: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.min(x[j] as number, y[j] as number)
  },
  eq: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number(x[j] === y[j])
  },
  ne: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number(x[j] !== y[j])
  },
  lt: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number((x[j] as number) < (y[j] as number))
  },
  le: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number((x[j] as number) <= (y[j] as number))
  },
  gt: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number((x[j] as number) > (y[j] as number))
  },
  ge: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Number((x[j] as number) >= (y[j] as number))
  },
}

/** int32 arithmetic wraps. */
const integers: Sweeps = {
  add: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = ((x[j] as number) + (y[j] as number)) | 0
  },
  mul: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.imul(x[j] as number, y[j] as number)
  },
  bitXor: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) ^ (y[j] as number)
  },
  bitOr: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) | (y[j] as number)
  },
  shiftLeft: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (y[j] as number) >>> 0 > 31 ? 0 : (x[j] as number) << (y[j] as number)
  },
  shiftRightLogical: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (y[j] as number) >>> 0 > 31 ? 0 : ((x[j] as number) >>> (y[j] as number)) | 0
  },
}

/** The loop of a scalar function whose arguments have the given dtype. */
export const sweepOf = (fn: ScalarFn, dtype: Dtype): Sweep => {
  const own = (dtype === 'int32' ? integers[fn] : floats[fn]) ?? common[fn]
  if (own !== undefined) return own
  const f = scalarFunction(fn, dtype)
  return (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = f(x[j] as number, y[j] as number)
  }
}

/** out[j] = condition[j] ? x[j] : y[j]. */
export const sweepSelect = (
  out: Float64Array,
  condition: Float64Array,
  x: Float64Array,
  y: Float64Array,
  n: number,
): void => {
  for (let j = 0; j < n; j++) out[j] = condition[j] !== 0 ? (x[j] as number) : (y[j] as number)
}

/** Conversion to int32 or bool. */
export const sweepCast = (out: Float64Array, x: Float64Array, dtype: Dtype, n: number): void => {
  for (let j = 0; j < n; j++) out[j] = castNumber(x[j] as number, dtype)
}
