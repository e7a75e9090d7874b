/**
 * Transformations around a transformation: gradients gathered over several steps, steps left out.
 *
 * Layer: optim. Whether a step counts is known to the device only; so the inner update is always computed, and `where` chooses.
 */
import { requireList } from '../core/options.ts'
import { scalar } from '../core/tensor.ts'
import { treeLeaves, treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { eq, isfinite, logicalAnd, where } from '../ops/comparison.ts'
import { zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { all } from '../ops/reduction.ts'
import { checkWhole } from './options.ts'
import {
  type GradientTransformation,
  type OptimizerState,
  requireTransformation,
  type Tensors,
  transformation,
} from './transformation.ts'

/** One tree or another of the same structure. */
const choose = <T>(condition: Tensor, yes: T, no: T): T =>
  treeZip(yes as Tensors, no as Tensors, (a, b) => where(condition, a, b)) as T

const zerosOf = (tree: Tensors): Tensors => treeMap(tree, zerosLike)

type Gathered = { readonly count: Tensor; readonly mean: Tensors; readonly inner: OptimizerState }

/**
 * Gradients gathered over `steps` steps: updates are zero but at each last of them, where they are those of `inner` for the mean of the
 * gradients. So `steps` small batches do what one large batch does, if the loss is a mean and the batches are of one size. Schedules
 * inside count the updates that are made.
 * @throws ValueError unless steps is a whole number of at least 1
 * @example
 * const optimizer = accumulate(4, adam({ learningRate: 0.001 }))
 */
export const accumulate = (steps: number, inner: GradientTransformation): GradientTransformation => {
  checkWhole('accumulate', 'steps', steps)
  requireTransformation('accumulate', 'what is to accumulate', inner)
  return transformation<Gathered>({
    init: params => ({
      count: scalar(0, 'int32'),
      mean: treeMap(params, zerosLike),
      inner: inner.init(params),
    }),
    update: (grads, state, params) => {
      const mean = treeZip(state.mean, grads, (m, g) => add(m, mul(g, 1 / steps)))
      const due = eq(state.count, steps - 1)
      const [updates, next] = inner.update(mean, state.inner, params)
      const count = where(due, zerosLike(state.count), add(state.count, 1))
      const kept = { mean: choose(due, zerosOf(mean), mean), inner: choose(due, next, state.inner) }
      return [choose(due, updates, zerosOf(updates)), { count, ...kept }]
    },
  })
}

type Skips = { readonly skipped: Tensor; readonly inner: OptimizerState }

/**
 * Leaves a step out when an element of a gradient is not finite: updates are zero then, the state of `inner` stays, and the step is
 * counted; see `skippedSteps`.
 * @example
 * const optimizer = skipNotFinite(adam({ learningRate: 0.001 }))
 */
export const skipNotFinite = (inner: GradientTransformation): GradientTransformation => {
  requireTransformation('skipNotFinite', 'what is to be skipped', inner)
  return transformation<Skips>({
    init: params => ({ skipped: scalar(0, 'int32'), inner: inner.init(params) }),
    update: (grads, state, params) => {
      const fine = treeLeaves(grads)
        .map((g): Tensor => all(isfinite(g)))
        .reduce((some, one) => logicalAnd(some, one), scalar(true) as Tensor)
      const [updates, next] = inner.update(grads, state.inner, params)
      const skipped = add(state.skipped, where(fine, zerosLike(state.skipped), add(zerosLike(state.skipped), 1)))
      return [choose(fine, updates, zerosOf(updates)), { skipped, inner: choose(fine, next, state.inner) }]
    },
  })
}

const isSkips = (entry: unknown): entry is Skips => typeof entry === 'object' && entry !== null && 'skipped' in entry

/**
 * How many steps the parts made by `skipNotFinite` have left out so far, an int32 scalar: 0 in a state without such parts. Parts inside
 * of other wrappers are not seen.
 * @example
 * const optimizer = skipNotFinite(sgd({ learningRate: 0.1 }))
 * skippedSteps(optimizer.init(params)) // int32[]
 */
export const skippedSteps = (state: OptimizerState): Tensor =>
  requireList('skippedSteps', 'the state of the optimizer', state as readonly unknown[])
    .filter(isSkips)
    .reduce<Tensor>((total, { skipped }) => add(total, skipped), scalar(0, 'int32'))
