/**
 * sin, cos and tan of float32 lanes.
 *
 * Layer: backend. x = n·π/2 + r with a whole n and |r| ≤ π/4, where π/2 is split so that the products with n are exact (Cody and
 * Waite). Vectors with a larger lane go lane by lane through JavaScript's Math. Read next: math/error.ts.
 */
import { tan64 } from './angles.ts'
import { inDoubles } from './doubles.ts'
import { type LaneFunction, laneByLane } from './lanes.ts'
import { any, type Formulas, formulas, int, shifted, type Term } from './terms.ts'

const ROUNDING = 12582912
/** Below it, n has 13 bits. */
const LARGEST = 12000
/** π/2 in three parts of 11 bits and the rest. */
const HALF_PI = [1.5703125, 4.837512969970703e-4, 7.549533620476723e-8, 2.5633440682570896e-12]
/** (sin r - r) / r³ in r², up to 4e-9 of sin r. */
const SIN = [-0.16666655242443085, 0.008332187309861183, -0.00019517897453624755]
/** (cos r - 1 + r²/2) / r⁴ in r², up to 1.2e-10 of cos r. */
const COS = [0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-5]

/** sin(x + quarter·π/2) for lanes that are not too large. */
const near = (f: Formulas, x: Term, quarter: number): Term => {
  const { keep, run, add, sub, mul, copysign, choose, constant, polynomial } = f
  const bits = keep(add(mul(x, constant(2 / Math.PI)), constant(ROUNDING)))
  const n = keep(sub(bits, constant(ROUNDING)))
  const r = keep(HALF_PI.reduce((rest, part) => sub(rest, mul(n, constant(part))), x))
  const z = keep(mul(r, r))
  const sine = copysign(add(mul(mul(polynomial(z, SIN), z), r), r), r)
  const cosine = add(sub(constant(1), mul(z, constant(0.5))), mul(mul(z, z), polynomial(z, COS)))
  const turns = keep(quarter === 0 ? bits : run('i32x4.add', bits, int(f, quarter)))
  const isOdd = shifted(f, 'i32x4.shr_s', shifted(f, 'i32x4.shl', turns, 31), 31)
  const sign = shifted(f, 'i32x4.shl', shifted(f, 'i32x4.shr_u', turns, 1), 31)
  return run('v128.xor', choose(isOdd, cosine, sine), sign)
}

/** A periodic function by JavaScript's Math in lanes that are too large, or NaN, and by `quickly` in the others. */
const inAnyLanes = (f: Formulas, x: Term, name: 'sin' | 'cos' | 'tan', quickly: Formula): Term => {
  const { keep, lt, abs, choose, constant, module, code } = f
  const one: LaneFunction = (inner, lanes) => formulas(module, inner, 'f64').call(module.math(name, 1), ...lanes)
  const slow = keep(laneByLane(module, code, 'float32', name, one, [x]))
  return choose(lt(abs(x), constant(LARGEST)), quickly(f, x), slow)
}

type Formula = (f: Formulas, x: Term) => Term

/** A periodic function; all lanes are computed quickly unless one is too large. */
const periodic = (f: Formulas, x: Term, name: 'sin' | 'cos' | 'tan', quickly: Formula): Term => {
  const { run, branch, shared, lt, abs, constant } = f
  const large = any(f, run('v128.not', lt(abs(x), constant(LARGEST))))
  return branch(
    large,
    () => shared(name, (inner, y) => inAnyLanes(inner, y, name, quickly), x),
    () => quickly(f, x),
  )
}

/** The sine; that of ±0 is ±0. */
export const sin = (f: Formulas, x: Term): Term => periodic(f, x, 'sin', (inner, y) => near(inner, y, 0))

/** The cosine. */
export const cos = (f: Formulas, x: Term): Term => periodic(f, x, 'cos', (inner, y) => near(inner, y, 1))

/** The tangent, in pairs of float64. */
export const tan = (f: Formulas, x: Term): Term =>
  periodic(f, x, 'tan', (inner, y) => inDoubles(inner, 'tan', tan64, y))
