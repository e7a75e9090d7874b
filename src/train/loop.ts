/**
 * The moving part of `fit`: the state and the sums of metrics, which each step donates to the next.
 *
 * Layer: train. This is where the training loop is mutable; whatever leaves it is a copy, or the last state.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { AsyncBackend } from '../backend/backend.ts'
import type { FloatDtype } from '../core/dtype.ts'
import { describe, fail, treeError } from '../core/errors.ts'
import { isOptions } from '../core/options.ts'
import { checkPromise } from '../core/program.ts'
import { item } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { compile } from '../transform/compile.ts'
import { evalShape } from '../transform/evaluate.ts'
import { jit } from '../transform/jit.ts'
import { toHost } from '../transform/to-host.ts'
import { ownCopy } from './fold.ts'
import { type Averages, addBatch, noSums, readSums, type Sums, sumsFrom } from './samples.ts'
import type { TrainState, TrainStep } from './state.ts'

type Carry<P, S> = { readonly state: TrainState<P, S>; readonly sums: Sums }
/** The rate, if there is one. */
type Rates = readonly Tensor[]

/** At once from the engine; a promise from a backend that takes its time. */
type Soon<A> = A | Promise<A>

/** A step together with the sums of its metrics. */
export type Run<P, S, B> = {
  readonly step: (carry: Carry<P, S>, batch: B, rates: readonly number[], samples: number) => Soon<Carry<P, S>>
  /** What metrics are added up in. */
  readonly sums: FloatDtype
}

/** What a step returned, or what it should have. */
const stepResult = <A>(y: A): A => {
  checkPromise('fit', y)
  return Array.isArray(y) && y.length === 2 && isOptions(y[1])
    ? y
    : fail(treeError('fit', `the step must return [state, metrics], got ${describe(y)}`))
}

/** Compiles a step, for the engine unless there is a backend. */
export const compiled = <P, S, B>(step: TrainStep<P, S, B>, backend?: AsyncBackend): Run<P, S, B> => {
  const both = ({ state, sums }: Carry<P, S>, batch: B, rates: Rates, samples: Tensor): Carry<P, S> => {
    const [next, metrics] = stepResult(step(state, batch, ...rates))
    return { state: next, sums: addBatch(sums, metrics, samples) }
  }
  const run = backend === undefined ? jit(both, { donate: [0] }) : compile(both, { donate: [0], backend })
  return { step: run as unknown as Run<P, S, B>['step'], sums: backend === undefined ? 'float64' : 'float32' }
}

const namesOf = <P, S, B>(step: TrainStep<P, S, B>, state: TrainState<P, S>, batch: B, rates: readonly number[]) => {
  const metrics = (s: TrainState<P, S>, b: B, r: Rates) => stepResult(step(s, b, ...r))[1]
  return Object.keys(evalShape(metrics)(state as never, batch as never, rates as never))
}

/** A state on its way. */
export type Loop<P, S, B> = {
  readonly step: IO<number>
  /** The state itself, which the next step overwrites; its values are there after `fetch`. */
  readonly state: IO<TrainState<P, S>>
  readonly advance: (batch: B, rates: readonly number[], samples: number) => Soon<void>
  /** The averages since sums were last begun. */
  readonly read: Task<Averages>
  /** Begins new sums with the next step. */
  readonly begin: IO<void>
  /** Copies the state from the device that it is on. */
  readonly fetch: Task<void>
  readonly goTo: (state: TrainState<P, S>) => void
}

const countOf = (state: TrainState<unknown, unknown>): number => item(state.step as Tensor<readonly []>)

/** How many samples averages are over. */
const samplesIn = (averages: Averages): number => Object.values(averages)[0]?.weight ?? 0

/** Begins with a copy of a state, so that the caller's stays whole, and with the sums that `before` are the averages of. */
export const loopFrom = <P, S, B>(
  step: TrainStep<P, S, B>,
  run: Run<P, S, B>,
  initial: TrainState<P, S>,
  before: Averages,
): Loop<P, S, B> => {
  let names: readonly string[] | null = null
  let carry: Carry<P, S> = { state: ownCopy(initial), sums: {} }
  let [done, added, earlier] = [countOf(initial), 0, before]
  const goOn = (next: Carry<P, S>, samples: number): void => {
    carry = next
    done++
    added += samples
  }
  const firstSums = (known: readonly string[]): Sums => {
    if (samplesIn(earlier) === 0) return noSums(known, run.sums)
    added = samplesIn(earlier)
    return sumsFrom(known, run.sums, earlier)
  }
  return {
    step: () => done,
    state: () => carry.state,
    advance: (batch, rates, samples) => {
      names ??= namesOf(step, carry.state, batch, rates)
      const from = added === 0 ? { ...carry, sums: firstSums(names) } : carry
      const next = run.step(from, batch, rates, samples)
      return next instanceof Promise ? next.then(found => goOn(found, samples)) : goOn(next, samples)
    },
    read: async () => (added === 0 ? earlier : readSums(await toHost(carry.sums), added)),
    begin: () => {
      earlier = {}
      added = 0
    },
    fetch: async () => {
      await toHost(carry.state)
    },
    goTo: state => {
      carry = { ...carry, state: ownCopy(state) }
      done = countOf(state)
    },
  }
}
