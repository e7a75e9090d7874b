/**
 * A small model to train in tests: linear, with noise drawn in training, and a running mean as its state.
 */

import { batches as rowsOf, takeRows } from '../../src/data/index.ts'
import { add, matmul, mean, mul, square, sub, type Tensor, tensor, toArray, treeLeaves } from '../../src/index.ts'
import type { Mode } from '../../src/nn/index.ts'
import { chain, momentum, scale } from '../../src/optim/index.ts'
import { foldIn, key, normal, permutation, uniform } from '../../src/random/index.ts'
import type { Loss, TrainState } from '../../src/train/index.ts'
import { trainState } from '../../src/train/index.ts'

export type Batch = { readonly x: Tensor; readonly y: Tensor }
export type Params = { readonly w: Tensor; readonly b: Tensor }
export type ModelState = { readonly mean: Tensor }
export type State = TrainState<Params, ModelState>

/** The samples: fewer than a whole number of batches. */
export const SAMPLES = 22
export const data: Batch = {
  x: uniform({ shape: [SAMPLES, 3], minval: -1, maxval: 1 })(key(11)),
  y: uniform({ shape: [SAMPLES, 1] })(key(12)),
}

/** The batches of an epoch: five of four and one of two, shuffled. */
export const batches = (epoch: number): readonly Batch[] =>
  rowsOf({ size: 4 })(permutation(SAMPLES)(foldIn(epoch)(key(13)))).map(rows => takeRows(rows)(data) as Batch)
export const STEPS = 6

export const loss: Loss<Params, ModelState, Batch> = ({ w, b }, state, { x, y }, mode?: Mode) => {
  const noisy = mode === undefined ? x : add(x, mul(0.1, normal({ shape: [3] })(mode.train)))
  const error = sub(add(matmul(noisy, w), b), y)
  const next = mode === undefined ? state : { mean: add(mul(0.9, state.mean), mul(0.1, mean(x))) }
  return [mean(square(error)), { state: next, metrics: { size: mean(square(w)) } }]
}

/** Gradient descent with momentum, so that the optimizer has a state. */
export const optimizer = chain(momentum({ decay: 0.9 }), scale(-0.05))

export const initial = (): State =>
  trainState({ optimizer, key: key(5) })({
    params: { w: normal({ shape: [3, 1] })(key(1)), b: tensor([0]) },
    state: { mean: tensor(0) },
  })

/** All bits of a tree of tensors, for comparison. */
export const bits = (tree: unknown): unknown => treeLeaves(tree).map(x => [x.dtype, x.shape, toArray(x)])
