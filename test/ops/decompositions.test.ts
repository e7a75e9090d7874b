import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  broadcastTo,
  cholesky,
  data,
  eye,
  grad,
  inv,
  jvp,
  log,
  lstsq,
  matmul,
  mul,
  qr,
  slogdet,
  solve,
  sub,
  sum,
  type Tensor,
  vmap,
  zeros,
} from '../../src/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { CLOSE, identity, matrixShapes, positive, swapped } from '../support/matrices.ts'
import { check, expectClose, expectSame, FLOAT64, f64, i32, mistake, wavy } from '../support/values.ts'
import { scipy } from './scipy.ts'

const a = f64([
  [4, -2, 1],
  [3, 6, -4],
  [2, 1, 8],
])
const tall = f64([
  [1, -2],
  [3, 4],
  [-5, 6],
  [0, 1],
])
const p = matmul(a, swapped(a))

/** Whether everything on one side of the diagonal is exactly 0. */
const isTriangular = (x: Tensor, side: 'lower' | 'upper'): boolean => {
  const [rows, columns] = [x.shape.at(-2) ?? 0, x.shape.at(-1) ?? 0]
  return data(x).every((value, at) => {
    const [i, j] = [Math.floor(at / columns) % rows, at % columns]
    return value === 0 || (side === 'lower' ? j <= i : j >= i)
  })
}

describe('cholesky', () => {
  it('is that of NumPy', () => {
    expectClose(cholesky(p), scipy.cholesky, FLOAT64)
    expectSame(cholesky({ upper: true })(p), swapped(cholesky(p)))
  })

  it('L·Lᵀ = A, and L is lower triangular', () => {
    check(
      fc.property(positive, m => {
        const l = cholesky(m)
        expectSame(matmul(l, swapped(l)), m, CLOSE)
        expect(isTriangular(l, 'lower')).toBe(true)
        expect(isTriangular(cholesky({ upper: true })(m), 'upper')).toBe(true)
      }),
    )
  })

  it('is that of the symmetric part, as in JAX', () => {
    const skew = f64([
      [0, 5, -1],
      [-5, 0, 2],
      [1, -2, 0],
    ])
    expectSame(cholesky(add(p, skew)), cholesky(p), CLOSE)
  })

  it('the gradient is symmetric: that of 2·Σ ln L[i,i] is A⁻¹', () => {
    const logDet = (m: Tensor): Tensor => mul(2, sum(log(sum({ axis: -1 })(mul(cholesky(m), identity(m))) as Tensor)))
    expectSame(grad(logDet)(p), inv(p), CLOSE)
    expectSame(grad((m: Tensor) => slogdet(m)[1] as Tensor)(p), inv(p), CLOSE)
  })

  it('dL·Lᵀ + L·dLᵀ = dA for a symmetric dA', () => {
    const da = add(wavy([3, 3]), swapped(wavy([3, 3])))
    const [l, dl] = jvp((m: Tensor) => cholesky(m))([p], [da])
    expectSame(add(matmul(dl, swapped(l)), matmul(l, swapped(dl))), da, CLOSE)
  })

  it('is NaN in the triangle, as is the gradient, where A is not positive definite', () => {
    const indefinite = f64([
      [1, 2],
      [2, 1],
    ])
    const N = Number.NaN
    expectClose(cholesky(indefinite), [
      [N, 0],
      [N, N],
    ])
    expectClose(cholesky({ upper: true })(indefinite), [
      [N, N],
      [0, N],
    ])
    expectClose(cholesky(zeros([1, 1])), [[N]])
    expectClose(cholesky(f64([[N]])), [[N]])
    expectClose(grad((m: Tensor) => sum(cholesky(m)))(indefinite), [
      [N, N],
      [N, N],
    ])
  })

  it('one matrix of a batch that is not positive definite does not touch the others', () => {
    const both = f64([[[4]], [[-1]], [[9]]])
    expectClose(cholesky(both), [[[2]], [[Number.NaN]], [[3]]])
  })

  it('of empty matrices; mistakes', () => {
    expect(cholesky(zeros([3, 0, 0])).shape).toEqual([3, 0, 0])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => cholesky(zeros([2, 3])))).toBe('ShapeError: cholesky: needs square matrices, got [2,3]')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => cholesky({ upper: true })(zeros([3])))).toBe(
      'ShapeError: cholesky: needs square matrices, got [3]',
    )
    expect(mistake(() => cholesky(i32([[4]])))).toBe(
      "DtypeError: cholesky: does not take int32; it needs float32 or float64; convert with cast('float32')",
    )
    // @ts-expect-error from JavaScript
    expect(mistake(() => cholesky({ upper: 1 })(zeros([1, 1])))).toBe(
      'ValueError: cholesky: upper must be true or false, got 1',
    )
  })
})

describe('qr', () => {
  it('is that of NumPy, with its signs, for square, tall and wide matrices', () => {
    const cases = [
      [a, scipy.qr],
      [tall, scipy['qr tall']],
      [swapped(tall), scipy['qr wide']],
    ] as const
    for (const [m, [q, r]] of cases) {
      expectClose(qr(m)[0], q as number[][], FLOAT64)
      expectClose(qr(m)[1], r as number[][], FLOAT64)
    }
  })

  it('Q·R = A, QᵀQ = I, and R is upper triangular', () => {
    check(
      fc.property(
        matrixShapes.chain(shape => tensors({ shape })),
        m => {
          const [q, r] = qr(m)
          expectSame(matmul(q, r), m, CLOSE)
          const gram = matmul(swapped(q), q)
          expectSame(gram, broadcastTo(gram.shape)(identity(q)), CLOSE)
          expect(isTriangular(r, 'upper')).toBe(true)
        },
      ),
      300,
    )
  })

  it('dQ·R + Q·dR = dA, QᵀdQ is skew, and dR is upper triangular', () => {
    for (const m of [a, tall, swapped(tall)]) {
      const da = wavy(m.shape)
      const [[q, r], [dq, dr]] = jvp((x: Tensor) => qr(x))([m], [da])
      expectSame(add(matmul(dq, r), matmul(q, dr)), da, CLOSE)
      const turn = matmul(swapped(q), dq)
      expectSame(turn, mul(-1, swapped(turn)), CLOSE)
      expect(isTriangular(dr, 'upper')).toBe(true)
    }
  })

  it('a column that is zero below the diagonal keeps its sign, as in LAPACK', () => {
    const [q, r] = qr(eye(2, { dtype: 'float64' }))
    expectSame(q, eye(2, { dtype: 'float64' }))
    expectSame(r, eye(2, { dtype: 'float64' }))
    expectClose(qr(f64([[-2]]))[1], [[-2]])
    expectClose(qr(f64([[3], [4]]))[1], [[-5]])
    expectClose(qr(f64([[-3], [4]]))[1], [[5]])
  })

  it('decomposes dependent columns, whose derivatives are NaN', () => {
    const dependent = f64([
      [1, 2],
      [2, 4],
    ])
    const [q, r] = qr(dependent)
    expectSame(matmul(q, r), dependent, CLOSE)
    expectSame(matmul(swapped(q), q), eye(2, { dtype: 'float64' }), CLOSE)
    const zero = f64([
      [0, 1],
      [0, 1],
    ])
    expectSame(matmul(...qr(zero)), zero, CLOSE)
    const gradient = grad((m: Tensor) => sum(qr(m)[0] as Tensor))(zero)
    expectClose(sum(gradient), Number.NaN)
  })

  it('neither overflows nor vanishes on the way', () => {
    expectClose(qr(f64([[3e200], [4e200]]))[1], [[-5e200]], CLOSE)
    expectClose(qr(mul(1e-200, f64([[3], [4]])))[0], [[-0.6], [-0.8]], CLOSE)
  })

  it('of empty matrices; mistakes', () => {
    const shapesOf = (m: Tensor) => qr(m).map(x => x.shape)
    expect(shapesOf(zeros([2, 0, 3]))).toEqual([
      [2, 0, 0],
      [2, 0, 3],
    ])
    expect(shapesOf(zeros([3, 0]))).toEqual([
      [3, 0],
      [0, 0],
    ])
    expect(vmap((m: Tensor) => qr(m)[0] as Tensor)(zeros([0, 2, 2])).shape).toEqual([0, 2, 2])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => qr(zeros([3])))).toBe('ShapeError: qr: needs matrices, got [3]')
    expect(mistake(() => qr(i32([[1]])))).toContain("convert with cast('float32')")
  })
})

describe('lstsq', () => {
  const y = f64([0, 1, 2, 3])

  it('is that of NumPy: the best, or the smallest of many', () => {
    expectClose(lstsq(tall, y), scipy['lstsq tall'], FLOAT64)
    const rhs = f64([
      [12, 1],
      [-25, 2],
    ])
    expectClose(lstsq(swapped(tall), rhs), scipy['lstsq wide'], FLOAT64)
  })

  it('what is left is orthogonal to the columns of A', () => {
    const rest = sub(matmul(tall, lstsq(tall, y)), y)
    expectClose(matmul(swapped(tall), rest), [0, 0], CLOSE)
  })

  it('of square matrices is solve', () => {
    expectSame(lstsq(a, wavy([3, 2])), solve(a, wavy([3, 2])), CLOSE)
  })

  it('the gradient is that of the normal equations', () => {
    const normal = (m: Tensor): Tensor => sum(solve(matmul(swapped(m), m), matmul(swapped(m), y)))
    expectSame(grad((m: Tensor) => sum(lstsq(m, y)))(tall), grad(normal)(tall), CLOSE)
  })

  it('leading axes broadcast', () => {
    expect(lstsq(wavy([5, 1, 4, 2]), wavy([3, 4, 6])).shape).toEqual([5, 3, 2, 6])
    expect(lstsq(wavy([5, 2, 4]), wavy([2])).shape).toEqual([5, 4])
  })

  it('of nothing is 0; mistakes', () => {
    expectClose(lstsq(zeros([0, 2]), zeros([0])), [0, 0])
    expect(lstsq(zeros([3, 0]), zeros([3, 2])).shape).toEqual([0, 2])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => lstsq(zeros([3, 2]), zeros([2])))).toBe(
      'ShapeError: lstsq: sizes differ: [3,2] with right-hand sides [2] (3 vs 2)',
    )
    expect(mistake(() => lstsq(i32([[1]]), i32([1])))).toContain('lstsq: does not take int32')
  })
})
