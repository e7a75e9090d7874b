/**
 * A training loop is a fold: a pure step from state and item to the next state, over the batches of an epoch.
 *
 * Layer: train. Where nobody sees the states in between and the step is jitted, a fold donates them: each takes the memory of the one
 * before. Read next: average.ts, for what the state keeps of the losses.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { requireFunction, requireIterable, requireOptions } from '../core/options.ts'
import { pauses } from '../core/pause.ts'
import { copy, isTensor } from '../core/tensor.ts'
import { flatten, unflatten } from '../core/tree.ts'
import { donatingFirst } from '../transform/jit.ts'

/** The next state from a state and an item; pure. */
export type Step<S, A> = (state: S, item: A) => S

/**
 * The state after all items, in order: step(… step(initial, first) …, last). Takes any iterable, a generator too, and runs in
 * constant space; for no items it is the initial state.
 * @example
 * fold(0, (total, x: number) => total + x)([1, 2, 3]) // 6
 */
export const fold =
  <S, A>(initial: S, step: Step<S, A>) =>
  (items: Iterable<A>): S => {
    const donating = donatingFirst(requireFunction('fold', 'the step', step))
    const next = donating ?? step
    let state = donating === null ? initial : ownCopy(initial)
    for (const item of requireIterable('fold', 'the items', items)) state = next(state, item)
    return state
  }

/** A tree whose tensors are nobody else's. */
export const ownCopy = <S>(tree: S): S => {
  const [leaves, shape] = flatten(tree)
  return unflatten<S>(
    shape,
    leaves.map(leaf => (isTensor(leaf) ? copy(leaf) : leaf)),
  )
}

/** What `foldTask` does besides folding. */
export type FoldOptions<S> = {
  /** Is shown each state, with the number of items so far: for progress bars and logs. */
  readonly observe?: (state: S, count: number) => void
  /** When this is aborted, the fold ends with the state that it has reached. */
  readonly signal?: AbortSignal
}

/**
 * `fold` as a task: between steps, up to sixty times a second, it lets other things happen; it shows each state to `observe`, and
 * ends early when `signal` says so. The state it ends with is that of `fold` over the items it has seen. An error thrown by the
 * step rejects.
 * @example
 * const add = (total: number, x: number) => total + x
 * await foldTask(0, add, { observe: (total, count) => console.log(total / count) })([1, 2, 3])() // 6
 */
export const foldTask = <S, A>(initial: S, step: Step<S, A>, options: FoldOptions<NoInfer<S>> = {}) => {
  const { observe, signal } = requireOptions('foldTask', options, ['observe', 'signal'])
  requireFunction('foldTask', 'the step', step)
  return (items: Iterable<A>): Task<S> => {
    requireIterable('foldTask', 'the items', items)
    return async () => {
      const donating = observe === undefined ? donatingFirst(step) : null
      const next = donating ?? step
      let state = donating === null ? initial : ownCopy(initial)
      let count = 0
      const pause = pauses()
      for (const item of items) {
        if (signal?.aborted) break
        state = next(state, item)
        observe?.(state, ++count)
        const rest = pause()
        if (rest !== undefined) await rest
      }
      return state
    }
  }
}
