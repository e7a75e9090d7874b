/**
 * What tests of the gpu.js backend share: contexts that end with the tests.
 */
import { afterAll } from 'vitest'
import { type Gpu, type GpuMode, openGpu } from '../../../src/backend/gpu/facade.ts'
import { right } from '../../support/either.ts'

/** The modes that need no GPU. */
export const MODES: readonly GpuMode[] = ['cpu', 'webasm']

/** A context in each mode, closed when the tests of the file are over. */
export const contexts = async (): Promise<readonly Gpu[]> => {
  const all = await Promise.all(MODES.map(async mode => right(await openGpu(mode)())))
  afterAll(() => Promise.all(all.map(gpu => gpu.close())))
  return all
}
