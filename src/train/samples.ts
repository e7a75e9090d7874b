/**
 * How many samples a batch has, and means over samples that were added up batch by batch.
 *
 * Layer: train. Sums stay on the device, as scalars of float64 where that is to be had, and are read when somebody asks.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import * as R from 'fp-ts/lib/Record.js'
import type { FloatDtype } from '../core/dtype.ts'
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { isTensor, item, requireTensor, scalar } from '../core/tensor.ts'
import { flattenWithPaths } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { type Average, averageMonoid, averageValue } from '../metrics/average.ts'
import { cast } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import type { Values } from './history.ts'
import type { Metrics } from './state.ts'

/**
 * How many samples a batch has: the size of the first axis of its tensors.
 * @throws ShapeError when they differ in it, or have none; then say how many with the option `samples`
 */
export const samplesOf = (batch: unknown): number => {
  const tensors = flattenWithPaths(batch)[0].flatMap(({ path, value }) =>
    isTensor(value) && value.shape.length > 0 ? [{ path, size: value.shape[0] ?? 0 }] : [],
  )
  const [first] = tensors
  const other = tensors.find(({ size }) => size !== first?.size)
  if (first !== undefined && other === undefined) return first.size
  const why =
    first === undefined || other === undefined
      ? 'a batch without tensors has no number of samples'
      : `the batch has ${first.size} samples at batch${first.path} and ${other.size} at batch${other.path}`
  return fail(shapeError('fit', `${why}: say how many with the option samples`))
}

/** How many samples a batch is said to have, if that can be. */
export const checkSamples = (op: string, samples: number): number =>
  Number.isFinite(samples) && samples >= 0
    ? samples
    : fail(valueError(op, `samples must give a number of at least 0 for a batch, got ${describe(samples)}`))

/** Running sums of metrics, each weighted by the samples of its batches: scalars of one dtype. */
export type Sums = Metrics

/** Sums of nothing, for metrics of these names. GPUs have no float64. */
export const noSums = (names: readonly string[], dtype: FloatDtype = 'float64'): Sums =>
  Object.fromEntries(names.map(name => [name, scalar(0, dtype)]))

/** Sums with a batch more. */
export const addBatch = (sums: Sums, metrics: Metrics, samples: Tensor): Sums =>
  R.mapWithIndex((name: string, sum: Tensor) => {
    const metric = requireTensor('fit', metrics[name] as Tensor, `the metric ${name}`)
    return metric.shape.length === 0
      ? add(sum, mul(cast(sum.dtype)(metric), cast(sum.dtype)(samples)))
      : fail(shapeError('fit', `the metric ${name} has shape [${metric.shape}]: a metric is a scalar, such as a mean`))
  })(sums)

/** Averages by name. */
export type Averages = { readonly [name: string]: Average }

/** Averages over disjoint samples, together. */
export const averages: Monoid<Averages> = R.getUnionMonoid(averageMonoid)

/** Sums over so many samples, read. */
export const readSums = (sums: Sums, samples: number): Averages =>
  samples === 0 ? {} : R.map((sum: Tensor) => ({ sum: item(sum as Tensor<readonly []>), weight: samples }))(sums)

/** Sums that go on from some that were read before: of the same metrics, or it is an error. */
export const sumsFrom = (names: readonly string[], dtype: FloatDtype, read: Averages): Sums => {
  const found = Object.keys(read)
  if (found.length !== names.length || names.some(name => read[name] === undefined))
    fail(
      valueError(
        'fit',
        `what was measured before is ${found.join(', ')}, but the step measures ${names.join(', ')}: leave out measured`,
      ),
    )
  return Object.fromEntries(names.map(name => [name, scalar(read[name]?.sum ?? 0, dtype)]))
}

/** What takes samples that were seen out of averages that they are in, by adding it. */
export const without: (seen: Averages) => Averages = R.map(({ sum, weight }) => ({ sum: -sum, weight: -weight }))

/** The means of those that are over any samples. */
export const meansOf = (all: Averages): Values =>
  R.map(averageValue)(R.filter(({ weight }: Average) => weight !== 0)(all))
