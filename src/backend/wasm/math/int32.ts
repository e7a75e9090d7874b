/**
 * Scalar functions of int32. Arithmetic wraps and division by 0 gives 0; nothing traps.
 *
 * Layer: backend. The meaning is that of ../scalar.ts. Read next: math/lanes.ts, which applies them to four lanes.
 */
import type { ScalarFn } from '../../../core/kernel.ts'
import type { Code, Local } from '../assembler.ts'
import type { PlainOp } from '../opcodes.ts'
import { double } from './float64.ts'
import { branch, type Formulas, type Term } from './terms.ts'

const instructions: { readonly [fn in ScalarFn]?: PlainOp } = {
  add: 'i32.add',
  sub: 'i32.sub',
  mul: 'i32.mul',
  bitAnd: 'i32.and',
  bitOr: 'i32.or',
  bitXor: 'i32.xor',
  eq: 'i32.eq',
  ne: 'i32.ne',
  lt: 'i32.lt_s',
  le: 'i32.le_s',
  gt: 'i32.gt_s',
  ge: 'i32.ge_s',
  not: 'i32.eqz',
}

/** Whether a remainder has to be moved by the divisor: it is not 0 and its sign is not the divisor's. */
const strays = ({ run }: Formulas, r: Term, y: Term, zero: Term): Term =>
  run('i32.and', run('i32.ne', r, zero), run('i32.lt_s', run('i32.xor', r, y), zero))

/** x / y rounded toward 0, or down. For the divisors 0 and -1, which may trap, it is x·y. */
const quotient = (f: Formulas, x: Term, y: Term, down: boolean): Term => {
  const { run, code } = f
  const zero: Term = () => code.i32(0)
  const trapping = run(
    'i32.lt_u',
    run('i32.add', y, () => code.i32(1)),
    () => code.i32(2),
  )
  const divided = (): Term => {
    const toZero = run('i32.div_s', x, y)
    return down ? run('i32.sub', toZero, strays(f, run('i32.rem_s', x, y), y, zero)) : toZero
  }
  return branch(code, 'i32', trapping, () => run('i32.mul', x, y), divided)
}

/** The remainder with the sign of x, or that with the sign of y. */
const remainder = (f: Formulas, x: Term, y: Term, floored: boolean): Term => {
  const { run, code } = f
  const zero: Term = () => code.i32(0)
  const divided = (): Term => {
    const r = run('i32.rem_s', x, y)
    return floored ? run('i32.add', r, run('select', y, zero, strays(f, r, y, zero))) : r
  }
  return branch(code, 'i32', y, divided, () => zero)
}

/** Shifts by 32 or more give what shifting one place at a time would. */
const shift = ({ run, code }: Formulas, name: 'i32.shl' | 'i32.shr_s' | 'i32.shr_u', x: Term, y: Term): Term => {
  const far = run('i32.gt_u', y, () => code.i32(31))
  if (name === 'i32.shr_s')
    return run(
      name,
      x,
      run('select', () => code.i32(31), y, far),
    )
  return run('select', () => code.i32(0), run(name, x, y), far)
}

/** Powers by squaring, for an exponent of at least 0. */
const squaring = (code: Code, base: Local, exponent: Local, result: Local): void => {
  const multiply = (to: Local, by: Local): void => {
    code.get(to)
    code.get(by)
    code.op('i32.mul')
    code.set(to)
  }
  code.loop(again => {
    code.get(exponent)
    code.i32(1)
    code.op('i32.and')
    code.when(() => multiply(result, base))
    multiply(base, base)
    code.get(exponent)
    code.i32(1)
    code.op('i32.shr_u')
    code.tee(exponent)
    code.brIf(again)
  })
}

/** A power with a negative exponent: that of 1 and -1, whose exponent may as well be positive, else 0. */
const inverse = ({ run, code }: Formulas, x: Term, y: Term): Term => {
  const one: Term = () => code.i32(1)
  const signed = run('select', x, one, run('i32.and', y, one))
  const isNoUnit = run('i32.and', run('i32.add', x, one), () => code.i32(~2))
  return run('select', () => code.i32(0), signed, isNoUnit)
}

const power = (f: Formulas, x: Term, y: Term): Term => {
  const { code, module, call } = f
  const body = (inner: Code, base: Local, exponent: Local): void => {
    const result = inner.local('i32')
    inner.i32(1)
    inner.set(result)
    squaring(inner, base, exponent, result)
    inner.get(result)
  }
  const made = module.once('power i32', () => module.define(null, ['i32', 'i32'], ['i32'], body))
  const isNegative = f.run('i32.lt_s', y, () => code.i32(0))
  return branch(
    code,
    'i32',
    isNegative,
    () => inverse(f, x, y),
    () => call(made, x, y),
  )
}

const truthy = ({ run, code }: Formulas, x: Term): Term => run('i32.ne', x, () => code.i32(0))

/** An int32 function of int32 terms that read locals. What has no meaning of its own on integers goes through float64. */
export const integer = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, code } = f
  const zero: Term = () => code.i32(0)
  const [x = zero, y = zero] = operands
  const instruction = instructions[fn]
  if (instruction !== undefined) return run(instruction, ...operands)
  switch (fn) {
    case 'neg':
      return run('i32.sub', zero, x)
    case 'abs':
      return run('select', run('i32.sub', zero, x), x, run('i32.lt_s', x, zero))
    case 'sign':
      return run('i32.sub', run('i32.gt_s', x, zero), run('i32.lt_s', x, zero))
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return x
    case 'bitNot':
      return run('i32.xor', x, () => code.i32(-1))
    case 'max':
      return run('select', x, y, run('i32.gt_s', x, y))
    case 'min':
      return run('select', x, y, run('i32.lt_s', x, y))
    case 'div':
      return quotient(f, x, y, false)
    case 'floorDiv':
      return quotient(f, x, y, true)
    case 'rem':
      return remainder(f, x, y, false)
    case 'mod':
      return remainder(f, x, y, true)
    case 'pow':
      return power(f, x, y)
    case 'shiftLeft':
      return shift(f, 'i32.shl', x, y)
    case 'shiftRight':
      return shift(f, 'i32.shr_s', x, y)
    case 'shiftRightLogical':
      return shift(f, 'i32.shr_u', x, y)
    case 'and':
      return run('i32.and', truthy(f, x), truthy(f, y))
    case 'or':
      return run('i32.ne', run('i32.or', x, y), zero)
    case 'xor':
      return run('i32.xor', truthy(f, x), truthy(f, y))
    default: {
      const converted = operands.map(operand => f.keep(run('f64.convert_i32_s', operand)))
      return run('i32.trunc_sat_f64_s', double(f, fn, converted))
    }
  }
}
