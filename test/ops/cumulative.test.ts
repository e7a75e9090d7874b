import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import {
  type CumulativeOptions,
  cummax,
  cummin,
  cumprod,
  cumsum,
  exp,
  flip,
  grad,
  log,
  logcumsumexp,
  mul,
  slice,
  sum,
  tensor,
  vmap,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, FLOAT64, f64, i32, mistake, sixteenths, wavy } from '../support/values.ts'

/** What all of them are. */
interface Running {
  (options: CumulativeOptions): (x: Tensor) => Tensor
  (x: Tensor | number): Tensor
}

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number
const m = i32([
  [3, 1, 2],
  [0, 5, 4],
])
/** The derivative of the last element of a running total. */
const gradOfLast = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => grad((v: Tensor) => sum(slice([[-1]])(f(v))))(x)

describe('running totals', () => {
  it('are those of NumPy along either axis; the last is the default', () => {
    expectClose(cumsum({ axis: 0 })(m), [
      [3, 1, 2],
      [3, 6, 6],
    ])
    expectClose(cumsum(m), [
      [3, 4, 6],
      [0, 5, 9],
    ])
    expectClose(cumprod({ axis: -1 })(m), [
      [3, 3, 6],
      [0, 0, 0],
    ])
    expectClose(cummax({ axis: 0 })(m), [
      [3, 1, 2],
      [3, 5, 4],
    ])
    expectClose(cummin(m), [
      [3, 1, 1],
      [0, 0, 0],
    ])
  })

  const all: { readonly [name: string]: Running } = { cumsum, cumprod, cummax, cummin, logcumsumexp }
  it.each(Object.entries(all))('%s reversed is the flip of that of the flip', (_name, f) => {
    check(
      fc.property(fc.array(sixteenths, { maxLength: 9 }), values => {
        const x = f64(values)
        expectSame(f({ reverse: true })(x), flip(f(flip(x))), FLOAT64)
      }),
    )
  })

  it.each(Object.entries(all))('%s of no elements, and its gradient, is empty', (_name, f) => {
    for (const shape of [[0], [2, 0], [0, 2]]) {
      expect(f(zeros(shape)).shape).toEqual(shape)
      expect(grad((x: Tensor) => sum(f(x)))(zeros(shape)).shape).toEqual(shape)
    }
  })

  it.each(Object.entries(all))('%s refuses scalars, axes out of range, and a reverse that is neither', (name, f) => {
    expect(mistake(() => f(1))).toContain(`AxisError: ${name}: axis -1 is out of range: a scalar has no axes`)
    expect(mistake(() => f({ axis: 2 })(m))).toContain(`AxisError: ${name}: axis 2 is out of range`)
    expect(mistake(() => f({ reverse: 'yes' } as unknown as { reverse: boolean })(m))).toContain(
      `ValueError: ${name}: reverse is true or false`,
    )
  })

  it('int32 stays int32, and wraps', () => {
    expect(cumsum(m).dtype).toBe('int32')
    expectClose(cumsum(i32([2147483647, 1])), [2147483647, -2147483648])
    expectClose(cumprod(i32([65536, 65536, 3])), [65536, 0, 0])
  })

  it('bool counts as int32 in sums and products, and has no extremes', () => {
    const x = tensor([true, false, true])
    expectSame(cumsum(x), i32([1, 1, 2]))
    expectSame(cumprod(x), i32([1, 0, 0]))
    expect(mistake(() => cummax(x))).toContain('DtypeError: cummax: does not take bool')
  })

  it('NaN stays from the first NaN on', () => {
    const x = f64([1, NAN, 3])
    for (const f of [cumsum, cumprod, cummax, cummin]) expectClose(f(x), [1, NAN, NAN])
  })
})

describe('cumprod', () => {
  it('derivatives are exact with no zero, one and two zeros', () => {
    const f = (x: Tensor): Tensor => sum(mul(cumprod(x), f64([1, 10, 100])))
    expectClose(grad(f)(f64([2, 3, 5])), [1 + 30 + 1500, 20 + 1000, 600])
    expectClose(grad(f)(f64([2, 0, 5])), [1, 20 + 1000, 0])
    expectClose(grad(f)(f64([0, 0, 5])), [1, 0, 0])
  })

  it('second derivatives are exact at zeros', () => {
    const f = (x: Tensor): Tensor => gradOfLast(cumprod, x)
    const hessian = vmap((v: Tensor) => grad((x: Tensor) => sum(mul(f(x), v)))(f64([0, 0, 7])))
    expectClose(
      hessian(
        f64([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]),
      ),
      [
        [0, 7, 0],
        [7, 0, 0],
        [0, 0, 0],
      ],
    )
  })
})

describe('cummax and cummin', () => {
  it('at a tie the derivative is halved at each pair of equals, as in JAX: two share equally, of three the last has half', () => {
    expectClose(gradOfLast(cummax, f64([1, 1])), [0.5, 0.5])
    expectClose(gradOfLast(cummin, f64([1, 1])), [0.5, 0.5])
    expectClose(gradOfLast(cummax, f64([1, 1, 1])), [0.25, 0.25, 0.5])
    expectClose(gradOfLast(cummax, f64([1, 1, 1, 1])), [0.25, 0.25, 0.25, 0.25])
    expectClose(gradOfLast(cummax, f64([3, 1, 3])), [0.5, 0, 0.5])
  })

  it('the derivative goes to the element that holds the record', () => {
    expectClose(grad((x: Tensor) => sum(mul(cummax(x), f64([1, 10, 100]))))(f64([2, 1, 3])), [11, 0, 100])
    expectClose(grad((x: Tensor) => sum(mul(cummin(x), f64([1, 10, 100]))))(f64([2, 1, 3])), [1, 110, 0])
  })
})

describe('logcumsumexp', () => {
  it('is the logarithm of the running sum of exponentials', () => {
    const x = wavy([3, 5])
    expectSame(logcumsumexp(x), log(cumsum(exp(x))), FLOAT64)
  })

  it('neither overflows nor forgets small elements before large ones', () => {
    expectClose(logcumsumexp(f64([-1000, -1000, 1000])), [-1000, -1000 + Math.LN2, 1000])
    expectClose(gradOfLast(logcumsumexp, f64([1000, 1000])), [0.5, 0.5])
  })

  it('is -∞ while all so far are, where the derivative is 0; NaN and ∞ stay', () => {
    expectClose(logcumsumexp(f64([-INF, -INF, 2])), [-INF, -INF, 2])
    expectClose(grad((x: Tensor) => sum(slice([[1]])(logcumsumexp(x))))(f64([-INF, -INF, 2])), [0, 0, 1])
    expectClose(logcumsumexp(f64([1, INF, 2])), [1, INF, INF])
    expectClose(logcumsumexp(f64([1, NAN, 2])), [1, NAN, NAN])
  })

  it('int32 and bool are converted to float32', () => {
    expect(logcumsumexp(i32([1, 2])).dtype).toBe('float32')
  })
})
