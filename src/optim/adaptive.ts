/**
 * Rules that divide by a size of past gradients without their mean: RMSprop, Adagrad, Adadelta.
 *
 * Layer: optim. Read first: averages.ts. Next: moments.ts.
 */
import { requireOptions } from '../core/options.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import { div, maximum, square, sub } from '../ops/arithmetic.ts'
import { fullLike, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { sqrt } from '../ops/math.ts'
import { average, averageSquares, rootOf, squares } from './averages.ts'
import { checkOption } from './options.ts'
import { type GradientTransformation, type Tensors, transformation } from './transformation.ts'

/** Options of `scaleByRms`. */
export type RmsOptions = {
  readonly decay: number
  /** Added to the root. */
  readonly eps: number
  /** Added inside of the root; 0. */
  readonly epsRoot?: number
  /** Whether to subtract the square of the running mean: the root of a variance. */
  readonly centred?: boolean
}

type RmsState = { readonly squares: Tensors; readonly mean?: Tensors }

/**
 * Divides by the root of a running mean of squares: v ← decay · v + (1 - decay) · g², and the update is g / (√v + eps). v starts at
 * 0. With `centred`, the root is of v - m², with m the running mean of gradients, at least 0 in spite of rounding.
 *
 * Tieleman and Hinton (2012); centred: Graves (2013). eps stands outside of the root as in PyTorch; `epsRoot` is inside, where
 * TensorFlow has it.
 * @throws ValueError unless 0 ≤ decay < 1, eps ≥ 0 and epsRoot ≥ 0
 */
export const scaleByRms = (options: RmsOptions): GradientTransformation => {
  const {
    decay,
    eps,
    epsRoot = 0,
    centred = false,
  } = requireOptions('scaleByRms', options, ['decay', 'eps', 'epsRoot', 'centred'], ['decay', 'eps'])

  checkOption('scaleByRms', 'decay', decay, 0, 1)
  checkOption('scaleByRms', 'eps', eps, 0)
  checkOption('scaleByRms', 'epsRoot', epsRoot, 0)
  return transformation<RmsState>({
    init: params => ({
      squares: treeMap(params, zerosLike),
      ...(centred ? { mean: treeMap(params, zerosLike) } : {}),
    }),
    update: (grads, state) => {
      const squares = averageSquares(decay, state.squares, grads)
      if (state.mean === undefined)
        return [treeZip(grads, squares, (g, v) => div(g, rootOf(v, eps, epsRoot))), { squares }]
      const mean = average(decay, state.mean, grads)
      const variance = treeZip(squares, mean, (v, m) => maximum(sub(v, square(m)), 0))
      return [treeZip(grads, variance, (g, v) => div(g, rootOf(v, eps, epsRoot))), { squares, mean }]
    },
  })
}

/**
 * Divides by the root of the sum of squares: s ← s + g², and the update is g / (√s + eps). s starts at `initial` (0).
 * Duchi, Hazan and Singer (2011).
 * @throws ValueError unless eps ≥ 0 and initial ≥ 0
 */
export const scaleByAdagrad = (options: {
  readonly eps: number
  readonly initial?: number
}): GradientTransformation => {
  const { eps, initial = 0 } = requireOptions('scaleByAdagrad', options, ['eps', 'initial'], ['eps'])

  checkOption('scaleByAdagrad', 'eps', eps, 0)
  checkOption('scaleByAdagrad', 'initial', initial, 0)
  return transformation<{ readonly sum: Tensors }>({
    init: params => ({ sum: treeMap(params, p => fullLike(p, initial)) }),
    update: (grads, state) => {
      const sum = treeZip(state.sum, squares(grads), (s, g2) => add(s, g2))
      return [treeZip(grads, sum, (g, s) => div(g, rootOf(s, eps))), { sum }]
    },
  })
}

/**
 * Adadelta's direction, which has the units of the parameters: v ← decay · v + (1 - decay) · g², the update is
 * u = g · √(a + eps) / √(v + eps), and then a ← decay · a + (1 - decay) · u². Both start at 0. Zeiler (2012), algorithm 1.
 * @throws ValueError unless 0 ≤ decay < 1 and eps ≥ 0
 */
export const scaleByAdadelta = (options: { readonly decay: number; readonly eps: number }): GradientTransformation => {
  const { decay, eps } = requireOptions('scaleByAdadelta', options, ['decay', 'eps'], ['decay', 'eps'])

  checkOption('scaleByAdadelta', 'decay', decay, 0, 1)
  checkOption('scaleByAdadelta', 'eps', eps, 0)
  return transformation<{ readonly squares: Tensors; readonly deltas: Tensors }>({
    init: params => ({ squares: treeMap(params, zerosLike), deltas: treeMap(params, zerosLike) }),
    update: (grads, state) => {
      const squares = averageSquares(decay, state.squares, grads)
      const ratio = treeZip(state.deltas, squares, (a, v) => div(sqrt(add(a, eps)), sqrt(add(v, eps))))
      const updates = treeZip(grads, ratio, (g, r) => mul(g, r))
      return [updates, { squares, deltas: averageSquares(decay, state.deltas, updates) }]
    },
  })
}
