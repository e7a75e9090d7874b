import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  broadcastTo,
  cast,
  einsum,
  expandDims,
  eye,
  grad,
  inv,
  jvp,
  matmul,
  matrixPower,
  mul,
  neg,
  ones,
  outer,
  solve,
  stack,
  sub,
  sum,
  type Tensor,
  toArray,
  triangularSolve,
  vjp,
  vmap,
  zeros,
} from '../../src/index.ts'
import { CLOSE, identity, regular, swapped } from '../support/matrices.ts'
import { check, expectClose, expectSame, FLOAT64, f64, i32, mistake, wavy } from '../support/values.ts'
import { scipy } from './scipy.ts'

const a = f64([
  [4, -2, 1],
  [3, 6, -4],
  [2, 1, 8],
])
const b = f64([
  [12, 1],
  [-25, 2],
  [32, 3],
])
const v = f64([12, -25, 32])
const second = f64([
  [1, 0, 7],
  [3, -3, 0],
  [2, 5, -5],
])
const singular = f64([
  [1, 2],
  [2, 4],
])

describe('solve', () => {
  it('is that of NumPy, for vectors, matrices and batches', () => {
    expectClose(solve(a, b), scipy.solve, FLOAT64)
    expectClose(solve(a, v), scipy['solve vector'], FLOAT64)
    expectClose(solve(stack([a, second]), b), scipy['solve batch'], FLOAT64)
    expectClose(solve(stack([a, second]), v), scipy['solve batch vector'], FLOAT64)
  })

  it('A·solve(A, B) = B', () => {
    check(
      fc.property(regular, m => {
        const rhs = wavy([...m.shape.slice(0, -1), 2])
        expectSame(matmul(m, solve(m, rhs)), rhs, CLOSE)
      }),
    )
  })

  it('exchanges rows where a pivot is 0', () => {
    const swap = f64([
      [0, 1],
      [1, 0],
    ])
    expectClose(solve(swap, f64([3, 4])), [4, 3])
    expectClose(inv(swap), toArray(swap))
  })

  it('leading axes broadcast', () => {
    const many = broadcastTo([4, 1, 3, 3])(a)
    expect(solve(many, zeros([5, 3, 2], { dtype: 'float64' })).shape).toEqual([4, 5, 3, 2])
    expect(solve(stack([a, second]), zeros([4, 1, 3, 2], { dtype: 'float64' })).shape).toEqual([4, 2, 3, 2])
    const x = solve(stack([a, second]), stack([expandDims({ axis: 0 })(b), expandDims({ axis: 0 })(mul(2, b))]))
    expectClose(x, [scipy['solve batch'], toArray(mul(2, f64(scipy['solve batch'])))], FLOAT64)
  })

  it('a vector has one axis; two are a matrix, as in NumPy 2', () => {
    expect(solve(a, zeros([3, 3], { dtype: 'float64' })).shape).toEqual([3, 3])
    expect(solve(stack([a, a]), v).shape).toEqual([2, 3])
    expect(mistake(() => solve(stack([a, a]), zeros([2, 3], { dtype: 'float64' })))).toBe(
      'ShapeError: solve: sizes differ: [2,3,3] with right-hand sides [2,3] (3 vs 2)',
    )
    const rows = wavy([5, 3])
    const each = vmap((rhs: Tensor) => solve(a, rhs))(rows)
    expectSame(each, swapped(solve(a, swapped(rows))), CLOSE)
  })

  it('the gradient is a solution with the transpose: that of gᵀ·A⁻¹·b is A⁻ᵀ·g in b and -A⁻ᵀ·g·xᵀ in A', () => {
    const g = f64([1, -2, 3])
    const [, pullback] = vjp((m: Tensor, rhs: Tensor) => solve(m, rhs))(a, v)
    const [da, db] = pullback(g)
    const adjoint = matmul(swapped(inv(a)), g)
    expectSame(db, adjoint, CLOSE)
    expectSame(da, neg(outer(adjoint, solve(a, v))), CLOSE)
  })

  it('the gradient of a right-hand side, or a matrix, that broadcasts is the sum', () => {
    const ct = wavy([2, 3, 2])
    const [, pullback] = vjp((m: Tensor, rhs: Tensor) => solve(m, rhs))(stack([a, second]), b)
    expectSame(pullback(ct)[1], sum({ axis: 0 })(solve(stack([swapped(a), swapped(second)]), ct)), CLOSE)
    const [, shared] = vjp((m: Tensor, rhs: Tensor) => solve(m, rhs))(a, stack([b, b]))
    const x = solve(a, b)
    expectSame(shared(ct)[0], neg(einsum('bik,jk->ij', solve(swapped(a), ct), x)), CLOSE)
  })

  it('the gradient in the right-hand side alone is the sum over a batch of matrices', () => {
    const [both, ct] = [stack([a, second]), wavy([2, 3, 2])]
    const expected = sum({ axis: 0 })(solve(swapped(both), ct))
    expectSame(vjp((rhs: Tensor) => solve(both, rhs))(b)[1](ct)[0], expected, CLOSE)
    const upper = vjp((rhs: Tensor) => triangularSolve(both, rhs))(b)[1](ct)[0]
    expectSame(upper, sum({ axis: 0 })(triangularSolve({ transpose: true })(both, ct)), CLOSE)
  })

  it('a singular matrix gives ±∞ or NaN, and so do derivatives', () => {
    expectClose(solve(singular, f64([1, 1])), [-Infinity, Infinity])
    expectClose(solve(singular, f64([1, 2])), [Number.NaN, Number.NaN])
    expectClose(grad((m: Tensor) => sum(solve(m, f64([1, 2]))))(singular), [
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
    ])
  })

  it('of no equations, and for no right-hand sides', () => {
    expect(solve(zeros([0, 0]), zeros([0, 2])).shape).toEqual([0, 2])
    expect(solve(zeros([0, 0]), zeros([0])).shape).toEqual([0])
    expect(solve(zeros([2, 0, 0]), zeros([0])).shape).toEqual([2, 0])
    expect(solve(ones([1, 1]), zeros([1, 0])).shape).toEqual([1, 0])
    expect(solve(zeros([0, 3, 3]), ones([3, 2])).shape).toEqual([0, 3, 2])
    expect(grad((m: Tensor) => sum(solve(m, zeros([0]))))(zeros([0, 0])).shape).toEqual([0, 0])
  })

  it('computes in float64, and keeps the dtype', () => {
    const x = solve(cast('float32')(a), cast('float32')(v))
    expect(x.dtype).toBe('float32')
    expectClose(x, toArray(cast('float32')(f64(scipy['solve vector']))), 0)
  })

  it('mistakes say sizes and what to do', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => solve(zeros([2, 3]), zeros([2])))).toBe('ShapeError: solve: needs square matrices, got [2,3]')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => solve(zeros([3]), zeros([3])))).toBe('ShapeError: solve: needs square matrices, got [3]')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => solve(zeros([3, 3]), zeros([4])))).toBe(
      'ShapeError: solve: sizes differ: [3,3] with right-hand sides [4] (3 vs 4)',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => solve(zeros([3, 3]), 1))).toBe(
      'ShapeError: solve: right-hand sides need at least one axis, got []',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => solve(zeros([2, 3, 3]), zeros([5, 3, 1])))).toBe(
      'ShapeError: solve: leading axes do not broadcast: [2,3,3] with right-hand sides [5,3,1]',
    )
    expect(mistake(() => solve(i32([[1]]), i32([1])))).toBe(
      "DtypeError: solve: does not take int32; it needs float32 or float64; convert with cast('float32')",
    )
    expect(mistake(() => solve(f64([[1]]), ones([1])))).toContain('dtypes differ: float64 and float32')
  })
})

describe('triangularSolve', () => {
  it('is that of scipy for every choice of triangle', () => {
    for (const lower of [false, true])
      for (const transpose of [false, true])
        for (const unitDiagonal of [false, true]) {
          const key = [lower, transpose, unitDiagonal].map(x => (x ? 'True' : 'False')).join(' ')
          const expected = scipy[`solve_triangular ${key}` as keyof typeof scipy] as number[][]
          expectClose(triangularSolve({ lower, transpose, unitDiagonal })(a, b), expected, FLOAT64)
          const right = triangularSolve({ lower, transpose: !transpose, unitDiagonal, leftSide: false })
          expectClose(swapped(right(a, swapped(b))), expected, FLOAT64)
        }
  })

  it('without options solves with the upper triangle', () => {
    expectClose(triangularSolve(a, b), scipy['solve_triangular False False False'], FLOAT64)
  })

  it('takes vectors on both sides', () => {
    const l = f64([
      [2, 0],
      [1, 4],
    ])
    expectClose(triangularSolve({ lower: true })(l, f64([2, 9])), [1, 2])
    expectClose(triangularSolve({ lower: true, leftSide: false })(l, f64([4, 8])), [1, 2])
  })

  it('what is not read may be NaN, and has the gradient 0', () => {
    const half = f64([
      [2, Number.NaN],
      [1, 4],
    ])
    expectClose(triangularSolve({ lower: true })(half, f64([2, 9])), [1, 2])
    const gradient = grad((m: Tensor) => sum(triangularSolve({ lower: true })(m, f64([2, 9]))))(half)
    expectClose(gradient, [
      [-0.375, 0],
      [-0.25, -0.5],
    ])
    const unit = grad((m: Tensor) => sum(triangularSolve({ lower: true, unitDiagonal: true })(m, f64([2, 9]))))(half)
    expectClose(unit, [
      [0, 0],
      [-2, 0],
    ])
  })

  it('a zero on the diagonal gives ±∞ or NaN', () => {
    expectClose(triangularSolve(f64([[0]]), f64([1])), [Infinity])
    expectClose(triangularSolve(f64([[0]]), f64([0])), [Number.NaN])
  })

  it('leading axes broadcast, and a shared matrix is not copied into the gradient', () => {
    const many = triangularSolve(a, wavy([4, 2, 3, 2]))
    expect(many.shape).toEqual([4, 2, 3, 2])
    const gradient = grad((m: Tensor) => sum(triangularSolve(m, wavy([4, 2, 3, 2]))))(a)
    expect(gradient.shape).toEqual([3, 3])
  })

  it('mistakes', () => {
    expect(mistake(() => triangularSolve({ leftSide: false })(a, zeros([2, 3, 2], { dtype: 'float64' })))).toBe(
      'ShapeError: triangularSolve: sizes differ: [3,3] with right-hand sides [2,3,2] (3 vs 2)',
    )
    // @ts-expect-error from JavaScript
    expect(mistake(() => triangularSolve({ lower: 1 }))).toBe(
      'ValueError: triangularSolve: lower must be true or false, got 1',
    )
    // @ts-expect-error from JavaScript
    expect(mistake(() => triangularSolve({ lower: true }, a, b))).toContain('takes its data in a second call')
    // @ts-expect-error from JavaScript
    expect(mistake(() => triangularSolve(a))).toContain('argument 1 is undefined')
    expect(mistake(() => triangularSolve(i32([[1]]), i32([1])))).toContain("convert with cast('float32')")
  })
})

describe('inv', () => {
  it('is that of NumPy, and A·A⁻¹ = I', () => {
    expectClose(inv(a), scipy.inv, FLOAT64)
    check(fc.property(regular, m => expectSame(matmul(m, inv(m)), broadcastTo(m.shape)(identity(m)), CLOSE)))
  })

  it('dA⁻¹ = -A⁻¹·dA·A⁻¹', () => {
    const da = wavy([3, 3])
    const [y, dy] = jvp((m: Tensor) => inv(m))([a], [da])
    expectSame(dy, neg(matmul(matmul(y, da), y)), CLOSE)
  })

  it('of a singular matrix is ±∞ and NaN', () => {
    expectClose(inv(singular), [
      [-Infinity, Infinity],
      [Infinity, -Infinity],
    ])
    expectClose(inv(zeros([1, 1])), [[Infinity]])
  })

  it('of empty matrices; mistakes', () => {
    expect(inv(zeros([2, 0, 0])).shape).toEqual([2, 0, 0])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => inv(zeros([2, 3])))).toBe('ShapeError: inv: needs square matrices, got [2,3]')
    expect(mistake(() => inv(i32([[1]])))).toContain('inv: does not take int32')
  })
})

describe('matrixPower', () => {
  it('is that of NumPy', () => {
    expectClose(matrixPower(5)(a), scipy['matrix_power 5'], FLOAT64)
    expectClose(matrixPower(-2)(a), scipy['matrix_power -2'], FLOAT64)
    expectSame(matrixPower(0)(stack([a, a])), stack([eye(3, { dtype: 'float64' }), eye(3, { dtype: 'float64' })]))
    expect(matrixPower(1)(a)).toBe(a)
  })

  it('Aᵐ⁺ⁿ = Aᵐ·Aⁿ', () => {
    const exponents = fc.integer({ min: -3, max: 5 })
    const scaled = regular.map(m => mul(m, 1 / 8))
    check(
      fc.property(scaled, exponents, exponents, (x, m, n) =>
        expectSame(matmul(matrixPower(m)(x), matrixPower(n)(x)), matrixPower(m + n)(x), 1e-6),
      ),
    )
  })

  it('the derivative of A² is dA·A + A·dA', () => {
    const da = wavy([3, 3])
    const [, dy] = jvp((m: Tensor) => matrixPower(2)(m))([a], [da])
    expectSame(dy, add(matmul(da, a), matmul(a, da)), CLOSE)
  })

  it('mistakes', () => {
    expect(mistake(() => matrixPower(0.5))).toBe(
      'ValueError: matrixPower: takes its exponent first, a whole number, got 0.5',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matrixPower(2)(zeros([2, 3])))).toBe(
      'ShapeError: matrixPower: needs square matrices, got [2,3]',
    )
    expect(mistake(() => matrixPower(2)(i32([[1]])))).toContain('DtypeError: matrixPower')
  })
})

describe('second derivatives', () => {
  it('of bᵀ·A⁻¹·b in b are A⁻¹ + A⁻ᵀ', () => {
    const f = (rhs: Tensor): Tensor => sum(mul(rhs, solve(a, rhs)))
    const columns = vmap((e: Tensor) => jvp(grad(f))([v], [e])[1])(eye(3, { dtype: 'float64' }))
    expectSame(sub(columns, inv(a)), swapped(inv(a)), CLOSE)
  })
})
