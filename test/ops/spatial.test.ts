/**
 * Convolutions over one, two and three axes with all options of them; conv2d's own tests are in convolution.test.ts.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { conv1d, conv2d, conv3d, moveAxis, vjp, zeros } from '../../src/index.ts'
import { check, expectClose, expectSame, f64, mistake, wavy } from '../support/values.ts'
import { naiveConv } from '../support/windows.ts'
import { convolutions } from './torchWindows.ts'

/** Sums of at most a hundred products in float64. */
const CLOSE = 1e-12

/** Channels from the end to behind the batch, and those of a kernel in front. */
const channelsFirst = (x: Tensor): Tensor => moveAxis(-1, 1)(x)
const kernelFirst = (w: Tensor): Tensor => moveAxis(-1, 0)(moveAxis(-2, 0)(w))

/** A convolution over as many axes as x has; without the types, which are those of one rank. */
const convOver = (options: object, x: Tensor, w: Tensor): Tensor =>
  (
    ({ 3: conv1d, 4: conv2d, 5: conv3d })[x.shape.length] as unknown as (
      o: object,
    ) => (...xs: readonly Tensor[]) => Tensor
  )(options)(x, w)

describe('conv1d, conv2d and conv3d', () => {
  const upTo = (most: number, least = 1): fc.Arbitrary<number> => fc.integer({ min: least, max: most })
  const axis = fc.record({ stride: upTo(3), dilation: upTo(2), holes: upTo(3), taps: upTo(3), extra: upTo(2, 0) })
  const options = fc.record({
    axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
    groups: upTo(3),
    channels: fc.tuple(upTo(2), upTo(2)),
    batch: upTo(2, 0),
    padding: fc.constantFrom('valid', 'same', 2, 'pairs', 'cut'),
    phase: fc.nat(99),
  })

  it('agree with a loop over everything, for all options, in both layouts', () => {
    check(
      fc.property(options, ({ axes, groups, channels: [inputs, outputs], batch, padding, phase }) => {
        const space = axes.map(a => Math.ceil(((a.taps - 1) * a.dilation) / a.holes) + 1 + a.extra)
        const room = axes.map((a, i) => ((space[i] ?? 1) - 1) * a.holes + 1 - ((a.taps - 1) * a.dilation + 1))
        const pads =
          padding === 'pairs'
            ? axes.map((_, i) => [i % 2, 2 - i] as const)
            : padding === 'cut'
              ? room.map((n, i) =>
                  i % 2 === 0 ? ([-Math.min(n, 2), 1] as const) : ([1, -Math.min(n + 1, 2)] as const),
                )
              : (padding as 'valid' | 'same' | 2)
        const plain = {
          strides: axes.map(a => a.stride),
          dilation: axes.map(a => a.dilation),
          inputDilation: axes.map(a => a.holes),
          padding: pads,
          groups,
        }
        const x = wavy([batch, ...space, inputs * groups], phase)
        const w = wavy([...axes.map(a => a.taps), inputs, outputs * groups], phase + 1)
        const expected = naiveConv(plain, x, w)
        expectSame(convOver(plain, x, w), expected, CLOSE)
        const layout = ['NCW', 'NCHW', 'NCDHW'][axes.length - 1]
        const first = convOver({ ...plain, layout }, channelsFirst(x), kernelFirst(w))
        expectSame(first, channelsFirst(expected), CLOSE)
      }),
      200,
    )
  })

  describe('are those of PyTorch, gradients included', () => {
    for (const { name, x, w, options: theirs, shape, value, ct, dx, dw, xs, ws } of convolutions)
      it(name, () => {
        const { stride: strides, ...rest } = theirs as { readonly stride?: readonly number[] }
        const ours = {
          ...rest,
          ...(strides === undefined ? {} : { strides }),
          layout: ['NCW', 'NCHW', 'NCDHW'][x.length - 3],
        }
        const as = (values: readonly number[], s: readonly number[]): Tensor =>
          tensor([...values], { shape: [...s], dtype: 'float64' })
        const [y, pullback] = vjp((a: Tensor, b: Tensor) => convOver(ours, a, b))(as(xs, x), as(ws, w))
        const [da, db] = pullback(as(ct, shape))
        expect([y.shape, ...[y, da, db].map(t => [...data(t)].map(v => v + 0))]).toEqual([shape, value, dx, dw])
      })
  })

  it('as many groups as channels convolve every channel by itself', () => {
    const x = f64([
      [
        [1, 10],
        [2, 20],
        [3, 30],
      ],
    ])
    const w = f64([[[1, 2]], [[1, 0]]])
    expectClose(conv1d({ groups: 2 })(x, w), [
      [
        [3, 20],
        [5, 40],
      ],
    ])
  })

  it('inputDilation puts zeros between elements; padding counts from the first and the last of them', () => {
    const [x, w] = [f64([[[1], [2], [3]]]), f64([[[1]], [[10]]])]
    expectClose(conv1d({ inputDilation: 2 })(x, w), [[[1], [20], [2], [30]]])
    expectClose(conv1d({ inputDilation: 3, padding: [[0, -2]] })(x, w), [[[1], [0], [20], [2]]])
    expectClose(conv1d({ inputDilation: 2, padding: 'same' })(x, w), [[[1], [20], [2], [30], [3]]])
    expectClose(conv1d({ inputDilation: 2, padding: 'same', strides: 2 })(x, w), [[[1], [2], [3]]])
  })

  it('negative padding cuts off', () => {
    const x = f64([[[1], [2], [3], [4]]])
    expectClose(conv1d({ padding: [[-1, -2]] })(x, f64([[[1]]])), [[[2]]])
    expectClose(conv1d({ padding: -1 })(x, f64([[[1]]])), [[[2], [3]]])
  })

  it('a kernel of one element has no place on an image of none', () => {
    expect(conv1d()(zeros([2, 0, 3]), zeros([1, 3, 4])).shape).toEqual([2, 0, 4])
    expect(mistake(() => conv1d()(zeros([2, 0, 3]), zeros([2, 3, 4])))).toContain('does not fit an axis of size 0')
  })

  it('mistakes', () => {
    const [x, w] = [zeros([1, 4, 3]), zeros([2, 3, 8])]
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => conv1d()(zeros([1, 4, 4, 3]), w))).toBe(
      'ShapeError: conv1d: needs three axes on both sides, got [1,4,4,3] with kernel [2,3,8]',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => conv3d()(x, w))).toContain('conv3d: needs five axes on both sides')
    // @ts-expect-error a pair is one for each of two axes
    expect(mistake(() => conv1d({ padding: [1, 2] })(x, w))).toBe(
      `ValueError: conv1d: padding must be 'same', 'valid', a whole number, one for each axis or [[before, after]], got [1,2]`,
    )
    // @ts-expect-error two numbers for three axes
    expect(mistake(() => conv3d({ padding: [1, 2] })(zeros([1, 4, 4, 4, 3]), zeros([2, 2, 2, 3, 1])))).toContain(
      'one for each axis or [[front, back], [top, bottom], [left, right]], got [1,2]',
    )
    // @ts-expect-error two numbers for one axis
    expect(mistake(() => conv1d({ strides: [1, 2] })(x, w))).toBe(
      'ValueError: conv1d: strides must be a whole number of at least 1 or a list of one, got [1,2]',
    )
    expect(mistake(() => conv1d({ inputDilation: 0 })(x, w))).toContain(
      'inputDilation must be a whole number of at least 1',
    )
    // @ts-expect-error a layout of images
    expect(mistake(() => conv1d({ layout: 'NHWC' })(x, w))).toBe(
      `ValueError: conv1d: layout must be 'NWC' or 'NCW', got "NHWC"`,
    )
    expect(mistake(() => conv1d({ groups: 2 })(x, w))).toContain('2 groups do not divide 3 channels in and 8 out')
    expect(mistake(() => conv1d()(x, zeros([0, 3, 8])))).toContain('a kernel needs at least one element')
  })
})
