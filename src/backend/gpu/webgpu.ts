/**
 * WebGPU: as much of its types as is used here, and the way to it in Node, which has none of its own.
 *
 * Layer: backend. In Node it is Dawn, from the optional package `webgpu`; what that needs of the machine is a Vulkan, Metal or
 * Direct3D driver. Read next: facade.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type CotangentError, engineError, firstLineOf } from '../../core/errors.ts'

export type GpuBuffer = {
  readonly size: number
  readonly mapAsync: (mode: number) => Promise<void>
  readonly getMappedRange: (offset?: number, size?: number) => ArrayBuffer
  readonly unmap: () => void
  readonly destroy: () => void
}

export type ComputePass = {
  readonly setPipeline: (pipeline: unknown) => void
  readonly setBindGroup: (index: number, group: unknown) => void
  readonly dispatchWorkgroups: (x: number, y: number, z: number) => void
  readonly end: () => void
}

export type Encoder = {
  readonly beginComputePass: () => ComputePass
  readonly copyBufferToBuffer: (from: GpuBuffer, at: number, to: GpuBuffer, toAt: number, bytes: number) => void
  readonly finish: () => unknown
}

export type GpuDevice = {
  readonly queue: {
    readonly writeBuffer: (buffer: GpuBuffer, at: number, data: Float32Array) => void
    readonly submit: (commands: readonly unknown[]) => void
    readonly onSubmittedWorkDone: () => Promise<void>
  }
  readonly createBuffer: (settings: { readonly size: number; readonly usage: number }) => GpuBuffer
  readonly createCommandEncoder: () => Encoder
  readonly pushErrorScope: (filter: 'validation' | 'out-of-memory' | 'internal') => void
  readonly popErrorScope: () => Promise<{ readonly message: string } | null>
}

export type AdapterInfo = {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
}

export type WebGpuContext = {
  readonly device: GpuDevice
  readonly adapter: { readonly info?: AdapterInfo }
  readonly isLost: boolean
}

/** Bits that say what a buffer is for, as the specification numbers them. */
export const USAGE = { mapRead: 1, copyFrom: 4, copyTo: 8, storage: 128 } as const

/** The mode of a mapping that reads. */
export const MAP_READ = 1

/** The version of the package `webgpu` that this was tested with. */
export const WEBGPU_VERSION = '0.6.2'

type Global = {
  navigator?: { gpu?: unknown }
  process?: { readonly versions?: { readonly node?: string } }
}

type Dawn = { readonly create: (flags: readonly string[]) => unknown; readonly globals: object }

const place: Global = globalThis as Global

/** Puts Dawn where programs find the GPU of a browser, beside all else that is there. */
const install = ({ create, globals }: Dawn): void => {
  Object.assign(globalThis, globals)
  const gpu = { value: create([]), configurable: true, writable: true }
  if (place.navigator !== undefined) Object.defineProperty(place.navigator, 'gpu', gpu)
  else
    Object.defineProperty(globalThis, 'navigator', {
      value: Object.defineProperty({}, 'gpu', gpu),
      configurable: true,
      writable: true,
    })
}

/** Sees to it that there is `navigator.gpu`. A Left says what to install. */
export const ensureWebGpu: TE.TaskEither<CotangentError, void> = async () => {
  if (place.navigator?.gpu !== undefined) return E.right(undefined)
  if (place.process?.versions?.node === undefined)
    return E.left(
      engineError(
        'gpu',
        'there is no WebGPU here (navigator.gpu is missing): use a browser that has it, on a page served by https or from localhost, or mode webgl2',
      ),
    )
  try {
    install((await import('webgpu')) as unknown as Dawn)
    return E.right(undefined)
  } catch (error) {
    return E.left(
      engineError(
        'gpu',
        `WebGPU needs the package webgpu in Node (${firstLineOf(error)}): npm install webgpu@${WEBGPU_VERSION}`,
      ),
    )
  }
}
