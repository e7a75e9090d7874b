/**
 * Trees of tensors as plain data, to compare with `toEqual`: how a tensor keeps its elements is its own business.
 */
import { isTensor, toArray } from '../../src/core/tensor.ts'
import { flatten, unflatten } from '../../src/core/tree.ts'

/** The same tree with dtype, shape and elements for every tensor. */
export const plain = (tree: unknown): unknown => {
  const [leaves, shape] = flatten(tree)
  return unflatten(
    shape,
    leaves.map(x => (isTensor(x) ? { dtype: x.dtype, shape: [...x.shape], elements: toArray(x) } : x)),
  )
}
