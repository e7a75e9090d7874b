/**
 * How values combine, in code: accumulators of lanes or of one value.
 *
 * Layer: backend. An accumulator is one local; for argMax and argMin two, the extreme value and its position. Scalar sums and products
 * of float32 are kept in float64. Read next: nest-rows.ts, nest-columns.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import type { Monoid } from '../../core/kernel.ts'
import { monoidFor } from '../scalar.ts'
import type { Local } from './assembler.ts'
import { emitCast, typeOf } from './expr.ts'
import { pushScalar, pushSplat, scalarType } from './expr-memory.ts'
import { lanesTo, turned } from './nest-read.ts'
import type { Walk } from './nest-walk.ts'
import type { PlainOp } from './opcodes.ts'

export type Accumulator = readonly Local[]

/** The code of one monoid for values of one dtype. */
export type Combining = {
  /** A new accumulator that holds nothing yet. */
  readonly start: () => Accumulator
  /** Takes in a value; `position` pushes where it is, as i32 or as lanes. */
  readonly add: (to: Accumulator, value: Local, position: () => void) => void
  readonly merge: (to: Accumulator, from: Accumulator) => void
  /** Pushes a value that changes nothing, as lanes. */
  readonly unit: () => void
  /** Makes all lanes of an accumulator the total of its lanes. */
  readonly across: (of: Accumulator) => void
  /** An accumulator whose lane i holds the total of the lanes of accumulator i, of four. */
  readonly acrossEach: (of: readonly Accumulator[]) => Accumulator
  /** A local with what an accumulator holds, in the dtype of the result. */
  readonly result: (of: Accumulator) => Local
}

const isPosition = (monoid: Monoid): monoid is 'argMax' | 'argMin' => monoid === 'argMax' || monoid === 'argMin'

const plainOf = (monoid: Monoid): Exclude<Monoid, 'argMax' | 'argMin'> =>
  monoid === 'argMax' ? 'max' : monoid === 'argMin' ? 'min' : monoid

const vectorOp = (monoid: Monoid, dtype: Dtype): PlainOp => {
  const float = dtype === 'float32'
  switch (plainOf(monoid)) {
    case 'sum':
      return float ? 'f32x4.add' : 'i32x4.add'
    case 'prod':
      return float ? 'f32x4.mul' : 'i32x4.mul'
    case 'max':
      return float ? 'f32x4.max' : 'i32x4.max_s'
    case 'min':
      return float ? 'f32x4.min' : 'i32x4.min_s'
    case 'and':
      return 'v128.and'
    case 'or':
      return 'v128.or'
  }
}

/** Wide enough for long sums: see the head of this file. */
const heldIn = (monoid: Monoid, dtype: Dtype): Dtype =>
  dtype === 'float32' && (monoid === 'sum' || monoid === 'prod') ? 'float64' : dtype

/** Combines two i32 on the stack or, for max and min, in locals. */
const scalarOp = (walk: Walk, monoid: Monoid, dtype: Dtype, x: Local, y: Local): void => {
  const { code } = walk
  const type = scalarType(dtype)
  const plain = plainOf(monoid)
  code.get(x)
  code.get(y)
  if (type === 'i32' && (plain === 'max' || plain === 'min')) {
    code.get(x)
    code.get(y)
    code.op(plain === 'max' ? 'i32.gt_s' : 'i32.lt_s')
    code.op('select')
  } else if (plain === 'and' || plain === 'or') code.op(plain === 'and' ? 'i32.and' : 'i32.or')
  else if (type === 'i32') code.op(plain === 'sum' ? 'i32.add' : 'i32.mul')
  else {
    const name = plain === 'sum' ? 'add' : plain === 'prod' ? 'mul' : plain
    code.op(type === 'f32' ? `f32.${name}` : `f64.${name}`)
  }
}

/** Code for a monoid over values of `dtype`. */
export const combining = (walk: Walk, monoid: Monoid, dtype: Dtype): Combining => {
  const { code, module, form } = walk
  const vector = form === 'vector'
  const unit = monoidFor(plainOf(monoid), dtype).unit
  const held = vector ? dtype : heldIn(monoid, dtype)
  const type = typeOf(form, held)
  const pushUnit = (): void => {
    if (vector) pushSplat(module, code, dtype, unit)
    else pushScalar(code, held, unit)
  }
  const shuffled = (of: Accumulator, lanes: readonly number[]): Accumulator =>
    of.map(local => {
      const to = walk.take('v128')
      code.get(local)
      code.get(local)
      code.shuffle(lanesTo(lanes))
      code.set(to)
      return to
    })
  const start = (): Accumulator => {
    const value = walk.take(type)
    pushUnit()
    code.set(value)
    if (!isPosition(monoid)) return [value]
    const position = walk.take(vector ? 'v128' : 'i32')
    if (vector) pushSplat(module, code, 'int32', 0)
    else code.i32(0)
    code.set(position)
    return [value, position]
  }
  const pushBetter = (x: Local, best: Local): void => {
    const max = monoid === 'argMax'
    const name = scalarType(dtype)
    const op = (operation: 'gt' | 'lt' | 'ne' | 'eq'): PlainOp => {
      if (name === 'i32') {
        if (operation === 'ne' || operation === 'eq') return vector ? `i32x4.${operation}` : `i32.${operation}`
        return vector ? `i32x4.${operation}_s` : `i32.${operation}_s`
      }
      return vector ? `f32x4.${operation}` : name === 'f32' ? `f32.${operation}` : `f64.${operation}`
    }
    const compare = (a: Local, b: Local, operation: 'gt' | 'lt' | 'ne' | 'eq'): void => {
      code.get(a)
      code.get(b)
      code.op(op(operation))
    }
    compare(x, best, max ? 'gt' : 'lt')
    if (name === 'i32') return
    compare(x, x, 'ne')
    compare(best, best, 'eq')
    code.op(vector ? 'v128.and' : 'i32.and')
    code.op(vector ? 'v128.or' : 'i32.or')
  }
  const choose = (to: Accumulator, from: readonly (() => void)[], mask: Local): void => {
    to.forEach((local, i) => {
      from[i]?.()
      code.get(local)
      code.get(mask)
      code.op(vector ? 'v128.bitselect' : 'select')
      code.set(local)
    })
  }
  const maskOf = (push: () => void): Local => {
    const mask = walk.take(vector ? 'v128' : 'i32')
    push()
    code.set(mask)
    return mask
  }
  const combine = (to: Local, value: Local): void => {
    if (vector) {
      code.get(to)
      code.get(value)
      code.op(vectorOp(monoid, dtype))
    } else scalarOp(walk, monoid, held, to, value)
    code.set(to)
  }
  const add: Combining['add'] = (to, value, position) => {
    if (isPosition(monoid)) {
      const mask = maskOf(() => pushBetter(value, to[0] as Local))
      choose(to, [() => code.get(value), position], mask)
    } else if (held === dtype) combine(to[0] as Local, value)
    else {
      const wide = walk.take(type)
      code.get(value)
      emitCast(module, code, form, dtype, held)
      code.set(wide)
      combine(to[0] as Local, wide)
    }
  }
  const merge: Combining['merge'] = (to, from) => {
    const [x, position] = from as readonly [Local, Local]
    const [best, found] = to as readonly [Local, Local]
    if (!isPosition(monoid)) {
      combine(best, x)
      return
    }
    // Where neither is better than the other, the first of the two positions stays.
    const mask = maskOf(() => {
      pushBetter(best, x)
      code.op('v128.not')
      code.get(position)
      code.get(found)
      code.op('i32x4.lt_s')
      code.op('v128.and')
      pushBetter(x, best)
      code.op('v128.or')
    })
    choose(to, [() => code.get(x), () => code.get(position)], mask)
  }
  return {
    start,
    add,
    merge,
    unit: pushUnit,
    across: of => {
      merge(of, shuffled(of, [1, 0, 3, 2]))
      merge(of, shuffled(of, [2, 3, 0, 1]))
    },
    acrossEach: of => transposed(walk, of, merge),
    result: of => {
      const local = walk.take(vector ? 'v128' : isPosition(monoid) ? 'i32' : scalarType(dtype))
      code.get(isPosition(monoid) ? (of[1] as Local) : (of[0] as Local))
      if (!isPosition(monoid)) emitCast(module, code, form, held, dtype)
      code.set(local)
      return local
    },
  }
}

/** Totals of four accumulators in four lanes: their vectors are turned, so that lanes are added to lanes. */
const transposed = (walk: Walk, of: readonly Accumulator[], merge: Combining['merge']): Accumulator => {
  const parts = (of[0] ?? []).map((_, part) =>
    turned(
      walk,
      of.map(accumulator => accumulator[part] as Local),
    ),
  )
  const lane = (k: number): Accumulator => parts.map(vectors => vectors[k] as Local)
  const [first, second] = [lane(0), lane(2)]
  merge(first, lane(1))
  merge(second, lane(3))
  merge(first, second)
  return first
}
