import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { range, sizeOf } from '../../src/core/shape.ts'
import { data, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { broadcastTo, grad, matrixTranspose, moveAxis, mul, reshape, sum, transpose, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, mistake, shapes, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

const x = tensor(range(0, 24), { shape: [2, 3, 4], dtype: 'int32' })

describe('reshape', () => {
  it('keeps the elements in row-major order', () => {
    check(
      fc.property(shapes(4), shapes(4), (from, to) => {
        const v = wavy(from)
        if (sizeOf(from) === sizeOf(to)) {
          expect([...data(reshape(to)(v))]).toEqual([...data(v)])
          expect(reshape(to)(v).shape).toEqual(to)
        } else expect(mistake(() => reshape(to)(v))).toContain('ShapeError: reshape:')
      }),
      200,
    )
  })

  it('one -1 is filled in', () => {
    expect([reshape([-1])(x).shape, reshape([4, -1])(x).shape, reshape([-1, 2, 3])(x).shape]).toEqual([
      [24],
      [4, 6],
      [4, 2, 3],
    ])
    expect(reshape([-1])(tensor(5)).shape).toEqual([1])
    expect(reshape([-1, 3])(zeros([0])).shape).toEqual([0, 3])
    expect(reshape([0, -1])(zeros([0])).shape).toEqual([0, 0])
  })

  it('to the same shape is the tensor itself', () => {
    expect(reshape([2, 3, 4])(x)).toBe(x)
  })

  it('mistakes', () => {
    expect(mistake(() => reshape([5, 5])(x))).toBe(
      'ShapeError: reshape: [2,3,4] has 24 elements, [5,5] has 25; the sizes must multiply to the same number',
    )
    expect(mistake(() => reshape([5, -1])(x))).toBe('ShapeError: reshape: [5,-1] does not divide 24 elements evenly')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => reshape([-1, -1])(x))).toContain('has more than one -1: only one size can be left open')
    expect(mistake(() => reshape([0, -1])(x))).toContain('[0,-1] does not divide 24 elements evenly')
    expect(mistake(() => reshape([-2, -12])(x))).toContain(
      'ValueError: reshape: a shape holds whole numbers of at least 0',
    )
    expect(mistake(() => reshape([-2, -1])(x))).toContain(
      'ValueError: reshape: a shape holds whole numbers of at least 0',
    )
    expect(mistake(() => reshape([1.5, 16])(x))).toContain('ValueError: reshape: a shape holds')
  })
})

describe('transpose and moveAxis', () => {
  it('are those of NumPy', () => {
    expectClose(transpose([2, 0, 1])(x), numpy['transpose 2 0 1'])
    expectClose(transpose([-1, 0, 1])(x), numpy['transpose 2 0 1'])
    expectClose(moveAxis(0, 2)(x), numpy['moveaxis 0 to 2'])
    expectClose(moveAxis(-3, -1)(x), numpy['moveaxis 0 to 2'])
    expectSame(transpose(x), transpose([2, 1, 0])(x))
    expectSame(matrixTranspose(x), transpose([0, 2, 1])(x))
  })

  it('a permutation after another is their composition', () => {
    const permutation = fc.shuffledSubarray([0, 1, 2], { minLength: 3 })
    check(
      fc.property(permutation, permutation, (p, q) => {
        expectSame(transpose(q)(transpose(p)(x)), transpose(q.map(i => p[i] ?? 0))(x))
      }),
    )
  })

  it('of a scalar or a vector is itself', () => {
    expect([toArray(transpose(tensor(3))), toArray(transpose(tensor([1, 2])))]).toEqual([3, [1, 2]])
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => transpose([0, 0, 1])(x))).toBe(
      'AxisError: transpose: [0,0,1] is no permutation of the axes of [2,3,4]',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => transpose([0, 1])(x))).toContain('AxisError: transpose: [0,1] is no permutation')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => transpose([0, 1, 3])(x))).toContain('AxisError: transpose: axis 3 is out of range for rank 3')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => moveAxis(3, 0)(x))).toContain('AxisError: moveAxis: axis 3')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => matrixTranspose(tensor([1])))).toBe(
      'ShapeError: matrixTranspose: needs at least two axes, got [1]',
    )
  })
})

describe('broadcastTo', () => {
  it('repeats along new axes and axes of size 1; its gradient sums over them', () => {
    expectClose(broadcastTo([2, 3])(f64([1, 2, 3])), [
      [1, 2, 3],
      [1, 2, 3],
    ])
    expectClose(broadcastTo([2, 2])(f64([[1], [2]])), [
      [1, 1],
      [2, 2],
    ])
    expectClose(broadcastTo([2])(5), [5, 5])
    expect(broadcastTo([0, 3])(f64([1, 2, 3])).shape).toEqual([0, 3])
    const weight = wavy([4, 2, 3])
    const gradient = grad((v: Tensor) => sum(mul(broadcastTo([4, 2, 3])(v), weight)))(f64([[1], [2]]))
    expectSame(gradient, reshape([2, 1])(sum({ axis: [0, 2] })(weight)), 1e-12)
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => broadcastTo([2, 4])(zeros([2, 3])))).toBe(
      'ShapeError: broadcastTo: cannot broadcast [2,3] to [2,4]: aligned at the last axis, sizes must be equal or 1',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => broadcastTo([3])(zeros([2, 3])))).toContain('cannot broadcast [2,3] to [3]')
    expect(mistake(() => broadcastTo([-1, 3])(zeros([3])))).toContain('ValueError: broadcastTo: a shape holds')
  })
})
