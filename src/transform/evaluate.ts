/**
 * evalShape: what a function would give, without computing it.
 *
 * Layer: transform.
 */
import { describe, fail, treeError } from '../core/errors.ts'
import { outputTypes } from '../core/program.ts'
import { isTensor } from '../core/tensor.ts'
import { type MapTree, type TreeShape, unflatten } from '../core/tree.ts'
import type { TensorType } from '../core/types.ts'
import { weakScalar } from '../core/weak.ts'
import type { Arguments } from './arguments.ts'
import { recordBody } from './derive.ts'

/** Whether a value says what a tensor is, as a tensor does too. */
const isType = (x: unknown): x is TensorType =>
  isTensor(x) ||
  (typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x && Array.isArray((x as TensorType).shape))

/** Arguments, or the types of their leaves in their place. */
type Described<Args extends readonly unknown[]> = {
  readonly [K in keyof Args]: Arguments<Args>[K] | MapTree<Args[K], TensorType>
}

/**
 * The shapes and dtypes of what f returns for arguments like these, as a tree of `{ shape, dtype }`. Nothing is computed. In place
 * of a tensor `{ shape, dtype }` will do.
 *
 * As `jax.eval_shape`.
 * @throws TraceError when f reads a value; what f throws for shapes that do not fit
 * @example
 * evalShape((x: Tensor) => matmul(x, ones([3, 4])))({ shape: [1000, 3], dtype: 'float32' }).shape // [1000, 4]
 */
export const evalShape =
  <Args extends readonly unknown[], Y>(f: (...args: Args) => Y) =>
  (...args: Described<Args>): MapTree<Y, TensorType> => {
    const types: TensorType[] = []
    const shape = structureOf(args, types)
    const { program, outShape } = recordBody('evalShape', f, shape, types, types)
    return unflatten<MapTree<Y, TensorType>>(outShape, outputTypes(program))
  }

/** The structure of a tree of tensors and types; adds the types of its leaves to a list. */
const structureOf = (tree: unknown, types: TensorType[]): TreeShape => {
  if (isType(tree) || typeof tree === 'number' || typeof tree === 'boolean') {
    types.push(isType(tree) ? tree : weakScalar(tree))
    return { tag: 'leaf' }
  }
  if (Array.isArray(tree)) return { tag: 'array', items: tree.map(item => structureOf(item, types)) }
  if (typeof tree !== 'object' || tree === null)
    return fail(treeError('evalShape', `an argument is ${describe(tree)}, neither a tensor nor { shape, dtype }`))
  const entries = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1))
  const items = entries.map(([, value]) => structureOf(value, types))
  return { tag: 'record', keys: entries.map(([key]) => key), items }
}
