/**
 * erf, erfc and erfInv of float32 lanes.
 *
 * Layer: backend. The polynomials are minimax fits (Remez); the ways to write the functions are named at each. Read next: math/error64.ts.
 */
import { exp64 } from './doubles.ts'
import { boundedExp } from './exponential.ts'
import { log } from './logarithm.ts'
import { any, type Formulas, type Term } from './terms.ts'

/** erf(x)/x - 1 in x², up to 6e-9 of the whole for |x| ≤ 0.8. */
const NEAR = [
  0.12837916612625122, -0.37612608075141907, 0.11283162236213684, -0.026822242885828018, 0.005086925346404314,
  -0.0006543544004671276,
]
/** -log(erfc x)/x from 0.8 to 3.95, so that erf is right up to 4e-9. */
const FAR = [
  1.128533959388733, 0.6356509327888489, 0.10535196959972382, -0.02294854074716568, 0.0032334462739527225,
  -0.0002162525343010202,
]

/** The error function: x + x·NEAR(x²), or 1 - e^(-x·FAR(x)) with the sign of x (the forms are N. Juffa's). */
export const erf = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, neg, abs, lt, copysign, choose, constant, polynomial } = f
  const size = keep(run('f32x4.pmin', abs(x), constant(3.95)))
  const z = keep(mul(size, size))
  const near = keep(add(mul(polynomial(z, NEAR), size), size))
  const exponent = keep(neg(mul(polynomial(size, FAR), size)))
  const far = sub(constant(1), boundedExp(f, exponent))
  return copysign(choose(lt(size, constant(0.8)), near, far), x)
}

/** e^(x²)·erfc(x) in (x - 3)/(x + 3), up to 3.2e-11, from 0 to 10.2. */
const SCALED = [
  0.17900115118091411, -0.3262335601460368, 0.24560380195542691, -0.15011593102936704, 0.07166582880805705,
  -0.024392583889046356, 0.004269215065801451, 0.0007083272530040473, -0.000597292637825453, 4.325843194001176e-5,
  6.395373486248345e-5, -9.547011873633108e-6, -6.6945306564439675e-6,
]

/** The complementary error function in pairs of float64. Beyond 10.2 it is less than half of the smallest float32. */
export const erfc = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, div, neg, abs, lt, choose, constant, polynomial } = f
  const size = keep(run('f64x2.pmin', abs(x), constant(10.2)))
  const t = keep(div(sub(size, constant(3)), add(size, constant(3))))
  const value = keep(mul(exp64(f, keep(neg(mul(size, size)))), polynomial(t, SCALED)))
  return choose(lt(x, constant(0)), sub(constant(2), value), value)
}

/** erfInv(x)/x in w - 5/2, for w = -log(1 - x²) up to 5. */
const CENTRE = [
  1.5014094114303589, 0.24664072692394257, -0.004177707713097334, -0.001253707567229867, 0.00021860215929336846,
  -4.396779331727885e-6, -3.528851038936409e-6, 3.4372681056993315e-7, 2.853407110592343e-8,
]
/** erfInv(x)/x in √w - 3, for w from 5 to 16. */
const SIDE = [
  2.832977056503296, 1.0016741752624512, 0.009435472078621387, -0.007625536527484655, 0.005762765184044838,
  -0.0036592406686395407, 0.0012981623876839876, 8.520756819052622e-5, -0.00016397009312640876,
]

/** erfInv where some lane is beyond the centre: ±∞ at ±1 and NaN beyond. */
const anyInverse = (f: Formulas, x: Term, w: Term): Term => {
  const { keep, mul, sub, abs, lt, eq, choose, sqrt, constant, polynomial } = f
  const centre = keep(mul(polynomial(keep(sub(w, constant(2.5))), CENTRE), x))
  const side = keep(mul(polynomial(keep(sub(sqrt(w), constant(3))), SIDE), x))
  const inside = choose(lt(w, constant(5)), centre, side)
  return choose(eq(abs(x), constant(1)), mul(x, constant(Infinity)), inside)
}

/** The inverse of erf, x·p(-log(1 - x²)) (M. Giles, 2010, "Approximating the erfinv function"). */
export const erfInv = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, neg, lt, constant, branch, polynomial } = f
  const w = keep(neg(log(f, keep(mul(sub(constant(1), x), add(constant(1), x))))))
  return branch(
    any(f, run('v128.not', lt(w, constant(5)))),
    () => f.shared('erfInv', anyInverse, x, w),
    () => mul(polynomial(keep(sub(w, constant(2.5))), CENTRE), x),
  )
}
