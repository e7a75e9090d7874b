/**
 * exp, expm1 and tanh of float32 lanes.
 *
 * Layer: backend. x = n·ln 2 + r with a whole n and |r| ≤ ln 2 / 2, so that e^x = 2ⁿ·e^r. n is rounded by adding 1.5·2²³, which
 * leaves its bits at the end of the significand; ln 2 is split in two, so that n·LN2_HIGH is exact. No lane takes a branch: one that
 * is out of range is moved to where the result is the limit. Polynomials are minimax fits (Remez) with float32 coefficients, and
 * short chains of dependent operations count more in them than few operations; errors are in `ulpBounds`. Read next: math/logarithm.ts.
 */
import { type Formulas, shifted, type Term } from './terms.ts'

const ROUNDING = 12582912
/** The exponent bits of 1. */
const BIAS = 127
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

/** 2ⁿ for int32 lanes that end in the eight bits of n + 127; the higher bits do not matter. */
const powerOfTwo = (f: Formulas, biased: Term): Term => shifted(f, 'i32x4.shl', biased, 23)

/** x - n·ln 2, and bits that end in those of n + `bias`. */
const reduce = (f: Formulas, x: Term, bias: number): { readonly r: Term; readonly bits: Term } => {
  const { keep, add, sub, mul, constant } = f
  const bits = keep(add(mul(x, constant(Math.LOG2E)), constant(ROUNDING + bias)))
  const n = keep(sub(bits, constant(ROUNDING + bias)))
  const r = keep(sub(sub(x, mul(n, constant(LN2_HIGH))), mul(n, constant(LN2_LOW))))
  return { r, bits }
}

/** e^r - 1 by one of the polynomials. */
const small = ({ keep, add, mul, estrin }: Formulas, r: Term, coefficients: readonly number[]): Term => {
  const square = keep(mul(r, r))
  return add(mul(estrin(r, square, coefficients), square), r)
}

/** `x`, or the nearer end of a range; NaN stays. */
const clamped = ({ keep, run, constant }: Formulas, x: Term, least: number, most: number): Term =>
  keep(run('f32x4.pmin', run('f32x4.pmax', x, constant(least)), constant(most)))

/** e^x for |x| ≤ 87, or NaN: neither subnormal nor infinite. */
export const boundedExp = (f: Formulas, x: Term): Term => {
  const { r, bits } = reduce(f, x, BIAS)
  return f.mul(f.add(small(f, r, EXP), f.constant(1)), powerOfTwo(f, bits))
}

/**
 * e^x. 2ⁿ is multiplied in two parts of about n / 2, which are powers even where 2ⁿ is not: results get subnormal gradually, and
 * infinite. Halving n + 2·127 gives such a part with its bias. Adding 1 + r, which does not wait for the polynomial, costs 0.3 ulp.
 */
export const exp = (f: Formulas, x: Term): Term => {
  const { keep, run, add, mul, constant, estrin } = f
  const { r, bits } = reduce(f, clamped(f, x, -104, 89), 2 * BIAS)
  const half = keep(shifted(f, 'i32x4.shr_u', bits, 1))
  const square = keep(mul(r, r))
  const value = add(mul(estrin(r, square, EXP), square), add(r, constant(1)))
  return mul(mul(value, powerOfTwo(f, half)), powerOfTwo(f, run('i32x4.sub', bits, half)))
}

/** e^x - 1 as 2ⁿ·(e^r - 1) + (2ⁿ - 1); with 2ⁿ⁻¹ until the end, as 2¹²⁸ is no float32. The smallest x are results themselves. */
export const expm1 = (f: Formulas, x: Term): Term => {
  const { keep, add, sub, mul, lt, abs, choose, constant } = f
  const { r, bits } = reduce(f, clamped(f, x, -20, 89), BIAS - 1)
  const half = keep(powerOfTwo(f, bits))
  const value = keep(add(mul(small(f, r, EXPM1), half), sub(half, constant(0.5))))
  return choose(lt(abs(x), constant(2 ** -25)), x, add(value, value))
}

/** tanh x = x·ABOVE(x²)/BELOW(x²) up to 2e-8 of it, as far as `TANH_END`, where the quotient is 1 or the float32 above it. */
const ABOVE = [1, 0.1338268518447876, 0.003497455967590213, 2.0635790860978886e-5, 1.3384229724522356e-8]
const BELOW = [1, 0.4671601355075836, 0.025884348899126053, 0.00032885148539207876, 7.790233098603494e-7]
const TANH_END = 9.02

/** The hyperbolic tangent, exactly ±1 beyond `TANH_END`. Where x² does not count, it is x/1. */
export const tanh = (f: Formulas, x: Term): Term => {
  const { keep, mul, div, estrin } = f
  const bounded = clamped(f, x, -TANH_END, TANH_END)
  const z = keep(mul(bounded, bounded))
  const square = keep(mul(z, z))
  const quotient = div(mul(estrin(z, square, ABOVE), bounded), estrin(z, square, BELOW))
  return clamped(f, quotient, -1, 1)
}
