/**
 * Float32 lanes computed as two pairs of float64: for functions where accuracy costs more than speed gains.
 *
 * Layer: backend. With some 40 bits in every step, the one rounding to float32 decides: results are correctly rounded but for
 * near ties. Also the exponential and the logarithm of such pairs. Read next: math/hyperbolic.ts.
 */
import { type Formulas, formulas, type Term } from './terms.ts'

const LOW_TO_HIGH = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
const BOTH_LOW = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]

/** Two of four float32 lanes as float64. */
const promoted = ({ code, keep, run }: Formulas, x: Term, high: boolean): Term => {
  const pair = (): void => {
    x()
    if (!high) return
    x()
    code.shuffle(LOW_TO_HIGH)
  }
  return keep(run('f64x2.promote_low_f32x4', pair))
}

/** A formula of pairs of float64 applied to float32 lanes. `key` names it within the module. */
export const inDoubles = (
  outer: Formulas,
  key: string,
  formula: (f: Formulas, ...x: readonly Term[]) => Term,
  ...operands: readonly Term[]
): Term =>
  outer.shared(
    `${key} in doubles`,
    ({ module, code, keep, run }, ...lanes) => {
      const f = formulas(module, code, 'f64x2')
      const [low, high] = [false, true].map(upper => {
        const pair = formula(f, ...lanes.map(x => promoted(f, x, upper)))
        return keep(run('f32x4.demote_f64x2_zero', pair))
      })
      return () => {
        low?.()
        high?.()
        code.shuffle(BOTH_LOW)
      }
    },
    ...operands,
  )

/** Two equal int64 lanes of numbers whose low word is 0. */
export const int64 = ({ module, code }: Formulas, high: number): Term => {
  const at = module.data(new Int32Array([0, high, 0, high]))
  return () => code.constant(at)
}

const moved =
  ({ code }: Formulas, name: 'i64x2.shl' | 'i64x2.shr_s', x: Term, by: number): Term =>
  () => {
    x()
    code.i32(by)
    code.op(name)
  }

/** Adding 1.5·2⁵² rounds to an integer and leaves its bits at the end. */
const ROUNDING = 6755399441055744
const ROUNDING_HIGH = 0x43380000
const ONE_HIGH = 0x3ff00000
const SQRT_HALF_HIGH = 0x3fe6a09e
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
/** (e^r - 1 - r) / r² up to 1.2e-12 of e^r, for |r| ≤ ln 2 / 2. */
const EXP = [
  0.5000000000427148, 0.1666666678451214, 0.041666664403732206, 0.008333281787552292, 0.0013889197252293579,
  0.0001990895244031529, 2.4708270540699914e-5,
]
/** (log((1 + s)/(1 - s))/s - 2)/s² in s², up to 1.3e-18 of the whole, for s up to 3 - 2√2. */
const LOG = [
  0.6666666666666734, 0.3999999999941432, 0.28571428742474725, 0.22222198563497944, 0.18183564866130517,
  0.15314035847062213, 0.14796105340634194,
]

/** e^x up to 1e-12 of it; x is bounded by ±300 first, where float32 has long ended. */
export const exp64 = (f: Formulas, x: Term): Term => {
  const { keep, run, add, sub, mul, constant, polynomial } = f
  const bounded = keep(run('f64x2.pmin', run('f64x2.pmax', x, constant(-300)), constant(300)))
  const bits = keep(add(mul(bounded, constant(Math.LOG2E)), constant(ROUNDING)))
  const n = keep(sub(bits, constant(ROUNDING)))
  const r = keep(sub(sub(bounded, mul(n, constant(LN2_HIGH))), mul(n, constant(LN2_LOW))))
  const value = add(add(mul(mul(polynomial(r, EXP), r), r), r), constant(1))
  return mul(value, run('i64x2.add', moved(f, 'i64x2.shl', bits, 52), int64(f, ONE_HIGH)))
}

/** x = 2ᵏ·m with √½ ≤ m < √2 as k and log m; k is a float64. For normal positive numbers. */
const logParts = (f: Formulas, x: Term): { readonly k: Term; readonly fraction: Term } => {
  const { keep, run, add, sub, mul, div, constant, polynomial } = f
  const above = run('i64x2.sub', x, int64(f, SQRT_HALF_HIGH))
  const exponent = keep(moved(f, 'i64x2.shr_s', above, 52))
  const k = keep(sub(run('i64x2.add', exponent, int64(f, ROUNDING_HIGH)), constant(ROUNDING)))
  const m = keep(sub(run('i64x2.sub', x, moved(f, 'i64x2.shl', exponent, 52)), constant(1)))
  const s = keep(div(m, add(m, constant(2))))
  const z = keep(mul(s, s))
  return { k, fraction: keep(sub(m, mul(s, sub(m, mul(z, polynomial(z, LOG)))))) }
}

/** What a logarithm is at 0, ∞ and below 0; `value` elsewhere. */
const orLimit = (f: Formulas, x: Term, value: Term): Term => {
  const { choose, eq, gt, lt, run, constant } = f
  const end = choose(
    eq(x, constant(0)),
    constant(-Infinity),
    choose(eq(x, constant(Infinity)), x, constant(Number.NaN)),
  )
  return choose(run('v128.and', gt(x, constant(0)), lt(x, constant(Infinity))), value, end)
}

/** The natural logarithm, up to a few float64 roundings. */
export const log64 = (f: Formulas, x: Term): Term => {
  const { k, fraction } = logParts(f, x)
  return orLimit(f, x, f.add(fraction, f.mul(k, f.constant(Math.LN2))))
}

/** The logarithm to base 2, exact for powers of 2. */
export const log2 = (f: Formulas, x: Term): Term => {
  const { k, fraction } = logParts(f, x)
  return orLimit(f, x, f.add(f.mul(fraction, f.constant(Math.LOG2E)), k))
}

/** The cube root. */
export const cbrt = (f: Formulas, x: Term): Term =>
  f.copysign(exp64(f, f.keep(f.div(log64(f, f.keep(f.abs(x))), f.constant(3)))), x)

const isWhole = ({ run, eq }: Formulas, x: Term): Term => eq(run('f64x2.floor', x), x)

/** ±|x|^y: with the sign of x for odd y; NaN for a finite x below 0 and a broken y. */
const signedPower = (f: Formulas, x: Term, y: Term): Term => {
  const { keep, run, lt, gt, mul, abs, copysign, choose, constant } = f
  const size = keep(exp64(f, keep(mul(y, log64(f, keep(abs(x)))))))
  const whole = keep(isWhole(f, y))
  const odd = run('v128.andnot', whole, isWhole(f, keep(mul(y, constant(0.5)))))
  const invalid = run('v128.andnot', run('v128.and', lt(x, constant(0)), gt(x, constant(-Infinity))), whole)
  return choose(invalid, constant(Number.NaN), choose(odd, copysign(size, x), size))
}

/** x^y. Squares are x·x and rounded once; pow(x, 0), pow(1, y) and pow(-1, ±∞) are 1. */
export const pow = (f: Formulas, x: Term, y: Term): Term => {
  const { keep, run, eq, mul, abs, choose, constant } = f
  const general = keep(signedPower(f, x, y))
  const turned = run('v128.and', eq(x, constant(-1)), eq(abs(y), constant(Infinity)))
  const isOne = run('v128.or', run('v128.or', eq(y, constant(0)), eq(x, constant(1))), turned)
  return choose(isOne, constant(1), choose(eq(y, constant(2)), mul(x, x), general))
}
