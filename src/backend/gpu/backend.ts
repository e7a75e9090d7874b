/**
 * createBackend: programs run by gpu.js on a device that is open.
 *
 * Layer: backend. One program runs at a time. What was compiled is kept, the least recently used being forgotten. Read first: prepare.ts,
 * residence.ts; next: gpu.ts, which opens devices.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { compileProgram } from '../../compile/compile.ts'
import { memo } from '../../compile/memo.ts'
import type { Plan } from '../../compile/plan.ts'
import { CotangentError, engineError, fail, messageOf, orThrow } from '../../core/errors.ts'
import { pauses } from '../../core/pause.ts'
import { outputTypes } from '../../core/program.ts'
import { sizeOf } from '../../core/shape.ts'
import { tensorOn } from '../../core/tensor.ts'
import type { Concrete, Program, Tensor } from '../../core/types.ts'
import type { AsyncBackend } from '../backend.ts'
import type { Device } from './device.ts'
import { type GpuMode, isGl, type Opened } from './facade.ts'
import { lowerPlan, type Target } from './lower.ts'
import { type Prepared, prepare } from './prepare.ts'
import { createResidence } from './residence.ts'
import { isSmall, runOnEngine } from './small.ts'

/** What a GPU backend is at the moment. */
export type GpuReport = {
  readonly mode: GpuMode
  /** Where tensors are between calls: in memory of the GPU, or in that of JavaScript, from which each call copies them. */
  readonly residency: 'device' | 'host'
  /** The GPU as it calls itself, in mode webgpu. */
  readonly adapter: string | null
  /** What gpu.js runs programs by, and the reasons that it gave for not using the best of these. */
  readonly executors: readonly string[]
  readonly fallbacks: readonly string[]
  /** The modes that were tried before, and why they did not start. */
  readonly tried: readonly string[]
  readonly programs: number
  /** Programs that run on the CPU engine, since they are too small for the GPU; none unless the backend was opened with `prefer`. */
  readonly onEngine: number
  readonly kernels: number
  readonly runs: number
  readonly tensors: { readonly bytes: number; readonly tensors: number }
  /** Bytes of buffers that are ready to be used again. */
  readonly idle: number
  /** Bytes that were copied to the device and back, in all. */
  readonly transfers: { readonly uploaded: number; readonly read: number }
}

/** A backend for `compile` that runs programs by gpu.js. */
export interface GpuBackend extends AsyncBackend {
  readonly describe: () => GpuReport
}

/** So many kernels are kept; each has some memory of its own, of which engines allow some thousands. */
const MOST_KERNELS = 4000

/** The plan of a program, in which kernels read at most seven arrays and write one, as shaders of WebGPU may. */
const planFor = memo((program: Program): Plan => compileProgram(program, { fuse: { maxInputs: 8 } }))

type Entry<A> = { readonly prepared: Prepared<A>; readonly kernels: number }

/** What kernels are written for in a mode. */
const targetOf = (mode: GpuMode): Target => ({
  dialect: isGl(mode) ? 'functions' : 'operators',
  tiles: mode === 'webgpu',
})

/** Compiled programs, the most recently used last. */
const createShelf = <A>(device: Device<A>, target: Target) => {
  const entries = new Map<Program, Entry<A>>()
  const kernels = (): number => [...entries.values()].reduce((sum, entry) => sum + entry.kernels, 0)
  const make = async (program: Program): Promise<Entry<A>> => {
    const prepared = await prepare(device, orThrow(lowerPlan(planFor(program), target)))
    return { prepared, kernels: prepared.segments.reduce((sum, segment) => sum + segment.kernels, 0) }
  }
  const find = async (program: Program): Promise<Prepared<A>> => {
    const entry = entries.get(program) ?? (await make(program))
    entries.delete(program)
    for (const [old, { prepared }] of entries) {
      if (kernels() + entry.kernels <= MOST_KERNELS) break
      entries.delete(old)
      await prepared.close()
    }
    entries.set(program, entry)
    return entry.prepared
  }
  const close = async (): Promise<void> => {
    for (const { prepared } of entries.values()) await prepared.close()
    entries.clear()
  }
  return { find, close, kernels, all: () => [...entries.values()] }
}

const distinct = (texts: readonly (string | null)[]): readonly string[] => [
  ...new Set(texts.flatMap(text => text ?? [])),
]

/** Runs tasks one after the other; each goes on when the one before has ended, however it did. */
const queue = () => {
  let tail: Promise<unknown> = Promise.resolve()
  return <B>(task: Task<B>): Promise<B> => {
    const next = tail.then(task, task)
    tail = next
    return next
  }
}

const closed = (name: string): CotangentError =>
  engineError('gpu', `backend ${name} has been closed: open another with gpu()`)

/** Errors of gpu.js and of drivers, as ours. */
const asOurs = (error: unknown): CotangentError =>
  error instanceof CotangentError ? error : engineError('gpu', `gpu.js failed: ${messageOf(error)}`)

const adapterOf = ({ webgpu }: Opened): string | null => {
  const info = webgpu?.adapter.info
  if (info === undefined) return null
  return distinct([info.vendor, info.architecture, info.device, info.description].filter(text => text !== '')).join(' ')
}

type Settings = {
  /** About so many bytes of tensors stay on the device. */
  readonly memory: number
  readonly tried: readonly string[]
  /** Whether programs that are too small for the device run on the engine. */
  readonly chooses: boolean
}

/** A backend over a device. */
export const createBackend = <A>(
  opened: Opened,
  device: Device<A>,
  { memory, tried, chooses }: Settings,
): GpuBackend => {
  const name = `gpu (${opened.mode})`
  const residence = createResidence(device, memory, name)
  const shelf = createShelf(device, targetOf(opened.mode))
  const inTurn = queue()
  const pause = pauses()
  const small = new WeakSet<Program>()
  let [open, runs, onEngine] = [true, 0, 0]

  const run = async (
    program: Program,
    args: readonly Concrete[],
    donated: readonly number[],
  ): Promise<readonly Tensor[]> => {
    if (chooses && isSmall(planFor(program))) {
      if (!small.has(program)) onEngine++
      small.add(program)
      return runOnEngine(program, args, donated)
    }
    const prepared = await shelf.find(program)
    residence.begin()
    const inputs: A[] = []
    try {
      for (const { cell } of args) inputs.push(residence.place(cell))
      const results = await prepared.run(inputs)
      for (const i of donated) residence.donate((args[i] as Concrete).cell)
      return outputTypes(program).map(({ shape, dtype }, i) =>
        tensorOn(residence.adopt(results[i] as A, dtype, sizeOf(shape)), shape, dtype),
      )
    } finally {
      for (const x of inputs) device.drop(x)
    }
  }
  const execute: AsyncBackend['execute'] = (program, args, donated) =>
    inTurn(async () => {
      if (!open) return fail(closed(name))
      try {
        const results = await run(program, args, donated)
        await residence.shrink()
        await device.settle()
        runs++
        await pause()
        return results
      } catch (error) {
        return fail(asOurs(error))
      }
    })
  const close: Task<void> = () =>
    inTurn(async () => {
      if (!open) return
      open = false
      residence.close()
      await shelf.close()
      await device.close()
      await opened.close()
    })
  const describe = (): GpuReport => {
    const segments = shelf.all().flatMap(({ prepared }) => prepared.segments)
    return {
      mode: opened.mode,
      residency: device.residency,
      adapter: adapterOf(opened),
      executors: distinct(segments.map(({ executor }) => executor)),
      fallbacks: distinct(segments.map(({ fallback }) => fallback)),
      tried,
      programs: shelf.all().length,
      onEngine,
      kernels: shelf.kernels(),
      runs,
      tensors: residence.usage(),
      idle: device.idle(),
      transfers: device.transfers(),
    }
  }
  return { name, execute, close, describe }
}
