/**
 * Random bits, what every distribution is made from, and unsigned arithmetic on them.
 *
 * Layer: random. Element i of a draw is a hash of its row-major position i, so a longer draw starts with a shorter one.
 * Read next: uniform.ts.
 */
import { orThrow } from '../core/errors.ts'
import { type Shape, sizeOf, validShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { bitwiseXor, floorDivide, shiftLeft, shiftRightLogical, sub } from '../ops/arithmetic.ts'
import { ge, lt, where } from '../ops/comparison.ts'
import { mul } from '../ops/elementwise.ts'
import { reshape } from '../ops/movement.ts'
import { hashPositions, type Key } from './key.ts'
import { optionsFirst } from './parameters.ts'

/** Two random words for each element of a shape. */
export const wordsOf = (op: string, key: Key, shape: Shape): readonly [Tensor, Tensor] => {
  const shaped = reshape(shape)
  const [high, low] = hashPositions(op, key, sizeOf(orThrow(validShape(op, shape))))
  return [shaped(high), shaped(low)]
}

/** 32 random bits for each element of a shape. */
export const bitsOf = (op: string, key: Key, shape: Shape): Tensor => bitwiseXor(...wordsOf(op, key, shape))

/** The shape of a draw; a scalar by default. */
export type BitsOptions<S extends Shape> = { readonly shape?: S; readonly dtype?: never }

/**
 * 32 random bits per element, as int32 bit patterns: uniform over -2³¹ … 2³¹ - 1.
 *
 * Bits as `jax.random.bits(key, shape, 'uint32')`; `new Uint32Array(data(x).buffer)` reads them as unsigned.
 * @throws ValueError for a shape that is none; DtypeError, ShapeError when the argument is no key
 * @example
 * bits({ shape: [2, 3] })(key(0)) // int32[2,3]
 */
export const bits = <const S extends Shape = readonly []>(options: BitsOptions<S> = {}) => {
  const { shape = [] } = optionsFirst('bits', options, ['shape'])
  return (key: Key): Tensor<S> => bitsOf('bits', key, shape) as Tensor<S>
}

// ---- unsigned arithmetic on int32 bit patterns

const SIGN = -2147483648

/** The order of unsigned words as an order of int32, by flipping the sign bit. */
export const unsignedOrder = (x: Tensor): Tensor => bitwiseXor(x, SIGN)

const unsignedLess = (x: Tensor, y: Tensor): Tensor => lt(unsignedOrder(x), unsignedOrder(y))

const minusIfAtLeast = (x: Tensor, y: Tensor): Tensor => where(unsignedLess(x, y), x, sub(x, y))

/**
 * The remainder of unsigned words, y > 0. With half of x the signed quotient is right, and doubling it leaves at most
 * one y too many (Warren 2013, Hacker's Delight, 9-3); a y of 2³¹ or more fits into x at most once anyway.
 */
export const unsignedRemainder = (x: Tensor, y: Tensor): Tensor => {
  const quotient = shiftLeft(floorDivide(shiftRightLogical(x, 1), y), 1)
  return minusIfAtLeast(where(ge(y, 0), sub(x, mul(quotient, y)), x), y)
}
