/**
 * Batches: which rows belong together, and taking them. Shuffling is a permutation drawn from a key, so an epoch is a value, and any
 * of them can be had again.
 *
 * Layer: data. Read next: train/fold.ts, which goes through them.
 */
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { range, type Shape, showShape } from '../core/shape.ts'
import type { Resolved, ShapeOf, Take } from '../core/shape-types.ts'
import { requireTensor } from '../core/tensor.ts'
import { treeLeaves, treeMap } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { arange } from '../ops/creation.ts'
import { take } from '../ops/indexing.ts'
import { slice } from '../ops/slicing.ts'
import { foldIn, type Key, permutation } from '../random/index.ts'

/** A tree of tensors like T with rows I, or with a list of them where that is not known, instead of theirs. */
type Rows<T, I extends Shape> =
  T extends Tensor<infer S>
    ? Tensor<Resolved<Take<S, [number] extends [I['length']] ? readonly [number] : I, 0>>>
    : { readonly [K in keyof T]: Rows<T[K], I> }

/** How rows are cut into batches. */
export type BatchOptions = { readonly size: number; readonly dropLast?: boolean }

/** How many batches there are. */
const countOf = ({ size, dropLast = false }: BatchOptions, rows: Tensor): number => {
  requireTensor('batches', rows, 'the row numbers')
  if (!Number.isInteger(size) || size < 1)
    return fail(valueError('batches', `size must be a whole number of at least 1, got ${size}`))
  const [n = 0] = rows.shape
  if (rows.shape.length !== 1)
    return fail(shapeError('batches', `needs row numbers along one axis, got ${showShape(rows.shape)}`))
  return dropLast ? Math.floor(n / size) : Math.ceil(n / size)
}

const batchAt = (size: number, i: number, rows: Tensor): Tensor => slice([[i * size, (i + 1) * size]])(rows)

/**
 * Splits row numbers, in their order, into batches of `size`: int32 [n] -> int32 [size] each. The last one holds what is
 * left, or is dropped with `dropLast`. No rows make no batches.
 * @throws ValueError unless `size` is a whole number of at least 1; ShapeError unless the rows have one axis
 * @example
 * pipe(key(0), permutation(60_000), batches({ size: 64 })).length // 938
 * pipe(arange(5), batches({ size: 2 })) // [[0, 1], [2, 3], [4]]
 */
export const batches = <const Size extends number, const Drop extends boolean = false>(options: {
  readonly size: Size
  readonly dropLast?: Drop
}) => {
  requireOptions('batches', options, ['size', 'dropLast'], ['size'])
  return (rows: Tensor): readonly Tensor<readonly [Drop extends true ? Size : number]>[] => {
    const count = countOf(options, rows)
    return range(0, count).map(i => batchAt(options.size, i, rows)) as readonly Tensor[] as readonly Tensor<
      readonly [Drop extends true ? Size : number]
    >[]
  }
}

/**
 * The rows of every tensor of a tree at the given positions: each [n, …] -> [k, …] for rows: int32 [k].
 * @throws DtypeError unless the rows are int32
 * @example
 * takeRows(tensor([0, 2], { dtype: 'int32' }))({ images, labels }) // { images: [2,28,28,1], labels: [2] }
 */
export const takeRows =
  <R extends Tensor>(rows: R) =>
  <T>(tree: T): Rows<T, ShapeOf<R>> =>
    treeMap<unknown, Shape>(tree, x => take(x, rows as Tensor)) as Rows<T, ShapeOf<R>>

/** Rows of a tree whose number the compiler does not know. */
type SomeRows<T> = Rows<T, readonly [number]>

/** The rows of each batch, cut and taken when they are asked for. */
const taken = <T>(options: BatchOptions, tree: T, rows: Tensor): Iterable<SomeRows<T>> => {
  const count = countOf(options, rows)
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++)
        yield takeRows(batchAt(options.size, i, rows) as Tensor<readonly [number]>)(tree) as SomeRows<T>
    },
  }
}

/** How many rows the tensors of a tree have. */
const rowsOf = (op: string, tree: unknown): number => {
  const leaves = treeLeaves(tree)
  const [n, ...others] = leaves.map(x => x.shape[0])
  if (n === undefined) return fail(shapeError(op, 'needs tensors with at least one axis'))
  return others.every(m => m === n)
    ? n
    : fail(shapeError(op, `tensors differ in their rows: ${leaves.map(x => showShape(x.shape)).join(', ')}`))
}

/**
 * Batches of a tree's rows, in their order: each tensor [n, …] -> [size, …], the last batch with what is left, or none with
 * `dropLast`. They are taken when they are asked for, and can be walked as often as is wanted.
 * @throws ValueError unless `size` is a whole number of at least 1; ShapeError when tensors differ in their number of rows
 * @example
 * const sizes = [...batchesOf({ size: 3 })({ images, labels: arange(4) })].map(({ labels }) => labels.shape[0]) // [3, 1]
 */
export const batchesOf = (options: BatchOptions) => {
  requireOptions('batchesOf', options, ['size', 'dropLast'], ['size'])
  return <T>(tree: T): Iterable<SomeRows<T>> => taken(options, tree, arange(rowsOf('batchesOf', tree)))
}

/**
 * `batchesOf` in a new order for each epoch, which depends on the key and the number of the epoch alone: what `fit` takes.
 * @throws as `batchesOf`
 * @example
 * const epochs = shuffledBatches({ size: 2, key: key(0) })({ x: arange(4) })
 * const [first] = epochs(0) // { x: [2] }, the same each time
 */
export const shuffledBatches = (given: BatchOptions & { readonly key: Key }) => {
  const { key, ...options } = requireOptions('shuffledBatches', given, ['size', 'dropLast', 'key'], ['size', 'key'])
  return <T>(tree: T): ((epoch: number) => Iterable<SomeRows<T>>) => {
    const n = rowsOf('shuffledBatches', tree)
    return epoch => taken(options, tree, permutation(n)(foldIn(epoch)(key)))
  }
}
