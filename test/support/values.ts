/**
 * What tests of core, ops and transform share: properties with a fixed seed, comparisons of values, errors as values.
 */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { CotangentError } from '../../src/core/errors.ts'
import { type Nested, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'

/** Of every run of the tests, so that a red one can be repeated. */
export const SEED = 20260101

/** Checks a property on `runs` cases; throws with seed and shrunk counterexample. */
export const check = <Ts>(property: fc.IProperty<Ts>, runs = 100): void => {
  fc.assert(property, { seed: SEED, numRuns: runs })
}

/** float32 keeps 24 bits (6e-8), of which a short computation loses a few. */
export const FLOAT32 = 2e-6
/** float64 keeps 53 bits (1e-16); known values below are written with 10 digits or more. */
export const FLOAT64 = 1e-9

const agrees = (x: unknown, y: unknown, tolerance: number): boolean => {
  if (Array.isArray(x) && Array.isArray(y))
    return x.length === y.length && x.every((v, i) => agrees(v, y[i], tolerance))
  if (typeof x !== 'number' || typeof y !== 'number') return x === y
  if (Number.isNaN(x) || Number.isNaN(y) || !Number.isFinite(x) || !Number.isFinite(y)) return Object.is(x, y)
  return Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y))
}

/** Asserts that a tensor holds these values, in this shape, up to rounding; NaN equals NaN. */
export const expectClose = (x: Tensor, expected: Nested, tolerance = FLOAT32): void => {
  const found = toArray(x)
  if (!agrees(found, expected, tolerance)) expect(found).toEqual(expected)
}

/** Asserts that two tensors agree in type and, up to rounding, in values. */
export const expectSame = (x: Tensor, y: Tensor, tolerance = FLOAT32): void => {
  expect([x.shape, x.dtype]).toEqual([y.shape, y.dtype])
  expectClose(x, toArray(y), tolerance)
}

/** The error that a mistake throws. */
export const errorOf = (mistake: () => unknown): CotangentError => {
  try {
    mistake()
  } catch (error) {
    if (error instanceof CotangentError) return error
    throw error
  }
  throw new Error('expected a CotangentError, but nothing was thrown')
}

/** The tag and the message of the error that a mistake throws. */
export const mistake = (f: () => unknown): string => {
  const { _tag, message } = errorOf(f)
  return `${_tag}: ${message}`
}

/** The tag and the message that a promise rejects with. */
export const rejection = async (promise: Promise<unknown>): Promise<string> => {
  const outcome = await promise.then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error
    },
  )
  return mistake(outcome)
}

/** A float64 tensor. */
export const f64 = (value: Nested): Tensor => tensor(value, { dtype: 'float64' })
/** An int32 tensor. */
export const i32 = (value: Nested): Tensor => tensor(value, { dtype: 'int32' })

/** Small shapes: at most `maxRank` axes of sizes `least` to 4. */
export const shapes = (maxRank = 3, least = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: least, max: 4 }), { maxLength: maxRank })

/** Numbers spread over [-3, 3] in steps of 1/16, so that sums of a few are exact in float32. */
export const sixteenths: fc.Arbitrary<number> = fc.integer({ min: -48, max: 48 }).map(n => n / 16)

/** A tensor of a shape filled by a rule; deterministic and uneven. */
export const wavy = (shape: readonly number[], phase = 0, dtype: 'float32' | 'float64' = 'float64'): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1)
  return tensor(
    Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + phase) + 0.3 * Math.cos(0.9 * i * i + phase)),
    { shape, dtype },
  )
}
