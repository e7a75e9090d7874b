/**
 * Ctrl-C as a signal that a loop can see. Not part of the library.
 */

const SAME_MS = 1000

/**
 * A signal that Ctrl-C aborts. Pressed once more it ends the program; not within a second, though, since npm and tsx pass on a
 * Ctrl-C that the terminal has delivered already.
 */
export const ctrlC = (): AbortSignal => {
  const controller = new AbortController()
  let first = Number.POSITIVE_INFINITY
  process.on('SIGINT', () => {
    const now = performance.now()
    if (now - first > SAME_MS) process.exit(130)
    first = Math.min(first, now)
    controller.abort()
  })
  return controller.signal
}
