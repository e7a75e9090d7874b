/**
 * argMax and argMin: accumulators of an extreme value and of its first position, in lanes or as one.
 *
 * Layer: backend. A NaN beats all numbers, the first NaN all others. Read next: nest/monoid.ts.
 */
import type { Dtype } from '../../../core/dtype.ts'
import type { Monoid } from '../../../core/kernel.ts'
import { monoidFor } from '../../scalar.ts'
import type { Local } from '../assembler.ts'
import { pushScalar, pushSplat, scalarType } from '../expr/memory.ts'
import { typeOf } from '../expr.ts'
import type { PlainOp } from '../opcodes.ts'
import { type Accumulator, type Combining, combining } from './monoid.ts'
import type { Walk } from './walk.ts'

type Comparison = 'gt' | 'lt' | 'ne' | 'eq'

const comparisonOf = (vector: boolean, dtype: Dtype, comparison: Comparison): PlainOp => {
  const type = scalarType(dtype)
  if (type === 'f64') return `f64.${comparison}`
  if (type === 'f32') return vector ? `f32x4.${comparison}` : `f32.${comparison}`
  if (comparison === 'ne' || comparison === 'eq') return vector ? `i32x4.${comparison}` : `i32.${comparison}`
  return vector ? `i32x4.${comparison}_s` : `i32.${comparison}_s`
}

/** Pushes whether a value beats the best so far. */
const pushBetter = ({ code, form }: Walk, max: boolean, dtype: Dtype, x: Local, best: Local): void => {
  const vector = form === 'vector'
  const compare = (a: Local, b: Local, comparison: Comparison): void => {
    code.get(a)
    code.get(b)
    code.op(comparisonOf(vector, dtype, comparison))
  }
  compare(x, best, max ? 'gt' : 'lt')
  if (scalarType(dtype) === 'i32') return
  compare(x, x, 'ne')
  compare(best, best, 'eq')
  code.op(vector ? 'v128.and' : 'i32.and')
  code.op(vector ? 'v128.or' : 'i32.or')
}

/** Pushes, as lanes, whether what one accumulator holds beats another: where neither is better, the first position does. */
const pushMerged = (walk: Walk, max: boolean, dtype: Dtype, from: Accumulator, to: Accumulator): void => {
  const { code } = walk
  const [x, position] = from as readonly [Local, Local]
  const [best, found] = to as readonly [Local, Local]
  pushBetter(walk, max, dtype, best, x)
  code.op('v128.not')
  code.get(position)
  code.get(found)
  code.op('i32x4.lt_s')
  code.op('v128.and')
  pushBetter(walk, max, dtype, x, best)
  code.op('v128.or')
}

/** Accumulators of positions among values of `dtype`. They start at position 0 of a value that no number is worse than. */
const positions = (walk: Walk, max: boolean, dtype: Dtype): Combining => {
  const { code, module, form } = walk
  const vector = form === 'vector'
  const { unit } = monoidFor(max ? 'max' : 'min', dtype)
  const keep = (of: Dtype, push: () => void): Local => {
    const local = walk.take(typeOf(form, of))
    push()
    code.set(local)
    return local
  }
  const pushConstant = (of: Dtype, value: number): void =>
    vector ? pushSplat(module, code, of, value) : pushScalar(code, of, value)
  const choose = (to: Accumulator, from: readonly (() => void)[], mask: Local): void => {
    for (const [i, local] of to.entries()) {
      from[i]?.()
      code.get(local)
      code.get(mask)
      code.op(vector ? 'v128.bitselect' : 'select')
      code.set(local)
    }
  }
  return {
    start: () => [keep(dtype, () => pushConstant(dtype, unit)), keep('int32', () => pushConstant('int32', 0))],
    add: (to, value, position) => {
      const mask = keep('int32', () => pushBetter(walk, max, dtype, value, to[0] as Local))
      choose(to, [() => code.get(value), position], mask)
    },
    merge: (to, from) => {
      const mask = keep('int32', () => pushMerged(walk, max, dtype, from, to))
      choose(
        to,
        from.map(local => () => code.get(local)),
        mask,
      )
    },
    unit: () => pushConstant(dtype, unit),
    result: ([, position]) => keep('int32', () => code.get(position as Local)),
  }
}

/** Accumulators of any monoid over values of `dtype`. */
export const accumulating = (walk: Walk, monoid: Monoid, dtype: Dtype): Combining =>
  monoid === 'argMax' || monoid === 'argMin'
    ? positions(walk, monoid === 'argMax', dtype)
    : combining(walk, monoid, dtype)
