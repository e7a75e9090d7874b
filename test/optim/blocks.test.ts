/**
 * What optimizers are built with: clipping, masks and groups, gathered gradients, steps left out, averages of weights.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  cast,
  data,
  item,
  jit,
  mul,
  norm,
  scalar,
  sub,
  type Tensor,
  tensor,
  treeLeaves,
  treeMap,
} from '../../src/index.ts'
import * as optim from '../../src/optim/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check, expectSame, FLOAT64, mistake } from '../support/values.ts'

type Params = { readonly w: Tensor; readonly deep: readonly [Tensor] }
const params = fc.record({ w: tensors({ shape: [2, 2] }), deep: fc.tuple(tensors({ shape: [3] })) })
const limit = fc.double({ min: 0.01, max: 20, noNaN: true })
const learningRate = 0.1
const optimizers = fc.constantFrom(
  optim.sgd({ learningRate, momentum: 0.9, weightDecay: 0.1 }),
  optim.rmsprop({ learningRate, centred: true }),
  optim.adamW({ learningRate: optim.timeDecay({ rate: 0.1, decay: 0.5 }) }),
  optim.lion({ learningRate }),
  optim.lamb({ learningRate }),
  optim.nadam({ learningRate }),
)

/** Parameters after each of some gradients, and the last state. */
const course = (optimizer: optim.GradientTransformation, start: Params, grads: readonly Params[], compiled = false) => {
  const eager = (g: Params, s: optim.OptimizerState, p: Params) => optimizer.update(g, s, p)
  const update = compiled ? jit(eager) : eager
  let [here, state] = [start, optimizer.init(start)]
  const points = grads.map(g => {
    const [updates, next] = update(g, state, here)
    here = optim.applyUpdates(here, updates)
    state = next
    return here
  })
  return { points, state }
}
const three = fc.array(params, { minLength: 3, maxLength: 3 })
const close = (x: unknown, y: unknown): void => {
  const [xs, ys] = [treeLeaves(x), treeLeaves(y)]
  expect(xs.length).toBe(ys.length)
  xs.forEach((leaf, i) => {
    expectSame(leaf, ys[i] as Tensor, FLOAT64)
  })
}
const updatesOf = (t: optim.GradientTransformation, g: Params): Params => t.update(g, t.init(g), g)[0]
const size = (tree: unknown): number => item(optim.globalNorm(tree))

describe('clipping', () => {
  const law = (name: string, holds: (g: Params, limit: number) => void): void =>
    it(name, () => {
      check(fc.property(params, limit, holds))
    })
  law('by value bounds every element and leaves those within', (g, c) => {
    const clipped = updatesOf(optim.clipByValue(c), g)
    expect([...data(clipped.w)]).toEqual([...data(g.w)].map(x => Math.min(c, Math.max(-c, x))))
  })
  law('by norm bounds the norm of each leaf, keeps its direction, and leaves small ones', (g, c) => {
    const clipped = updatesOf(optim.clipByNorm(c), g)
    const before = item(norm(g.deep[0]) as Tensor<readonly []>)
    expect(item(norm(clipped.deep[0]) as Tensor<readonly []>)).toBeLessThanOrEqual(c * (1 + 1e-12))
    close(clipped.deep[0], mul(g.deep[0], Math.min(1, c / before)))
  })
  law('by global norm bounds that of all together, by one factor', (g, c) => {
    const clipped = updatesOf(optim.clipByGlobalNorm(c), g)
    expect(size(clipped)).toBeLessThanOrEqual(c * (1 + 1e-12))
    close(
      clipped,
      treeMap<unknown, readonly number[]>(g, x => mul(x, Math.min(1, c / size(g)))),
    )
  })
  it('the gradient 0 stays 0, and leaves of different dtypes keep them', () => {
    const g = { a: tensor([0, 0]), b: scalar(0, 'float64') }
    for (const t of [optim.clipByNorm(1), optim.clipByGlobalNorm(1), optim.clipByValue(1)])
      expect(plain(t.update(g, t.init(g), g)[0])).toEqual(plain(g))
  })
  it('the global norm of nothing is 0', () => {
    expect(size([])).toBe(0)
    expect(mistake(() => optim.clipByNorm(0))).toContain('clipByNorm: limit must be a finite number above 0, got 0')
  })
})

describe('masks and groups', () => {
  it('a mask that is true everywhere, or one group, or equal groups: the transformation itself', () => {
    check(
      fc.property(optimizers, params, three, (optimizer, p, gs) => {
        const expected = course(optimizer, p, gs).points
        const byPath = (path: string) => (path === '.w' ? 'a' : 'b')
        close(
          course(
            optim.masked(optimizer, () => true),
            p,
            gs,
          ).points,
          expected,
        )
        close(course(optim.partition({ a: optimizer, b: optimizer }, byPath), p, gs).points, expected)
        close(course(optim.partition({ a: optimizer, b: optimizer }, { w: 'b', deep: ['a'] }), p, gs).points, expected)
      }),
      20,
    )
  })
  it('a mask that is false everywhere: the identity', () => {
    check(
      fc.property(optimizers, params, (optimizer, g) => {
        expect(plain(updatesOf(optim.masked(optimizer, { w: false, deep: [false] }), g))).toEqual(plain(g))
      }),
      20,
    )
  })
  it('each leaf goes the way of its group', () => {
    check(
      fc.property(params, g => {
        const groups = { big: optim.scale(10), small: optim.scale(0.1) }
        const { w, deep } = updatesOf(
          optim.partition(groups, (_path, leaf) => (leaf.shape.length > 1 ? 'big' : 'small')),
          g,
        )
        close([w, deep[0]], [mul(g.w, 10), mul(g.deep[0], 0.1)])
      }),
    )
  })
  it('what is wrong with labels is said', () => {
    const p = { w: tensor([1]) }
    expect(mistake(() => optim.partition({ a: optim.scale(1) }, (() => 'b') as never).init(p))).toBe(
      'ValueError: partition: "b" labels a leaf, but the transformations are a',
    )
    expect(mistake(() => optim.masked(optim.scale(1), { v: true }).init(p))).toBe(
      'TreeError: masked: the labels have another structure than the parameters, at tree.w: one label for each leaf',
    )
  })
})

describe('gathered gradients', () => {
  it('k equal batches do what one does, and nothing before the k-th', () => {
    const k = fc.integer({ min: 1, max: 4 })
    check(
      fc.property(optimizers, params, three, k, (optimizer, p, gs, k) => {
        const repeated = gs.flatMap(g => Array.from({ length: k }, () => g))
        const { points } = course(optim.accumulate(k, optimizer), p, repeated)
        close(
          points.filter((_, i) => i % k === k - 1),
          course(optimizer, p, gs).points,
        )
        if (k > 1) expect(plain(points[0])).toEqual(plain(p))
      }),
      20,
    )
  })
  it('are averaged', () => {
    check(
      fc.property(params, three, (p, gs) => {
        const { points } = course(optim.accumulate(3, optim.scale(1)), p, gs)
        const mean = treeMap<Params, readonly number[]>(p, (x, path) => {
          const leaves = gs.map(g => (path === '.w' ? g.w : g.deep[0]))
          return add(
            x,
            mul(
              leaves.reduce((a, b) => add(a, b)),
              1 / 3,
            ),
          )
        })
        close(points.at(-1), mean)
      }),
    )
  })
})

describe('steps left out', () => {
  it('as if a gradient that is not finite had not come, and counted', () => {
    const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity)
    check(
      fc.property(optimizers, params, three, odd, (optimizer, p, gs, bad) => {
        const [first = p, ...rest] = gs
        const spoilt = { ...first, deep: [tensor([1, bad, 2], { dtype: 'float64' })] as const }
        const { points, state } = course(optim.skipNotFinite(optimizer), p, [first, spoilt, ...rest, spoilt])
        close([points[0], ...points.slice(2, -1)], course(optimizer, p, gs).points)
        expect(plain([points[1], points.at(-1)])).toEqual(plain([points[0], points.at(-2)]))
        expect(item(optim.skippedSteps(state) as Tensor<readonly []>)).toBe(2)
      }),
      20,
    )
  })
})

it('all of them are the same when compiled, with one type of state', () => {
  const wrap = fc.constantFrom<(t: optim.GradientTransformation) => optim.GradientTransformation>(
    t => optim.chain(optim.clipByGlobalNorm(1), t),
    t => optim.chain(optim.clipByNorm(1), optim.clipByValue(0.5), t),
    t => optim.masked(t, path => path === '.w'),
    t => optim.partition({ a: t, b: optim.scale(0) }, path => (path === '.w' ? 'a' : 'b')),
    t => optim.accumulate(2, t),
    t => optim.skipNotFinite(t),
  )
  check(
    fc.property(wrap, optimizers, params, three, (wrapped, optimizer, p, gs) => {
      const t = wrapped(optimizer)
      const [eager, compiled] = [course(t, p, gs), course(t, p, gs, true)]
      close(eager.points, compiled.points)
      close(eager.state, compiled.state)
      const types = (state: unknown) => treeLeaves(state).map(x => [x.dtype, ...x.shape])
      expect(types(eager.state)).toEqual(types(t.init(p)))
    }),
    20,
  )
})

describe('averages of weights', () => {
  const decay = fc.double({ min: 0, max: 0.99, noNaN: true })
  it('stay where the weights stay, with debias or without', () => {
    check(
      fc.property(params, decay, fc.boolean(), (p, d, debias) => {
        const average = optim.ema({ decay: d, debias })
        const state = [p, p, p].reduce((s, x) => average.update(s, x), average.init(p))
        close(average.value(state), p)
      }),
    )
  })
  it('a ← decay · a + (1 - decay) · p', () => {
    check(
      fc.property(params, params, decay, (p, q, d) => {
        const average = optim.ema({ decay: d })
        close(average.value(average.update(average.init(p), q)).w, add(mul(p.w, d), mul(q.w, 1 - d)))
      }),
    )
  })
  it('with debias what init got has no weight, and before the first update it is 0', () => {
    check(
      fc.property(params, params, decay, (p, q, d) => {
        const average = optim.ema({ decay: d, debias: true })
        close(average.value(average.update(average.init(p), q)), q)
        close(average.value(average.init(p)).w, sub(p.w, p.w))
      }),
    )
  })
  it('are the same when compiled, keep dtypes, and take other leaves as they are', () => {
    const p = { a: tensor([1, 2]), b: cast('float64')(tensor([3])), n: tensor([5], { dtype: 'int32' }) }
    const q = { ...p, n: tensor([6], { dtype: 'int32' }) }
    const average = optim.ema({ decay: 0.9, debias: true })
    const next = jit((s: optim.EmaState<typeof p>, x: typeof p) => average.update(s, x))
    expect(plain(average.value(next(average.init(p), q)).n)).toEqual(plain(q.n))
    const { a, b } = average.value(next(average.init(p), q))
    expect([a.dtype, b.dtype]).toEqual(['float32', 'float64'])
    expect(mistake(() => optim.ema({ decay: 1 }))).toContain('ema: decay must be at least 0 and below 1, got 1')
  })
})
