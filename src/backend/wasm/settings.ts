/**
 * How the engine is set up: from the environment, or by `configure`.
 *
 * Layer: backend.
 */
import { describe, fail, valueError } from '../../core/errors.ts'
import { wasmApi } from './platform.ts'

/** What can be chosen. */
export type EngineOptions = {
  /** How many threads run kernels, this one included; as many as there are cores by default, at most 16. */
  readonly threads?: number
  /** About how many bytes of tensors the engine keeps in its memory at most, 512 MiB by default; the others are on the host. */
  readonly memory?: number
  /** Whether kernels use fused multiply-add (relaxed SIMD) where the runtime has it: quicker on most processors, and rounded otherwise. */
  readonly fma?: boolean
}

const MEBIBYTE = 2 ** 20
const DEFAULT_MEMORY = 512 * MEBIBYTE
const MOST_THREADS = 16

type Process = {
  readonly env?: { readonly [name: string]: string | undefined }
  readonly getBuiltinModule?: (name: string) => { readonly availableParallelism?: () => number } | undefined
}
const processOf = (): Process | undefined => (globalThis as { readonly process?: Process }).process

const cores = (): number => {
  const counted = processOf()?.getBuiltinModule?.('node:os')?.availableParallelism?.()
  const browser = (globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } }).navigator
  return Math.min(MOST_THREADS, counted ?? browser?.hardwareConcurrency ?? 1)
}

/** A number of threads, or the reason why it is none. */
export const checkThreads = (op: string, threads: unknown): number =>
  typeof threads === 'number' && Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS
    ? threads
    : fail(valueError(op, `threads must be a whole number from 1 to ${MOST_THREADS}, got ${describe(threads)}`))

const threadsFromEnvironment = (): number | undefined => {
  const text = processOf()?.env?.COTANGENT_THREADS
  return text === undefined || text === '' ? undefined : checkThreads('COTANGENT_THREADS', Number(text))
}

let chosen: EngineOptions = {}

/** Adds to what was chosen; for an engine that does not exist yet. */
export const choose = (options: EngineOptions): void => {
  chosen = { ...chosen, ...options }
}

/** The settings in force. */
export const settings = (): Required<EngineOptions> => ({
  threads: chosen.threads ?? threadsFromEnvironment() ?? cores(),
  memory: chosen.memory ?? DEFAULT_MEMORY,
  fma: chosen.fma ?? processOf()?.env?.COTANGENT_FMA !== '0',
})

/** A function of three vectors that is valid only where relaxed SIMD is. */
const FMA_MODULE = [
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 13, 1, 11, 0, 0x20, 0,
  0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b,
]

/** Whether the runtime has fused multiply-add. */
export const hasFma = (): boolean => wasmApi.validate(Uint8Array.from(FMA_MODULE))
