/**
 * The device whose arrays are buffers of WebGPU: state stays where it is from one step to the next.
 *
 * Layer: backend. The public path of gpu.js copies all arguments in and all results out with each call. This is the one file that goes
 * round it, by internals of gpu.js 2.24.1: of a pipeline `plan`, `_buildPlan`, `_prepareExecutor` and `_executor`, and of that
 * `_passes`, `_argRegions`, `_resultReads` and `_staging`; of a kernel `assembleWGSL` and `_computeDispatch`, for shaders of our own
 * (tiles.ts). gpu.js writes and compiles the shaders and lays out its buffers; here the
 * same passes are recorded, between copies from and to buffers of our own. If the internals are not as expected, compiling fails and
 * says so; `residency: 'host'` is the public path. Both give the same bits. Read next: pool.ts, prepare.ts.
 */
import { CotangentError, engineError, fail } from '../../core/errors.ts'
import { type Compiled, type Device, lost, pipelineOf, type Segment } from './device.ts'
import { type Context, type Pipeline, VERSION } from './facade.ts'
import { checkPipeline } from './host.ts'
import { createPool, type Store } from './pool.ts'
import { type Encoder, type GpuBuffer, type GpuDevice, MAP_READ, USAGE, type WebGpuContext } from './webgpu.ts'

/** Floats of a buffer. */
export type Span = { readonly store: Store; readonly at: number; readonly length: number }

type Pass = {
  readonly pipeline: unknown
  readonly bindGroup: unknown
  readonly groups: readonly [number, number, number]
  readonly perCall: boolean
}

/** What is used of the executor of a pipeline of gpu.js. */
type Executor = {
  readonly _passes: readonly Pass[]
  readonly _argRegions: ReadonlyMap<number, { readonly buffer: GpuBuffer; readonly flatLength: number }>
  readonly _resultReads: readonly { readonly kind: string; readonly buffer: GpuBuffer; readonly byteLength: number }[]
  _staging: GpuBuffer | null
}

/** What is used of a kernel of gpu.js. */
type Kernel = {
  assembleWGSL: () => string
  _computeDispatch: () => { readonly groups: readonly number[]; readonly dispatchWidth: number }
}

/** What is used of the plan of a pipeline of gpu.js: `kernel` is the number of one. */
type Plan = {
  readonly steps: readonly { readonly kernel: number }[]
  readonly kernels: readonly { readonly clone: { readonly kernel: Kernel } }[]
}

/** What is used of a pipeline of gpu.js. */
type Internals = {
  plan: Plan | null
  readonly _buildPlan: () => Plan
  readonly _prepareExecutor: (args: readonly Float32Array[]) => Promise<void> | undefined
  readonly _executor: Executor | false | undefined
}

const unexpected = (what: string): never =>
  fail(
    engineError(
      'gpu',
      `gpu.js is not as version ${VERSION} is (${what}): npm install gpu.js@${VERSION}, or ask for { residency: 'host' }`,
    ),
  )

/** The text of a shader up to its entry, and another entry. */
const withEntry = (shader: string, entry: string): string => {
  const at = shader.indexOf('@compute')
  return at < 0 ? unexpected('its shaders begin elsewhere') : shader.slice(0, at) + entry
}

/** Gives kernels that have shaders of ours those, before they are compiled. */
const useTiles = (plan: Plan, kernels: Segment['kernels']): void => {
  for (const [i, { kernel }] of kernels.entries()) {
    const { tile } = kernel
    if (tile === undefined) continue
    const there = plan.kernels?.[plan.steps?.[i]?.kernel ?? -1]?.clone?.kernel
    if (typeof there?.assembleWGSL !== 'function' || typeof there._computeDispatch !== 'function') {
      unexpected('its kernels have other parts')
      continue
    }
    const assemble = there.assembleWGSL.bind(there)
    there.assembleWGSL = () => withEntry(assemble(), tile.entry)
    there._computeDispatch = () => ({ groups: tile.groups, dispatchWidth: 0 })
  }
}

/** Compiles a pipeline without running it. */
const executorOf = async (pipeline: Pipeline, { inputs, outputs, kernels }: Segment): Promise<Executor> => {
  const internals = pipeline.pipeline as Internals
  if (typeof internals?._buildPlan !== 'function' || typeof internals._prepareExecutor !== 'function')
    return unexpected('its pipelines have other parts')
  internals.plan = internals._buildPlan()
  useTiles(internals.plan, kernels)
  await internals._prepareExecutor(inputs.map(length => new Float32Array(length)))
  checkPipeline('webgpu', pipeline)
  const executor = internals._executor
  if (!executor || !Array.isArray(executor._passes) || !(executor._argRegions instanceof Map))
    return unexpected('its executor has other parts')
  const { _passes: passes, _resultReads: reads } = executor
  if (
    passes.length !== kernels.length ||
    passes.some(({ bindGroup, groups, perCall }) => !bindGroup || groups?.length !== 3 || perCall)
  )
    return unexpected('its passes are others')
  if (
    !Array.isArray(reads) ||
    reads.length !== outputs.length ||
    reads.some(({ kind, buffer }) => kind !== 'step' || !buffer)
  )
    return unexpected('its results are elsewhere')
  // The copy of the results that the host would read.
  executor._staging?.destroy()
  executor._staging = null
  return executor
}

/** Commands before they are sent. */
const commandsOf = (device: GpuDevice) => {
  let encoder: Encoder | null = null
  let count = 0
  const flush = (): void => {
    if (encoder !== null) device.queue.submit([encoder.finish()])
    encoder = null
    count = 0
  }
  /** An encoder for so many more commands. */
  const record = (more: number): Encoder => {
    if (count > MOST_COMMANDS) flush()
    encoder ??= device.createCommandEncoder()
    count += more
    return encoder
  }
  return { record, flush }
}

/** Commands that are sent at once. */
const MOST_COMMANDS = 1000
/** Sendings that may be on their way. */
const MOST_PENDING = 8

/** Runs `f`, and throws what the device finds wrong with it; it says so later, and would go on with zeros. */
const checked = async <A>(device: GpuDevice, what: string, f: () => Promise<A>): Promise<A> => {
  const filters = ['validation', 'out-of-memory', 'internal'] as const
  for (const filter of filters) device.pushErrorScope(filter)
  const outcome = await f().then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  )
  const errors = await Promise.all(filters.map(() => device.popErrorScope()))
  const found = errors.find(error => error !== null)
  if ('error' in outcome) throw outcome.error
  if (found) return fail(engineError('gpu', `the GPU could not ${what}: ${found.message.trim().split('\n')[0]}`))
  return outcome.value
}

/** Buffers of a WebGPU device, and pipelines of gpu.js on them. */
export const residentDevice = (context: Context, webgpu: WebGpuContext): Device<Span> => {
  const { device } = webgpu
  const pool = createPool(device)
  const { record, flush } = commandsOf(device)
  const pending: Promise<void>[] = []
  let [uploaded, read] = [0, 0]

  const alive = (): void => {
    if (webgpu.isLost) fail(lost())
  }
  const spanOf = (length: number): Span => ({ store: pool.take(length), at: 0, length })
  const copy = (from: Span, to: GpuBuffer, at: number): void =>
    record(1).copyBufferToBuffer(from.store.buffer, 4 * from.at, to, 4 * at, 4 * from.length)

  const upload = (x: Float32Array): Span => {
    const span = spanOf(x.length)
    // What is written so is there before all commands that are sent later.
    flush()
    device.queue.writeBuffer(span.store.buffer, 0, x)
    uploaded += x.byteLength
    return span
  }
  const readSpan = async (span: Span): Promise<Float32Array> => {
    alive()
    const staging = device.createBuffer({ size: 4 * span.length, usage: USAGE.mapRead | USAGE.copyTo })
    copy(span, staging, 0)
    flush()
    read += staging.size
    try {
      await staging.mapAsync(MAP_READ)
      return new Float32Array(staging.getMappedRange().slice(0))
    } catch (error) {
      alive()
      throw error instanceof CotangentError ? error : engineError('gpu', `a result could not be read: ${String(error)}`)
    } finally {
      staging.destroy()
    }
  }
  const start = (executor: Executor, holds: Map<number, Span>, inputs: readonly Span[]): readonly Span[] => {
    for (const [index, { buffer }] of executor._argRegions) {
      const span = inputs[index]
      if (span === undefined || holds.get(index) === span) continue
      copy(span, buffer, 0)
      holds.set(index, span)
    }
    const pass = record(executor._passes.length).beginComputePass()
    for (const { pipeline, bindGroup, groups } of executor._passes) {
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindGroup)
      pass.dispatchWorkgroups(...groups)
    }
    pass.end()
    return executor._resultReads.map(({ buffer, byteLength }) => {
      const span = spanOf(byteLength / 4)
      record(1).copyBufferToBuffer(buffer, 0, span.store.buffer, 0, byteLength)
      return span
    })
  }
  const compile = async (segment: Segment): Promise<Compiled<Span>> => {
    alive()
    const { pipeline, close } = pipelineOf(context, segment)
    const executor = await checked(device, 'compile a program', () => executorOf(pipeline, segment)).catch(
      async (error: unknown) => {
        await close()
        throw error
      },
    )
    const holds = new Map<number, Span>()
    let tried = false
    const run = async (inputs: readonly Span[]): Promise<readonly Span[]> => {
      alive()
      if (tried) return start(executor, holds, inputs)
      tried = true
      return checked(device, 'run a program', async () => {
        const results = start(executor, holds, inputs)
        flush()
        return results
      })
    }
    const kernels = segment.kernels.length
    return { run, kernels, executor: pipeline.executorKind, fallback: pipeline.fallbackReason, close }
  }
  return {
    residency: 'device',
    upload,
    read: readSpan,
    part: ({ store, at: from }, at, length) => {
      pool.keep(store)
      return { store, at: from + at, length }
    },
    blank: spanOf,
    put: (into, at, from) => copy(from, into.store.buffer, into.at + at),
    keep: span => {
      pool.keep(span.store)
      return span
    },
    drop: span => pool.drop(span.store),
    compile,
    settle: async () => {
      alive()
      flush()
      pending.push(device.queue.onSubmittedWorkDone())
      if (pending.length > MOST_PENDING) await pending.shift()
      alive()
    },
    transfers: () => ({ uploaded, read }),
    idle: pool.idle,
    close: async () => {
      if (!webgpu.isLost) {
        flush()
        await device.queue.onSubmittedWorkDone()
      }
      pool.close()
    },
  }
}
