/**
 * What is drawn on the page becomes a digit as MNIST has them.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asDigit, type Picture } from '../../examples/browser/drawing.ts'
import { SEED } from '../support/values.ts'

const SIDE = 28

/** A picture with a rectangle of ink. */
const rectangle = (size: number, x: number, y: number, width: number, height: number, dark = 1): Picture => ({
  width: size,
  height: size,
  ink: Float32Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [at % size, Math.floor(at / size)]
    return i >= x && i < x + width && j >= y && j < y + height ? dark : 0
  }),
})

const digitOf = (picture: Picture): Float32Array => {
  const found = asDigit(picture)
  if (found === null) throw new Error('nothing was drawn')
  return found
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0)

/** The centre of mass, in pixels from the corner. */
const centreOf = (pixels: Float32Array): readonly [number, number] => {
  const along = (coordinate: (at: number) => number): number =>
    sum(pixels.map((value, at) => value * (coordinate(at) + 0.5))) / sum(pixels)
  return [along(at => at % SIDE), along(at => Math.floor(at / SIDE))]
}

/** Where a rectangle of at least four points is in a picture of 112, and how large. */
const places = fc.tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 4, max: 50 }), fc.integer({ min: 4, max: 50 }))

describe('asDigit', () => {
  it('of nothing, or of what is too faint to see, is nothing', () => {
    expect(asDigit(rectangle(56, 0, 0, 0, 0))).toBeNull()
    expect(asDigit(rectangle(56, 10, 10, 20, 20, 0.04))).toBeNull()
  })

  it('keeps pixels between 0 and 1, and the centre of mass in the middle', () => {
    fc.assert(
      fc.property(places, place => {
        const pixels = digitOf(rectangle(112, ...place))
        expect(pixels.length).toBe(SIDE * SIDE)
        expect(pixels.every(value => value >= 0 && value < 1 + 1e-5)).toBe(true)
        for (const centre of centreOf(pixels)) expect(centre).toBeCloseTo(SIDE / 2, 3)
      }),
      { seed: SEED },
    )
  })

  it('scales the longer side to 20 pixels', () => {
    fc.assert(
      fc.property(places, place => {
        const pixels = digitOf(rectangle(112, ...place))
        const inked = (coordinate: (at: number) => number): number =>
          new Set([...pixels.keys()].filter(at => (pixels[at] ?? 0) > 1e-3).map(coordinate)).size
        const longer = Math.max(
          inked(at => at % SIDE),
          inked(at => Math.floor(at / SIDE)),
        )
        // One more where both ends lie within a pixel.
        expect([20, 21]).toContain(longer)
      }),
      { seed: SEED },
    )
  })

  it('does not depend on where a digit was drawn, or how large', () => {
    const here = digitOf(rectangle(112, 10, 20, 24, 40))
    const there = digitOf(rectangle(112, 60, 5, 24, 40))
    const twice = digitOf(rectangle(224, 20, 40, 48, 80))
    here.forEach((value, at) => {
      expect(there[at]).toBeCloseTo(value, 4)
      expect(twice[at]).toBeCloseTo(value, 4)
    })
  })

  it('leaves a digit of 20 by 20 pixels as it is', () => {
    const picture = rectangle(SIDE, 4, 4, 20, 20)
    expect(Array.from(digitOf(picture))).toEqual(Array.from(picture.ink))
  })

  it('cuts nothing off where the centre of mass is far to one side', () => {
    // A heavy foot with a long thin neck: centred by mass, the neck would stick out above.
    const { ink, ...size } = rectangle(112, 20, 84, 60, 16)
    const drawn = ink.map((value, at) => (at % 112 === 50 && at >= 4 * 112 && at < 84 * 112 ? 1 : value))
    const pixels = digitOf({ ...size, ink: drawn })
    const scale = 96 / 20
    expect(sum(pixels) * scale * scale).toBeCloseTo(sum(drawn), 0)
  })
})
