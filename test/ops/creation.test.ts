import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, toArray } from '../../src/core/tensor.ts'
import {
  arange,
  eye,
  full,
  fullLike,
  geomspace,
  linspace,
  logspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from '../../src/index.ts'
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

describe('spaced numbers', () => {
  it('without the end stop one short of it', () => {
    expectClose(linspace(2, 3, 4, { endpoint: false }), [2, 2.25, 2.5, 2.75])
    expectClose(logspace(0, 1, 3, { endpoint: false }), [1, 2.154434690031884, 4.641588833612778])
    expectClose(geomspace(1, 256, 4, { endpoint: false }), [1, 4, 16, 64])
    expectClose(linspace(2, 3, 1, { endpoint: false }), [2])
  })

  it('logspace and geomspace are those of NumPy, with exact ends', () => {
    expectClose(logspace(1, 3, 3, { base: 2, dtype: 'float64' }), [2, 4, 8], 0)
    expectClose(geomspace(-1, -1000, 4, { dtype: 'float64' }), [-1, -10, -100, -1000], FLOAT64)
    expect([...data(geomspace(0.1, 0.7, 3, { dtype: 'float64' }))].filter((_, i) => i !== 1)).toEqual([0.1, 0.7])
    expectClose(geomspace(1e-200, 1e200, 3, { dtype: 'float64' }), [1e-200, 1, 1e200], FLOAT64)
    expect([geomspace(1, 2, 0).shape, toArray(geomspace(3, 5, 1))]).toEqual([[0], [3]])
  })

  it('mistakes', () => {
    for (const [start, stop] of [
      [0, 1],
      [-1, 1],
      [1, Number.NaN],
    ] as const)
      expect(mistake(() => geomspace(start, stop, 2))).toContain('ValueError: geomspace: cannot go from')
    expect(mistake(() => logspace(0, 1, 0.5))).toContain('ValueError: logspace: count must be a whole number')
    expect(mistake(() => linspace(0, 1, 2, { endpoint: 'no' as unknown as boolean }))).toContain(
      'ValueError: linspace: endpoint is true or false',
    )
  })
})

describe('fullLike', () => {
  it('has the shape of another tensor, and its dtype unless told', () => {
    expect(toArray(fullLike(i32([[1, 2]]), 7))).toEqual([[7, 7]])
    expect([fullLike(i32([1]), 7).dtype, fullLike(i32([1]), 0.5, { dtype: 'float64' }).dtype]).toEqual([
      'int32',
      'float64',
    ])
    expect(mistake(() => fullLike(i32([1]), 0.5))).toContain('0.5 is no int32')
  })
})
