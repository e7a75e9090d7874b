/**
 * Where in the epochs a number of steps is, and the batches from there on.
 *
 * Layer: train. The batches of an epoch are found again from its number, which is what makes a training resumable.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireIterable } from '../core/options.ts'

/** The batches of an epoch, counted from 0. The same epoch has the same batches each time: let its order depend on a key and it. */
export type Batches<B> = (epoch: number) => Iterable<B> | AsyncIterable<B>

/** An epoch, and how many of its batches are behind. */
export type Position = { readonly epoch: number; readonly behind: number }

/** How many items there are, looking at no more than `most`. */
const countOf = async (items: Iterable<unknown> | AsyncIterable<unknown>, most: number): Promise<number> => {
  if (Array.isArray(items)) return Math.min(items.length, most)
  let count = 0
  if (most > 0) for await (const _ of items) if (++count === most) break
  return count
}

/** The position after so many steps. Without a number of steps for each epoch, the batches of those behind are counted. */
export const positionOf = async <B>(
  batches: Batches<B>,
  steps: number,
  stepsPerEpoch: number | undefined,
): Promise<Position> => {
  if (stepsPerEpoch !== undefined) return { epoch: Math.floor(steps / stepsPerEpoch), behind: steps % stepsPerEpoch }
  let [epoch, behind] = [0, steps]
  while (behind > 0) {
    // One more than are behind tells an epoch that just ends from one that goes on.
    const count = await countOf(batchesIn(batches, epoch), behind + 1)
    if (count === 0) return noBatches(epoch)
    if (count > behind) break
    behind -= count
    epoch++
  }
  return { epoch, behind }
}

/** The batches of an epoch, which are to be iterated. */
export const batchesIn = <B>(batches: Batches<B>, epoch: number): Iterable<B> | AsyncIterable<B> =>
  requireIterable('fit', `what batches gives for epoch ${epoch}`, batches(epoch))

/** An epoch without batches would never end. */
export const noBatches = (epoch: number): never => fail(valueError('fit', `there are no batches in epoch ${epoch}`))

/** Items with whether they are the last. */
export const withLast = async function* <B>(
  items: Iterable<B> | AsyncIterable<B>,
): AsyncGenerator<{ readonly batch: B; readonly last: boolean }> {
  let held: { readonly batch: B } | null = null
  for await (const batch of items) {
    if (held !== null) yield { ...held, last: false }
    held = { batch }
  }
  if (held !== null) yield { ...held, last: true }
}
