/**
 * What tests of GPU backends share: which modes start here, and backends that are closed when a test file is over.
 */
import * as E from 'fp-ts/lib/Either.js'
import { afterAll } from 'vitest'
import { type GpuBackend, type GpuMode, type GpuOptions, gpu } from '../../../src/gpu/index.ts'
import { right } from '../../support/either.ts'

/** Whether there is time: npm run test:gpu. */
export const LONG_RUN = process.env.GPU_LONG !== undefined

/** Backends by what they are called in titles. */
export type Case = { readonly name: string; readonly options: GpuOptions & { readonly mode: GpuMode } }

const always: readonly Case[] = [
  { name: 'cpu', options: { mode: 'cpu' } },
  { name: 'webasm', options: { mode: 'webasm' } },
]
const withAdapter: readonly Case[] = [
  { name: 'webgpu', options: { mode: 'webgpu' } },
  { name: 'webgpu through the host', options: { mode: 'webgpu', residency: 'host' } },
]

const adapter = await gpu({ mode: 'webgpu' })()
if (E.isLeft(adapter)) console.warn(`NOT TESTED on WebGPU: ${adapter.left.message}`)
else await adapter.right.close()

const display = await gpu({ mode: 'headlessgl' })()
if (E.isRight(display)) await display.right.close()
else if (LONG_RUN) console.warn(`NOT TESTED in mode headlessgl: ${display.left.message}`)

/** Whether there is an adapter for mode webgpu. */
export const hasWebGpu = E.isRight(adapter)

/** The cases that can be tested here; headlessgl needs the package gl, built, and a display, such as xvfb-run gives. */
export const CASES: readonly Case[] = [
  ...always,
  ...(hasWebGpu ? withAdapter : []),
  ...(E.isRight(display) ? [{ name: 'headlessgl', options: { mode: 'headlessgl' as const } }] : []),
]

/** Opens a backend that is closed when the file is over. */
export const opened = async (options: GpuOptions): Promise<GpuBackend> => {
  const backend = right(await gpu(options)())
  afterAll(backend.close)
  return backend
}
