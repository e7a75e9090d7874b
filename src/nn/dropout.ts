/**
 * Dropout: noise while training that keeps units from relying on each other.
 *
 * Layer: nn.
 */
import { dim, range, type Shape } from '../core/shape.ts'
import type { KeepsShape } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { where } from '../ops/comparison.ts'
import { mul } from '../ops/elementwise.ts'
import { bernoulli, type Key } from '../random/index.ts'
import { checkInput, checkNumber } from './checks.ts'
import { type Layer, layer, type Mode, type Stateless } from './layer.ts'

type Dropout = Layer<readonly [readonly []], readonly [Stateless], KeepsShape>

/** x with a share `rate` of what a mask of this shape stands for set to 0, and the rest scaled up. */
export const dropped = (rate: number, shape: Shape, x: Tensor, key: Key): Tensor =>
  where(bernoulli({ p: 1 - rate, shape })(key), mul(x, 1 / (1 - rate)), 0)

/** `dropped` in training, else x; a rate of 0 draws nothing. */
export const droppedIn = (mode: Mode | undefined, rate: number, x: Tensor): Tensor =>
  mode === undefined || rate === 0 ? x : dropped(rate, x.shape, x, mode.train)

/** Refuses a rate that is no share, or drops everything. */
export const checkRate = (op: string, rate: number): void =>
  checkNumber(op, 'rate', rate, rate >= 0 && rate < 1, 'a number from 0 to below 1, the probability of dropping')

/**
 * In training, each element is 0 with probability `rate` and else divided by 1 - rate, so that its mean stays; in evaluation, the
 * identity: [...] -> [...]. A rate of 0 draws nothing. Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), scaled
 * while training instead of while evaluating, as everybody does.
 *
 * Inside `vmap` with one key, all examples get the same mask.
 * @throws ValueError unless 0 ≤ rate < 1
 * @example
 * dropout(0.5).apply([[]], [[]], x, { train: key(0) })[0] // [2,3]
 */
export const dropout = (rate: number): Dropout => {
  checkRate('dropout', rate)
  return layer<readonly [], KeepsShape>({
    name: 'dropout',
    init: () => [],
    apply: (_params, x, mode) => droppedIn(mode, rate, x),
  })
}

/**
 * Dropout of whole channels: [batch, ...space, channels] -> the same, where in training each channel of each example is 0 everywhere
 * with probability `rate`. For images, whose neighbouring elements say much the same. Tompson, Goroshin, Jain, LeCun and Bregler
 * (2015); PyTorch's Dropout2d.
 * @throws ValueError unless 0 ≤ rate < 1; on application, ShapeError for fewer than two axes
 * @example
 * spatialDropout(0.2).apply([[]], [[]], images, { train: key(0) })[0] // [4,28,28,1]
 */
export const spatialDropout = (rate: number): Dropout => {
  checkRate('spatialDropout', rate)
  return layer<readonly [], KeepsShape>({
    name: 'spatialDropout',
    init: () => [],
    apply: (_params, x, mode) => {
      const rank = x.shape.length
      checkInput('spatialDropout', rank >= 2, '[batch, ...space, channels]', x)
      if (mode === undefined || rate === 0) return x
      const shape = range(0, rank).map(i => (i === 0 || i === rank - 1 ? dim(x.shape, i) : 1))
      return dropped(rate, shape, x, mode.train)
    },
  })
}
