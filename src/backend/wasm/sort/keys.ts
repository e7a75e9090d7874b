/**
 * Keys of a sort as unsigned whole numbers in the same order: NaN last, both zeros equal.
 *
 * Layer: backend. The bits of floats ascend with them where they are positive, and descend where they are negative; so the sign
 * is turned over, and with it, below zero, all else. Read next: sort.ts.
 */
import type { Dtype } from '../../../core/dtype.ts'
import type { Code } from '../assembler.ts'
import { integers } from '../integers.ts'
import type { Term } from '../math/terms.ts'

const SIGN = -(2 ** 31)

const floatKey = (code: Code, at: Term): Term => {
  const { constant, get, keep, load, run } = integers(code)
  return () => {
    // Adding 0 makes -0 positive.
    const x = keep(
      run('f32.add', load('f32.load', at), () => code.f32(0)),
      'f32',
    )
    const bits = keep(run('i32.reinterpret_f32', get(x)))
    const turned = run('i32.or', run('i32.shr_s', get(bits), constant(31)), constant(SIGN))
    run('select', run('i32.xor', get(bits), turned), constant(-1), run('f32.eq', get(x), get(x)))()
  }
}

/** Pushes the key at an address as an i32, for all dtypes of at most 32 bits. */
export const shortKey = (code: Code, dtype: Exclude<Dtype, 'float64'>, at: Term): Term => {
  const { constant, load, run } = integers(code)
  switch (dtype) {
    case 'float32':
      return floatKey(code, at)
    case 'int32':
      return run('i32.xor', load('i32.load', at), constant(SIGN))
    case 'bool':
      return load('i32.load8_u', at)
  }
}

/** Pushes the float64 key at an address as an i64. */
export const longKey = (code: Code, at: Term): Term => {
  const { constant, get, keep, load, run } = integers(code)
  const long = (value: number): Term => run('i64.extend_i32_s', constant(value))
  return () => {
    const x = keep(
      run('f64.add', load('f64.load', at), () => code.f64(0)),
      'f64',
    )
    const bits = keep(run('i64.reinterpret_f64', get(x)), 'i64')
    const sign = run('i64.shl', long(-1), long(63))
    const turned = run('i64.or', run('i64.shr_s', get(bits), long(63)), sign)
    run('select', run('i64.xor', get(bits), turned), long(-1), run('f64.eq', get(x), get(x)))()
  }
}
