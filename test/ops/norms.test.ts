import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { arange, grad, norm, reshape, tensor, zeros } from '../../src/index.ts'
import { expectClose, FLOAT64, f64, i32, mistake } from '../support/values.ts'

const m: Tensor = f64([
  [1, -7, 3],
  [4, 0, -2],
])
const row = f64([1, -7, 3])
const cube: Tensor = reshape([2, 3, 4])(arange(0, 24, 1, { dtype: 'float64' }))

describe('norm', () => {
  it('of a vector is that of NumPy for every order', () => {
    const orders = [1, 2, 3, 0.5, 0, Infinity, -Infinity]
    const values = [11, 7.681145747868608, 7.18551615065319, 28.92075562717862, 3, 7, 1]
    orders.forEach((ord, i) => {
      expectClose(norm({ ord })(row), values[i] as number, FLOAT64)
    })
    expectClose(norm({ axis: 0 })(m), [4.123105625617661, 7, 3.605551275463989], FLOAT64)
  })

  it('of a matrix is that of NumPy for every order', () => {
    for (const [ord, value] of [
      ['fro', 8.888194417315589],
      [1, 7],
      [-1, 5],
      [Infinity, 11],
      [-Infinity, 6],
    ] as const)
      expectClose(norm({ ord })(m), value, FLOAT64)
    expectClose(norm({ ord: 1, axis: [2, 0] })(cube), [54, 70, 86])
    expectClose(norm({ ord: Infinity, axis: [2, 0] })(cube), [18, 26, 34])
    expect(norm({ ord: 1, axis: [2, 0], keepDims: true })(cube).shape).toEqual([1, 3, 1])
  })

  it('of a matrix by its singular values: the largest, the smallest, the sum', () => {
    const m = tensor([
      [3, 0],
      [4, 5],
    ])
    expectClose(norm({ ord: 2, axis: [0, 1] })(m), Math.sqrt(45))
    expectClose(norm({ ord: -2, axis: [0, 1] })(m), Math.sqrt(5))
    expectClose(norm({ ord: 'nuc', axis: [1, 0], keepDims: true })(m), [[Math.sqrt(45) + Math.sqrt(5)]])
  })

  it('without an order and an axis is the 2-norm of all elements; int32 is converted', () => {
    expectClose(norm(m), 8.888194417315589, FLOAT64)
    expectClose(norm(cube), Math.sqrt(4324), FLOAT64)
    expectClose(norm(i32([3, 4])), 5)
    expectClose(norm(-3), 3)
  })

  it('at 0 the derivative is 0, of first and second order', () => {
    for (const ord of [2, 3]) {
      const f = (x: Tensor): Tensor => norm({ ord })(x) as Tensor
      expectClose(grad(f)(f64([0, 0])), [0, 0])
      expectClose(grad((x: Tensor) => norm(grad(f)(x)) as Tensor)(f64([0, 0])), [0, 0])
    }
    expectClose(grad((x: Tensor) => norm({ ord: 'fro' })(x) as Tensor)(zeros([2, 2])), [
      [0, 0],
      [0, 0],
    ])
  })

  it('extremes that tie share the derivative', () => {
    expectClose(grad((x: Tensor) => norm({ ord: Infinity })(x) as Tensor)(f64([3, -3, 1])), [0.5, -0.5, 0])
  })

  it('of no elements is 0, but an extreme has none', () => {
    expectClose(norm(zeros([0])), 0)
    expectClose(norm({ axis: 1, ord: 1 })(zeros([2, 0])), [0, 0])
    expect(mistake(() => norm({ ord: Infinity })(zeros([0])))).toContain(
      'ShapeError: norm: of no elements has no value',
    )
  })

  it('NaN and ∞ stay', () => {
    expectClose(
      norm({ axis: 1 })(
        f64([
          [Number.NaN, 1],
          [-Infinity, 1],
        ]),
      ),
      [Number.NaN, Infinity],
    )
  })

  it('mistakes', () => {
    expect(mistake(() => norm({ ord: 3 })(m))).toContain('ValueError: norm: of a matrix needs ord')
    expect(mistake(() => norm({ ord: 'fro' })(row))).toContain('ValueError: norm: of a vector needs ord')
    expect(mistake(() => norm({ ord: -1 })(row))).toContain('ValueError: norm: of a vector needs ord')
    expect(mistake(() => norm({ ord: Number.NaN })(row))).toContain('ValueError: norm: of a vector needs ord')
    expect(mistake(() => norm({ axis: [0, 1, 2] })(cube))).toContain('AxisError: norm: takes one axis')
    expect(mistake(() => norm({ ord: 1 })(tensor(1)))).toContain('AxisError: norm: takes one axis')
    expect(mistake(() => norm({ axis: 2 as 1 })(m))).toContain('AxisError: norm: axis 2 is out of range')
  })
})
