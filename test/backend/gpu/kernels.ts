/**
 * Generated kernels run by gpu.js in each mode that starts on this machine, one by one and without the rest of the backend, and
 * compared with the reference.
 */
import { deepStrictEqual } from 'node:assert'
import * as E from 'fp-ts/lib/Either.js'
import { specialsOf } from '../../../src/backend/gpu/device.ts'
import { isGl, openGpu } from '../../../src/backend/gpu/facade.ts'
import type { GpuFunction } from '../../../src/backend/gpu/functions.ts'
import { type GpuKernel, sourceOf } from '../../../src/backend/gpu/source.ts'
import { decode, encode, lengthOf } from '../../../src/backend/gpu/storage.ts'
import { reference } from '../../../src/backend/reference.ts'
import { dtypeOfArray, type TypedArray } from '../../../src/core/dtype.ts'
import type { Kernel } from '../../../src/core/kernel.ts'

/** The modes that can be tried in Node. */
export type BenchMode = 'cpu' | 'webasm' | 'webgpu' | 'headlessgl'

type Argument = Float32Array | number
type Made = {
  (...args: readonly Argument[]): Float32Array | Promise<Float32Array>
  readonly kernel: { readonly constructor: { readonly mode?: string } }
  readonly destroy: () => void
}
type Settings = {
  readonly output: readonly number[]
  readonly functions: readonly GpuFunction[]
  readonly precision: 'single'
  readonly loopMaxIterations: number
}
type Maker = { readonly createKernel: (source: string, settings: Settings) => Made }
type GpuJs = { readonly GPU: new (settings: { readonly mode: string }) => Maker }
type Dawn = { readonly create: (flags: readonly string[]) => Adapters; readonly globals: object }
type Adapters = { readonly requestAdapter: () => Promise<{ readonly info?: { readonly description?: string } } | null> }

/** gpu.js in a mode. */
export type Bench = {
  readonly mode: BenchMode
  /** What gpu.js makes of a kernel: its results. */
  readonly run: (kernel: Kernel, inputs: readonly TypedArray[]) => Promise<readonly TypedArray[]>
  readonly runOne: (kernel: GpuKernel, inputs: readonly Float32Array[]) => Promise<Float32Array>
}

const benchOf = (gpu: Maker, mode: BenchMode): Bench => {
  const dialect = isGl(mode) ? 'functions' : 'operators'
  const runOne: Bench['runOne'] = async (kernel, inputs) => {
    const { source, functions, size, dtype } = kernel
    if (size === 0) return new Float32Array()
    const output = [lengthOf(dtype, size)]
    const made = gpu.createKernel(source, { output, functions, precision: 'single', loopMaxIterations: 2 ** 31 - 1 })
    const result = await made(...inputs, ...specialsOf(kernel))
    const used = made.kernel.constructor.mode
    made.destroy()
    if (used !== (isGl(mode) ? 'gpu' : mode)) throw new Error(`gpu.js ran in mode ${used} instead of ${mode}`)
    return result
  }
  const run: Bench['run'] = async (kernel, inputs) => {
    const { kernels, outputs } = sourceOf(kernel, { dialect, dtypes: inputs.map(x => dtypeOfArray(x) ?? 'bool') })
    const results: Float32Array[] = []
    for (const one of kernels) {
      const args = one.inputs.map(operand =>
        operand.tag === 'input'
          ? encode(inputs[operand.input] ?? new Float32Array())
          : (results[operand.of] as Float32Array),
      )
      results.push(await runOne(one, args))
    }
    return outputs.map(i => decode(results[i] as Float32Array, kernels[i]?.dtype ?? 'float32'))
  }
  return { mode, run, runOne }
}

/** Whether WebGPU has an adapter here; in Node it is Dawn, which finds a Vulkan driver by itself or as VK_ICD_FILENAMES says. */
const startWebGpu = async (): Promise<boolean> => {
  const place = globalThis as { navigator?: { gpu?: Adapters } }
  if (place.navigator?.gpu === undefined) {
    const { create, globals } = (await import('webgpu')) as unknown as Dawn
    Object.assign(globalThis, globals)
    Object.defineProperty(place.navigator ?? globalThis, place.navigator === undefined ? 'navigator' : 'gpu', {
      value: place.navigator === undefined ? { gpu: create([]) } : create([]),
      configurable: true,
      writable: true,
    })
  }
  return (await place.navigator?.gpu?.requestAdapter()) != null
}

/** gpu.js in every mode that starts here, which says so loudly where WebGPU does not; headlessgl needs the package gl and a display. */
export const openBenches = async (): Promise<readonly Bench[]> => {
  const loaded = (await import('gpu.js')) as unknown as GpuJs & { readonly default?: GpuJs }
  const gpuJs = loaded.default ?? loaded
  const modes: BenchMode[] = ['cpu', 'webasm']
  if (await startWebGpu()) modes.push('webgpu')
  else console.warn('WEBGPU IS NOT TESTED: no adapter starts here; install a Vulkan driver, or chromium on Debian')
  const benches = modes.map(mode => benchOf(new gpuJs.GPU({ mode }), mode))
  const display = await openGpu('headlessgl')()
  if (E.isLeft(display)) return benches
  return [...benches, benchOf(display.right.context as unknown as Maker, 'headlessgl')]
}

/** Distance relative to the larger of 1 and what is wanted; 0 for equal infinities and for two NaN. */
export const distance = (got: number, wanted: number): number => {
  const limit = Math.fround(wanted)
  if (got === limit || (Number.isNaN(got) && Number.isNaN(limit))) return 0
  const error = Math.abs(got - wanted) / Math.max(1, Math.abs(wanted))
  return Number.isFinite(error) ? error : Infinity
}

/** Fails unless gpu.js and the reference agree on all results of a kernel, floats to a relative tolerance. */
export const agree = async (
  bench: Bench,
  kernel: Kernel,
  inputs: readonly TypedArray[],
  tolerance: number,
): Promise<void> => {
  const wanted = reference.run(kernel, inputs)
  const results = await bench.run(kernel, inputs)
  results.forEach((got, output) => {
    const y = wanted[output] ?? new Float32Array()
    deepStrictEqual([got.constructor, got.length], [y.constructor, y.length])
    const limit = got instanceof Float32Array ? tolerance : 0
    const at = got.findIndex((x: number, i: number) => !(distance(x, y[i] as number) <= limit))
    if (at >= 0) deepStrictEqual({ output, at, value: got[at] }, { output, at, value: y[at] })
  })
}
