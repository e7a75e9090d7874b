import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  grad,
  mul,
  sum,
  vjp,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { transposed } from './torchWindows.ts'

/** A convolution or its transpose; without the types, which are those of one number of axes. */
type Untyped = (options: object) => (x: Tensor, w: Tensor) => Tensor
const convs = [conv1d, conv2d, conv3d] as unknown as readonly Untyped[]
const backs = [convTranspose1d, convTranspose2d, convTranspose3d] as unknown as readonly Untyped[]
const conv = (rank: number, options: object, x: Tensor, w: Tensor): Tensor => convs[rank - 1]?.(options)(x, w) ?? x
const back = (rank: number, options: object, x: Tensor, w: Tensor): Tensor => backs[rank - 1]?.(options)(x, w) ?? x

const inner = (a: Tensor, b: Tensor): number => data(sum(mul(a, b)))[0] ?? 0

describe('convTranspose1d, convTranspose2d and convTranspose3d', () => {
  const upTo = (most: number, least = 1): fc.Arbitrary<number> => fc.integer({ min: least, max: most })
  const axis = fc.record({
    stride: upTo(3),
    dilation: upTo(2),
    taps: upTo(3),
    n: upTo(3),
    pads: fc.tuple(upTo(2, -1), upTo(2, -1)),
    more: upTo(2, 0),
  })
  const options = fc.record({
    axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
    groups: upTo(2),
    channels: fc.tuple(upTo(2), upTo(2)),
    padding: fc.constantFrom('valid', 'same', 'pairs'),
    last: fc.boolean(),
    phase: fc.nat(99),
  })

  it('are adjoint to the convolution with the same options and kernel: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩', () => {
    check(
      fc.property(options, ({ axes, groups, channels: [inputs, outputs], padding, last, phase }) => {
        const rank = axes.length
        const span = axes.map(a => (a.taps - 1) * a.dilation + 1)
        const fits = axes.map((a, i) =>
          (a.n - 1) * a.stride + (span[i] ?? 1) > a.pads[0] + a.pads[1] ? a.pads : [0, 0],
        )
        const shared = {
          strides: axes.map(a => a.stride),
          dilation: axes.map(a => a.dilation),
          padding: padding === 'pairs' ? fits : padding,
          groups,
          layout: (last ? ['NWC', 'NHWC', 'NDHWC'] : ['NCW', 'NCHW', 'NCDHW'])[rank - 1],
        }
        const outputPadding = axes.map(a => (padding === 'pairs' ? a.more % a.stride : 0))
        const image = (space: readonly number[], c: number, at: number): Tensor =>
          wavy(last ? [2, ...space, c] : [2, c, ...space], phase + at)
        const taps = axes.map(a => a.taps)
        const [from, to] = [inputs, outputs * groups]
        const w = wavy(last ? [...taps, from, to] : [to, from, ...taps], phase)
        const y = image(
          axes.map(a => a.n),
          to,
          1,
        )
        const x = back(rank, { ...shared, outputPadding }, y, w)
        const space = last ? x.shape.slice(1, -1) : x.shape.slice(2)
        const u = image(space, inputs * groups, 2)
        expect(x.shape).toEqual(u.shape)
        expect(inner(conv(rank, shared, u, w), y)).toBeCloseTo(inner(u, x), 9)
        const [, pullback] = vjp((v: Tensor) => conv(rank, shared, v, w))(u)
        expectSame(x, pullback(y)[0], 1e-12)
      }),
      200,
    )
  })

  describe('are those of PyTorch, gradients included', () => {
    for (const { name, x, w, options: theirs, shape, value, ct, dx, dw, xs, ws } of transposed)
      it(name, () => {
        const {
          stride: strides = 1,
          output_padding: outputPadding = 0,
          padding = 0,
          ...rest
        } = theirs as {
          readonly [option: string]: readonly number[]
        }
        const layout = ['NCW', 'NCHW', 'NCDHW'][x.length - 3]
        const as = (values: readonly number[], s: readonly number[]): Tensor =>
          tensor([...values], { shape: [...s], dtype: 'float64' })
        const f = (a: Tensor, b: Tensor): Tensor =>
          back(x.length - 2, { ...rest, strides, padding, outputPadding, layout }, a, b)
        const [y, pullback] = vjp(f)(as(xs, x), as(ws, w))
        const [da, db] = pullback(as(ct, shape))
        expect([y.shape, ...[y, da, db].map(t => [...data(t)].map(v => v + 0))]).toEqual([shape, value, dx, dw])
      })
  })

  it('an element adds its multiple of the kernel, which is not flipped', () => {
    const w = f64([[[1]], [[2]], [[3]]])
    expectClose(convTranspose1d()(f64([[[1]]]), w), [[[1], [2], [3]]])
    expectClose(convTranspose1d()(f64([[[1], [10]]]), w), [[[1], [12], [23], [30]]])
    expectClose(convTranspose1d({ strides: 2 })(f64([[[1], [10]]]), w), [[[1], [2], [13], [20], [30]]])
    expectClose(convTranspose1d({ dilation: 2 })(f64([[[1]]]), w), [[[1], [0], [2], [0], [3]]])
  })

  it("'same' makes size · stride elements, 'valid' at least as many, as Keras and JAX", () => {
    const size = (n: number, taps: number, strides: number, padding: 'same' | 'valid', dilation = 1): number =>
      convTranspose1d({ strides, padding, dilation })(zeros([1, n, 1]), zeros([taps, 1, 1])).shape[1] ?? 0
    expect([size(4, 3, 2, 'same'), size(4, 1, 3, 'same'), size(4, 5, 1, 'same'), size(4, 3, 2, 'same', 2)]).toEqual([
      8, 12, 4, 8,
    ])
    expect([size(4, 3, 2, 'valid'), size(4, 1, 3, 'valid'), size(4, 5, 1, 'valid'), size(4, 3, 2, 'valid', 2)]).toEqual(
      [9, 12, 8, 11],
    )
  })

  it("'same' cuts the odd element off at the end", () => {
    const w = f64([[[1]], [[2]], [[3]]])
    expectClose(convTranspose1d({ strides: 2, padding: 'same' })(f64([[[1], [10]]]), w), [[[1], [2], [13], [20]]])
    expectClose(convTranspose1d({ padding: 'same' })(f64([[[1], [10]]]), w), [[[12], [23]]])
  })

  it('padding in numbers cuts off, and adds zeros where it is negative', () => {
    const [x, w] = [f64([[[1], [10]]]), f64([[[1]], [[2]], [[3]]])]
    expectClose(convTranspose1d({ padding: 0, strides: 4 })(x, w), [[[1], [2], [3], [0], [10], [20], [30]]])
    expectClose(convTranspose1d({ padding: [[1, 2]], strides: 4 })(x, w), [[[2], [3], [0], [10]]])
    expectClose(convTranspose1d({ padding: [[-1, -2]] })(x, w), [[[0], [1], [12], [23], [30], [0], [0]]])
    expectClose(convTranspose1d({ padding: 0, strides: 4, outputPadding: 3 })(x, w), [
      [[1], [2], [3], [0], [10], [20], [30], [0], [0], [0]],
    ])
  })

  it('is a layer that can be trained: its gradient in the kernel is a contraction too', () => {
    const x = f64([[[1], [2]]])
    const w = f64([[[1]], [[1]]])
    expectClose(grad((k: Tensor) => sum(convTranspose1d({ strides: 2 })(x, k)))(w), [[[3]], [[3]]])
  })

  it('works on int32, and on a batch of none', () => {
    expectClose(convTranspose1d()(i32([[[65536]]]), i32([[[65536]], [[3]]])), [[[0], [196608]]])
    expect(convTranspose2d({ strides: 2 })(zeros([0, 3, 3, 4]), zeros([2, 2, 1, 4])).shape).toEqual([0, 6, 6, 1])
  })

  it('mistakes', () => {
    const [x, w] = [zeros([1, 4, 8]), zeros([2, 3, 8])]
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => convTranspose1d()(x, zeros([2, 8, 3])))).toBe(
      'ShapeError: convTranspose1d: channels differ: [1,4,8] with kernel [2,8,3] has 8 channels, the kernel takes 3',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => convTranspose2d()(x, w))).toBe(
      'ShapeError: convTranspose2d: needs four axes on both sides, got [1,4,8] with kernel [2,3,8]',
    )
    expect(mistake(() => convTranspose1d({ groups: 3 })(x, w))).toContain(
      '3 groups do not divide 8 channels in and 9 out',
    )
    expect(mistake(() => convTranspose1d({ strides: 2, outputPadding: 1 })(x, w))).toBe(
      "ValueError: convTranspose1d: outputPadding needs padding in numbers: 'valid' decides the size by itself",
    )
    expect(mistake(() => convTranspose1d({ strides: 2, outputPadding: 2, padding: 0 })(x, w))).toBe(
      'ValueError: convTranspose1d: outputPadding must be smaller than the stride or the dilation, 2 and 1, got 2',
    )
    expect(mistake(() => convTranspose1d({ outputPadding: -1 })(x, w))).toContain(
      'must be a whole number of at least 0',
    )
    expect(mistake(() => convTranspose1d({ padding: 3 })(x, w))).toBe(
      'ShapeError: convTranspose1d: padding by 3 and 3 leaves nothing of 5 elements: pad less',
    )
    expect(mistake(() => convTranspose1d()(zeros([1, 0, 8]), w))).toContain('needs at least one element')
    expect(mistake(() => convTranspose1d({ strides: 0 })(x, w))).toContain(
      'strides must be a whole number of at least 1',
    )
  })
})
