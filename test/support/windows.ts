/**
 * Convolutions and windows over any number of axes as their definitions say them, loop by loop.
 */
import { range, type Shape, sizeOf, stridesOf, unravel } from '../../src/core/shape.ts'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'

/** Options with an entry for each axis. */
export type Plain = {
  readonly strides: readonly number[]
  readonly dilation: readonly number[]
  readonly inputDilation: readonly number[]
  readonly padding: 'valid' | 'same' | number | readonly (readonly [number, number])[]
}

type Axis = {
  readonly n: number
  readonly places: number
  readonly low: number
  readonly stride: number
  readonly step: number
  readonly holes: number
}

/** TensorFlow's 'same': as many zeros as make ⌈n / stride⌉ windows, the odd one after. */
const padsOf = (
  padding: Plain['padding'],
  axis: number,
  n: number,
  span: number,
  stride: number,
): readonly number[] => {
  if (padding === 'valid') return [0, 0]
  if (typeof padding === 'number') return [padding, padding]
  if (padding !== 'same') return padding[axis] ?? [0, 0]
  const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + span - n)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}

const axisOf = (options: Plain, i: number, n: number, taps: number): Axis => {
  const [stride = 1, step = 1, holes = 1] = [options.strides[i], options.dilation[i], options.inputDilation[i]]
  const wide = (n - 1) * holes + 1
  const span = (taps - 1) * step + 1
  const [low = 0, high = 0] = padsOf(options.padding, i, wide, span, stride)
  return { n, places: Math.floor((wide + low + high - span) / stride) + 1, low, stride, step, holes }
}

/** The element that tap k of window y meets, or undefined in the padding and between elements. */
const elementAt = ({ n, low, stride, step, holes }: Axis, y: number, k: number): number | undefined => {
  const i = y * stride + k * step - low
  return i >= 0 && i % holes === 0 && i / holes < n ? i / holes : undefined
}

/** Where every axis has an element, these; else undefined. */
const elementsAt = (
  axes: readonly Axis[],
  ys: readonly number[],
  ks: readonly number[],
): readonly number[] | undefined => {
  const found = axes.map((axis, i) => elementAt(axis, ys[i] ?? 0, ks[i] ?? 0))
  return found.every(i => i !== undefined) ? found : undefined
}

/** All coordinates of a shape, row-major. */
const points = (shape: Shape): readonly (readonly number[])[] => range(0, sizeOf(shape)).map(i => unravel(i, shape))

/** A function of coordinates. */
const reader = (x: Tensor): ((at: readonly number[]) => number) => {
  const [values, strides] = [data(x), stridesOf(x.shape)]
  return at => values[at.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0)] ?? Number.NaN
}

const filled = (shape: Shape, f: (at: readonly number[]) => number): Tensor =>
  tensor(points(shape).map(f), { shape: [...shape], dtype: 'float64' })

/** x [batch, …, in], w […, in / groups, out]: a convolution over the axes between, channels last. */
export const naiveConv = (options: Plain & { readonly groups: number }, x: Tensor, w: Tensor): Tensor => {
  const taps = w.shape.slice(0, -2)
  const [inputs = 0, outputs = 0] = w.shape.slice(-2)
  const axes = taps.map((n, i) => axisOf(options, i, x.shape[i + 1] ?? 0, n))
  const [xs, ws] = [reader(x), reader(w)]
  return filled([x.shape[0] ?? 0, ...axes.map(a => a.places), outputs], ([n = 0, ...rest]) => {
    const [ys, o = 0] = [rest.slice(0, -1), rest.at(-1)]
    const group = Math.floor(o / (outputs / options.groups))
    return points(taps).reduce((sum, ks) => {
      const at = elementsAt(axes, ys, ks)
      if (at === undefined) return sum
      return range(0, inputs).reduce((s, c) => s + xs([n, ...at, group * inputs + c]) * ws([...ks, c, o]), sum)
    }, 0)
  })
}

/** The elements of every window over all axes of x, without those in the padding, folded. */
export const naiveReduce = (
  options: Plain & { readonly window: readonly number[] },
  x: Tensor,
  fold: (inside: readonly number[]) => number,
): Tensor => {
  const axes = options.window.map((n, i) => axisOf(options, i, x.shape[i] ?? 0, n))
  const xs = reader(x)
  return filled(
    axes.map(a => a.places),
    ys =>
      fold(
        points(options.window).flatMap(ks => {
          const at = elementsAt(axes, ys, ks)
          return at === undefined ? [] : [xs(at)]
        }),
      ),
  )
}
