/**
 * The training loop: a fold of a step over the batches of each epoch, with callbacks that look on.
 *
 * Layer: train. Between moments at which a callback is due nothing is read back: state and sums of metrics are donated from step to
 * step. Callbacks get copies, so they cannot change where the training goes. Read first: state.ts and callback.ts; next: watch.ts.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import type { AsyncBackend } from '../backend/backend.ts'
import { describe, fail, valueError } from '../core/errors.ts'
import { requireChoice, requireFunction, requireList, requireOptions, requireRecord } from '../core/options.ts'
import { pauses } from '../core/pause.ts'
import { toHost } from '../transform/to-host.ts'
import { type Callback, type Measured, nothingMeasured, type Reason, requireCallbacks } from './callback.ts'
import type { SamplesOption } from './evaluate.ts'
import { ownCopy } from './fold.ts'
import type { History } from './history.ts'
import { compiled, type Loop, loopFrom } from './loop.ts'
import { type Batches, batchesIn, noBatches, positionOf, withLast } from './position.ts'
import { checkSamples, samplesOf } from './samples.ts'
import { requireTrainState, type TrainState, type TrainStep } from './state.ts'
import { type Ending, type Kept, type Watch, watching } from './watch.ts'

/** The learning rate of an epoch, from its number (the first is 0) and all that was logged before it began. */
export type RateOf = (before: { readonly epoch: number; readonly history: History }) => number

/** What to train, and how long. */
export type FitOptions<P, S, B> = SamplesOption<NoInfer<B>> & {
  readonly step: TrainStep<P, S, B>
  /** How many epochs in all, those before a resumed state included. */
  readonly epochs: number
  readonly batches: Batches<NoInfer<B>>
  /** Saves counting the batches of epochs that lie behind when resuming. */
  readonly stepsPerEpoch?: number
  readonly callbacks?: readonly Callback<NoInfer<P>, NoInfer<S>>[]
  /** When this is aborted, training ends after the present step. */
  readonly signal?: AbortSignal
  /** For a step whose optimizer is a function of the rate. */
  readonly rate?: RateOf
  /** What was logged before, when resuming. */
  readonly history?: History
  /** What was measured before and not logged yet, when resuming: without it, callbacks see only what is measured from then on. */
  readonly measured?: Measured
  /** What to do when a mean loss is found not to be finite: `stop` (the default), or `continue` and leave it to the reader. */
  readonly notFinite?: 'stop' | 'continue'
  /** What runs the steps, such as a GPU; the engine unless said otherwise. It is not closed. */
  readonly backend?: AsyncBackend
}

const names = [
  ...['step', 'epochs', 'batches', 'samples', 'stepsPerEpoch', 'callbacks', 'signal'],
  ...['rate', 'history', 'measured', 'notFinite', 'backend'],
] as readonly (keyof FitOptions<unknown, unknown, unknown>)[]

/**
 * Where a training ended, how, what was logged, what was measured and is still to be logged should it go on, and the states that were
 * kept, by name. An error if it failed.
 */
export type FitResult<P, S> = {
  readonly state: TrainState<P, S>
  readonly history: History
  readonly measured: Measured
  readonly best: { readonly [name: string]: Kept<P, S> }
} & (
  | { readonly reason: Exclude<Reason, 'failed'>; readonly error: null }
  | { readonly reason: 'failed'; readonly error: Error }
)

const atLeast = (name: string, least: number, value: number | undefined): void => {
  if (value !== undefined && !(Number.isInteger(value) && value >= least))
    fail(valueError('fit', `${name} must be a whole number of at least ${least}, got ${value}`))
}

/** A rate that a function of the epoch has given, if there is one. */
const checkRate = (rate: number | undefined): number | null =>
  rate === undefined || typeof rate === 'number'
    ? (rate ?? null)
    : fail(valueError('fit', `rate must give a number, got ${describe(rate)}`))

/** Refuses what was measured before unless it has the form that snapshots have. */
const checkMeasured = (measured: Measured): void => {
  requireRecord('fit', 'what was measured, as a snapshot has it', measured, ['windows', 'epoch', 'unread'])
  requireList('fit', 'measured.windows', measured.windows)
}

/** Refuses parts of a training that are not what they should be. */
const checkParts = <P, S, B>({
  step,
  batches,
  samples,
  callbacks,
  rate,
  history,
  measured,
}: FitOptions<P, S, B>): void => {
  requireFunction('fit', 'step', step)
  requireFunction('fit', 'batches (of an epoch: epoch => …)', batches)
  if (samples !== undefined) requireFunction('fit', 'samples', samples)
  if (rate !== undefined) requireFunction('fit', 'rate', rate)
  if (callbacks !== undefined) requireCallbacks('fit', callbacks)
  for (const entry of requireList('fit', 'history', history === undefined ? [] : history))
    requireRecord('fit', 'a history of entries { series, step, epoch, values }', entry, ['series', 'step', 'values'])
  if (measured !== undefined) checkMeasured(measured)
}

/** How a training ends that nobody has stopped. */
const ending = (reason: 'finished' | 'interrupted' | 'failed'): Ending => ({ reason, restore: null, error: null })

/** An epoch from a position on; says how the training ended if it did. */
const epochOf = <P, S, B>(options: FitOptions<P, S, B>, loop: Loop<P, S, B>, watch: Watch<P, S>) => {
  const { batches, samples = samplesOf, stepsPerEpoch, signal } = options
  // One for all epochs: those that are shorter than the time between pauses would never come to one.
  const pause = pauses()
  return async (epoch: number, behind: number): Promise<Ending | null> => {
    const first = loop.step() - behind
    const before = { epoch, history: watch.history().filter(entry => entry.step <= first) }
    const rate = checkRate(options.rate?.(before))
    const rates = rate === null ? [] : [rate]
    let count = 0
    watch.begin(rate, behind)
    for await (const { batch, last } of withLast(batchesIn(batches, epoch))) {
      const size = checkSamples('fit', samples(batch))
      watch.sampled(size)
      if (count++ < behind) continue
      if (signal?.aborted) return ending('interrupted')
      await loop.advance(batch, rates, size)
      const end = await watch.look({ step: loop.step(), epoch, epochEnds: last, reason: null })
      if (end !== null) return end
      await pause()
    }
    if (stepsPerEpoch !== undefined && count !== stepsPerEpoch)
      fail(valueError('fit', `epoch ${epoch} has ${count} batches, but stepsPerEpoch is ${stepsPerEpoch}`))
    return count === 0 ? noBatches(epoch) : null
  }
}

/**
 * After an error that was thrown: what has been trained is not lost by it, so that it is how the training ended. Where nothing has been
 * trained yet displays are closed, and the error goes on.
 */
const thrown =
  <P, S, B>(loop: Loop<P, S, B>, watch: Watch<P, S>, epoch: number, first: number) =>
  async (error: unknown): Promise<Ending> => {
    if (loop.step() > first) return { ...ending('failed'), error: asError(error) }
    // What else goes wrong now follows from the first error, which is the one to tell.
    await watch.look({ step: loop.step(), epoch, epochEnds: false, reason: 'failed' }).catch(() => null)
    throw error
  }

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Epochs until one ends the training, or all are done. */
const epochsOf = async <P, S, B>(
  options: FitOptions<P, S, B>,
  loop: Loop<P, S, B>,
  watch: Watch<P, S>,
): Promise<{ readonly epoch: number; readonly end: Ending }> => {
  const trainEpoch = epochOf(options, loop, watch)
  const first = loop.step()
  const from = await positionOf(options.batches, loop.step(), options.stepsPerEpoch)
  for (let epoch = from.epoch; epoch < options.epochs; epoch++) {
    if (options.signal?.aborted) return { epoch: epoch - 1, end: ending('interrupted') }
    const behind = epoch === from.epoch ? from.behind : 0
    const end = await trainEpoch(epoch, behind).catch(thrown(loop, watch, epoch, first))
    if (end !== null) return { epoch, end }
  }
  return { epoch: Math.max(from.epoch, options.epochs) - 1, end: ending('finished') }
}

const train = async <P, S, B>(options: FitOptions<P, S, B>, loop: Loop<P, S, B>): Promise<FitResult<P, S>> => {
  const { epochs, callbacks = [], history = [], measured = nothingMeasured, notFinite = 'stop' } = options
  const { read, begin, fetch } = loop
  const subject = { epochs, state: () => ownCopy(loop.state()), read, begin, fetch, stops: notFinite === 'stop' }
  const watch = watching(subject, callbacks, { history, measured })
  const { epoch, end } = await epochsOf(options, loop, watch)
  const back = end.restore === null ? undefined : watch.kept()[end.restore]
  if (back !== undefined) loop.goTo(back.state)
  const moment = { step: loop.step(), epoch: Math.max(0, epoch), epochEnds: false, reason: end.reason }
  const last = await watch.look(moment).catch((error): Ending => ({ ...ending('failed'), error: asError(error) }))
  const { reason, error } = end.error === null && last !== null ? last : end
  await fetch()
  // What was measured does not belong to a state that was gone back to.
  const open = back === undefined ? watch.measured() : nothingMeasured
  const result = { state: loop.state(), history: watch.history(), measured: open, best: watch.kept() }
  return reason === 'failed' && error !== null
    ? { ...result, reason, error }
    : { ...result, reason: end.reason as Exclude<Reason, 'failed'>, error: null }
}

/**
 * Trains a state: the step over the batches of one epoch after the other, compiled, with the memory of each state used for the next.
 *
 * The state it ends in is that of the step folded over all batches: callbacks look on, and can end the training but not bend it. A
 * state that was saved, with any number of its steps done, goes on where it stopped and ends in the same bits, as long as `batches`
 * gives the same epoch the same batches; with the `history` and what was `measured` then, and the same callbacks, it logs the same
 * values too. Metrics are added up on the device, weighted by the samples of each batch, and read when a
 * callback is due and at the end of an epoch. Between steps, some sixty times a second, other things may happen. On a `backend` the
 * state stays on its device; it is copied to the host when a callback is due, and metrics are added up in float32.
 * @returns the last state; `reason`: `finished`, `stopped early` by a callback, `interrupted` by the signal after a complete step, or
 *   `failed` with an error: a TrainError when the loss is no longer finite, or whatever batches, step and callbacks throw once a step is
 *   done; what was trained until then is not lost
 * @throws ValueError for options that are missing or not what they should be, and for a state that `trainState` has not made; in the task
 *   before a step is done, ValueError for an epoch without batches,
 *   ShapeError when it is not clear how many samples a batch has, and whatever the step throws
 * @example
 * const loss = ({ w }: { w: Tensor }, state: readonly [], x: Tensor) =>
 *   [mean(square(matmul(x, w))), { state, metrics: {} }] as const
 * const optimizer = sgd({ learningRate: 0.1 })
 * const start = trainState({ optimizer, key: key(0) })({ params: { w: ones([3, 1]) }, state: [] as const })
 * const { state, reason } = await fit({ step: trainStep({ loss, optimizer }), epochs: 2, batches: () => [inputs, inputs] })(start)()
 * item(state.step) // 4
 */
export const fit = <P, S, B>(options: FitOptions<P, S, B>): ((state: TrainState<P, S>) => Task<FitResult<P, S>>) => {
  requireOptions('fit', options, names, ['step', 'epochs', 'batches'])
  requireChoice('fit', 'notFinite', options.notFinite ?? 'stop', ['stop', 'continue'])
  atLeast('epochs', 0, options.epochs)
  atLeast('stepsPerEpoch', 1, options.stepsPerEpoch)
  checkParts(options)
  const run = compiled(options.step, options.backend)
  const { unread } = options.measured ?? nothingMeasured
  return state => {
    requireTrainState('fit', state)
    return async () => train(options, loopFrom(options.step, run, await toHost(state), unread))
  }
}
