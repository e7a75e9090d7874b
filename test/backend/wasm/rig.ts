/**
 * A thread pool with a small module to run on it, for tests of the pool.
 */
import { moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import { MAX_CHUNKS, MAX_WORKERS, type SharedModule, WORD } from '../../../src/backend/wasm/control.ts'
import { createPool, type Pool, type PoolOptions } from '../../../src/backend/wasm/threads.ts'

/** The functions of the module. `out` is the first word of the frame. */
/** Adds chunk + 1 to `out[chunk]`. */
export const ADD = 0
/** The same, but chunk number `frame[1]` traps. */
export const TRAP = 1
/** Sets `out[chunk]` to 1, then waits until `frame[2]` is not 0. */
export const ARRIVE = 2
/** Adds the address of the module's data and `Math.max(2, 3)` to `out[chunk]`. */
export const IMPORT = 3
/** Traps. */
export const STOP = 4
/** No function of the module. */
export const BAD = 99

const PAGE = 65536
const [CONTROL, FRAME, OUT, BYTES] = [256, 1024, 4096, PAGE]
const OUTS = 4096
/** The address that the instance of the main thread has as its data's. */
export const DATA = 1234

/** The module's bytes. */
export const adder = (): Uint8Array<ArrayBuffer> => {
  const module = moduleBuilder()
  const define = (fn: number, value: Parameters<typeof module.define>[3]): void => {
    module.define(String(fn), ['i32', 'i32'], [], value)
  }
  define(ADD, (code, frame, chunk) => {
    const at = code.local('i32')
    code.get(frame ?? 0)
    code.memory('i32.load')
    code.get(chunk ?? 1)
    code.i32(4)
    code.op('i32.mul')
    code.op('i32.add')
    code.tee(at)
    code.get(at)
    code.memory('i32.load')
    code.get(chunk ?? 1)
    code.op('i32.add')
    code.i32(1)
    code.op('i32.add')
    code.memory('i32.store')
  })
  define(TRAP, (code, frame, chunk) => {
    code.get(frame ?? 0)
    code.memory('i32.load', 4)
    code.get(chunk ?? 1)
    code.op('i32.eq')
    code.when(() => code.op('unreachable'))
  })
  define(ARRIVE, (code, frame, chunk) => {
    code.get(frame ?? 0)
    code.memory('i32.load')
    code.get(chunk ?? 1)
    code.i32(4)
    code.op('i32.mul')
    code.op('i32.add')
    code.i32(1)
    code.memory('i32.store')
    code.loop(again => {
      code.get(frame ?? 0)
      code.memory('i32.load', 8)
      code.op('i32.eqz')
      code.brIf(again)
    })
  })
  define(STOP, code => code.op('unreachable'))
  const max = module.math('max', 2)
  define(IMPORT, (code, frame, chunk) => {
    code.get(frame ?? 0)
    code.memory('i32.load')
    code.get(chunk ?? 1)
    code.i32(4)
    code.op('i32.mul')
    code.op('i32.add')
    code.dataAddress()
    code.f64(2)
    code.f64(3)
    code.call(max)
    code.op('i32.trunc_sat_f64_s')
    code.op('i32.add')
    code.memory('i32.store')
  })
  return module.finish(true).bytes
}

type Memory = { readonly buffer: SharedArrayBuffer; readonly grow: (pages: number) => number }
type Functions = { readonly [name: string]: (frame: number, chunk: number) => void }
type Wasm = {
  readonly Memory: new (limits: object) => Memory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Global: new (type: object, value: number) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Functions }
}
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm }

/** A pool in a memory of its own. */
export type Rig = {
  readonly pool: Pool
  readonly module: SharedModule
  readonly frame: number
  /** Runs a phase; what it has left in `out`. */
  readonly run: (fn: number, chunks: number) => readonly number[]
  /** How many chunks of the last `run` were run by the main thread. */
  readonly onMain: () => number
  /** The chunk at which `TRAP` traps. */
  readonly setBad: (chunk: number) => void
  /**
   * A phase of as many chunks as threads, in which the main thread waits until workers have claimed all others, and then
   * lets them go, or does something else: how many ran.
   */
  readonly meet: (threads: number, fn?: number, whenMet?: () => unknown) => number
  /** Puts a module into memory, where one argument says, or at the next free place. */
  readonly place: (id: number, bytes: Uint8Array<ArrayBuffer>, data: number, at?: number) => SharedModule
  readonly wipe: (module: SharedModule) => void
  /** For each worker, the module whose bytes it is copying. */
  readonly reading: Int32Array
  /** One page more; where it begins. */
  readonly grow: () => number
}

const runsOnMain = (memory: Memory, bytes: Uint8Array<ArrayBuffer>): Functions =>
  new wasm.Instance(new wasm.Module(bytes), {
    env: { memory, data: new wasm.Global({ value: 'i32' }, DATA) },
    math: { max: Math.max },
  }).exports

/** Where modules go: one after the other, 4 KiB each. */
const placing = (memory: Memory) => {
  let next = BYTES
  const place: Rig['place'] = (id, bytes, data, at) => {
    const bytesAt = at ?? next
    if (at === undefined) next += 4096
    new Uint8Array(memory.buffer).set(bytes, bytesAt)
    return { id, bytesAt, bytesLength: bytes.length, data }
  }
  const wipe: Rig['wipe'] = ({ bytesAt, bytesLength }) => {
    new Uint8Array(memory.buffer).fill(255, bytesAt, bytesAt + bytesLength)
  }
  return { place, wipe, grow: () => memory.grow(1) * PAGE }
}

const DEADLINE_MS = 60_000

/** Makes a pool of so many threads. */
export const openRig = (threads: number, options: Partial<PoolOptions> = {}): Rig => {
  const memory = new wasm.Memory({ initial: 64, maximum: 1024, shared: true })
  const pool = createPool({ memory, control: CONTROL, threads, ...options })
  const exports = runsOnMain(memory, adder())
  const claim = new Int32Array(memory.buffer, CONTROL + 4 * WORD.claim, 1)
  const frame = new Int32Array(memory.buffer, FRAME, 3)
  const out = new Int32Array(memory.buffer, OUT, OUTS)
  frame.set([OUT, -1, 0])
  let onMain = 0
  const runOnMain = (fn: number) => (at: number, chunk: number) => {
    onMain++
    exports[fn]?.(at, chunk)
  }
  const awaitClaims = (): void => {
    const until = performance.now() + DEADLINE_MS
    while ((Atomics.load(claim, 0) & MAX_CHUNKS) !== 0)
      if (performance.now() > until) throw new Error('no worker claimed the chunks')
  }
  const prepare = (chunks: number): void => {
    onMain = 0
    Atomics.store(frame, 2, 0)
    out.fill(0, 0, chunks)
  }
  const { place, wipe, grow } = placing(memory)
  return {
    pool,
    place,
    wipe,
    grow,
    module: place(1, adder(), DATA),
    reading: new Int32Array(memory.buffer, CONTROL + 4 * WORD.reading, MAX_WORKERS),
    frame: FRAME,
    run: (fn, chunks) => {
      prepare(chunks)
      pool.phase(fn, FRAME, chunks, runOnMain(fn))
      return [...out.subarray(0, chunks)]
    },
    onMain: () => onMain,
    setBad: chunk => Atomics.store(frame, 1, chunk),
    meet: (chunks, fn = ARRIVE, whenMet = () => Atomics.store(frame, 2, 1)) => {
      prepare(chunks)
      pool.phase(fn, FRAME, chunks, (_, chunk) => {
        awaitClaims()
        whenMet()
        out[chunk] = 1
      })
      return out.subarray(0, chunks).reduce((n, x) => n + x, 0)
    },
  }
}
