/**
 * The thread pool: chunks of work are claimed one by one, by the main thread and by workers.
 *
 * Layer: backend. The main thread publishes a phase in a control block in shared memory and claims chunks like everybody else, hence
 * nothing ever waits for a worker to start; it waits only for chunks that a worker has claimed. Which thread runs a chunk has no
 * influence on results. Read next: worker.ts, the other side and the argument why it is safe.
 */
import { CotangentError, engineError, messageOf } from '../../core/errors.ts'
import { CONTROL_BYTES, controlBlock, MAX_CHUNKS, MAX_WORKERS, type SharedModule, WORD, waiting } from './control.ts'
import { hindrance, type StartWorker, startWorker, type Terminate } from './spawn.ts'

/** Runs a chunk of a phase on the main thread. */
export type RunChunk = (frame: number, chunk: number) => void

/** Threads that run phases together. */
export type Pool = {
  /** How many threads take part, once they have started: the main thread and the workers there are. */
  readonly size: () => number
  /** How many workers have started. */
  readonly started: () => number
  /**
   * Opens a job, or goes on to another module in it: the phases that follow are functions of this module. `work` is about how many
   * ns the job takes on one thread: little work is shared with workers that are awake, much of it wakes them. Jobs in quick
   * succession count as one.
   */
  readonly begin: (module: SharedModule, work?: number) => void
  /**
   * Runs chunks 0 to `chunks - 1` and returns when all are done. Workers call what the module exports under the name `String(fn)`
   * with `(frame, chunk)`, and `runOnMain` does the same here. Outside of a job, all chunks run here. When a chunk throws, so does
   * this, after all chunks that were claimed have ended.
   */
  readonly phase: (fn: number, frame: number, chunks: number, runOnMain: RunChunk) => void
  /** Closes the job. Workers look for another one for a moment, then sleep. */
  readonly end: () => void
  /** Returns when no worker reads the bytes of this module any more; they may then be overwritten. */
  readonly forget: (id: number) => void
  /** Ends the workers. What follows runs on the main thread. */
  readonly close: () => Promise<void>
  /** How many threads there are, and if they are fewer than asked for, why. */
  readonly describe: () => string
}

/** How a pool is made. */
export type PoolOptions = {
  /** A `WebAssembly.Memory`; if it is not shared, there are no workers. */
  readonly memory: { readonly buffer: ArrayBufferLike }
  /** Where `CONTROL_BYTES` of the memory, aligned to 64, belong to the pool. */
  readonly control: number
  /** How many threads, the main thread included. */
  readonly threads: number
  /** How long no claimed chunk may end before its worker counts as dead, 30,000 ms by default. */
  readonly watchdogMs?: number
  /** How long idle workers look for work before they sleep, 0.3 ms by default. */
  readonly spinMs?: number
  /** Starts a worker, as the platform does by default. */
  readonly start?: StartWorker
}

/** To wake a sleeping worker costs 50 to 300 µs, according to the machine; a job of fewer ns is done sooner without it. */
const WORTH_WAKING = 300_000

type StartOne = (index: number, gone: (why: string) => void) => Terminate

/** The workers of a pool, which are started once. */
const crewOf = (wanted: number, start: StartOne) => {
  const members = new Map<number, Terminate>()
  let isComplete = false
  let loss: string | undefined
  const lose = (index: number, why: string): void => {
    if (members.delete(index)) loss ??= `a worker failed: ${why}`
  }
  return {
    /** How many there are, or will be. */
    size: (): number => (isComplete ? members.size : wanted),
    /** Why some are missing. */
    loss: (): string | undefined => loss,
    muster: (): void => {
      if (isComplete) return
      isComplete = true
      try {
        for (let i = 0; i < wanted; i++)
          members.set(
            i,
            start(i, why => lose(i, why)),
          )
      } catch (error) {
        loss = `workers cannot be started: ${messageOf(error)}`
      }
    },
    /** Ends all of them, for good. */
    retire: async (why: string): Promise<void> => {
      const ends = [...members.values()]
      if (!isComplete || ends.length > 0) loss = why
      isComplete = true
      members.clear()
      await Promise.all(ends.map(end => end()))
    },
  }
}

const asEngineError = (error: unknown): CotangentError =>
  error instanceof CotangentError ? error : engineError('engine', messageOf(error))

const runAlone: Pool['phase'] = (_fn, frame, chunks, runOnMain) => {
  try {
    for (let chunk = 0; chunk < chunks; chunk++) runOnMain(frame, chunk)
  } catch (error) {
    throw asEngineError(error)
  }
}

/** Why a pool has no workers from the beginning. */
const obstacle = ({ memory, threads }: PoolOptions): string | undefined => {
  if (threads <= 1) return 'no more were asked for'
  const reason = hindrance()
  if (reason !== undefined) return reason
  return memory.buffer[Symbol.toStringTag] === 'SharedArrayBuffer' ? undefined : 'the memory is not shared'
}

/** A pool of the main thread alone. */
const lonelyPool = (why: string): Pool => ({
  size: () => 1,
  started: () => 0,
  begin: () => {},
  phase: runAlone,
  end: () => {},
  forget: () => {},
  close: async () => {},
  describe: () => `1 thread: ${why}`,
})

const sharedPool = (options: PoolOptions): Pool => {
  const { memory, control, watchdogMs = 30_000, spinMs = 0.3, start = startWorker } = options
  const wanted = Math.min(options.threads - 1, MAX_WORKERS)
  const words = new Int32Array(memory.buffer, control, CONTROL_BYTES / 4).fill(0)
  const block = controlBlock(words)
  const wait = waiting(words, watchdogMs)
  const crew = crewOf(wanted, (index, gone) =>
    start({ memory, control, index, spinMs }, why => {
      Atomics.store(words, WORD.reading + index, 0)
      gone(why)
    }),
  )
  let isOpen = false
  let work = 0
  let ended = 0

  /** Waits until so many chunks are done. */
  const settle = (chunks: number): void => {
    if (wait(WORD.done, done => done === chunks)) return
    const missing = chunks - Atomics.load(words, WORD.done)
    const what = `${missing} of ${chunks} chunks claimed by workers did not end in ${watchdogMs / 1000} s: a worker died`
    void crew.retire(what)
    throw engineError('engine', `${what}; from now on one thread does all the work`)
  }
  const runClaimed = (frame: number, chunks: number, runOnMain: RunChunk): void => {
    let done = 0
    try {
      for (let left = block.claim(); left > 0; left = block.claim()) {
        done++
        runOnMain(frame, chunks - left)
      }
      block.count(done)
    } catch (error) {
      const dropped = block.cancel()
      block.count(done)
      settle(chunks - dropped)
      block.takeFailure()
      throw asEngineError(error)
    }
    settle(chunks)
  }
  return {
    size: () => 1 + crew.size(),
    started: () => Atomics.load(words, WORD.started),
    begin: (module, more = Infinity) => {
      crew.muster()
      if (crew.size() === 0) return
      block.offer(module)
      work = isOpen || performance.now() - ended < spinMs ? work + more : more
      isOpen = true
    },
    phase: (fn, frame, chunks, runOnMain) => {
      if (!isOpen || chunks <= 1 || crew.size() === 0) return runAlone(fn, frame, chunks, runOnMain)
      if (chunks > MAX_CHUNKS) throw engineError('engine', `a phase of ${chunks} chunks; ${MAX_CHUNKS} is the most`)
      block.publish(fn, frame, chunks)
      if (work >= WORTH_WAKING) block.wake()
      runClaimed(frame, chunks, runOnMain)
      const failure = block.takeFailure()
      if (failure !== undefined) throw engineError('engine', `on a worker: ${failure}`)
    },
    end: () => {
      isOpen = false
      ended = performance.now()
    },
    forget: id => {
      block.withdraw(id)
      for (let worker = 0; worker < wanted; worker++) {
        if (crew.size() > 0) wait(WORD.reading + worker, reading => reading !== id)
        block.revoke(worker, id)
      }
    },
    close: () => crew.retire('it is closed'),
    describe: () => {
      const refused = Atomics.load(words, WORD.refused)
      const why = crew.loss() ?? (refused > 0 ? `workers could not instantiate ${refused} modules` : undefined)
      const count = `${1 + crew.size()} thread${crew.size() === 0 ? '' : 's'}`
      return why === undefined ? count : `${count}: ${why}`
    },
  }
}

/** A pool. Workers start with its first job, in the background. */
export const createPool = (options: PoolOptions): Pool => {
  const why = obstacle(options)
  return why === undefined ? sharedPool(options) : lonelyPool(why)
}
