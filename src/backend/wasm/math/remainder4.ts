/**
 * Remainders of float32 lanes, and quotients that are rounded down, in pairs of float64.
 *
 * Layer: backend. While |x / y| is below 2²⁷, its whole part q is exact and so is x - q·y. Vectors with another lane go lane by
 * lane. Read next: math/remainder.ts.
 */
import { inDoubles } from './doubles.ts'
import { any, type Formulas, type Term } from './terms.ts'

/** x % y with the sign of x. */
const remainder = ({ keep, run, sub, mul, div, copysign }: Formulas, x: Term, y: Term): Term =>
  keep(copysign(sub(x, mul(run('f64x2.trunc', div(x, y)), y)), x))

/** The lanes where a remainder has to be moved by the divisor: it is not 0 and its sign is not the divisor's. */
const strays = ({ run, constant, lt }: Formulas, r: Term, y: Term): Term =>
  run('v128.and', run('f64x2.ne', r, constant(0)), run('v128.xor', lt(r, constant(0)), lt(y, constant(0))))

const modulo = (f: Formulas, x: Term, y: Term): Term => {
  const { add, eq, choose, copysign, constant } = f
  const r = remainder(f, x, y)
  return choose(strays(f, r, y), add(r, y), choose(eq(r, constant(0)), copysign(constant(0), y), r))
}

const floorQuotient = (f: Formulas, x: Term, y: Term): Term => {
  const { keep, run, add, sub, div, lt, eq, choose, constant } = f
  const r = remainder(f, x, y)
  const quotient = keep(sub(div(sub(x, r), y), run('v128.and', strays(f, r, y), constant(1))))
  const zero = choose(lt(div(x, y), constant(0)), constant(-0), constant(0))
  return choose(eq(quotient, constant(0)), zero, run('f64x2.floor', add(quotient, constant(0.5))))
}

const formulas4 = { rem: remainder, mod: modulo, floorDiv: floorQuotient } as const

/** `rem`, `mod` or `floorDiv` of float32 lanes; `otherwise` where a quotient is large or a divisor is 0 or infinite. */
export const remainder4 = (f: Formulas, fn: keyof typeof formulas4, x: Term, y: Term, otherwise: () => Term): Term => {
  const { run, abs, div, lt, constant, branch } = f
  const usual = run('v128.and', lt(abs(div(x, y)), constant(2 ** 27)), lt(abs(y), constant(Infinity)))
  return branch(any(f, run('v128.not', usual)), otherwise, () => inDoubles(f, fn, formulas4[fn], x, y))
}
