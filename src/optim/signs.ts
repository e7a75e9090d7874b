/**
 * Rules that fix the size of a step: Lion per element, the trust ratio of LAMB per leaf.
 *
 * Layer: optim.
 */
import { requireOptions } from '../core/options.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { div, sign, square } from '../ops/arithmetic.ts'
import { gt, logicalAnd, where } from '../ops/comparison.ts'
import { onesLike, zerosLike } from '../ops/creation.ts'
import { mul } from '../ops/elementwise.ts'
import { sqrt } from '../ops/math.ts'
import { sum } from '../ops/reduction.ts'
import { average } from './averages.ts'
import { checkOption } from './options.ts'
import { type GradientTransformation, type Tensors, transformation } from './transformation.ts'

/**
 * Lion's direction: the sign of b1 · m + (1 - b1) · g, and then m ← b2 · m + (1 - b2) · g. m starts at 0.
 * Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms", algorithm 2.
 * @throws ValueError unless 0 ≤ b1 < 1 and 0 ≤ b2 < 1
 */
export const scaleByLion = (options: { readonly b1: number; readonly b2: number }): GradientTransformation => {
  const { b1, b2 } = requireOptions('scaleByLion', options, ['b1', 'b2'], ['b1', 'b2'])

  checkOption('scaleByLion', 'b1', b1, 0, 1)
  checkOption('scaleByLion', 'b2', b2, 0, 1)
  return transformation<{ readonly mean: Tensors }>({
    init: params => ({ mean: treeMap(params, zerosLike) }),
    update: (grads, { mean }) => [treeMap(average(b1, mean, grads), m => sign(m)), { mean: average(b2, mean, grads) }],
  })
}

/** ‖x‖ over all elements. */
const size = (x: Tensor): Tensor => sqrt(sum(square(x)))

/** u · ‖p‖ / ‖u‖, and u itself where either is 0. */
const trusted = (u: Tensor, p: Tensor): Tensor => {
  const [weights, step] = [size(p), size(u)]
  const defined = logicalAnd(gt(weights, 0), gt(step, 0))
  const one = onesLike(step)
  return mul(u, where(defined, div(weights, where(defined, step, one)), one))
}

/**
 * Gives the update u of each leaf p the norm of p: u · ‖p‖ / ‖u‖, and u as it is where either norm is 0. You, Gitman and Ginsburg
 * (2017); in LAMB, You et al. (2020), after Adam's direction and decoupled weight decay.
 * @example
 * chain(scaleByTrustRatio(), scale(-0.01)) // steps of a hundredth of each leaf's norm
 */
export const scaleByTrustRatio = (): GradientTransformation =>
  transformation<readonly never[]>({
    init: () => [],
    update: (grads, state, params) => [treeZip(grads, params, trusted), state],
  })
