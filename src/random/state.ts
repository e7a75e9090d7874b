/**
 * Random programs without passing keys by hand: fp-ts's `State<Key, A>`.
 *
 * Layer: random.
 */
import type { State } from 'fp-ts/lib/State.js'
import { type Key, type Sampler, split } from './key.ts'

/** A computation that draws from a key and leaves another to draw from: compose it with fp-ts's State. */
export type Random<A> = State<Key, A>

/**
 * A sampler that takes care of its key: it draws from one half of the key and leaves the other.
 *
 * Of `split(key)` the first is left and the second used, as in JAX's `key, subkey = split(key)`. For a handful of
 * draws; a chain of thousands overflows the stack, so draw many numbers as one tensor, or map over `splitMany`.
 * @example
 * const init = sequenceT(Apply)(draw(normal({ shape: [3, 2] })), draw(uniform({ shape: [2] })))
 * const [params, next] = init(key(0))
 */
export const draw =
  <A>(sampler: Sampler<A>): Random<A> =>
  key => {
    const [next, now] = split(key)
    return [sampler(now), next]
  }
