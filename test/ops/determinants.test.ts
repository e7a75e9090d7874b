import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  det,
  exp,
  eye,
  grad,
  inv,
  jvp,
  matmul,
  mul,
  slogdet,
  stack,
  sum,
  type Tensor,
  vmap,
  zeros,
} from '../../src/index.ts'
import { CLOSE, regular, swapped } from '../support/matrices.ts'
import { check, expectClose, expectSame, FLOAT64, f64, i32, mistake, wavy } from '../support/values.ts'
import { scipy } from './scipy.ts'

const a = f64([
  [4, -2, 1],
  [3, 6, -4],
  [2, 1, 8],
])
const batch = stack([
  a,
  f64([
    [1, 0, 7],
    [3, -3, 0],
    [2, 5, -5],
  ]),
])
const logDet = (m: Tensor): Tensor => sum(slogdet(m)[1])
const detOf = (m: Tensor): Tensor => det(m)

describe('det', () => {
  it('is that of NumPy', () => {
    expectClose(det(a), scipy.det, FLOAT64)
    expectClose(det(batch), scipy['det batch'], FLOAT64)
  })

  it('of a product is the product', () => {
    check(
      fc.property(regular, m => {
        const scaled = mul(m, 1 / 8)
        const other = add(scaled, mul(0.1, wavy(m.shape)))
        expectSame(det(matmul(scaled, other)), mul(det(scaled), det(other)), CLOSE)
      }),
    )
  })

  it('the gradient is det(A)·A⁻ᵀ', () => {
    expectSame(grad(detOf)(a), mul(det(a), swapped(inv(a))), CLOSE)
  })

  it('where A is singular the gradient is still exact: the matrix of cofactors', () => {
    const cases: readonly (readonly [number[][], number[][]])[] = [
      [
        [
          [1, 2],
          [2, 4],
        ],
        [
          [4, -2],
          [-2, 1],
        ],
      ],
      [
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
        [
          [-3, 6, -3],
          [6, -12, 6],
          [-3, 6, -3],
        ],
      ],
      [
        [
          [1, 2, 3],
          [2, 4, 6],
          [3, 6, 9],
        ],
        [
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
      [
        [
          [0, 0, 0],
          [0, 2, 0],
          [0, 0, 3],
        ],
        [
          [6, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
      [[[0]], [[1]]],
    ]
    for (const [m, cofactors] of cases) {
      expectClose(det(f64(m)), 0, CLOSE)
      expectClose(grad(detOf)(f64(m)), cofactors, CLOSE)
    }
  })

  it('where A is singular the second derivative is NaN', () => {
    const singular = f64([
      [1, 2],
      [2, 4],
    ])
    const da = eye(2, { dtype: 'float64' })
    const [, second] = jvp(grad(detOf))([singular], [da])
    expectClose(sum(second), Number.NaN)
  })

  it('of an empty matrix is 1; mistakes', () => {
    expectClose(det(zeros([2, 0, 0])), [1, 1])
    expect(det(zeros([0, 2, 2])).shape).toEqual([0])
    expectClose(det(f64([[-3]])), -3)
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => det(zeros([2, 3])))).toBe('ShapeError: det: needs square matrices, got [2,3]')
    expect(mistake(() => det(i32([[1]])))).toContain('det: does not take int32; it needs float32 or float64; convert')
  })
})

describe('slogdet', () => {
  it('is that of NumPy', () => {
    const [sign, log] = slogdet(batch)
    expectClose(sign, scipy['slogdet batch'][0] as number[], FLOAT64)
    expectClose(log, scipy['slogdet batch'][1] as number[], FLOAT64)
  })

  it('is sign and logarithm of det', () => {
    check(
      fc.property(regular, m => {
        const scaled = mul(m, 1 / 8)
        const [sign, log] = slogdet(scaled)
        expectSame(mul(sign, exp(log)), det(scaled), CLOSE)
      }),
    )
  })

  it('of a product: signs multiply, logarithms add', () => {
    check(
      fc.property(regular, m => {
        const other = add(m, wavy(m.shape))
        const [[s, l], [t, k], [u, j]] = [slogdet(m), slogdet(other), slogdet(matmul(m, other))]
        expectSame(u, mul(s, t), 0)
        expectSame(j, add(l, k), CLOSE)
      }),
    )
  })

  it('does not overflow where det does', () => {
    const large = mul(1e200, a)
    expectClose(det(large), Infinity)
    expectClose(slogdet(large)[1], Math.log(scipy.det) + 600 * Math.LN10, CLOSE)
  })

  it('the gradient of the logarithm is A⁻ᵀ, that of the sign 0', () => {
    expectSame(grad(logDet)(batch), swapped(inv(batch)), CLOSE)
    expectClose(grad((m: Tensor) => slogdet(m)[0] as Tensor)(a), [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it('second derivative: d tr(A⁻¹·dA) = -tr(A⁻¹·dA·A⁻¹·dA)', () => {
    const da = wavy([3, 3])
    const first = (m: Tensor): Tensor => jvp((x: Tensor) => slogdet(x)[1] as Tensor)([m], [da])[1]
    const step = matmul(inv(a), da)
    const trace = sum(mul(matmul(step, step), eye(3, { dtype: 'float64' })))
    expectSame(jvp(first)([a], [da])[1], mul(-1, trace), CLOSE)
  })

  it('is [0, -∞] for a singular matrix, with infinite derivatives, and [1, 0] for an empty one', () => {
    const singular = f64([
      [1, 2],
      [2, 4],
    ])
    const [sign, log] = slogdet(singular)
    expectClose(sign, 0)
    expectClose(log, -Infinity)
    expectClose(grad(logDet)(singular), [
      [-Infinity, Infinity],
      [Infinity, -Infinity],
    ])
    const [one, zero] = slogdet(zeros([0, 0]))
    expectClose(one, 1)
    expectClose(zero, 0)
  })

  it('maps over batches; mistakes', () => {
    const [sign] = vmap((m: Tensor) => slogdet(m))(batch)
    expectSame(sign, slogdet(batch)[0])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => slogdet(zeros([3])))).toBe('ShapeError: slogdet: needs square matrices, got [3]')
  })
})
