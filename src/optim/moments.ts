/**
 * Rules of two running moments of the gradient: Adam and its kin.
 *
 * Layer: optim. Read first: averages.ts. Next: signs.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import { requireOptions } from '../core/options.ts'
import { scalar } from '../core/tensor.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { abs, div, maximum, sub } from '../ops/arithmetic.ts'
import { cast, gt, where } from '../ops/comparison.ts'
import { fullLike, ones, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { exp, sqrt } from '../ops/math.ts'
import { average, averageSquares, bias, perDtype, rootOf, unbiased } from './averages.ts'
import { checkOption } from './options.ts'
import { type GradientTransformation, type Tensors, transformation } from './transformation.ts'

/** Decays of the running means of gradients (b1) and of their squares (b2), each from 0 to below 1, and what is added to roots. */
export type MomentOptions = { readonly b1: number; readonly b2: number; readonly eps: number }

/** Count of updates (int32 scalar), running means of gradients and of their squares. */
type Moments = { readonly count: Tensor; readonly mean: Tensors; readonly squares: Tensors }

const checkMoments = (op: string, { b1, b2, eps }: MomentOptions): void => {
  checkOption(op, 'b1', b1, 0, 1)
  checkOption(op, 'b2', b2, 0, 1)
  checkOption(op, 'eps', eps, 0)
}

const noMoments = (params: Tensors): Moments => ({
  count: scalar(0, 'int32'),
  mean: treeMap(params, zerosLike),
  squares: treeMap(params, zerosLike),
})

const nextMoments = ({ b1, b2 }: MomentOptions, grads: Tensors, { count, mean, squares }: Moments): Moments => ({
  count: add(count, 1),
  mean: average(b1, mean, grads),
  squares: averageSquares(b2, squares, grads),
})

/** m̂ / (√v̂ + eps). */
const adamDirection = ({ b1, b2, eps }: MomentOptions, epsRoot: number, count: Tensor) => {
  const [first, second] = [unbiased(b1, count), unbiased(b2, count)]
  return (m: Tensor, v: Tensor): Tensor => div(first(m), rootOf(second(v), eps, epsRoot))
}

/**
 * Adam's direction: m ← b1 · m + (1 - b1) · g, v ← b2 · v + (1 - b2) · g², and the update is m̂ / (√v̂ + eps), where hats divide
 * by 1 - bᵗ after t steps. With `amsgrad` the root is of the largest v so far, corrected as v is.
 *
 * Kingma and Ba (2015), algorithm 1; AMSGrad: Reddi, Kale and Kumar (2018), without the correction, which PyTorch has. Keras adds
 * its eps before the correction (the ε̂ of the paper), which is smaller by the root of 1 - b2ᵗ. `epsRoot` (0) is added inside of the
 * root, as Optax can.
 * @throws ValueError unless 0 ≤ b1 < 1, 0 ≤ b2 < 1, eps ≥ 0 and epsRoot ≥ 0
 */
export const scaleByAdam = (
  given: MomentOptions & { readonly amsgrad?: boolean; readonly epsRoot?: number },
): GradientTransformation => {
  const {
    amsgrad = false,
    epsRoot = 0,
    ...options
  } = requireOptions('scaleByAdam', given, ['b1', 'b2', 'eps', 'amsgrad', 'epsRoot'], ['b1', 'b2', 'eps'])

  checkMoments('scaleByAdam', options)
  checkOption('scaleByAdam', 'epsRoot', epsRoot, 0)
  return transformation<Moments & { readonly largest?: Tensors }>({
    init: params => ({ ...noMoments(params), ...(amsgrad ? { largest: treeMap(params, zerosLike) } : {}) }),
    update: (grads, state) => {
      const next = nextMoments(options, grads, state)
      const direction = adamDirection(options, epsRoot, next.count)
      if (state.largest === undefined) return [treeZip(next.mean, next.squares, direction), next]
      const largest = treeZip(state.largest, next.squares, (a, b) => maximum(a, b))
      return [treeZip(next.mean, largest, direction), { ...next, largest }]
    },
  })
}

/**
 * Adamax's direction, Adam with the largest gradient in place of the mean square: u ← max(b2 · u, |g| + eps), and the update is
 * m̂ / u. Kingma and Ba (2015), algorithm 2; eps as in PyTorch (the paper has none, Keras adds it to u).
 * @throws ValueError unless 0 ≤ b1 < 1, 0 ≤ b2 < 1 and eps ≥ 0
 */
export const scaleByAdamax = (options: MomentOptions): GradientTransformation => {
  requireOptions('scaleByAdamax', options, ['b1', 'b2', 'eps'], ['b1', 'b2', 'eps'])

  checkMoments('scaleByAdamax', options)
  const { b1, b2, eps } = options
  return transformation<{ readonly count: Tensor; readonly mean: Tensors; readonly largest: Tensors }>({
    init: params => ({
      count: scalar(0, 'int32'),
      mean: treeMap(params, zerosLike),
      largest: treeMap(params, zerosLike),
    }),
    update: (grads, state) => {
      const count = add(state.count, 1)
      const mean = average(b1, state.mean, grads)
      const largest = treeZip(state.largest, grads, (u, g) => maximum(mul(u, b2), add(abs(g), eps)))
      const first = unbiased(b1, count)
      return [treeZip(mean, largest, (m, u) => div(first(m), u)), { count, mean, largest }]
    },
  })
}

/** The momentum at step t, in the dtype of a leaf: b1 · (1 - 0.96^(t · momentumDecay) / 2). */
const warmedMomentum = (b1: number, momentumDecay: number, t: Tensor): ((leaf: Tensor) => Tensor) =>
  perDtype(dtype => mul(b1, sub(1, mul(0.5, exp(mul(cast(dtype)(t), momentumDecay * Math.log(0.96)))))))

/** Products of the momenta so far, a scalar of its dtype for each leaf. */
type NadamState = Moments & { readonly products: Tensors }

/**
 * NAdam's direction, Adam with Nesterov's look ahead: with μₜ = b1 · (1 - 0.96^(t · momentumDecay) / 2) and Πₜ = μ₁ ⋯ μₜ the update is
 * (μₜ₊₁ · m / (1 - Πₜ₊₁) + (1 - μₜ) · g / (1 - Πₜ)) / (√v̂ + eps).
 *
 * Dozat (2016), algorithm 2, with the momenta of PyTorch. The documentation of PyTorch and its version 2 have this; 1.13 without
 * `foreach` takes Πₜ₊₁ · μₜ for Πₜ₊₁.
 * @throws ValueError unless 0 ≤ b1 < 1, 0 ≤ b2 < 1, eps ≥ 0 and momentumDecay ≥ 0
 */
export const scaleByNadam = (given: MomentOptions & { readonly momentumDecay: number }): GradientTransformation => {
  const { momentumDecay, ...options } = requireOptions(
    'scaleByNadam',
    given,
    ['b1', 'b2', 'eps', 'momentumDecay'],
    ['b1', 'b2', 'eps', 'momentumDecay'],
  )

  checkMoments('scaleByNadam', options)
  checkOption('scaleByNadam', 'momentumDecay', momentumDecay, 0)
  const { b1, b2, eps } = options
  return transformation<NadamState>({
    init: params => ({ ...noMoments(params), products: treeMap(params, p => ones([], { dtype: p.dtype })) }),
    update: (grads, state) => {
      const next = nextMoments(options, grads, state)
      const { count } = next
      const momentum = warmedMomentum(b1, momentumDecay, count)
      const coming = warmedMomentum(b1, momentumDecay, add(count, 1))
      const second = unbiased(b2, count)
      const products = treeMap(state.products, product => mul(product, momentum(product)))
      const ahead = treeZip(next.mean, products, (m, product) =>
        mul(m, div(coming(m), sub(1, mul(product, coming(m))))),
      )
      const here = treeZip(grads, products, (g, product) => mul(g, div(sub(1, momentum(g)), sub(1, product))))
      const direction = treeZip(ahead, here, (a, b) => add(a, b))
      const updates = treeZip(direction, next.squares, (d, v) => div(d, rootOf(second(v), eps)))
      return [updates, { ...next, products }]
    },
  })
}

/** Below this length the variance of the adaptive rate is not finite enough to correct. */
const SHORTEST = 5

/**
 * RAdam's direction: with ρ = 2 / (1 - b2) - 1 and ρₜ = ρ - 2 t · b2ᵗ / (1 - b2ᵗ), the update is
 * m̂ · √((ρₜ - 4)(ρₜ - 2) ρ / ((ρ - 4)(ρ - 2) ρₜ)) · √(1 - b2ᵗ) / (√v + eps) where ρₜ > 5, and m̂ before.
 *
 * Liu et al. (2020), algorithm 2, which switches at 4 and has no eps; both as in PyTorch.
 * @throws ValueError unless 0 ≤ b1 < 1, 0 ≤ b2 < 1 and eps ≥ 0
 */
export const scaleByRadam = (options: MomentOptions): GradientTransformation => {
  requireOptions('scaleByRadam', options, ['b1', 'b2', 'eps'], ['b1', 'b2', 'eps'])

  checkMoments('scaleByRadam', options)
  const { b1, b2, eps } = options
  const longest = 2 / (1 - b2) - 1
  /** Whether step t adapts, and what it multiplies 1 / √v by. */
  const rectification = (count: Tensor, dtype: Dtype): readonly [Tensor, Tensor] => {
    const unfinished = bias(b2, count, dtype)
    const length = sub(longest, div(mul(mul(2, cast(dtype)(count)), sub(1, unfinished)), unfinished))
    const adapts = gt(length, SHORTEST)
    const safe = where(adapts, length, fullLike(length, SHORTEST + 1))
    const rectified = div(mul(mul(sub(safe, 4), sub(safe, 2)), longest / ((longest - 4) * (longest - 2))), safe)
    return [adapts, sqrt(mul(rectified, unfinished))]
  }
  const direction = (count: Tensor) => {
    const first = unbiased(b1, count)
    const rectified = perDtype(dtype => rectification(count, dtype))
    return (m: Tensor, v: Tensor) => {
      const [adapts, factor] = rectified(m)
      const rate = div(factor, rootOf(v, eps))
      return mul(first(m), where(adapts, rate, fullLike(rate, 1)))
    }
  }
  return transformation<Moments>({
    init: noMoments,
    update: (grads, state) => {
      const next = nextMoments(options, grads, state)
      return [treeZip(next.mean, next.squares, direction(next.count)), next]
    },
  })
}
