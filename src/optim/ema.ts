/**
 * Exponential moving averages of weights, beside an optimizer.
 *
 * Layer: optim.
 */
import { isFloat } from '../core/dtype.ts'
import { fail, shapeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { sameShape, showShape } from '../core/shape.ts'
import { copy, scalar } from '../core/tensor.ts'
import { treeMap, treeZip } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { div } from '../ops/arithmetic.ts'
import { eq, where } from '../ops/comparison.ts'
import { ones, zerosLike } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { bias, perDtype } from './averages.ts'
import { checkOption } from './options.ts'

/** The count of updates (int32 scalar) and the average so far. */
export type EmaState<P> = { readonly count: Tensor; readonly average: P }

/** An average of trees: `init` with the first, `update` with each next, and `value` to read it. */
export type Ema = {
  readonly init: <P>(params: P) => EmaState<P>
  readonly update: <P>(state: EmaState<P>, params: P) => EmaState<P>
  readonly value: <P>(state: EmaState<P>) => P
}

/**
 * Exponential moving average of weights: a ← decay · a + (1 - decay) · p after each step, to evaluate with. a starts with the
 * parameters given to `init`; with `debias` it starts at 0, and `value` divides by 1 - decayᵗ as Adam does, so that what `init` got has
 * no weight (before the first update it is 0). Leaves that are no floats are the latest.
 *
 * Polyak and Juditsky (1992) for the idea; in this form as TensorFlow's ExponentialMovingAverage.
 * @throws ValueError unless 0 ≤ decay < 1
 * @example
 * const average = ema({ decay: 0.999 })
 * const state = average.update(average.init(params), params)
 * average.value(state) // { b: [10], w: [3,10] }
 */
export const ema = (options: { readonly decay: number; readonly debias?: boolean }): Ema => {
  const { decay, debias = false } = requireOptions('ema', options, ['decay', 'debias'], ['decay'])

  checkOption('ema', 'decay', decay, 0, 1)
  const mix = (a: Tensor, p: Tensor): Tensor => {
    if (!sameShape(a.shape, p.shape))
      return fail(
        shapeError('ema', `the average of a parameter is ${showShape(a.shape)}, the parameter ${showShape(p.shape)}`),
      )
    return isFloat(a.dtype) ? add(mul(a, decay), mul(p, 1 - decay)) : p
  }
  const corrected = (count: Tensor) => {
    const correction = perDtype(dtype => where(eq(count, 0), ones([], { dtype }), bias(decay, count, dtype)))
    return (a: Tensor) => (isFloat(a.dtype) ? div(a, correction(a)) : a)
  }
  const each = <P>(tree: P, f: (leaf: Tensor) => Tensor): P => treeMap(tree as unknown, f) as P
  return {
    init: params => ({
      count: scalar(0, 'int32'),
      average: each(params, p => (debias && isFloat(p.dtype) ? zerosLike(p) : copy(p))),
    }),
    update: ({ count, average }, params) => ({
      count: add(count, 1),
      average: treeZip(average as unknown, params as unknown, mix) as typeof params,
    }),
    value: ({ count, average }) => (debias ? each(average, corrected(count)) : average),
  }
}
