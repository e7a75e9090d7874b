import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, tensor, toArray, typeOf } from '../../src/core/tensor.ts'
import { unsignedOrder, unsignedRemainder } from '../../src/random/bits.ts'
import { bits, key, split } from '../../src/random/index.ts'
import { jax } from './known.ts'
import { CHI_SQUARE_LIMIT, chiSquareExcess, holds, keys, throwsTagged, values } from './support.ts'

const words = (...xs: readonly number[]) =>
  tensor(
    xs.map(x => x | 0),
    { dtype: 'int32' },
  )

describe('bits', () => {
  it('are those of jax.random.bits', () => {
    expect(toArray(bits()(key(0)))).toEqual(jax.bits['0[]'])
    expect(toArray(bits({ shape: [5] })(key(0)))).toEqual(jax.bits['0[5]'])
    expect(toArray(bits({ shape: [2, 3] })(key(42)))).toEqual(jax.bits['42[2,3]'])
    expect(toArray(bits({ shape: [4] })(split(key(42))[1]))).toEqual(jax.bits['split 42[4]'])
  })

  it('depend on the row-major position alone: a longer draw starts with a shorter one, of any shape', () => {
    holds(
      fc.property(keys, fc.nat({ max: 4 }), fc.nat({ max: 4 }), (k, m, n) => {
        const long = values(bits({ shape: [30] })(k))
        const draw = bits({ shape: [m, n] })(k)
        expect(typeOf(draw)).toEqual({ shape: [m, n], dtype: 'int32' })
        expect(values(draw)).toEqual(long.slice(0, m * n))
      }),
    )
  })

  it('are set half of the time, at every position of the word', () => {
    const drawn = new Uint32Array(data(bits({ shape: [4096] })(key(1))).buffer)
    for (let bit = 0; bit < 32; bit++) {
      const ones = drawn.reduce((n, x) => n + ((x >>> bit) & 1), 0)
      expect(chiSquareExcess([ones, 4096 - ones], [0.5, 0.5])).toBeLessThan(2 * CHI_SQUARE_LIMIT)
    }
  })

  it('change in half of their places when one bit of the key changes', () => {
    const base = values(bits({ shape: [64] })(words(5, 9)))
    for (let bit = 0; bit < 64; bit += 7) {
      const near = bit < 32 ? words(5 ^ (1 << bit), 9) : words(5, 9 ^ (1 << (bit - 32)))
      const flipped = values(bits({ shape: [64] })(near)).map((x, i) => x ^ (base[i] ?? 0))
      const ones = flipped.reduce((n, x) => n + x.toString(2).replace(/[^1]/g, '').length, 0)
      expect(ones / (64 * 32)).toBeGreaterThan(0.2)
      expect(ones / (64 * 32)).toBeLessThan(0.8)
    }
  })

  it('refuse a shape that is none, and a key where options belong', () => {
    throwsTagged(() => bits({ shape: [-1] })(key(0)), 'ValueError', /^bits: a shape holds whole numbers/)
    // @ts-expect-error a key is no options
    throwsTagged(() => bits(key(0)), 'ValueError', /^bits: options come first, the key last/)
  })
})

describe('unsigned words', () => {
  const unsigned = fc.oneof(
    fc.noBias(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1),
    fc.nat({ max: 70000 }),
  )

  it('have the remainder of unsigned division', () => {
    fc.assert(
      fc.property(unsigned, unsigned, (x, y) => {
        const divisor = Math.max(1, y)
        expect(values(unsignedRemainder(words(x), words(divisor)))).toEqual([(x % divisor) | 0])
      }),
      { seed: 20261122, numRuns: 300 },
    )
  })

  it('keep their order', () => {
    holds(
      fc.property(unsigned, unsigned, (x, y) => {
        const [a = 0, b = 0] = values(unsignedOrder(words(x, y)))
        expect(Math.sign(a - b)).toBe(Math.sign(x - y))
      }),
    )
  })
})
