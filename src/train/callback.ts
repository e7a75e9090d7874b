/**
 * Callbacks as data: when to look at a training, and what follows from it.
 *
 * Layer: train. A callback is handed an event and answers with actions, which `fit` carries out; it has no hold on the training
 * otherwise. Lists of callbacks are their monoid. Read next: logging.ts and stopping.ts, for those that are ready-made.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import * as T from 'fp-ts/lib/Task.js'
import { describe, fail, valueError } from '../core/errors.ts'
import { isOptions, requireFunction, requireList, requireThat } from '../core/options.ts'
import type { History, Values } from './history.ts'
import type { Averages } from './samples.ts'
import type { TrainState } from './state.ts'

/**
 * A moment that recurs: every so many steps, at the end of every so many epochs, when so many seconds have gone by; or the end of the
 * training, however it ends.
 */
export type When = { readonly steps: number } | { readonly epochs: number } | { readonly seconds: number } | 'end'

/** How a training can end. */
export type Reason = 'finished' | 'stopped early' | 'interrupted' | 'failed'

/**
 * What was measured of a training and is still to be logged, which is plain JSON: for callbacks that are called at the same moments,
 * the averages since they were called; those of the epoch so far; and those that the device adds up, which belong to all of these.
 */
export type Measured = {
  readonly windows: readonly { readonly every: readonly When[]; readonly averages: Averages }[]
  readonly epoch: Averages
  readonly unread: Averages
}

/** What was measured before the first step: nothing. */
export const nothingMeasured: Measured = { windows: [], epoch: {}, unread: {} }

/** A moment of a training, after a step. Epochs count from 0. */
export type TrainEvent<P = unknown, S = unknown> = {
  /** How many steps were done in all. */
  readonly step: number
  /** The epoch that the latest step belongs to, of how many. */
  readonly epoch: number
  readonly epochs: number
  /** Whether that epoch is complete. */
  readonly epochEnds: boolean
  /** How it ended, at the end; null until then. */
  readonly reason: Reason | null
  /** How many samples of this epoch were trained on. */
  readonly samples: number
  /** Seconds since this epoch began. */
  readonly seconds: number
  /** The rate of this epoch, if `fit` was given one. */
  readonly rate: number | null
  /** Means over the samples since this callback was last called; empty if there were none. */
  readonly metrics: Values
  /** Means over the samples of this epoch so far. */
  readonly running: Values
  /** All that was logged, by callbacks that stand before this one at this moment too. */
  readonly history: History
  /** What was measured and is still to be logged, for a training that goes on from here. */
  readonly measured: Measured
  /** A copy of the state, to keep, save or evaluate. */
  readonly state: IO<TrainState<P, S>>
}

/** What is to be done: log values, keep the present state under a name, stop (and go back to a state that was kept), or fail. */
export type Action =
  | { readonly tag: 'log'; readonly series: string; readonly values: Values }
  | { readonly tag: 'keep'; readonly name: string; readonly value: number }
  | { readonly tag: 'stop'; readonly restore: string | null }
  | { readonly tag: 'fail'; readonly error: Error }

/** What a callback does at an event. */
export type Respond<P = unknown, S = unknown> = (event: TrainEvent<P, S>) => T.Task<readonly Action[]>

/**
 * When to call, and what: `start` is run once for each training, so that a display can be open for that long. One that is `last` is
 * called after those that are not, so that it sees all that they log at that moment.
 */
export type Callback<P = unknown, S = unknown> = {
  readonly every: readonly When[]
  readonly last?: boolean
  readonly start: IO<Respond<P, S>>
}

/** Refuses values that are no numbers, such as tensors, which would be lost in a file. */
export const checkValues = (op: string, series: string, values: Values): Values => {
  requireThat(op, 'the name of a series', series, typeof series === 'string')
  requireThat(op, 'a record of numbers to log', values, isOptions(values))
  const odd = Object.keys(values).find(name => typeof values[name] !== 'number')
  return odd === undefined
    ? values
    : fail(valueError(op, `logs numbers, and ${series}.${odd} is ${describe(values[odd])}: read a tensor with item`))
}

/**
 * Logs values under a series.
 * @throws ValueError for values that are no numbers
 */
export const log = (series: string, values: Values): Action => ({
  tag: 'log',
  series,
  values: checkValues('log', series, values),
})
/** Stops the training after this step; with `restore` it goes back to the state kept under that name. */
export const stop = (restore: string | null = null): Action => ({ tag: 'stop', restore })

const amountOf = (when: Exclude<When, 'end'>): number =>
  'steps' in when ? when.steps : 'epochs' in when ? when.epochs : when.seconds

const checkWhen = (op: string, when: When): When => {
  if (when === 'end') return when
  const known = "moments such as { steps: 100 }, { epochs: 1 }, { seconds: 60 } or 'end'"
  requireThat(op, known, when, isOptions(when) && ['steps', 'epochs', 'seconds'].some(name => name in when))
  const amount = amountOf(when)
  const fits = 'seconds' in when ? amount >= 0 && amount < Infinity : Number.isInteger(amount) && amount >= 1
  return fits
    ? when
    : fail(
        valueError(
          op,
          `every ${Object.keys(when)[0]} takes a number above 0, whole but for seconds, got ${describe(amount)}`,
        ),
      )
}

/** Each moment checked; one stands for a list of one. */
export const moments = (op: string, every: When | readonly When[]): readonly When[] =>
  (Array.isArray(every) ? (every as readonly When[]) : [every as When]).map(when => checkWhen(op, when))

/**
 * A callback of a pure function from events to actions.
 * @throws ValueError unless steps and epochs are whole numbers of at least 1, and seconds at least 0
 * @example
 * const curve = callback({ steps: 200 }, ({ metrics }) => [log('curve', metrics)])
 * const patience = callback({ epochs: 1 }, ({ metrics }) => ((metrics.loss ?? 0) < 0.01 ? [stop()] : []))
 */
export const callback = <P = unknown, S = unknown>(
  every: When | readonly When[],
  respond: (event: TrainEvent<P, S>) => readonly Action[],
): Callback<P, S> => {
  requireFunction('callback', 'what responds', respond)
  return {
    every: moments('callback', every),
    start: () => event => T.of(respond(event)),
  }
}

/** Callbacks; anything else, such as one by itself or a function, is a ValueError. */
export const requireCallbacks = <P, S>(op: string, callbacks: readonly Callback<P, S>[]): void => {
  for (const each of requireList(op, 'callbacks', callbacks))
    if (!isOptions(each) || !Array.isArray(each.every) || typeof each.start !== 'function')
      fail(valueError(op, `callbacks are made by callback, logMetrics and so on, got ${describe(each)}`))
}

/** Callbacks one after the other: each sees what those before it have logged. The identity does nothing. */
export const callbackMonoid = <P, S>(): Monoid<readonly Callback<P, S>[]> => ({
  empty: [],
  concat: (first, second) => [
    ...requireList('callbackMonoid', 'callbacks', first),
    ...requireList('callbackMonoid', 'callbacks', second),
  ],
})

/** A moment as `isDue` needs to know it. */
export type Moment = {
  readonly step: number
  readonly epoch: number
  readonly epochEnds: boolean
  readonly ended: boolean
  /** Seconds since the callback was last called. */
  readonly since: number
}

/** Whether a callback is called at a moment that follows from the number of steps alone, not from the clock or from the end. */
export const isRegular = (every: readonly When[], { step, epoch, epochEnds, ended }: Moment): boolean =>
  isDue(every.filter(when => when !== 'end' && !('seconds' in when)))({ step, epoch, epochEnds, ended, since: 0 })

/** Whether a callback is to be called at a moment; pure. */
export const isDue =
  (every: readonly When[]) =>
  ({ step, epoch, epochEnds, ended, since }: Moment): boolean =>
    every.some(when => {
      if (ended || when === 'end') return ended && when === 'end'
      if ('steps' in when) return step % when.steps === 0
      if ('epochs' in when) return epochEnds && (epoch + 1) % when.epochs === 0
      return since >= when.seconds
    })
