/**
 * Random orders, and choices from a list.
 *
 * Layer: random. An order comes from sorting random words, repeatedly, so that ties in one round are broken in another.
 */
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { Resolved, ShapeOf, Take } from '../core/shape-types.ts'
import { isTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { arange } from '../ops/creation.ts'
import { take, takeAlongAxis } from '../ops/indexing.ts'
import { reshape } from '../ops/movement.ts'
import { slice } from '../ops/slicing.ts'
import { argsort } from '../ops/sorting.ts'
import { bitsOf, unsignedOrder } from './bits.ts'
import { randint } from './discrete.ts'
import { type Key, type Sampler, split } from './key.ts'
import { optionsFirst } from './parameters.ts'

/** Enough rounds that the odds of two elements drawing equal words in all of them are below 1 / (2·size), as in XLA. */
const roundsFor = (size: number): number => Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1))

/** x with its elements along an axis shuffled, each line by itself. */
const shuffle = (axis: number, x: Tensor, key: Key): Tensor =>
  range(0, roundsFor(sizeOf(x.shape))).reduce<readonly [Key, Tensor]>(
    ([k, y]) => {
      const [next, now] = split(k)
      const order = argsort({ axis })(unsignedOrder(bitsOf('permutation', now, y.shape)))
      return [next, takeAlongAxis({ axis })(y, order)]
    },
    [key, x],
  )[1]

const order = (n: number, key: Key): Tensor => shuffle(0, arange(n), key)

const checkCount = (op: string, n: number): number =>
  Number.isSafeInteger(n) && n >= 0
    ? n
    : fail(valueError(op, `takes a tensor or a whole number of at least 0, got ${describe(n)}`))

/** The axis to shuffle along (0), and whether each line along it gets an order of its own (no). */
export type PermutationOptions = { readonly axis?: number; readonly independent?: boolean }

interface Permutation {
  <S extends Shape>(x: Tensor<S>, options?: PermutationOptions): (key: Key) => Tensor<S>
  <const N extends number>(n: N): (key: Key) => Tensor<readonly [N]>
}

/**
 * The numbers 0 … n-1 in a random order, or a tensor with its slices along an axis in a random order.
 *
 * As `jax.random.permutation`: all orders are equally likely, but for what equal words do. Derivatives follow elements.
 * @returns int32 [n], or the shape and dtype of x
 * @throws ValueError for an n that is no whole number of at least 0; AxisError for an axis out of range
 * @example
 * permutation(10)(key(0)) // int32[10]
 * permutation(x, { axis: 1 })(key(0)) // the columns of x in another order
 */
export const permutation: Permutation = ((x: Tensor | number, options: PermutationOptions = {}): Sampler<Tensor> => {
  const { axis = 0, independent = false } = requireOptions('permutation', options, ['axis', 'independent'])
  if (!isTensor(x)) {
    const n = checkCount('permutation', x)
    return key => order(n, key)
  }
  const at = orThrow(normalizeAxis('permutation', axis, x.shape.length))
  return independent ? key => shuffle(at, x, key) : key => take({ axis: at })(x, order(dim(x.shape, at), key))
}) as Permutation

/** The options of `choice`: what to choose from, how many, along which axis (0), and whether it may repeat (yes). */
export type ChoiceOptions<
  From extends number | Tensor = number | Tensor,
  S extends Shape = Shape,
  A extends number = number,
> = {
  readonly from: From
  readonly shape?: S
  readonly axis?: A
  readonly replace?: boolean
  readonly dtype?: never
}

const positions = (n: number, shape: Shape, replace: boolean): Sampler<Tensor> => {
  const count = sizeOf(shape)
  if (count > 0 && (n === 0 || (!replace && count > n)))
    return fail(shapeError('choice', `cannot choose ${showShape(shape)} ${replace ? '' : 'different ones '}from ${n}`))
  return replace ? randint({ maxval: n, shape }) : key => reshape(shape)(slice([[0, count]])(order(n, key)))
}

/**
 * Equally likely choices from 0 … from-1, or from the slices of a tensor along an axis, whose place `shape` takes.
 *
 * As `jax.random.choice` without weights; for weights w draw `categorical({ logits: log(w) })`.
 * @returns int32 of `shape`, or slices of the tensor
 * @throws ValueError for a number that is no whole number of at least 0; AxisError; ShapeError for more than there are
 * @example
 * choice({ from: 10, shape: [3], replace: false })(key(0)) // three different numbers below 10
 */
export const choice = <From extends number | Tensor, const S extends Shape = readonly [], const A extends number = 0>(
  options: ChoiceOptions<From, S, A>,
): Sampler<Tensor<From extends number ? S : Resolved<Take<ShapeOf<From>, S, A>>>> => chosen(options) as Sampler<never>

const chosen = (options: ChoiceOptions): Sampler<Tensor> => {
  const {
    from,
    shape = [],
    axis = 0,
    replace = true,
  } = optionsFirst('choice', options, ['from', 'shape', 'axis', 'replace'], ['from'])
  if (!isTensor(from)) return positions(checkCount('choice', from), shape, replace)
  const at = orThrow(normalizeAxis('choice', axis, from.shape.length))
  const draw = positions(dim(from.shape, at), shape, replace)
  return key => take({ axis: at })(from, draw(key))
}
