/**
 * log and log1p of float32 lanes.
 *
 * Layer: backend. x = 2ᵏ·(1 + f) with √½ < 1 + f ≤ √2. With s = f/(2 + f), log(1 + f) = f - s·(f - s²·R(s²)), as in FreeBSD's msun
 * (e_logf.c); the polynomial R is a minimax fit of our own. -k is computed rather than k: where it is 0, the terms it makes are -0
 * and leave all as it is. Read next: math/trigonometric.ts.
 */
import { LN2_HIGH, LN2_LOW, ONE } from './exponential.ts'
import { any, type Formulas, int, shifted, type Term } from './terms.ts'

/** R, so that the logarithm is right up to 8e-10 of it. */
const R = [0.6666677594184875, 0.3997757136821747, 0.29871049523353577]
const SQRT2_BITS = 0x3fb504f3
const EXPONENT_ONE = 0x00800000
const SMALLEST_NORMAL = 0x00800000
const INFINITY_BITS = 0x7f800000
const LARGEST = 3.4028234663852886e38

/** k·ln 2 + log(1 + f). */
const combined = (f: Formulas, minusK: Term, fraction: Term): Term => {
  const { keep, add, sub, mul, div, constant, polynomial } = f
  const s = keep(div(fraction, add(fraction, constant(2))))
  const z = keep(mul(s, s))
  const rest = mul(sub(fraction, mul(polynomial(z, R), z)), s)
  return add(sub(fraction, add(rest, mul(minusK, constant(LN2_LOW)))), mul(minusK, constant(-LN2_HIGH)))
}

/** -k of normal positive float32 bits, as int32 in the place of exponents. */
const minusExponentOf = (f: Formulas, bits: Term): Term =>
  f.run('v128.and', f.run('i32x4.sub', int(f, SQRT2_BITS), bits), int(f, -EXPONENT_ONE))

/** An exponent in its place as a float. */
const asFloat = (f: Formulas, exponent: Term): Term =>
  f.run('f32x4.convert_i32x4_s', shifted(f, 'i32x4.shr_s', exponent, 23))

/** Whether some lane is not a normal positive float32. */
const unusual = (f: Formulas, x: Term): Term => {
  const distance = f.run('i32x4.sub', x, int(f, SMALLEST_NORMAL))
  return any(f, f.run('i32x4.ge_u', distance, int(f, INFINITY_BITS - SMALLEST_NORMAL)))
}

/** The logarithm of 0, ∞ and what has none, by the argument; elsewhere `value`. */
const orLimit = ({ choose, eq, gt, lt, run, constant }: Formulas, x: Term, value: Term): Term => {
  const limit = choose(
    eq(x, constant(0)),
    constant(-Infinity),
    choose(eq(x, constant(Infinity)), x, constant(Number.NaN)),
  )
  return choose(run('v128.and', gt(x, constant(0)), lt(x, constant(Infinity))), value, limit)
}

/** log x for normal x above 0, less `moved`·ln 2. */
const ofNormal = (f: Formulas, x: Term, moved?: Term): Term => {
  const { keep, run, sub, add, constant } = f
  const exponent = keep(minusExponentOf(f, x))
  const fraction = keep(sub(run('i32x4.add', x, exponent), constant(1)))
  const minusK = asFloat(f, exponent)
  return combined(f, keep(moved === undefined ? minusK : add(minusK, moved)), fraction)
}

/** The logarithm of any lanes: subnormal ones are made larger by 2²⁴ first. */
const ofAny = (f: Formulas, x: Term): Term => {
  const { keep, choose, lt, mul, constant } = f
  const tiny = keep(lt(x, constant(2 ** -126)))
  const normal = keep(choose(tiny, mul(x, constant(2 ** 24)), x))
  return orLimit(f, x, ofNormal(f, normal, choose(tiny, constant(24), constant(0))))
}

/** The natural logarithm: -∞ at ±0, NaN below. */
export const log = (f: Formulas, x: Term): Term =>
  f.branch(
    unusual(f, x),
    () => f.shared('log', ofAny, x),
    () => ofNormal(f, x),
  )

/**
 * log(1 + x) from -1 to the largest float32, where `sum` is 1 + x: 1 + f = 2⁻ᵏ·(1 + x), and f = 2⁻ᵏ·x - (1 - 2⁻ᵏ) has lost nothing
 * that counts. 2²⁻ᵏ is a normal number for all k. At -1 the result is finite, below it is any number; -0 stays.
 */
const ofSum = (f: Formulas, x: Term, sum: Term): Term => {
  const { keep, run, sub, mul, constant } = f
  const exponent = keep(minusExponentOf(f, sum))
  const scale = keep(mul(run('i32x4.add', exponent, int(f, ONE + 2 * EXPONENT_ONE)), constant(0.25)))
  const fraction = keep(sub(mul(x, scale), sub(constant(1), scale)))
  return combined(f, keep(asFloat(f, exponent)), fraction)
}

/**
 * log(1 + x): -∞ at -1, NaN below, and x itself where x² does not count. Limits come without a branch: ∞ is what x has above the
 * largest number and 0 elsewhere, and a mask is a NaN.
 */
export const log1p = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, eq, lt, constant } = f
  const finite = keep(run('f32x4.pmin', x, constant(LARGEST)))
  const sum = keep(add(finite, constant(1)))
  const value = keep(sub(ofSum(f, finite, sum), sub(finite, x)))
  const orLow = sub(value, run('v128.and', eq(sum, constant(0)), constant(Infinity)))
  return run('v128.or', orLow, lt(sum, constant(0)))
}
