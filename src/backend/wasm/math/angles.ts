/**
 * tan and the inverse trigonometric functions, in pairs of float64 for float32 lanes.
 *
 * Layer: backend. All inverses are atan2. Read next: math/error.ts.
 */
import type { Formulas, Term } from './terms.ts'

/** atan(t)/t in t² up to 7e-13, for t up to tan(π/8). */
const ATAN = [
  0.9999999999992667, -0.3333333327849638, 0.19999993205135266, -0.14285391905285458, 0.11103546271895678,
  -0.08993316815981, 0.06977431555002257, -0.03770885081419795,
]
/** (sin r - r)/r³ in r², up to 5e-15 of sin r for |r| ≤ π/4. */
const SIN = [
  -0.16666666666630314, 0.008333333325071147, -0.00019841263724958835, 2.7555338864067313e-6, -2.4760396326032238e-8,
]
/** (cos r - 1 + r²/2)/r⁴ in r², up to 1e-16 of cos r. */
const COS = [
  0.04166666666659647, -0.0013888888877602657, 2.480158070332494e-5, -2.755552238620884e-7, 2.064507236071597e-9,
]
/** π/2 in 33 bits and the rest. */
const HALF_PI_HIGH = 1.5707963267341256
const HALF_PI_LOW = 6.077100506506192e-11

/** The tangent, for |x| up to 2²⁰. */
export const tan64 = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, div, eq, neg, choose, constant, polynomial } = f
  const n = keep(run('f64x2.nearest', mul(x, constant(2 / Math.PI))))
  const r = keep(sub(sub(x, mul(n, constant(HALF_PI_HIGH))), mul(n, constant(HALF_PI_LOW))))
  const z = keep(mul(r, r))
  const sine = keep(add(mul(mul(polynomial(z, SIN), z), r), r))
  const cosine = keep(add(sub(constant(1), mul(z, constant(0.5))), mul(mul(z, z), polynomial(z, COS))))
  const half = keep(mul(n, constant(0.5)))
  const even = keep(eq(run('f64x2.floor', half), half))
  const value = div(choose(even, sine, neg(cosine)), choose(even, cosine, sine))
  return choose(eq(x, constant(0)), x, value)
}

/** The angle of a point in the first octant, where 0 ≤ y ≤ x; 0 for the origin and π/4 for both infinite. */
const octant = (f: Formulas, y: Term, x: Term): Term => {
  const { keep, run, add, sub, mul, div, eq, gt, choose, constant, polynomial } = f
  const infinite = keep(eq(y, constant(Infinity)))
  const [over, under] = [keep(choose(infinite, constant(1), y)), keep(choose(infinite, constant(1), x))]
  const turned = keep(gt(over, mul(under, constant(Math.SQRT2 - 1))))
  const opposite = choose(turned, sub(over, under), over)
  const adjacent = choose(turned, add(over, under), under)
  const t = keep(choose(eq(under, constant(0)), under, div(opposite, adjacent)))
  const angle = mul(polynomial(keep(mul(t, t)), ATAN), t)
  return add(angle, run('v128.and', turned, constant(Math.PI / 4)))
}

/** The angle of the point (x, y), from -π to π, with the sign of y. */
export const atan2 = (f: Formulas, y: Term, x: Term): Term => {
  const { keep, sub, abs, min, max, gt, lt, choose, copysign, constant } = f
  const [height, width] = [keep(abs(y)), keep(abs(x))]
  const first = keep(octant(f, keep(min(height, width)), keep(max(height, width))))
  const steep = keep(choose(gt(height, width), sub(constant(Math.PI / 2), first), first))
  const leftward = lt(copysign(constant(1), x), constant(0))
  return copysign(choose(leftward, sub(constant(Math.PI), steep), steep), y)
}

/** The inverse tangent. */
export const atan = (f: Formulas, x: Term): Term => atan2(f, x, f.constant(1))

/** √(1 - x²), NaN beyond ±1. */
const partner = ({ keep, sub, add, mul, sqrt, constant }: Formulas, x: Term): Term =>
  keep(sqrt(mul(sub(constant(1), x), add(constant(1), x))))

/** The inverse sine, NaN beyond ±1. */
export const asin = (f: Formulas, x: Term): Term => atan2(f, x, partner(f, x))

/** The inverse cosine, NaN beyond ±1. */
export const acos = (f: Formulas, x: Term): Term => atan2(f, partner(f, x), x)
