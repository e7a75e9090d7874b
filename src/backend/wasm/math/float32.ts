/**
 * Scalar functions of float32 on four lanes, and on one value in the same way.
 *
 * Layer: backend. Read next: math/exponential.ts.
 */
import type { ScalarFn } from '../../../core/kernel.ts'
import { acos, asin, atan, atan2 } from './angles.ts'
import { cbrt, inDoubles, log2, pow } from './doubles.ts'
import { erf, erfc, erfInv } from './error.ts'
import { exp, expm1, tanh } from './exponential.ts'
import { double } from './float64.ts'
import { acosh, asinh, atanh, cosh, sinh } from './hyperbolic.ts'
import { type LaneFunction, laneByLane } from './lanes.ts'
import { log, log1p } from './logarithm.ts'
import { remainder4 } from './remainder4.ts'
import { type Formulas, formulas, type Term } from './terms.ts'
import { cos, sin, tan } from './trigonometric.ts'

/** Functions of one instruction, in both forms. */
const instructions = {
  neg: 'neg',
  abs: 'abs',
  floor: 'floor',
  ceil: 'ceil',
  round: 'nearest',
  trunc: 'trunc',
  sqrt: 'sqrt',
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  max: 'max',
  min: 'min',
  eq: 'eq',
  ne: 'ne',
  lt: 'lt',
  le: 'le',
  gt: 'gt',
  ge: 'ge',
} as const satisfies { readonly [fn in ScalarFn]?: string }

const isInstruction = (fn: ScalarFn): fn is keyof typeof instructions => fn in instructions

/** Functions that give bool without being an instruction. */
const logic: ReadonlySet<ScalarFn> = new Set(['and', 'or', 'xor', 'not'])

/** Formulas of float32 lanes, inline. */
const inLanes: { readonly [fn in ScalarFn]?: (f: Formulas, x: Term) => Term } = {
  ...{ exp, expm1, tanh, log, log1p, sin, cos, tan, erf, erfInv },
}

/** Formulas of pairs of float64, as functions of the module. */
const inPairs: { readonly [fn in ScalarFn]?: (f: Formulas, ...x: [Term, Term]) => Term } = {
  ...{ cbrt, log2, pow, sinh, cosh, asinh, acosh, atanh, asin, acos, atan, atan2, erfc },
}

/** A function of float32 lanes. */
export const float32Vector = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, constant, choose, gt, abs, neg, copysign, eq } = f
  const [x = constant(0), y = x] = operands
  if (fn === 'neg') return neg(x)
  if (fn === 'abs') return abs(x)
  if (isInstruction(fn)) return run(`f32x4.${instructions[fn]}`, ...operands)
  const holds = (value: Term): Term => run('f32x4.ne', value, constant(0))
  switch (fn) {
    case 'sign':
      return choose(gt(abs(x), constant(0)), copysign(constant(1), x), x)
    case 'not':
      return eq(x, constant(0))
    case 'and':
    case 'or':
    case 'xor':
      return run(`v128.${fn}`, holds(x), holds(y))
    case 'rem':
    case 'mod':
    case 'floorDiv':
      return remainder4(f, fn, x, y, () => oneByOne(f, fn, operands))
    default:
      return elementary(f, fn, operands)
  }
}

/** A function by its formula for lanes, or else for pairs of float64. */
const elementary = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const [x = f.constant(0)] = operands
  const quick = inLanes[fn]
  if (quick !== undefined) return quick(f, x)
  const formula = inPairs[fn]
  return formula === undefined ? oneByOne(f, fn, operands) : inDoubles(f, fn, formula, ...operands)
}

const oneByOne = ({ module, code }: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const one: LaneFunction = (inner, lanes) => double(formulas(module, inner, 'f64'), fn, lanes)
  return laneByLane(module, code, 'float32', `${fn} float32`, one, operands)
}

/** A function of one float32. */
export const float32Scalar = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, module, code } = f
  if (isInstruction(fn)) return run(`f32.${instructions[fn]}`, ...operands)
  if (logic.has(fn))
    return double(
      f,
      fn,
      operands.map(operand => run('f64.promote_f32', operand)),
    )
  const vectors = formulas(module, code, 'f32x4')
  const lanes = operands.map(operand => vectors.keep(run('f32x4.splat', operand)))
  const result = float32Vector(vectors, fn, lanes)
  return () => {
    result()
    code.lane('f32x4.extract_lane', 0)
  }
}

/**
 * By how many units in the last place a float32 result may differ from the exact one; 0.5 is correctly rounded. Measured, not
 * proved: the largest errors that sweeps over float32, and samples of pairs, have found, rounded up. Functions that are not listed
 * are rounded once from the float64 result.
 */
export const ulpBounds: { readonly [fn in ScalarFn]?: number } = {
  exp: 1.5,
  expm1: 2,
  tanh: 6,
  log: 1,
  log1p: 1.5,
  sin: 2.5,
  cos: 2.5,
  erf: 1.5,
  erfInv: 4,
  tan: 0.51,
  erfc: 0.51,
  log2: 0.51,
  cbrt: 0.51,
  pow: 0.51,
  sinh: 0.51,
  cosh: 0.51,
  asinh: 0.51,
  acosh: 0.51,
  atanh: 0.51,
  asin: 0.51,
  acos: 0.51,
  atan: 0.51,
  atan2: 0.51,
}
