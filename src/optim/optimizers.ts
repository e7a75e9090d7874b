/**
 * Optimizers by name, with PyTorch's update rules and defaults: each is a chain of rules that ends in -learningRate.
 *
 * Layer: optim. The option `weightDecay` is coupled where PyTorch couples it: weightDecay · p is added to the gradient first.
 * Read next: adams.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { scaleByAdadelta, scaleByAdagrad, scaleByRms } from './adaptive.ts'
import { timeDecay } from './decays.ts'
import { maybeMomentum } from './momentum.ts'
import { checkOption } from './options.ts'
import { descend, type LearningRate, scaleBySchedule } from './scaling.ts'
import type { Schedule } from './schedule.ts'
import { chain, type GradientTransformation } from './transformation.ts'
import { maybeDecay, type WeightDecay } from './weight-decay.ts'

/**
 * Gradient descent: v ← momentum · v + (1 - dampening) · g, p ← p - learningRate · v; with `nesterov`,
 * p ← p - learningRate · (g + momentum · v). v starts with the first gradient. As PyTorch's SGD; momentum may be a schedule.
 *
 * Keras has the learning rate inside v, which is the same as long as the rate does not change.
 * @throws ValueError unless learningRate ≥ 0, 0 ≤ momentum < 1, 0 ≤ dampening ≤ 1 and weightDecay ≥ 0, or for nesterov without
 *   momentum or with dampening
 * @example
 * const optimizer = sgd({ learningRate: 0.01, momentum: 0.9 })
 * const [updates, state] = optimizer.update(grads, optimizer.init(params), params)
 * applyUpdates(params, updates)
 */
export const sgd = (
  options: LearningRate &
    WeightDecay & {
      readonly momentum?: number | Schedule
      readonly dampening?: number
      readonly nesterov?: boolean
    },
): GradientTransformation => {
  const {
    learningRate,
    momentum = 0,
    dampening = 0,
    nesterov = false,
    weightDecay,
  } = requireOptions(
    'sgd',
    options,
    ['learningRate', 'weightDecay', 'momentum', 'dampening', 'nesterov'],
    ['learningRate'],
  )

  if (typeof momentum !== 'function') checkOption('sgd', 'momentum', momentum, 0, 1)
  if (nesterov && momentum === 0) return fail(valueError('sgd', 'nesterov needs a momentum above 0'))
  return chain(
    maybeDecay('sgd', weightDecay),
    maybeMomentum({ decay: momentum, dampening, nesterov }),
    descend('sgd', learningRate),
  )
}

/**
 * RMSprop: v ← decay · v + (1 - decay) · g², p ← p - learningRate · g / (√v + eps), with momentum on the quotient if any; with
 * `centred`, √(v - m²) for √v, where m is the running mean of g.
 *
 * Tieleman and Hinton (2012); centred: Graves (2013). Defaults are PyTorch's: decay 0.99, eps 1e-8, momentum 0. Keras has decay 0.9
 * and eps 1e-7; TensorFlow and Keras add eps inside of the root: { eps: 0, epsRoot: 1e-7 }.
 * @throws ValueError for a number out of its range
 */
export const rmsprop = (
  options: LearningRate &
    WeightDecay & {
      readonly decay?: number
      readonly eps?: number
      readonly epsRoot?: number
      readonly momentum?: number | Schedule
      readonly centred?: boolean
    },
): GradientTransformation => {
  const {
    learningRate,
    decay = 0.99,
    eps = 1e-8,
    epsRoot = 0,
    momentum = 0,
    centred = false,
    weightDecay,
  } = requireOptions(
    'rmsprop',
    options,
    ['learningRate', 'weightDecay', 'decay', 'eps', 'epsRoot', 'momentum', 'centred'],
    ['learningRate'],
  )
  return chain(
    maybeDecay('rmsprop', weightDecay),
    scaleByRms({ decay, eps, epsRoot, centred }),
    maybeMomentum({ decay: momentum }),
    descend('rmsprop', learningRate),
  )
}

/**
 * Adagrad: s ← s + g², p ← p - learningRate / (1 + t · decay) · g / (√s + eps) after t steps. s starts at `initial`.
 *
 * Duchi, Hazan and Singer (2011). Defaults are PyTorch's: learningRateDecay 0, initial 0, eps 1e-10. Keras and Optax start s at 0.1
 * and have eps 1e-7, Optax inside of the root.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = adagrad({ learningRate: 0.01, initial: 0.1 })
 */
export const adagrad = (
  options: LearningRate &
    WeightDecay & {
      readonly learningRateDecay?: number
      readonly initial?: number
      readonly eps?: number
    },
): GradientTransformation => {
  const {
    learningRate,
    learningRateDecay = 0,
    initial = 0,
    eps = 1e-10,
    weightDecay,
  } = requireOptions(
    'adagrad',
    options,
    ['learningRate', 'weightDecay', 'learningRateDecay', 'initial', 'eps'],
    ['learningRate'],
  )

  checkOption('adagrad', 'learningRateDecay', learningRateDecay, 0)
  return chain(
    maybeDecay('adagrad', weightDecay),
    scaleByAdagrad({ eps, initial }),
    learningRateDecay === 0 ? chain() : scaleBySchedule(timeDecay({ rate: 1, decay: learningRateDecay })),
    descend('adagrad', learningRate),
  )
}

/**
 * Adadelta: v ← decay · v + (1 - decay) · g², u = g · √(a + eps) / √(v + eps), a ← decay · a + (1 - decay) · u²,
 * p ← p - learningRate · u.
 *
 * Zeiler (2012), who has no learning rate; hence 1, as in PyTorch, whose decay 0.9 and eps 1e-6 are the defaults. Keras has
 * learning rate 0.001, decay 0.95 and eps 1e-7.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = adadelta()
 */
export const adadelta = (
  options: Partial<LearningRate> & WeightDecay & { readonly decay?: number; readonly eps?: number } = {},
): GradientTransformation => {
  const {
    learningRate = 1,
    decay = 0.9,
    eps = 1e-6,
    weightDecay,
  } = requireOptions('adadelta', options, ['learningRate', 'weightDecay', 'decay', 'eps'])
  return chain(maybeDecay('adadelta', weightDecay), scaleByAdadelta({ decay, eps }), descend('adadelta', learningRate))
}
