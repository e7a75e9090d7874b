/**
 * Schedules that rise and fall: warm restarts and one cycle.
 *
 * Layer: optim. Read first: schedule.ts, decays.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireChoice, requireOptions } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { clip, div, floor, sub } from '../ops/arithmetic.ts'
import { ge, gt, where } from '../ops/comparison.ts'
import { fullLike, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { cosineBetween } from './decays.ts'
import { checkFinite, checkPositive, checkWhole } from './options.ts'
import { type Schedule, schedule } from './schedule.ts'

/** Counts of steps are int32. */
const LAST_STEP = 2 ** 31

/** The steps at which periods start that grow by a factor of at least 2. */
const restarts = (period: number, factor: number, start = period): readonly number[] =>
  start >= LAST_STEP ? [] : [start, ...restarts(period, factor, start * factor + period)]

/** Where the present period started. */
const lastRestart = (t: Tensor, period: number, factor: number): Tensor =>
  factor === 1
    ? mul(floor(div(t, period)), period)
    : restarts(period, factor).reduce<Tensor>((last, s) => where(ge(t, s), fullLike(t, s), last), zerosLike(t))

/**
 * Cosine decay with warm restarts (SGDR): from `rate` to `end` (0) along half a cosine in `period` steps, then again in periods
 * that are each `factor` (1) times as long as the one before.
 *
 * Loshchilov and Hutter (2017), equation 5. As PyTorch's CosineAnnealingWarmRestarts with T_0 = period and T_mult = factor.
 * @throws ValueError unless rate and end are finite and period and factor are whole numbers of at least 1
 * @example
 * warmRestarts({ rate: 1, period: 10, factor: 2 })(20) // 0.5
 */
export const warmRestarts = (options: {
  readonly rate: number
  readonly period: number
  readonly factor?: number
  readonly end?: number
}): Schedule => {
  const {
    rate,
    period,
    factor = 1,
    end = 0,
  } = requireOptions('warmRestarts', options, ['rate', 'period', 'factor', 'end'], ['rate', 'period'])

  checkFinite('warmRestarts', 'rate', rate)
  checkFinite('warmRestarts', 'end', end)
  checkWhole('warmRestarts', 'period', period)
  checkWhole('warmRestarts', 'factor', factor)
  return schedule(t => {
    const start = lastRestart(t, period, factor)
    const length = add(mul(start, factor - 1), period)
    return cosineBetween(rate, end, div(sub(t, start), length))
  })
}

/** Part of a cycle: it ends at step `end` with the value `to`. */
type Phase = { readonly end: number; readonly to: number }

const between = {
  cosine: cosineBetween,
  linear: (from: number, to: number, done: Tensor): Tensor => add(mul(to - from, done), from),
} as const

/** Phases one after the other, from a first value at step 0; the last value ever after. */
const phased = (op: string, first: number, phases: readonly Phase[], anneal: keyof typeof between): Schedule => {
  requireChoice(op, 'anneal', anneal, ['cosine', 'linear'])
  return schedule(t =>
    phases.reduce<Tensor>(
      (before, { end, to }, i) => {
        const { end: start, to: from } = phases[i - 1] ?? { end: 0, to: first }
        const done = clip({ min: 0, max: 1 })(div(sub(t, start), end - start))
        const here = between[anneal](from, to, done)
        return i === 0 ? here : where(gt(t, start), here, before)
      },
      fullLike(t, first),
    ),
  )
}

/** The shape of a cycle, without its heights. */
type CycleOptions = {
  /** How many steps it has in all. */
  readonly steps: number
  /** The part of them in which the rate rises; 0.3 unless given. */
  readonly rise?: number
  /** 'cosine' unless given. */
  readonly anneal?: 'cosine' | 'linear'
  /** Whether the rate falls as long as it rose, and vanishes in a third phase. */
  readonly threePhase?: boolean
}

/** The steps at which phases end, as PyTorch counts them: the first step is 0, the last `steps` - 1. */
const phaseEnds = (op: string, { steps, rise = 0.3, threePhase = false }: CycleOptions): readonly number[] => {
  checkWhole(op, 'steps', steps)
  const up = rise * steps - 1
  const ends = threePhase ? [up, 2 * rise * steps - 2, steps - 1] : [up, steps - 1]
  if (ends.every((end, i) => end > (ends[i - 1] ?? 0))) return ends
  const what = `with ${steps} steps, of which the rate rises for ${rise}, some phase has no length: take more steps, or another rise`
  return fail(valueError(op, what))
}

/**
 * One cycle: the rate rises from max / startDivisor to `max`, then falls to max / (startDivisor · endDivisor), in `steps` steps,
 * and stays there. With `threePhase` it first falls as long as it rose, to where it started.
 *
 * Smith and Topin (2018), who have three phases and straight lines. Defaults are those of PyTorch's OneCycleLR: two phases along
 * cosines, rise 0.3, startDivisor 25, endDivisor 1e4.
 * @throws ValueError unless max is finite, divisors are positive and every phase has some length
 * @example
 * oneCycle({ max: 1, steps: 100 })(29) // 1
 */
export const oneCycle = (
  options: CycleOptions & {
    readonly max: number
    readonly startDivisor?: number
    readonly endDivisor?: number
  },
): Schedule => {
  const {
    max,
    startDivisor = 25,
    endDivisor = 1e4,
    anneal = 'cosine',
    ...shape
  } = requireOptions(
    'oneCycle',
    options,
    ['steps', 'rise', 'anneal', 'threePhase', 'max', 'startDivisor', 'endDivisor'],
    ['steps', 'max'],
  )

  checkFinite('oneCycle', 'max', max)
  checkPositive('oneCycle', 'startDivisor', startDivisor)
  checkPositive('oneCycle', 'endDivisor', endDivisor)
  const ends = phaseEnds('oneCycle', shape)
  const first = max / startDivisor
  const heights = shape.threePhase === true ? [max, first, first / endDivisor] : [max, first / endDivisor]
  return phased('oneCycle', first, zip(ends, heights), anneal)
}

/**
 * Momentum against the rate of `oneCycle` with the same options: it falls from `max` (0.95) to `min` (0.85) while the rate rises,
 * and rises back while that falls. For `sgd({ momentum })`. As PyTorch's OneCycleLR with cycle_momentum.
 * @throws ValueError unless min and max are finite and every phase has some length
 * @example
 * oneCycleMomentum({ steps: 100 })(29) // 0.85
 */
export const oneCycleMomentum = (
  options: CycleOptions & { readonly min?: number; readonly max?: number },
): Schedule => {
  const {
    min = 0.85,
    max = 0.95,
    anneal = 'cosine',
    ...shape
  } = requireOptions('oneCycleMomentum', options, ['steps', 'rise', 'anneal', 'threePhase', 'min', 'max'], ['steps'])

  checkFinite('oneCycleMomentum', 'min', min)
  checkFinite('oneCycleMomentum', 'max', max)
  const ends = phaseEnds('oneCycleMomentum', shape)
  return phased('oneCycleMomentum', max, zip(ends, [min, max, max]), anneal)
}

const zip = (ends: readonly number[], heights: readonly number[]): readonly Phase[] =>
  ends.map((end, i) => ({ end, to: heights[i] ?? 0 }))
