import { describe, expect, it } from 'vitest'
import { item } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import { expectClose, FLOAT64, f64 } from '../support/values.ts'
import { numpy } from './numpy.ts'

const slope = (f: (x: Tensor) => Tensor, at: readonly number[]): Tensor => C.grad((x: Tensor) => C.sum(f(x)))(f64(at))

describe('values are those of NumPy', () => {
  const points = f64([-0.9, -0.3, 0, 0.5, 0.75])
  const onInterval = {
    exp: C.exp,
    expm1: C.expm1,
    log1p: C.log1p,
    sin: C.sin,
    cos: C.cos,
    tan: C.tan,
    arcsin: C.asin,
    arccos: C.acos,
    arctan: C.atan,
    sinh: C.sinh,
    cosh: C.cosh,
    tanh: C.tanh,
    arcsinh: C.asinh,
    arctanh: C.atanh,
  }
  for (const [name, f] of Object.entries(onInterval))
    it(name, () => expectClose(f(points), numpy[name as keyof typeof onInterval], FLOAT64))

  const fromOne = { log: C.log, log2: C.log2, sqrt: C.sqrt, arccosh: C.acosh }
  for (const [name, f] of Object.entries(fromOne))
    it(name, () => expectClose(f(f64([1, 1.5, 2, 10])), numpy[name as keyof typeof fromOne], FLOAT64))

  it('atan2, in all quadrants and on the axis', () => {
    expectClose(C.atan2(f64([1, 1, -1, -1, 0, 0]), f64([1, -1, 1, -1, 1, -1])), numpy.arctan2, FLOAT64)
  })
  it('cbrt, of negative numbers too', () => {
    expectClose(C.cbrt(f64([-27, 0, 8, 2])), numpy.cbrt, FLOAT64)
  })
  it('logaddexp, without overflow', () => {
    expectClose(C.logaddexp(f64([0, 1000, -1000, 1]), f64([0, 1000, -1000, -50])), numpy.logaddexp, FLOAT64)
    expectClose(C.logaddexp(f64([-Infinity, Infinity, -Infinity]), f64([-Infinity, Infinity, 3])), [
      -Infinity,
      Infinity,
      3,
    ])
  })
})

describe('at the edges of their domains', () => {
  it('sqrt at 0: the value is 0, the derivative ∞; NaN below', () => {
    expectClose(C.sqrt(f64([0, -1])), [0, Number.NaN])
    expectClose(slope(C.sqrt, [0]), [Infinity])
  })

  it('rsqrt and reciprocal at 0 are ∞, their derivatives -∞', () => {
    for (const f of [C.rsqrt, C.reciprocal]) {
      expectClose(f(f64([0])), [Infinity])
      expectClose(slope(f, [0]), [-Infinity])
    }
    expectClose(C.reciprocal(f64([-0])), [-Infinity])
  })

  it('cbrt at 0: the derivative is ∞', () => {
    expectClose(slope(C.cbrt, [0]), [Infinity])
  })

  it('log at 0 is -∞ with derivative ∞; NaN below', () => {
    expectClose(C.log(f64([0, -1])), [-Infinity, Number.NaN])
    expectClose(slope(C.log, [0]), [Infinity])
    expectClose(C.log1p(f64([-1, -2])), [-Infinity, Number.NaN])
    expectClose(C.log2(f64([0])), [-Infinity])
  })

  it('expm1 and log1p keep small numbers', () => {
    expectClose(C.expm1(f64([1e-12])), [1e-12], 1e-20)
    expectClose(C.log1p(f64([1e-12])), [1e-12], 1e-20)
  })

  it('asin and acos at ±1 have infinite derivatives, and are NaN beyond', () => {
    expectClose(slope(C.asin, [1, -1]), [Infinity, Infinity])
    expectClose(slope(C.acos, [1, -1]), [-Infinity, -Infinity])
    expectClose(C.asin(f64([1.5])), [Number.NaN])
    expectClose(C.atanh(f64([1, -1, 2])), [Infinity, -Infinity, Number.NaN])
    expectClose(C.acosh(f64([0.5])), [Number.NaN])
  })

  it('tanh, sinh and exp at infinities', () => {
    expectClose(C.tanh(f64([Infinity, -Infinity, 1000])), [1, -1, 1])
    expectClose(C.exp(f64([-Infinity, Infinity, 1000])), [0, Infinity, Infinity])
    expectClose(slope(C.tanh, [1000, -1000]), [0, 0])
    expectClose(slope(C.exp, [-1000]), [0])
  })

  it('erf is odd with limits ±1, erfc keeps its tail, erfInv is its inverse', () => {
    expectClose(C.erf(f64([0, 1, -1, Infinity, -Infinity])), [0, 0.8427007929497149, -0.8427007929497149, 1, -1], 1e-14)
    const [tail, underflow] = [item(C.erfc(f64(10))), item(C.erfc(f64(40)))]
    expect(Math.abs(tail / 2.088487583762545e-45 - 1)).toBeLessThan(1e-12)
    expect(underflow).toBe(0)
    expectClose(C.erfInv(f64([0, 1, -1, 1.5])), [0, Infinity, -Infinity, Number.NaN])
    const points = f64([-0.999, -0.5, 1e-5, 0.3, 0.99])
    expectClose(C.erf(C.erfInv(points)), [-0.999, -0.5, 1e-5, 0.3, 0.99], 1e-14)
  })

  it('atan2: 0 at the origin, where the derivative is NaN', () => {
    const [dy, dx] = C.grad((y: Tensor, x: Tensor) => C.atan2(y, x), { argnums: [0, 1] })(f64(0), f64(0))
    expect([item(C.atan2(f64(0), f64(0))), item(dy), item(dx)]).toEqual([0, Number.NaN, Number.NaN])
  })

  it('NaN goes through every function', () => {
    const all = [
      C.exp,
      C.expm1,
      C.log,
      C.log1p,
      C.log2,
      C.sqrt,
      C.rsqrt,
      C.cbrt,
      C.sin,
      C.cos,
      C.tan,
      C.asin,
      C.acos,
      C.atan,
      C.sinh,
      C.cosh,
      C.tanh,
      C.asinh,
      C.acosh,
      C.atanh,
      C.erf,
      C.erfc,
      C.erfInv,
      C.reciprocal,
    ]
    for (const f of all) expectClose(f(f64([Number.NaN])), [Number.NaN])
    expectClose(C.logaddexp(f64([Number.NaN, 1]), f64([1, Number.NaN])), [Number.NaN, Number.NaN])
  })
})

describe('predicates', () => {
  const x = f64([Number.NaN, Infinity, -Infinity, 0, 1e308])
  it('tell NaN, infinite and finite numbers apart', () => {
    expectClose(C.isnan(x), [true, false, false, false, false])
    expectClose(C.isinf(x), [false, true, true, false, false])
    expectClose(C.isfinite(x), [false, false, false, true, true])
  })

  it('comparisons with NaN are false, but for ne', () => {
    const nan = f64(Number.NaN)
    expect([C.eq, C.lt, C.le, C.gt, C.ge].map(f => item(f(nan, nan)))).toEqual([0, 0, 0, 0, 0])
    expect(item(C.ne(nan, nan))).toBe(1)
    expect(item(C.eq(f64(0), f64(-0)))).toBe(1)
  })

  it('logic on bool', () => {
    const [p, q] = [C.tensor([true, true, false, false]), C.tensor([true, false, true, false])]
    expectClose(C.logicalAnd(p, q), [true, false, false, false])
    expectClose(C.logicalOr(p, q), [true, true, true, false])
    expectClose(C.logicalXor(p, q), [false, true, true, false])
    expectClose(C.logicalNot(p), [false, false, true, true])
  })
})

describe('where', () => {
  const x = f64([-1, 0, 4])

  it('takes no notice of NaN and ∞ in the branch that is not taken', () => {
    expectClose(C.where(C.gt(x, 0), C.log(x), 0), [0, 0, Math.log(4)], FLOAT64)
  })

  it('nor does its gradient, as long as the other branch has a finite derivative there', () => {
    expectClose(
      slope(v => C.where(C.gt(v, 0), C.log(v), v), [-1, 4]),
      [1, 0.25],
    )
    expectClose(
      slope(v => C.where(C.gt(v, 0), v, f64(Number.NaN)), [-1, 4]),
      [0, 1],
    )
  })

  it('an infinite derivative of the branch not taken does come through, as 0 · ∞', () => {
    expectClose(
      slope(v => C.where(C.gt(v, 0), C.sqrt(v), 0), [0]),
      [Number.NaN],
    )
    const guarded = (v: Tensor): Tensor => C.where(C.gt(v, 0), C.sqrt(C.where(C.gt(v, 0), v, 1)), 0)
    expectClose(slope(guarded, [0, 4]), [0, 0.25])
  })

  it('broadcasts all three, and sums gradients back', () => {
    const c = C.tensor([[true], [false]])
    const f = (a: Tensor, b: Tensor): Tensor => C.sum(C.where(c, a, b))
    const [da, db] = C.grad(f, { argnums: [0, 1] })(f64([1, 2, 3]), f64(0))
    expectClose(da, [1, 1, 1])
    expect(item(db)).toBe(3)
  })
})
