/**
 * Pauses of long asynchronous loops, in which timers, messages and keys are heard; promises alone let none of them in.
 *
 * Layer: core. Read next: train/fold.ts.
 */

/** A synchronous loop would let neither Ctrl-C nor a browser's page be heard. */
const BREATHE_EVERY_MS = 16

/** A pause for a loop to wait for after each step: most are none. */
export const pauses = (): (() => Promise<void> | undefined) => {
  let rested = performance.now()
  const rest = async (): Promise<void> => {
    await breathe()
    rested = performance.now()
  }
  return () => (performance.now() - rested < BREATHE_EVERY_MS ? undefined : rest())
}

/** Lets everything that waits happen. Browsers have no setImmediate, and their timers wait for milliseconds; messages do not. */
const breathe = (): Promise<void> =>
  new Promise(resolve => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else {
      const { port1, port2 } = new MessageChannel()
      const onmessage = (): void => {
        port1.close()
        resolve()
      }
      Object.assign(port1, { onmessage })
      port2.postMessage(null)
    }
  })
