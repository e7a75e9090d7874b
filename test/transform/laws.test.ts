/**
 * Laws that tie the transformations together, on random compositions of ops.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/core/program.ts'
import { data, item } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  grad,
  jvp,
  makeProgram,
  matmul,
  mul,
  reshape,
  slice,
  stack,
  sum,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
} from '../../src/index.ts'
import { compositions, points } from '../support/programs.ts'
import { check, expectSame } from '../support/values.ts'

/** Compositions of six steps keep twelve digits; second derivatives lose two more. */
const CLOSE = 1e-10
/** Central differences with a step of 1e-5 keep eight digits. */
const DIFFERENCE = 1e-6

const inner = (x: Tensor, y: Tensor): number => item(sum(mul(x, y)))
const row = (x: Tensor, i: number): Tensor => reshape(x.shape.slice(1))(slice([[i, i + 1]])(x))
const near = (x: number, y: number, tolerance: number): void =>
  expect(Math.abs(x - y)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(x), Math.abs(y)))

/** The value of f, weighted: a scalar function. */
const weighted = (f: (x: Tensor) => Tensor, w: Tensor) => (x: Tensor) => sum(mul(f(x), w))

describe('on random compositions', () => {
  it('jvp agrees with central differences', () => {
    check(
      fc.property(compositions(), points(), points(), ({ f }, x, t) => {
        const h = 1e-5
        const [y, dy] = jvp(f)([x], [t])
        const [up, down] = [data(f(add(x, mul(t, h)))), data(f(add(x, mul(t, -h))))]
        expectSame(y, f(x), 0)
        data(dy).forEach((v, i) => {
          near(v, ((up[i] ?? 0) - (down[i] ?? 0)) / (2 * h), DIFFERENCE)
        })
      }),
      100,
    )
  })

  it('vjp is the adjoint of jvp: ⟨ct, J t⟩ = ⟨Jᵀ ct, t⟩', () => {
    check(
      fc.property(compositions(), points(), points(), points(), ({ f }, x, t, ct) => {
        const [, dy] = jvp(f)([x], [t])
        const [y, pullback] = vjp(f)(x)
        const [dx] = pullback(ct)
        expectSame(y, f(x), 0)
        near(inner(ct, dy), inner(dx, t), CLOSE)
      }),
      100,
    )
  })

  it('jvp is linear in the tangent, vjp in the cotangent', () => {
    check(
      fc.property(compositions(), points(), points(), points(), ({ f }, x, s, t) => {
        const along = (v: Tensor): Tensor => jvp(f)([x], [v])[1]
        const [, pullback] = vjp(f)(x)
        for (const linear of [along, (v: Tensor) => pullback(v)[0]])
          expectSame(linear(add(mul(s, 2), t)), add(mul(linear(s), 2), linear(t)), CLOSE)
      }),
      50,
    )
  })

  it('grad is the pullback of 1, and valueAndGrad gives the value beside it', () => {
    check(
      fc.property(compositions(), points(), points(), ({ f }, x, w) => {
        const g = weighted(f, w)
        const [value, gradient] = valueAndGrad(g)(x)
        expectSame(value, g(x), 0)
        expectSame(gradient, grad(g)(x), 0)
        expectSame(gradient, vjp(g)(x)[1](1)[0], 0)
      }),
      50,
    )
  })

  it('row k of vmap(f) is f of row k, and so for its derivatives', () => {
    check(
      fc.property(compositions(), points([3, 2, 3]), points(), ({ f }, xs, w) => {
        const functions = [f, grad(weighted(f, w)), (x: Tensor) => jvp(f)([x], [w])[1]]
        for (const g of functions) {
          const ys = vmap(g)(xs)
          for (let k = 0; k < 3; k++) expectSame(row(ys, k), g(row(xs, k)), CLOSE)
        }
      }),
      50,
    )
  })

  it('grad of a sum over vmap is vmap of grad', () => {
    check(
      fc.property(compositions(), points([3, 2, 3]), points(), ({ f }, xs, w) => {
        const g = weighted(f, w)
        expectSame(grad((v: Tensor) => sum(vmap(g)(v)))(xs), vmap(grad(g))(xs), CLOSE)
      }),
      50,
    )
  })

  it('all four ways to the second derivative along t agree: jvp or grad of jvp or grad', () => {
    check(
      fc.property(compositions(4), points(), points(), points(), ({ f }, x, w, t) => {
        const g = weighted(f, w)
        const slope = (v: Tensor): Tensor => jvp(g)([v], [t])[1]
        const hessianTimes = jvp(grad(g))([x], [t])[1]
        expectSame(grad(slope)(x), hessianTimes, CLOSE)
        expectSame(grad((v: Tensor) => sum(mul(grad(g)(v), t)))(x), hessianTimes, CLOSE)
        near(item(jvp(slope)([x], [t])[1]), inner(hessianTimes, t), CLOSE)
      }),
      60,
    )
  })

  it('the Hessian is symmetric, and built by vmap row by row it multiplies as jvp of grad does', () => {
    check(
      fc.property(compositions(4), points(), points(), points(), ({ f }, x, w, t) => {
        const gradient = grad(weighted(f, w))
        const basis = reshape([6, 2, 3])(tensor(identity(6), { dtype: 'float64' }))
        const rows = vmap((e: Tensor) => jvp(gradient)([x], [e])[1])(basis)
        const columns = vmap((e: Tensor) => vjp(gradient)(x)[1](e)[0])(basis)
        expectSame(columns, rows, CLOSE)
        const hessian = reshape([6, 6])(rows)
        const product = reshape([2, 3])(matmul(hessian, reshape([6])(t)))
        expectSame(product, jvp(gradient)([x], [t])[1], CLOSE)
      }),
      40,
    )
  })

  it('a recorded program has the same value and the same derivatives', () => {
    check(
      fc.property(compositions(), points(), points(), ({ f }, x, w) => {
        const program = makeProgram(f)(x)
        const g = (v: Tensor): Tensor => run(program)(v)[0] as Tensor
        expectSame(g(x), f(x), 0)
        expectSame(grad(weighted(g, w))(x), grad(weighted(f, w))(x), 0)
        expectSame(vmap(g)(stack([x, w])), vmap(f)(stack([x, w])), 0)
      }),
      60,
    )
  })

  it('a transformed function can itself be recorded', () => {
    check(
      fc.property(compositions(4), points(), points(), ({ f }, x, w) => {
        const gradient = grad(weighted(f, w))
        expectSame(run(makeProgram(gradient)(x))(x)[0] as Tensor, gradient(x), 0)
        const batched = vmap(gradient)
        const xs = stack([x, w])
        expectSame(run(makeProgram(batched)(xs))(xs)[0] as Tensor, batched(xs), 0)
      }),
      60,
    )
  })
})

const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (i === k ? 1 : 0)))
