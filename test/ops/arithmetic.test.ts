import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, item, type Nested, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  abs,
  add,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  ceil,
  clip,
  div,
  floor,
  floorDivide,
  grad,
  jvp,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pow,
  round,
  shiftLeft,
  shiftRight,
  shiftRightLogical,
  sign,
  square,
  sub,
  sum,
  trunc,
} from '../../src/index.ts'
import { check, expectClose, FLOAT64, f64, i32, mistake } from '../support/values.ts'
import { numpy } from './numpy.ts'

const MIN = -2147483648
const MAX = 2147483647

/** The derivative of a function of one number, elementwise. */
const slope = (f: (x: Tensor) => Tensor, at: Nested): Tensor => grad((x: Tensor) => sum(f(x)))(f64(at))

describe('conventions at kinks', () => {
  it('abs: the derivative at 0 is 0', () => {
    expectClose(slope(abs, [-2, -0, 0, 3]), [-1, 0, 0, 1])
  })

  it('sign and rounding: the derivative is 0 everywhere', () => {
    for (const f of [sign, floor, ceil, round, trunc]) expectClose(slope(f, [-1.5, 0, 0.5, 2]), [0, 0, 0, 0])
  })

  it('maximum and minimum: at a tie each side gets half', () => {
    for (const f of [maximum, minimum]) {
      const [dx, dy] = grad((x: Tensor, y: Tensor) => f(x, y), { argnums: [0, 1] })(f64(2), f64(2))
      expect([item(dx), item(dy)]).toEqual([0.5, 0.5])
      const [, dz] = jvp((x: Tensor) => f(x, x))([f64(2)], [f64(1)])
      expect(item(dz)).toBe(1)
    }
    expectClose(
      slope(x => maximum(x, 1), [0, 1, 2]),
      [0, 0.5, 1],
    )
    expectClose(
      slope(x => minimum(x, 1), [0, 1, 2]),
      [1, 0.5, 0],
    )
  })

  it('clip: the derivative at a bound is 1/2', () => {
    expectClose(slope(clip({ min: -1, max: 1 }), [-2, -1, 0, 1, 2]), [0, 0.5, 1, 0.5, 0])
  })

  it('pow in x at 0: 0 for y = 0, 1 for y = 1, 0 for y = 2, ∞ for y = 1/2', () => {
    const at = (y: number): number => item(slope(x => pow(x, f64(y)), 0))
    expect([at(0), at(1), at(2), at(0.5)]).toEqual([0, 1, 0, Infinity])
  })

  it('pow in y at x = 0 is 0 for y ≥ 0', () => {
    const at = (y: number): number => item(slope(e => pow(f64(0), e), y))
    expect([at(0), at(1), at(2.5)]).toEqual([0, 0, 0])
  })

  it('pow: derivatives of every order of x³ are exact at 0 and below', () => {
    let f = (x: Tensor): Tensor => pow(x, 3)
    for (const expected of [
      [0, 12],
      [0, -12],
      [6, 6],
      [0, 0],
    ]) {
      const previous = f
      f = x => slopeOf(previous, x)
      expect(toArray(f(f64([0, -2])))).toEqual(expected.map(v => v + 0))
    }
  })

  it('square: the derivative at 0 is 0, the second 2', () => {
    expect(item(slope(square, 0))).toBe(0)
    expect(item(slope(x => slopeOf(square, x), 0))).toBe(2)
  })
})

const slopeOf = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => grad((v: Tensor) => sum(f(v)))(x)

describe('values at the edges', () => {
  it('pow(0, 0), pow(1, NaN) and pow(NaN, 0) are 1; fractions of negative numbers NaN', () => {
    expectClose(pow(f64([0, 1, Number.NaN, -8, -2, 0, -1]), f64([0, Number.NaN, 0, 1 / 3, 3, -1, Infinity])), [
      1,
      1,
      1,
      Number.NaN,
      -8,
      Infinity,
      1,
    ])
  })

  it('division by 0 is ±∞ or NaN, as IEEE 754 says', () => {
    expectClose(div(f64([1, -1, 0, 1]), f64([0, 0, 0, -0])), [Infinity, -Infinity, Number.NaN, -Infinity])
    expect(mistake(() => div(i32(1), i32(2)))).toContain('DtypeError: div: does not take int32')
  })

  it('maximum and minimum are NaN if either side is', () => {
    for (const f of [maximum, minimum])
      expectClose(f(f64([Number.NaN, 1]), f64([1, Number.NaN])), [Number.NaN, Number.NaN])
  })

  it('NaN and signed zero go through neg, abs and sign', () => {
    expect([...data(neg(tensor([0, Number.NaN])))]).toEqual([-0, Number.NaN])
    expect([...data(abs(tensor([-0, Number.NaN, -Infinity])))]).toEqual([0, Number.NaN, Infinity])
    expect([...data(sign(tensor([-0, Number.NaN, -Infinity])))]).toEqual([-0, Number.NaN, -1])
  })

  it('clip with one bound, tensor bounds, and bounds that cross (the upper wins)', () => {
    const x = tensor([-2, 0, 2])
    expectClose(clip({ min: 0 })(x), [0, 0, 2])
    expectClose(clip({ max: tensor([-1, 0, 1]) })(x), [-2, 0, 1])
    expectClose(clip({ min: 3, max: 1 })(x), [1, 1, 1])
    expect(clip({})(x)).toBe(x)
  })

  it('round takes halves to even, as NumPy', () => {
    expectClose(round(f64([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2.4, -2.6])), numpy.round)
    expectClose(trunc(f64([1.7, -1.7])), [1, -1])
    expectClose(floor(f64([1.7, -1.7])), [1, -2])
    expectClose(ceil(f64([1.2, -1.2])), [2, -1])
    expectClose(sign(f64([-2.5, 0, 3])), numpy.sign)
  })
})

describe('floorDivide and mod have the signs of Python', () => {
  const [a, b] = [i32([-7, -7, 7, 7, -6, 6, 0, 1]), i32([2, -2, 2, -2, 3, -3, 5, -1])]
  const [c, d] = [f64([5.5, -5.5, 5.5, -5.5, 1, -1, 6]), f64([2, 2, -2, -2, 0.25, 0.25, 3])]

  it('on known values', () => {
    expectClose(floorDivide(a, b), numpy['floor_divide int'])
    expectClose(mod(a, b), numpy['mod int'])
    expectClose(floorDivide(c, d), numpy['floor_divide float'], FLOAT64)
    expectClose(mod(c, d), numpy['mod float'], FLOAT64)
  })

  it('of ∞ are NaN, as x - mod(x, y) is', () => {
    expectClose(floorDivide(tensor([Infinity, -Infinity]), 2), [Number.NaN, Number.NaN])
    expectClose(floorDivide(tensor([1, -1]), 0), [Infinity, -Infinity])
  })

  it('x = floorDivide(x, y)·y + mod(x, y), with mod between 0 and y', () => {
    check(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: -50, max: 50 }).filter(y => y !== 0),
        (x, y) => {
          const [q, r] = [item(floorDivide(i32(x), y)), item(mod(i32(x), y))]
          expect(q * y + r).toBe(x)
          expect(Math.sign(r) * Math.sign(y)).toBeGreaterThanOrEqual(0)
          expect(Math.abs(r)).toBeLessThan(Math.abs(y))
          expect(q).toBe(Math.floor(x / y) + 0)
          expect(item(mod(f64(x), y)) + 0).toBe(r)
          expect(item(floorDivide(f64(x), y)) + 0).toBe(q)
        },
      ),
      200,
    )
  })

  it('agree with each other on fractions, where x / y would round up: 1 // 0.1 is 9', () => {
    expectClose(
      floorDivide(f64([1, 1, -1, 0.3, 5, -5]), f64([0.1, -0.1, 0.1, 0.1, Infinity, Infinity])),
      [9, -10, -10, 2, 0, -1],
    )
    const fraction = fc.integer({ min: -1000, max: 1000 }).map(n => n / 10)
    check(
      fc.property(
        fraction,
        fraction.filter(y => y !== 0),
        (x, y) => {
          const [q, r] = [item(floorDivide(f64(x), f64(y))), item(mod(f64(x), f64(y)))]
          expect(q * y + r).toBeCloseTo(x, 10)
          expect(Math.abs(r)).toBeLessThan(Math.abs(y))
        },
      ),
      200,
    )
  })

  it('int32 by 0 gives 0; a float NaN', () => {
    expectClose(floorDivide(i32([5, -5, 0]), 0), [0, 0, 0])
    expectClose(mod(i32([5, -5, 0]), 0), [0, 0, 0])
    expectClose(mod(f64([5, -5]), 0), [Number.NaN, Number.NaN])
  })

  it('of infinities: mod(x, ∞) has the sign of ∞', () => {
    expectClose(mod(f64([5, -5, Infinity]), f64([Infinity, Infinity, 2])), [5, Infinity, Number.NaN])
  })

  it('the derivative of mod is 1 in x and -floorDivide in y', () => {
    const [dx, dy] = grad((x: Tensor, y: Tensor) => mod(x, y), { argnums: [0, 1] })(f64(5.5), f64(2))
    expect([item(dx), item(dy)]).toEqual([1, -2])
  })
})

describe('int32 arithmetic wraps around', () => {
  const extremes = i32([MAX, MIN, MIN, 65536])

  it('at the ends of the range', () => {
    expectClose(add(extremes, i32([1, -1, MIN, 1])), [MIN, MAX, 0, 65537])
    expectClose(sub(extremes, i32([-1, 1, MAX, 1])), [MIN, MAX, 1, 65535])
    expectClose(mul(extremes, i32([2, 2, -1, 65536])), [-2, 0, MIN, 0])
    expectClose(neg(extremes), [-MAX, MIN, MIN, -65536])
    expectClose(abs(extremes), [MAX, MIN, MIN, 65536])
    expectClose(floorDivide(i32(MIN), -1), MIN)
    expectClose(square(i32([65536, 46341])), [0, -2147479015])
  })

  it('as 32-bit words do, for any two numbers', () => {
    const word = fc.integer({ min: MIN, max: MAX })
    check(
      fc.property(word, word, (x, y) => {
        expect(item(add(i32(x), i32(y)))).toBe((x + y) | 0)
        expect(item(mul(i32(x), i32(y)))).toBe(Math.imul(x, y))
        expect(item(sub(i32(x), i32(y)))).toBe((x - y) | 0)
        expect(item(bitwiseAnd(i32(x), i32(y)))).toBe(x & y)
        expect(item(bitwiseOr(i32(x), i32(y)))).toBe(x | y)
        expect(item(bitwiseXor(i32(x), i32(y)))).toBe(x ^ y)
        expect(item(bitwiseNot(i32(x)))).toBe(~x)
      }),
      100,
    )
  })

  it('powers wrap too; negative exponents give 0 but for 1 and -1', () => {
    expectClose(pow(i32([3, 2, 2, -2, 0, 10]), i32([4, 31, 32, 31, 0, 10])), [81, MIN, 0, MIN, 1, 1410065408])
    expectClose(pow(i32([2, 1, -1, -1, 0]), i32([-1, -5, -5, -4, -1])), [0, 1, -1, 1, 0])
  })

  it('shifts by 32 or more give what shifting one place at a time would', () => {
    const x = i32([5, -5, 5, -5, MIN])
    const by = i32([1, 1, 31, 32, -1])
    expectClose(shiftLeft(x, by), [10, -10, MIN, 0, 0])
    expectClose(shiftRight(x, by), [2, -3, 0, -1, -1])
    expectClose(shiftRightLogical(x, by), [2, 2147483645, 0, 0, 0])
  })
})

describe('broadcasting in elementwise ops', () => {
  it('stretches sizes of 1 and missing axes, and sums gradients back over them', () => {
    const [x, y] = [f64([[1], [2]]), f64([10, 20, 30])]
    expectClose(add(x, y), [
      [11, 21, 31],
      [12, 22, 32],
    ])
    const [dx, dy] = grad((a: Tensor, b: Tensor) => sum(mul(a, b)), { argnums: [0, 1] })(x, y)
    expectClose(dx, [[60], [60]])
    expectClose(dy, [3, 3, 3])
  })

  it('says which shapes and which axis do not fit', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => add(tensor([[1, 2, 3]]), tensor([1, 2])))).toBe(
      'ShapeError: add: cannot broadcast [1,3] with [2]: axis 1 is 3 vs 2',
    )
  })
})
