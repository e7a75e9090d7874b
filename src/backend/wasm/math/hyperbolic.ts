/**
 * Hyperbolic functions and their inverses, in pairs of float64 for float32 lanes.
 *
 * Layer: backend. Near 0, where their formulas cancel, they are power series. Read next: math/angles.ts.
 */
import { exp64, log64 } from './doubles.ts'
import type { Formulas, Term } from './terms.ts'

/** (sinh x - x)/x³ in x²: 1/3!, 1/5!, … */
const SINH = [1 / 6, 1 / 120, 1 / 5040, 1 / 362880, 1 / 39916800, 1 / 6227020800]
/** Below it, x and x³ are all of the inverse functions that counts. */
const SMALL = 2 ** -10

/** The hyperbolic sine. */
export const sinh = (f: Formulas, x: Term): Term => {
  const { keep, add, sub, mul, div, abs, lt, choose, constant, polynomial } = f
  const z = keep(mul(x, x))
  const near = keep(add(mul(mul(polynomial(z, SINH), z), x), x))
  const e = keep(exp64(f, x))
  const far = mul(sub(e, div(constant(1), e)), constant(0.5))
  return choose(lt(abs(x), constant(1)), near, far)
}

/** The hyperbolic cosine. */
export const cosh = (f: Formulas, x: Term): Term => {
  const e = f.keep(exp64(f, x))
  return f.mul(f.add(e, f.div(f.constant(1), e)), f.constant(0.5))
}

/** x + x³·third where |x| is small, else `value` with the sign of x. */
const orCubic = (f: Formulas, x: Term, third: number, value: Term): Term => {
  const { add, mul, abs, lt, choose, copysign, constant } = f
  const cubic = add(mul(mul(mul(x, x), x), constant(third)), x)
  return copysign(choose(lt(abs(x), constant(SMALL)), cubic, value), x)
}

/** The inverse hyperbolic sine log(|x| + √(x² + 1)), with the sign of x. */
export const asinh = (f: Formulas, x: Term): Term => {
  const { keep, add, mul, abs, sqrt, constant } = f
  const sum = keep(add(abs(x), sqrt(add(mul(x, x), constant(1)))))
  return orCubic(f, x, -1 / 6, keep(log64(f, sum)))
}

/** The inverse hyperbolic cosine log(x + √(x - 1)·√(x + 1)); NaN below 1. */
export const acosh = (f: Formulas, x: Term): Term => {
  const { keep, add, sub, mul, sqrt, constant } = f
  const root = mul(sqrt(sub(x, constant(1))), sqrt(add(x, constant(1))))
  return log64(f, keep(add(x, root)))
}

/** The inverse hyperbolic tangent ½·log((1 + |x|)/(1 - |x|)), with the sign of x; ±∞ at ±1, NaN beyond. */
export const atanh = (f: Formulas, x: Term): Term => {
  const { keep, add, sub, mul, div, abs, constant } = f
  const size = keep(abs(x))
  const ratio = keep(div(add(constant(1), size), sub(constant(1), size)))
  return orCubic(f, x, 1 / 3, keep(mul(log64(f, ratio), constant(0.5))))
}
