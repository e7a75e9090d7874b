/**
 * Totals that run along an axis, in registers: of one column, of a vector of neighbouring columns, or along a vector itself.
 *
 * Layer: backend. Sums and products of float32 are kept in float64 and rounded when they are stored, so that long ones stay exact.
 * Totals begin with the unit, which is -0 for sums of floats: -0 + x is x, whatever zero x is. Read next: cumulate.ts.
 */
import type { Dtype } from '../../../core/dtype.ts'
import type { Cumulate } from '../../../core/kernel.ts'
import { range } from '../../../core/shape.ts'
import type { Code, Local, ModuleBuilder, ValueType } from '../assembler.ts'
import { scalarType } from '../expr/memory.ts'
import type { PlainOp } from '../opcodes.ts'

/** What is totalled. */
export type Totals = { readonly dtype: Dtype; readonly monoid: Cumulate['monoid'] }

const verbs = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

const isWide = ({ dtype, monoid }: Totals): boolean => dtype === 'float32' && (monoid === 'sum' || monoid === 'prod')

const unitOf = ({ dtype, monoid }: Totals): number => {
  const integer = dtype === 'int32' || dtype === 'bool'
  if (monoid === 'sum') return integer ? 0 : -0
  if (monoid === 'prod') return 1
  const least = integer ? -2147483648 : -Infinity
  return monoid === 'max' ? least : integer ? 2147483647 : Infinity
}

// ---- one column

/** The type of a single total. */
const totalType = (totals: Totals): ValueType => (isWide(totals) ? 'f64' : scalarType(totals.dtype))

/** A new total of one column: the unit. */
export const newTotal = (code: Code, totals: Totals): Local => {
  const type = totalType(totals)
  const local = code.local(type)
  const unit = unitOf(totals)
  if (type === 'f64') code.f64(unit)
  else if (type === 'f32') code.f32(unit)
  else code.i32(unit)
  code.set(local)
  return local
}

const extreme = (code: Code, monoid: 'max' | 'min', total: Local): void => {
  const x = code.local('i32')
  code.set(x)
  code.get(x)
  code.get(total)
  code.get(x)
  code.get(total)
  code.op(monoid === 'max' ? 'i32.gt_s' : 'i32.lt_s')
  code.op('select')
}

/** Combines the value on the stack into a total and leaves the new total there, as the value was. */
export const totalOne = (code: Code, totals: Totals, total: Local): void => {
  const { monoid } = totals
  const type = totalType(totals)
  if (isWide(totals)) code.op('f64.promote_f32')
  if (type === 'f64' || type === 'f32') {
    code.get(total)
    code.op(`${type}.${verbs[monoid]}`)
  } else if (monoid === 'max' || monoid === 'min') extreme(code, monoid, total)
  else {
    code.get(total)
    code.op(monoid === 'sum' ? 'i32.add' : 'i32.mul')
  }
  code.tee(total)
  if (isWide(totals)) code.op('f32.demote_f64')
}

// ---- a vector of columns

/** How many columns a vector holds; 0 where there are no vectors of that dtype. */
export const columnsOf = (dtype: Dtype): number => (dtype === 'bool' ? 0 : dtype === 'float64' ? 2 : 4)

const vectorOp = (totals: Totals): PlainOp => {
  const verb = verbs[totals.monoid]
  if (totals.dtype === 'float64' || isWide(totals)) return `f64x2.${verb}` as PlainOp
  if (totals.dtype === 'float32') return `f32x4.${verb}` as PlainOp
  return verb === 'max' || verb === 'min' ? `i32x4.${verb}_s` : `i32x4.${verb}`
}

/** Pushes the unit in all lanes. */
const pushUnits = (module: ModuleBuilder, code: Code, totals: Totals): void => {
  const unit = unitOf(totals)
  const kind = totals.dtype === 'int32' ? 'i32' : 'f32'
  const wide = totals.dtype === 'float64' || isWide(totals)
  const at = wide ? module.data(Float64Array.of(unit, unit)) : module.splat(kind, unit)
  code.constant(at)
}

/** New totals of a vector of columns: one register, or two where they are wider than the values. */
export const newTotals = (module: ModuleBuilder, code: Code, totals: Totals): readonly Local[] =>
  range(0, isWide(totals) ? 2 : 1).map(() => {
    const local = code.local('v128')
    pushUnits(module, code, totals)
    code.set(local)
    return local
  })

const UPPER = [...range(8, 16), ...range(8, 16)]
const LOWER_HALVES = [...range(0, 8), ...range(16, 24)]

/** Two halves of four float32 lanes, as float64. */
const halves = (code: Code, x: Local): readonly [lower: () => void, upper: () => void] => [
  () => {
    code.get(x)
    code.op('f64x2.promote_low_f32x4')
  },
  () => {
    code.get(x)
    code.get(x)
    code.shuffle(UPPER)
    code.op('f64x2.promote_low_f32x4')
  },
]

/** Pushes four float32 lanes, rounded from two halves in float64. */
const joined = (code: Code, lower: Local, upper: Local): void => {
  for (const half of [lower, upper]) {
    code.get(half)
    code.op('f32x4.demote_f64x2_zero')
  }
  code.shuffle(LOWER_HALVES)
}

/** Combines a vector into totals lane by lane, and pushes them as the vector was. */
export const totalColumns = (code: Code, totals: Totals, x: Local, registers: readonly Local[]): void => {
  const [first, second] = registers as readonly [Local, Local?]
  const op = vectorOp(totals)
  if (second === undefined) {
    code.get(x)
    code.get(first)
    code.op(op)
    code.tee(first)
    return
  }
  halves(code, x).forEach((push, i) => {
    const half = i === 0 ? first : second
    push()
    code.get(half)
    code.op(op)
    code.set(half)
  })
  joined(code, first, second)
}

// ---- along a vector

/** Whether totals can run along vectors: where another order of combining makes no or next to no difference. */
export const runsAlong = ({ dtype, monoid }: Totals): boolean =>
  dtype === 'int32' || (dtype === 'float32' && monoid !== 'prod')

/** Lanes, from `count` on, of the second of two vectors, behind the last ones of the first. */
const shifted = (count: number, bytes: number): readonly number[] => range(16 - count * bytes, 32 - count * bytes)

/** Replaces x by its combination with itself, `count` lanes further; units come in. */
const combineShifted = (code: Code, op: PlainOp, units: Local, x: Local, count: number, bytes: number): void => {
  code.get(units)
  code.get(x)
  code.shuffle(shifted(count, bytes))
  code.get(x)
  code.op(op)
  code.set(x)
}

/** Pushes the last lane of a vector in all its lanes. */
const lastLane = (code: Code, x: Local, bytes: number): void => {
  code.get(x)
  code.get(x)
  const last = range(16 - bytes, 16)
  code.shuffle(range(0, 16 / bytes).flatMap(() => last))
}

/** Combines x with a total and makes the last lane the next one. */
const carry = (code: Code, op: PlainOp, x: Local, total: Local, bytes: number): void => {
  code.get(x)
  code.get(total)
  code.op(op)
  code.set(x)
  lastLane(code, x, bytes)
  code.set(total)
}

/** Registers for totals along vectors: the total in all lanes, and units. */
export type Along = { readonly total: Local; readonly units: Local }

/** A new total along vectors: the unit. */
export const newAlong = (module: ModuleBuilder, code: Code, totals: Totals): Along => {
  const [total, units] = [code.local('v128'), code.local('v128')]
  pushUnits(module, code, totals)
  code.tee(total)
  code.set(units)
  return { total, units }
}

/** Replaces the lanes of x by the totals up to them. Those within a vector are found first, so that vectors wait for each other only once. */
export const totalAlong = (code: Code, totals: Totals, x: Local, { total, units }: Along): void => {
  const op = vectorOp(totals)
  if (!isWide(totals)) {
    combineShifted(code, op, units, x, 1, 4)
    combineShifted(code, op, units, x, 2, 4)
    carry(code, op, x, total, 4)
    return
  }
  const [lower, upper] = halves(code, x).map(push => {
    const half = code.local('v128')
    push()
    code.set(half)
    combineShifted(code, op, units, half, 1, 8)
    return half
  }) as [Local, Local]
  code.get(upper)
  lastLane(code, lower, 8)
  code.op(op)
  code.set(upper)
  code.get(lower)
  code.get(total)
  code.op(op)
  code.set(lower)
  carry(code, op, upper, total, 8)
  joined(code, lower, upper)
  code.set(x)
}

/** Pushes the total so far, as a single one. */
export const totalOf = (code: Code, totals: Totals, { total }: Along): void => {
  code.get(total)
  code.lane(
    isWide(totals) ? 'f64x2.extract_lane' : totals.dtype === 'int32' ? 'i32x4.extract_lane' : 'f32x4.extract_lane',
    0,
  )
}

/** Pushes four lanes in reverse. */
export const reversed = (code: Code, x: Local): void => {
  code.get(x)
  code.get(x)
  code.shuffle([3, 2, 1, 0].flatMap(lane => range(4 * lane, 4 * lane + 4)))
}
