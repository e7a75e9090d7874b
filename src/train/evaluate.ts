/**
 * What a model is worth on a data set: the metrics of its loss, as means over all samples.
 *
 * Layer: train.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { requireFunction, requireIterable, requireOptions } from '../core/options.ts'
import { pauses } from '../core/pause.ts'
import type { Tensor } from '../core/types.ts'
import { evalShape } from '../transform/evaluate.ts'
import { jit } from '../transform/jit.ts'
import type { Values } from './history.ts'
import { addBatch, checkSamples, meansOf, noSums, readSums, type Sums, samplesOf } from './samples.ts'
import { type Loss, lossResult, type Metrics, type Model, requireModel } from './state.ts'

/** How many samples a batch has, where the first axes of its tensors do not say so. */
export type SamplesOption<B> = { readonly samples?: (batch: B) => number }

/** What is measured of a model on a batch: scalars, each the mean over its samples. */
export type Measure<P, S, B> = (params: P, state: S, batch: B) => Metrics

/**
 * Means of measures over all samples of some batches; each batch weighs as much as it has samples, so that it does not matter how
 * they were cut. Compiled once for all models of one structure. For no batches it is empty.
 * @example
 * const size = measureOver((params: Tensor, _state: readonly [], x: Tensor) => ({ size: mean(matmul(x, params)) }))
 * await size([inputs])({ params: ones([3, 1]), state: [] })() // { size: … }
 */
export const measureOver = <P, S, B>(
  measure: Measure<P, S, B>,
  options: SamplesOption<B> = {},
): ((batches: Iterable<B> | AsyncIterable<B>) => (model: Model<P, S>) => Task<Values>) => {
  requireOptions('measureOver', options, ['samples'])
  return meansOver('measureOver', requireFunction('measureOver', 'the measure', measure), options)
}

const meansOver = <P, S, B>(
  op: string,
  measure: Measure<P, S, B>,
  { samples = samplesOf }: SamplesOption<B>,
): ((batches: Iterable<B> | AsyncIterable<B>) => (model: Model<P, S>) => Task<Values>) => {
  requireFunction(op, 'samples', samples)
  const all = (sums: Sums, model: Model<P, S>, batch: B, count: Tensor): Sums =>
    addBatch(sums, measure(model.params, model.state, batch), count)
  const step = jit(all) as unknown as (sums: Sums, model: Model<P, S>, batch: B, count: number) => Sums
  const namesOf = (params: P, state: S, batch: B): readonly string[] =>
    Object.keys(evalShape(measure)(params as never, state as never, batch as never))
  return batches => {
    requireIterable(op, 'the batches', batches)
    return model => async () => {
      const { params, state } = requireModel(op, model)
      const pause = pauses()
      let sums: Sums | null = null
      let total = 0
      for await (const batch of batches) {
        const count = checkSamples(op, samples(batch))
        sums = step(sums ?? noSums(namesOf(params, state, batch)), { params, state }, batch, count)
        total += count
        await pause()
      }
      return meansOf(readSums(sums ?? {}, total))
    }
  }
}

/**
 * The loss of a model and the metrics beside it, as means over all samples of some batches, in the mode of evaluation.
 * @example
 * const loss = (w: Tensor, state: readonly [], x: Tensor) => [mean(square(matmul(x, w))), { state, metrics: {} }] as const
 * const { loss: found } = await evaluate(loss)([inputs])({ params: zeros([3, 1]), state: [] })()
 * found // 0
 */
export const evaluate = <P, S, B>(
  loss: Loss<P, S, B>,
  options: SamplesOption<B> = {},
): ((batches: Iterable<B> | AsyncIterable<B>) => (model: Model<P, S>) => Task<Values>) => {
  requireOptions('evaluate', options, ['samples'])
  requireFunction('evaluate', 'the loss', loss)
  const measure = (params: P, state: S, batch: B): Metrics => {
    const [value, { metrics }] = lossResult('evaluate', loss(params, state, batch))
    return { loss: value, ...metrics }
  }
  return meansOver('evaluate', measure, options)
}
