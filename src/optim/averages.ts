/**
 * Running means, of which the adaptive rules are made.
 *
 * Layer: optim.
 */
import type { Dtype } from '../core/dtype.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { div, square } from '../ops/arithmetic.ts'
import { cast } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { expm1, sqrt } from '../ops/math.ts'
import type { Tensors } from './transformation.ts'

/** What depends on nothing of a leaf but its dtype, made once for each dtype and not for each leaf. */
export const perDtype = <A>(make: (dtype: Dtype) => A): ((leaf: Tensor) => A) => {
  const made = new Map<Dtype, A>()
  return ({ dtype }) => {
    const known = made.get(dtype) ?? make(dtype)
    made.set(dtype, known)
    return known
  }
}

/** decay · old + (1 - decay) · next, leaf by leaf. */
export const average = (decay: number, old: Tensors, next: Tensors): Tensors =>
  treeZip(old, next, (a, b) => add(mul(a, decay), mul(b, 1 - decay)))

/** g², leaf by leaf. */
export const squares = (grads: Tensors): Tensors => treeMap(grads, g => square(g))

/** decay · old + (1 - decay) · g². */
export const averageSquares = (decay: number, old: Tensors, grads: Tensors): Tensors =>
  average(decay, old, squares(grads))

/** √(v + epsRoot) + eps. */
export const rootOf = (v: Tensor, eps: number, epsRoot = 0): Tensor =>
  add(sqrt(epsRoot === 0 ? v : add(v, epsRoot)), eps)

/** decayᵗ - 1. Through expm1: with a decay near 1, the power would lose in float32 most of the digits that the difference has. */
const decayed = (decay: number, count: Tensor, dtype: Dtype): Tensor => expm1(mul(cast(dtype)(count), Math.log(decay)))

/** 1 - decayᵗ. */
export const bias = (decay: number, count: Tensor, dtype: Dtype): Tensor => mul(decayed(decay, count, dtype), -1)

/** x / (1 - decayᵗ), which makes a running mean that started at 0 unbiased after t steps. */
export const unbiased = (decay: number, count: Tensor): ((x: Tensor) => Tensor) => {
  const factor = perDtype(dtype => div(-1, decayed(decay, count, dtype)))
  return x => mul(x, factor(x))
}
