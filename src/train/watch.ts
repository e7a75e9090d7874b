/**
 * The side of `fit` that looks on: it finds the callbacks that are due, tells them what they want to know, and does what they answer.
 *
 * Layer: train. Each callback has a window: the averages since it was last called. What is read from the device goes to all windows,
 * and new sums are begun, at moments that follow from the number of steps alone. At others, such as after some seconds or when the
 * training is interrupted, sums go on: where they are cut says how they are rounded, which is thus the same when a training is resumed.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { describe, fail, valueError } from '../core/errors.ts'
import { requireList } from '../core/options.ts'
import {
  type Action,
  type Callback,
  checkValues,
  isDue,
  isRegular,
  type Measured,
  type Reason,
  type Respond,
  type TrainEvent,
  type When,
} from './callback.ts'
import { notFiniteError } from './errors.ts'
import type { Entry, History } from './history.ts'
import { type Averages, averages, meansOf, without } from './samples.ts'
import type { TrainState } from './state.ts'

/** A state that a callback has kept, with the value that it was kept for. */
export type Kept<P, S> = {
  readonly state: TrainState<P, S>
  readonly step: number
  readonly epoch: number
  readonly value: number
}

/** How a training ends: the reason, the name of a state to go back to, an error. */
export type Ending = { readonly reason: Reason; readonly restore: string | null; readonly error: Error | null }

/** What `fit` knows of a moment. */
export type Now = {
  readonly step: number
  readonly epoch: number
  readonly epochEnds: boolean
  readonly reason: Reason | null
}

/** What there is to look at: the state, to be copied, and the averages since sums were last begun. */
export type Subject<P, S> = {
  readonly epochs: number
  readonly state: IO<TrainState<P, S>>
  readonly read: Task<Averages>
  /** Begins new sums. */
  readonly begin: IO<void>
  /** Sees to it that the state can be looked at. */
  readonly fetch: Task<void>
  /** Whether a loss that is not finite ends the training. */
  readonly stops: boolean
}

/** The watch over a training. */
export type Watch<P, S> = {
  /** An epoch begins or, with some of its batches behind, goes on; with a rate if there is one. */
  readonly begin: (rate: number | null, behind: number) => void
  /** So many samples more of the epoch are done or behind. */
  readonly sampled: (count: number) => void
  /** Calls who is due; says how the training ends, if it does now. */
  readonly look: (now: Now) => Promise<Ending | null>
  readonly history: IO<History>
  readonly measured: IO<Measured>
  readonly kept: IO<Readonly<Record<string, Kept<P, S>>>>
}

type Watcher<P, S> = {
  readonly every: readonly When[]
  readonly last: boolean
  readonly respond: Respond<P, S>
  /** The averages since it was last called, but for those that were not settled then or are not now. */
  window: Averages
  called: number
}

const sameMoments = (a: readonly When[], b: readonly When[]): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The windows of callbacks by when they are called, which is all that they depend on. */
const windowsOf = (watchers: readonly Watcher<never, never>[]): Measured['windows'] =>
  watchers
    .filter(({ every }, i) => watchers.findIndex(other => sameMoments(other.every, every)) === i)
    .map(({ every, window }) => ({ every, averages: window }))

/** Lazily, once. */
const once = <A>(f: IO<A>): IO<A> => {
  let made: { readonly value: A } | null = null
  return () => {
    made ??= { value: f() }
    return made.value
  }
}

/** Starts the callbacks of a training. */
export const watching = <P, S>(
  subject: Subject<P, S>,
  callbacks: readonly Callback<P, S>[],
  before: { readonly history: History; readonly measured: Measured },
): Watch<P, S> => {
  const entries: Entry[] = [...before.history]
  const kept: Record<string, Kept<P, S>> = {}
  const watchers = callbacks.map(({ every, last = false, start }): Watcher<P, S> => {
    const window = before.measured.windows.find(other => sameMoments(other.every, every))?.averages ?? {}
    return { every, last, respond: start(), window, called: performance.now() }
  })
  let [settled, unsettled] = [before.measured.epoch, before.measured.unread]
  let epoch = { samples: 0, began: performance.now(), rate: null as number | null }

  const eventFor = (watcher: Watcher<P, S>, now: Now, state: IO<TrainState<P, S>>): TrainEvent<P, S> => ({
    ...now,
    epochs: subject.epochs,
    samples: epoch.samples,
    seconds: (performance.now() - epoch.began) / 1000,
    rate: epoch.rate,
    metrics: meansOf(averages.concat(unsettled, watcher.window)),
    running: meansOf(averages.concat(unsettled, settled)),
    get history() {
      return [...entries]
    },
    get measured() {
      return measured()
    },
    state,
  })

  const measured = (): Measured => ({
    windows: windowsOf(watchers as readonly Watcher<never, never>[]),
    epoch: settled,
    unread: unsettled,
  })

  const act = ({ step, epoch }: Now, state: IO<TrainState<P, S>>, action: Action): Ending | null => {
    switch (action.tag) {
      case 'log':
        entries.push({
          series: action.series,
          step,
          epoch,
          values: checkValues('callback', action.series, action.values),
        })
        return null
      case 'keep':
        kept[action.name] = { state: state(), step, epoch, value: action.value }
        return null
      case 'stop':
        return { reason: 'stopped early', restore: action.restore, error: null }
      case 'fail':
        return { reason: 'failed', restore: null, error: action.error }
      default:
        return fail(valueError('callback', `answers with actions such as log and stop, got ${describe(action)}`))
    }
  }

  /** Adds what has been read to all windows, and begins new sums. */
  const settle = (): void => {
    settled = averages.concat(unsettled, settled)
    for (const watcher of watchers) watcher.window = averages.concat(unsettled, watcher.window)
    unsettled = {}
    subject.begin()
  }

  /** Reads what has been added up; says if the loss among it is not finite. */
  const catchUp = async (now: Now): Promise<Ending | null> => {
    const { step } = now
    unsettled = await subject.read()
    const moment = { ...now, ended: now.reason !== null, since: 0 }
    const loss = meansOf(unsettled).loss ?? 0
    // Sums that are not finite would stay so.
    const regular = now.epochEnds || watchers.some(({ every }) => isRegular(every, moment))
    if (regular || !Object.values(unsettled).every(({ sum }) => Number.isFinite(sum))) settle()
    return Number.isFinite(loss) || !subject.stops
      ? null
      : { reason: 'failed', restore: null, error: notFiniteError(loss, step) }
  }

  const call = async (due: readonly Watcher<P, S>[], now: Now): Promise<Ending | null> => {
    if (due.length > 0) await subject.fetch()
    const state = once(subject.state)
    let ending: Ending | null = null
    for (const watcher of [...due.filter(({ last }) => !last), ...due.filter(({ last }) => last)]) {
      const event = eventFor(watcher, now, state)
      watcher.window = without(unsettled)
      const actions = requireList('callback', 'what a callback answers with', await watcher.respond(event)())
      watcher.called = performance.now()
      for (const action of actions) {
        const next = act(now, state, action)
        if (next !== null && ending?.reason !== 'failed') ending = next
      }
    }
    return ending
  }

  return {
    begin: (rate, behind) => {
      if (behind === 0) settled = {}
      epoch = { samples: 0, began: performance.now(), rate }
    },
    sampled: count => {
      epoch = { ...epoch, samples: epoch.samples + count }
    },
    look: async now => {
      const time = performance.now()
      const due = watchers.filter(({ every, called }) =>
        isDue(every)({ ...now, ended: now.reason !== null, since: (time - called) / 1000 }),
      )
      if (due.length === 0 && !now.epochEnds) return null
      return (await catchUp(now)) ?? (await call(due, now))
    },
    history: () => [...entries],
    measured,
    kept: () => ({ ...kept }),
  }
}
