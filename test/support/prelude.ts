/**
 * Values that examples in docstrings may use without saying where they come from.
 */

import { mean, mul, square, sub, type Tensor, tensor } from '../../src/index.ts'
import { key, normal, randint } from '../../src/random/index.ts'

export const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
])
export const y = tensor([
  [1, 0, -1],
  [0, 2, 0],
])
/** Parameters of a model, gradients of the same structure, and a batch of 4 examples with 3 features. */
export const params = { w: normal({ shape: [3, 10] })(key(1)), b: normal({ shape: [10] })(key(2)) }
export const grads = { w: normal({ shape: [3, 10] })(key(3)), b: normal({ shape: [10] })(key(4)) }
export const inputs = normal({ shape: [4, 3] })(key(5))
export const images = normal({ shape: [4, 28, 28, 1] })(key(6))
export const labels = randint({ maxval: 10, shape: [4] })(key(7))
export const logits = normal({ shape: [4, 10] })(key(8))
/** A scalar function. */
export const loss = (v: Tensor): Tensor => mean(square(sub(mul(v, 2), 1)))
