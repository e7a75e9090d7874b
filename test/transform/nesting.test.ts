/**
 * Derivatives inside derivatives: that each is with respect to its own variable, in every nesting of the modes.
 */
import { describe, expect, it } from 'vitest'
import { item } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { add, cos, exp, grad, jvp, mul, reshape, sin, slice, stack, sum, vjp, vmap } from '../../src/index.ts'
import { FLOAT64, f64 } from '../support/values.ts'

type Fn = (x: Tensor) => Tensor
/** The derivative of a function of one number, by some means. */
type Derivative = (f: Fn) => Fn

const one = f64(1)
const twice = (x: Tensor): Tensor => stack([x, x])
const firstOf = (x: Tensor): Tensor => reshape([])(slice([[0, 1]])(x))

const forward: Derivative = f => x => jvp(f)([x], [one])[1]
const backward: Derivative = f => x => vjp(f)(x)[1](one)[0]
const reverse: Derivative = f => grad(f)

/** Every way to differentiate, alone and with a vmap inside or outside. */
const ways: { readonly [name: string]: Derivative } = {
  grad: reverse,
  jvp: forward,
  vjp: backward,
  'vmap of grad': f => x => firstOf(vmap(reverse(f))(twice(x))),
  'vmap of jvp': f => x => firstOf(vmap(forward(f))(twice(x))),
  'vmap of vjp': f => x => firstOf(vmap(backward(f))(twice(x))),
  'grad of vmap': f => x => firstOf(grad((v: Tensor) => sum(vmap(f)(v)))(twice(x))),
  'jvp of vmap': f => x => firstOf(jvp((v: Tensor) => vmap(f)(v))([twice(x)], [twice(one)])[1]),
  'vjp of vmap': f => x => firstOf(vjp((v: Tensor) => vmap(f)(v))(twice(x))[1](twice(one))[0]),
  'vmap over directions of jvp': f => x => firstOf(vmap((t: Tensor) => jvp(f)([x], [t])[1])(twice(one))),
  'vmap over cotangents of vjp': f => x => {
    const [, pullback] = vjp(f)(x)
    return firstOf(vmap((ct: Tensor) => pullback(ct)[0])(twice(one)))
  },
}
const entries = Object.entries(ways)
const at = (f: Fn, x: number): number => item(f(f64(x)))

/** sin(xy) + x²y. */
const surface = (x: Tensor, y: Tensor): Tensor => add(sin(mul(x, y)), mul(mul(x, x), y))

describe('a closure over an outer tracer is differentiated with respect to the inner variable only', () => {
  // d/dx [x · ∂/∂y (sin(xy) + x²y) at y = 2x] with ∂/∂y = x cos(xy) + x²
  const expected = (x: number): number => 2 * x * Math.cos(2 * x * x) - 4 * x ** 3 * Math.sin(2 * x * x) + 3 * x * x
  for (const [outer, dx] of entries)
    for (const [inner, dy] of entries)
      it(`${inner} inside ${outer}`, () => {
        const f = dx(x => mul(x, dy(y => surface(x, y))(mul(2, x))))
        for (const x of [0.7, -1.2]) expect(at(f, x)).toBeCloseTo(expected(x), 9)
      })
})

describe('three derivatives deep, each closes over the two outside', () => {
  // d/dx d/dy d/dz (x² y³ z + e^(xyz)) at z = xy, y = x, by each variable's own derivative only:
  // ∂/∂z = x²y³ + xy·e^(xyz); at z = xy: G(x, y) = x²y³ + xy·e^(x²y²)
  // ∂G/∂y = 3x²y² + (x + 2x³y²)·e^(x²y²); at y = x: H(x) = 3x⁴ + (x + 2x⁵)·e^(x⁴)
  const expected = (x: number): number =>
    12 * x ** 3 + (1 + 10 * x ** 4) * Math.exp(x ** 4) + (x + 2 * x ** 5) * 4 * x ** 3 * Math.exp(x ** 4)
  const few = entries.filter(([name]) => ['grad', 'jvp', 'vjp', 'vmap of grad', 'grad of vmap'].includes(name))
  for (const [first, dx] of few)
    it(`outermost ${first}`, () => {
      for (const [, dy] of few)
        for (const [, dz] of few) {
          const body = (x: Tensor, y: Tensor) => (z: Tensor) => {
            const xyz = mul(mul(x, y), z)
            return add(mul(mul(mul(x, x), mul(y, mul(y, y))), z), exp(xyz))
          }
          const f = dx(x => dy(y => dz(body(x, y))(mul(x, y)))(x))
          expect(at(f, 0.6)).toBeCloseTo(expected(0.6), 9)
        }
    })
})

describe('classics of perturbation confusion', () => {
  it('Siskind and Pearlmutter (2005): d/dx (x · d/dy (x + y) at y = 1) at x = 1 is 1, where confusion gives 2', () => {
    for (const [, dx] of entries)
      for (const [, dy] of entries)
        expect(
          at(
            dx(x => mul(x, dy(y => add(x, y))(one))),
            1,
          ),
        ).toBe(1)
  })

  it('d/dx (x · d/dy xy at y = 2) is 2x', () => {
    for (const [, dx] of entries)
      for (const [, dy] of entries)
        expect(
          at(
            dx(x => mul(x, dy(y => mul(x, y))(f64(2)))),
            5,
          ),
        ).toBe(10)
  })

  it('Manzyuk et al. (2019): D of a shift at 0 is the derivative operator, and applies to itself', () => {
    // s u f x = f(x + u); D̂ f x = d/du (s u f x) at u = 0, so D̂ (D̂ exp) 1 = e, where confusion gives 0
    for (const [, d] of entries) {
      const operator: Derivative = f => x => d(u => f(add(x, u)))(f64(0))
      expect(at(operator(operator(exp as Fn)), 1)).toBeCloseTo(Math.E, 9)
      expect(at(operator(operator(operator(x => mul(x, mul(x, x))))), 1)).toBeCloseTo(6, 9)
    }
  })

  it('a derivative taken of a constant of the inner variable is 0, whatever the outer one is', () => {
    for (const [, dx] of entries)
      for (const [, dy] of entries)
        expect(
          at(
            dx(x => add(x, dy(() => sin(x))(one))),
            0.3,
          ),
        ).toBeCloseTo(1, 12)
  })

  it('the inner point may be the outer variable itself: d/dx f′(x) is f″(x)', () => {
    for (const [, dx] of entries)
      for (const [, dy] of entries) expect(at(dx(dy(x => sin(x))), 0.8)).toBeCloseTo(-Math.sin(0.8), 9)
  })
})

describe('derivatives of every order, modes mixed at will', () => {
  it('the first five of sin are cos, -sin, -cos, sin, cos', () => {
    const order = ['grad', 'jvp', 'vmap of grad', 'vjp', 'jvp of vmap']
    let f: Fn = x => sin(x)
    const expected = [Math.cos(0.4), -Math.sin(0.4), -Math.cos(0.4), Math.sin(0.4), Math.cos(0.4)]
    order.forEach((name, i) => {
      f = (ways[name] as Derivative)(f)
      expect(Math.abs(at(f, 0.4) - (expected[i] ?? 0))).toBeLessThan(FLOAT64)
    })
  })

  it('a pullback may be stored and used after an inner transformation has come and gone', () => {
    const f = (x: Tensor): Tensor => {
      const [y, pullback] = vjp((z: Tensor) => mul(x, sin(z)))(x)
      const inner = grad((z: Tensor) => mul(z, y))(x)
      return add(mul(inner, pullback(one)[0]), cos(y))
    }
    // y = x sin x, inner = y, pullback = x cos x: f = x² sin x cos x + cos(x sin x)
    const x = 0.9
    const [s, c] = [Math.sin(x), Math.cos(x)]
    const expected = 2 * x * s * c + x * x * (c * c - s * s) - Math.sin(x * s) * (s + x * c)
    for (const [, d] of entries) expect(at(d(f), x)).toBeCloseTo(expected, 9)
  })
})
