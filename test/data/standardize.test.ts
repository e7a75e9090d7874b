import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitStandardizer, standardize, unstandardize } from '../../src/data/index.ts'
import { add, arange, cast, concat, data, full, mean, mul, std, tensor, zeros } from '../../src/index.ts'
import { key, normal } from '../../src/random/index.ts'
import { farApart, tensors } from '../../src/testing/index.ts'
import { check } from '../support/values.ts'

/** float64, a few thousand additions of numbers of unit scale. */
const CLOSE = { relative: 1e-9, absolute: 1e-9 }
const rows = fc.integer({ min: 2, max: 6 }).chain(n => tensors({ shape: [n, 3] }))

describe('standardising', () => {
  it('gives every feature mean 0 and standard deviation 1', () => {
    check(
      fc.property(rows, x => {
        const fit = fitStandardizer(x)
        const y = standardize(fit)(x)
        expect(farApart(mean({ axis: 0 })(y), zeros([3], { dtype: 'float64' }), CLOSE)).toBeUndefined()
        const deviations = data(fit.std)
        data(std({ axis: 0 })(y)).forEach((s, i) => {
          expect(s).toBeCloseTo((deviations[i] ?? 0) === 0 ? 0 : 1, 6)
        })
      }),
    )
  })

  it('does not care in what unit a feature is given', () => {
    check(
      fc.property(rows, x => {
        const y = add(mul(x, 8), 16)
        const [a, b] = [x, y].map(z => standardize(fitStandardizer(z))(z))
        // Powers of two scale exactly; the shift rounds, and a deviation of nearly 0 magnifies that.
        expect(farApart(a ?? x, b ?? x, { relative: 1e-6, absolute: 1e-6 })).toBeUndefined()
      }),
    )
  })

  it('takes moments in parts that agree with those of the whole', () => {
    const x = add(
      mul(normal({ shape: [5000, 4], dtype: 'float64' })(key(1)), tensor([1, 2, 3, 4], { dtype: 'float64' })),
      7,
    )
    const fit = fitStandardizer(x)
    expect(farApart(fit.mean, mean({ axis: 0 })(x), CLOSE)).toBeUndefined()
    expect(farApart(fit.std, std({ axis: 0 })(x), CLOSE)).toBeUndefined()
  })

  it('a constant feature becomes exactly 0, whatever its value and however many rows', () => {
    check(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.integer({ min: 1, max: 5000 }),
        (value, n) => {
          const x = full([n, 1], value)
          const fit = fitStandardizer(x)
          expect(data(fit.mean)[0]).toBeCloseTo(value, 10)
          expect(data(fit.std)[0]).toBe(0)
          expect(data(standardize(fit)(x)).every(y => y === 0)).toBe(true)
        },
      ),
      20,
    )
  })

  it('measures other data with what was fitted, not with their own', () => {
    const fit = fitStandardizer(
      tensor([
        [0, 5],
        [2, 5],
      ]),
    )
    expect([...data(standardize(fit)(tensor([[3, 6]])))]).toEqual([2, 1])
  })

  it('is inverted by unstandardize, constant features included', () => {
    check(
      fc.property(rows, x => {
        const all = concat({ axis: 1 })([x, full([x.shape[0] ?? 0, 1], 7, { dtype: 'float64' })])
        const fit = fitStandardizer(all)
        expect(farApart(unstandardize(fit)(standardize(fit)(all)), all, CLOSE)).toBeUndefined()
      }),
      40,
    )
  })

  it('keeps the axes of a feature', () => {
    const images = cast('float32')(concat([zeros([1, 2, 2]), full([1, 2, 2], 4)]))
    expect(fitStandardizer(images)).toMatchObject({ mean: { shape: [2, 2] }, std: { shape: [2, 2] } })
  })

  it('refuses nothing to fit on, and integers', () => {
    expect(() => fitStandardizer(zeros([0, 3]))).toThrow('fitStandardizer: needs at least one row, got [0,3]')
    expect(() => fitStandardizer(tensor(1))).toThrow('needs at least one row, got []')
    expect(() => fitStandardizer(arange(3))).toThrow(/int32/)
  })
})
