/**
 * Quantiles and the median: elements of the sorted data, and what is between them.
 *
 * Layer: ops. They reduce floats; int32 and bool are converted to float32.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { type Axes, dim, range, showShape, sizeOf } from '../core/shape.ts'
import type { Check, Quantiles, Reduce, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { stack } from './arrange.ts'
import { cast, isnan, where } from './comparison.ts'
import { composite, dataLast, liftOne, type NotTensor } from './define.ts'
import { add, mul } from './elementwise.ts'
import { take } from './indexing.ts'
import { reshape, transpose } from './movement.ts'
import { axesOf, kept, type ReduceOptions, type Reduction } from './reduction.ts'
import { sort } from './sorting.ts'

/** What is taken between two elements: the point on the line, either of them, the nearer (at halves the even position), or their mean. */
export type QuantileMethod = 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint'

/** The weight of the upper of two neighbours, for how far between them a quantile is; at an element it is 0. */
const weights: { readonly [m in QuantileMethod]: (share: number, low: number) => number } = {
  linear: share => share,
  lower: () => 0,
  higher: share => Math.ceil(share),
  nearest: (share, low) => (share === 0.5 ? low % 2 : Math.round(share)),
  midpoint: share => (share === 0 ? 0 : 0.5),
}

type Options = ReduceOptions & { readonly q: number | readonly number[]; readonly method?: QuantileMethod }

/** The reduced axes merged into one at the end. */
const rowsOf = (axes: readonly number[], x: Tensor): Tensor => {
  const rest = range(0, x.shape.length).filter(i => !axes.includes(i))
  const shape = [...rest.map(i => dim(x.shape, i)), sizeOf(axes.map(i => dim(x.shape, i)))]
  return reshape(shape)(transpose([...rest, ...axes])(x))
}

/** One quantile of sorted rows. An infinity of weight 0 does not count. */
const between = (q: number, method: QuantileMethod, rows: Tensor): Tensor => {
  const at = q * ((rows.shape.at(-1) ?? 1) - 1)
  const low = Math.floor(at)
  const weight = weights[method](at - low, low)
  const element = (i: number): Tensor => take({ axis: -1 })(rows as Tensor, i) as Tensor
  if (weight === 0) return element(low)
  return weight === 1 ? element(low + 1) : add(mul(element(low), 1 - weight), mul(element(low + 1), weight))
}

const quantilesOf = (name: string, { q, method = 'linear', axis, keepDims = false }: Options, x: Tensor): Tensor => {
  const qs = typeof q === 'number' ? [q] : q
  if (!Array.isArray(qs) || !qs.every(p => p >= 0 && p <= 1))
    return fail(valueError(name, `q must be a number from 0 to 1 or a list of them, got ${describe(q)}`))
  if (!Object.hasOwn(weights, method))
    return fail(valueError(name, `method is one of ${Object.keys(weights).join(', ')}; got ${describe(method)}`))
  const axes = axesOf(name, axis, x)
  if (axes.some(i => x.shape[i] === 0))
    return fail(shapeError(name, `of no elements has no value: ${showShape(x.shape)} is empty along axis ${axes}`))
  const rows = sort(rowsOf(axes, isFloat(x.dtype) ? x : cast('float32')(x)))
  const tainted = isnan(take({ axis: -1 })(rows as Tensor, -1) as Tensor)
  const results = qs.map(p => {
    const y = where(tainted, Number.NaN, between(p, method, rows))
    return keepDims ? kept(x.shape, axes, y) : y
  })
  if (typeof q === 'number') return results[0] as Tensor
  return results.length > 0 ? stack(results) : fail(valueError(name, 'needs at least one q'))
}

type QuantileParams = {
  readonly q: number | readonly number[]
  readonly method: QuantileMethod
  readonly axis: readonly number[]
  readonly keepDims: boolean
}

const methods: readonly QuantileMethod[] = ['linear', 'lower', 'higher', 'nearest', 'midpoint']

const sampleQuantile = (draw: Draw): Sample<QuantileParams> => {
  const shape = draw.shape({ minRank: 1 })
  const q = draw.pick<number | readonly number[]>([0, 0.3, 0.5, 1, [0.25, 0.8]])
  const axis = range(0, shape.length).filter(() => draw.boolean())
  return {
    params: { q, method: draw.pick(methods), axis: axis.length === 0 ? [0] : axis, keepDims: draw.boolean() },
    args: [draw.tensor(shape, undefined, { distinct: true })],
  }
}

type Quantile = <
  const Q extends number | readonly number[],
  const A extends Axes | undefined = undefined,
  const Keep extends boolean = false,
>(
  options: ReduceOptions<A, Keep> & {
    readonly q: Q
    readonly method?: QuantileMethod
  } & NotTensor,
) => <X extends TensorLike>(
  x: Check<Reduce<'quantile', ShapeOf<X>, A, Keep>, X>,
) => Tensor<Quantiles<Resolved<Reduce<'quantile', ShapeOf<X>, A, Keep>>, Q>>

/**
 * The value below which a share `q` of the elements along `axis` lies, between two of them on the line from one to the next unless
 * `method` says otherwise; for a list of q a new first axis. NaN if there is one. Derivatives flow to the one or two elements used.
 * @throws ValueError for a q outside [0, 1]; ShapeError of no elements; AxisError when an axis is out of range
 * @example
 * quantile({ q: 0.25 })(tensor([3, 1, 2])) // 1.5
 * quantile({ q: [0, 1], axis: 1 })(x) // [[1, 4], [3, 6]]
 */
export const quantile: Quantile = composite(
  {
    name: 'quantile',
    doc: 'Quantiles along axes.',
    apply: (params: QuantileParams, [x]) => quantilesOf('quantile', params, x as Tensor),
    sample: sampleQuantile,
    invalid: (draw): Sample<QuantileParams> => ({
      params: { q: 1.5, method: 'linear', axis: [0], keepDims: false },
      args: [draw.tensor([2])],
    }),
  },
  ((options: Options) => (x: TensorLike) =>
    quantilesOf(
      'quantile',
      requireOptions('quantile', options, ['q', 'method', 'axis', 'keepDims'], ['q']),
      liftOne('quantile', x),
    )) as Quantile,
)

type MedianParams = { readonly axis: readonly number[]; readonly keepDims: boolean }

/**
 * The middle element along `axis`, or the mean of the two in the middle; NaN if there is one.
 * @throws ShapeError of no elements; AxisError when an axis is out of range
 * @example
 * median({ axis: 1 })(x) // [2, 5]
 */
export const median: Reduction<'median'> = composite(
  {
    name: 'median',
    doc: 'The median along axes.',
    apply: (params: MedianParams, [x]) => quantilesOf('median', { q: 0.5, ...params }, x as Tensor),
    sample: (draw): Sample<MedianParams> => {
      const { params, args } = sampleQuantile(draw)
      return { params: { axis: params.axis, keepDims: params.keepDims }, args }
    },
    invalid: (draw): Sample<MedianParams> => ({ params: { axis: [0], keepDims: false }, args: [draw.tensor([0, 2])] }),
  },
  dataLast<ReduceOptions, Reduction<'median'>>('median', ['axis', 'keepDims'], (options, x) =>
    quantilesOf('median', { q: 0.5, ...options }, x),
  ),
)
