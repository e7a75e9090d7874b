import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { cumsum, diff, grad, interp, slice, sum, tensor, vmap, zeros } from '../../src/index.ts'
import { expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number

describe('diff', () => {
  const m: Tensor = i32([
    [1, 3, 6],
    [0, 5, 2],
  ])

  it('is that of NumPy; of bool whether neighbours differ', () => {
    expectClose(diff({ axis: 0 })(m), [[-1, 2, -4]])
    expectClose(diff({ n: 2 })(m), [[1], [-8]])
    expectClose(diff(tensor([true, false, false])), [true, false])
    expectSame(diff({ n: 0 })(m), m)
  })

  it('of running sums are the elements but the first', () => {
    const x = wavy([3, 5])
    expectSame(diff(cumsum(x) as Tensor) as Tensor, slice([null, [1]])(x))
  })

  it('as many times as there are elements, or more, leaves nothing', () => {
    expect(diff({ n: 3 })(m).shape).toEqual([2, 0])
    expect(diff({ n: 9 })(m).shape).toEqual([2, 0])
    expect(diff(zeros([0])).shape).toEqual([0])
  })

  it('mistakes', () => {
    expect(mistake(() => diff(2 as unknown as Tensor))).toContain('AxisError: diff: axis -1 is out of range')
    expect(mistake(() => diff({ n: -1 })(m))).toContain('ValueError: diff: n must be a whole number')
  })
})

describe('interp', () => {
  const [xp, fp] = [f64([0, 1, 2]), f64([10, 20, 0])]

  it('is that of NumPy, inside, at the points and outside', () => {
    expectClose(interp(f64([-1, 0, 0.25, 1, 1.5, 2, 3]), xp, fp), [10, 10, 12.5, 20, 10, 0, 0])
    expectClose(interp({ left: -5, right: 7 })(f64([-1, 0, 3]), xp, fp), [-5, 10, 7])
    expectClose(interp(f64([0, 1, 2]), f64([1]), f64([5])), [5, 5, 5])
    expectClose(interp(0.5, xp, fp), 15)
    expect(interp(zeros([0, 2], { dtype: 'float64' }), xp, fp).shape).toEqual([0, 2])
  })

  it('where points coincide takes the later one', () => {
    expectClose(interp(f64([0.5, 1, 1.5]), f64([0, 1, 1, 2]), f64([0, 1, 5, 6])), [0.5, 5, 5.5])
    expectClose(interp(1, f64([0, 1, 1]), f64([0, 5, 6])), 6)
    expectClose(grad((x: Tensor) => interp(x, f64([0, 1, 1]), f64([0, 5, 6])))(f64(1)), 0)
  })

  it('at a point the derivative is the slope to the right, at the last to the left, outside 0', () => {
    const slope = grad((x: Tensor) => sum(interp(x, xp, fp)))
    expectClose(vmap(slope)(f64([-1, 0, 0.5, 1, 1.5, 2, 3])), [0, 10, 10, -20, -20, -20, 0])
  })

  it('is differentiable in the points and in their values', () => {
    const f = (p: Tensor, q: Tensor): Tensor => interp(0.25, p, q)
    const [dp, dq] = grad(f, { argnums: [0, 1] })(xp, fp)
    expectClose(dp, [-7.5, -2.5, 0])
    expectClose(dq, [0.75, 0.25, 0])
  })

  it('NaN stays; beyond infinity are the ends, with derivative 0', () => {
    expectClose(interp(f64([NAN, -INF, INF]), xp, fp), [NAN, 10, 0])
    expectClose(vmap(grad((x: Tensor) => interp(x, xp, fp)))(f64([-INF, INF])), [0, 0])
    expectClose(grad((p: Tensor) => interp(INF, p, fp))(xp), [0, 0, 0])
  })

  it('mistakes', () => {
    expect(mistake(() => interp(0, xp, f64([1])))).toContain(
      'ShapeError: interp: xp and fp must be vectors of one size',
    )
    expect(mistake(() => interp(0, f64([]), f64([])))).toContain('ShapeError: interp: xp and fp')
    expect(mistake(() => interp(i32([1]), xp, fp))).toContain('DtypeError: interp: dtypes differ')
    expect(mistake(() => interp(0, i32([1]), i32([1])))).toContain('DtypeError: interp: does not take int32')
    expect(mistake(() => interp(0, xp, undefined as unknown as Tensor))).toContain('ValueError: interp')
    expect(mistake(() => (interp as unknown as (x: number, xp: Tensor) => Tensor)(0, xp))).toContain(
      'ValueError: interp',
    )
  })
})
