/**
 * The transformations that optimizers are chained from: momentum, and division by a running size of the gradient.
 *
 * Layer: optim. All is tensor arithmetic, the count of steps too: under a transformation there is nothing to read.
 * Read next: optimizers.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import { scalar } from '../core/tensor.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { div, square } from '../ops/arithmetic.ts'
import { cast } from '../ops/comparison.ts'
import { zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { expm1, sqrt } from '../ops/math.ts'
import { checkOption } from './options.ts'
import { type GradientTransformation, type Tensors, transformation } from './transformation.ts'

/**
 * Momentum as PyTorch has it: v ← decay · v + g, and the update is v; with `nesterov`, g + decay · v. v starts at 0.
 * Polyak (1964); Nesterov's in the form of Sutskever et al. (2013), as PyTorch changed it: the learning rate comes after.
 * @throws ValueError unless 0 ≤ decay < 1
 */
export const momentum = ({
  decay,
  nesterov = false,
}: {
  readonly decay: number
  readonly nesterov?: boolean
}): GradientTransformation => {
  checkOption('momentum', 'decay', decay, 0, 1)
  const accumulate = (v: Tensor, g: Tensor): Tensor => add(mul(v, decay), g)
  return transformation<{ readonly velocity: Tensors }>({
    init: params => ({ velocity: treeMap(params, zerosLike) }),
    update: (grads, state) => {
      const velocity = treeZip(state.velocity, grads, accumulate)
      return [nesterov ? treeZip(velocity, grads, accumulate) : velocity, { velocity }]
    },
  })
}

/** decay · old + (1 - decay) · new. */
const average =
  (decay: number) =>
  (old: Tensor, next: Tensor): Tensor =>
    add(mul(old, decay), mul(next, 1 - decay))

/**
 * Divides by the root of a running mean of squares: v ← decay · v + (1 - decay) · g², and the update is g / (√v + eps).
 * v starts at 0. Tieleman and Hinton (2012); eps outside of the root, as in PyTorch.
 * @throws ValueError unless 0 ≤ decay < 1 and eps ≥ 0
 */
export const scaleByRms = ({
  decay,
  eps,
}: {
  readonly decay: number
  readonly eps: number
}): GradientTransformation => {
  checkOption('scaleByRms', 'decay', decay, 0, 1)
  checkOption('scaleByRms', 'eps', eps, 0)
  return transformation<{ readonly squares: Tensors }>({
    init: params => ({ squares: treeMap(params, zerosLike) }),
    update: (grads, state) => {
      const squares = treeZip(
        state.squares,
        treeMap(grads, g => square(g)),
        average(decay),
      )
      return [treeZip(grads, squares, (g, v) => div(g, add(sqrt(v), eps))), { squares }]
    },
  })
}

/**
 * 1 / (1 - decayᵗ), which makes a running mean that started at 0 unbiased after t steps. Through expm1: with a decay near 1,
 * 1 - decayᵗ would lose in float32 most of the digits it has.
 */
const debias = (decay: number, count: Tensor, dtype: Dtype): Tensor =>
  div(-1, expm1(mul(cast(dtype)(count), Math.log(decay))))

/** The state of `scaleByAdam`: int32 count of steps, running means of the gradient and of its square. */
type AdamState = { readonly count: Tensor; readonly mean: Tensors; readonly squares: Tensors }

/**
 * Adam's direction: m ← b1 · m + (1 - b1) · g, v ← b2 · v + (1 - b2) · g², and the update is m̂ / (√v̂ + eps), where hats divide
 * by 1 - bᵗ after t steps. Kingma and Ba (2015), algorithm 1.
 * @throws ValueError unless 0 ≤ b1 < 1, 0 ≤ b2 < 1 and eps ≥ 0
 */
export const scaleByAdam = ({
  b1,
  b2,
  eps,
}: {
  readonly b1: number
  readonly b2: number
  readonly eps: number
}): GradientTransformation => {
  checkOption('scaleByAdam', 'b1', b1, 0, 1)
  checkOption('scaleByAdam', 'b2', b2, 0, 1)
  checkOption('scaleByAdam', 'eps', eps, 0)
  const direction = (count: Tensor) => (m: Tensor, v: Tensor) =>
    div(mul(m, debias(b1, count, m.dtype)), add(sqrt(mul(v, debias(b2, count, v.dtype))), eps))
  return transformation<AdamState>({
    init: params => ({
      count: scalar(0, 'int32'),
      mean: treeMap(params, zerosLike),
      squares: treeMap(params, zerosLike),
    }),
    update: (grads, state) => {
      const count = add(state.count, 1)
      const mean = treeZip(state.mean, grads, average(b1))
      const squares = treeZip(
        state.squares,
        treeMap(grads, g => square(g)),
        average(b2),
      )
      return [treeZip(mean, squares, direction(count)), { count, mean, squares }]
    },
  })
}
