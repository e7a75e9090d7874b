/**
 * Pooling over one and three axes, and what all of it shares; the tests of maxPool2d and avgPool2d are in convolution.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  grad,
  makeProgram,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  minPool1d,
  minPool2d,
  minPool3d,
  neg,
  sum,
  sumPool1d,
  sumPool2d,
  sumPool3d,
  transpose,
  zeros,
} from '../../src/index.ts'
import { expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { pools } from './torchWindows.ts'

/** Means of at most fifty numbers in float64. */
const CLOSE = 1e-12

type Untyped = (options: object) => (x: Tensor) => Tensor
const untyped = (f: unknown): Untyped => f as Untyped

describe('pooling over one and three axes', () => {
  describe('is that of PyTorch', () => {
    for (const { name, x, xs, options, max, mean, padded } of pools)
      it(name, () => {
        const { kernel_size: window, stride: strides, padding } = options
        const ours = { window, strides, padding, layout: x.length === 3 ? 'NCW' : 'NCDHW' }
        const [largest, average] = x.length === 3 ? [maxPool1d, avgPool1d] : [maxPool3d, avgPool3d]
        const input = tensor([...xs], { shape: [...x], dtype: 'float64' })
        expect([...data(untyped(largest)(ours)(input))]).toEqual([...max])
        const as = (values: readonly number[], y: Tensor): Tensor =>
          tensor([...values], { shape: y.shape, dtype: 'float64' })
        const [without, counting] = [
          untyped(average)(ours)(input),
          untyped(average)({ ...ours, countPadding: true })(input),
        ]
        expectSame(without, as(mean, without), CLOSE)
        expectSame(counting, as(padded, counting), CLOSE)
      })
  })

  it('over an axis of size 1 is that over the others', () => {
    const options = { strides: 2, padding: 'same' } as const
    const x = wavy([2, 5, 6, 3])
    const flat = wavy([2, 1, 5, 6, 3])
    for (const [two, three] of [
      [maxPool2d, maxPool3d],
      [minPool2d, minPool3d],
      [sumPool2d, sumPool3d],
      [avgPool2d, avgPool3d],
    ] as const) {
      const y = untyped(two)({ window: [3, 2], ...options })(x)
      const z = untyped(three)({ window: [1, 3, 2], ...options })(flat)
      expectSame(tensor(data(z), { shape: y.shape, dtype: 'float64' }), y, CLOSE)
    }
  })

  it('channels first and last agree', () => {
    const x = wavy([2, 7, 3])
    for (const f of [maxPool1d, minPool1d, sumPool1d, avgPool1d]) {
      const last = untyped(f)({ window: 3, padding: 'same', strides: 2 })(x)
      const first = untyped(f)({ window: 3, padding: 'same', strides: 2, layout: 'NCW' })(transpose([0, 2, 1])(x))
      expectSame(transpose([0, 2, 1])(first), last, 0)
    }
  })

  it('the smallest is the largest of the negated, and the mean the sum by the number', () => {
    const x = wavy([2, 7, 3])
    expectSame(minPool1d({ window: 3 })(x), neg(maxPool1d({ window: 3 })(neg(x))), 0)
    expectClose(sumPool1d({ window: 2 })(f64([[[1], [2], [3]]])), [[[3]]])
    expectClose(sumPool1d({ window: 2, padding: 'same' })(i32([[[1], [2], [3]]])), [[[3], [3]]])
    expectClose(avgPool1d({ window: 2, padding: 'same' })(f64([[[1], [2], [3]]])), [[[1.5], [3]]])
  })

  it('negative padding cuts off', () => {
    const x = f64([[[9], [1], [2], [9]]])
    expectClose(maxPool1d({ window: 2, strides: 1, padding: -1 })(x), [[[2]]])
    expectClose(avgPool1d({ window: 2, strides: 1, padding: [[-1, 1]] })(x), [[[1.5], [5.5], [9]]])
  })

  it('a window in padding alone: -∞, ∞, 0 and a mean of NaN', () => {
    const x = f64([[[1], [2]]])
    const options = { window: 1, padding: [[0, 1]] } as const
    expectClose(maxPool1d(options)(x), [[[1], [2], [-Infinity]]])
    expectClose(minPool1d(options)(x), [[[1], [2], [Infinity]]])
    expectClose(sumPool1d(options)(x), [[[1], [2], [0]]])
    expectClose(avgPool1d(options)(x), [[[1], [2], [Number.NaN]]])
    expectClose(avgPool1d({ ...options, countPadding: true })(x), [[[1], [2], [0]]])
  })

  it('the gradient of the largest makes no windows, and one array as large as the image', () => {
    const program = makeProgram(grad((x: Tensor) => sum(maxPool2d({ window: 3, strides: 2, padding: 'same' })(x))))(
      zeros([1, 9, 9, 2]),
    )
    const sizes = program.equations.flatMap(e => e.outputs.map(v => program.types[v]?.shape ?? []))
    expect(sizes.filter(shape => shape.length > 4)).toEqual([])
    expect(sizes.filter(shape => shape[1] === 9)).toEqual([[1, 9, 9, 2]])
    expect(program.equations.length).toBeLessThanOrEqual(9)
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => maxPool1d({ window: 2 })(zeros([4, 4])))).toBe(
      'ShapeError: maxPool1d: needs three axes (NWC), got [4,4]',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => avgPool3d({ window: 2, layout: 'NCDHW' })(zeros([1, 4, 4, 1])))).toBe(
      'ShapeError: avgPool3d: needs five axes (NCDHW), got [1,4,4,1]',
    )
    // @ts-expect-error two numbers for three axes
    expect(mistake(() => minPool3d({ window: [2, 2] })(zeros([1, 4, 4, 4, 1])))).toBe(
      'ValueError: minPool3d: window must be a whole number of at least 1 or three of them, got [2,2]',
    )
    // @ts-expect-error
    expect(mistake(() => sumPool1d({})(zeros([1, 4, 1])))).toContain('needs the option window')
    expect(mistake(() => avgPool1d({ window: 2 })(i32([[[1], [2]]])))).toContain(
      'DtypeError: avgPool1d: does not take int32',
    )
  })
})
