/**
 * gpu.js as we use it: loaded when it is asked for, with types of our own, since its own lack what we need and name what is not there.
 *
 * Layer: backend. Nothing else here knows gpu.js. It is an optional package. Read next: run.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as T from 'fp-ts/lib/Task.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type CotangentError, describe, engineError, fail } from '../../core/errors.ts'
import type { GpuFunction } from './functions.ts'

/** Ways in which gpu.js can run kernels; those that need no GPU. */
export type GpuMode = 'cpu' | 'webasm'

/** The version whose behaviour the generated kernels rest on. */
const VERSION = '2.24.1'

type Argument = Float32Array | number

/** A compiled kernel of gpu.js. */
type Callable = {
  (...args: readonly Argument[]): Float32Array
  readonly kernel: { readonly constructor: { readonly mode?: string } }
  readonly destroy: () => void
}

type Context = {
  readonly createKernel: (source: string, settings: { readonly [name: string]: unknown }) => Callable
  readonly destroy: () => Promise<void>
}

type Module = { readonly GPU: new (settings: { readonly mode: GpuMode }) => Context }

/** A context in which kernels are compiled and run. */
export type Gpu = {
  readonly mode: GpuMode
  /** Compiles a kernel whose result has `size` elements. It is kept by its source and the sizes of its arrays. */
  readonly compile: (
    kernel: { readonly source: string; readonly functions: readonly GpuFunction[]; readonly size: number },
    inputs: readonly number[],
  ) => (args: readonly Argument[]) => Float32Array
  /** Ends what gpu.js keeps alive. */
  readonly close: T.Task<void>
}

/** So many compiled kernels are kept; each has a memory of its own, of which engines allow some thousands. */
const KEPT = 1000

const missing = (error: unknown): CotangentError =>
  engineError(
    'gpu',
    `the package gpu.js is not there (${error instanceof Error ? error.message.split('\n')[0] : describe(error)}): npm install gpu.js@${VERSION}`,
  )

// Bundlers let an import within try pass when the package is not installed.
const load = async (): Promise<E.Either<CotangentError, Module>> => {
  try {
    const loaded = (await import('gpu.js')) as unknown as Module & { readonly default?: Module }
    const found = loaded.GPU === undefined ? loaded.default : loaded
    return found?.GPU === undefined
      ? E.left(engineError('gpu', `the package gpu.js has no GPU: npm install gpu.js@${VERSION}`))
      : E.right(found)
  } catch (error) {
    return E.left(missing(error))
  }
}

const checked = (callable: Callable, mode: GpuMode, args: readonly Argument[]): Float32Array => {
  const result = callable(...args)
  const used = callable.kernel.constructor.mode
  if (used !== mode) return fail(engineError('gpu', `gpu.js ran a kernel in mode ${used} instead of ${mode}`))
  return result
}

const contextOf = ({ GPU }: Module, mode: GpuMode): Gpu => {
  const context = new GPU({ mode })
  const known = new Map<string, Callable>()
  const compile: Gpu['compile'] = ({ source, functions, size }, inputs) => {
    const key = `${size} ${inputs} ${source}`
    const found = known.get(key)
    const callable =
      found ??
      context.createKernel(source, {
        output: [size],
        functions,
        precision: 'single',
        loopMaxIterations: 2 ** 31 - 1,
      })
    known.delete(key)
    known.set(key, callable)
    for (const [old, other] of known) {
      if (known.size <= KEPT) break
      known.delete(old)
      other.destroy()
    }
    return args => checked(callable, mode, args)
  }
  return { mode, compile, close: () => context.destroy() }
}

/** Opens a context; loads gpu.js, which nothing else does. A Left says what to install. */
export const openGpu =
  (mode: GpuMode): TE.TaskEither<CotangentError, Gpu> =>
  async () => {
    const loaded = await load()
    return E.isLeft(loaded) ? loaded : E.right(contextOf(loaded.right, mode))
  }
