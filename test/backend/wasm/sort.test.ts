/**
 * Sorts: exactly the positions that the reference gives, short rows and long ones.
 */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../src/backend/reference.ts'
import { emitSort } from '../../../src/backend/wasm/sort.ts'
import { allocate, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import { type Shape, sizeOf } from '../../../src/core/shape.ts'
import { AWKWARD, forKernels } from '../agreement.ts'
import { dataFrom } from '../choices.ts'
import { layOut, runEmitted } from './emitting.ts'

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
/** Around the lengths from which on rows are dealt into piles rather than merged. */
const LENGTHS = [...AWKWARD, 511, 512, 2049]

const sorted = (shape: Shape, dtype: Dtype, keys: TypedArray): TypedArray | undefined =>
  runEmitted(
    (module, slots) => emitSort(module, { tag: 'sort', shape }, slots, dtype),
    [keys],
    [{ dtype: 'int32', size: sizeOf(shape) }],
  )[0]

const agrees = (shape: Shape, dtype: Dtype, keys: TypedArray): void => {
  expect(sorted(shape, dtype, keys)).toEqual(reference.run({ tag: 'sort', shape }, [keys])[0])
}

/** Numbers of every size and sign: keys whose bits are anything. */
const anyBits = (seed: number, dtype: Dtype, size: number): TypedArray => {
  const data = allocate(dtype, size)
  const words = new Int32Array(data.buffer, 0, data.byteLength >> 2)
  let state = seed
  for (let i = 0; i < words.length; i++) words[i] = state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5
  return dtype === 'bool' ? data.map(x => x & 1) : data
}

describe.each(DTYPES)('sort of %s', dtype => {
  it.each(LENGTHS)('gives the stable ascending order of rows of %i, NaN last and zeros equal', n => {
    agrees([3, n], dtype, dataFrom(n + 2, dtype, 3 * n))
    agrees([2, n], dtype, anyBits(n + 1, dtype, 2 * n))
  })

  it('leaves rows that are in order, in reverse, or all equal as stability wants', () => {
    for (const n of [100, 1500]) {
      const rise = allocate(dtype, 3 * n).map((_, i) => (i < n ? i : i < 2 * n ? -i : 7))
      agrees([3, n], dtype, dtype === 'bool' ? rise.map(x => x & 1) : rise)
    }
  })
})

describe('sort', () => {
  it('equals the reference for rows of any number and length', () => {
    forKernels(100, c => {
      const shape = [c.integer(0, 70), c.integer(0, 40)]
      const dtype = c.pick(DTYPES)
      agrees(shape, dtype, dataFrom(c.integer(1, 2 ** 30), dtype, sizeOf(shape)))
    })
  })

  it('gives every chunk memory of its own', () => {
    for (const [dtype, shape] of [
      ['float64', [64, 100]],
      ['float64', [4, 4000]],
      ['int32', [5, 3000]],
    ] as const) {
      const kernel = { tag: 'sort', shape } as const
      const out = { dtype: 'int32', size: sizeOf(shape) } as const
      const keys = dataFrom(4, dtype, sizeOf(shape))
      const laid = layOut((module, slots) => emitSort(module, kernel, slots, dtype), [keys], [out])
      expect(laid.emitted.phases[0]?.chunks).toBeGreaterThan(1)
      laid.checkApart()
    }
  })

  it('of a scalar is position 0', () => {
    agrees([], 'float32', Float32Array.of(3))
  })

  it('puts infinities before NaN, and NaN of either sign last', () => {
    const bits = Int32Array.of(-1, 0x7f800000, 0x7fc00000, -0x00800000, -(2 ** 31), 0, 1, -(2 ** 31) + 1)
    for (const repeats of [1, 100]) {
      const keys = new Float32Array(8 * repeats)
      for (let i = 0; i < repeats; i++) new Int32Array(keys.buffer).set(bits, 8 * i)
      agrees([8 * repeats], 'float32', keys)
      agrees([8 * repeats], 'float64', Float64Array.from(keys))
    }
  })
})
