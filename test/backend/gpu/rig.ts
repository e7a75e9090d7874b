/**
 * What tests of the gpu.js backend share: contexts that end with the tests, kernels run in a mode, and comparison with the reference.
 */
import { afterAll, expect } from 'vitest'
import { type Gpu, type GpuMode, openGpu } from '../../../src/backend/gpu/facade.ts'
import { runKernel } from '../../../src/backend/gpu/run.ts'
import { sourceOf } from '../../../src/backend/gpu/source.ts'
import { decode, encode } from '../../../src/backend/gpu/storage.ts'
import { reference } from '../../../src/backend/reference.ts'
import type { TypedArray } from '../../../src/core/dtype.ts'
import type { Kernel } from '../../../src/core/kernel.ts'
import { right } from '../../support/either.ts'

/** The modes that need no GPU. */
export const MODES: readonly GpuMode[] = ['cpu', 'webasm']

/** A context in each mode, closed when the tests of the file are over. */
export const contexts = async (): Promise<readonly Gpu[]> => {
  const all = await Promise.all(MODES.map(async mode => right(await openGpu(mode)())))
  afterAll(() => Promise.all(all.map(gpu => gpu.close())))
  return all
}

/** What gpu.js makes of a kernel. */
export const gpuResults = (gpu: Gpu, kernel: Kernel, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { kernels, outputs } = sourceOf(kernel)
  const results: Float32Array[] = []
  for (const one of kernels) {
    const args = one.inputs.map(operand =>
      operand.tag === 'input'
        ? encode(inputs[operand.input] ?? new Float32Array())
        : (results[operand.of] as Float32Array),
    )
    results.push(runKernel(gpu, one, args))
  }
  return outputs.map(i => decode(results[i] as Float32Array, kernels[i]?.dtype ?? 'float32'))
}

/** Distance relative to the larger of 1 and what is wanted; 0 for equal infinities and for two NaN. */
export const distance = (got: number, wanted: number): number => {
  const limit = Math.fround(wanted)
  if (got === limit || (Number.isNaN(got) && Number.isNaN(limit))) return 0
  const error = Math.abs(got - wanted) / Math.max(1, Math.abs(wanted))
  return Number.isFinite(error) ? error : Infinity
}

/** Fails unless gpu.js and the reference agree on all results of a kernel, floats to a relative tolerance. */
export const agree = (gpu: Gpu, kernel: Kernel, inputs: readonly TypedArray[], tolerance: number): void => {
  const wanted = reference.run(kernel, inputs)
  gpuResults(gpu, kernel, inputs).forEach((got, output) => {
    expect(got.constructor).toBe(wanted[output]?.constructor)
    expect(got.length).toBe(wanted[output]?.length)
    const limit = got instanceof Float32Array ? tolerance : 0
    const at = got.findIndex((x: number, i: number) => !(distance(x, wanted[output]?.[i] ?? Number.NaN) <= limit))
    if (at >= 0) expect({ output, at, value: got[at] }).toEqual({ output, at, value: wanted[output]?.[at] })
  })
}
