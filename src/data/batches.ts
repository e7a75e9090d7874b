/**
 * Batches: which rows belong together, and taking them. Shuffling is a permutation drawn from a key, so an epoch is a value.
 *
 * Layer: data. Read next: train/fold.ts, which goes through them.
 */
import { fail, shapeError, valueError } from '../core/errors.ts'
import { range, type Shape, showShape } from '../core/shape.ts'
import type { Resolved, ShapeOf, Take } from '../core/shape-types.ts'
import { treeMap } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { take } from '../ops/indexing.ts'
import { slice } from '../ops/slicing.ts'

/** A tree of tensors like T with rows I, or with a list of them where that is not known, instead of theirs. */
type Rows<T, I extends Shape> =
  T extends Tensor<infer S>
    ? Tensor<Resolved<Take<S, [number] extends [I['length']] ? readonly [number] : I, 0>>>
    : { readonly [K in keyof T]: Rows<T[K], I> }

/**
 * Splits row numbers, in their order, into batches of `size`: int32 [n] -> int32 [size] each. The last one holds what is
 * left, or is dropped with `dropLast`. No rows make no batches.
 * @throws ValueError unless `size` is a whole number of at least 1; ShapeError unless the rows have one axis
 * @example
 * pipe(key(0), permutation(60_000), batches({ size: 64 })).length // 938
 * pipe(arange(5), batches({ size: 2 })) // [[0, 1], [2, 3], [4]]
 */
export const batches =
  <const Size extends number, const Drop extends boolean = false>(options: {
    readonly size: Size
    readonly dropLast?: Drop
  }) =>
  (rows: Tensor): readonly Tensor<readonly [Drop extends true ? Size : number]>[] => {
    const { size, dropLast = false }: { readonly size: number; readonly dropLast?: boolean } = options
    if (!Number.isInteger(size) || size < 1)
      return fail(valueError('batches', `size must be a whole number of at least 1, got ${size}`))
    const [n = 0] = rows.shape
    if (rows.shape.length !== 1)
      return fail(shapeError('batches', `needs row numbers along one axis, got ${showShape(rows.shape)}`))
    const count = dropLast ? Math.floor(n / size) : Math.ceil(n / size)
    const batch = (i: number): Tensor => slice([[i * size, (i + 1) * size]])(rows)
    return range(0, count).map(batch) as readonly Tensor[] as readonly Tensor<
      readonly [Drop extends true ? Size : number]
    >[]
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
