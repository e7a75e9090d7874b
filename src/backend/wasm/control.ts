/**
 * The control block: the words in shared memory through which the main thread and workers talk.
 *
 * Layer: backend. Here are the places of the words and what the main thread does with them; the protocol is explained at
 * `workerSource`. Read next: worker.ts.
 */

/** Bytes of the control block, which lies in the engine's memory, aligned to 64. */
export const CONTROL_BYTES = 256

/** At most so many workers, since each has a word of its own in the block. */
export const MAX_WORKERS = 15

/** At most so many chunks in a phase that is shared out. */
export const MAX_CHUNKS = 4095

/** The places of the block's words. Those that change with every chunk have a cache line of their own. */
export const WORD = {
  /** Grows when there is news; workers sleep on it. */
  sequence: 0,
  /** The module of the job; 0 for none. */
  plan: 1,
  /** Where the module's bytes are, in bytes of memory. */
  bytesAt: 2,
  bytesLength: 3,
  /** The value of `env.data`. */
  data: 4,
  /** The name of the phase's function, its argument, how many chunks it has. */
  fn: 5,
  frame: 6,
  chunks: 7,
  /** How many workers have started. */
  started: 8,
  /** 1 if a worker may be asleep. */
  sleeping: 9,
  /** 1 once a chunk of the phase has thrown, 2 once the message is there. */
  failed: 10,
  messageLength: 11,
  /** How many modules a worker could not instantiate. */
  refused: 12,
  /** A counter of phases in the high 20 bits, in the low 12 how many chunks nobody has claimed. */
  claim: 16,
  /** How many chunks of the phase are finished. */
  done: 17,
  /** For each worker, the module whose bytes it is copying; 0 for none. */
  reading: 18,
  /** UTF-8 up to the end of the block. */
  message: 18 + MAX_WORKERS,
} as const

/** A module whose phases workers can run. Its `id` is positive and never used again for another one. */
export type SharedModule = {
  readonly id: number
  /** Where its binary is in the memory, in bytes. It stays there until `forget`. */
  readonly bytesAt: number
  readonly bytesLength: number
  /** The value of its import `env.data`. */
  readonly data: number
}

/** What the main thread writes into the control block and reads from it. */
export const controlBlock = (words: Int32Array) => {
  let phases = 0
  const idle = (): number => phases << 12
  return {
    /** Names the module of the phases that follow. */
    offer: ({ id, bytesAt, bytesLength, data }: SharedModule): void => {
      if (Atomics.load(words, WORD.plan) === id) return
      Atomics.store(words, WORD.plan, 0)
      Atomics.store(words, WORD.bytesAt, bytesAt)
      Atomics.store(words, WORD.bytesLength, bytesLength)
      Atomics.store(words, WORD.data, data)
      Atomics.add(words, WORD.sequence, 1)
      Atomics.store(words, WORD.plan, id)
    },
    withdraw: (id: number): void => void Atomics.compareExchange(words, WORD.plan, id, 0),
    publish: (fn: number, frame: number, chunks: number): void => {
      phases++
      Atomics.store(words, WORD.fn, fn)
      Atomics.store(words, WORD.frame, frame)
      Atomics.store(words, WORD.chunks, chunks)
      Atomics.store(words, WORD.done, 0)
      Atomics.store(words, WORD.claim, idle() | chunks)
    },
    /** Wakes workers. It costs tens of microseconds, hence sleepers are woken once and not again until they wake up. */
    wake: (): void => {
      if (Atomics.load(words, WORD.sleeping) === 0) return
      Atomics.store(words, WORD.sleeping, 0)
      Atomics.add(words, WORD.sequence, 1)
      Atomics.notify(words, WORD.sequence)
    },
    /** How many chunks nobody had claimed, this one included; 0 if there was none. */
    claim: (): number => {
      for (;;) {
        const claim = Atomics.load(words, WORD.claim)
        if ((claim & MAX_CHUNKS) === 0) return 0
        if (Atomics.compareExchange(words, WORD.claim, claim, claim - 1) === claim) return claim & MAX_CHUNKS
      }
    },
    /** Takes back the chunks that nobody has claimed; how many those are. */
    cancel: (): number => Atomics.exchange(words, WORD.claim, idle()) & MAX_CHUNKS,
    count: (done: number): void => void Atomics.add(words, WORD.done, done),
    /** The message of a chunk that threw on a worker, once. */
    takeFailure: (): string | undefined => {
      if (Atomics.load(words, WORD.failed) === 0) return undefined
      const at = words.byteOffset + 4 * WORD.message
      const bytes = new Uint8Array(words.buffer, at, Atomics.load(words, WORD.messageLength)).slice()
      Atomics.store(words, WORD.failed, 0)
      return new TextDecoder().decode(bytes)
    },
    /** Makes a worker that still reads this module throw away what it has read. */
    revoke: (worker: number, id: number): void => void Atomics.compareExchange(words, WORD.reading + worker, id, -1),
  }
}

/** For how long the main thread looks whether the last chunks are done before it sleeps, where it may. */
const SPIN_MS = 0.1
/** So much of a longer gap between two looks counts for the watchdog: a suspended machine is not a dead worker. */
const LONGEST_GAP_MS = 50

/** Whether this thread may sleep on shared memory: the main thread of a browser may not. */
const maySleep = (words: Int32Array): boolean => {
  try {
    Atomics.wait(words, 0, -1, 0)
    return true
  } catch {
    return false
  }
}

type Wait = (at: number, isOver: (value: number) => boolean) => boolean

/** A function that waits for a word; false if it stays the same for `watchdogMs`. */
export const waiting = (words: Int32Array, watchdogMs: number): Wait => {
  const sleeps = maySleep(words)
  return (at, isOver) => {
    let seen = Atomics.load(words, at)
    if (isOver(seen)) return true
    const from = performance.now()
    let [last, quiet] = [from, 0]
    while (quiet <= watchdogMs) {
      const now = performance.now()
      if (sleeps && now - from > SPIN_MS) Atomics.wait(words, at, seen, 1)
      const value = Atomics.load(words, at)
      if (isOver(value)) return true
      quiet = value === seen ? quiet + Math.min(now - last, LONGEST_GAP_MS) : 0
      last = now
      seen = value
    }
    return false
  }
}
