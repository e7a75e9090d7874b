/**
 * The engine: compiles plans, keeps what it has compiled, and runs it on tensors.
 *
 * Layer: backend. There is one for the process, made when it is first needed. Read next: executable.ts, residence.ts, run.ts.
 */
import type { Buffer, Plan } from '../../compile/plan.ts'
import { bytesOf, type TypedArray } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import { hostOf, tensorOn } from '../../core/tensor.ts'
import type { Cell, Concrete, TensorType } from '../../core/types.ts'
import { createExecutable, type Executable, isSmall, setWord, wordAt } from './executable.ts'
import { copyIn, copyOut, createHeap, type Heap } from './heap.ts'
import { createResidence, type Residence } from './residence.ts'
import { type Profile, runExecutable } from './run.ts'
import { checkThreads, choose, type EngineOptions, hasFma, settings } from './settings.ts'
import { createPool, type Pool } from './threads.ts'

/** A plan that the engine compiles when it is first run, and again when it has been forgotten. */
export type Ready = { readonly plan: Plan; executable: Executable | null; stamp: number }

/** Runs plans. */
export interface Engine {
  readonly prepare: (plan: Plan) => Ready
  /** Compiles a plan now. */
  readonly compile: (ready: Ready) => Executable
  /** Results of the given types. `donated` are numbers of arguments that lose their elements. */
  readonly run: (
    ready: Ready,
    args: readonly Concrete[],
    types: readonly TensorType[],
    donated?: readonly number[],
    profile?: Profile | null,
  ) => readonly Concrete[]
  readonly describe: () => EngineReport
  readonly configure: (options: EngineOptions) => void
}

/** What the engine is at the moment. */
export type EngineReport = {
  readonly threads: string
  readonly memory: number
  readonly tensors: { readonly bytes: number; readonly blocks: number }
  readonly executables: number
  readonly fma: boolean
}

/** At most so many executables are kept. */
const KEPT = 2000
/** Waking workers is worth it for so many nanoseconds of work. */
const WORTH_WAKING = 60_000
/** Where the control block of the threads is. */
const CONTROL = 1024

/** The arena that all plans share, since one runs at a time. */
const createArena = (heap: Heap, residence: Residence) => {
  let at = 0
  let bytes = 0
  return (needed: number): number => {
    if (needed <= bytes) return at
    if (bytes > 0) heap.free(at, bytes)
    bytes = 0
    at = residence.reserve(needed)
    bytes = needed
    return at
  }
}

const createEngine = (options: Required<EngineOptions>): Engine => {
  const heap = createHeap(options.threads > 1)
  const residence = createResidence(heap, options.memory)
  const arena = createArena(heap, residence)
  const kept = new Set<Ready>()
  const fma = options.fma && hasFma()
  let pool: Pool | null = null
  let threads = options.threads
  let runs = 0

  const poolOf = (): Pool | null => {
    if (threads <= 1) return null
    pool ??= createPool({ memory: heap.memory, control: CONTROL, threads })
    return pool
  }
  const forget = (ready: Ready): void => {
    const { executable } = ready
    if (executable === null) return
    pool?.forget(executable.id)
    for (const { at, bytes } of executable.owned) heap.free(at, bytes)
    ready.executable = null
    kept.delete(ready)
  }
  const compile = (ready: Ready): Executable => {
    if (ready.executable !== null) return ready.executable
    if (kept.size >= KEPT) for (const old of [...kept].sort((a, b) => a.stamp - b.stamp).slice(0, KEPT / 4)) forget(old)
    ready.executable = createExecutable({ heap, reserve: residence.reserve, fma }, ready.plan)
    kept.add(ready)
    return ready.executable
  }
  const place = (frame: number, ready: Ready, slot: number, cell: Cell): void => {
    const buffer = ready.plan.buffers[slot]
    if (buffer === undefined) return
    if (isSmall(buffer)) copyIn(heap, hostOf(cell), buffer.dtype, wordAt(heap, frame, slot))
    else setWord(heap, frame, slot, residence.place(cell, buffer.dtype, buffer.size))
  }
  /** What is donated in a later call must be nobody else's: hence a copy of what passes through one that donates. */
  const copyOf = (cell: Cell, buffer: Buffer): Cell => {
    if (isSmall(buffer)) return { host: hostOf(cell).slice(), block: null }
    const from = residence.place(cell, buffer.dtype, buffer.size)
    const [copy, to] = residence.make(buffer.dtype, buffer.size)
    heap.views().u8.copyWithin(to, from, from + buffer.size * bytesOf(buffer.dtype))
    return copy
  }
  const run: Engine['run'] = (ready, args, types, donated = [], profile = null) => {
    const executable = compile(ready)
    ready.stamp = ++runs
    residence.begin()
    const { plan } = ready
    const { frame, whole } = executable.unit
    const { inputs, outputs, buffers } = plan
    for (let i = 0; i < inputs.length; i++) place(frame, ready, inputs[i] as number, (args[i] as Concrete).cell)
    for (const { frame, slot, buffer, cell } of executable.constants)
      setWord(heap, frame, slot, residence.place(cell, buffer.dtype, buffer.size))
    const cells = new Map<number, Cell>()
    for (const slot of outputs) {
      const buffer = buffers[slot] as Buffer
      const given = givenCell(buffer, args)
      if (given !== null) {
        const kept = donated.length === 0 || (buffer.storage.tag === 'input' && donated.includes(buffer.storage.index))
        cells.set(slot, kept ? given : copyOf(given, buffer))
      } else if (!isSmall(buffer) && !cells.has(slot)) {
        const [cell, at] = residence.make(buffer.dtype, buffer.size)
        setWord(heap, frame, slot, at)
        cells.set(slot, cell)
      }
    }
    const at = arena(whole)
    const shared = executable.parallel > WORTH_WAKING ? poolOf() : null
    runExecutable({ heap, pool: shared, profile }, executable, at)
    const results = outputs.map((slot, i) => {
      const { shape, dtype } = types[i] as TensorType
      const known = cells.get(slot) ?? { host: smallResult(heap, ready.plan, frame, slot), block: null }
      cells.set(slot, known)
      return tensorOn(known, shape, dtype)
    })
    if (donated.length > 0) {
      const alive = new Set(cells.values())
      for (const i of donated) {
        const { cell } = args[i] as Concrete
        if (!alive.has(cell)) residence.donate(cell)
      }
    }
    return results
  }
  return {
    prepare: plan => ({ plan, executable: null, stamp: 0 }),
    compile,
    run,
    describe: () => ({
      threads: poolOf()?.describe() ?? '1 thread',
      memory: heap.memory.buffer.byteLength,
      tensors: residence.usage(),
      executables: kept.size,
      fma,
    }),
    configure: next => {
      checkChange(next, options.fma, threads, heap.shared)
      if (next.memory !== undefined) residence.setLimit(next.memory)
      if (next.threads === undefined || next.threads === threads) return
      threads = next.threads
      void pool?.close()
      pool = null
    },
  }
}

/** Refuses what cannot be changed any more: kernels have been made with or without `fma`, memory with or without sharing. */
const checkChange = (next: EngineOptions, fma: boolean, threads: number, shared: boolean): void => {
  if (next.fma !== undefined && next.fma !== fma)
    fail(
      engineError(
        'configure',
        `the engine already runs with fma: ${fma}: call configure({ fma: ${next.fma} }) before the first op, or start the process with COTANGENT_FMA=${Number(next.fma)}`,
      ),
    )
  if (next.threads !== undefined && next.threads > 1 && next.threads !== threads && !shared)
    fail(
      engineError(
        'configure',
        `the engine already runs in memory that threads cannot share, so ${next.threads} threads are not to be had: call configure({ threads: ${next.threads} }) before the first op`,
      ),
    )
}

/** The cell of a result that is an argument or a constant. */
const givenCell = ({ storage }: Buffer, args: readonly Concrete[]): Cell | null =>
  storage.tag === 'input'
    ? (args[storage.index] as Concrete).cell
    : storage.tag === 'constant'
      ? storage.value.cell
      : null

const smallResult = (heap: Heap, { buffers }: Plan, frame: number, slot: number): TypedArray => {
  const { dtype, size } = buffers[slot] as Buffer
  return copyOut(heap, dtype, wordAt(heap, frame, slot), size)
}

let engine: Engine | null = null

/** Sets the engine up, before or after it has begun to work; see `EngineOptions`. */
export const configureEngine = (options: EngineOptions): void => {
  if (options.threads !== undefined) checkThreads('configure', options.threads)
  engine?.configure(options)
  choose(options)
}

/** The engine of this process. */
export const theEngine = (): Engine => {
  engine ??= createEngine(settings())
  return engine
}
