/**
 * gpu.js is loaded when it is asked for, and only then.
 */
import { createRequire } from 'node:module'
import { afterEach, expect, it, vi } from 'vitest'
import { openGpu } from '../../../src/backend/gpu/facade.ts'
import { createGpuPlan } from '../../../src/backend/gpu/run.ts'
import { sourceOf } from '../../../src/backend/gpu/source.ts'
import { iota, mapNest } from '../../../src/core/kernel.ts'
import { left, right } from '../../support/either.ts'

const loaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some(path => path.replaceAll('\\', '/').includes('/gpu.js/'))

afterEach(() => vi.doUnmock('gpu.js'))

it('a missing package is a Left that says what to install', async () => {
  vi.doMock('gpu.js', () => {
    throw new Error("Cannot find package 'gpu.js'")
  })
  const error = left(await openGpu('cpu')())
  expect(error._tag).toBe('EngineError')
  expect(error.message).toMatch('npm install gpu.js@2.24.1')
})

it('generating kernels and describing plans loads nothing; opening a context does', async () => {
  expect(sourceOf(mapNest([3], iota(0))).kernels.length).toBe(1)
  const plan = createGpuPlan({ mode: 'cpu' }, { buffers: [], inputs: [], outputs: [], steps: [], arena: 0 })
  expect(loaded()).toBe(false)
  const ready = right(await plan())
  expect(loaded()).toBe(true)
  expect(ready.run([])).toEqual([])
  await ready.close()
})
