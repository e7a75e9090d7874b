/**
 * What loops say when a value does not come out of a step as it went in.
 *
 * Layer: transform.
 */
import { fail, shapeError, treeError } from '../core/errors.ts'
import { showType } from '../core/tensor.ts'
import { flattenWithPaths, type TreeShape, treeDifference } from '../core/tree.ts'
import type { Tensor, TensorType } from '../core/types.ts'

/**
 * Refuses a step whose value changes structure, shapes or dtypes: `going` went in, a tree of structure `coming` with leaves of
 * the given types came out.
 */
export const checkCarry = (op: string, going: unknown, coming: TreeShape, types: readonly TensorType[]): void => {
  const [leaves, before] = flattenWithPaths(going)
  const difference = treeDifference(before, coming)
  if (difference !== undefined) fail(treeError(op, `the carry changes its structure ${difference} (in vs out)`))
  leaves.forEach(({ path, value }, i) => {
    const [x, y] = [value as Tensor, types[i] as TensorType]
    if (showType(x) !== showType(y))
      fail(
        shapeError(
          op,
          `the carry${path} changes: it goes in as ${showType(x)} and comes out as ${showType(y)}; give it back with the shape and dtype it had (cast it, or start with what it becomes)`,
        ),
      )
  })
}
