/**
 * Pooling as layers, channels last: over windows of signals, images and volumes, or over all of space.
 *
 * Layer: nn. Read first: ops/pooling.ts.
 */
import { requireOptions } from '../core/options.ts'
import { range } from '../core/shape.ts'
import type { SpatialRank } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d, type PoolOptions } from '../ops/pooling.ts'
import { max } from '../ops/reduction.ts'
import { mean } from '../ops/statistics.ts'
import { checkInput } from './checks.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** The options of the op for one of the ranks, but for the layout; `strides` default to the window, padding to 'valid'. */
export type PoolLayerOptions = { [R in SpatialRank]: Omit<PoolOptions<R>, 'layout'> }[SpatialRank]

/** `countPadding` (false): whether padded zeros count in the average, as PyTorch does by default and Keras does not. */
export type AveragePoolLayerOptions = PoolLayerOptions & { readonly countPadding?: boolean }

type WithoutParameters = Layer<readonly [readonly []], readonly [Stateless]>
type Op = (options: object) => (x: Tensor) => Tensor

const pooling = (name: string, ops: readonly Op[], options: object): WithoutParameters =>
  layer({
    name,
    init: () => [] as const,
    apply: (_params, x) => {
      const op = ops[x.shape.length - 3]
      checkInput(name, op !== undefined, '[batch, ...one to three axes, channels]', x)
      return (op as Op)(options)(x)
    },
  })

/**
 * The largest element of each window, per channel: [batch, ...space, channels] -> [batch, ...space', channels], over one to three
 * axes, as the input has them. A window of one number holds for all of them. See the op `maxPool2d`.
 * @throws on application, ShapeError for other numbers of axes or an input smaller than the window; ValueError for options out of range
 * @example
 * maxPool({ window: 2 }).apply([[]], [[]], images)[0] // [4,28,28,1] -> [4,14,14,1]
 */
export const maxPool = (options: PoolLayerOptions): WithoutParameters => {
  requireOptions('maxPool', options, ['window', 'strides', 'padding', 'dilation'], ['window'])
  return pooling('maxPool', [maxPool1d, maxPool2d, maxPool3d] as unknown as readonly Op[], options)
}

/**
 * The mean of each window, per channel; see `maxPool`. Padding does not count unless `countPadding`.
 * @throws as `maxPool`
 * @example
 * avgPool({ window: 7 }).apply([[]], [[]], images)[0] // [4,28,28,1] -> [4,4,4,1]
 */
export const avgPool = (options: AveragePoolLayerOptions): WithoutParameters => {
  requireOptions('avgPool', options, ['window', 'strides', 'padding', 'dilation', 'countPadding'], ['window'])
  return pooling('avgPool', [avgPool1d, avgPool2d, avgPool3d] as unknown as readonly Op[], options)
}

/** `keepDims` (false): whether space stays, as axes of size 1. */
export type GlobalPoolOptions = { readonly keepDims?: boolean }

const globalPooling = (
  name: string,
  reduce: (options: { readonly axis: readonly number[]; readonly keepDims: boolean }) => (x: Tensor) => Tensor,
  { keepDims = false }: GlobalPoolOptions,
): WithoutParameters =>
  layer({
    name,
    init: () => [] as const,
    apply: (_params, x) => {
      checkInput(name, x.shape.length > 2, '[batch, ...space, channels]', x)
      return reduce({ axis: range(1, x.shape.length - 1), keepDims })(x)
    },
  })

/**
 * The mean over space, per channel: [batch, ...space, channels] -> [batch, channels]. Lin, Chen and Yan (2014).
 * @throws on application, ShapeError for fewer than three axes
 * @example
 * globalAvgPool().apply([[]], [[]], images)[0] // [4,28,28,1] -> [4,1]
 */
export const globalAvgPool = (options: GlobalPoolOptions = {}): WithoutParameters => {
  requireOptions('globalAvgPool', options, ['keepDims'])
  return globalPooling('globalAvgPool', o => x => mean(o)(x), options)
}

/**
 * The largest element over space, per channel: [batch, ...space, channels] -> [batch, channels].
 * @throws on application, ShapeError for fewer than three axes
 * @example
 * globalMaxPool({ keepDims: true }).apply([[]], [[]], images)[0] // [4,28,28,1] -> [4,1,1,1]
 */
export const globalMaxPool = (options: GlobalPoolOptions = {}): WithoutParameters => {
  requireOptions('globalMaxPool', options, ['keepDims'])
  return globalPooling('globalMaxPool', o => x => max(o)(x), options)
}
