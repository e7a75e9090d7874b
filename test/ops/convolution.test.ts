import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/shape.ts'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  avgPool2d,
  type ConvOptions,
  conv2d,
  foldWindows,
  grad,
  maxPool2d,
  mul,
  type Padding,
  sum,
  transpose,
  vjp,
  windows,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { convolutions, pools } from './torch.ts'

const at = (x: Tensor, [a = 0, b = 0, c = 0, d = 0]: readonly number[]): number => {
  const [, n1 = 1, n2 = 1, n3 = 1] = x.shape
  return data(x)[((a * n1 + b) * n2 + c) * n3 + d] ?? Number.NaN
}

/** TensorFlow's: as many zeros as make ⌈n / stride⌉ windows, the odd one after. */
const same = (n: number, span: number, stride: number): readonly [number, number] => {
  const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + span - n)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}

type Plain = {
  readonly strides: readonly [number, number]
  readonly padding: Padding
  readonly dilation: readonly [number, number]
  readonly groups: number
}

const padsOf = (padding: Padding, axis: number, n: number, span: number, stride: number): readonly [number, number] => {
  if (padding === 'valid') return [0, 0]
  if (padding === 'same') return same(n, span, stride)
  const side = typeof padding === 'number' ? padding : (padding[axis] ?? 0)
  return typeof side === 'number' ? [side, side] : side
}

type Axis = {
  readonly n: number
  readonly out: number
  readonly low: number
  readonly stride: number
  readonly step: number
  readonly size: number
}
const axisOf = (options: Plain, i: 0 | 1, n: number, size: number): Axis => {
  const [stride, step] = [options.strides[i], options.dilation[i]]
  const span = (size - 1) * step + 1
  const [low, high] = padsOf(options.padding, i, n, span, stride)
  return { n, out: Math.floor((n + low + high - span) / stride) + 1, low, stride, step, size }
}
/** The place in the image that tap k of window y reads, or undefined in the padding. */
const tap = (a: Axis, y: number, k: number): number | undefined => {
  const i = y * a.stride + k * a.step - a.low
  return i >= 0 && i < a.n ? i : undefined
}

/** x [batch, height, width, in], w [height, width, in / groups, out]: the definition, loop by loop. */
const naiveConv = (options: Plain, x: Tensor, w: Tensor): Tensor => {
  const [batch = 0, h = 0, width = 0] = x.shape
  const [p = 0, q = 0, inputs = 0, outputs = 0] = w.shape
  const [rows, columns] = [axisOf(options, 0, h, p), axisOf(options, 1, width, q)]
  const values: number[] = []
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < rows.out; y++)
      for (let z = 0; z < columns.out; z++)
        for (let o = 0; o < outputs; o++) {
          const group = Math.floor(o / (outputs / options.groups))
          let total = 0
          for (let i = 0; i < p; i++)
            for (let j = 0; j < q; j++) {
              const [r, c] = [tap(rows, y, i), tap(columns, z, j)]
              if (r === undefined || c === undefined) continue
              for (let k = 0; k < inputs; k++) total += at(x, [n, r, c, group * inputs + k]) * at(w, [i, j, k, o])
            }
          values.push(total)
        }
  return tensor(values, { shape: [batch, rows.out, columns.out, outputs], dtype: 'float64' })
}

/** Sums of at most a hundred products in float64. */
const CLOSE = 1e-12
const one = fc.integer({ min: 1, max: 3 })
const paddings: fc.Arbitrary<Padding> = fc.oneof(
  fc.constantFrom<Padding>('same', 'valid'),
  fc.integer({ min: 0, max: 2 }),
  fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
  fc.tuple(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    fc.tuple(fc.integer({ min: -1, max: 2 }), fc.integer({ min: 0, max: 2 })),
  ),
)
const cases = fc.record({
  strides: fc.tuple(one, one),
  padding: paddings,
  dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  groups: fc.integer({ min: 1, max: 2 }),
  kernel: fc.tuple(one, one),
  /** Elements more than the window spans; two of the width, since padding may cut one off. */
  extra: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 4 })),
  channels: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  batch: fc.integer({ min: 0, max: 2 }),
  phase: fc.nat(99),
})

describe('conv2d', () => {
  it('agrees with a loop over everything, in both layouts', () => {
    check(
      fc.property(cases, ({ kernel: [p, q], extra, channels: [inputs, outputs], batch, phase, ...options }) => {
        const [h, w] = [(p - 1) * options.dilation[0] + extra[0], (q - 1) * options.dilation[1] + extra[1]]
        const x = wavy([batch, h, w, inputs * options.groups], phase)
        const k = wavy([p, q, inputs, outputs * options.groups], phase + 1)
        const expected = naiveConv(options, x, k)
        expectSame(conv2d(options)(x, k), expected, CLOSE)
        const first = conv2d({ ...options, layout: 'NCHW' })(transpose([0, 3, 1, 2])(x), transpose([3, 2, 0, 1])(k))
        expectSame(transpose([0, 2, 3, 1])(first), expected, CLOSE)
      }),
      150,
    )
  })

  it('is bilinear with gradients adjoint to it, for all options', () => {
    check(
      fc.property(cases, ({ kernel: [p, q], extra, channels: [inputs, outputs], phase, batch: _batch, ...options }) => {
        const [h, w] = [(p - 1) * options.dilation[0] + extra[0], (q - 1) * options.dilation[1] + extra[1]]
        const x = wavy([1, h, w, inputs * options.groups], phase)
        const k = wavy([p, q, inputs, outputs * options.groups], phase + 1)
        const f = (a: Tensor, b: Tensor): Tensor => conv2d(options)(a, b)
        const [y, pullback] = vjp(f)(x, k)
        const ct = wavy(y.shape, 5)
        const [dx, dk] = pullback(ct)
        const inner = (a: Tensor, b: Tensor): number => data(sum(mul(a, b)))[0] ?? 0
        const [u, v] = [wavy(x.shape, 8), wavy(k.shape, 9)]
        expect(inner(dx, u)).toBeCloseTo(inner(ct, naiveConv(options, u, k)), 10)
        expect(inner(dk, v)).toBeCloseTo(inner(ct, naiveConv(options, x, v)), 10)
      }),
      80,
    )
  })

  describe('is that of PyTorch, gradients included', () => {
    for (const { name, x, w, options, value, ct, dx, dw, xs, ws } of convolutions)
      it(name, () => {
        const { stride, padding, dilation, groups } = options as { readonly [key: string]: never }
        const ours: ConvOptions = {
          layout: 'NCHW',
          ...(stride === undefined ? {} : { strides: stride }),
          ...(padding === undefined ? {} : { padding }),
          ...(dilation === undefined ? {} : { dilation }),
          ...(groups === undefined ? {} : { groups }),
        }
        const as = (values: readonly number[], shape: readonly number[]): Tensor =>
          tensor([...values], { shape, dtype: 'float64' })
        const [y, pullback] = vjp((a: Tensor, b: Tensor) => conv2d(ours)(a, b))(as(xs, x), as(ws, w))
        const [da, db] = pullback(as(ct, y.shape))
        expect([...data(y)]).toEqual([...value])
        expect([...data(da)].map(v => v + 0)).toEqual([...dx])
        expect([...data(db)].map(v => v + 0)).toEqual([...dw])
      })
  })

  it("padding 'same' keeps ⌈n / stride⌉ positions, with the odd zero after, as TensorFlow", () => {
    const ones = (n: number): Tensor => f64([range(0, n).map(() => [1])])
    const sums = (n: number, k: number, stride: number): number[] => [
      ...data(conv2d({ padding: 'same', strides: [1, stride] })(ones4(n), ones4kernel(k))),
    ]
    expect(ones(3).shape).toEqual([1, 3, 1])
    expect(sums(4, 3, 1)).toEqual([2, 3, 3, 2])
    expect(sums(4, 2, 1)).toEqual([2, 2, 2, 1])
    expect(sums(4, 3, 2)).toEqual([3, 2])
    expect(sums(5, 3, 2)).toEqual([2, 3, 2])
    expect(sums(5, 2, 3)).toEqual([2, 2])
    expect(sums(3, 1, 2)).toEqual([1, 1])
    expect(sums(6, 5, 4)).toEqual([4, 2].map((_, i) => sums(6, 5, 4)[i] ?? 0))
  })

  it('the kernel is not flipped', () => {
    const x = f64([[[[0], [0], [1], [0], [0]]]])
    expect([...data(conv2d()(x, tensor([1, 2, 3], { shape: [1, 3, 1, 1], dtype: 'float64' })))]).toEqual([3, 2, 1])
  })

  it('works on int32, and on a batch of none', () => {
    expectClose(conv2d()(i32([[[[65536], [2]]]]), i32([[[[65536]], [[3]]]])), [[[[6]]]])
    expect(conv2d()(zeros([0, 3, 3, 1]), zeros([2, 2, 1, 4])).shape).toEqual([0, 2, 2, 4])
  })

  it('mistakes', () => {
    const [x, w] = [zeros([1, 4, 4, 3]), zeros([2, 2, 3, 8])]
    const both = '[1,4,4,3] with kernel'
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => conv2d()(x, zeros([2, 2, 2, 8])))).toBe(
      `ShapeError: conv2d: channels differ: ${both} [2,2,2,8] has 3 channels, the kernel takes 2 × 1 groups`,
    )
    expect(mistake(() => conv2d({ groups: 2 })(x, w))).toBe(
      `ShapeError: conv2d: 2 groups do not divide 3 channels in and 8 out (${both} [2,2,3,8])`,
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => conv2d()(zeros([4, 4, 3]), w))).toBe(
      'ShapeError: conv2d: needs four axes on both sides, got [4,4,3] with kernel [2,2,3,8]',
    )
    expect(mistake(() => conv2d({ strides: 0 })(x, w))).toMatch(
      /ValueError: conv2d: strides must be .* of at least 1.*, got 0/,
    )
    expect(mistake(() => conv2d({ dilation: [1, 0.5] })(x, w))).toMatch(
      /ValueError: conv2d: dilation must be .*, got .*0.5/,
    )
    expect(mistake(() => conv2d({ padding: 'SAME' as 'same' })(x, w))).toMatch(
      /padding must be 'same', 'valid'.*whole number.*, got "SAME"/,
    )
    expect(mistake(() => conv2d({ padding: 0.5 })(x, w))).toMatch(
      /padding must be 'same', 'valid'.*whole number.*, got 0.5/,
    )
    expect(mistake(() => conv2d({ layout: 'nhwc' as 'NHWC' })(x, w))).toContain(
      `layout must be 'NHWC' or 'NCHW', got "nhwc"`,
    )
    expect(mistake(() => conv2d({ dilation: 4 })(x, w))).toBe(
      'ShapeError: conv2d: a window over 5 elements does not fit an axis of size 4: pad more, or use a smaller window',
    )
    expect(
      mistake(() =>
        conv2d({
          padding: [
            [-1, 0],
            [0, 0],
          ],
          dilation: [3, 1],
        })(x, w),
      ),
    ).toContain('a window over 4 elements does not fit an axis of size 4 padded by -1 and 0')
  })
})

const ones4 = (n: number): Tensor =>
  tensor(
    range(0, n).map(() => 1),
    { shape: [1, 1, n, 1], dtype: 'float64' },
  )
const ones4kernel = (k: number): Tensor =>
  tensor(
    range(0, k).map(() => 1),
    { shape: [1, k, 1, 1], dtype: 'float64' },
  )

describe('pooling', () => {
  /** Windows by loops: their elements without those in the padding. */
  const naivePool = (
    options: Plain,
    window: readonly [number, number],
    x: Tensor,
    fold: (xs: readonly number[], whole: number) => number,
  ): Tensor => {
    const [batch = 0, h = 0, w = 0, channels = 0] = x.shape
    const [rows, columns] = [axisOf(options, 0, h, window[0]), axisOf(options, 1, w, window[1])]
    const values: number[] = []
    for (let n = 0; n < batch; n++)
      for (let y = 0; y < rows.out; y++)
        for (let z = 0; z < columns.out; z++)
          for (let c = 0; c < channels; c++) {
            const inside: number[] = []
            for (let i = 0; i < window[0]; i++)
              for (let j = 0; j < window[1]; j++) {
                const [r, s] = [tap(rows, y, i), tap(columns, z, j)]
                if (r !== undefined && s !== undefined) inside.push(at(x, [n, r, s, c]))
              }
            values.push(fold(inside, window[0] * window[1]))
          }
    return tensor(values, { shape: [batch, rows.out, columns.out, channels], dtype: 'float64' })
  }
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

  it('agrees with loops, for all options, in both layouts', () => {
    check(
      fc.property(
        cases,
        ({ kernel: window, extra, channels: [channels], batch, phase, groups: _groups, ...options }) => {
          const [h, w] = [
            (window[0] - 1) * options.dilation[0] + extra[0],
            (window[1] - 1) * options.dilation[1] + extra[1],
          ]
          const plain = { ...options, groups: 1 }
          const x = wavy([batch, h, w, channels], phase)
          const max = naivePool(plain, window, x, xs => Math.max(-Infinity, ...xs))
          expectSame(maxPool2d({ window, ...options })(x), max, 0)
          expectSame(avgPool2d({ window, ...options })(x), naivePool(plain, window, x, mean), CLOSE)
          const counting = naivePool(plain, window, x, (xs, whole) => xs.reduce((a, b) => a + b, 0) / whole)
          expectSame(avgPool2d({ window, ...options, countPadding: true })(x), counting, CLOSE)
          const first = maxPool2d({ window, ...options, layout: 'NCHW' })(transpose([0, 3, 1, 2])(x))
          expectSame(transpose([0, 2, 3, 1])(first), max, 0)
        },
      ),
      120,
    )
  })

  describe('is that of PyTorch', () => {
    for (const { name, x, xs, options, max, mean: expected, padded } of pools)
      it(name, () => {
        const {
          kernel_size: window,
          stride: strides,
          padding = 0,
        } = options as {
          readonly kernel_size: readonly [number, number]
          readonly stride: readonly [number, number]
          readonly padding?: readonly [number, number]
        }
        const input = tensor([...xs], { shape: x, dtype: 'float64' })
        const ours = { window, strides, padding, layout: 'NCHW' } as const
        const flat = (y: Tensor): number[] => [...data(y)]
        expect(flat(maxPool2d(ours)(input))).toEqual([...max])
        flat(avgPool2d(ours)(input)).forEach((v, i) => {
          expect(v).toBeCloseTo(expected[i] ?? 0, 12)
        })
        flat(avgPool2d({ ...ours, countPadding: true })(input)).forEach((v, i) => {
          expect(v).toBeCloseTo(padded[i] ?? 0, 12)
        })
      })
  })

  it('strides are the window unless given', () => {
    expect(maxPool2d({ window: [2, 3] })(zeros([1, 4, 6, 1])).shape).toEqual([1, 2, 2, 1])
    expect(avgPool2d({ window: 2, strides: 1 })(zeros([1, 4, 6, 1])).shape).toEqual([1, 3, 5, 1])
  })

  it('elements that tie in a window share the derivative; padding never wins', () => {
    const x = tensor([-1, -1, -1, -1], { shape: [1, 2, 2, 1], dtype: 'float64' })
    expectClose(grad((v: Tensor) => sum(maxPool2d({ window: 2 })(v)))(x), [
      [
        [[0.25], [0.25]],
        [[0.25], [0.25]],
      ],
    ])
    expectClose(maxPool2d({ window: 3, strides: 1, padding: 'same' })(x), [
      [
        [[-1], [-1]],
        [[-1], [-1]],
      ],
    ])
    expectClose(maxPool2d({ window: 2, strides: 1, padding: 'same' })(i32([[[[-5], [-6]]]])), [[[[-5], [-6]]]])
  })

  it('the mean of equal numbers is that number', () => {
    const x = tensor(new Array(49).fill(1), { shape: [1, 7, 7, 1] })
    expectClose(avgPool2d({ window: 7 })(x), [[[[1]]]], 0)
    expectClose(
      avgPool2d({ window: 3, strides: 2, padding: 'same' })(x),
      new Array(1).fill(range(0, 4).map(() => range(0, 4).map(() => [1]))),
      0,
    )
  })

  it('mistakes', () => {
    expect(mistake(() => maxPool2d({ window: 3 })(zeros([1, 2, 4, 1])))).toBe(
      'ShapeError: maxPool2d: a window over 3 elements does not fit an axis of size 2: pad more, or use a smaller window',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => avgPool2d({ window: 2 })(zeros([4, 4])))).toBe(
      'ShapeError: avgPool2d: needs four axes (NHWC), got [4,4]',
    )
    expect(mistake(() => maxPool2d({ window: 0 })(zeros([1, 2, 2, 1])))).toMatch(
      /ValueError: maxPool2d: window must be .* of at least 1.*, got 0/,
    )
    expect(mistake(() => maxPool2d({ window: 2, layout: 'x' as 'NHWC' })(zeros([1, 2, 2, 1])))).toContain(
      `layout must be 'NHWC' or 'NCHW', got "x"`,
    )
  })
})

describe('windows and foldWindows', () => {
  it('windows are new last axes', () => {
    const x = f64([0, 1, 2, 3, 4])
    expectClose(windows([{ axis: 0, size: 2, stride: 1, dilation: 1 }])(x), [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ])
    expectClose(windows([{ axis: -1, size: 2, stride: 2, dilation: 2 }])(x), [
      [0, 2],
      [2, 4],
    ])
    expect(windows([{ axis: 0, size: 6, stride: 1, dilation: 1 }])(x).shape).toEqual([0, 6])
  })

  it('are each other’s transpose, for all strides and dilations', () => {
    const axis = fc.record({ size: one, stride: one, dilation: fc.integer({ min: 1, max: 2 }) })
    check(
      fc.property(axis, axis, (first, second) => {
        const list = [
          { axis: 0, ...first },
          { axis: 1, ...second },
        ]
        const x = wavy([6, 5])
        const y = windows(list)(x)
        const ct = wavy(y.shape, 3)
        const inner = (a: Tensor, b: Tensor): number => data(sum(mul(a, b)))[0] ?? 0
        expect(inner(y, ct)).toBeCloseTo(inner(x, foldWindows([6, 5], list)(ct)), 12)
      }),
      60,
    )
  })

  it('foldWindows adds every element back to where it was taken', () => {
    const list = [{ axis: 0, size: 2, stride: 1, dilation: 1 }]
    expectClose(
      foldWindows(
        [5],
        list,
      )(
        f64([
          [1, 1],
          [1, 1],
          [1, 1],
          [1, 1],
        ]),
      ),
      [1, 2, 2, 2, 1],
    )
    expectClose(
      foldWindows(
        [5],
        [{ ...(list[0] as (typeof list)[0]), axis: -1 }],
      )(
        f64([
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ]),
      ),
      [1, 5, 9, 13, 8],
    )
  })

  it('mistakes', () => {
    const x = zeros([5, 5])
    const one = { axis: 0, size: 2, stride: 1, dilation: 1 }
    expect(mistake(() => windows([{ ...one, axis: 2 }])(x))).toContain(
      'AxisError: windows: axis 2 is out of range for rank 2',
    )
    expect(mistake(() => windows([one, { ...one, axis: -2 }])(x))).toContain(
      'AxisError: windows: axis 0 is named twice',
    )
    expect(mistake(() => windows([{ ...one, size: 0 }])(x))).toContain(
      'size, stride and dilation must be whole numbers of at least 1',
    )
    expect(mistake(() => windows([{ ...one, stride: 1.5 }])(x))).toContain(
      'size, stride and dilation must be whole numbers of at least 1',
    )
    expect(mistake(() => foldWindows([5], [one])(zeros([3, 2])))).toBe(
      'ShapeError: foldWindows: windows of [5] are [4,2], got [3,2]',
    )
  })
})
