/**
 * One row of updates combined into the result: vectors, then what is left one by one.
 *
 * Layer: backend.
 */
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import type { Combination, Scatter } from '../../../core/kernel.ts'
import type { Code, Local } from '../assembler.ts'
import { loadScalar, type Place, scalarType, storeScalar } from '../expr/memory.ts'
import { integers } from '../integers.ts'
import type { PlainOp } from '../opcodes.ts'

const verbs = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

/** How many columns there are: said in advance, or in a local. */
export type Count = { readonly known: number } | { readonly local: Local }

/** The instruction that combines vectors; null where the update simply stays. */
const vectorOp = (combine: Combination, dtype: Exclude<Dtype, 'bool'>): PlainOp | null => {
  if (combine === 'last') return null
  const verb = verbs[combine]
  if (dtype !== 'int32') return dtype === 'float32' ? `f32x4.${verb}` : `f64x2.${verb}`
  return verb === 'max' || verb === 'min' ? `i32x4.${verb}_s` : `i32x4.${verb}`
}

const combineVector = (code: Code, op: PlainOp | null, to: Local, from: Local, offset: number): void => {
  code.get(to)
  if (op !== null) {
    code.get(to)
    code.memory('v128.load', offset)
  }
  code.get(from)
  code.memory('v128.load', offset)
  if (op !== null) code.op(op)
  code.memory('v128.store', offset)
}

/** Combines two scalars on the stack; int32 has no instruction for extremes. */
const combineScalars = (code: Code, combine: Exclude<Combination, 'last'>, dtype: Dtype): void => {
  const verb = verbs[combine]
  const type = scalarType(dtype)
  if (type !== 'i32') code.op(`${type}.${verb}` as PlainOp)
  else if (verb === 'add' || verb === 'mul') code.op(`i32.${verb}`)
  else chooseInteger(code, verb)
}

const chooseInteger = (code: Code, verb: 'max' | 'min'): void => {
  const [x, y] = [code.local('i32'), code.local('i32')]
  code.set(y)
  code.set(x)
  for (const local of [x, y, x, y]) code.get(local)
  code.op(verb === 'max' ? 'i32.gt_s' : 'i32.lt_s')
  code.op('select')
}

const combineOne = (code: Code, { combine, update }: Scatter, to: Local, from: Local, offset: number): void => {
  const { dtype } = update
  const [target, source]: readonly [Place, Place] = [
    { address: to, offset },
    { address: from, offset },
  ]
  const value = code.local(scalarType(dtype))
  if (combine !== 'last') loadScalar(code, dtype, target)
  loadScalar(code, dtype, source)
  if (combine !== 'last') combineScalars(code, combine, dtype)
  code.set(value)
  storeScalar(code, dtype, target, value)
}

/** Rows that are known to be short, in vectors, are written out. */
const SHORT = 16

/** Combines the row of updates at `from` into the result at `to`. */
export const combineRow = (code: Code, kernel: Scatter, to: Local, from: Local, count: Count): void => {
  const { dtype } = kernel.update
  const width = bytesOf(dtype)
  const lanes = dtype === 'bool' ? 0 : 16 / width
  const op = dtype === 'bool' ? null : vectorOp(kernel.combine, dtype)
  if ('known' in count && count.known <= SHORT * Math.max(1, lanes)) {
    const whole = lanes === 0 ? 0 : Math.floor(count.known / lanes) * lanes
    for (let at = 0; at < whole; at += lanes) combineVector(code, op, to, from, at * width)
    for (let at = whole; at < count.known; at++) combineOne(code, kernel, to, from, at * width)
    return
  }
  const { add, advance, constant, during, get, keep, less, times } = integers(code)
  const length = 'known' in count ? constant(count.known * width) : times(get(count.local), width)
  const [target, source] = [keep(get(to)), keep(get(from))]
  const end = keep(add(get(source), length))
  const stretch = (bytes: number, body: () => void): void =>
    during(less(add(get(source), constant(bytes - 1)), get(end)), () => {
      body()
      advance(source, bytes)
      advance(target, bytes)
    })
  for (const vectors of lanes === 0 ? [] : [4, 1])
    stretch(16 * vectors, () => {
      for (let v = 0; v < vectors; v++) combineVector(code, op, target, source, 16 * v)
    })
  stretch(width, () => combineOne(code, kernel, target, source, 0))
}
