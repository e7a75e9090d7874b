/**
 * Every scalar function of floats in float64: an instruction, a function of JavaScript's Math, or one of the module's own.
 *
 * Layer: backend. What is rare in float32 is computed here too, lane by lane. Read next: math/remainder.ts, math/error64.ts.
 */
import { engineError, fail } from '../../../core/errors.ts'
import type { ScalarFn } from '../../../core/kernel.ts'
import type { PlainOp } from '../opcodes.ts'
import { erf64, erfc64, erfInv64 } from './error64.ts'
import { floorQuotient, modulo, power, remainder } from './remainder.ts'
import type { Formulas, Term } from './terms.ts'

const instructions: { readonly [fn in ScalarFn]?: PlainOp } = {
  neg: 'f64.neg',
  abs: 'f64.abs',
  floor: 'f64.floor',
  ceil: 'f64.ceil',
  round: 'f64.nearest',
  trunc: 'f64.trunc',
  sqrt: 'f64.sqrt',
  add: 'f64.add',
  sub: 'f64.sub',
  mul: 'f64.mul',
  div: 'f64.div',
  max: 'f64.max',
  min: 'f64.min',
  eq: 'f64.eq',
  ne: 'f64.ne',
  lt: 'f64.lt',
  le: 'f64.le',
  gt: 'f64.gt',
  ge: 'f64.ge',
}

/** The functions that are imported from JavaScript's Math under their own names. */
const imported: ReadonlySet<ScalarFn> = new Set([
  ...(['cbrt', 'exp', 'expm1', 'log', 'log1p', 'log2', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'] as const),
  ...(['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'atan2'] as const),
])

const sign = ({ choose, gt, abs, constant, copysign }: Formulas, x: Term): Term =>
  choose(gt(abs(x), constant(0)), copysign(constant(1), x), x)

/** Whether a number is not 0, as an i32. */
const holds = ({ run, constant }: Formulas, x: Term): Term => run('f64.ne', x, constant(0))

/** A float64 function of float64 terms; comparisons and logic give an i32 that is 0 or 1. An EngineError for bits of floats. */
export const double = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const instruction = instructions[fn]
  const [x = f.constant(Number.NaN), y = x] = operands
  if (instruction !== undefined) return f.run(instruction, ...operands)
  if (imported.has(fn)) return f.call(f.module.math(fn, operands.length), ...operands)
  switch (fn) {
    case 'sign':
      return sign(f, x)
    case 'erf':
      return erf64(f, x)
    case 'erfc':
      return erfc64(f, x)
    case 'erfInv':
      return erfInv64(f, x)
    case 'floorDiv':
      return floorQuotient(f, x, y)
    case 'mod':
      return modulo(f, x, y)
    case 'rem':
      return remainder(f, x, y)
    case 'pow':
      return power(f, x, y)
    case 'not':
      return f.eq(x, f.constant(0))
    case 'and':
      return f.run('i32.and', holds(f, x), holds(f, y))
    case 'or':
      return f.run('i32.or', holds(f, x), holds(f, y))
    case 'xor':
      return f.run('i32.xor', holds(f, x), holds(f, y))
    default:
      return fail(engineError('wasm', `${fn} is for int32 and bool; cast the operands first`))
  }
}
