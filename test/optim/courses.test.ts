/**
 * Whole courses of every optimizer against those of PyTorch, on a problem that is not convex, with two leaves, in float64.
 */
import { describe, expect, it } from 'vitest'
import {
  add,
  concat,
  cos,
  data,
  grad,
  jit,
  matmul,
  mean,
  mul,
  ravel,
  sin,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from '../../src/index.ts'
import * as optim from '../../src/optim/index.ts'
import { plain } from '../support/plain.ts'
import { expectClose, f64 } from '../support/values.ts'
import { optimizers, problem, scheduled } from './torch.ts'

/** 25 steps of some rounding each, on numbers of about 1. */
const CLOSE = 1e-11
/** Of the same steps in float32, where roots of small squares magnify rounding. */
const ROUGH = 2e-3

type Params = { readonly w: Tensor; readonly b: Tensor }
const [xs, ys] = [f64(problem.xs), f64(problem.ys)]
const start: Params = { w: f64(problem.w), b: f64(problem.b) }

const lossOn =
  (xs: Tensor, ys: Tensor) =>
  ({ w, b }: Params): Tensor => {
    const error = mean(square(sub(tanh(add(matmul(xs, w), b)), ys)))
    return add(add(error, mul(0.1, sum(sin(mul(3, w))))), mul(0.05, sum(cos(mul(2, b)))))
  }

type Slope = (params: Params) => Params

/** The parameters after each step shown, and all states. */
const course = (optimizer: optim.GradientTransformation, first: Params, slope: Slope, compiled: boolean) => {
  const eager = (grads: Params, state: optim.OptimizerState, params: Params) => optimizer.update(grads, state, params)
  const update = compiled ? jit(eager) : eager
  const points: Tensor[] = []
  const states: optim.OptimizerState[] = [optimizer.init(first)]
  let here = first
  for (let t = 1; t <= problem.steps; t++) {
    const [updates, next] = update(slope(here), states.at(-1) ?? [], here)
    here = optim.applyUpdates(here, updates)
    states.push(next)
    if (problem.shown.includes(t)) points.push(concat([ravel(here.w), ravel(here.b)]))
  }
  return { points, states }
}

const slope: Slope = jit(grad(lossOn(xs, ys)))
const single = (x: Tensor): Tensor => tensor(new Float32Array(data(x)), { shape: x.shape })
const slope32: Slope = jit(grad(lossOn(single(xs), single(ys))))
const start32 = { w: single(start.w), b: single(start.b) }

const makers = optim as unknown as {
  readonly [name: string]: (options: unknown) => optim.GradientTransformation
}
const schedules: { readonly [name in keyof typeof scheduled]: optim.GradientTransformation } = {
  'sgd with one cycle of rate and momentum': optim.sgd({
    learningRate: optim.oneCycle({ max: 0.3, steps: 30 }),
    momentum: optim.oneCycleMomentum({ steps: 30 }),
  }),
  'adam with cosine decay': optim.adam({ learningRate: optim.cosineDecay({ rate: 0.1, steps: 25 }) }),
  'adamW with steps': optim.adamW({
    learningRate: optim.stepDecay({ rate: 0.1, every: 6, factor: 0.3 }),
    weightDecay: 0.2,
  }),
}

type Points = readonly (readonly number[])[]
type Case = readonly [string, optim.GradientTransformation, Points]
const cases: readonly Case[] = [
  ...optimizers.map(({ name, options, points }): Case => {
    const make = makers[name] ?? optim.sgd
    return [`${name} ${JSON.stringify(options)}`, make(options as never), points]
  }),
  ...Object.entries(schedules).map(([name, optimizer]): Case => {
    return [name, optimizer, scheduled[name as keyof typeof scheduled]]
  }),
]

/** A tree with its types in place of its tensors. */
const typesOf = (tree: unknown): string =>
  JSON.stringify(plain(tree), (key, value) => (key === 'elements' ? undefined : value))

const expectPoints = (found: readonly Tensor[], points: Points, tolerance: number): void => {
  expect([found.length, points.length]).toEqual([problem.shown.length, problem.shown.length])
  found.forEach((point, i) => {
    expectClose(point, [...(points[i] ?? [])], tolerance)
  })
}

describe.each(cases)('%s', (name, optimizer, points) => {
  const { points: found, states } = course(optimizer, start, slope, false)

  it('goes the way of PyTorch', () => {
    expectPoints(found, points, CLOSE)
  })
  it('is the same when compiled', () => {
    expectPoints(course(optimizer, start, slope, true).points, points, CLOSE)
  })
  it('keeps structure, shapes and dtypes of its state, in float64, float32 and mixed', () => {
    for (const first of [start, start32, { w: start.w, b: start32.b }]) {
      const initial = optimizer.init(first)
      const [updates, next] = optimizer.update(first, initial, first)
      const [, last] = optimizer.update(updates, next, first)
      expect(typesOf(next)).toEqual(typesOf(initial))
      expect(typesOf(last)).toEqual(typesOf(initial))
      expect(typesOf(updates)).toEqual(typesOf(first))
    }
    expect(typesOf(states.at(-1))).toEqual(typesOf(states[0]))
  })
  // Lion's signs are those of a difference that may be as small as its rounding.
  it.skipIf(name.startsWith('lion'))('goes nearly the same way in float32', () => {
    expectPoints(course(optimizer, start32, slope32, true).points, points, ROUGH)
  })
})
