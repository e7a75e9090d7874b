/**
 * log and log1p of float32 lanes.
 *
 * Layer: backend. x = 2ᵏ·(1 + f) with √½ ≤ 1 + f < √2. With s = f/(2 + f), log(1 + f) = f - f²/2 + s·(f²/2 + R(s²)), as in FreeBSD's
 * msun (e_logf.c); the polynomial R is a minimax fit of our own. Read next: math-trigonometric.ts.
 */
import { LN2_HIGH, LN2_LOW, ONE } from './math-exponential.ts'
import { any, type Formulas, int, shifted, type Term } from './math-terms.ts'

/** R(z)/z for z = s², up to 2.5e-11. */
const R = [0.6666666269302368, 0.40000972151756287, 0.2849879264831543, 0.24278856813907623]
const SQRT_HALF_BITS = 0x3f3504f3
const SMALLEST_NORMAL = 0x00800000
const INFINITY_BITS = 0x7f800000

/** k·ln 2 + log(1 + f). */
const combined = (f: Formulas, k: Term, fraction: Term): Term => {
  const { keep, add, sub, mul, div, constant, polynomial } = f
  const s = keep(div(fraction, add(fraction, constant(2))))
  const z = keep(mul(s, s))
  const half = keep(mul(mul(fraction, fraction), constant(0.5)))
  const rest = mul(s, add(half, mul(z, polynomial(z, R))))
  const low = add(rest, mul(k, constant(LN2_LOW)))
  return add(sub(fraction, sub(half, low)), mul(k, constant(LN2_HIGH)))
}

/** The exponent of normal positive float32 bits, as int32 in the place of exponents, so that the rest is in [√½, √2). */
const exponentOf = (f: Formulas, bits: Term): Term =>
  f.run('v128.and', f.run('i32x4.sub', bits, int(f, SQRT_HALF_BITS)), int(f, -0x800000))

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

/** log x for normal x above 0, plus `moved`·ln 2. */
const ofNormal = (f: Formulas, x: Term, moved?: Term): Term => {
  const { keep, run, sub, add, constant } = f
  const exponent = keep(exponentOf(f, x))
  const fraction = keep(sub(run('i32x4.sub', x, exponent), constant(1)))
  const k = asFloat(f, exponent)
  return combined(f, keep(moved === undefined ? k : add(k, moved)), fraction)
}

/** The logarithm of any lanes: subnormal ones are made larger by 2²⁴ first. */
const ofAny = (f: Formulas, x: Term): Term => {
  const { keep, choose, lt, mul, constant } = f
  const tiny = keep(lt(x, constant(2 ** -126)))
  const normal = keep(choose(tiny, mul(x, constant(2 ** 24)), x))
  return orLimit(f, x, ofNormal(f, normal, choose(tiny, constant(-24), constant(0))))
}

/** The natural logarithm: -∞ at ±0, NaN below. */
export const log = (f: Formulas, x: Term): Term =>
  f.branch(
    unusual(f, x),
    () => f.shared('log', ofAny, x),
    () => ofNormal(f, x),
  )

/** log(1 + x) for finite x above -1: 1 + x = 2ᵏ·(1 + f), where f makes good what `sum`, the float32 next to 1 + x, has lost. */
const ofSum = (f: Formulas, x: Term, sum: Term): Term => {
  const { keep, run, add, sub, mul, abs, lt, choose, constant } = f
  const lost = keep(sub(x, sub(sum, constant(1))))
  const exponent = keep(exponentOf(f, sum))
  const scale = run('i32x4.max_s', run('i32x4.sub', int(f, ONE), exponent), int(f, 0))
  const fraction = keep(add(sub(run('i32x4.sub', sum, exponent), constant(1)), mul(lost, scale)))
  const value = combined(f, keep(asFloat(f, exponent)), fraction)
  return choose(lt(abs(x), constant(2 ** -25)), x, value)
}

/** log(1 + x): -∞ at -1, NaN below, and x itself where x² does not count. */
export const log1p = (f: Formulas, x: Term): Term => {
  const sum = f.keep(f.add(x, f.constant(1)))
  return f.branch(
    unusual(f, sum),
    () => f.shared('log1p', (inner, y, s) => orLimit(inner, s, inner.keep(ofSum(inner, y, s))), x, sum),
    () => ofSum(f, x, sum),
  )
}
