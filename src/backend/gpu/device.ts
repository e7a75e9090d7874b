/**
 * Device: arrays of floats somewhere, and runs of kernels on them.
 *
 * Layer: backend. There are three: `host` keeps arrays in JavaScript and hands them to gpu.js with each call, which all modes allow;
 * `resident` keeps them in buffers of a WebGPU device, `textures` in those of WebGL. `A` is what stands for an array. Read next: host.ts,
 * textures.ts, resident.ts.
 */
import { type CotangentError, engineError } from '../../core/errors.ts'
import type { Callable, Context, KernelSettings, Pipeline } from './facade.ts'
import type { GpuKernel } from './source.ts'
import { lengthOf } from './storage.ts'

/** What a kernel of a segment reads: an argument of the segment, or the result of an earlier kernel. */
export type Source =
  | { readonly tag: 'input'; readonly index: number }
  | { readonly tag: 'kernel'; readonly index: number }

/** Kernels that run without the host. `inputs` are lengths in floats, `outputs` numbers of kernels. */
export type Segment = {
  readonly kernels: readonly { readonly kernel: GpuKernel; readonly reads: readonly Source[] }[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
}

/** A segment that has been compiled. Arguments stay the caller's, results become the caller's. */
export type Compiled<A> = {
  readonly run: (inputs: readonly A[]) => Promise<readonly A[]>
  readonly kernels: number
  /** What gpu.js says that runs it, and why that is not the best there is. */
  readonly executor: string
  readonly fallback: string | null
  readonly close: () => Promise<unknown>
}

/** Bytes that were copied between host and device. */
export type Transfers = { readonly uploaded: number; readonly read: number }

/** Arrays are counted: each `keep`, and whatever makes an array, wants a `drop`. */
export interface Device<A> {
  readonly residency: 'host' | 'device'
  readonly upload: (x: Float32Array) => A
  readonly read: (array: A) => Promise<Float32Array>
  /** Some floats of an array. */
  readonly part: (array: A, at: number, length: number) => A
  /** An array to be filled by `put`. */
  readonly blank: (length: number) => A
  readonly put: (into: A, at: number, from: A) => void
  readonly keep: (array: A) => A
  readonly drop: (array: A) => void
  readonly compile: (segment: Segment) => Promise<Compiled<A>>
  /** Sends on what was asked for, and waits when too much of it is not done yet. */
  readonly settle: () => Promise<void>
  readonly transfers: () => Transfers
  /** Bytes of arrays that are kept ready for others. */
  readonly idle: () => number
  readonly close: () => Promise<void>
}

/** A GPU that is gone, with all that was on it. */
export const lost = (): CotangentError =>
  engineError('gpu', 'the GPU was lost: its driver was reset, or the system took it away; open the backend again')

const SPECIALS = { infinity: Infinity, nan: Number.NaN } as const

/** Loops end where they are written to end. */
const LOOPS = 2 ** 31 - 1

/** The arguments of a kernel after its arrays. */
export const specialsOf = ({ specials }: GpuKernel): readonly number[] => specials.map(name => SPECIALS[name])

/** The kernels of a segment, as gpu.js has them. Those that are the same are made once. */
export const kernelsOf = (
  context: Context,
  { kernels, inputs }: Segment,
  settings: Pick<KernelSettings, 'pipeline' | 'immutable'> = {},
): { readonly callables: readonly Callable[]; readonly close: () => Promise<void> } => {
  const made = new Map<string, Callable>()
  const lengthRead = ({ tag, index }: Source): number | undefined => {
    const kernel = kernels[index]?.kernel
    return tag === 'input' ? inputs[index] : kernel && lengthOf(kernel.dtype, kernel.size)
  }
  const callables = kernels.map(({ kernel: { source, functions, dtype, size, tile }, reads }) => {
    const output = [lengthOf(dtype, size)]
    // gpu.js compiles a kernel once more where it reads arguments instead of results, without the shader that resident.ts gave it.
    const kinds = tile === undefined ? '' : reads.map(({ tag }) => tag).join()
    const key = `${output} ${reads.map(lengthRead)} ${kinds} ${source}`
    const found =
      made.get(key) ??
      context.createKernel(source, { output, functions, precision: 'single', loopMaxIterations: LOOPS, ...settings })
    made.set(key, found)
    return found
  })
  const close = async (): Promise<void> => {
    for (const callable of made.values()) callable.destroy()
  }
  return { callables, close }
}

/** A segment as a pipeline of gpu.js. */
export const pipelineOf = (
  context: Context,
  segment: Segment,
): { readonly pipeline: Pipeline; readonly close: () => Promise<unknown> } => {
  const { kernels, inputs, outputs } = segment
  const { callables, close: closeKernels } = kernelsOf(context, segment)
  const plan = (...args: readonly unknown[]): readonly unknown[] => {
    const results: unknown[] = []
    kernels.forEach(({ kernel, reads }, i) => {
      const arrays = reads.map(({ tag, index }) => (tag === 'input' ? args[index] : results[index]))
      results.push(callables[i]?.(...arrays, ...specialsOf(kernel)))
    })
    return outputs.map(i => results[i])
  }
  // gpu.js takes the number of arguments from here.
  Object.defineProperty(plan, 'length', { value: inputs.length })
  const pipeline = context.createPipeline(plan)
  const close = async (): Promise<void> => {
    await pipeline.destroy()
    await closeKernels()
  }
  return { pipeline, close }
}
