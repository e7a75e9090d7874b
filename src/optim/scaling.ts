/**
 * Scaling by a factor, a number or a schedule, and the last step of every optimizer: against the gradient by the learning rate.
 *
 * Layer: optim. All is tensor arithmetic, the count of steps too: under a transformation there is nothing to read.
 */
import { describe, fail, valueError } from '../core/errors.ts'
import { requireFunction } from '../core/options.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import { treeMap } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { cast } from '../ops/comparison.ts'
import { add, mul, neg } from '../ops/elementwise.ts'
import { perDtype } from './averages.ts'
import { checkOption } from './options.ts'
import { type Schedule, schedule } from './schedule.ts'
import { type GradientTransformation, transformation } from './transformation.ts'

/**
 * Multiplies gradients by a factor: a number, or a scalar tensor, which is cast to the dtype of each leaf.
 * @throws ValueError for a number that is not finite
 * @example
 * scale(-0.5).update(tensor([2, 4]), [[]], tensor([0, 0]))[0] // float32[2]
 */
export const scale = (factor: number | Tensor): GradientTransformation => {
  if (!isTensor(factor) && !Number.isFinite(factor))
    return fail(valueError('scale', `the factor must be a finite number, got ${describe(factor)}`))
  return transformation<readonly never[]>({
    init: () => [],
    update: (grads, state) => {
      const own = perDtype(dtype => (isTensor(factor) ? cast(dtype)(factor) : factor))
      return [treeMap(grads, g => mul(g, own(g))), state]
    },
  })
}

/** What a rule that only counts keeps: an int32 scalar. */
type Count = { readonly count: Tensor }

/**
 * Multiplies gradients by what a schedule gives for the number of updates so far, 0 at the first. The factor is computed in the
 * dtype of each leaf.
 * @example
 * chain(scaleByAdam({ b1: 0.9, b2: 0.999, eps: 1e-8 }), scaleBySchedule(schedule(t => div(-0.1, add(t, 1)))))
 */
export const scaleBySchedule = (factor: Schedule): GradientTransformation => {
  requireFunction('scaleBySchedule', 'the schedule', factor)
  return transformation<Count>({
    init: () => ({ count: scalar(0, 'int32') }),
    update: (grads, { count }) => {
      const own = perDtype(dtype => factor(cast(dtype)(count)))
      return [treeMap(grads, g => mul(g, own(g))), { count: add(count, 1) }]
    },
  })
}

/** How far a step goes: a number of at least 0, a scalar tensor, or a schedule of the updates that the optimizer has counted. */
export type LearningRate = { readonly learningRate: number | Tensor | Schedule }

/** The last step of an optimizer: against the gradient, by the learning rate. */
export const descend = (op: string, learningRate: LearningRate['learningRate']): GradientTransformation => {
  if (isTensor(learningRate)) return scale(neg(learningRate))
  if (typeof learningRate === 'function') return scaleBySchedule(schedule(t => neg(learningRate(t))))
  checkOption(op, 'learningRate', learningRate, 0)
  return scale(-learningRate)
}
