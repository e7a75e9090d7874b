/**
 * What scalar functions mean: conventions and edge cases.
 */
import { describe, expect, it } from 'vitest'
import { monoidFor, scalarFunction } from '../../src/backend/scalar.ts'
import { castNumber, type Dtype } from '../../src/core/dtype.ts'
import type { BinaryFn, UnaryFn } from '../../src/core/kernel.ts'

const FLOATS = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 32, 1e-300, 1e300, Infinity, -Infinity, Number.NaN]
const INTEGERS = [0, 1, -1, 2, -3, 31, 32, 33, -32, 65536, 2147483647, -2147483648]

const at = (name: UnaryFn | BinaryFn, dtype: Dtype = 'float64') => scalarFunction(name, dtype)
const float = (name: UnaryFn | BinaryFn, x: number, y = Number.NaN): number => at(name)(x, y)
const integer = (name: UnaryFn | BinaryFn, x: number, y = 0): number => at(name, 'int32')(x, y)

describe('floats', () => {
  it('round half to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2 ** 52 + 1].map(x => float('round', x))).toEqual([
      0,
      2,
      2,
      -0,
      -2,
      0,
      2 ** 52 + 1,
    ])
    expect([Infinity, -Infinity, Number.NaN, -0].map(x => float('round', x))).toEqual([
      Infinity,
      -Infinity,
      Number.NaN,
      -0,
    ])
  })

  it('take a remainder with the sign of the divisor (mod) or of the dividend (rem)', () => {
    expect([float('mod', 7, 3), float('mod', -7, 3), float('mod', 7, -3), float('mod', -7, -3)]).toEqual([1, 2, -2, -1])
    expect([float('rem', 7, 3), float('rem', -7, 3), float('rem', 7, -3), float('rem', -7, -3)]).toEqual([1, -1, 1, -1])
    expect([float('mod', 6, 3), float('mod', 6, -3), float('mod', 1, 0)]).toEqual([0, -0, Number.NaN])
    expect(float('floorDiv', -7, 2)).toBe(-4)
  })

  it('raise to powers as IEEE 754 says', () => {
    expect(float('pow', 1, Number.NaN)).toBe(1)
    expect(float('pow', -1, Infinity)).toBe(1)
    expect(float('pow', -1, -Infinity)).toBe(1)
    expect(float('pow', 0, 0)).toBe(1)
    expect(float('pow', Number.NaN, 0)).toBe(1)
    expect(float('pow', -8, 1 / 3)).toBeNaN()
    expect(float('pow', -0, -1)).toBe(-Infinity)
  })

  it('lose to NaN in max and min, and tell zeros apart', () => {
    expect(float('max', Number.NaN, 1)).toBeNaN()
    expect(float('min', 1, Number.NaN)).toBeNaN()
    expect(float('max', -0, 0)).toBe(0)
    expect(float('min', 0, -0)).toBe(-0)
  })
})

describe('int32', () => {
  it('wraps', () => {
    const [most, least] = [2147483647, -2147483648]
    expect(integer('add', most, 1)).toBe(least)
    expect(integer('sub', least, 1)).toBe(most)
    expect(integer('mul', 65537, 65537)).toBe(131073)
    expect(integer('neg', least)).toBe(least)
    expect(integer('abs', least)).toBe(least)
    expect(integer('pow', 3, 21)).toBe(Number(BigInt.asIntN(32, 3n ** 21n)))
  })

  it('divides toward zero, and by zero gives zero', () => {
    expect([integer('div', 7, -2), integer('floorDiv', 7, -2), integer('div', -2147483648, -1)]).toEqual([
      -3, -4, -2147483648,
    ])
    for (const name of ['div', 'floorDiv', 'mod', 'rem'] as const) expect(integer(name, 5, 0)).toBe(0)
    expect([integer('mod', -7, 3), integer('rem', -7, 3)]).toEqual([2, -1])
  })

  it('raises to negative powers only 1 and -1', () => {
    expect([2, 1, -1, 0].map(x => integer('pow', x, -3))).toEqual([0, 1, -1, 0])
    expect(integer('pow', -1, -2)).toBe(1)
  })

  it('shifts out all bits by 32 places or more, and by negative numbers of them', () => {
    for (const by of [32, 33, 64, -1]) {
      expect(integer('shiftLeft', -5, by)).toBe(0)
      expect(integer('shiftRightLogical', -5, by)).toBe(0)
      expect(integer('shiftRight', -5, by)).toBe(-1)
      expect(integer('shiftRight', 5, by)).toBe(0)
    }
    expect([integer('shiftLeft', 1, 31), integer('shiftRightLogical', -1, 31), integer('shiftRight', -8, 1)]).toEqual([
      -2147483648, 1, -4,
    ])
  })
})

describe('castNumber', () => {
  it('truncates and saturates to int32, and takes NaN for 0', () => {
    const given = [1.9, -1.9, 3e9, -3e9, Infinity, -Infinity, Number.NaN, -0]
    const wanted = [1, -1, 2147483647, -2147483648, 2147483647, -2147483648, 0, 0]
    expect(given.map(x => castNumber(x, 'int32'))).toEqual(wanted)
  })
  it('takes all but zeros for true, and rounds to float32', () => {
    expect([0, -0, 0.1, -3, Number.NaN].map(x => castNumber(x, 'bool'))).toEqual([0, 0, 1, 1, 1])
    expect([castNumber(0.1, 'float32'), castNumber(1e300, 'float32')]).toEqual([Math.fround(0.1), Infinity])
  })
})

describe('monoids', () => {
  it('have their unit on both sides, in every dtype', () => {
    for (const monoid of ['sum', 'prod', 'max', 'min'] as const)
      for (const [dtype, values] of [
        ['float64', FLOATS.filter(x => !Object.is(x, -0))],
        ['int32', INTEGERS],
      ] as const) {
        const { unit, combine } = monoidFor(monoid, dtype)
        for (const x of values) expect([combine(unit, x), combine(x, unit)]).toEqual([x, x])
      }
    for (const monoid of ['and', 'or', 'max', 'min'] as const) {
      const { unit, combine } = monoidFor(monoid, 'bool')
      for (const x of [0, 1]) expect([combine(unit, x), combine(x, unit)]).toEqual([x, x])
    }
  })
})
