/**
 * exp, expm1 and tanh of float32 lanes.
 *
 * Layer: backend. x = n·ln 2 + r with a whole n and |r| ≤ ln 2 / 2, so that e^x = 2ⁿ·e^r. n is rounded by adding 1.5·2²³, which
 * leaves its bits at the end of the significand; ln 2 is split in two, so that n·LN2_HIGH is exact. The polynomials are minimax
 * fits (Remez) with float32 coefficients; errors are in `ulpBounds`. Read next: math-logarithm.ts.
 */
import { any, type Formulas, int, shifted, type Term } from './math-terms.ts'

const ROUNDING = 12582912
const ROUNDING_BITS = 0x4b400000
/** ln 2 as a float32 of 15 bits and the rest. */
export const LN2_HIGH = 0.693145751953125
export const LN2_LOW = 1.42860676533018e-6
/** (e^r - 1 - r) / r² up to 3e-9 of e^r. */
const EXP = [0.4999999403953552, 0.16666516661643982, 0.04166810214519501, 0.008369192481040955, 0.0013838812010362744]
/** (e^r - 1 - r) / r² up to 1.4e-8 of e^r - 1. */
const EXPM1 = [
  0.4999999701976776, 0.16666539013385773, 0.04166774824261665, 0.008367087692022324, 0.0013837862061336637,
]

/** The bits of 1 as a float32. */
export const ONE = 0x3f800000

/** 2ⁿ for int32 lanes n of -126 to 127; the higher bits of n do not matter. */
const powerOfTwo = (f: Formulas, n: Term): Term => f.run('i32x4.add', shifted(f, 'i32x4.shl', n, 23), int(f, ONE))

/** x - n·ln 2 and n, whose int32 bits are those at the end of `bits`. */
const reduce = (f: Formulas, x: Term): { readonly r: Term; readonly bits: Term } => {
  const { keep, add, sub, mul, constant } = f
  const bits = keep(add(mul(x, constant(Math.LOG2E)), constant(ROUNDING)))
  const n = keep(sub(bits, constant(ROUNDING)))
  const r = keep(sub(sub(x, mul(n, constant(LN2_HIGH))), mul(n, constant(LN2_LOW))))
  return { r, bits }
}

/** e^r - 1 by one of the polynomials. */
const small = ({ add, mul, polynomial }: Formulas, r: Term, coefficients: readonly number[]): Term =>
  add(mul(mul(polynomial(r, coefficients), r), r), r)

/** e^x of any lanes. Outside the bounds it is 0 or infinite; 2ⁿ is multiplied in two parts, so that results get subnormal gradually. */
const anyExp = (f: Formulas, x: Term): Term => {
  const { keep, run, add, mul, constant } = f
  const bounded = keep(run('f32x4.pmin', run('f32x4.pmax', x, constant(-104)), constant(89)))
  const { r, bits } = reduce(f, bounded)
  const n = keep(run('i32x4.sub', bits, int(f, ROUNDING_BITS)))
  const half = keep(shifted(f, 'i32x4.shr_s', n, 1))
  const value = add(small(f, r, EXP), constant(1))
  return mul(mul(value, powerOfTwo(f, half)), powerOfTwo(f, run('i32x4.sub', n, half)))
}

/** e^x for |x| ≤ 87, or NaN: neither subnormal nor infinite. */
export const boundedExp = (f: Formulas, x: Term): Term => {
  const { r, bits } = reduce(f, x)
  return f.mul(f.add(small(f, r, EXP), f.constant(1)), powerOfTwo(f, bits))
}

/** e^x. */
export const exp = (f: Formulas, x: Term): Term =>
  f.branch(
    any(f, f.gt(f.abs(x), f.constant(87))),
    () => f.shared('exp', anyExp, x),
    () => boundedExp(f, x),
  )

/** e^x - 1 as 2ⁿ·(e^r - 1) + (2ⁿ - 1); with 2ⁿ⁻¹ until the end, as 2¹²⁸ is no float32. The smallest x are results themselves. */
export const expm1 = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, lt, abs, choose, constant } = f
  const bounded = keep(run('f32x4.pmin', run('f32x4.pmax', x, constant(-20)), constant(89)))
  const { r, bits } = reduce(f, bounded)
  const half = keep(powerOfTwo(f, run('i32x4.sub', bits, int(f, 1))))
  const value = keep(add(mul(small(f, r, EXPM1), half), sub(half, constant(0.5))))
  return choose(lt(abs(x), constant(2 ** -25)), x, add(value, value))
}

/**
 * |tanh x| = -e / (e + 2) for e = e^(-2|x|) - 1, where rounding e + 2 costs less than for e^(2|x|). Both parts come from 2ⁿ·(e^r - 1)
 * with one rounding each. Beyond 9.02 it is 1.
 */
export const tanh = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, div, abs, copysign, constant } = f
  const size = run('f32x4.pmin', abs(x), constant(9.03))
  const { r, bits } = reduce(f, keep(mul(size, constant(-2))))
  const scale = keep(powerOfTwo(f, bits))
  const part = keep(mul(small(f, r, EXPM1), scale))
  const e = add(part, sub(scale, constant(1)))
  return copysign(div(e, add(part, add(scale, constant(1)))), x)
}
