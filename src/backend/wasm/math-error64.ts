/**
 * The error function and its kin in float64: the formulas of ../special.ts as WebAssembly, operation by operation.
 *
 * Layer: backend. Sources and ranges of the coefficients are named there; tests hold the two bit-equal.
 */
import type { Formulas, Term } from './math-terms.ts'

type Ratio = { readonly over: readonly number[]; readonly under: readonly number[] }

const NEAR: Ratio = {
  over: [3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315],
  under: [2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1],
}
const MIDDLE: Ratio = {
  over: [
    1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001, 66.11919063714163,
    8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
  ],
  under: [
    1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
    537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
  ],
}
const FAR: Ratio = {
  over: [
    0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236,
    0.016315387137302097,
  ],
  under: [0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234673, 2.568520192289822, 1],
}
const ONE_OVER_SQRT_PI = 0.5641895835477563
const CENTRE: Ratio = {
  over: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
    33430.57558358813, 2509.0809287301227,
  ],
  under: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
}
const SIDE: Ratio = {
  over: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  under: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
}
const EDGE: Ratio = {
  over: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
  ],
  under: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
    1.421511758316446e-7, 2.0442631033899397e-15,
  ],
}

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
