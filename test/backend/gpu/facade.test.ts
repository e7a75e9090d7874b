/**
 * gpu.js is loaded when it is asked for, and only then; what is missing is said, and so is what it would do instead.
 */
import { createRequire } from 'node:module'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openGpu, type Pipeline } from '../../../src/backend/gpu/facade.ts'
import { gpu } from '../../../src/backend/gpu/gpu.ts'
import { checkPipeline } from '../../../src/backend/gpu/host.ts'
import { residentDevice } from '../../../src/backend/gpu/resident.ts'
import { sourceOf } from '../../../src/backend/gpu/source.ts'
import type { WebGpuContext } from '../../../src/backend/gpu/webgpu.ts'
import { iota, mapNest } from '../../../src/core/kernel.ts'
import { left, right } from '../../support/either.ts'
import { mistake, rejection } from '../../support/values.ts'

const loaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some(path => path.replaceAll('\\', '/').includes('/gpu.js/'))

afterEach(() => {
  vi.doUnmock('gpu.js')
  vi.doUnmock('webgpu')
  vi.unstubAllGlobals()
})

it('generating kernels loads nothing; opening does', async () => {
  expect(sourceOf(mapNest([3], iota(0))).kernels.length).toBe(1)
  const open = openGpu('cpu')
  expect(loaded()).toBe(false)
  const opened = right(await open())
  expect(loaded()).toBe(true)
  await opened.close()
})

describe('what is missing is a Left that says what to install', () => {
  it('the package gpu.js', async () => {
    vi.doMock('gpu.js', () => {
      throw new Error("Cannot find package 'gpu.js'")
    })
    const error = left(await openGpu('cpu')())
    expect(error._tag).toBe('EngineError')
    expect(error.message).toMatch('npm install gpu.js@2.24.1')
  })

  it('the package webgpu in Node', async () => {
    vi.stubGlobal('navigator', {})
    vi.doMock('webgpu', () => {
      throw new Error("Cannot find package 'webgpu'")
    })
    const error = left(await openGpu('webgpu')())
    expect(error._tag).toBe('EngineError')
    expect(error.message).toMatch(/^gpu: WebGPU needs the package webgpu in Node .*: npm install webgpu@0\.6\.2$/)
  })

  it('an adapter, which is a driver', async () => {
    vi.stubGlobal('navigator', { gpu: {} })
    vi.doMock('gpu.js', () => ({
      GPU: class {},
      WebGPUContext: { acquire: () => Promise.reject(new Error('no adapter is available')) },
    }))
    const { message } = left(await gpu({ prefer: ['webgpu'] })())
    expect(message).toMatch('mode webgpu did not start (no adapter is available); it needs a GPU with its Vulkan')
    expect(message).toMatch('VK_ICD_FILENAMES')
  })
})

describe('what gpu.js would do instead is an error', () => {
  const used = (backend: string, executorKind: string, fallbackReason: string | null = null): Pipeline =>
    ({ backend, executorKind, fallbackReason }) as Pipeline
  it('another mode, or a slower way', () => {
    checkPipeline('webgpu', used('webgpu', 'fused-encoder'))
    checkPipeline('webasm', used('webasm', 'fused-threaded'))
    checkPipeline('webgl2', used('gpu', 'generic', 'it is no webasm'))
    expect(mistake(() => checkPipeline('webgl2', used('cpu', 'generic')))).toBe(
      'EngineError: gpu: gpu.js ran a program in mode cpu (generic) instead of webgl2 (generic): it gives no reason',
    )
    expect(mistake(() => checkPipeline('webgpu', used('webgpu', 'generic', 'too large')))).toMatch(
      'gpu.js ran a program in mode webgpu (generic) instead of webgpu (fused-encoder): too large',
    )
  })

  it('internals of another version', async () => {
    const destroy = async (): Promise<void> => undefined
    const context = {
      createKernel: () => Object.assign(() => undefined, { destroy: () => undefined }),
      createPipeline: () => ({ pipeline: {}, destroy }) as never,
      destroy,
    }
    const device = { pushErrorScope: () => undefined, popErrorScope: async () => null }
    const { compile } = residentDevice(context, { device, isLost: false, adapter: {} } as unknown as WebGpuContext)
    expect(await rejection(compile({ kernels: [], inputs: [], outputs: [] }))).toMatch(
      "EngineError: gpu: gpu.js is not as version 2.24.1 is (its pipelines have other parts): npm install gpu.js@2.24.1, or ask for { residency: 'host' }",
    )
  })
})
