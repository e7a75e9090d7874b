/**
 * The error function and its kin in float64: the formulas of ../special.ts as WebAssembly, operation by operation.
 *
 * Layer: backend. Sources and ranges of the coefficients are named there; tests hold the two bit-equal.
 */
import { CENTRE, EDGE, FAR, MIDDLE, NEAR, ONE_OVER_SQRT_PI, type Ratio, SIDE } from '../../special.ts'
import type { Formulas, Term } from './terms.ts'

const ratio = ({ div, polynomial }: Formulas, { over, under }: Ratio, x: Term): Term =>
  div(polynomial(x, over), polynomial(x, under))

const exponential = ({ call, module }: Formulas, x: Term): Term => call(module.math('exp', 1), x)

/** e^(-x²). x² is split, as rounding it would cost as many digits as the exponent has. */
const gaussian = (f: Formulas, x: Term): Term => {
  const { keep, run, mul, div, neg, sub, add, constant } = f
  const head = keep(div(run('f64.trunc', mul(x, constant(16))), constant(16)))
  return mul(exponential(f, mul(neg(head), head)), exponential(f, mul(neg(sub(x, head)), add(x, head))))
}

const near = (f: Formulas, x: Term): Term => f.mul(x, ratio(f, NEAR, f.keep(f.mul(x, x))))

/** erfc for x above 0.46875. */
const tail = (f: Formulas, x: Term): Term => {
  const { keep, mul, div, sub, le, constant, branch } = f
  const far = (): Term => {
    const z = keep(div(constant(1), mul(x, x)))
    return div(mul(gaussian(f, x), sub(constant(ONE_OVER_SQRT_PI), mul(z, ratio(f, FAR, z)))), x)
  }
  return branch(le(x, constant(4)), () => mul(gaussian(f, x), ratio(f, MIDDLE, x)), far)
}

/** The error function. */
export const erf64 = (outer: Formulas, argument: Term): Term =>
  outer.shared(
    'erf',
    (f, x) => {
      const { keep, abs, gt, add, sub, copysign, constant, branch } = f
      const size = keep(abs(x))
      const middle = (): Term => add(sub(constant(0.5), tail(f, size)), constant(0.5))
      const beyond = (): Term =>
        copysign(
          branch(gt(size, constant(6)), () => constant(1), middle),
          x,
        )
      return branch(gt(size, constant(0.46875)), beyond, () => near(f, x))
    },
    argument,
  )

/** The complementary error function. */
export const erfc64 = (outer: Formulas, argument: Term): Term =>
  outer.shared(
    'erfc',
    (f, x) => {
      const { keep, abs, gt, sub, choose, constant, branch } = f
      const size = keep(abs(x))
      const fromTail = (value: Term): Term => choose(gt(x, constant(0)), value, sub(constant(2), value))
      const beyond = (): Term =>
        fromTail(
          keep(
            branch(
              gt(size, constant(28)),
              () => constant(0),
              () => tail(f, size),
            ),
          ),
        )
      return branch(gt(size, constant(0.46875)), beyond, () => sub(constant(1), near(f, x)))
    },
    argument,
  )

/** erfInv for 0.85 < size < 1, with the sign of x. */
const side = (f: Formulas, size: Term, x: Term): Term => {
  const { keep, mul, div, sub, sqrt, neg, le, call, module, constant, branch, copysign } = f
  const logarithm = call(module.math('log', 1), div(sub(constant(1), size), constant(2)))
  const r = keep(sqrt(neg(logarithm)))
  const nearer = (): Term => ratio(f, SIDE, keep(sub(r, constant(1.6))))
  const edge = (): Term => ratio(f, EDGE, keep(sub(r, constant(5))))
  return mul(copysign(constant(Math.SQRT1_2), x), branch(le(r, constant(5)), nearer, edge))
}

const centre = (f: Formulas, x: Term): Term => {
  const { keep, mul, sub, div, constant } = f
  const q = keep(div(x, constant(2)))
  const z = keep(sub(constant(0.180625), mul(q, q)))
  return mul(mul(constant(Math.SQRT1_2), q), ratio(f, CENTRE, z))
}

/** The inverse of erf on (-1, 1); ±Infinity at ±1 and NaN outside. */
export const erfInv64 = (outer: Formulas, argument: Term): Term =>
  outer.shared(
    'erfInv',
    (f, x) => {
      const { keep, abs, lt, le, eq, mul, choose, constant, branch } = f
      const size = keep(abs(x))
      const inside = (): Term =>
        branch(
          le(size, constant(0.85)),
          () => centre(f, x),
          () => side(f, size, x),
        )
      const outside = (): Term => choose(eq(size, constant(1)), mul(x, constant(Infinity)), constant(Number.NaN))
      return branch(lt(size, constant(1)), inside, outside)
    },
    argument,
  )
