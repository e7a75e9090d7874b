import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/shape.ts'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { concat, flip, grad, mul, type SliceSpec, slice, sum, vmap, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, shapes, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

/** Python's slice.indices(n), word for word from its documentation: the positions that x[start:stop:step] takes. */
const python = (
  n: number,
  [start = null, stop = null, given = null]: readonly (number | null | undefined)[],
): number[] => {
  const step = given ?? 1
  const [lower, upper] = step < 0 ? [-1, n - 1] : [0, n]
  const bound = (i: number): number => (i < 0 ? Math.max(i + n, lower) : Math.min(i, upper))
  const from = start === null ? (step < 0 ? upper : lower) : bound(start)
  const to = stop === null ? (step < 0 ? lower : upper) : bound(stop)
  const places: number[] = []
  for (let i = from; step < 0 ? i > to : i < to; i += step) places.push(i)
  return places
}

const bounds = [null, -7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7]
const steps = [null, -5, -3, -2, -1, 1, 2, 3, 5]

describe('slice', () => {
  for (const n of range(0, 6))
    it(`of ${n} elements takes what Python takes, for all starts, stops and steps`, () => {
      const x = i32(range(0, n))
      for (const start of bounds)
        for (const stop of bounds)
          for (const step of steps) {
            const spec = [start, stop, step] as const
            const found = [...data(slice([spec])(x))]
            if (found.join() !== python(n, spec).join())
              expect({ spec, found }).toEqual({ spec, found: python(n, spec) })
          }
    })

  it('in several axes takes each by itself; axes without one stay whole', () => {
    const spec = fc.tuple(
      fc.constantFrom(...bounds),
      fc.constantFrom(...bounds),
      fc.constantFrom(...steps),
    ) as fc.Arbitrary<readonly [number | null, number | null, number | null]>
    check(
      fc.property(shapes(3), fc.array(fc.option(spec), { maxLength: 3 }), (shape, given) => {
        const specs: readonly SliceSpec[] = given.slice(0, shape.length)
        const x = wavy(shape)
        const places = shape.map((n, i) => python(n, specs[i] ?? []))
        const y = slice(specs)(x)
        expect(y.shape).toEqual(places.map(p => p.length))
        const values = data(x)
        const expected: number[] = []
        const walk = (axis: number, at: number): void => {
          if (axis === shape.length) expected.push(values[at] ?? 0)
          else for (const i of places[axis] ?? []) walk(axis + 1, at * (shape[axis] ?? 1) + i)
        }
        walk(0, 0)
        expect([...data(y)]).toEqual(expected)
      }),
      200,
    )
  })

  it('the gradient goes back to where the elements came from, and 0 elsewhere', () => {
    check(
      fc.property(fc.constantFrom(...bounds), fc.constantFrom(...bounds), fc.constantFrom(...steps), (a, b, c) => {
        const places = python(5, [a, b, c])
        const weights = places.map((_, k) => k + 1)
        const f = (x: Tensor): Tensor => sum(mul(slice([[a, b, c]])(x), f64(weights)))
        const expected = range(0, 5).map(i => weights[places.indexOf(i)] ?? 0)
        expectClose(grad(f)(f64([9, 8, 7, 6, 5])), expected)
      }),
      150,
    )
  })

  it('steps may be larger than the axis, and bounds far outside it', () => {
    expectClose(slice([[null, null, 100]])(f64([1, 2, 3])), [1])
    expectClose(slice([[-1000, 1000]])(f64([1, 2, 3])), [1, 2, 3])
  })

  it('a whole slice is the tensor itself', () => {
    const x = f64([1, 2])
    expect(slice([null])(x)).toBe(x)
    expect(slice([])(x)).toBe(x)
    expect(slice([[0, 2, 1]])(x)).toBe(x)
  })

  it('mistakes', () => {
    expect(mistake(() => slice([[0, 1, 0]])(f64([1])))).toBe(
      'ValueError: slice: [0, 1, 0] is no slice: use whole numbers, and a step that is not 0',
    )
    expect(mistake(() => slice([[0.5]])(f64([1])))).toContain('[0.5, null, null] is no slice')
    expect(mistake(() => slice([null, null])(f64([1])))).toBe('ShapeError: slice: 2 slices for the 1 axes of [1]')
  })
})

describe('flip', () => {
  const x = tensor(range(0, 24), { shape: [2, 3, 4], dtype: 'int32' })
  it('reverses all axes, or those named', () => {
    expectClose(flip(x), numpy['flip all'])
    expectClose(flip({ axis: 1 })(x), numpy['flip axis 1'])
    expectClose(flip({ axis: [-2] })(x), numpy['flip axis 1'])
    expectSame(flip({ axis: [] })(x), x)
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => flip({ axis: 3 })(x))).toContain('AxisError: flip: axis 3')
  })

  it('is its own inverse', () => {
    check(
      fc.property(shapes(3), shape => {
        expectSame(flip(flip(wavy(shape))), wavy(shape), 0)
      }),
    )
  })
})

describe('concat', () => {
  const m = i32([
    [0, 1, 2],
    [3, 4, 5],
  ])
  it('is that of NumPy', () => {
    expectClose(
      concat([
        m,
        i32([
          [10, 11, 12],
          [13, 14, 15],
        ]),
      ]),
      numpy['concatenate axis 0'],
    )
    expectClose(
      concat({ axis: -1 })([m, i32([[10], [13]]), zeros([2, 0], { dtype: 'int32' })]),
      numpy['concatenate axis -1'],
    )
  })

  it('slices give the parts back, and gradients go to their part', () => {
    check(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 1 }),
        (sizes, axis) => {
          const parts = sizes.map((n, k) => wavy(axis === 0 ? [n, 2] : [2, n], k))
          const whole = concat({ axis })(parts)
          let at = 0
          sizes.forEach((n, k) => {
            const spec = [at, at + n] as const
            expectSame(slice(axis === 0 ? [spec] : [null, spec])(whole), parts[k] as Tensor, 0)
            at += n
          })
          const weight = wavy(whole.shape, 9)
          const gradients = grad((xs: readonly Tensor[]) => sum(mul(concat({ axis })(xs), weight)))(parts)
          expectSame(concat({ axis })(gradients), weight, 0)
        },
      ),
      50,
    )
  })

  it('of one tensor is that tensor; the same tensor may come twice', () => {
    const x = f64([1, 2])
    expect(concat([x])).toBe(x)
    expectClose(grad((v: Tensor) => sum(mul(concat([v, v]), f64([1, 2, 3, 4]))))(x), [4, 6])
  })

  it('under vmap shares what has no batch axis', () => {
    expectClose(vmap((v: Tensor) => concat([v, f64([9])]))(f64([[1], [2]])), [
      [1, 9],
      [2, 9],
    ])
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => concat([]))).toBe('ValueError: concat: needs at least one tensor')
    expect(mistake(() => concat([f64([1]), f64([[1]])]))).toBe(
      'ShapeError: concat: [1] with [1,1]: all sizes but that of axis 0 must agree',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => concat([zeros([2, 3]), zeros([2, 4])]))).toBe(
      'ShapeError: concat: [2,3] with [2,4]: all sizes but that of axis 0 must agree',
    )
    expect(mistake(() => concat({ axis: 1 })([f64([1])]))).toContain('AxisError: concat: axis 1 is out of range')
    expect(mistake(() => concat([f64(1), f64(2)]))).toContain(
      'AxisError: concat: axis 0 is out of range: a scalar has no axes',
    )
  })
})
