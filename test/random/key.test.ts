import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { scalar, stack, type Tensor, tensor, threefry2x32, toArray, vmap, zeros } from '../../src/index.ts'
import { foldIn, type Key, key, split, splitMany } from '../../src/random/index.ts'
import { jax } from './known.ts'
import { holds, keys, throwsTagged, values } from './support.ts'

const word = (x: number): Tensor => scalar(x | 0, 'int32')

describe('threefry2x32', () => {
  // Random123, tests/kat_vectors, "threefry2x32 20": counter, key, result.
  it.each([
    [0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ])('gives the known answers of Salmon et al. (counter %x %x)', (c0, c1, k0, k1, y0, y1) => {
    const [high, low] = threefry2x32(word(k0), word(k1), word(c0), word(c1))
    expect([...values(high), ...values(low)]).toEqual([y0 | 0, y1 | 0])
  })

  it('under one key, different counters have different hashes', () => {
    const many = splitMany({ count: 4096 })(key(3))
    const pairs = (toArray(many) as readonly (readonly number[])[]).map(pair => pair.join())
    expect(new Set(pairs).size).toBe(4096)
  })
})

describe('key', () => {
  it('is the high and the low word of the seed, as in JAX', () => {
    const seeds = [0, 42, 2 ** 31 + 5, 2 ** 32 + 7, 2 ** 53 - 1]
    expect(seeds.map(seed => toArray(key(seed)))).toEqual(jax.keys)
  })

  it('differs for different seeds', () => {
    holds(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(values(key(a)).join() === values(key(b)).join()).toBe(a === b)
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('refuses the seed %d', seed => {
    throwsTagged(() => key(seed), 'ValueError', /^key: a seed is a whole number from 0 to 2⁵³ - 1, got /)
  })
})

describe('split', () => {
  it('gives the keys of jax.random.split', () => {
    expect(split(key(0)).map(toArray)).toEqual(jax.split['0/2'])
    expect(split({ count: 3 })(key(0)).map(toArray)).toEqual(jax.split['0/3'])
    expect(split({ count: 5 })(key(42)).map(toArray)).toEqual(jax.split['42/5'])
  })

  it('gives different keys, none of them the one that was split', () => {
    holds(
      fc.property(keys, fc.integer({ min: 1, max: 20 }), (k, count) => {
        const all = [k, ...split({ count })(k)].map(x => values(x).join())
        expect(new Set(all).size).toBe(count + 1)
      }),
    )
  })

  it('starts with the same keys for every count, and key i is foldIn(i)', () => {
    holds(
      fc.property(keys, k => {
        const long = split({ count: 5 })(k).map(toArray)
        expect(split(k).map(toArray)).toEqual(long.slice(0, 2))
        expect([0, 1, 2, 3, 4].map(i => toArray(foldIn(i)(k)))).toEqual(long)
      }),
    )
  })

  it('splitMany holds the same keys as split, in one tensor', () => {
    holds(
      fc.property(keys, fc.integer({ min: 1, max: 9 }), (k, count) => {
        expect(toArray(splitMany({ count })(k))).toEqual(toArray(stack(split({ count })(k))))
      }),
    )
  })

  it('knows how many keys it returns', () => {
    expectTypeOf(split(key(0))).toEqualTypeOf<readonly [Key, Key]>()
    expectTypeOf(split({ count: 3 })(key(0))).toEqualTypeOf<readonly [Key, Key, Key]>()
    expectTypeOf(split({ count: 3 as number })(key(0))).toEqualTypeOf<readonly Key[]>()
    expectTypeOf(split({ count: 1000 })(key(0))).toEqualTypeOf<readonly Key[]>()
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses to make %d keys', count => {
    throwsTagged(() => split({ count }), 'ValueError', /^split: count is a whole number of at least 1, got /)
    throwsTagged(() => splitMany({ count }), 'ValueError', /^splitMany: count is a whole number of at least 1, got /)
  })

  it('refuses what is no key', () => {
    throwsTagged(() => split(zeros([2])), 'DtypeError', /^split: a key is int32\[2\], got float32\[2\]/)
    throwsTagged(() => split(zeros([3, 2], { dtype: 'int32' })), 'ShapeError', /got int32\[3,2\]; .* use vmap/)
    throwsTagged(() => split({ count: 2 })(7 as unknown as Key), 'ValueError', /^split: needs a key, got 7/)
  })
})

describe('foldIn', () => {
  it('gives the keys of jax.random.fold_in', () => {
    const folded = Object.keys(jax.foldIn).map(value => [value, toArray(foldIn(Number(value))(key(42)))])
    expect(Object.fromEntries(folded)).toEqual(jax.foldIn)
  })

  it('gives the key that the tests of JAX expect', () => {
    // jax-ml/jax, tests/random_test.py, testPRNGValues; the same in both of its threefry schemes.
    expect(values(foldIn(4)(key(0)))).toEqual([2285895361 | 0, 433833334])
  })

  it('takes the number of a traced step, by its bits', () => {
    const steps = tensor([0, 4, 123456789, -1], { dtype: 'int32' })
    const folded = vmap((step: Tensor) => foldIn(step)(key(42)))(steps)
    expect(toArray(folded)).toEqual(Object.values(jax.foldIn))
  })

  it('gives different keys for different numbers', () => {
    const arbitrary = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    holds(
      fc.property(keys, arbitrary, arbitrary, (k, a, b) => {
        const folded = [a, b].map(n => values(pipe(k, foldIn(n))).join())
        expect(folded[0] === folded[1]).toBe(a === b)
      }),
    )
  })

  it('refuses numbers that are no 32-bit word', () => {
    throwsTagged(() => foldIn(-1), 'ValueError', /^foldIn: takes a whole number from 0 to 2³² - 1, got -1/)
    throwsTagged(() => foldIn(2 ** 32), 'ValueError', /^foldIn: /)
    throwsTagged(
      () => foldIn(zeros([2], { dtype: 'int32' })),
      'ShapeError',
      /^foldIn: takes one number, got shape \[2\]/,
    )
    throwsTagged(() => foldIn(scalar(1)), 'DtypeError', /^foldIn: takes int32, got float32/)
  })
})
