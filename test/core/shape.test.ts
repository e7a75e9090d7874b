import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { orThrow } from '../../src/core/errors.ts'
import {
  broadcastShapes,
  normalizeAxes,
  normalizeAxis,
  range,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  validShape,
} from '../../src/core/shape.ts'
import { check, mistake, shapes } from '../support/values.ts'

const broadcast = (...all: readonly (readonly number[])[]): readonly number[] => orThrow(broadcastShapes('add', ...all))
const fits = (...all: readonly (readonly number[])[]): boolean => E.isRight(broadcastShapes('add', ...all))

/** NumPy's rule word for word: aligned at the end, missing axes are 1, sizes are equal or one of them is 1. */
const numpy = (a: readonly number[], b: readonly number[]): readonly number[] | null => {
  const rank = Math.max(a.length, b.length)
  const sizes = range(0, rank).map(i => [a.at(i - rank) ?? 1, b.at(i - rank) ?? 1] as const)
  const at = (shape: readonly number[], i: number): number =>
    i < rank - shape.length ? 1 : (shape[i - rank + shape.length] ?? 1)
  const pairs = sizes.map((_, i) => [at(a, i), at(b, i)] as const)
  return pairs.every(([m, n]) => m === n || m === 1 || n === 1) ? pairs.map(([m, n]) => (m === 1 ? n : m)) : null
}

describe('broadcasting', () => {
  it('is NumPy’s rule, for every pair of small shapes, empty ones included', () => {
    check(
      fc.property(shapes(4), shapes(4), (a, b) => {
        const expected = numpy(a, b)
        if (expected === null) expect(fits(a, b)).toBe(false)
        else expect(broadcast(a, b)).toEqual(expected)
      }),
      500,
    )
  })

  it('is commutative, associative and idempotent, with [] as its unit', () => {
    check(
      fc.property(shapes(3), shapes(3), shapes(3), (a, b, c) => {
        expect(fits(a, b)).toBe(fits(b, a))
        expect(broadcast(a, a)).toEqual(a)
        expect(broadcast(a, [])).toEqual(a)
        if (!fits(a, b, c)) return
        expect(broadcast(a, b)).toEqual(broadcast(b, a))
        expect(broadcast(broadcast(a, b), c)).toEqual(broadcast(a, broadcast(b, c)))
        expect(broadcast(a, b, c)).toEqual(broadcast(broadcast(a, b), c))
      }),
      300,
    )
  })

  it('of NumPy’s own examples', () => {
    expect(broadcast([8, 1, 6, 1], [7, 1, 5])).toEqual([8, 7, 6, 5])
    expect(broadcast([15, 3, 5], [15, 1, 5])).toEqual([15, 3, 5])
    expect(broadcast([5, 4], [1])).toEqual([5, 4])
    expect(broadcast([0], [1])).toEqual([0])
    expect(fits([0], [2])).toBe(false)
    expect(fits([2, 1], [8, 4, 3])).toBe(false)
    expect(fits([3], [4])).toBe(false)
    expect(broadcast()).toEqual([])
  })

  it('names both shapes and the axis that differs', () => {
    expect(mistake(() => broadcast([2, 3], [4]))).toBe(
      'ShapeError: add: cannot broadcast [2,3] with [4]: axis 1 is 3 vs 4',
    )
  })
})

describe('sizes and strides', () => {
  it('the stride of an axis is the size of what comes after it', () => {
    check(
      fc.property(shapes(4), shape => {
        expect(stridesOf(shape)).toEqual(shape.map((_, i) => sizeOf(shape.slice(i + 1))))
      }),
    )
  })

  it('a scalar has one element, and a shape with a 0 none', () => {
    expect([sizeOf([]), sizeOf([3, 0, 2]), sizeOf([2, 3])]).toEqual([1, 0, 6])
  })

  it('a shape holds whole numbers of at least 0', () => {
    for (const wrong of [[-1], [1.5], [Number.NaN], [Infinity], [2 ** 60]])
      expect(mistake(() => orThrow(validShape('zeros', wrong)))).toContain(
        `ValueError: zeros: a shape holds whole numbers of at least 0, got ${showShape(wrong)}`,
      )
    expect(orThrow(validShape('zeros', [0, 2]))).toEqual([0, 2])
  })

  it('shapes are the same when rank and sizes are', () => {
    expect([sameShape([], []), sameShape([2], [2]), sameShape([2], [2, 1]), sameShape([2], [3])]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('axes', () => {
  it('count from the end when negative', () => {
    check(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(), (rank, n) => {
        const axis = n % rank
        expect(orThrow(normalizeAxis('sum', axis, rank))).toBe(axis)
        expect(orThrow(normalizeAxis('sum', axis - rank, rank))).toBe(axis)
      }),
    )
  })

  it('come out sorted, all of them when none is given, and none for an empty list', () => {
    expect(orThrow(normalizeAxes('sum', [-1, 0], 3))).toEqual([0, 2])
    expect(orThrow(normalizeAxes('sum', undefined, 3))).toEqual([0, 1, 2])
    expect(orThrow(normalizeAxes('sum', [], 3))).toEqual([])
  })

  it('out of range, fractional or named twice are mistakes that say what would do', () => {
    expect(mistake(() => orThrow(normalizeAxis('sum', 2, 2)))).toBe(
      'AxisError: sum: axis 2 is out of range for rank 2: use -2 to 1',
    )
    expect(mistake(() => orThrow(normalizeAxis('sum', 0, 0)))).toBe(
      'AxisError: sum: axis 0 is out of range: a scalar has no axes',
    )
    expect(mistake(() => orThrow(normalizeAxis('sum', 0.5, 2)))).toContain('AxisError: sum: axis 0.5')
    expect(mistake(() => orThrow(normalizeAxes('sum', [1, -1], 2)))).toBe(
      'AxisError: sum: axis -1 is named twice in [1,-1]',
    )
  })
})
