/**
 * What tests of lowered plans share: gpu.js in the modes that need no GPU, open until the tests are over, and plans run by it without the
 * rest of a backend.
 */
import { afterAll } from 'vitest'
import { type GpuMode, type Opened, openGpu } from '../../../src/backend/gpu/facade.ts'
import { hostDevice } from '../../../src/backend/gpu/host.ts'
import type { GpuPlan } from '../../../src/backend/gpu/lower.ts'
import { prepare } from '../../../src/backend/gpu/prepare.ts'
import { decode, encode, lengthOf } from '../../../src/backend/gpu/storage.ts'
import type { TypedArray } from '../../../src/core/dtype.ts'
import { right } from '../../support/either.ts'

/** The modes that need no GPU. */
export const MODES: readonly GpuMode[] = ['cpu', 'webasm']

/** gpu.js in each mode, closed when the tests of the file are over. */
export const contexts = async (): Promise<readonly Opened[]> => {
  const all = await Promise.all(MODES.map(async mode => right(await openGpu(mode)())))
  afterAll(() => Promise.all(all.map(gpu => gpu.close())))
  return all
}

/** From inputs to results. */
export type Runner = (inputs: readonly TypedArray[]) => Promise<readonly TypedArray[]>

/** A lowered plan, compiled once and run as often as one likes. */
export const runnerOf = (gpu: Opened, lowered: GpuPlan): Runner => {
  const prepared = prepare(hostDevice(gpu), lowered)
  return async inputs => {
    const results = await (await prepared).run(inputs.map(x => (x.length === 0 ? new Float32Array(1) : encode(x))))
    return results.map((y, i) => {
      const { dtype, size } = lowered.values[lowered.outputs[i] ?? -1] ?? { dtype: 'float32', size: 0 }
      return decode(y.subarray(0, lengthOf(dtype, size)), dtype)
    })
  }
}
