/**
 * The error function and its kin against published values, expansions without fitted numbers, and each other.
 */
import { describe, expect, it } from 'vitest'
import { erf, erfc, erfInv } from '../../src/backend/special.ts'
import { range } from '../../src/core/shape.ts'

/** What the functions promise: a few roundings. */
const RELATIVE = 1e-14
/** Tables give ten decimals. */
const TABLE = 5.1e-11

const relative = (x: number, y: number): number => (x === y ? 0 : Math.abs(x - y) / Math.abs(y))

/** erf by Kummer's series 2/√π·e^(-x²)·Σ 2ⁿ x^(2n+1)/(2n+1)!!, whose terms are all positive (Abramowitz and Stegun 7.1.6). */
const erfSeries = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc for x of at least 2 by its continued fraction, evaluated backwards (Abramowitz and Stegun 7.1.14). */
const erfcFraction = (x: number): number => {
  let fraction = x
  for (let k = 150; k >= 1; k--) fraction = x + k / 2 / fraction
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}

/** Sixteenths: their squares are exact, so that the expansions' e^(-x²) is too. */
const sixteenths = (from: number, to: number): readonly number[] => range(from * 16, to * 16 + 1).map(i => i / 16)

/** Numbers on (-1, 1), thickest near its ends and near 0. */
const openInterval: readonly number[] = [
  ...range(-199, 200).map(i => i / 200),
  ...range(1, 54).flatMap(k => [1 - 2 ** -k, 2 ** -k - 1, 1.1 * 2 ** (-10 * k), -1.1 * 2 ** (-10 * k)]),
]

describe('erf', () => {
  it.each([
    [0.1, 0.112462916],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [1.5, 0.9661051465],
    [1.9, 0.9927904292],
  ])('of %d is as in Abramowitz and Stegun, table 7.1', (x, wanted) => {
    expect(Math.abs(erf(x) - wanted)).toBeLessThan(TABLE)
  })
  it('equals its power series', () => {
    for (const x of sixteenths(-2, 2)) expect(relative(erf(x), erfSeries(x))).toBeLessThan(RELATIVE)
    for (const x of [1e-300, 1e-10, 0.46874, 0.46876]) expect(relative(erf(x), erfSeries(x))).toBeLessThan(RELATIVE)
  })
  it('is odd, and ±1 at ±∞', () => {
    for (const x of sixteenths(0, 7)) expect(erf(-x)).toBe(-erf(x))
    expect([erf(-0), erf(Infinity), erf(-Infinity), erf(Number.NaN)]).toEqual([-0, 1, -1, Number.NaN])
  })
})

describe('erfc', () => {
  it.each([
    [0.5, 0.4795001221869535],
    [2, 0.004677734981047266],
    [5, 1.537459794428035e-12],
    [10, 2.0884875837625446e-45],
    [26, 5.663192408856143e-296],
  ])('of %d is as computed to 40 digits (mpmath 1.3)', (x, wanted) => {
    expect(relative(erfc(x), wanted)).toBeLessThan(RELATIVE)
  })
  it('equals its continued fraction', () => {
    for (const x of sixteenths(2, 26)) expect(relative(erfc(x), erfcFraction(x))).toBeLessThan(RELATIVE)
  })
  it('adds up to 1 with erf', () => {
    for (const x of sixteenths(-7, 7)) expect(Math.abs(erf(x) + erfc(x) - 1)).toBeLessThan(RELATIVE)
  })
  it('is 2 at -∞ and 0 at ∞', () => {
    expect([erfc(-Infinity), erfc(-30), erfc(30), erfc(Infinity), erfc(Number.NaN)]).toEqual([2, 2, 0, 0, Number.NaN])
  })
})

describe('erfInv', () => {
  it.each([
    [0.5, 0.4769362762044699],
    [0.9, 1.163087153676674],
    [0.99, 1.8213863677184496],
  ])('of %d is as computed to 40 digits (mpmath 1.3)', (x, wanted) => {
    expect(relative(erfInv(x), wanted)).toBeLessThan(RELATIVE)
  })
  it('is undone by erf', () => {
    for (const x of openInterval) expect(relative(erf(erfInv(x)), x)).toBeLessThan(RELATIVE)
  })
  it('is undone by erfc near 1, where erf rounds', () => {
    // erfc falls by a factor 1 - 2y·δy: an error of erfInv counts up to 2·5.8² times.
    for (const k of range(2, 54)) expect(relative(erfc(erfInv(1 - 2 ** -k)), 2 ** -k)).toBeLessThan(7 * RELATIVE)
  })
  it('is odd, infinite at ±1 and undefined beyond', () => {
    for (const x of openInterval) expect(erfInv(-x)).toBe(-erfInv(x))
    expect([-1, 1, 1.1, -2, Number.NaN, -0].map(erfInv)).toEqual([
      -Infinity,
      Infinity,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      -0,
    ])
  })
})
