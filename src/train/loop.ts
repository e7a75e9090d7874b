/**
 * The moving part of `fit`: the state and the sums of metrics, which each step donates to the next.
 *
 * Layer: train. This is where the training loop is mutable; whatever leaves it is a copy, or the last state.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { item } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { evalShape } from '../transform/evaluate.ts'
import { jit } from '../transform/jit.ts'
import { ownCopy } from './fold.ts'
import { type Averages, addBatch, noSums, readSums, type Sums } from './samples.ts'
import type { TrainState, TrainStep } from './state.ts'

type Carry<P, S> = { readonly state: TrainState<P, S>; readonly sums: Sums }
/** The rate, if there is one. */
type Rates = readonly Tensor[]

/** A step together with the sums of its metrics. */
export type Run<P, S, B> = (carry: Carry<P, S>, batch: B, rates: readonly number[], samples: number) => Carry<P, S>

/** Compiles a step. */
export const compiled = <P, S, B>(step: TrainStep<P, S, B>): Run<P, S, B> => {
  const both = ({ state, sums }: Carry<P, S>, batch: B, rates: Rates, samples: Tensor): Carry<P, S> => {
    const [next, metrics] = step(state, batch, ...rates)
    return { state: next, sums: addBatch(sums, metrics, samples) }
  }
  return jit(both, { donate: [0] }) as unknown as Run<P, S, B>
}

const namesOf = <P, S, B>(step: TrainStep<P, S, B>, state: TrainState<P, S>, batch: B, rates: readonly number[]) => {
  const metrics = (s: TrainState<P, S>, b: B, r: Rates) => step(s, b, ...r)[1]
  return Object.keys(evalShape(metrics)(state as never, batch as never, rates as never))
}

/** A state on its way. */
export type Loop<P, S, B> = {
  readonly step: IO<number>
  /** The state itself, which the next step overwrites. */
  readonly state: IO<TrainState<P, S>>
  readonly advance: (batch: B, rates: readonly number[], samples: number) => void
  /** The averages since they were last read. */
  readonly read: IO<Averages>
  readonly goTo: (state: TrainState<P, S>) => void
}

const countOf = (state: TrainState<unknown, unknown>): number => item(state.step as Tensor<readonly []>)

/** Begins with a copy of a state, so that the caller's stays whole. */
export const loopFrom = <P, S, B>(
  step: TrainStep<P, S, B>,
  run: Run<P, S, B>,
  initial: TrainState<P, S>,
): Loop<P, S, B> => {
  let names: readonly string[] | null = null
  let carry: Carry<P, S> = { state: ownCopy(initial), sums: {} }
  let [done, unread] = [countOf(initial), 0]
  return {
    step: () => done,
    state: () => carry.state,
    advance: (batch, rates, samples) => {
      names ??= namesOf(step, carry.state, batch, rates)
      carry = run(unread === 0 ? { ...carry, sums: noSums(names) } : carry, batch, rates, samples)
      done++
      unread += samples
    },
    read: () => {
      const averages = readSums(carry.sums, unread)
      unread = 0
      return averages
    },
    goTo: state => {
      carry = { ...carry, state: ownCopy(state) }
      done = countOf(state)
    },
  }
}
