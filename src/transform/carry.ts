/**
 * The value that a loop carries: the dtypes of numbers that it starts with, and what is said when it does not come out of a step as
 * it went in.
 *
 * Layer: transform.
 */
import { fail, shapeError, treeError } from '../core/errors.ts'
import { showType } from '../core/tensor.ts'
import { flattenWithPaths, type TreeShape, treeDifference } from '../core/tree.ts'
import type { Tensor, TensorType } from '../core/types.ts'
import { beside, isWeak, strong } from '../core/weak.ts'

/**
 * The first carry, with its numbers in the dtypes that the step gives them. `after` are the types of a carry that comes of one; it
 * records the step, and is asked only if there are numbers.
 */
export const settleCarry = (
  op: string,
  carry: readonly Tensor[],
  after: (carry: readonly Tensor[]) => readonly TensorType[],
): readonly Tensor[] => {
  if (!carry.some(isWeak)) return carry
  const types = after(carry)
  const settled = carry.map((x, i) => beside(op, x, types[i]?.dtype ?? x.dtype))
  // One that has changed is weak no more, and others may follow it.
  return settled.every((x, i) => x === carry[i]) ? carry.map(strong) : settleCarry(op, settled, after)
}

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
