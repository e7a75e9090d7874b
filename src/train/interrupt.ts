/**
 * Ctrl-C as a signal that a loop can see.
 *
 * Layer: train. Node only; elsewhere the signal is never aborted.
 */
import type { IO } from 'fp-ts/lib/IO.js'

/** npm and tsx pass on a Ctrl-C that the terminal has delivered already: these belong to one press. */
const SAME_PRESS_MS = 1000

/** As shells have it for a program that SIGINT has ended. */
const INTERRUPTED = 130

/**
 * A signal that Ctrl-C aborts: `fit` then ends after the present step. Pressed once more, it ends the program; not within a second,
 * though, since some launchers pass on what the terminal has delivered already. In browsers the signal is never aborted.
 * @example
 * const options = { signal: ctrlC() }
 */
export const ctrlC: IO<AbortSignal> = () => {
  const controller = new AbortController()
  if (typeof process === 'undefined' || typeof process.on !== 'function') return controller.signal
  let first = Infinity
  process.on('SIGINT', () => {
    const now = performance.now()
    if (now - first > SAME_PRESS_MS) process.exit(INTERRUPTED)
    first = Math.min(first, now)
    controller.abort()
  })
  return controller.signal
}
