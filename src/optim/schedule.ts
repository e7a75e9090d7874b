/**
 * Schedules: rates as functions of the step, and what composes them.
 *
 * Layer: optim. A schedule is tensor arithmetic, elementwise in the step. So one function is drawn over numbers, runs inside a jitted
 * step on the count in an optimizer's state, and gives all its values on `arange(steps)`. Read next: decays.ts, cycles.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { requireFunction, requireList, requireOptions } from '../core/options.ts'
import { sameShape } from '../core/shape.ts'
import { isTensor, item, requireTensor, scalar, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { div, floor, maximum, sub } from '../ops/arithmetic.ts'
import { cast, ge, where } from '../ops/comparison.ts'
import { fullLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { checkFinite, checkWhole } from './options.ts'

/**
 * A rate as a function of the step, which counts from 0. A number gives a number, computed in float64. A tensor gives a tensor of
 * its shape, elementwise: float32 for int32 steps (exact up to 2²⁴ of them), the dtype of the steps for floats.
 */
export interface Schedule {
  (step: number): number
  (step: Tensor): Tensor
}

/** The steps as floats, of which a schedule's rule is made. */
const floatSteps = (step: Tensor): Tensor => {
  if (isFloat(step.dtype)) return step
  return step.dtype === 'int32' ? cast('float32')(step) : fail(dtypeError('schedule', `${step.dtype} is no step`))
}

const checked = (rate: Tensor, step: Tensor): Tensor => {
  if (rate.dtype === step.dtype && sameShape(rate.shape, step.shape)) return rate
  const error = rate.dtype === step.dtype ? shapeError : dtypeError
  const what = `the rule makes ${showType(rate)} of a step ${showType(step)}: compute with the step, or use fullLike(step, rate)`
  return fail(error('schedule', what))
}

/**
 * A schedule from a rule of your own, which gets the steps as a float tensor and must give a tensor of the same shape and dtype.
 * @throws ValueError at a step that is a number below 0; DtypeError or ShapeError when the rule's result is of another type
 * @example
 * const inverseRoot = schedule(t => div(0.1, sqrt(add(t, 1))))
 * inverseRoot(3) // 0.05
 * inverseRoot(tensor([0, 3])) // float32[2]
 */
export const schedule = (rule: (step: Tensor) => Tensor): Schedule => {
  requireFunction('schedule', 'the rule', rule)
  const at = (step: Tensor): Tensor => checked(requireTensor('schedule', rule(step), 'what the rule gives'), step)
  return ((step: number | Tensor): number | Tensor => {
    if (isTensor(step)) return at(floatSteps(step))
    return step >= 0
      ? item(at(scalar(step, 'float64')))
      : fail(valueError('schedule', `the step must be a number of at least 0, got ${describe(step)}`))
  }) as Schedule
}

/** Throws a ValueError unless numbers rise from above 0. */
export const checkBoundaries = (op: string, boundaries: readonly number[]): void => {
  if (requireList(op, 'boundaries', boundaries).every((b, i) => Number.isFinite(b) && b > (boundaries[i - 1] ?? 0)))
    return
  fail(valueError(op, `boundaries must be steps above 0 that rise, got [${boundaries.join(', ')}]`))
}

/**
 * The same rate at every step.
 * @throws ValueError unless the rate is finite
 * @example
 * constantSchedule(0.1)(1000) // 0.1
 */
export const constantSchedule = (rate: number): Schedule => {
  checkFinite('constantSchedule', 'rate', rate)
  return schedule(t => fullLike(t, rate))
}

/**
 * The product of schedules, step by step, with the constant 1 as identity: how a rate is scaled by another.
 * @example
 * const wave = schedule(t => add(1, mul(0.1, sin(t))))
 * scheduleMonoid.concat(constantSchedule(0.5), wave)(0) // 0.5
 */
export const scheduleMonoid: Monoid<Schedule> = {
  empty: constantSchedule(1),
  concat: (first, second) => schedule(t => mul(first(t), second(t))),
}

/**
 * One schedule after the other: schedules[0] before step boundaries[0], schedules[i] from boundaries[i - 1] on, where it starts
 * with its step 0. As Optax's `join_schedules`.
 * @throws ValueError unless the boundaries rise from above 0 and are one less than the schedules
 * @example
 * joinSchedules([constantSchedule(1), timeDecay({ rate: 1, decay: 1 })], [10])(11) // 0.5
 */
export const joinSchedules = (schedules: readonly Schedule[], boundaries: readonly number[]): Schedule => {
  for (const each of requireList('joinSchedules', 'schedules', schedules))
    requireFunction('joinSchedules', 'each schedule', each)
  checkBoundaries('joinSchedules', boundaries)
  const [first, ...rest] = schedules
  if (first === undefined || rest.length !== boundaries.length) {
    const what = `needs one schedule more than boundaries, got ${schedules.length} schedules and ${boundaries.length} boundaries`
    return fail(valueError('joinSchedules', what))
  }
  return schedule(t =>
    boundaries.reduce((before, boundary, i) => {
      const after = rest[i] as Schedule
      return where(ge(t, boundary), after(maximum(sub(t, boundary), 0)), before)
    }, first(t)),
  )
}

/**
 * A straight rise from `from` (0) at step 0 to the first rate of a schedule at step `steps`, from where the schedule runs from its
 * step 0.
 *
 * Goyal et al. (2017). Optax's warm-up does the same; a warm-up that scales what the schedule has at the same step, as in many
 * PyTorch recipes, is `scheduleMonoid.concat(linearSchedule({ from: 0, to: 1, steps }), main)`.
 * @throws ValueError unless `steps` is a whole number of at least 1 and `from` is finite
 * @example
 * warmup({ steps: 4 }, timeDecay({ rate: 0.2, decay: 1 }))(2) // 0.1
 */
export const warmup = (options: { readonly steps: number; readonly from?: number }, main: Schedule): Schedule => {
  const { steps, from = 0 } = requireOptions('warmup', options, ['steps', 'from'], ['steps'])

  checkWhole('warmup', 'steps', steps)
  checkFinite('warmup', 'from', from)
  requireFunction('warmup', 'the schedule', main)
  const rise = schedule(t => {
    const done = div(t, steps)
    return add(mul(from, sub(1, done)), mul(main(fullLike(t, 0)), done))
  })
  return joinSchedules([rise, main], [steps])
}

/**
 * A schedule of epochs as one of steps: its value for the epoch that a step is in, floor(step / stepsPerEpoch).
 * @throws ValueError unless `stepsPerEpoch` is a whole number of at least 1
 * @example
 * perEpoch(100, timeDecay({ rate: 1, decay: 1 }))(199) // 0.5
 */
export const perEpoch = (stepsPerEpoch: number, epochs: Schedule): Schedule => {
  checkWhole('perEpoch', 'stepsPerEpoch', stepsPerEpoch)
  requireFunction('perEpoch', 'the schedule of epochs', epochs)
  return schedule(t => epochs(floor(div(t, stepsPerEpoch))))
}
