/**
 * Limits for gradients: per element, per leaf, over all leaves.
 *
 * Layer: optim. Clipping stands first in a chain.
 */
import { treeLeaves, treeMap } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { clip, div, maximum, minimum, square } from '../ops/arithmetic.ts'
import { cast } from '../ops/comparison.ts'
import { zeros } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { sqrt } from '../ops/math.ts'
import { sum } from '../ops/reduction.ts'
import { checkPositive } from './options.ts'
import { type GradientTransformation, type Tensors, transformation } from './transformation.ts'

const stateless = (update: (grads: Tensors) => Tensors): GradientTransformation =>
  transformation<readonly never[]>({ init: () => [], update: (grads, state) => [update(grads), state] })

/** limit / max(norm, limit): at most 1, and 0 for an infinite norm. */
const shrink = (norm: Tensor, limit: number): Tensor => minimum(div(limit, maximum(norm, limit)), 1)

/** √Σ x² over the elements of one tensor. */
const norm = (x: Tensor): Tensor => sqrt(sum(square(x)))

/**
 * The 2-norm of all leaves of a tree together, a scalar: float64 if a leaf is, else float32; 0 for no leaves.
 * @example
 * globalNorm({ a: tensor([3]), b: tensor([[4]]) }) // 5
 */
export const globalNorm = (tree: unknown): Tensor => {
  const leaves = treeLeaves(tree)
  const dtype = leaves.some(leaf => leaf.dtype === 'float64') ? 'float64' : 'float32'
  const parts = leaves.map(leaf => cast(dtype)(sum(square(leaf))))
  return sqrt(parts.reduce<Tensor>((total, part) => add(total, part), zeros([], { dtype })))
}

/**
 * Every element of every gradient limited to [-limit, limit]. NaN stays. As PyTorch's `clip_grad_value_`.
 * @throws ValueError unless limit is a finite number above 0
 * @example
 * chain(clipByValue(0.5), sgd({ learningRate: 0.1 }))
 */
export const clipByValue = (limit: number): GradientTransformation => {
  checkPositive('clipByValue', 'limit', limit)
  return stateless(grads => treeMap(grads, g => clip({ min: -limit, max: limit })(g)))
}

/**
 * Each leaf shrunk to a norm of at most `limit`: g · min(1, limit / ‖g‖). As Keras's clipnorm.
 * @throws ValueError unless limit is a finite number above 0
 * @example
 * chain(clipByNorm(1), adam({ learningRate: 0.001 }))
 */
export const clipByNorm = (limit: number): GradientTransformation => {
  checkPositive('clipByNorm', 'limit', limit)
  return stateless(grads => treeMap(grads, g => mul(g, shrink(norm(g), limit))))
}

/**
 * All leaves shrunk by one factor, so that the norm of all together is at most `limit`: the direction stays. Pascanu, Mikolov and
 * Bengio (2013). PyTorch's `clip_grad_norm_` divides by the norm + 1e-6 and so shrinks slightly more.
 * @throws ValueError unless limit is a finite number above 0
 * @example
 * chain(clipByGlobalNorm(1), adam({ learningRate: 0.001 }))
 */
export const clipByGlobalNorm = (limit: number): GradientTransformation => {
  checkPositive('clipByGlobalNorm', 'limit', limit)
  return stateless(grads => {
    const factor = shrink(globalNorm(grads), limit)
    return treeMap(grads, g => mul(g, cast(g.dtype)(factor)))
  })
}
