/**
 * Optimizers by name, with PyTorch's update rules and defaults: each is a chain of rules that ends in -learningRate.
 *
 * Layer: optim.
 */
import { fail, valueError } from '../core/errors.ts'
import { checkOption } from './options.ts'
import { momentum as momentumRule, scaleByAdam, scaleByRms } from './rules.ts'
import { descend, type LearningRate } from './scaling.ts'
import { chain, type GradientTransformation } from './transformation.ts'
import { maybeDecay, type WeightDecay } from './weight-decay.ts'

/** Momentum, unless it is 0. */
const maybeMomentum = (decay: number, nesterov = false): GradientTransformation =>
  decay === 0 ? chain() : momentumRule({ decay, nesterov })

/**
 * Gradient descent: v ← momentum · v + g, p ← p - learningRate · v; with `nesterov`, p ← p - learningRate · (g + momentum · v).
 * As PyTorch's SGD without dampening. With `weightDecay`, weightDecay · p is added to the gradient first, as in all that follow.
 * @throws ValueError unless learningRate ≥ 0 and 0 ≤ momentum < 1, or for nesterov without momentum
 * @example
 * const optimizer = sgd({ learningRate: 0.01, momentum: 0.9 })
 * const [updates, state] = optimizer.update(grads, optimizer.init(params), params)
 * applyUpdates(params, updates)
 */
export const sgd = ({
  learningRate,
  momentum = 0,
  nesterov = false,
  weightDecay,
}: LearningRate &
  WeightDecay & { readonly momentum?: number; readonly nesterov?: boolean }): GradientTransformation => {
  checkOption('sgd', 'momentum', momentum, 0, 1)
  if (nesterov && momentum === 0) return fail(valueError('sgd', 'nesterov needs a momentum above 0'))
  return chain(maybeDecay('sgd', weightDecay), maybeMomentum(momentum, nesterov), descend('sgd', learningRate))
}

/**
 * RMSprop: v ← decay · v + (1 - decay) · g², p ← p - learningRate · g / (√v + eps), with momentum on the quotient if any.
 * Tieleman and Hinton (2012). Defaults are PyTorch's: decay 0.99, eps 1e-8, momentum 0.
 * @throws ValueError for a number out of its range
 */
export const rmsprop = ({
  learningRate,
  decay = 0.99,
  eps = 1e-8,
  momentum = 0,
  weightDecay,
}: LearningRate &
  WeightDecay & {
    readonly decay?: number
    readonly eps?: number
    readonly momentum?: number
  }): GradientTransformation =>
  chain(
    maybeDecay('rmsprop', weightDecay),
    scaleByRms({ decay, eps }),
    maybeMomentum(momentum),
    descend('rmsprop', learningRate),
  )

/**
 * Adam: p ← p - learningRate · m̂ / (√v̂ + eps) with bias-corrected running means m̂ of the gradient and v̂ of its square.
 * Kingma and Ba (2015), algorithm 1. Defaults: b1 0.9, b2 0.999, eps 1e-8.
 * @throws ValueError for a number out of its range
 */
export const adam = ({
  learningRate,
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  weightDecay,
}: LearningRate &
  WeightDecay & { readonly b1?: number; readonly b2?: number; readonly eps?: number }): GradientTransformation =>
  chain(maybeDecay('adam', weightDecay), scaleByAdam({ b1, b2, eps }), descend('adam', learningRate))
