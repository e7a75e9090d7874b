import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arange, cast, item, jit, mul, scalar, sqrt, type Tensor, tensor, toArray, zeros } from '../../src/index.ts'
import {
  applyUpdates,
  constantSchedule,
  cosineDecay,
  exponentialDecay,
  joinSchedules,
  linearSchedule,
  oneCycle,
  oneCycleMomentum,
  perEpoch,
  piecewiseConstant,
  polynomialDecay,
  type Schedule,
  scale,
  scaleBySchedule,
  schedule,
  scheduleMonoid,
  sgd,
  stepDecay,
  timeDecay,
  warmRestarts,
  warmup,
} from '../../src/optim/index.ts'
import { check, expectClose, expectSame, FLOAT32, mistake } from '../support/values.ts'
import { schedules } from './torch.ts'

/** A few float64 operations on numbers of about 1. */
const CLOSE = 1e-12

const ours: { readonly [name in keyof typeof schedules]: Schedule } = {
  stepDecay: stepDecay({ rate: 0.04, every: 3, factor: 0.1 }),
  'stepDecay by half': stepDecay({ rate: 1, every: 5 }),
  exponentialDecay: exponentialDecay({ rate: 0.3, factor: 0.9 }),
  piecewiseConstant: piecewiseConstant({ rates: [1, 0.5, 0.25], boundaries: [2, 7] }),
  polynomialDecay: polynomialDecay({ rate: 0.3, steps: 8, power: 2.5 }),
  linearSchedule: linearSchedule({ from: 0.1, to: 0.3, steps: 7 }),
  cosineDecay: cosineDecay({ rate: 0.4, steps: 8, end: 0.05 }),
  warmRestarts: warmRestarts({ rate: 0.4, period: 5, end: 0.05 }),
  'warmRestarts that grow': warmRestarts({ rate: 0.4, period: 3, factor: 2 }),
  timeDecay: timeDecay({ rate: 0.4, decay: 0.3 }),
  joinSchedules: joinSchedules([constantSchedule(0.5), exponentialDecay({ rate: 1, factor: 0.5 })], [4]),
  oneCycle: oneCycle({ max: 0.4, steps: 20 }),
  'oneCycle, linear': oneCycle({
    max: 0.4,
    steps: 17,
    rise: 0.4,
    anneal: 'linear',
    startDivisor: 10,
    endDivisor: 100,
  }),
  'oneCycle, three phases': oneCycle({ max: 0.4, steps: 20, threePhase: true }),
  'oneCycle, three linear phases': oneCycle({ max: 0.4, steps: 23, rise: 0.37, threePhase: true, anneal: 'linear' }),
  oneCycleMomentum: oneCycleMomentum({ steps: 20 }),
  'oneCycleMomentum, three phases': oneCycleMomentum({ steps: 20, threePhase: true, min: 0.6, max: 0.9 }),
}
const named = Object.entries(ours)
const known: { readonly [name: string]: readonly number[] } = schedules

describe.each(named)('%s', (name, f) => {
  const values = known[name] ?? []
  const steps = arange(values.length)

  it('is as in PyTorch', () => {
    expectClose(
      tensor(
        values.map((_, t) => f(t)),
        { dtype: 'float64' },
      ),
      [...values],
      CLOSE,
    )
  })
  it('gives a number for a number, float32 for int32, and else the dtype of the step, elementwise', () => {
    expect(typeof f(3)).toBe('number')
    const numbers = toArray(f(cast('float64')(steps)))
    expect(numbers).toEqual(values.map((_, t) => f(t)))
    const single = f(cast('int32')(steps))
    expect([single.dtype, single.shape]).toEqual(['float32', [values.length]])
    expectClose(single, [...values], FLOAT32)
    expect(f(scalar(3, 'int32')).shape).toEqual([])
  })
  it('is the same when compiled', () => {
    const compiled = jit((t: Tensor) => f(t))
    expectSame(compiled(cast('float64')(steps)), f(cast('float64')(steps)), CLOSE)
    expectSame(compiled(cast('int32')(steps)), f(cast('int32')(steps)), FLOAT32)
  })
})

describe('long after', () => {
  it.each<readonly [string, Schedule, number]>([
    ['polynomialDecay', polynomialDecay({ rate: 1, steps: 5, end: 0.25, power: 2 }), 0.25],
    ['linearSchedule', linearSchedule({ from: 0, to: 3, steps: 5 }), 3],
    ['cosineDecay', cosineDecay({ rate: 1, steps: 5, end: 0.25 }), 0.25],
    ['oneCycle', oneCycle({ max: 1, steps: 10, startDivisor: 4, endDivisor: 2 }), 0.125],
    ['stepDecay', stepDecay({ rate: 1, every: 5, factor: 0.1 }), 0],
    ['oneCycleMomentum', oneCycleMomentum({ steps: 10 }), 0.95],
  ])('%s stays at its end', (_name, f, end) => {
    expect(f(2 ** 31 - 1)).toBeCloseTo(end, 12)
    expect(item(f(scalar(2 ** 31 - 1, 'int32')))).toBeCloseTo(end, 6)
  })
  it('restarts fall on their steps in float32 too, periods that grow and periods that do not', () => {
    for (const factor of [1, 2, 3]) {
      const f = warmRestarts({ rate: 1, period: 7, factor })
      let start = 0
      for (let length = 7; start + length < 2 ** 23 && start < 7e5; length *= factor) {
        start += length * (factor === 1 ? 9999 : 1)
        expect([factor, start, item(f(scalar(start, 'int32')))]).toEqual([factor, start, 1])
        expect(item(f(scalar(start - 1, 'int32')))).toBeLessThan(0.1)
      }
    }
  })
  it('steps fall on their steps in float32 too', () => {
    const every = fc.integer({ min: 1, max: 5000 })
    check(
      fc.property(every, fc.integer({ min: 1, max: 3000 }), (n, k) => {
        const epoch = perEpoch(
          n,
          schedule(t => t),
        )
        const at = (t: number) => item(epoch(scalar(t, 'int32')))
        expect([at(n * k - 1), at(n * k)]).toEqual([k - 1, k])
      }),
    )
  })
})

describe('composed', () => {
  const pieces: fc.Arbitrary<Schedule> = fc.constantFrom(...Object.values(ours), constantSchedule(0.3))
  const step = fc.integer({ min: 0, max: 60 })
  const { concat, empty } = scheduleMonoid

  it('products are a monoid', () => {
    check(
      fc.property(pieces, pieces, pieces, step, (a, b, c, t) => {
        expect(concat(concat(a, b), c)(t)).toBeCloseTo(concat(a, concat(b, c))(t), 15)
        expect([concat(empty, a)(t), concat(a, empty)(t)]).toEqual([a(t), a(t)])
        expect(concat(a, b)(t)).toBe(a(t) * b(t))
      }),
    )
  })
  it('joined, each runs from its own step 0', () => {
    const bounds = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 2 })
    check(
      fc.property(pieces, pieces, pieces, bounds, step, (a, b, c, unsorted, t) => {
        const [m = 0, n = 0] = unsorted.toSorted((x, y) => x - y)
        const expected = t < m ? a(t) : t < n ? b(t - m) : c(t - n)
        expect(joinSchedules([a, b, c], [m, n])(t)).toBe(expected)
      }),
    )
    expect(joinSchedules([ours.oneCycle], [])(3)).toBe(ours.oneCycle(3))
  })
  it('warm-up rises in a straight line to the first rate', () => {
    const f = warmup({ steps: 4, from: 0.1 }, timeDecay({ rate: 0.5, decay: 1 }))
    expectClose(f(arange(7)), [0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.5 / 3])
  })
  it('per epoch is constant within one', () => {
    const f = timeDecay({ rate: 1, decay: 0.319 })
    check(
      fc.property(fc.integer({ min: 1, max: 20 }), step, (n, t) => {
        expect(perEpoch(n, f)(t)).toBe(f(Math.floor(t / n)))
      }),
    )
  })
})

describe('as a learning rate', () => {
  it('the first update is made at step 0, and every leaf gets its own dtype', () => {
    const optimizer = sgd({ learningRate: piecewiseConstant({ rates: [1, 10], boundaries: [2] }) })
    const params = { a: scalar(0), b: scalar(0, 'float64') }
    const grads = { a: scalar(1), b: scalar(1, 'float64') }
    const step = jit((p: typeof params, state: ReturnType<typeof optimizer.init>) => {
      const [updates, next] = optimizer.update(grads, state, p)
      return [applyUpdates(p, updates), next] as const
    })
    let [here, state] = step(params, optimizer.init(params))
    for (let i = 0; i < 3; i++) [here, state] = step(here, state)
    expect([item(here.a), item(here.b), here.a.dtype, here.b.dtype]).toEqual([-22, -22, 'float32', 'float64'])
  })
  it('is exact in float64: one step of a rate that float32 has not', () => {
    const optimizer = scaleBySchedule(constantSchedule(0.1))
    const one = scalar(1, 'float64')
    expect(item(optimizer.update(one, optimizer.init(one), one)[0])).toBe(0.1)
  })
  it('a scalar tensor serves leaves of any dtype', () => {
    const grads = { a: scalar(3), b: scalar(3, 'float64') }
    const [updates] = scale(scalar(0.5)).update(grads, [[]], grads)
    expect([item(updates.a), item(updates.b), updates.b.dtype]).toEqual([1.5, 1.5, 'float64'])
  })
})

describe('mistakes', () => {
  it.each<readonly [() => unknown, string]>([
    [() => constantSchedule(Number.NaN), 'ValueError: constantSchedule: rate must be a finite number, got NaN'],
    [
      () => timeDecay({ rate: 1, decay: -1 }),
      'ValueError: timeDecay: decay must be a finite number of at least 0, got -1',
    ],
    [
      () => stepDecay({ rate: 1, every: 0.5 }),
      'ValueError: stepDecay: every must be a whole number of at least 1, got 0.5',
    ],
    [
      () => exponentialDecay({ rate: 1, factor: 0.5, every: 0 }),
      'ValueError: exponentialDecay: every must be a finite number above 0, got 0',
    ],
    [
      () => piecewiseConstant({ rates: [1, 2, 3], boundaries: [5, 5] }),
      'ValueError: piecewiseConstant: boundaries must be steps above 0 that rise, got [5, 5]',
    ],
    [
      () => piecewiseConstant({ rates: [1], boundaries: [5] }),
      'ValueError: piecewiseConstant: needs one rate more than boundaries, got 1 rates and 1 boundaries',
    ],
    [
      () => joinSchedules([], []),
      'ValueError: joinSchedules: needs one schedule more than boundaries, got 0 schedules and 0 boundaries',
    ],
    [
      () => oneCycle({ max: 1, steps: 3 }),
      'ValueError: oneCycle: with 3 steps, of which the rate rises for 0.3, some phase has no length: take more steps, or another rise',
    ],
    [() => constantSchedule(1)(-1), 'ValueError: schedule: the step must be a number of at least 0, got -1'],
    [() => constantSchedule(1)(scalar(true)), 'DtypeError: schedule: bool is no step'],
    [
      () => schedule(() => scalar(1))(0),
      'DtypeError: schedule: the rule makes float32[] of a step float64[]: compute with the step, or use fullLike(step, rate)',
    ],
    [
      () => schedule(t => mul(sqrt(t), zeros([2], { dtype: 'float64' })))(0),
      'ShapeError: schedule: the rule makes float64[2] of a step float64[]: compute with the step, or use fullLike(step, rate)',
    ],
  ])('are named: %s', (f, message) => {
    expect(mistake(f)).toBe(message)
  })
})
