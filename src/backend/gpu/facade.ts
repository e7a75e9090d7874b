/**
 * gpu.js as we use it: loaded when it is asked for, with types of our own, since its own lack what we need and name what is not there.
 *
 * Layer: backend. Nothing else here knows the package; resident.ts knows some of its internals. It is an optional package. Read
 * next: webgpu.ts, device.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { CotangentError, engineError, firstLineOf } from '../../core/errors.ts'
import type { GpuFunction } from './functions.ts'
import { ensureWebGpu, type WebGpuContext } from './webgpu.ts'

/** Ways in which gpu.js can run kernels: two on the CPU, three on a GPU. */
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm' | 'cpu'

/** All of them. */
export const GPU_MODES: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu']

/** Whether a mode runs GLSL. */
export const isGl = (mode: GpuMode): boolean => mode === 'webgl2' || mode === 'headlessgl'

/** The version whose behaviour the generated kernels rest on. */
export const VERSION = '2.24.1'

/** A kernel of gpu.js; within a pipeline, arguments and results are handles. */
export type Callable = {
  (...args: readonly unknown[]): unknown
  readonly destroy: () => void
}

/** Kernels that run one after the other. */
export type Pipeline = {
  (...args: readonly Float32Array[]): Promise<readonly Float32Array[]>
  /** What runs it, known after the first call. */
  readonly executorKind: string
  readonly backend: string | null
  readonly fallbackReason: string | null
  /** Internals. */
  readonly pipeline: unknown
  readonly destroy: () => Promise<unknown>
}

/** An array on the GPU, in modes of WebGL. */
export type Texture = {
  readonly toArray: () => Float32Array
  readonly delete: () => void
}

/** How a kernel is made. One that is a `pipeline` gives textures, a new one with each call if it is `immutable`. */
export type KernelSettings = {
  readonly output: readonly number[]
  readonly functions: readonly GpuFunction[]
  readonly nativeFunctions?: readonly { readonly name: string; readonly source: string }[]
  readonly precision: 'single'
  readonly loopMaxIterations: number
  readonly pipeline?: boolean
  readonly immutable?: boolean
}

/** Where kernels are made. */
export type Context = {
  /** The context of WebGL, in the modes that have one, from the first kernel on. */
  readonly context?: { readonly isContextLost: () => boolean } | null
  readonly createKernel: (source: string, settings: KernelSettings) => Callable
  readonly createPipeline: (plan: (...args: readonly unknown[]) => readonly unknown[]) => Pipeline
  readonly destroy: () => Promise<unknown>
}

type Module = {
  readonly GPU: new (settings: { readonly mode: GpuMode }) => Context
  readonly WebGPUContext: { readonly acquire: () => Promise<WebGpuContext>; readonly destroy: () => Promise<void> }
}

/** gpu.js in some mode, ready for kernels. */
export type Opened = {
  readonly mode: GpuMode
  readonly context: Context
  /** The device that it uses, in mode webgpu. */
  readonly webgpu: WebGpuContext | null
  readonly close: T.Task<void>
}

// Bundlers let an import within try pass when the package is not installed.
const load: TE.TaskEither<CotangentError, Module> = async () => {
  try {
    const loaded = (await import('gpu.js')) as unknown as Module & { readonly default?: Module }
    const found = loaded.GPU === undefined ? loaded.default : loaded
    return found?.GPU === undefined
      ? E.left(engineError('gpu', `the package gpu.js has no GPU: npm install gpu.js@${VERSION}`))
      : E.right(found)
  } catch (error) {
    return E.left(
      engineError('gpu', `the package gpu.js is not there (${firstLineOf(error)}): npm install gpu.js@${VERSION}`),
    )
  }
}

/** What a machine must have for a mode. */
const NEEDS: { readonly [mode in GpuMode]: string } = {
  webgpu:
    'a GPU with its Vulkan (Linux: libvulkan1 and the driver), Metal or Direct3D 12 driver; without one, a software driver such as SwiftShader or lavapipe, named in VK_ICD_FILENAMES',
  webgl2: 'a browser; in Node use webgpu, or headlessgl',
  headlessgl: 'the package gl (npm install gl@8.1.6) with its libraries, and a display, such as xvfb-run gives',
  webasm: 'WebAssembly',
  cpu: 'nothing',
}

const notStarted = (mode: GpuMode, error: unknown): CotangentError =>
  error instanceof CotangentError
    ? error
    : engineError('gpu', `mode ${mode} did not start (${firstLineOf(error)}); it needs ${NEEDS[mode]}`)

/** Backends that share the one WebGPU device of gpu.js. */
let sharing = 0

/** Modes that run GLSL take functions that have a form there as native ones. */
const fitted = (mode: GpuMode, context: Context): Context => {
  if (!isGl(mode)) return context
  const nativeOf = ({ glsl, gles }: GpuFunction): string | null =>
    (mode === 'headlessgl' && gles !== undefined ? gles : glsl) ?? null
  const createKernel: Context['createKernel'] = (source, { functions, ...settings }) =>
    context.createKernel(source, {
      ...settings,
      functions: functions.filter(f => nativeOf(f) === null),
      nativeFunctions: functions.flatMap(f => {
        const native = nativeOf(f)
        return native === null ? [] : [{ name: f.name, source: native }]
      }),
    })
  return {
    get context() {
      return context.context ?? null
    },
    createKernel,
    createPipeline: plan => context.createPipeline(plan),
    destroy: () => context.destroy(),
  }
}

const start = async ({ GPU, WebGPUContext }: Module, mode: GpuMode): Promise<Opened> => {
  const webgpu = mode === 'webgpu' ? await WebGPUContext.acquire() : null
  const context = fitted(mode, new GPU({ mode }))
  if (webgpu !== null) sharing++
  const close = async (): Promise<void> => {
    await context.destroy()
    if (webgpu !== null && --sharing === 0) await WebGPUContext.destroy()
  }
  return { mode, context, webgpu, close }
}

/** Loads gpu.js, which nothing else does, and starts it in a mode, and in no other. A Left says what to install. */
export const openGpu = (mode: GpuMode): TE.TaskEither<CotangentError, Opened> =>
  pipe(
    load,
    TE.chainFirst(() => (mode === 'webgpu' ? ensureWebGpu : TE.right(undefined))),
    TE.chain(found =>
      TE.tryCatch(
        () => start(found, mode),
        error => notStarted(mode, error),
      ),
    ),
  )
