/**
 * Reducing the rate when a metric stops getting better: a fold over metrics.
 *
 * Layer: optim. It sees what the steps cannot, such as the loss on the validation set after an epoch; so it is no schedule of the step.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireChoice, requireOptions } from '../core/options.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { maximum, sub } from '../ops/arithmetic.ts'
import { cast, gt, logicalAnd, logicalOr, lt, where } from '../ops/comparison.ts'
import { fullLike, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { checkOption, checkWhole } from './options.ts'

/** What `reduceOnPlateau` remembers, scalars all: float64 rate and best metric, int32 counts. */
export type PlateauState = {
  readonly rate: Tensor
  readonly best: Tensor
  /** Metrics in a row that were not better. */
  readonly bad: Tensor
  /** Metrics for which bad ones are still not counted. */
  readonly cooldown: Tensor
}

/** A fold over metrics whose state tells the rate. */
export type Plateau = {
  readonly init: PlateauState
  readonly update: (state: PlateauState, metric: number | Tensor) => PlateauState
  readonly rate: (state: PlateauState) => Tensor
}

/** Options of `reduceOnPlateau`; those not given are PyTorch's. */
export type PlateauOptions = {
  /** The rate to begin with. */
  readonly rate: number
  /** Whether smaller ('min') or larger ('max') metrics are better. */
  readonly mode?: 'min' | 'max'
  /** What the rate is multiplied by; 0.1. */
  readonly factor?: number
  /** How many metrics in a row may be no better; at the next the rate is reduced. 10. */
  readonly patience?: number
  /** By how much a metric must be better to count, in units of `thresholdMode`; 1e-4. */
  readonly threshold?: number
  /** 'relative' to the best, or 'absolute'. */
  readonly thresholdMode?: 'relative' | 'absolute'
  /** For how many metrics after a reduction none counts as bad; 0. */
  readonly cooldown?: number
  /** The rate is never reduced below this; 0. */
  readonly min?: number
  /** Reductions smaller than this are left out; 1e-8. */
  readonly eps?: number
}

type Complete = Required<PlateauOptions>

/** Whether a metric beats the best by the threshold. */
const better = ({ mode, threshold, thresholdMode }: Complete, metric: Tensor, best: Tensor): Tensor => {
  const sign = mode === 'min' ? -1 : 1
  const bar = thresholdMode === 'relative' ? mul(best, 1 + sign * threshold) : add(best, sign * threshold)
  return mode === 'min' ? lt(metric, bar) : gt(metric, bar)
}

const next = (options: Complete, state: PlateauState, metric: Tensor): PlateauState => {
  const improved = better(options, metric, state.best)
  const cooling = gt(state.cooldown, 0)
  const none = zerosLike(state.bad)
  const counted = where(logicalOr(improved, cooling), none, add(state.bad, 1))
  const due = gt(counted, options.patience)
  const reduced = maximum(mul(state.rate, options.factor), options.min)
  const lower = logicalAnd(due, gt(sub(state.rate, reduced), options.eps))
  const waiting = sub(state.cooldown, cast('int32')(cooling))
  return {
    rate: where(lower, reduced, state.rate),
    best: where(improved, metric, state.best),
    bad: where(due, none, counted),
    cooldown: where(due, fullLike(none, options.cooldown), waiting),
  }
}

const checkPlateau = ({
  mode,
  thresholdMode,
  rate,
  factor,
  patience,
  threshold,
  cooldown,
  min,
  eps,
}: Complete): void => {
  const op = 'reduceOnPlateau'
  requireChoice(op, 'mode', mode, ['min', 'max'])
  requireChoice(op, 'thresholdMode', thresholdMode, ['relative', 'absolute'])
  checkOption(op, 'rate', rate, 0)
  checkOption(op, 'factor', factor, 0, 1)
  checkWhole(op, 'patience', patience, 0)
  checkOption(op, 'threshold', threshold, 0)
  checkWhole(op, 'cooldown', cooldown, 0)
  checkOption(op, 'min', min, 0)
  checkOption(op, 'eps', eps, 0)
}

/**
 * Multiplies the rate by `factor` when a metric has not become better for more than `patience` updates. The semantics and the
 * defaults are those of PyTorch's ReduceLROnPlateau; a metric that is NaN is no better.
 *
 * The state is a tree of scalar tensors, so that it can be saved with the rest of a training's state, and `rate(state)` is a learning
 * rate as it is.
 * @throws ValueError for an option out of its range
 * @example
 * const plateau = reduceOnPlateau({ rate: 0.1, factor: 0.5, patience: 1 })
 * const state = [3, 2, 2, 2, 2].reduce(plateau.update, plateau.init)
 * plateau.rate(state) // float64[]
 * sgd({ learningRate: plateau.rate(state) })
 */
export const reduceOnPlateau = (given: PlateauOptions): Plateau => {
  const defaults = { mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: 'relative' } as const
  requireOptions(
    'reduceOnPlateau',
    given,
    ['rate', 'mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'min', 'eps'],
    ['rate'],
  )
  const options: Complete = { ...defaults, cooldown: 0, min: 0, eps: 1e-8, ...given }
  checkPlateau(options)
  return {
    init: {
      rate: scalar(options.rate, 'float64'),
      best: scalar(options.mode === 'min' ? Infinity : -Infinity, 'float64'),
      bad: scalar(0, 'int32'),
      cooldown: scalar(0, 'int32'),
    },
    update: (state, metric) => next(options, state, scalarMetric(metric)),
    rate: state => state.rate,
  }
}

const scalarMetric = (metric: number | Tensor): Tensor => {
  if (!isTensor(metric)) return scalar(metric, 'float64')
  return metric.shape.length === 0
    ? cast('float64')(metric)
    : fail(valueError('reduceOnPlateau', `the metric must be one number, got shape [${metric.shape.join(',')}]`))
}
