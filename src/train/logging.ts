/**
 * Callbacks that look: metrics into the history, scores on held-out data, the learning rate, a progress bar, lines of one's own.
 *
 * Layer: train. Read next: stopping.ts.
 */
import * as T from 'fp-ts/lib/Task.js'
import { fail, valueError } from '../core/errors.ts'
import { requireFunction, requireIterable, requireOptions } from '../core/options.ts'
import { isTensor, item } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { type Callback, callback, log, moments, type Respond, type When } from './callback.ts'
import { evaluate, type SamplesOption } from './evaluate.ts'
import { showValues, type Values } from './history.ts'
import { type Progress, type ProgressOptions, progress } from './progress.ts'
import type { Loss, Model } from './state.ts'

/** At the end of each epoch, where nothing else is said. */
const EACH_EPOCH: When = { epochs: 1 }

/** When, and under which series values are logged. */
export type LogOptions = { readonly every?: When | readonly When[]; readonly series?: string }

/**
 * Logs the means of the metrics since it last did: by default at the end of each epoch, under `train`.
 * @example
 * const callbacks = [logMetrics(), logMetrics({ every: { steps: 200 }, series: 'curve' })]
 */
export const logMetrics = (options: LogOptions = {}): Callback => {
  const { every = EACH_EPOCH, series = 'train' } = requireOptions('logMetrics', options, ['every', 'series'])
  return callback(every, ({ metrics }) => (Object.keys(metrics).length === 0 ? [] : [log(series, metrics)]))
}

/**
 * Logs what is measured of the model: by default at the end of each epoch, under `validation`.
 * @example
 * const norm = logMeasure({ measure: ({ params }: Model<Tensor, unknown>) => async () => ({ norm: item(sum(square(params))) }) })
 */
export const logMeasure = <P, S>(
  options: LogOptions & { readonly measure: (model: Model<P, S>) => T.Task<Values> },
): Callback<P, S> => {
  const {
    measure,
    every = EACH_EPOCH,
    series = 'validation',
  } = requireOptions('logMeasure', options, ['every', 'series', 'measure'], ['measure'])
  requireFunction('logMeasure', 'measure', measure)
  return {
    every: moments('logMeasure', every),
    start: () => event =>
      event.reason === 'failed' ? T.of([]) : T.map((values: Values) => [log(series, values)])(measure(event.state())),
  }
}

/**
 * Evaluates the model on held-out batches and logs the means of the loss and the metrics beside it: by default at the end of each epoch,
 * under `validation`. Batches that can be used up are no use here: give an array, or something else that can be walked again.
 * @example
 * const loss = (w: Tensor, state: readonly [], x: Tensor) => [mean(square(matmul(x, w))), { state, metrics: {} }] as const
 * const callbacks = [validate({ loss, batches: [inputs] }), validate({ loss, batches: [inputs], series: 'test', every: 'end' })]
 */
export const validate = <P, S, B>(
  given: LogOptions &
    SamplesOption<NoInfer<B>> & {
      readonly loss: Loss<P, S, B>
      readonly batches: Iterable<NoInfer<B>> | AsyncIterable<NoInfer<B>>
    },
): Callback<P, S> => {
  const { loss, batches, samples, ...options } = requireOptions(
    'validate',
    given,
    ['every', 'series', 'samples', 'loss', 'batches'],
    ['loss', 'batches'],
  )
  requireFunction('validate', 'the loss', loss)
  requireIterable('validate', 'batches', batches)
  return logMeasure({ ...options, measure: evaluate(loss, samples === undefined ? {} : { samples })(batches) })
}

/** A schedule: from the number of steps done to the rate of the next. */
type Scheduled = (step: number) => number | Tensor

/**
 * Logs the learning rate of the latest step as `rate`, under `schedule`: that of a schedule, or else that which `fit` was given for the
 * epoch. By default at the end of each epoch.
 * @throws ValueError, in the training, when there is neither
 * @example
 * const callbacks = [logSchedule({ schedule: step => 0.1 / (1 + 0.01 * step), every: { steps: 1 } })]
 */
export const logSchedule = (options: LogOptions & { readonly schedule?: Scheduled } = {}): Callback => {
  const {
    schedule,
    every = EACH_EPOCH,
    series = 'schedule',
  } = requireOptions('logSchedule', options, ['every', 'series', 'schedule'])
  return callback(every, ({ step, rate }) => {
    const found = schedule === undefined ? rate : schedule(Math.max(0, step - 1))
    if (found === null)
      return fail(valueError('logSchedule', 'there is no rate to log: give it a schedule, or fit a rate'))
    return [log(series, { rate: isTensor(found) ? item(found as Tensor<readonly []>) : found })]
  })
}

/**
 * Says something: by default at the end of each epoch, on the console.
 * @example
 * print(({ epoch, metrics }) => `epoch ${epoch + 1}: loss ${metrics.loss}`, { every: { epochs: 5 } })
 */
export const print = (
  show: (event: Parameters<Respond>[0]) => string,
  options: { readonly every?: When | readonly When[]; readonly write?: (text: string) => void } = {},
): Callback => {
  const { every = EACH_EPOCH, write = (text: string) => console.log(text) } = requireOptions('print', options, [
    'every',
    'write',
  ])
  requireFunction('print', 'what shows an event', show)
  requireFunction('print', 'write', write)
  return {
    every: moments('print', every),
    start: () => event => async () => {
      write(show(event))
      return []
    },
  }
}

/** How many samples an epoch has, what to show of them, and where. */
export type ProgressBarOptions = Omit<ProgressOptions, 'label' | 'total' | 'since'> & {
  readonly samples: number
  readonly show?: (running: Values) => string
}

/** So often a bar is drawn anew, in seconds. */
const REDRAW = 0.1

/**
 * A progress bar for each epoch, with the means of its metrics so far: on a terminal a bar, elsewhere a line now and then. To stderr.
 * @example
 * const callbacks = [progressBar({ samples: 60_000 })]
 */
export const progressBar = (given: ProgressBarOptions): Callback => {
  const {
    samples,
    show = showValues,
    ...options
  } = requireOptions('progressBar', given, ['stream', 'interval', 'now', 'samples', 'show'], ['samples'])
  return {
    every: [{ seconds: REDRAW }, { epochs: 1 }, 'end'],
    start: () => {
      const { now = () => performance.now() } = options
      let bar: Progress | null = null
      return event => async () => {
        if (event.reason === null) {
          const label = `epoch ${event.epoch + 1}/${event.epochs}`
          bar ??= await progress({ ...options, label, total: samples, since: now() - 1000 * event.seconds })()
          bar.update(event.samples, show(event.running))
        }
        if (event.epochEnds || event.reason !== null) {
          bar?.stop()
          bar = null
        }
        return []
      }
    },
  }
}
