/**
 * Schedules that fall (or rise) once: by time, by steps, exponentially, by a power, in a straight line, along a cosine.
 *
 * Layer: optim. Read first: schedule.ts. Next: cycles.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { div, floor, minimum, pow, sub } from '../ops/arithmetic.ts'
import { ge, where } from '../ops/comparison.ts'
import { fullLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { cos } from '../ops/math.ts'
import { checkFinite, checkOption, checkPositive, checkWhole } from './options.ts'
import { checkBoundaries, type Schedule, schedule } from './schedule.ts'

/** min(step / steps, 1): how much of a decay is behind. */
const progress = (t: Tensor, steps: number): Tensor => minimum(div(t, steps), 1)

/**
 * Time-based decay: rate / (1 + decay · step), as the option `decay` of Keras's optimizers applies it after every batch. Per
 * epoch, inverse-time decay: `perEpoch(stepsPerEpoch, timeDecay(…))`.
 * @throws ValueError unless rate is finite and decay ≥ 0
 * @example
 * timeDecay({ rate: 0.1, decay: 0.01 })(100) // 0.05
 */
export const timeDecay = (options: { readonly rate: number; readonly decay: number }): Schedule => {
  const { rate, decay } = requireOptions('timeDecay', options, ['rate', 'decay'], ['rate', 'decay'])

  checkFinite('timeDecay', 'rate', rate)
  checkOption('timeDecay', 'decay', decay, 0)
  return schedule(t => div(rate, add(1, mul(t, decay))))
}

/**
 * Step decay: rate · factor^floor(step / every). By a half unless told otherwise. As PyTorch's StepLR.
 * @throws ValueError unless rate is finite, factor ≥ 0 and every is a whole number of at least 1
 * @example
 * stepDecay({ rate: 1, every: 10 })(25) // 0.25
 */
export const stepDecay = (options: {
  readonly rate: number
  readonly every: number
  readonly factor?: number
}): Schedule => {
  const {
    rate,
    every,
    factor = 0.5,
  } = requireOptions('stepDecay', options, ['rate', 'every', 'factor'], ['rate', 'every'])

  checkWhole('stepDecay', 'every', every)
  return exponentialDecay({ rate, factor, every, staircase: true })
}

/**
 * Exponential decay: rate · factor^(step / every), with `staircase` at every whole number of the quotient. `every` is 1 unless
 * given. As PyTorch's ExponentialLR and Keras's ExponentialDecay.
 * @throws ValueError unless rate is finite, factor ≥ 0 and every is a finite number above 0
 * @example
 * exponentialDecay({ rate: 1, factor: 0.25, every: 10 })(5) // 0.5
 */
export const exponentialDecay = (options: {
  readonly rate: number
  readonly factor: number
  readonly every?: number
  readonly staircase?: boolean
}): Schedule => {
  const {
    rate,
    factor,
    every = 1,
    staircase = false,
  } = requireOptions('exponentialDecay', options, ['rate', 'factor', 'every', 'staircase'], ['rate', 'factor'])

  checkFinite('exponentialDecay', 'rate', rate)
  checkOption('exponentialDecay', 'factor', factor, 0)
  checkPositive('exponentialDecay', 'every', every)
  return schedule(t => {
    const times = div(t, every)
    return mul(rate, pow(fullLike(t, factor), staircase ? floor(times) : times))
  })
}

/**
 * Piecewise constant: rates[0] before step boundaries[0], rates[i] from boundaries[i - 1] on. PyTorch's MultiStepLR counts so
 * too; Keras's PiecewiseConstantDecay changes one step later.
 * @throws ValueError unless the boundaries rise from above 0 and are one less than the rates, which are finite
 * @example
 * piecewiseConstant({ rates: [1, 0.5, 0.25], boundaries: [10, 20] })(10) // 0.5
 */
export const piecewiseConstant = (options: {
  readonly rates: readonly number[]
  readonly boundaries: readonly number[]
}): Schedule => {
  const { rates, boundaries } = requireOptions(
    'piecewiseConstant',
    options,
    ['rates', 'boundaries'],
    ['rates', 'boundaries'],
  )

  checkBoundaries('piecewiseConstant', boundaries)
  for (const rate of requireList('piecewiseConstant', 'rates', rates))
    checkFinite('piecewiseConstant', 'each rate', rate)
  const [first, ...rest] = rates
  if (first === undefined || rest.length !== boundaries.length) {
    const what = `needs one rate more than boundaries, got ${rates.length} rates and ${boundaries.length} boundaries`
    return fail(valueError('piecewiseConstant', what))
  }
  return schedule(t =>
    boundaries.reduce<Tensor>(
      (before, boundary, i) => where(ge(t, boundary), fullLike(t, rest[i] ?? 0), before),
      fullLike(t, first),
    ),
  )
}

/**
 * Polynomial decay: (rate - end) · (1 - step / steps)^power + end, and `end` from step `steps` on. `end` is 0 and `power` 1
 * unless given. As PyTorch's PolynomialLR (whose end is 0) and Keras's PolynomialDecay.
 * @throws ValueError unless rate and end are finite, power ≥ 0 and steps is a whole number of at least 1
 * @example
 * polynomialDecay({ rate: 1, steps: 10, power: 2 })(5) // 0.25
 */
export const polynomialDecay = (options: {
  readonly rate: number
  readonly steps: number
  readonly end?: number
  readonly power?: number
}): Schedule => {
  const {
    rate,
    steps,
    end = 0,
    power = 1,
  } = requireOptions('polynomialDecay', options, ['rate', 'steps', 'end', 'power'], ['rate', 'steps'])

  checkFinite('polynomialDecay', 'rate', rate)
  checkFinite('polynomialDecay', 'end', end)
  checkOption('polynomialDecay', 'power', power, 0)
  checkWhole('polynomialDecay', 'steps', steps)
  return schedule(t => add(mul(rate - end, pow(sub(1, progress(t, steps)), fullLike(t, power))), end))
}

/**
 * A straight line from `from` at step 0 to `to` at step `steps`, and `to` from there on. PyTorch's LinearLR, with the product of
 * its rate and its factors for `from` and `to`.
 * @throws ValueError unless from and to are finite and steps is a whole number of at least 1
 * @example
 * linearSchedule({ from: 0, to: 1, steps: 10 })(5) // 0.5
 */
export const linearSchedule = (options: {
  readonly from: number
  readonly to: number
  readonly steps: number
}): Schedule => {
  const { from, to, steps } = requireOptions(
    'linearSchedule',
    options,
    ['from', 'to', 'steps'],
    ['from', 'to', 'steps'],
  )

  checkFinite('linearSchedule', 'from', from)
  checkFinite('linearSchedule', 'to', to)
  checkWhole('linearSchedule', 'steps', steps)
  return schedule(t => add(mul(to - from, progress(t, steps)), from))
}

/** From `from` at 0 to `to` at 1 along half a cosine. */
export const cosineBetween = (from: number, to: number, done: Tensor): Tensor =>
  add(mul((from - to) / 2, add(cos(mul(done, Math.PI)), 1)), to)

/**
 * Cosine decay: end + (rate - end) / 2 · (1 + cos(π · step / steps)), and `end` (0) from step `steps` on. Loshchilov and Hutter
 * (2017), equation 5, without restarts. PyTorch's CosineAnnealingLR is the same up to its T_max, after which it rises again.
 * @throws ValueError unless rate and end are finite and steps is a whole number of at least 1
 * @example
 * cosineDecay({ rate: 1, steps: 10 })(20) // 0
 */
export const cosineDecay = (options: {
  readonly rate: number
  readonly steps: number
  readonly end?: number
}): Schedule => {
  const { rate, steps, end = 0 } = requireOptions('cosineDecay', options, ['rate', 'steps', 'end'], ['rate', 'steps'])

  checkFinite('cosineDecay', 'rate', rate)
  checkFinite('cosineDecay', 'end', end)
  checkWhole('cosineDecay', 'steps', steps)
  return schedule(t => cosineBetween(rate, end, progress(t, steps)))
}
