/**
 * Agreement of the quick backend with the reference.
 */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { reference } from '../../src/backend/reference.ts'
import { wasm } from '../../src/backend/wasm.ts'
import type { TypedArray } from '../../src/core/dtype.ts'
import { type Kernel, kernelDtypes, kernelShapes } from '../../src/core/kernel.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { type Choices, choicesOf } from './choices.ts'

/** Of every run, so that a red one can be repeated. */
const SEED = 20261122

/** Sizes around those of vectors, rows and tiles. */
export const AWKWARD: readonly number[] = [0, 1, 3, 4, 5, 7, 8, 9, 31, 33, 1023, 1025]

/** What a backend makes of a kernel; fails if it changed an input. */
const results = (backend: typeof reference, kernel: Kernel, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const before = inputs.map(x => x.slice())
  const outs = backend.run(kernel, inputs)
  expect(inputs).toEqual(before)
  return outs
}

/** Both backends' results, of the lengths and kinds that the kernel promises. */
export const bothResults = (
  kernel: Kernel,
  inputs: readonly TypedArray[],
): readonly (readonly [got: TypedArray, wanted: TypedArray])[] => {
  const got = results(wasm, kernel, inputs)
  const wanted = results(reference, kernel, inputs)
  const sizes = kernelShapes(kernel).map(sizeOf)
  expect(got.map(x => x.length)).toEqual(sizes)
  expect(got.map(x => x.constructor)).toEqual(wanted.map(x => x.constructor))
  expect(kernelDtypes(kernel).length).toBe(got.length)
  return got.map((x, i) => [x, wanted[i] as TypedArray])
}

/** Fails unless both backends give the same values: NaN for NaN, and zeros of the same sign. */
export const agreeExactly = (kernel: Kernel, inputs: readonly TypedArray[]): void => {
  bothResults(kernel, inputs).forEach(([got, wanted], output) => {
    const at = wanted.findIndex((x: number, i: number) => !Object.is(x, got[i]))
    if (at >= 0) expect({ output, at, value: got[at] }).toEqual({ output, at, value: wanted[at] })
  })
}

/** Checks a property of kernels drawn from choices. */
export const forKernels = (numRuns: number, body: (c: Choices) => void): void => {
  fc.assert(
    fc.property(fc.gen(), g => body(choicesOf(g))),
    { seed: SEED, numRuns },
  )
}
