/**
 * Filling a buffer with what a load reads at consecutive points of a loop.
 *
 * Layer: backend. Points are numbered row-major; a tile of them is cut into runs along which only the last axis moves, so
 * that the inner loops know one stride. Read next: tile.ts, which asks for tiles.
 */
import type { TypedArray } from '../../core/dtype.ts'
import { range, type Shape, sizeOf } from '../../core/shape.ts'
import { type Address, offsetsAt } from './address.ts'

/** Writes a node's values at points start … start + n of a loop to the front of its buffer. */
export type Fill = (start: number, n: number) => void

/** From this length on, a copy inside the engine beats a loop. */
const LONG_RUN = 32
/** Runs shorter than this are taken together with the axes around them, up to a box of the given size. */
const SHORT_RUN = 8
const BOX = 512

/** The dot product of a point with coefficients. */
const dot = (by: readonly number[], point: readonly number[]): number => {
  let sum = 0
  for (let i = 0; i < point.length; i++) sum += (by[i] as number) * (point[i] as number)
  return sum
}

/** Copies `length` elements that lie `stride` apart. */
const copyRun = (
  out: Float64Array,
  to: number,
  source: TypedArray,
  from: number,
  stride: number,
  length: number,
): void => {
  if (stride === 1 && length >= LONG_RUN) out.set(source.subarray(from, from + length), to)
  else for (let j = 0, at = from; j < length; j++, at += stride) out[to + j] = source[at] as number
}

/** Writes one value from `from` to before `to`. */
const repeat = (out: Float64Array, value: number, from: number, to: number): void => {
  if (to - from >= LONG_RUN) out.fill(value, from, to)
  else for (let j = from; j < to; j++) out[j] = value
}

/** A run along which a bound divides: every point is looked at. */
const copyDivided = (
  out: Float64Array,
  to: number,
  source: TypedArray,
  { base, strides, bounds }: Address,
  fill: number,
  point: readonly number[],
  length: number,
): void => {
  const last = point.length - 1
  const from = base + dot(strides, point)
  const firsts = bounds.map(({ offset, by }) => offset + dot(by, point))
  for (let j = 0; j < length; j++) {
    let at = from + j * (strides[last] as number)
    let inside = true
    for (let b = 0; b < bounds.length && inside; b++) {
      const { by, divisor, size, stride } = bounds[b] as Address['bounds'][number]
      const numerator = (firsts[b] as number) + j * (by[last] as number)
      const quotient = numerator / divisor
      inside = numerator % divisor === 0 && quotient >= 0 && quotient < size
      at += quotient * stride
    }
    out[to + j] = inside ? (source[at] as number) : fill
  }
}

/** A run under bounds that do not divide along it: what lies inside all of them is one stretch. */
const copyBounded = (
  out: Float64Array,
  to: number,
  source: TypedArray,
  address: Address,
  fill: number,
  point: readonly number[],
  length: number,
): void => {
  const last = point.length - 1
  let at = address.base + dot(address.strides, point)
  let begin = 0
  let end = length
  for (const { offset, by, divisor, size, stride } of address.bounds) {
    const first = offset + dot(by, point)
    const step = by[last] as number
    if (step === 0) {
      const quotient = first / divisor
      if (first % divisor !== 0 || quotient < 0 || quotient >= size) end = 0
      at += quotient * stride
    } else {
      const [near, far] = step > 0 ? [-first, size - 1 - first] : [size - 1 - first, -first]
      begin = Math.max(begin, Math.ceil(near / step))
      end = Math.min(end, Math.floor(far / step) + 1)
    }
  }
  if (begin >= end) begin = end = length
  const stride = address.strides[last] as number
  repeat(out, fill, to, to + begin)
  copyRun(out, to + begin, source, at + begin * stride, stride, end - begin)
  repeat(out, fill, to + end, to + length)
}

/** Cuts a tile into runs: `run` is told where in the tile it begins, at which point, and how long it is. */
const eachRun = (
  sizes: readonly number[],
  point: number[],
  start: number,
  n: number,
  run: (to: number, length: number) => void,
): void => {
  const last = sizes.length - 1
  for (let axis = last, rest = start; axis >= 0; axis--) {
    const size = sizes[axis] as number
    point[axis] = rest % size
    rest = Math.floor(rest / size)
  }
  for (let to = 0; to < n; ) {
    const length = Math.min(n - to, (sizes[last] as number) - (point[last] as number))
    run(to, length)
    to += length
    point[last] = 0
    for (let axis = last - 1; axis >= 0; axis--) {
      point[axis] = (point[axis] as number) + 1
      if ((point[axis] as number) < (sizes[axis] as number)) break
      point[axis] = 0
    }
  }
}

/** Copies what lies at `offsets` from `at`, from offset number `first` on. */
const copyBox = (
  out: Float64Array,
  to: number,
  source: TypedArray,
  at: number,
  offsets: Int32Array,
  first: number,
  length: number,
): void => {
  for (let j = 0; j < length; j++) out[to + j] = source[at + (offsets[first + j] as number)] as number
}

/** How many of the last axes to take together: enough to make a run of them, if more than one box comes of it. */
const axesOfBox = (sizes: Shape): number => {
  if ((sizes.at(-1) ?? 0) >= SHORT_RUN) return 1
  let count = 1
  while (count < sizes.length && sizeOf(sizes.slice(-count - 1)) <= BOX) count++
  return count === sizes.length ? 1 : count
}

/** The last axes as one whose steps are unequal, so that even a run of two costs little. */
const fillByBoxes = (out: Float64Array, source: TypedArray, address: Address, count: number): Fill => {
  const { sizes, strides, base } = address
  const outer = sizes.length - count
  const offsets = offsetsAt(range(outer, sizes.length), strides, sizes)
  const boxes = [...sizes.slice(0, outer), offsets.length]
  const steps = [...strides.slice(0, outer), 0]
  const point = boxes.map(() => 0)
  const run = (to: number, length: number): void =>
    copyBox(out, to, source, base + dot(steps, point), offsets, point[outer] as number, length)
  return (start, n) => eachRun(boxes, point, start, n, run)
}

/**
 * Fills `out` from `source`, with `fill` where a bound forbids to read. What is the same in every tile of `tile` points is
 * written at once.
 */
export const fillFrom = (
  out: Float64Array,
  source: TypedArray,
  address: Address,
  fill: number,
  tile: number,
): Fill | null => {
  const { sizes, base, strides, bounds } = address
  const last = sizes.length - 1
  const stride = strides[last] as number
  if (bounds.length > 0) return fillBounded(out, source, address, fill)
  if (last === 0 && stride === 0) {
    out.fill(source[base] as number, 0, tile)
    return null
  }
  if (last === 0) return (start, n) => copyRun(out, 0, source, base + start * stride, stride, n)
  if (last === 1 && strides[0] === 0 && tile % (sizes[1] as number) === 0) {
    const period = sizes[1] as number
    for (let to = 0; to < tile; to += period) copyRun(out, to, source, base, stride, period)
    return null
  }
  const count = axesOfBox(sizes)
  if (count > 1) return fillByBoxes(out, source, address, count)
  const point = sizes.map(() => 0)
  const run = (to: number, length: number): void => copyRun(out, to, source, base + dot(strides, point), stride, length)
  return (start, n) => eachRun(sizes, point, start, n, run)
}

const fillBounded = (out: Float64Array, source: TypedArray, address: Address, fill: number): Fill => {
  const { sizes, bounds } = address
  const last = sizes.length - 1
  const copy = bounds.some(({ by, divisor }) => divisor !== 1 && by[last] !== 0) ? copyDivided : copyBounded
  const point = sizes.map(() => 0)
  const run = (to: number, length: number): void => copy(out, to, source, address, fill, point, length)
  return (start, n) => eachRun(sizes, point, start, n, run)
}

/** Fills `out` with the addresses themselves: coordinates. */
export const fillAddresses = (out: Float64Array, { sizes, base, strides }: Address): Fill => {
  const stride = strides.at(-1) as number
  const point = sizes.map(() => 0)
  const run = (to: number, length: number): void => {
    const from = base + dot(strides, point)
    for (let j = 0; j < length; j++) out[to + j] = from + j * stride
  }
  return (start, n) => eachRun(sizes, point, start, n, run)
}
