/**
 * The thread pool: every chunk runs exactly once, on whatever thread; failures are errors and never hang; idle threads cost nothing.
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type StartWorker, startWorker } from '../../../src/backend/wasm/spawn.ts'
import { createPool, type Pool, type PoolOptions } from '../../../src/backend/wasm/threads.ts'
import { SEED } from '../../support/values.ts'
import { ADD, ARRIVE, adder, BAD, DATA, IMPORT, openRig, type Rig, STOP, TRAP } from './rig.ts'

const here = import.meta.dirname
const rigs: Rig[] = []
const rig = (threads: number, options: Partial<PoolOptions> = {}): Rig => {
  const made = openRig(threads, options)
  rigs.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(rigs.splice(0).map(({ pool }) => pool.close()))
})

const started = async (pool: Pool, workers: number): Promise<void> => {
  while (pool.started() < workers) await sleep(2)
}
/** A rig whose workers all run. */
const warm = async (threads: number, options: Partial<PoolOptions> = {}): Promise<Rig> => {
  const made = rig(threads, options)
  made.pool.begin(made.module)
  made.pool.end()
  await started(made.pool, threads - 1)
  return made
}
const once = (chunks: number): readonly number[] => Array.from({ length: chunks }, (_, i) => i + 1)

describe('chunks', () => {
  const jobs = fc.array(fc.array(fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(64)), { maxLength: 8 }), { maxLength: 60 })

  it.each([1, 2, 3, 5])('all run exactly once on %i threads, job after job', async threads => {
    const { pool, module, run } = await warm(threads)
    fc.assert(
      fc.property(jobs, phases => {
        for (const job of phases) {
          pool.begin(module)
          for (const chunks of job) expect(run(ADD, chunks)).toEqual(once(chunks))
          pool.end()
        }
      }),
      { seed: SEED, numRuns: 50 },
    )
  })

  it('all run exactly once in thousands of phases, while workers fall asleep and wake up', async () => {
    const { pool, module, run } = await warm(3, { spinMs: 0.01 })
    for (let i = 0; i < 5000; i++) {
      pool.begin(module)
      expect(run(ADD, 2 + (i % 7))).toHaveLength(2 + (i % 7))
      if (i % 100 === 0) await sleep(1)
      pool.end()
    }
    expect(run(ADD, 1023)).toEqual(once(1023))
  })

  it('run while workers start, without waiting for them', async () => {
    const { pool, module, run } = rig(3)
    pool.begin(module)
    while (pool.started() < 2) {
      expect(run(ADD, 5)).toEqual(once(5))
      await sleep(0)
    }
    expect(run(ADD, 500)).toEqual(once(500))
  })

  it('run on the main thread alone where a worker never starts', () => {
    const { pool, module, run, onMain } = rig(2, { start: () => async () => {} })
    pool.begin(module)
    expect(run(ADD, 9)).toEqual(once(9))
    expect(onMain()).toBe(9)
    expect(pool.started()).toBe(0)
  })

  it('run on the main thread outside of a job', async () => {
    const { run, onMain } = await warm(3)
    expect(run(ADD, 100)).toEqual(once(100))
    expect(onMain()).toBe(100)
  })

  it('run on as many threads as there are', async () => {
    const { pool, module, meet } = await warm(4)
    pool.begin(module)
    for (let i = 0; i < 20; i++) expect(meet(4)).toBe(4)
  })

  it('of small jobs in quick succession are shared with workers, which wake up for them', async () => {
    const { pool, module, run, onMain } = await warm(2)
    const job = (): number => {
      pool.begin(module, 1000)
      run(ADD, 500)
      pool.end()
      return onMain()
    }
    while (job() === 500);
  })

  it('of more phases than the counter of phases holds are still right', async () => {
    const { pool, module, run, frame } = await warm(2)
    pool.begin(module)
    for (let i = 0; i < 2 ** 20 + 3; i++) pool.phase(ADD, frame, 2, () => {})
    expect(run(ADD, 50)).toEqual(once(50))
  })

  it('of a phase with too many of them are an error', async () => {
    const { pool, module, frame } = await warm(2)
    pool.begin(module)
    expect(() => pool.phase(ADD, frame, 4096, () => {})).toThrow(/4096 chunks; 4095 is the most/)
  })
})

describe('modules', () => {
  it('take turns, more of them than a worker keeps', async () => {
    const { pool, place, meet } = await warm(2)
    const modules = Array.from({ length: 300 }, (_, i) => place(1000 + i, adder(), i))
    for (let round = 0; round < 3; round++)
      for (const module of modules) {
        pool.begin(module)
        expect(meet(2)).toBe(2)
        pool.end()
      }
  })

  it('import functions of Math and the address of their data', async () => {
    const { pool, module, run } = await warm(3)
    pool.begin(module)
    for (let i = 0; i < 100; i++) expect(run(IMPORT, 40)).toEqual(Array(40).fill(DATA + 3))
  })

  it('may be overwritten once they are forgotten, even while workers turn to them', async () => {
    const { pool, place, run, wipe } = await warm(3)
    for (let i = 0; i < 1000; i++) {
      const module = place(50 + i, adder(), 0, 0)
      pool.begin(module)
      expect(run(ADD, 1 + (i % 3))).toHaveLength(1 + (i % 3))
      pool.end()
      pool.forget(module.id)
      wipe(module)
    }
    expect(pool.describe()).toBe('3 threads')
    pool.begin(place(5, adder(), 0))
    expect(run(ADD, 100)).toEqual(once(100))
  })

  it('are forgotten although a worker has died while it read one; if it lives after all, what it has read is void', () => {
    const { pool, module, reading } = rig(2, { start: () => async () => {}, watchdogMs: 50 })
    pool.begin(module)
    pool.end()
    Atomics.store(reading, 0, module.id)
    pool.forget(module.id)
    expect(Atomics.load(reading, 0)).toBe(-1)
  })

  it('in memory that has just grown are found by workers', async () => {
    const { pool, place, meet, grow } = await warm(2)
    for (let i = 0; i < 20; i++) {
      pool.begin(place(90 + i, adder(), 0, grow()))
      expect(meet(2)).toBe(2)
    }
  })
})

describe('a chunk that throws', () => {
  it.each([1, 2, 4])(
    'makes the phase throw an engine error on %i threads, and the next ones are right',
    async threads => {
      const { pool, module, run, setBad } = await warm(threads)
      for (let i = 0; i < 300; i++) {
        pool.begin(module)
        setBad(i % 20)
        expect(() => run(TRAP, 20)).toThrow(expect.objectContaining({ _tag: 'EngineError', op: 'engine' }))
        expect(run(ADD, 20)).toEqual(once(20))
        pool.end()
      }
    },
  )

  it('on a worker is told with its message', async () => {
    const { pool, module, meet } = await warm(2)
    pool.begin(module)
    expect(() => meet(2, STOP)).toThrow(/^engine: on a worker: unreachable/)
  })

  it('on the main thread cancels the chunks that nobody has claimed', () => {
    const { pool, module, frame } = rig(2, { start: () => async () => {} })
    pool.begin(module)
    let ran = 0
    const run = () =>
      pool.phase(ADD, frame, 10, () => {
        if (++ran === 3) throw new RangeError('planted')
      })
    expect(run).toThrow('engine: planted')
    expect(ran).toBe(3)
  })

  it('for a missing export is an error too', async () => {
    const { pool, module, meet } = await warm(2)
    pool.begin(module)
    expect(() => meet(2, BAD)).toThrow(/engine: on a worker: /)
    expect(meet(2)).toBe(2)
  })
})

describe('a worker that dies', () => {
  /** Starts workers and keeps what ends them. */
  const mortal = () => {
    const ends: (() => Promise<void>)[] = []
    const start: StartWorker = (data, gone) => {
      const end = startWorker(data, gone)
      ends.push(end)
      return end
    }
    return { start, kill: () => ends.map(end => end()) }
  }

  it('in the middle of a chunk is an error after the watchdog, and later jobs run without workers', async () => {
    const { start, kill } = mortal()
    const { pool, module, run, meet, onMain } = await warm(2, { start, watchdogMs: 200 })
    pool.begin(module)
    expect(() => meet(2, ARRIVE, kill)).toThrow(/1 of 2 chunks claimed by workers did not end in 0.2 s: a worker died/)
    expect(pool.size()).toBe(1)
    expect(pool.describe()).toMatch(/^1 thread: 1 of 2 chunks/)
    pool.begin(module)
    expect(run(ADD, 30)).toEqual(once(30))
    expect(onMain()).toBe(30)
  })

  it('between jobs is left out', async () => {
    const { start, kill } = mortal()
    const { pool, module, run } = await warm(3, { start })
    await Promise.all(kill())
    while (pool.size() > 1) await sleep(1)
    expect(pool.describe()).toBe('1 thread: a worker failed: it ended')
    pool.begin(module)
    expect(run(ADD, 30)).toEqual(once(30))
    pool.forget(module.id)
  })
})

describe('workers', () => {
  it('are not there when one thread is asked for, memory is not shared, or they cannot be started', () => {
    const start: StartWorker = () => {
      throw new Error('planted')
    }
    expect(rig(1).pool.describe()).toBe('1 thread: no more were asked for')
    const memory = { buffer: new ArrayBuffer(65536) }
    expect(createPool({ memory, control: 0, threads: 4 }).describe()).toBe('1 thread: the memory is not shared')
    const { pool, module, run } = rig(4, { start })
    expect(pool.describe()).toBe('4 threads')
    pool.begin(module)
    expect(pool.describe()).toBe('1 thread: workers cannot be started: planted')
    expect(run(ADD, 12)).toEqual(once(12))
  })

  it('end when the pool is closed, and later jobs run without them', async () => {
    let ended = 0
    const start: StartWorker = (data, gone) =>
      startWorker(data, why => {
        ended++
        gone(why)
      })
    const { pool, module, run, onMain } = await warm(4, { start })
    await pool.close()
    expect(ended).toBe(3)
    expect(pool.describe()).toBe('1 thread: it is closed')
    pool.begin(module)
    expect(run(ADD, 12)).toEqual(once(12))
    expect(onMain()).toBe(12)
    pool.forget(module.id)
  })
})

/** What a Node process of its own prints after `await started()` and some lines with an open rig. */
const inProcess = (lines: string): Promise<{ readonly status: number | string; readonly out: string }> => {
  const code = `
    import { ADD, openRig } from ${JSON.stringify(resolve(here, 'rig.ts'))}
    const { pool, module, run } = openRig(3)
    const sleep = ms => new Promise(done => setTimeout(done, ms))
    pool.begin(module)
    while (pool.started() < 2) await sleep(1)
    for (let i = 0; i < 100; i++) run(ADD, 8)
    pool.end()
    ${lines}`
  return new Promise(done =>
    execFile(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], (error, out, err) =>
      done({ status: error?.code ?? 0, out: out + err }),
    ),
  )
}

describe('a process', () => {
  it('ends by itself, with status 0', async () => {
    expect(await inProcess('console.log(run(ADD, 3).join(), pool.describe())')).toEqual({
      status: 0,
      out: '1,2,3 3 threads\n',
    })
  })

  it('ends by itself in the middle of a job', async () => {
    expect(await inProcess('pool.begin(module)')).toEqual({ status: 0, out: '' })
  })

  it('uses next to no processor time while it idles', async () => {
    const { out } = await inProcess(`
      await sleep(50)
      const before = process.cpuUsage()
      await sleep(300)
      const { user, system } = process.cpuUsage(before)
      console.log(user + system)`)
    // Microseconds; one spinning worker would take 300,000.
    expect(Number(out)).toBeLessThan(100_000)
  })
})
