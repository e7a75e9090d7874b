/**
 * Shapes: sizes, strides, broadcasting and axes.
 *
 * Layer: core. Rules return an Either, so that shape inference composes and only the call that made the mistake throws.
 */
import * as E from 'fp-ts/lib/Either.js'
import { axisError, type CotangentError, describe, shapeError, valueError } from './errors.ts'

/** The sizes of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[]

/** An axis or several; negative ones count from the end. */
export type Axes = number | readonly number[]

/** The number of elements; 1 for a scalar, 0 when any size is 0. */
export const sizeOf = (shape: Shape): number => {
  let product = 1
  for (let axis = 0; axis < shape.length; axis++) product *= shape[axis] as number
  return product
}

/** Row-major strides in elements: the last axis moves by 1. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis] ?? 1
  }
  return strides
}

/** A shape as messages print it: `[2,3]`. */
export const showShape = (shape: Shape): string => `[${shape.join(',')}]`

/** Whether two shapes are the same. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** Whole numbers from `start` up to, but not including, `end`. */
export const range = (start: number, end: number): number[] => {
  const out: number[] = []
  for (let i = start; i < end; i++) out.push(i)
  return out
}

/** The coordinates of an element that is number `flat` in row-major order. */
export const unravel = (flat: number, shape: Shape): readonly number[] =>
  stridesOf(shape).map((stride, axis) => Math.floor(flat / stride) % dim(shape, axis))

/** A shape's size at an axis that is known to exist. */
export const dim = (shape: Shape, axis: number): number => shape[axis] ?? 1

/** The most elements a tensor can have: those of the longest typed array that every engine allows. */
const MAX_SIZE = 2 ** 32 - 1
/** The most axes. */
export const MAX_RANK = 64

/** A copy of a shape, so that its owner can do with it what he likes; a `Left` unless it is a list of whole numbers of at least 0. */
export const validShape = (op: string, shape: Shape): E.Either<CotangentError, Shape> => {
  if (!Array.isArray(shape)) return E.left(valueError(op, `a shape is a list of sizes, got ${describe(shape)}`))
  if (!shape.every(n => Number.isSafeInteger(n) && n >= 0))
    return E.left(valueError(op, `a shape holds whole numbers of at least 0, got ${showShape(shape)}`))
  if (shape.length > MAX_RANK || sizeOf(shape) > MAX_SIZE)
    return E.left(
      valueError(
        op,
        `${showShape(shape)} is too large: a tensor has at most ${MAX_SIZE} elements and ${MAX_RANK} axes`,
      ),
    )
  return E.right([...shape])
}

/**
 * NumPy's broadcasting: shapes are aligned at their last axes, and an axis of size 1 stretches.
 * A `Left` names both shapes and the axis that differs.
 */
export const broadcastShapes = (op: string, ...shapes: readonly Shape[]): E.Either<CotangentError, number[]> => {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0)
  const out = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    const offset = rank - shape.length
    for (let axis = 0; axis < shape.length; axis++) {
      const n = dim(shape, axis)
      const have = dim(out, axis + offset)
      if (have === 1) out[axis + offset] = n
      else if (n !== 1 && n !== have) {
        const all = shapes.map(showShape).join(' with ')
        return E.left(shapeError(op, `cannot broadcast ${all}: axis ${axis + offset} is ${have} vs ${n}`))
      }
    }
  }
  return E.right(out)
}

/** One axis counted from the front: -1 becomes rank - 1. */
export const normalizeAxis = (op: string, axis: number, rank: number): E.Either<CotangentError, number> =>
  Number.isInteger(axis) && axis >= -rank && axis < rank
    ? E.right(axis < 0 ? axis + rank : axis)
    : E.left(
        axisError(
          op,
          rank === 0
            ? `axis ${describe(axis)} is out of range: a scalar has no axes`
            : `axis ${describe(axis)} is out of range for rank ${rank}: use ${-rank} to ${rank - 1}`,
        ),
      )

/** Axes counted from the front, sorted; `undefined` means all of them. A repeated axis is a `Left`. */
export const normalizeAxes = (
  op: string,
  axes: Axes | undefined,
  rank: number,
): E.Either<CotangentError, readonly number[]> => {
  if (axes === undefined) return E.right(range(0, rank))
  if (typeof axes !== 'number' && !Array.isArray(axes))
    return E.left(axisError(op, `an axis is a whole number or a list of them, got ${describe(axes)}`))
  const out: number[] = []
  for (const axis of typeof axes === 'number' ? [axes] : axes) {
    const normal = normalizeAxis(op, axis, rank)
    if (E.isLeft(normal)) return normal
    if (out.includes(normal.right)) return E.left(axisError(op, `axis ${axis} is named twice in [${axes}]`))
    out.push(normal.right)
  }
  return E.right(out.sort((a, b) => a - b))
}
