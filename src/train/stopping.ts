/**
 * Callbacks that decide: stopping when nothing improves any more, keeping the best state, saving checkpoints.
 *
 * Layer: train. What they decide from is the history alone, by a pure fold over the values of one metric; so that a training resumed
 * with its history decides as if it had never stopped.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { fail, valueError } from '../core/errors.ts'
import {
  knownOptions,
  requireChoice,
  requireFunction,
  requireList,
  requireOptions,
  requireThat,
} from '../core/options.ts'
import {
  type Action,
  type Callback,
  callback,
  type Measured,
  moments,
  stop,
  type TrainEvent,
  type When,
} from './callback.ts'
import { checkpointError, monitorError } from './errors.ts'
import { type History, type Monitor, pointsOf } from './history.ts'
import type { TrainState } from './state.ts'

/** What counts as better: less (`min`, as for a loss) or more (`max`, as for an accuracy), by more than `minDelta` (0). */
export type Better = { readonly mode?: 'min' | 'max'; readonly minDelta?: number }

/** What counts as better, complete. */
const betterOf = (op: string, { mode = 'min', minDelta = 0 }: Better): Required<Better> => ({
  mode: requireChoice(op, 'mode', mode, ['min', 'max']),
  minDelta: requireThat(op, 'a number for minDelta', minDelta, typeof minDelta === 'number'),
})

/** The best value so far, its place, and how many came after it. Without a best, all values so far were NaN. */
export type Standing = { readonly best: number | null; readonly at: number; readonly since: number }

/**
 * How values stand: the best, which is the last that was better than the best before it. NaN is never better.
 * @example
 * standing({ mode: 'max' })([0.5, 0.8, 0.7]).best // 0.8
 */
export const standing = (options: Better = {}) => {
  const { mode, minDelta } = betterOf('standing', requireOptions('standing', options, ['mode', 'minDelta']))
  return (values: readonly number[]): Standing =>
    requireList('standing', 'values', values).reduce<Standing>(
      ({ best, at, since }, value, i) => {
        const gain = mode === 'min' ? (best ?? Infinity) - value : value - (best ?? -Infinity)
        return gain > minDelta ? { best: value, at: i, since: 0 } : { best, at, since: since + 1 }
      },
      { best: null, at: -1, since: 0 },
    )
}

/** The name under which the best state of a metric is kept. */
const nameOf = ({ series = 'validation', metric }: Monitor): string => `${series}.${metric}`

/** Values of a monitored metric, if the latest was logged at this very step. */
const freshValues = ({ series = 'validation', metric }: Monitor, step: number, history: History): readonly number[] => {
  const points = pointsOf({ series, metric })(history)
  return points.at(-1)?.step === step ? points.map(({ value }) => value) : []
}

/** What a callback that decides by a metric does where that was never logged: it fails the training. */
const missing = <P, S>(op: string, monitor: Monitor, event: TrainEvent<P, S>): readonly Action[] => {
  const { series = 'validation', metric } = monitor
  if (event.reason !== null || pointsOf({ series, metric })(event.history).length > 0) return []
  const found = event.history.flatMap(entry => Object.keys(entry.values).map(name => `${entry.series}.${name}`))
  return [{ tag: 'fail', error: monitorError(op, nameOf(monitor), event.step, [...new Set(found)]) }]
}

const keepIfBest = (name: string, values: readonly number[], { best, since }: Standing): readonly Action[] =>
  values.length > 0 && best !== null && since === 0 ? [{ tag: 'keep', name, value: best }] : []

/** Which metric (of the series `validation` by default), what is better, and when it is looked at (at the end of each epoch). */
export type BestOptions = Monitor & Better & { readonly every?: When | readonly When[] }

/**
 * Keeps a copy of the best state: in the result as `best['validation.accuracy']`, named by series and metric. To stand behind the
 * callback that logs the metric, and as often; while nobody has logged it, the training fails with a TrainError.
 * @example
 * const callbacks = [keepBest({ metric: 'accuracy', mode: 'max' })]
 */
export const keepBest = (given: BestOptions): Callback => {
  const { every = { epochs: 1 }, ...options } = requireOptions(
    'keepBest',
    given,
    ['series', 'metric', 'mode', 'minDelta', 'every'],
    ['metric'],
  )
  const better = betterOf('keepBest', options)
  return callback(every, event => {
    const values = freshValues(options, event.step, event.history)
    return [...missing('keepBest', options, event), ...keepIfBest(nameOf(options), values, standing(better)(values))]
  })
}

/** When to give up. */
export type StopEarlyOptions = BestOptions & {
  /** How many values in a row that are not better end the training: at least 1. */
  readonly patience: number
  /** Whether to go back to the best state when it stops early (no). */
  readonly restoreBest?: boolean
}

/**
 * Whether values say to stop: the last `patience` were no better than the best before them.
 * @throws ValueError unless patience is a whole number of at least 1 and minDelta is at least 0
 * @example
 * shouldStop({ patience: 2 })([3, 2, 2.5, 2]) // true
 */
export const shouldStop = (
  options: Better & { readonly patience: number },
): ((values: readonly number[]) => boolean) => {
  const { patience, ...better } = requireOptions('shouldStop', options, ['mode', 'minDelta', 'patience'], ['patience'])

  if (!(Number.isInteger(patience) && patience >= 1))
    fail(valueError('shouldStop', `patience must be a whole number of at least 1, got ${patience}`))
  if (better.minDelta !== undefined && !(better.minDelta >= 0))
    fail(valueError('shouldStop', `minDelta must be at least 0, got ${better.minDelta}`))
  const complete = betterOf('shouldStop', better)
  return values => standing(complete)(values).since >= patience
}

/**
 * Stops when a metric has not improved for a while. To stand behind the callback that logs the metric, and as often; while nobody has
 * logged it, the training fails with a TrainError.
 *
 * With `restoreBest` the training ends in the best state, which is also in the result's `best`; of states before a resumption there
 * is nothing to go back to.
 * @throws ValueError for a patience or minDelta out of range
 * @example
 * const callbacks = [stopEarly({ metric: 'loss', patience: 3, restoreBest: true })]
 */
export const stopEarly = (given: StopEarlyOptions): Callback => {
  const {
    every = { epochs: 1 },
    patience,
    restoreBest = false,
    ...options
  } = requireOptions(
    'stopEarly',
    given,
    ['series', 'metric', 'mode', 'minDelta', 'every', 'patience', 'restoreBest'],
    ['metric', 'patience'],
  )

  const { mode, minDelta } = betterOf('stopEarly', options)
  const gaveUp = shouldStop({ patience, mode, minDelta })
  const name = nameOf(options)
  return callback(every, event => {
    const values = freshValues(options, event.step, event.history)
    if (values.length === 0) return missing('stopEarly', options, event)
    const kept = restoreBest ? keepIfBest(name, values, standing({ mode, minDelta })(values)) : []
    return gaveUp(values) ? [...kept, stop(restoreBest ? name : null)] : kept
  })
}

/** What a checkpoint holds: all that `fit` needs to go on. */
export type Snapshot<P, S> = {
  readonly state: TrainState<P, S>
  readonly history: History
  readonly measured: Measured
}

/** When to save, which states, and how. */
export type CheckpointOptions<P, S> = {
  readonly save: (snapshot: Snapshot<P, S>, event: TrainEvent<P, S>) => TaskEither<Error, unknown>
  readonly every?: When | readonly When[]
  /** Saves only a state that is the best by this. */
  readonly onlyBest?: Monitor & Better
}

/** By what the best is known; of no use where all states are saved. */
const requireMonitor = (onlyBest: (Monitor & Better) | undefined): Monitor & Better => {
  const { metric, ...others } = knownOptions(
    'checkpoint',
    onlyBest === undefined ? { metric: 'loss' } : onlyBest,
    ['series', 'metric', 'mode', 'minDelta'],
    'onlyBest',
  )
  return metric === undefined
    ? fail(valueError('checkpoint', 'needs the option onlyBest.metric'))
    : { metric, ...others }
}

/** Saves a state, and fails the training if that does not work. */
const saved = async <P, S>(
  save: CheckpointOptions<P, S>['save'],
  event: TrainEvent<P, S>,
): Promise<readonly Action[]> => {
  const task = save({ state: event.state(), history: event.history, measured: event.measured }, event)
  const result = await requireFunction('checkpoint', 'what save gives, a task,', task)()
  return E.isRight(result) ? [] : [{ tag: 'fail', error: checkpointError(event.step, result.left) }]
}

/**
 * Saves state, history and what is still to be logged: by default after each epoch; and in any case at the end, unless only the best are
 * wanted, so that nothing is lost by Ctrl-C. Not after a failure: the last good state stays saved. It is called after all others, wherever
 * it stands. If it cannot be saved the training fails with a TrainError.
 * @example
 * const save = ({ state }: { state: unknown }) => TE.right(state)
 * const callbacks = [checkpoint({ save }), checkpoint({ save, onlyBest: { metric: 'loss' } })]
 */
export const checkpoint = <P, S>(options: CheckpointOptions<P, S>): Callback<P, S> => {
  const {
    save,
    every = { epochs: 1 },
    onlyBest,
  } = requireOptions('checkpoint', options, ['save', 'every', 'onlyBest'], ['save'])
  requireFunction('checkpoint', 'save', save)
  const { series, metric, ...better } = requireMonitor(onlyBest)
  const best = standing(better)
  return {
    last: true,
    every: [...moments('checkpoint', every), ...(onlyBest === undefined ? (['end'] as const) : [])],
    start: () => {
      let latest = -1
      return event => async () => {
        if (event.step === latest || event.reason === 'failed') return []
        if (onlyBest !== undefined) {
          const values = freshValues(onlyBest, event.step, event.history)
          if (values.length === 0) return missing('checkpoint', onlyBest, event)
          if (keepIfBest('', values, best(values)).length === 0) return []
        }
        latest = event.step
        return saved(save, event)
      }
    },
  }
}
