/**
 * Running means, of which the adaptive rules are made.
 *
 * Layer: optim.
 */
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { div, square } from '../ops/arithmetic.ts'
import { cast } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { expm1, sqrt } from '../ops/math.ts'
import type { Tensors } from './transformation.ts'

/** Conversion to the dtype of a tensor. */
export const castTo = ({ dtype }: Tensor): ((x: Tensor) => Tensor) => cast(dtype)

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

/**
 * 1 - decayᵗ, in the dtype of `like`. Through expm1: with a decay near 1, the power would lose in float32 most of the digits that
 * the difference has.
 */
export const bias = (decay: number, count: Tensor, like: Tensor): Tensor =>
  mul(expm1(mul(castTo(like)(count), Math.log(decay))), -1)

/** x / (1 - decayᵗ), which makes a running mean that started at 0 unbiased after t steps. */
export const unbiased = (decay: number, count: Tensor, x: Tensor): Tensor =>
  mul(x, div(-1, expm1(mul(castTo(x)(count), Math.log(decay)))))
