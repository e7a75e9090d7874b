/**
 * gpu: opens a backend that runs on a GPU, through gpu.js.
 *
 * Layer: backend. Nothing of gpu.js is loaded before. Read next: facade.ts, backend.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type CotangentError, describe, engineError, valueError } from '../../core/errors.ts'
import { createBackend, type GpuBackend } from './backend.ts'
import { GPU_MODES, type GpuMode, isGl, type Opened, openGpu } from './facade.ts'
import { hostDevice } from './host.ts'
import { residentDevice } from './resident.ts'
import { textureDevice } from './textures.ts'

/** One mode by name, or several of which the first that starts is taken; and what holds for each. */
export type GpuOptions = (
  | { readonly mode: GpuMode; readonly prefer?: never }
  | { readonly prefer: readonly GpuMode[]; readonly mode?: never }
) & {
  /** About how many bytes of tensors stay on the device; a gigabyte unless said otherwise. */
  readonly memory?: number
  /**
   * Where tensors are between calls: on the `device`, as they are in modes webgpu, webgl2 and headlessgl unless said otherwise, or on
   * the `host`, from which each call copies them, as in modes webasm and cpu.
   */
  readonly residency?: 'device' | 'host'
}

const known: readonly string[] = ['mode', 'prefer', 'memory', 'residency']

/** What is wrong with options, if anything. */
const problem = (options: GpuOptions): string | null => {
  const { mode, prefer, memory, residency } = options
  const odd = Object.keys(options).find(name => !known.includes(name))
  if (odd !== undefined) return `has no option ${odd}; there are ${known.join(', ')}`
  const asked = mode === undefined ? prefer : [mode]
  if (!Array.isArray(asked) || asked.length === 0 || (mode !== undefined && prefer !== undefined))
    return "takes one mode, as in gpu({ mode: 'webgpu' }), or several, as in gpu({ prefer: ['webgpu', 'webasm'] })"
  const strange = asked.find(name => !GPU_MODES.includes(name))
  if (strange !== undefined) return `knows no mode ${describe(strange)}; there are ${GPU_MODES.join(', ')}`
  if (memory !== undefined && !(memory > 0)) return `memory must be a positive number of bytes, got ${describe(memory)}`
  if (residency !== undefined && residency !== 'device' && residency !== 'host')
    return `residency is 'device' or 'host', got ${describe(residency)}`
  const without = residency === 'device' ? asked.find(name => !hasDevice(name)) : undefined
  return without === undefined
    ? null
    : `tensors stay on the device in modes webgpu, webgl2 and headlessgl, and there is none in mode ${without}`
}

const hasDevice = (mode: GpuMode): boolean => mode === 'webgpu' || isGl(mode)

const backendOf = (
  opened: Opened,
  { prefer, memory = 2 ** 30, residency }: GpuOptions,
  tried: readonly string[],
): GpuBackend => {
  const { mode, context, webgpu } = opened
  const settings = { memory, tried, chooses: prefer !== undefined && hasDevice(mode) }
  if (residency === 'host') return createBackend(opened, hostDevice(opened), settings)
  if (webgpu !== null) return createBackend(opened, residentDevice(context, webgpu), settings)
  return isGl(mode)
    ? createBackend(opened, textureDevice(opened), settings)
    : createBackend(opened, hostDevice(opened), settings)
}

/**
 * Opens a backend for `compile`, in the mode that is named or in the first of several that starts, and in no other: what gpu.js would do
 * instead is an error. `webgpu` is the one that is quick: in browsers, and in Node with the package webgpu. `webgl2` is for browsers
 * without it; `headlessgl` for Node with the package gl; `webasm` and `cpu` need no GPU and are there for comparison: ops and `jit` use
 * a quicker engine. A backend opened with `prefer` leaves to that engine what is too small for a GPU, and says so in `describe`.
 *
 * Results stay on the GPU, so that a training loop uploads batches and reads scalars. In modes webasm and cpu gpu.js takes arrays from
 * the host and returns them with each call; results must be read by `toHost` all the same.
 * @returns a Left, an EngineError, when no mode has started: it says what was tried and what to install; a ValueError for options that
 *   are none
 * @example
 * const backend = await pipe(gpu({ mode: 'cpu' }), TE.getOrElse(error => () => Promise.reject(error)))()
 * const double = compile((x: Tensor) => mul(x, 2), { backend })
 * toArray(await toHost(await double(tensor([1, 2])))) // [2, 4]
 * await backend.close()
 */
export const gpu =
  (options: GpuOptions): TE.TaskEither<CotangentError, GpuBackend> =>
  async () => {
    const wrong = problem(options)
    if (wrong !== null) return E.left(valueError('gpu', wrong))
    const errors: CotangentError[] = []
    for (const mode of options.prefer ?? [options.mode]) {
      const opened = await openGpu(mode)()
      if (E.isRight(opened))
        return E.right(
          backendOf(
            opened.right,
            options,
            errors.map(({ what }) => what),
          ),
        )
      errors.push(opened.left)
    }
    const [first] = errors
    return E.left(
      errors.length === 1 && first !== undefined
        ? first
        : engineError('gpu', `no mode has started: ${errors.map(({ what }) => what).join('; ')}`),
    )
  }
