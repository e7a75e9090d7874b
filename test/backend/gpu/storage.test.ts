/**
 * What is written as floats is read as it was: every int32, every bool, every float32.
 */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { decode, encode, lengthOf } from '../../../src/backend/gpu/storage.ts'
import type { Dtype, TypedArray } from '../../../src/core/dtype.ts'
import { SEED } from '../../support/values.ts'

const EDGES = [0, 1, -1, 65535, 65536, -65536, 2 ** 24 + 1, -(2 ** 24) - 1, 2147483647, -2147483648]

const kept = (dtype: Dtype, x: TypedArray): void => {
  const floats = encode(x)
  expect(floats.length).toBe(lengthOf(dtype, x.length))
  expect(decode(floats, dtype)).toEqual(x)
}

it('int32 keeps all of its bits', () => {
  kept('int32', Int32Array.from(EDGES))
  fc.assert(
    fc.property(fc.int32Array(), x => kept('int32', x)),
    { seed: SEED },
  )
})

it('bool and float32 take one float each, which for float32 is the array itself', () => {
  kept('bool', Uint8Array.of(0, 1, 1, 0))
  const x = Float32Array.of(1, -0, Number.NaN, Infinity, 1e-40)
  kept('float32', x)
  expect(encode(x)).toBe(x)
})

it('the halves of an int32 are whole numbers of 16 bits, the upper one with the sign', () => {
  expect([...encode(Int32Array.of(-1, 65537, -2147483648))]).toEqual([-1, 65535, 1, 1, -32768, 0])
})
