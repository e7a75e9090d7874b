/**
 * Asking for what comes next while the present is in use.
 *
 * Layer: data. Where items are made asynchronously (files, downloads, a decoder) waiting and computing overlap.
 */
import { fail, valueError } from '../core/errors.ts'

type Source<A> = AsyncIterable<A> | Iterable<A>

const iteratorOf = <A>(source: Source<A>): AsyncIterator<A> | Iterator<A> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()

/** The next result as a promise, whatever the source is; a source that throws rejects. */
const next = async <A>(items: AsyncIterator<A> | Iterator<A>): Promise<IteratorResult<A>> => items.next()

async function* ahead<A>(n: number, source: Source<A>): AsyncGenerator<A, void, undefined> {
  const items = iteratorOf(source)
  const asked: Promise<IteratorResult<A>>[] = []
  let open = true
  const ask = (): void => {
    while (asked.length < n) {
      const result = next(items)
      // An error is heard when its turn comes; until then it must not count as unhandled.
      result.catch(() => {})
      asked.push(result)
    }
  }
  try {
    for (;;) {
      ask()
      const result = await asked.shift()
      if (result === undefined || result.done === true) {
        open = false
        return
      }
      ask()
      yield result.value
    }
  } finally {
    if (open) await items.return?.()
  }
}

/**
 * The items of a source in their order, each asked for before its turn: while one is in use up to `n` more are being made.
 *
 * Errors of the source come in their turn. When the loop over the items is left early, the source is closed.
 * @param n how many to be ahead, at least 1; a ValueError otherwise
 * @example
 * for await (const batch of prefetch(2)([tensor([1]), tensor([2])])) show(batch)
 */
export const prefetch = (n: number): (<A>(source: Source<A>) => AsyncIterable<A>) =>
  Number.isSafeInteger(n) && n >= 1
    ? source => ({ [Symbol.asyncIterator]: () => ahead(n, source) })
    : fail(valueError('prefetch', `n is a whole number of at least 1, got ${n}`))
