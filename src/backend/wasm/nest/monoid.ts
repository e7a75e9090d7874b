/**
 * How values combine, in code: accumulators of lanes or of one value.
 *
 * Layer: backend. Scalar sums and products of float32 are kept in float64. Positions of extremes are in nest/position.ts. Read next:
 * nest/rows.ts, nest/columns.ts.
 */
import type { Dtype } from '../../../core/dtype.ts'
import type { Monoid } from '../../../core/kernel.ts'
import { monoidFor } from '../../scalar.ts'
import type { Local } from '../assembler.ts'
import { pushScalar, pushSplat, scalarType } from '../expr/memory.ts'
import { emitCast, typeOf } from '../expr.ts'
import type { PlainOp } from '../opcodes.ts'
import { lanesTo, turned } from './turn.ts'
import type { Walk } from './walk.ts'

/** Locals that hold what was combined so far: one, or an extreme value and its position. */
export type Accumulator = readonly Local[]

/** A monoid over values of one dtype: its accumulators. */
export type Combining = {
  /** A new accumulator that holds nothing yet. */
  readonly start: () => Accumulator
  /** Takes in a value; `position` pushes where it is, as i32 or as lanes. */
  readonly add: (to: Accumulator, value: Local, position: () => void) => void
  readonly merge: (to: Accumulator, from: Accumulator) => void
  /** Pushes a value that changes nothing, as lanes. */
  readonly unit: () => void
  /** A local with what an accumulator holds, in the dtype of the result. */
  readonly result: (of: Accumulator) => Local
}

type Plain = Exclude<Monoid, 'argMax' | 'argMin'>

const vectorOp = (monoid: Plain, dtype: Dtype): PlainOp => {
  const float = dtype === 'float32'
  switch (monoid) {
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

const floatOps = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const

/** Pushes two scalars combined. */
const pushCombined = ({ code }: Walk, monoid: Plain, dtype: Dtype, x: Local, y: Local): void => {
  const type = scalarType(dtype)
  code.get(x)
  code.get(y)
  if (monoid === 'and' || monoid === 'or') code.op(monoid === 'and' ? 'i32.and' : 'i32.or')
  else if (type !== 'i32') code.op(type === 'f32' ? `f32.${floatOps[monoid]}` : `f64.${floatOps[monoid]}`)
  else if (monoid === 'sum' || monoid === 'prod') code.op(monoid === 'sum' ? 'i32.add' : 'i32.mul')
  else {
    code.get(x)
    code.get(y)
    code.op(monoid === 'max' ? 'i32.gt_s' : 'i32.lt_s')
    code.op('select')
  }
}

/** What a scalar accumulator has as its dtype: wide enough for long sums. */
const heldIn = (monoid: Plain, dtype: Dtype): Dtype =>
  dtype === 'float32' && (monoid === 'sum' || monoid === 'prod') ? 'float64' : dtype

/** Accumulators of a monoid over values of `dtype`. */
export const combining = (walk: Walk, monoid: Plain, dtype: Dtype): Combining => {
  const { code, module, form } = walk
  const vector = form === 'vector'
  const held = vector ? dtype : heldIn(monoid, dtype)
  const { unit } = monoidFor(monoid, dtype)
  const pushUnit = (): void => (vector ? pushSplat(module, code, dtype, unit) : pushScalar(code, held, unit))
  const keep = (of: Dtype, push: () => void): Local => {
    const local = walk.take(typeOf(form, of))
    push()
    code.set(local)
    return local
  }
  const cast = (value: Local, from: Dtype, to: Dtype): Local =>
    keep(to, () => {
      code.get(value)
      emitCast(module, code, form, from, to)
    })
  const combine = (to: Local, value: Local): void => {
    if (vector) {
      code.get(to)
      code.get(value)
      code.op(vectorOp(monoid, dtype))
    } else pushCombined(walk, monoid, held, to, value)
    code.set(to)
  }
  return {
    start: () => [keep(held, pushUnit)],
    add: ([to], value) => combine(to as Local, held === dtype ? value : cast(value, dtype, held)),
    merge: ([to], [from]) => combine(to as Local, from as Local),
    unit: pushUnit,
    result: ([of]) => cast(of as Local, held, dtype),
  }
}

/** Makes all lanes of an accumulator the total of its lanes: neighbours first, as `acrossEach` does. */
export const across = (walk: Walk, { merge }: Combining, of: Accumulator): void => {
  const { code } = walk
  const shuffled = (lanes: readonly number[]): Accumulator =>
    of.map(local => {
      const to = walk.take('v128')
      code.get(local)
      code.get(local)
      code.shuffle(lanesTo(lanes))
      code.set(to)
      return to
    })
  merge(of, shuffled([1, 0, 3, 2]))
  merge(of, shuffled([2, 3, 0, 1]))
}

/** An accumulator whose lane i holds the total of the lanes of accumulator i, of four. */
export const acrossEach = (walk: Walk, { merge }: Combining, of: readonly Accumulator[]): Accumulator => {
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

/** Merges accumulators into the first, neighbours before those further apart. */
export const mergeAll = ({ merge }: Combining, accumulators: readonly Accumulator[]): Accumulator => {
  for (let gap = 1; gap < accumulators.length; gap *= 2)
    for (let i = 0; i + gap < accumulators.length; i += 2 * gap)
      merge(accumulators[i] as Accumulator, accumulators[i + gap] as Accumulator)
  return accumulators[0] as Accumulator
}
