/**
 * Adam and its kin by name, and LAMB and Lion, with PyTorch's rules and defaults where PyTorch has them.
 *
 * Layer: optim. Read first: optimizers.ts.
 */
import { requireOptions } from '../core/options.ts'
import { type MomentOptions, scaleByAdam, scaleByAdamax, scaleByNadam, scaleByRadam } from './moments.ts'
import { descend, type LearningRate } from './scaling.ts'
import { scaleByLion, scaleByTrustRatio } from './signs.ts'
import { chain, type GradientTransformation } from './transformation.ts'
import { maybeDecay, type WeightDecay } from './weight-decay.ts'

/** What all of them take: b1, b2 and eps have defaults. */
type Options = LearningRate & WeightDecay & Partial<MomentOptions>

/** Options of `adam` and `adamW`. */
export type AdamOptions = Options & {
  /** Whether to divide by the largest mean of squares so far. */
  readonly amsgrad?: boolean
  /** Added inside of the root; 0. */
  readonly epsRoot?: number
}

/**
 * Adam: p ← p - learningRate · m̂ / (√v̂ + eps) with bias-corrected running means m̂ of the gradient and v̂ of its square.
 *
 * Kingma and Ba (2015), algorithm 1. Defaults: b1 0.9, b2 0.999, eps 1e-8; Keras has eps 1e-7 and adds it before the correction.
 * Weight decay is coupled; see `adamW`. See `scaleByAdam` for `amsgrad` and `epsRoot`.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = adam({ learningRate: cosineDecay({ rate: 0.001, steps: 1000 }) })
 */
export const adam = (options: AdamOptions): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-8,
    epsRoot = 0,
    amsgrad = false,
    weightDecay,
  } = requireOptions(
    'adam',
    options,
    ['learningRate', 'weightDecay', 'b1', 'b2', 'eps', 'amsgrad', 'epsRoot'],
    ['learningRate'],
  )
  return chain(
    maybeDecay('adam', weightDecay),
    scaleByAdam({ b1, b2, eps, epsRoot, amsgrad }),
    descend('adam', learningRate),
  )
}

/**
 * Adam that divides by the largest mean of squares so far, so that steps do not grow again: `adam` with `amsgrad: true`.
 * Reddi, Kale and Kumar (2018), who do not correct for bias; as PyTorch.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = amsgrad({ learningRate: 0.001 })
 */
export const amsgrad = (options: Omit<AdamOptions, 'amsgrad'>): GradientTransformation => {
  requireOptions('amsgrad', options, ['b1', 'b2', 'eps', 'learningRate', 'weightDecay', 'epsRoot'], ['learningRate'])
  return adam({ ...options, amsgrad: true })
}

/**
 * Adam with decoupled weight decay: p ← p - learningRate · (m̂ / (√v̂ + eps) + weightDecay · p).
 *
 * Loshchilov and Hutter (2019), algorithm 2, with one schedule for both parts. Defaults are PyTorch's: as `adam`, weightDecay 0.01;
 * Optax has 1e-4, Keras 0.004.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = adamW({ learningRate: 0.001, weightDecay: 0.05 })
 */
export const adamW = (options: AdamOptions): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-8,
    epsRoot = 0,
    amsgrad = false,
    weightDecay = 0.01,
  } = requireOptions(
    'adamW',
    options,
    ['learningRate', 'weightDecay', 'b1', 'b2', 'eps', 'amsgrad', 'epsRoot'],
    ['learningRate'],
  )
  return chain(
    scaleByAdam({ b1, b2, eps, epsRoot, amsgrad }),
    maybeDecay('adamW', weightDecay),
    descend('adamW', learningRate),
  )
}

/**
 * Adamax: p ← p - learningRate · m̂ / u with u ← max(b2 · u, |g| + eps). Kingma and Ba (2015), algorithm 2. Defaults are
 * PyTorch's: b1 0.9, b2 0.999, eps 1e-8; the learning rate there is 0.002.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = adamax({ learningRate: 0.002 })
 */
export const adamax = (options: Options): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-8,
    weightDecay,
  } = requireOptions('adamax', options, ['learningRate', 'weightDecay', 'b1', 'b2', 'eps'], ['learningRate'])
  return chain(maybeDecay('adamax', weightDecay), scaleByAdamax({ b1, b2, eps }), descend('adamax', learningRate))
}

/**
 * NAdam, Adam with Nesterov's momentum; see `scaleByNadam` for the rule. Dozat (2016). Defaults are PyTorch's: b1 0.9, b2 0.999,
 * eps 1e-8, momentumDecay 0.004; the learning rate there is 0.002.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = nadam({ learningRate: 0.002 })
 */
export const nadam = (options: Options & { readonly momentumDecay?: number }): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-8,
    momentumDecay = 0.004,
    weightDecay,
  } = requireOptions(
    'nadam',
    options,
    ['learningRate', 'weightDecay', 'b1', 'b2', 'eps', 'momentumDecay'],
    ['learningRate'],
  )
  return chain(
    maybeDecay('nadam', weightDecay),
    scaleByNadam({ b1, b2, eps, momentumDecay }),
    descend('nadam', learningRate),
  )
}

/**
 * RAdam, Adam whose first steps are rectified, so that it needs no warm-up; see `scaleByRadam` for the rule. Liu et al. (2020).
 * Defaults are PyTorch's: b1 0.9, b2 0.999, eps 1e-8.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = radam({ learningRate: 0.001 })
 */
export const radam = (options: Options): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-8,
    weightDecay,
  } = requireOptions('radam', options, ['learningRate', 'weightDecay', 'b1', 'b2', 'eps'], ['learningRate'])
  return chain(maybeDecay('radam', weightDecay), scaleByRadam({ b1, b2, eps }), descend('radam', learningRate))
}

/**
 * Lion: p ← p - learningRate · (sign(b1 · m + (1 - b1) · g) + weightDecay · p), then m ← b2 · m + (1 - b2) · g.
 *
 * Chen et al. (2023), algorithm 2. Weight decay is decoupled. Defaults are theirs: b1 0.9, b2 0.99; weightDecay 0. Its learning
 * rate is 3 to 10 times smaller than Adam's would be.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = lion({ learningRate: 1e-4, weightDecay: 0.1 })
 */
export const lion = (
  options: LearningRate & WeightDecay & { readonly b1?: number; readonly b2?: number },
): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.99,
    weightDecay,
  } = requireOptions('lion', options, ['learningRate', 'weightDecay', 'b1', 'b2'], ['learningRate'])
  return chain(scaleByLion({ b1, b2 }), maybeDecay('lion', weightDecay), descend('lion', learningRate))
}

/**
 * LAMB: u = m̂ / (√v̂ + eps) + weightDecay · p, p ← p - learningRate · u · ‖p‖ / ‖u‖, leaf by leaf.
 *
 * You et al. (2020), algorithm 2, with φ(z) = z. Defaults are b1 0.9, b2 0.999, eps 1e-6 and weightDecay 0; the paper trains with
 * 0.01. Where either norm is 0 the ratio is 1.
 * @throws ValueError for a number out of its range
 * @example
 * const optimizer = lamb({ learningRate: 0.01, weightDecay: 0.01 })
 */
export const lamb = (options: Options): GradientTransformation => {
  const {
    learningRate,
    b1 = 0.9,
    b2 = 0.999,
    eps = 1e-6,
    weightDecay,
  } = requireOptions('lamb', options, ['learningRate', 'weightDecay', 'b1', 'b2', 'eps'], ['learningRate'])
  return chain(
    scaleByAdam({ b1, b2, eps }),
    maybeDecay('lamb', weightDecay),
    scaleByTrustRatio(),
    descend('lamb', learningRate),
  )
}
