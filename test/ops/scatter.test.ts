import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  checkGrads,
  gather,
  grad,
  jvp,
  mul,
  ones,
  prod,
  scatter,
  scatterAdd,
  scatterMax,
  scatterMin,
  scatterMul,
  sum,
  take,
  vjp,
  vmap,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, f64, i32, mistake } from '../support/values.ts'

const all = { scatter, scatterAdd, scatterMul, scatterMax, scatterMin }

/** Positions of which 2 comes three times, 0 once, 1 never, and two are outside. */
const at = i32([[2], [0], [2], [3], [2], [-1]])
const u = f64([2, 3, 5, 7, 4, 9])
const x = f64([10, 20, 3])

describe('several updates of one position', () => {
  it('scatter: the last in row-major order stays', () => {
    expectClose(scatter()(x, at, u), [3, 20, 4])
    expectClose(
      scatter()(
        zeros([2]),
        i32([
          [[0], [1]],
          [[1], [0]],
        ]),
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      [4, 3],
    )
  })
  it('scatterAdd adds, scatterMul multiplies all of them', () => {
    expectClose(scatterAdd()(x, at, u), [13, 20, 14])
    expectClose(scatterMul()(x, at, u), [30, 20, 120])
  })
  it('scatterMax and scatterMin keep the extreme, that of x among them', () => {
    expectClose(scatterMax()(x, at, u), [10, 20, 5])
    expectClose(scatterMin()(x, at, u), [3, 20, 2])
  })
  it('scatter is a loop of assignments, in order', () => {
    check(
      fc.property(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 8 }), places => {
        const expected = [0, 0, 0, 0]
        places.forEach((p, k) => {
          if (p >= 0 && p < 4) expected[p] = k + 1
        })
        const indices = tensor(places, { dtype: 'int32', shape: [places.length, 1] })
        const updates = tensor(
          places.map((_, k) => k + 1),
          { shape: [places.length] },
        )
        expectClose(scatter()(zeros([4]), indices, updates), expected)
      }),
    )
  })
})

describe('what every scatter does', () => {
  it.each(Object.entries(all))('%s: positions outside are dropped, negative ones too', (_name, f) => {
    expectClose(f()(x, i32([[-1], [3], [2147483647], [-2147483648]]), f64([1, 2, 3, 4])), [10, 20, 3])
    expectClose(grad((v: Tensor) => sum(f()(x, i32([[-1], [3]]), v)))(f64([1, 2])), [0, 0])
  })
  it.each(Object.entries(all))('%s: without updates x is as it was', (_name, f) => {
    const none = zeros([0, 1], { dtype: 'int32' })
    expectClose(f()(x, none, f64([])), [10, 20, 3])
    expectClose(grad((v: Tensor) => sum(f()(v, none, f64([]))))(x), [1, 1, 1])
    expect(vjp((v: Tensor) => f()(x, none, v))(f64([]))[1](x)[0].shape).toEqual([0])
    expect(f()(zeros([0, 2]), i32([[0]]), ones([1, 2])).shape).toEqual([0, 2])
    expectClose(vjp((v: Tensor) => f()(zeros([0, 2]), i32([[0]]), v))(ones([1, 2]))[1](zeros([0, 2]))[0], [[0, 0]])
  })
  it('whole slices, and rows of their own with batch axes', () => {
    expectClose(
      scatter()(
        zeros([3, 2]),
        i32([[2], [0]]),
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      [
        [3, 4],
        [0, 0],
        [1, 2],
      ],
    )
    expectClose(
      scatterMul({ batch: 1 })(
        ones([2, 2]),
        i32([
          [[0], [0]],
          [[1], [5]],
        ]),
        tensor([
          [2, 3],
          [4, 5],
        ]),
      ),
      [
        [6, 1],
        [1, 4],
      ],
    )
  })
  it('int32 wraps; scatter takes bool, the others do not', () => {
    expectClose(scatterMul()(i32([65536]), i32([[0]]), i32([65536])), [0])
    expectClose(scatterMax()(i32([3]), i32([[0]]), i32([7])), [7])
    expectClose(scatter()(tensor([true, true]), i32([[1]]), tensor([false])), [true, false])
    expect(mistake(() => scatterMax()(tensor([true]), i32([[0]]), tensor([false])))).toContain(
      'DtypeError: scatterMax: does not take bool',
    )
  })
  it.each(Object.entries(all))('%s under vmap is a loop', (_name, f) => {
    const places = i32([
      [[0], [0], [1]],
      [[2], [0], [2]],
    ])
    const rows = f64([
      [2, 3, 4],
      [5, 6, 7],
    ])
    const y = vmap((p: Tensor, v: Tensor) => f()(x, p, v))(places, rows)
    for (const k of [0, 1]) expectClose(take(y, k), [...data(f()(x, take(places, k), take(rows, k)))])
  })
  it('mistakes', () => {
    expect(mistake(() => scatter()(zeros([3]), i32([[0]]), zeros([2])))).toBe(
      'ShapeError: scatter: updates must be float32[1], got float32[2]',
    )
    expect(mistake(() => scatterMul()(zeros([3]), i32([[0]]), f64([1])))).toBe(
      "DtypeError: scatterMul: dtypes differ: float32 and float64; convert one, as in cast('float64')(x)",
    )
    expect(mistake(() => scatterMin()(zeros([3]), tensor([[0]]), zeros([1])))).toContain(
      'DtypeError: scatterMin: indices must be int32, got float32',
    )
    expect(mistake(() => scatter({ batch: 2 })(zeros([3]), i32([[0]]), zeros([1])))).toContain(
      'ShapeError: scatter: indices [1,1] do not fit [3] with 2 batch axes',
    )
    expect(mistake(() => scatter({ batch: 0.5 })(zeros([3]), i32([[0]]), zeros([1])))).toContain(
      'ValueError: scatter: batch',
    )
    expect(mistake(() => (scatter as (x: unknown) => unknown)(x))).toContain('ValueError: scatter: takes options')
  })
})

describe('derivatives where a position comes more than once', () => {
  const weighted = (f: (typeof all)[keyof typeof all]) => (a: Tensor, b: Tensor) =>
    sum(mul(f()(a, at, b), f64([1, 10, 100])))
  const both = { argnums: [0, 1] } as const

  it('scatter: only the update that stays, and x where there is none', () => {
    const [inX, inU] = grad(weighted(scatter), both)(x, u)
    expectClose(inX, [0, 10, 0])
    expectClose(inU, [0, 1, 0, 0, 100, 0])
    const [, dy] = jvp((v: Tensor) => scatter()(x, at, v))([u], [f64([1, 2, 3, 4, 5, 6])])
    expectClose(dy, [2, 0, 5])
  })
  it('scatter: slices stay or go as wholes', () => {
    const f = (b: Tensor): Tensor => sum(mul(scatter()(zeros([2, 2], { dtype: 'float64' }), i32([[1], [1]]), b), 3))
    expectClose(
      grad(f)(
        f64([
          [1, 2],
          [3, 4],
        ]),
      ),
      [
        [0, 0],
        [3, 3],
      ],
    )
  })
  it('scatterMul: the product of the others', () => {
    const [inX, inU] = grad(weighted(scatterMul), both)(x, u)
    expectClose(inX, [3, 10, 4000])
    expectClose(inU, [6000, 10, 2400, 0, 3000, 0])
  })
  it('scatterMul: exact with one zero and with two, to second order', () => {
    const inUpdates = grad((v: Tensor) => sum(scatterMul()(f64([2]), i32([[0], [0], [0]]), v)))
    expectClose(inUpdates(f64([0, 3, 5])), [30, 0, 0])
    expectClose(inUpdates(f64([0, 3, 0])), [0, 0, 0])
    const second = (v: Tensor): Tensor => grad((w: Tensor) => sum(mul(inUpdates(w), f64([1, 0, 0]))))(v)
    expectClose(second(f64([0, 3, 5])), [0, 10, 6])
    expectClose(second(f64([0, 3, 0])), [0, 0, 6])
    expectClose(second(f64([7, 0, 0])), [0, 0, 0])
  })
  it('scatterMul into ones is prod, with its derivatives', () => {
    const v = f64([2, 0, -3, 0.5, 4])
    const places = i32([[0], [0], [0], [0], [0]])
    const f = (w: Tensor): Tensor => sum(scatterMul()(f64([1]), places, w))
    expectClose(grad(f)(v), [...data(grad((w: Tensor) => prod(w))(v))])
    expect(checkGrads(f)([v], { order: 2 }).ok).toBe(true)
  })
  it('scatterMax and scatterMin: what ties shares equally, x among it', () => {
    const tied = f64([5, 20, 5])
    const updates = f64([5, 5, 5, 7, 4, 9])
    const [inX, inU] = grad(weighted(scatterMax), both)(tied, updates)
    expectClose(inX, [0.5, 10, 100 / 3])
    expectClose(inU, [100 / 3, 0.5, 100 / 3, 0, 0, 0])
    expectClose(grad(weighted(scatterMin), both)(tied, updates)[1], [0, 0.5, 0, 0, 100, 0])
  })
  it('scatterMax: NaN comes through, and its derivative is NaN', () => {
    const f = (v: Tensor): Tensor => scatterMax()(f64([1, 2]), i32([[0], [0]]), v)
    expectClose(f(f64([Number.NaN, 3])), [Number.NaN, 2])
    expectClose(grad((v: Tensor) => sum(f(v)))(f64([Number.NaN, 3])), [Number.NaN, Number.NaN])
  })
  it('of many updates, derivatives of first and second order agree with differences', () => {
    const places = i32([[1], [0], [1], [1], [2], [0], [1], [5], [1], [0]])
    const factors = f64([0.5, -1, 2, 1.5, 3, 0.25, -1.8, 1, 0.75, 1.25])
    for (const f of [scatter, scatterMul, scatterMax])
      expect(
        checkGrads((a: Tensor, b: Tensor) => f()(a, places, mul(b, b)))([f64([0.3, 0.7, -2]), factors], { order: 2 })
          .ok,
      ).toBe(true)
  })
  it('reading back what was put gives the updates', () => {
    const places = i32([[3], [1]])
    const f = (v: Tensor): Tensor => add(gather()(scatter()(zeros([4], { dtype: 'float64' }), places, v), places), 0)
    expectClose(f(f64([5, 6])), [5, 6])
    expectClose(grad((v: Tensor) => sum(f(v)))(f64([5, 6])), [1, 1])
  })
})
