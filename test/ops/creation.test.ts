import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, toArray } from '../../src/core/tensor.ts'
import { arange, eye, full, linspace, ones, onesLike, zeros, zerosLike } from '../../src/index.ts'
import { check, expectClose, FLOAT64, f64, i32, mistake } from '../support/values.ts'
import { numpy } from './numpy.ts'

describe('full, zeros and ones', () => {
  it('fill a shape with a value of a dtype, float32 unless told', () => {
    expect([toArray(full([2, 1], 1.5)), zeros([2]).dtype, toArray(ones([1, 2], { dtype: 'bool' }))]).toEqual([
      [[1.5], [1.5]],
      'float32',
      [[true, true]],
    ])
    expect([full([], 7).shape, zeros([2, 0]).shape]).toEqual([[], [2, 0]])
    expect([full([2], true).dtype, toArray(full([1], true))]).toEqual(['bool', [true]])
  })

  it('zerosLike and onesLike have the type of another tensor', () => {
    for (const x of [f64([[1, 2]]), i32([3]), full([2], true)]) {
      expect([zerosLike(x).dtype, zerosLike(x).shape, onesLike(x).dtype, onesLike(x).shape]).toEqual([
        x.dtype,
        x.shape,
        x.dtype,
        x.shape,
      ])
      expect([...data(zerosLike(x))].every(v => v === 0) && [...data(onesLike(x))].every(v => v === 1)).toBe(true)
    }
  })

  it('a later change of the shape that was given changes nothing', () => {
    const shape = [2, 3]
    const x = zeros(shape)
    shape[0] = 6
    expect(x.shape).toEqual([2, 3])
  })

  it('mistakes', () => {
    expect(mistake(() => zeros([-1]))).toContain('a shape holds whole numbers of at least 0, got [-1]')
    expect(mistake(() => ones([1.5]))).toContain('a shape holds whole numbers of at least 0, got [1.5]')
    expect(mistake(() => full([2], 0.5, { dtype: 'int32' }))).toContain('0.5 is no int32')
    expect(mistake(() => full([2], Number.NaN, { dtype: 'int32' }))).toContain('NaN is no int32')
    expect(mistake(() => full([2], 2, { dtype: 'bool' }))).toContain('2 is no bool')
  })
})

describe('arange', () => {
  it('is that of NumPy; int32 when everything is a whole number', () => {
    expectClose(arange(2, 11, 3), numpy['arange 2 11 3'])
    expectClose(arange(5, 0, -2), numpy['arange 5 0 -2'])
    expectClose(arange(0, 1, 0.1, { dtype: 'float64' }), numpy['arange 0 1 0.1'], FLOAT64)
    expect([arange(3).dtype, arange(0, 1, 0.5).dtype, arange(3, undefined, 1, { dtype: 'float64' }).dtype]).toEqual([
      'int32',
      'float32',
      'float64',
    ])
  })

  it('counts ⌈(stop - start) / step⌉ numbers, none when the step leads away', () => {
    const whole = fc.integer({ min: -9, max: 9 })
    check(
      fc.property(
        whole,
        whole,
        whole.filter(n => n !== 0),
        (start, stop, step) => {
          const expected: number[] = []
          for (let i = start; step > 0 ? i < stop : i > stop; i += step) expected.push(i)
          expect([...data(arange(start, stop, step))]).toEqual(expected)
        },
      ),
    )
  })

  it('mistakes', () => {
    expect(mistake(() => arange(0, 1, 0))).toContain('cannot go from 0 to 1 by 0')
    expect(mistake(() => arange(Infinity))).toContain('cannot go from 0 to Infinity by 1')
    expect(mistake(() => arange(Number.NaN))).toContain('cannot go from 0 to NaN')
  })
})

describe('linspace', () => {
  it('includes both ends, exactly', () => {
    expectClose(linspace(0, 1, 5), numpy['linspace 0 1 5'])
    expectClose(linspace(1, 9, 1), numpy['linspace 1 1 1'])
    expect(data(linspace(0, 1, 50, { dtype: 'float64' })).at(-1)).toBe(1)
    expect(linspace(0, 1, 0).shape).toEqual([0])
    expect(mistake(() => linspace(0, 1, 2.5))).toContain('count must be a whole number')
    expect(mistake(() => linspace(0, 1, -1))).toContain('count must be a whole number')
  })
})

describe('eye', () => {
  it('is that of NumPy', () => {
    expectClose(eye(3, { columns: 4, offset: 1 }), numpy['eye 3 4 1'])
    expectClose(eye(3, { offset: -1 }), numpy['eye 3 offset -1'])
    expect([eye(0).shape, eye(2, { columns: 0 }).shape]).toEqual([
      [0, 0],
      [2, 0],
    ])
    expectClose(eye(2, { dtype: 'bool' }), [
      [true, false],
      [false, true],
    ])
    expect(mistake(() => eye(-1))).toContain('a shape holds whole numbers of at least 0')
  })
})
