/**
 * Bounds as ranges: from where to where along the vector's place a load may be read.
 *
 * Layer: backend. 0 ≤ offset + by·index < size holds for a range of whole numbers, whose ends are quotients. Read next: nest/read.ts.
 */
import type { Bound } from '../../address.ts'
import type { Local } from '../assembler.ts'
import type { Source } from './form.ts'
import { type Lanes, pushSum } from './place.ts'
import type { Walk } from './walk.ts'

/** The indices of the vector's place that may be read: from `low`, and how many. */
export type Range = { readonly low: Local; readonly width: Local }

const pushMax = (walk: Walk, a: Local, pushB: () => void): void => {
  const { code } = walk
  const b = walk.take('i32')
  pushB()
  code.set(b)
  code.get(a)
  code.get(b)
  code.get(a)
  code.get(b)
  code.op('i32.gt_s')
  code.op('select')
}

/** Sets a local to max(0, itself) divided by a positive number. */
const quotient = (walk: Walk, local: Local, divisor: number): void => {
  const { code } = walk
  pushMax(walk, local, () => code.i32(0))
  if (divisor !== 1) {
    code.i32(divisor)
    code.op('i32.div_u')
  }
  code.set(local)
}

/** The first index from which 0 ≤ offset + by·index < size holds, and the first from which it no longer does. */
const endsOf = (walk: Walk, bound: Bound, lanes: Lanes): readonly [Local, Local] => {
  const { code } = walk
  const by = bound.by[lanes.vector] ?? 0
  const step = Math.abs(by)
  const [low, high, rest] = [walk.take('i32'), walk.take('i32'), walk.take('i32')]
  pushSum(walk, bound, { ...lanes, steps: 0 }, lanes.vector)
  code.set(rest)
  const linear = (to: Local, constant: number, sign: 1 | -1): void => {
    code.i32(constant)
    code.get(rest)
    code.op(sign === 1 ? 'i32.add' : 'i32.sub')
    code.set(to)
    quotient(walk, to, step)
  }
  linear(low, by > 0 ? step - 1 : step - bound.size, by > 0 ? -1 : 1)
  linear(high, by > 0 ? bound.size + step - 1 : step, by > 0 ? -1 : 1)
  return [low, high]
}

/** The range in which all bounds hold. Bounds that do not move along the vector's place hold everywhere or nowhere. */
export const rangeOf = (walk: Walk, source: Source, lanes: Lanes): Range => {
  const { code } = walk
  const [low, high, width] = [walk.take('i32'), walk.take('i32'), walk.take('i32')]
  code.i32(0)
  code.set(low)
  code.i32(0x7fffffff)
  code.set(high)
  for (const bound of source.bounds) {
    if ((bound.by[lanes.vector] ?? 0) === 0) {
      code.get(high)
      code.i32(0)
      pushSum(walk, bound, lanes)
      code.i32(bound.size)
      code.op('i32.lt_u')
      code.op('select')
      code.set(high)
      continue
    }
    const [first, end] = endsOf(walk, bound, lanes)
    pushMax(walk, low, () => code.get(first))
    code.set(low)
    code.get(high)
    code.get(end)
    code.get(high)
    code.get(end)
    code.op('i32.lt_s')
    code.op('select')
    code.set(high)
  }
  code.get(high)
  code.get(low)
  code.op('i32.sub')
  code.set(width)
  quotient(walk, width, 1)
  return { low, width }
}

/** Whether a load's bounds let pass one range of the vector's place. */
export const ranged = ({ bounds }: Source): boolean => bounds.length > 0 && bounds.every(({ divisor }) => divisor === 1)
