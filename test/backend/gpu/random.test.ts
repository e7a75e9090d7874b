/**
 * Random numbers are the same on GPUs: bits and uniform numbers to the last one, normal ones as closely as erfInv.
 */
import { describe, expect, it } from 'vitest'
import { compile, data, toHost } from '../../../src/index.ts'
import { bernoulli, bits, key, normal, permutation, randint, split, uniform } from '../../../src/random/index.ts'
import { CASES, opened } from './backends.ts'
import { ulpsBetween } from './ulps.ts'

/** Of erfInv and of the product with √2. */
const NORMAL = 8

describe.each(CASES)('on $name', async ({ options }) => {
  const backend = await opened(options)

  it('bits, uniform numbers, coins, whole numbers, permutations and split keys are equal', async () => {
    const draw = (k: ReturnType<typeof key>) => ({
      bits: bits({ shape: [5, 41] })(k),
      uniform: uniform({ shape: [203] })(k),
      between: uniform({ shape: [7], minval: -2, maxval: 3 })(k),
      coins: bernoulli({ p: 0.3, shape: [64] })(k),
      keys: split({ count: 3 })(k),
      whole: randint({ minval: -5, maxval: 1000, shape: [31] })(k),
      order: permutation(50)(k),
    })
    const got = await toHost(await compile(draw, { backend })(key(7)))
    const wanted = draw(key(7))
    expect(data(got.bits)).toEqual(data(wanted.bits))
    expect(data(got.uniform)).toEqual(data(wanted.uniform))
    // Mode cpu does not round between the product and the sum.
    data(wanted.between).forEach((y: number, i: number) => {
      expect(Math.abs((data(got.between)[i] as number) - y)).toBeLessThan(3 * 2 ** -23)
    })
    expect(data(got.whole)).toEqual(data(wanted.whole))
    expect(data(got.order)).toEqual(data(wanted.order))
    expect(data(got.coins)).toEqual(data(wanted.coins))
    expect(got.keys.map(data)).toEqual(wanted.keys.map(data))
  })

  it('normal numbers are as close as erfInv', async () => {
    const draw = normal({ shape: [999] })
    const got = data(await toHost(await compile(draw, { backend })(key(3))))
    const wanted = data(draw(key(3)))
    const worst = Math.max(...wanted.map((y: number, i: number) => ulpsBetween(got[i] as number, y)))
    expect(worst).toBeLessThanOrEqual(NORMAL)
  })
})
