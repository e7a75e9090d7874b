/**
 * Scalar functions of int32 on four lanes.
 *
 * Layer: backend. Division, powers and shifts by a count of each lane's own go lane by lane. Read next: math/int32.ts.
 */
import type { ScalarFn } from '../../../core/kernel.ts'
import type { PlainOp } from '../opcodes.ts'
import { integer } from './int32.ts'
import { laneByLane } from './lanes.ts'
import { type Formulas, formulas, splat, type Term } from './terms.ts'

const instructions: { readonly [fn in ScalarFn]?: PlainOp } = {
  neg: 'i32x4.neg',
  abs: 'i32x4.abs',
  add: 'i32x4.add',
  sub: 'i32x4.sub',
  mul: 'i32x4.mul',
  max: 'i32x4.max_s',
  min: 'i32x4.min_s',
  eq: 'i32x4.eq',
  ne: 'i32x4.ne',
  lt: 'i32x4.lt_s',
  le: 'i32x4.le_s',
  gt: 'i32x4.gt_s',
  ge: 'i32x4.ge_s',
  bitNot: 'v128.not',
  bitAnd: 'v128.and',
  bitOr: 'v128.or',
  bitXor: 'v128.xor',
}

/** A function of int32 lanes. */
export const int32Vector = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, module, code } = f
  const instruction = instructions[fn]
  if (instruction !== undefined) return run(instruction, ...operands)
  const zero = splat(module, code, 'i32', 0)
  const [x = zero, y = zero] = operands
  const isZero = (value: Term): Term => run('i32x4.eq', value, zero)
  switch (fn) {
    case 'not':
      return isZero(x)
    case 'and':
      return run('v128.not', run('v128.or', isZero(x), isZero(y)))
    case 'or':
      return run('v128.not', isZero(run('v128.or', x, y)))
    case 'xor':
      return run('v128.xor', isZero(x), isZero(y))
    case 'sign':
      return run('i32x4.sub', run('i32x4.lt_s', x, zero), run('i32x4.gt_s', x, zero))
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return x
    default:
      return laneByLane(
        module,
        code,
        'int32',
        `${fn} int32`,
        (inner, lanes) => integer(formulas(module, inner, 'f64'), fn, lanes),
        operands,
      )
  }
}
