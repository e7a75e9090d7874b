/**
 * Keys: where randomness comes from, and how one key becomes several.
 *
 * Layer: random. A key is two 32-bit words of threefry-2x32, held as int32 because there is no unsigned dtype.
 * Splitting and folding hash 64-bit counters under the key, as in JAX's partitionable scheme (its default since 0.5.0).
 * Read next: bits.ts.
 */
import { describe, dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { range, showShape } from '../core/shape.ts'
import { isTensor, scalar, showType, tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { stack } from '../ops/arrange.ts'
import { arange } from '../ops/creation.ts'
import { rowOf } from '../ops/slicing.ts'
import { threefry2x32 } from '../ops/threefry.ts'

/** A random key: int32 [2]. A value like any other: pass it on, but draw from it once. */
export type Key = Tensor

/** A function of a key: what draws one value of type A. */
export type Sampler<A> = (key: Key) => A

const WORD = 2 ** 32

/**
 * A key made from a seed: its high and its low 32 bits. Equal seeds give equal keys, and so equal numbers.
 *
 * The bits are those of `jax.random.key(seed)` with 64-bit types switched on; without them JAX ignores the high word.
 * @param seed a whole number from 0 to 2⁵³ - 1
 * @returns int32 [2]
 * @throws ValueError for any other seed
 * @example
 * key(42) // [0, 42]
 */
export const key = (seed: number): Key =>
  Number.isSafeInteger(seed) && seed >= 0
    ? tensor([Math.floor(seed / WORD) | 0, seed | 0], { dtype: 'int32' })
    : fail(valueError('key', `a seed is a whole number from 0 to 2⁵³ - 1, got ${describe(seed)}`))

const checkKey = (op: string, k: Key): Key => {
  if (!isTensor(k)) return fail(valueError(op, `needs a key, got ${describe(k)}; make one with key(seed)`))
  const mistake =
    k.dtype !== 'int32'
      ? dtypeError(op, `a key is int32[2], got ${showType(k)}; make one with key(seed)`)
      : k.shape.length !== 1 || k.shape[0] !== 2
        ? shapeError(op, `a key is int32[2], got ${showType(k)}; for many keys at once use vmap`)
        : null
  return mistake === null ? k : fail(mistake)
}

/** The two words that a key makes of each counter of two words; the counters broadcast. */
export const hash = (op: string, k: Key, high: Tensor, low: Tensor): readonly [Tensor, Tensor] => {
  const words = checkKey(op, k)
  return threefry2x32(rowOf(words, 0), rowOf(words, 1), high, low)
}

// No tensor has 2³² elements, so the high word of a position is always 0.
const HIGH = scalar(0, 'int32')

/** Hashes the positions 0 … n-1, counted in row-major order over a shape. */
export const hashPositions = (op: string, k: Key, n: number): readonly [Tensor, Tensor] => hash(op, k, HIGH, arange(n))

const checkCount = (op: string, count: number): number =>
  Number.isSafeInteger(count) && count >= 1
    ? count
    : fail(valueError(op, `count is a whole number of at least 1, got ${describe(count)}`))

const rows = (op: string, count: number, k: Key): Tensor => stack({ axis: 1 })(hashPositions(op, k, count))

/** As many keys as a small literal number says; a list where the number is not known or large. */
export type Keys<N extends number, Found extends readonly Key[] = readonly []> = number extends N
  ? readonly Key[]
  : Found['length'] extends N
    ? Found
    : Found['length'] extends 16
      ? readonly Key[]
      : Keys<N, readonly [...Found, Key]>

/** How many keys to make. */
export type SplitOptions<N extends number = number> = { readonly count: N; readonly dtype?: never }

interface Split {
  <const N extends number>(options: SplitOptions<N>): (key: Key) => Keys<N>
  (key: Key): readonly [Key, Key]
}

const splitInto = (count: number, k: Key): readonly Key[] => {
  const keys = rows('split', count, k)
  return range(0, count).map(i => rowOf(keys, i))
}

/**
 * New keys, independent of each other: two, or `count`. The key that was split must not be used again.
 *
 * The first keys are the same for every `count`, and key i is `foldIn(i)(key)`. Bits as `jax.random.split`.
 * @param options.count a whole number of at least 1; a ValueError otherwise
 * @throws DtypeError, ShapeError when the argument is no key
 * @example
 * const [next, now] = split(key(0))
 * const [a, b, c] = split({ count: 3 })(key(0))
 */
export const split: Split = ((arg: Key | SplitOptions) => {
  if (isTensor(arg)) return splitInto(2, arg)
  const count = checkCount('split', requireOptions('split', arg, ['count'], ['count']).count)
  return (k: Key) => splitInto(count, k)
}) as Split

/**
 * The keys of `split({ count })` in one tensor, for `vmap`: key -> int32 [count, 2].
 * @throws ValueError when `count` is no whole number of at least 1; DtypeError, ShapeError when the argument is no key
 * @example
 * vmap(normal({ shape: [3] }))(splitMany({ count: 8 })(key(0))) // [8,3]
 */
export const splitMany = <const N extends number>(options: { readonly count: N }): Sampler<Tensor<readonly [N, 2]>> => {
  const n = checkCount('splitMany', requireOptions('splitMany', options, ['count'], ['count']).count)
  return k => rows('splitMany', n, k) as Tensor<readonly [N, 2]>
}

const dataWord = (value: number | Tensor): Tensor => {
  if (isTensor(value)) {
    if (value.dtype !== 'int32') return fail(dtypeError('foldIn', `takes int32, got ${value.dtype}; use cast('int32')`))
    return value.shape.length === 0
      ? value
      : fail(shapeError('foldIn', `takes one number, got shape ${showShape(value.shape)}; use vmap for several`))
  }
  return Number.isInteger(value) && value >= 0 && value < WORD
    ? scalar(value | 0, 'int32')
    : fail(valueError('foldIn', `takes a whole number from 0 to 2³² - 1, got ${describe(value)}`))
}

/**
 * A new key from a key and a number, such as the number of a step or of a layer. Different numbers give different keys.
 *
 * Bits as `jax.random.fold_in`.
 * @param value a whole number from 0 to 2³² - 1, or an int32 scalar whose bits are taken as one
 * @throws ValueError for another number; ShapeError, DtypeError for another tensor or a key that is none
 * @example
 * const keys = [1, 2, 3].map(step => pipe(key(0), foldIn(step)))
 */
export const foldIn = (value: number | Tensor): Sampler<Key> => {
  const word = dataWord(value)
  return k => stack(hash('foldIn', k, HIGH, word))
}
