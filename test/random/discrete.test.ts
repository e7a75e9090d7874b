import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { log, softmax, tensor, toArray, zeros } from '../../src/index.ts'
import { categorical, key, randint } from '../../src/random/index.ts'
import { jax } from './known.ts'
import { CHI_SQUARE_LIMIT, chiSquareExcess, countsOf, holds, keys, throwsTagged, values } from './support.ts'

const MAX = 2 ** 31 - 1
const MIN = -(2 ** 31)

describe('randint', () => {
  it('gives the numbers of jax.random.randint', () => {
    const known = jax.randint
    const draw = (seed: number, n: number, minval: number, maxval: number) =>
      toArray(randint({ shape: [n], minval, maxval })(key(seed)))
    expect(toArray(randint({ shape: [8], maxval: 10 })(key(0)))).toEqual(known['0[8] in [0,10)'])
    expect(draw(42, 6, -5, 1000000)).toEqual(known['42[6] in [-5,1000000)'])
    expect(draw(42, 6, 0, MAX)).toEqual(known['42[6] in [0,2147483647)'])
    expect(draw(42, 6, MIN, MAX)).toEqual(known['42[6] in [-2147483648,2147483647)'])
    expect(draw(42, 3, 7, 7)).toEqual(known['42[3] in [7,7)'])
    const maxval = tensor([2, 30, 70000], { dtype: 'int32' })
    expect(toArray(randint({ shape: [2, 3], maxval })(key(42)))).toEqual(known['42[2,3] in [0,[2,30,70000])'])
  })

  it('stays in [minval, maxval), and is minval where that is empty', () => {
    const bound = fc.oneof(fc.noBias(fc.integer()), fc.integer({ min: -9, max: 9 }))
    holds(
      fc.property(keys, bound, bound, (k, minval, maxval) => {
        const drawn = values(randint({ minval, maxval, shape: [20] })(k))
        expect(drawn.every(x => (maxval > minval ? x >= minval && x < maxval : x === minval))).toBe(true)
      }),
    )
  })

  it('hits every number equally often', () => {
    const counts = countsOf(values(randint({ maxval: 7, shape: [3500] })(key(17))), 7)
    expect(chiSquareExcess(counts, Array(7).fill(1 / 7))).toBeLessThan(CHI_SQUARE_LIMIT)
  })

  it('refuses bounds that are not int32', () => {
    throwsTagged(() => randint({ maxval: 1.5 }), 'DtypeError', /^randint: maxval is a whole number between .* got 1.5/)
    throwsTagged(() => randint({ maxval: 2 ** 31 }), 'DtypeError', /^randint: /)
    throwsTagged(() => randint({ maxval: zeros([2]) }), 'DtypeError', /draws int32, but maxval is float32/)
  })
})

describe('categorical', () => {
  const logits = tensor([
    [0, 1, -1, 0.5],
    [2, -Infinity, 0.25, 0],
    [-3, -2, -1, -4],
  ])

  it('draws what jax.random.categorical draws', () => {
    const known = jax.categorical
    expect(toArray(categorical({ logits })(key(42)))).toEqual(known['42'])
    expect(toArray(categorical({ logits, axis: 0 })(key(42)))).toEqual(known['42 axis 0'])
    expect(toArray(categorical({ logits, shape: [5, 3] })(key(42)))).toEqual(known['42 [5,3]'])
    const row = tensor([0, 1, -1, 0.5])
    expect(toArray(categorical({ logits: row, shape: [12] })(key(0)))).toEqual(known['0 one row [12]'])
  })

  it('draws with the probabilities of the softmax, and never where a logit is -∞', () => {
    const drawn = toArray(categorical({ logits, shape: [1500, 3] })(key(23))) as readonly (readonly number[])[]
    const probabilities = toArray(softmax({ axis: -1 })(logits)) as readonly (readonly number[])[]
    probabilities.forEach((row, i) => {
      const all = countsOf(
        drawn.map(d => d[i] ?? -1),
        4,
      )
      const possible = [0, 1, 2, 3].filter(c => (row[c] ?? 0) > 0)
      expect(all.reduce((a, b) => a + b, 0)).toBe(possible.reduce((n, c) => n + (all[c] ?? 0), 0))
      const excess = chiSquareExcess(
        possible.map(c => all[c] ?? 0),
        possible.map(c => row[c] ?? 0),
      )
      expect(excess).toBeLessThan(CHI_SQUARE_LIMIT)
    })
  })

  it('draws from weights through their logarithm', () => {
    const counts = countsOf(values(categorical({ logits: log(tensor([1, 2, 7])), shape: [1000] })(key(5))), 3)
    expect(chiSquareExcess(counts, [0.1, 0.2, 0.7])).toBeLessThan(CHI_SQUARE_LIMIT)
  })

  it('gives the shape of the logits without the axis of the categories', () => {
    const cube = zeros([2, 3, 4])
    expect([0, 1, 2, -1].map(axis => categorical({ logits: cube, axis })(key(0)).shape)).toEqual([
      [3, 4],
      [2, 4],
      [2, 3],
      [2, 3],
    ])
    expect(categorical({ logits: cube, axis: 1, shape: [7, 2, 4] })(key(0)).shape).toEqual([7, 2, 4])
    expect(categorical({ logits: zeros([1, 3]), shape: [5] })(key(0)).shape).toEqual([5])
  })

  it('refuses shapes, axes and dtypes that do not fit', () => {
    throwsTagged(() => categorical({ logits, shape: [5, 2] }), 'ShapeError', /^categorical: /)
    throwsTagged(() => categorical({ logits, shape: [] }), 'ShapeError', /must end with .* axis 1, \[3\]/)
    throwsTagged(() => categorical({ logits, axis: 2 }), 'AxisError', /^categorical: /)
    throwsTagged(() => categorical({ logits: zeros([3], { dtype: 'int32' }) }), 'DtypeError', /^categorical: /)
    // @ts-expect-error logits are a tensor
    throwsTagged(() => categorical({ logits: [0, 1] }), 'ValueError', /^categorical: needs { logits }/)
  })
})
