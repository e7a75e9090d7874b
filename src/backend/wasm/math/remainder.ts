/**
 * Remainders of floats, quotients that are rounded down, and powers, in float64.
 *
 * Layer: backend. WebAssembly has no remainder of floats: here it is a loop that is exact. The meaning is that of ../scalar.ts.
 * Read next: math.ts.
 */
import type { Formulas, Term } from './terms.ts'

/** a mod b for a ≥ b > 0: takes 2ᵏ·b from a for the largest k that fits, over and over. Every step is exact (Sterbenz). */
const reduced = ({ code, run, add, sub, mul, constant, le, ge }: Formulas, over: Term, b: Term): Term => {
  const [a, step] = [code.local('f64'), code.local('f64')]
  const [left, part]: readonly [Term, Term] = [() => code.get(a), () => code.get(step)]
  const assign = (local: number, value: Term): void => {
    value()
    code.set(local)
  }
  assign(a, over)
  assign(step, b)
  code.loop(again => {
    le(add(part, part), left)()
    code.when(() => {
      assign(step, add(part, part))
      code.br(again)
    })
  })
  code.loop(again => {
    assign(a, run('select', sub(left, part), left, ge(left, part)))
    ge(left, b)()
    code.when(() => {
      assign(step, mul(part, constant(0.5)))
      code.br(again)
    })
  })
  return left
}

/** x % y as JavaScript and C's fmod define it: exact, with the sign of x; NaN when x is infinite or y is 0. */
export const remainder = (outer: Formulas, over: Term, under: Term): Term =>
  outer.shared(
    'remainder',
    (f, x, y) => {
      const { keep, abs, run, lt, gt, ge, constant, copysign, mul, div, branch } = f
      const [a, b] = [keep(abs(x)), keep(abs(y))]
      const small = (): Term =>
        branch(
          ge(a, b),
          () => reduced(f, a, b),
          () => a,
        )
      const invalid = (): Term => div(mul(x, y), mul(x, y))
      return branch(run('i32.and', lt(a, constant(Infinity)), gt(b, constant(0))), () => copysign(small(), x), invalid)
    },
    over,
    under,
  )

/** Whether a remainder has to be moved by the divisor: it is not 0 and its sign is not the divisor's. */
const strays = ({ run, constant, lt }: Formulas, r: Term, y: Term): Term =>
  run('i32.and', run('f64.ne', r, constant(0)), run('i32.ne', lt(r, constant(0)), lt(y, constant(0))))

/** The remainder with the sign of the divisor; a zero has it too. */
export const modulo = (outer: Formulas, over: Term, under: Term): Term =>
  outer.shared(
    'modulo',
    (f, x, y) => {
      const { keep, choose, lt, eq, add, constant } = f
      const r = keep(remainder(f, x, y))
      const zero = choose(lt(y, constant(0)), constant(-0), constant(0))
      return choose(strays(f, r, y), add(r, y), choose(eq(r, constant(0)), zero, r))
    },
    over,
    under,
  )

/** ⌊x + ½⌋, as JavaScript's Math.round. */
const rounded = ({ choose, ge, sub, constant, run, add, keep }: Formulas, x: Term): Term => {
  const floor = keep(run('f64.floor', x))
  return choose(ge(sub(x, floor), constant(0.5)), add(floor, constant(1)), floor)
}

/** x / y rounded down, consistent with `modulo` (NumPy's algorithm); when y is 0, the quotient itself rounded down. */
export const floorQuotient = (outer: Formulas, over: Term, under: Term): Term =>
  outer.shared(
    'floor quotient',
    (f, x, y) => {
      const { keep, choose, branch, div, sub, lt, eq, run, constant } = f
      const r = keep(remainder(f, x, y))
      const quotient = keep(sub(div(sub(x, r), y), run('f64.convert_i32_s', strays(f, r, y))))
      const zero = choose(lt(div(x, y), constant(0)), constant(-0), constant(0))
      const whole = choose(eq(quotient, constant(0)), zero, rounded(f, quotient))
      return branch(
        eq(y, constant(0)),
        () => run('f64.floor', div(x, y)),
        () => whole,
      )
    },
    over,
    under,
  )

/** Powers; pow(1, y) and pow(-1, ±Infinity) are 1 as in IEEE 754, where JavaScript has NaN. */
export const power = (outer: Formulas, base: Term, exponent: Term): Term =>
  outer.shared(
    'power',
    ({ module, run, eq, abs, constant, branch, call }, x, y) => {
      const turned = run('i32.and', eq(x, constant(-1)), eq(abs(y), constant(Infinity)))
      const isOne = run('i32.or', eq(x, constant(1)), turned)
      return branch(
        isOne,
        () => constant(1),
        () => call(module.math('pow', 2), x, y),
      )
    },
    base,
    exponent,
  )
