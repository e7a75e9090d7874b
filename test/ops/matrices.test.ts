import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  arange,
  diag,
  diagonal,
  grad,
  matrixTrace,
  mul,
  reshape,
  sum,
  tensor,
  tri,
  tril,
  triu,
  vander,
  zeros,
} from '../../src/index.ts'
import { expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'

const m: Tensor = i32([
  [0, 1, 2],
  [3, 4, 5],
])
const cube: Tensor = reshape([2, 3, 4])(arange(24))

describe('triangles', () => {
  it('are those of NumPy, above and below the diagonal', () => {
    expectClose(tril({ offset: 1 })(m), [
      [0, 1, 0],
      [3, 4, 5],
    ])
    expectClose(triu({ offset: -1 })(m), [
      [0, 1, 2],
      [3, 4, 5],
    ])
    expectClose(tri(2, { columns: 3, offset: -1 }), [
      [0, 0, 0],
      [1, 0, 0],
    ])
    expectClose(tri(2, { offset: 9, dtype: 'bool' }), [
      [true, true],
      [true, true],
    ])
  })

  it('add up to the whole, matrix by matrix', () => {
    const x = wavy([2, 3, 4])
    for (const offset of [-5, -1, 0, 2, 5])
      expectSame(add(tril({ offset })(x) as Tensor, triu({ offset: offset + 1 })(x) as Tensor), x)
  })

  it('NaN outside is gone, and has no derivative', () => {
    const x = f64([
      [1, Number.NaN],
      [3, 4],
    ])
    expectClose(tril(x), [
      [1, 0],
      [3, 4],
    ])
    expectClose(grad((v: Tensor) => sum(tril(v)))(x), [
      [1, 0],
      [1, 1],
    ])
  })

  it('keep bool, and empty matrices', () => {
    expectClose(triu({ offset: 1 })(tensor([[true, true]])), [[false, true]])
    expect(tril(zeros([0, 3])).shape).toEqual([0, 3])
  })

  it('mistakes', () => {
    expect(mistake(() => tril(f64([1])))).toContain('ShapeError: tril: needs at least two axes, got [1]')
    expect(mistake(() => triu({ offset: 0.5 })(m))).toContain('ValueError: triu: offset')
    expect(mistake(() => tri(-1))).toContain('ValueError: tri:')
    expect(mistake(() => tri(2, { offset: Number.NaN }))).toContain('ValueError: tri: offset')
  })
})

describe('diagonals', () => {
  it('diag makes and takes them, as NumPy', () => {
    expectClose(diag({ offset: -1 })(i32([1, 2])), [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 0],
    ])
    expectClose(diag({ offset: -1 })(m), [3])
    expectClose(diag({ offset: 2 })(m), [2])
    expectClose(diag(m), [0, 4])
    expectClose(diag(tensor([true])), [[true]])
  })

  it('diag of diag is the vector, for every offset', () => {
    for (const offset of [-3, -1, 0, 1, 4])
      expectClose(diag({ offset })(diag({ offset })(f64([1, 2, 3])) as Tensor), [1, 2, 3])
  })

  it('beyond the matrix are empty; of nothing is a matrix of zeros', () => {
    expect(diag({ offset: 7 })(m).shape).toEqual([0])
    expect(diagonal({ offset: -2 })(m).shape).toEqual([0])
    expect(matrixTrace({ offset: 7 })(m)).toEqual(tensor(0, { dtype: 'int32' }))
    expectClose(diag({ offset: 1 })(zeros([0])), [[0]])
    expect(diag(zeros([0])).shape).toEqual([0, 0])
    expect(diagonal(zeros([2, 0, 3])).shape).toEqual([3, 0])
  })

  it('diagonal takes any plane, as NumPy', () => {
    expectClose(diagonal({ offset: 1, axis: [1, 2] })(cube), [
      [1, 6, 11],
      [13, 18, 23],
    ])
    expectClose(diagonal({ offset: -1, axis: [-1, 0] })(cube), [
      [1, 14],
      [5, 18],
      [9, 22],
    ])
  })

  it('matrixTrace sums them, as NumPy; bool counts', () => {
    expectClose(matrixTrace(cube), [16, 18, 20, 22])
    expectClose(matrixTrace({ offset: 1, axis: [2, 0] })(cube), [12, 16, 20])
    expectSame(
      matrixTrace(
        tensor([
          [true, true],
          [true, true],
        ]),
      ),
      tensor(2, { dtype: 'int32' }),
    )
  })

  it('the gradient of the trace is the identity', () => {
    expectClose(grad((x: Tensor) => matrixTrace(x) as Tensor)(wavy([2, 3])), [
      [1, 0, 0],
      [0, 1, 0],
    ])
  })

  it('mistakes', () => {
    expect(mistake(() => diag(cube))).toContain('ShapeError: diag: takes a vector or a matrix, got [2,3,4]')
    expect(mistake(() => diagonal({ axis: [1, -1] })(m))).toContain('AxisError: diagonal: needs two different axes')
    expect(mistake(() => matrixTrace(f64([1]) as Tensor))).toContain('AxisError: matrixTrace: axis 1')
    expect(mistake(() => diag({ offset: 0.5 })(m))).toContain('ValueError: diag: offset')
  })
})

describe('vander', () => {
  it('is that of NumPy; int32 stays', () => {
    expectSame(
      vander(i32([2, 3, 5])),
      i32([
        [4, 2, 1],
        [9, 3, 1],
        [25, 5, 1],
      ]),
    )
    expectClose(vander({ columns: 3, increasing: true })(f64([2, 3])), [
      [1, 2, 4],
      [1, 3, 9],
    ])
    expect(vander({ columns: 0 })(f64([2, 3])).shape).toEqual([2, 0])
    expect(vander(zeros([0])).shape).toEqual([0, 0])
  })

  it('first and second derivatives at 0 are exact', () => {
    const f = (x: Tensor): Tensor => sum(mul(vander({ columns: 4, increasing: true })(x), f64([1, 10, 100, 1000])))
    const first = (x: Tensor): Tensor => sum(grad(f)(x))
    expectClose(grad(f)(f64([0])), [10])
    expectClose(grad(first)(f64([0])), [200])
  })

  it('mistakes', () => {
    expect(mistake(() => vander(m))).toContain('ShapeError: vander: x must have one axis, got [2,3]')
    expect(mistake(() => vander({ columns: -1 })(f64([1])))).toContain('ValueError: vander: columns')
  })
})
