/**
 * Scalar functions of bool, as masks of lanes and as i32 that are 0 or 1.
 *
 * Layer: backend. A bool result is whether the number that the function gives on 0 and 1 differs from 0. Read next: math.ts.
 */
import type { ScalarFn } from '../../../core/kernel.ts'
import type { PlainOp } from '../opcodes.ts'
import { double } from './float64.ts'
import { integer } from './int32.ts'
import { laneByLane } from './lanes.ts'
import { type Formulas, formulas, type Term } from './terms.ts'

/** Functions of one instruction on masks, which is also one on bits. */
const instructions: { readonly [fn in ScalarFn]?: 'and' | 'or' | 'xor' } = {
  and: 'and',
  min: 'and',
  mul: 'and',
  bitAnd: 'and',
  or: 'or',
  max: 'or',
  add: 'or',
  bitOr: 'or',
  xor: 'xor',
  ne: 'xor',
  sub: 'xor',
  bitXor: 'xor',
}

/** Functions that leave a bool as it is. */
const identities: ReadonlySet<ScalarFn> = new Set(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'sqrt'])

/** Functions of the bits of an integer. */
const ofBits: ReadonlySet<ScalarFn> = new Set(['bitNot', 'shiftLeft', 'shiftRight', 'shiftRightLogical'])

/** A function of i32 that are 0 or 1. */
export const boolScalar = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, code } = f
  const zero: Term = () => code.i32(0)
  const instruction = instructions[fn]
  if (instruction !== undefined) return run(`i32.${instruction}`, ...operands)
  if (identities.has(fn)) return operands[0] ?? zero
  if (comparisons.has(fn)) return integer(f, fn, operands)
  if (ofBits.has(fn)) return run('i32.ne', integer(f, fn, operands), zero)
  const converted = operands.map(operand => f.keep(run('f64.convert_i32_s', operand)))
  return run('f64.ne', double(f, fn, converted), f.constant(0))
}

const comparisons: ReadonlySet<ScalarFn> = new Set(['eq', 'lt', 'le', 'gt', 'ge', 'not'])

/** Comparisons of masks, where false is below true. `andnot` is x and not y. */
const compared = ({ run }: Formulas, fn: ScalarFn, x: Term, y: Term): Term | undefined => {
  const not = (value: Term): Term => run('v128.not', value)
  const andNot: PlainOp = 'v128.andnot'
  switch (fn) {
    case 'not':
      return not(x)
    case 'eq':
      return not(run('v128.xor', x, y))
    case 'lt':
      return run(andNot, y, x)
    case 'gt':
      return run(andNot, x, y)
    case 'le':
      return not(run(andNot, x, y))
    case 'ge':
      return not(run(andNot, y, x))
    default:
      return undefined
  }
}

/** A function of masks. */
export const boolVector = (f: Formulas, fn: ScalarFn, operands: readonly Term[]): Term => {
  const { run, module, code } = f
  const instruction = instructions[fn]
  if (instruction !== undefined) return run(`v128.${instruction}`, ...operands)
  const [x = f.constant(0), y = x] = operands
  if (identities.has(fn)) return x
  const comparison = compared(f, fn, x, y)
  if (comparison !== undefined) return comparison
  const masks = laneByLane(
    module,
    code,
    'int32',
    `${fn} bool`,
    (inner, lanes) => boolScalar(formulas(module, inner, 'f64'), fn, lanes),
    operands.map(operand => run('i32x4.neg', operand)),
  )
  return run('i32x4.neg', masks)
}
