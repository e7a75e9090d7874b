/**
 * Momentum, with a number or a schedule for how much of the velocity stays.
 *
 * Layer: optim. Read next: adaptive.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { scalar } from '../core/tensor.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { cast, eq, where } from '../ops/comparison.ts'
import { full, ones, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { perDtype } from './averages.ts'
import { checkOption } from './options.ts'
import type { Schedule } from './schedule.ts'
import { chain, type GradientTransformation, type Tensors, transformation } from './transformation.ts'

/** Options of `momentum`. */
export type MomentumOptions = {
  /** How much of the velocity stays: at least 0 and below 1, or a schedule of such. */
  readonly decay: number | Schedule
  /** How much of each gradient but the first is left out; 0. */
  readonly dampening?: number
  /** Whether the update looks ahead. */
  readonly nesterov?: boolean
}

/** Velocity, and the count of updates where something depends on it. */
type MomentumState = { readonly velocity: Tensors; readonly count?: Tensor }

/** What of a gradient enters the velocity: all of the first, 1 - dampening of the others. */
const entering = (dampening: number, count: Tensor | undefined): ((g: Tensor) => Tensor) => {
  if (dampening === 0 || count === undefined) return g => g
  const part = perDtype(dtype => where(eq(count, 0), ones([], { dtype }), full([], 1 - dampening, { dtype })))
  return g => mul(g, part(g))
}

/**
 * Momentum as PyTorch has it: v ← decay · v + (1 - dampening) · g, and the update is v; with `nesterov`, g + decay · v. v starts
 * with the first gradient, undamped.
 *
 * Polyak (1964); Nesterov's in the form of Sutskever et al. (2013), as PyTorch changed it: the learning rate comes after, where
 * Keras and the papers have it inside v. That differs when the rate changes. As an average of gradients, as in Adam, take
 * dampening = decay.
 * @throws ValueError unless 0 ≤ decay < 1 and 0 ≤ dampening ≤ 1, or for nesterov with dampening
 * @example
 * chain(momentum({ decay: 0.9, nesterov: true }), scale(-0.01)) // what sgd({ … }) is
 */
export const momentum = (options: MomentumOptions): GradientTransformation => {
  const {
    decay,
    dampening = 0,
    nesterov = false,
  } = requireOptions('momentum', options, ['decay', 'dampening', 'nesterov'], ['decay'])

  if (typeof decay !== 'function') checkOption('momentum', 'decay', decay, 0, 1)
  if (!(dampening >= 0 && dampening <= 1))
    return fail(valueError('momentum', `dampening must be a number from 0 to 1, got ${dampening}`))
  if (nesterov && dampening !== 0) return fail(valueError('momentum', 'nesterov goes with dampening 0 only'))
  const counts = typeof decay === 'function' || dampening !== 0
  return transformation<MomentumState>({
    init: params => ({ velocity: treeMap(params, zerosLike), ...(counts ? { count: scalar(0, 'int32') } : {}) }),
    update: (grads, { velocity: old, count }) => {
      const factor = perDtype(dtype =>
        typeof decay === 'function' && count !== undefined ? decay(cast(dtype)(count)) : (decay as number),
      )
      const kept = (v: Tensor): Tensor => mul(v, factor(v))
      const entered = entering(dampening, count)
      const velocity = treeZip(old, grads, (v, g) => add(kept(v), entered(g)))
      const update = nesterov ? treeZip(velocity, grads, (v, g) => add(kept(v), g)) : velocity
      return [update, { velocity, ...(count === undefined ? {} : { count: add(count, 1) }) }]
    },
  })
}

/** Momentum, unless its decay is the number 0. */
export const maybeMomentum = (options: MomentumOptions): GradientTransformation =>
  options.decay === 0 ? chain() : momentum(options)
