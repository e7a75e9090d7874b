import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, cast, data, grad, item, matmul, mul, scalar, sub, sum, type Tensor, tensor } from '../../src/index.ts'
import { adam, applyUpdates, type GradientTransformation, rmsprop, sgd } from '../../src/optim/index.ts'
import { farApart, tensors } from '../../src/testing/index.ts'
import { check } from '../support/values.ts'

/** A few dozen float64 operations. */
const CLOSE = { relative: 1e-10, absolute: 1e-10 }

/** The points that an optimizer goes through from x by a gradient. */
const path = (optimizer: GradientTransformation, gradient: (x: Tensor) => Tensor, x: Tensor, steps: number) => {
  const points: Tensor[] = []
  let state = optimizer.init(x)
  let here = x
  for (let i = 0; i < steps; i++) {
    const [updates, next] = optimizer.update(gradient(here), state, here)
    here = applyUpdates(here, updates)
    state = next
    points.push(here)
  }
  return points
}

/** The same for one number, with a rule for plain numbers; `t` counts from 1. */
const plain = <S>(
  rule: (g: number, s: S, t: number) => readonly [number, S],
  start: S,
  a: number,
  x: number,
  steps: number,
) => {
  let [here, state] = [x, start]
  for (let t = 1; t <= steps; t++) {
    const [update, next] = rule(a * here, state, t)
    here += update
    state = next
  }
  return here
}

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const f64 = (x: number): Tensor => scalar(x, 'float64')
const quadratic = {
  a: between(0.1, 3),
  x: between(-3, 3),
  lr: between(0.001, 0.3),
  steps: fc.integer({ min: 0, max: 12 }),
}

describe('on a quadratic a/2·x², with gradient a·x', () => {
  const law = (
    name: string,
    f: (a: number, x: number, lr: number, steps: number, mu: number) => readonly [GradientTransformation, number],
  ): void =>
    it(name, () => {
      const { a, x, lr, steps } = quadratic
      check(
        fc.property(a, x, lr, steps, between(0.05, 0.95), (a, x, lr, steps, mu) => {
          const [optimizer, expected] = f(a, x, lr, steps, mu)
          const got = [f64(x), ...path(optimizer, y => mul(a, y), f64(x), steps)].at(-1) ?? f64(x)
          expect(farApart(got, f64(expected), CLOSE)).toBeUndefined()
        }),
        60,
      )
    })

  law('gradient descent is at (1 - lr·a)ᵏ·x after k steps', (a, x, lr, steps) => [
    sgd({ learningRate: lr }),
    (1 - lr * a) ** steps * x,
  ])
  law('momentum: v ← μ·v + g, x ← x - lr·v', (a, x, lr, steps, mu) => [
    sgd({ learningRate: lr, momentum: mu }),
    plain<number>((g, v) => [-lr * (mu * v + g), mu * v + g], 0, a, x, steps),
  ])
  law('Nesterov: v ← μ·v + g, x ← x - lr·(g + μ·v)', (a, x, lr, steps, mu) => [
    sgd({ learningRate: lr, momentum: mu, nesterov: true }),
    plain<number>((g, v) => [-lr * (g + mu * (mu * v + g)), mu * v + g], 0, a, x, steps),
  ])
  law('RMSprop: v ← β·v + (1-β)·g², x ← x - lr·g/(√v + ε)', (a, x, lr, steps, beta) => [
    rmsprop({ learningRate: lr, decay: beta, eps: 1e-3 }),
    plain<number>(
      (g, old) => {
        const v = beta * old + (1 - beta) * g * g
        return [(-lr * g) / (Math.sqrt(v) + 1e-3), v]
      },
      0,
      a,
      x,
      steps,
    ),
  ])
  law('Adam: x ← x - lr·m̂/(√v̂ + ε)', (a, x, lr, steps, b1) => [
    adam({ learningRate: lr, b1, b2: 0.99, eps: 1e-3 }),
    plain<readonly [number, number]>(
      (g, [m0, v0], t) => {
        const m = b1 * m0 + (1 - b1) * g
        const v = 0.99 * v0 + 0.01 * g * g
        return [(-lr * (m / (1 - b1 ** t))) / (Math.sqrt(v / (1 - 0.99 ** t)) + 1e-3), [m, v]]
      },
      [0, 0],
      a,
      x,
      steps,
    ),
  ])
})

describe('known values', () => {
  // PyTorch 1.13.1 (float64): five steps of ½xᵀAx - bᵀx with A = [[3, 0.5], [0.5, 1]], b = [1, -2] from [1, -1.5], lr 0.1.
  const A = tensor(
    [
      [3, 0.5],
      [0.5, 1],
    ],
    { dtype: 'float64' },
  )
  const b = tensor([1, -2], { dtype: 'float64' })
  const loss = (x: Tensor): Tensor => sub(mul(0.5, sum(mul(x, matmul(A, x)))), sum(mul(b, x)))
  const learningRate = 0.1
  it.each<readonly [string, GradientTransformation, number, number]>([
    ['SGD', sgd({ learningRate }), 0.6843267187500001, -1.8700525],
    ['SGD with momentum', sgd({ learningRate, momentum: 0.9 }), 0.3620029687500001, -2.3980487500000005],
    ['Nesterov', sgd({ learningRate, momentum: 0.9, nesterov: true }), 0.5834933253890625, -2.41778059800625],
    ['RMSprop', rmsprop({ learningRate }), 0.718987024057089, -2.365429842854361],
    [
      'RMSprop with momentum',
      rmsprop({ learningRate, decay: 0.9, momentum: 0.9 }),
      0.7331883047170963,
      -2.8364991721223793,
    ],
    ['Adam', adam({ learningRate }), 0.5576983034418418, -1.9843666458341023],
    [
      'Adam with other constants',
      adam({ learningRate, b1: 0.5, b2: 0.9, eps: 1e-3 }),
      0.6220797154184573,
      -1.9545128389289828,
    ],
  ])('%s as in PyTorch', (_name, optimizer, x0, x1) => {
    const end = path(optimizer, grad(loss), tensor([1, -1.5], { dtype: 'float64' }), 5).at(-1) ?? A
    expect(farApart(end, tensor([x0, x1], { dtype: 'float64' }), CLOSE)).toBeUndefined()
  })
})

describe('size of the steps', () => {
  const away = fc.tuple(
    tensors({
      shape: [4],
      domain: [
        [-3, -0.1],
        [0.1, 3],
      ],
    }),
    between(0.1, 100),
  )

  it("Adam's and RMSprop's do not depend on the scale of the loss", () => {
    check(
      fc.property(away, ([x, c]) => {
        for (const make of [adam, rmsprop]) {
          const optimizer = make({ learningRate: 0.1, eps: 0 })
          const [one, other] = [(y: Tensor) => y, (y: Tensor) => mul(c, y)].map(
            g => path(optimizer, g, x, 3).at(-1) ?? x,
          )
          expect(farApart(one ?? x, other ?? x, CLOSE)).toBeUndefined()
        }
      }),
      30,
    )
  })

  it("Adam's first is the learning rate, against the sign of the gradient", () => {
    check(
      fc.property(away, ([g]) => {
        const [moved] = path(adam({ learningRate: 0.25, eps: 0 }), () => g, mul(g, 0), 1)
        const signs = [...data(g)].map(x => -0.25 * Math.sign(x))
        expect(farApart(moved ?? g, tensor(signs, { dtype: 'float64' }), CLOSE)).toBeUndefined()
      }),
    )
  })

  it("Adam's first is the learning rate in float32 too, where 1 - b2 would be wrong in the fifth digit", () => {
    const [moved] = path(adam({ learningRate: 1, eps: 0 }), () => scalar(2), scalar(0), 1)
    expect(item(moved ?? scalar(0))).toBeCloseTo(-1, 6)
  })

  it('without decay Adam has no memory and still divides by no zero', () => {
    const [, second] = path(adam({ learningRate: 1, b1: 0, b2: 0, eps: 0 }), x => add(x, 5), f64(0), 2)
    expect(item(second ?? f64(0))).toBe(-2)
  })
})

it('leaves may have different dtypes', () => {
  const params = { a: tensor([1, 2]), b: cast('float64')(tensor([3])) }
  for (const make of [sgd, rmsprop, adam]) {
    const optimizer = make({ learningRate: 0.1 })
    const [updates] = optimizer.update(params, optimizer.init(params), params)
    expect([updates.a.dtype, updates.b.dtype]).toEqual(['float32', 'float64'])
  }
})
