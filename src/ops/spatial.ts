/**
 * What convolutions and pools share: the layout of images, options for one or all spatial axes, and from sizes and options to
 * the relation between elements, taps of a window, and results.
 *
 * Layer: ops. Read next: convolution.ts, pooling.ts.
 */
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { range, showShape } from '../core/shape.ts'
import type { ImageLayout, SpatialRank } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import type { Relation } from './contract.ts'

/** One value for each of R spatial axes. */
type Each<R extends SpatialRank, T> = { 1: readonly [T]; 2: readonly [T, T]; 3: readonly [T, T, T] }[R]

/** One number for all spatial axes, or one for each (depth, height, width). */
export type PerAxis<R extends SpatialRank = 2> = number | Each<R, number>
/**
 * Zeros around an image: 'valid' none, 'same' as many as keep ceil(size / stride) (the odd one after), a number or pair on
 * both sides alike, or `[[top, bottom], [left, right]]`; negative ones cut off.
 */
export type Padding<R extends SpatialRank = 2> =
  | 'valid'
  | 'same'
  | PerAxis<R>
  | Each<R, readonly [before: number, after: number]>

/** `PerAxis` and `Padding` over any number of axes. */
export type Sizes = number | readonly number[]
export type Pads = 'valid' | 'same' | Sizes | readonly (readonly [before: number, after: number])[]

const words = ['none', 'one', 'two', 'three', 'four', 'five'] as const
const count = (n: number): string => words[n] ?? String(n)

const showOption = (value: unknown): string => (Array.isArray(value) ? JSON.stringify(value) : describe(value))

/** The entry of a list with one for each of `rank` axes; any other value holds for all of them. */
const entry = (value: unknown, axis: number, rank: number): unknown =>
  Array.isArray(value) && value.length === rank ? value[axis] : value

/** The number that holds for an axis among `rank`. */
export const perAxis = (
  op: string,
  name: string,
  value: Sizes,
  axis: number,
  rank: number,
  least: number = 1,
): number => {
  const n = entry(value, axis, rank)
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= least
    ? n
    : fail(
        valueError(
          op,
          `${name} must be a whole number of at least ${least} or ${rank === 1 ? 'a list of one' : `${count(rank)} of them`}, got ${showOption(value)}`,
        ),
      )
}

const sides = ['[front, back]', '[top, bottom]', '[left, right]']
const showSides = (rank: number): string =>
  rank === 1 ? '[[before, after]]' : rank > 3 ? '[before, after] for each' : `[${sides.slice(-rank).join(', ')}]`

/** Elements added before and after an axis among `rank`, of size n, under a window that spans `span` elements. */
const padOf = (
  op: string,
  padding: Pads,
  [axis, rank]: readonly [number, number],
  n: number,
  span: number,
  stride: number,
): readonly [number, number] => {
  if (padding === 'valid') return [0, 0]
  if (padding === 'same') {
    const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + span - n)
    return [Math.floor(total / 2), Math.ceil(total / 2)]
  }
  const side = entry(padding, axis, rank)
  const [low, high, ...more]: readonly unknown[] = side !== padding && Array.isArray(side) ? side : [side, side]
  return Number.isSafeInteger(low) && Number.isSafeInteger(high) && more.length === 0
    ? [low as number, high as number]
    : fail(
        valueError(
          op,
          `padding must be 'same', 'valid', a whole number, one for each axis or ${showSides(rank)}, got ${showOption(padding)}`,
        ),
      )
}

/** Refuses a window that has no place at all along an axis of size n; one element has none of nothing. */
const checkFits = (op: string, n: number, [low, high]: readonly [number, number], span: number): void => {
  if (span < 1) fail(shapeError(op, 'a kernel needs at least one element along each spatial axis'))
  if (n + low + high < span && (span > 1 || n + low + high < 0))
    fail(
      shapeError(
        op,
        `a window over ${span} elements does not fit an axis of size ${n}${low + high === 0 ? '' : ` padded by ${low} and ${high}`}: pad more, or use a smaller window`,
      ),
    )
}

/** How far a window of so many taps reaches. */
export const spanOf = (taps: number, dilation: number): number => (taps - 1) * dilation + 1

/** How many places a window has along n elements. */
export const windowCount = (n: number, span: number, stride: number): number =>
  Math.max(0, Math.floor((n - span) / stride) + 1)

/** Options of windows over several axes. */
export type WindowOptions = {
  readonly strides: Sizes
  readonly padding: Pads
  readonly dilation: Sizes
  /** `inputDilation` - 1 holes between the elements of the input. */
  readonly inputDilation?: Sizes
}

/** The relation of windows of some taps along axis number `axis` of `rank`, of size n: inputDilation·x = stride·y + dilation·k - before. */
export const relationOf = (
  op: string,
  { strides, padding, dilation, inputDilation = 1 }: WindowOptions,
  [axis, rank]: readonly [number, number],
  n: number,
  taps: number,
): Relation => {
  const stride = perAxis(op, 'strides', strides, axis, rank)
  const step = perAxis(op, 'dilation', dilation, axis, rank)
  const holes = perAxis(op, 'inputDilation', inputDilation, axis, rank)
  const wide = n === 0 ? 0 : spanOf(n, holes)
  const span = spanOf(taps, step)
  const pads = padOf(op, padding, [axis, rank], wide, span, stride)
  checkFits(op, wide, pads, span)
  const size = windowCount(wide + pads[0] + pads[1], span, stride)
  return { alpha: holes, beta: -step, gamma: -stride, delta: -pads[0], size }
}

/** Refuses more elements at the end than a convolution with these strides can leave over. */
const checkOutputPadding = (op: string, more: number, padding: Pads, stride: number, step: number): void => {
  if (more === 0) return
  if (padding === 'same' || padding === 'valid')
    fail(valueError(op, `outputPadding needs padding in numbers: '${padding}' decides the size by itself`))
  if (more >= Math.max(stride, step))
    fail(
      valueError(
        op,
        `outputPadding must be smaller than the stride or the dilation, ${stride} and ${step}, got ${more}`,
      ),
    )
}

/**
 * The relation of the transpose of windows along an axis that has n places for them: x = stride·y + dilation·k - before, now with
 * x as the result. 'same' gives n·stride elements, 'valid' at least that many, numbers what such padding needs.
 */
export const transposedRelationOf = (
  op: string,
  { strides, padding, dilation, outputPadding }: WindowOptions & { readonly outputPadding: Sizes },
  [axis, rank]: readonly [number, number],
  n: number,
  taps: number,
): Relation => {
  const stride = perAxis(op, 'strides', strides, axis, rank)
  const step = perAxis(op, 'dilation', dilation, axis, rank)
  const more = perAxis(op, 'outputPadding', outputPadding, axis, rank, 0)
  checkOutputPadding(op, more, padding, stride, step)
  if (n < 1 || taps < 1) return fail(shapeError(op, 'needs at least one element along each spatial axis'))
  const span = spanOf(taps, step)
  const touched = (n - 1) * stride + span
  const [low, high] = padOf(op, padding, [axis, rank], n * stride, span, stride)
  const size =
    padding === 'same' ? n * stride : padding === 'valid' ? Math.max(touched, n * stride) : touched - low - high + more
  return size >= 1
    ? { alpha: stride, beta: step, gamma: -1, delta: low, size }
    : fail(shapeError(op, `padding by ${low} and ${high} leaves nothing of ${touched + more} elements: pad less`))
}

/** Where the axes of a batch with spatial axes are. */
export type ImageAxes = { readonly channel: number; readonly space: readonly number[]; readonly last: boolean }

const letters = { 1: 'W', 2: 'HW', 3: 'DHW' } as const

/** The axes of a layout with R spatial axes. */
export const imageAxes = <R extends SpatialRank>(op: string, rank: R, layout: ImageLayout<R>): ImageAxes => {
  const [last, first] = [`N${letters[rank]}C`, `NC${letters[rank]}`]
  if (layout === last) return { channel: rank + 1, space: range(1, rank + 1), last: true }
  if (layout === first) return { channel: 1, space: range(2, rank + 2), last: false }
  return fail(valueError(op, `layout must be '${last}' or '${first}', got ${describe(layout)}`))
}

/** The layout with channels last. */
export const channelsLast = <R extends SpatialRank>(rank: R): ImageLayout<R> => `N${letters[rank]}C` as ImageLayout<R>

/** Refuses tensors that have not one axis for batch, channels and each spatial axis. */
export const checkRank = (op: string, rank: SpatialRank, where: string, xs: readonly Tensor[]): void => {
  if (xs.some(x => x.shape.length !== rank + 2))
    fail(
      shapeError(
        op,
        `needs ${count(rank + 2)} axes ${where}, got ${xs.map(x => showShape(x.shape)).join(' with kernel ')}`,
      ),
    )
}
