import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomRotation } from '../../src/data/index.ts'
import { arange, cast, jit, max, reshape, stack, type Tensor, toArray } from '../../src/index.ts'
import { type Key, key, uniform } from '../../src/random/index.ts'
import { plain } from '../support/plain.ts'
import { check } from '../support/values.ts'

const images = uniform({ shape: [3, 6, 5, 2] })(key(0))
/** Interpolation weights are rounded. */
const ROUNDING = 1e-5

describe.each(['nearest', 'bilinear'] as const)('rotation by %s', interpolation => {
  const turned = (degrees: number, k: Key, x: Tensor): Tensor => randomRotation({ degrees, interpolation })(k, x)

  it('by no angle changes nothing', () => {
    expect(plain(turned(0, key(1), images))).toEqual(plain(images))
  })

  it('keeps shape and dtype, and what is drawn depends on the key alone', () =>
    check(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 180 }), (seed, degrees) => {
        const once = turned(degrees, key(seed), images)
        expect([once.shape, once.dtype]).toEqual([images.shape, 'float32'])
        expect(plain(turned(degrees, key(seed), images))).toEqual(plain(once))
      }),
      20,
    ))

  it('never exceeds the image and the fill', () =>
    check(
      fc.property(fc.nat(), seed => {
        const most = toArray(max(turned(45, key(seed), images))) as number
        expect(most).toBeLessThanOrEqual((toArray(max(images)) as number) + ROUNDING)
      }),
      20,
    ))

  it('keeps the centre of an image of odd sides', () => {
    const odd = reshape([1, 3, 3])(cast('float32')(arange(9)))
    for (const seed of [1, 2, 3]) {
      const [[, [, centre = Number.NaN] = []] = []] = toArray(turned(180, key(seed), odd)) as number[][][]
      expect(centre).toBeCloseTo(4, 4)
    }
  })

  it('is the same inside jit', () => {
    expect(plain(jit((k: Key, x: Tensor) => turned(30, k, x))(key(4), images))).toEqual(
      plain(turned(30, key(4), images)),
    )
  })
})

it('gives every image an angle of its own, and every channel of it the same', () => {
  const image = uniform({ shape: [6, 5] })(key(0))
  const [a, b] = toArray(randomRotation({ degrees: 90 })(key(1), stack([image, image]))) as number[][][]
  expect(a).not.toEqual(b)
  const channels = reshape([1, 6, 5, 2])(stack({ axis: -1 })([image, image]))
  const [pixels] = toArray(randomRotation({ degrees: 90 })(key(1), channels)) as number[][][][]
  expect(pixels?.flat().every(([x, y]) => x === y)).toBe(true)
})

it('refuses what is no rotation and no image', () => {
  expect(() => randomRotation({ degrees: -1 })).toThrow(
    'randomRotation: degrees must be a number of at least 0, got -1',
  )
  expect(() => randomRotation({ degrees: 1 })(key(0), arange(3))).toThrow(
    'randomRotation: needs [n, height, width] or with channels, got [3]',
  )
})
