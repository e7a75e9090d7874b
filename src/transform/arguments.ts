/**
 * Arguments of transformed functions: numbers become tensors, structure is remembered.
 *
 * Layer: transform.
 */
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { checkPromise, type Flat } from '../core/program.ts'
import { sameShape } from '../core/shape.ts'
import type { ShapeOf, TensorLike } from '../core/shape-types.ts'
import { isTensor, scalar, scalarLike, showType } from '../core/tensor.ts'
import { flattenWithPaths, type Tree, type TreeShape, tensorsOf, unflatten } from '../core/tree.ts'
import type { Maybe, Tensor } from '../core/types.ts'
import { strong, weakScalar } from '../core/weak.ts'

/** What may be passed for an argument: a number stands for a scalar tensor, anywhere in a tree. */
export type Argument<T> = [Tree<Tensor>] extends [T]
  ? T
  : T extends Tensor<infer S>
    ? T | (readonly [] extends S ? number : never)
    : T extends readonly unknown[] | { readonly [key: string]: unknown }
      ? { readonly [K in keyof T]: Argument<T[K]> }
      : T
/** Arguments of a function, each possibly with numbers for scalars. */
export type Arguments<Args extends readonly unknown[]> = { readonly [K in keyof Args]: Args[K] | Argument<Args[K]> }

/** A tree like T with a tensor at every leaf, of the same shape; T itself if it has one there. */
export type TensorTree<T> = [T] extends [Tree<Tensor>]
  ? T
  : [T] extends [TensorLike]
    ? Tensor<ShapeOf<T>>
    : { readonly [K in keyof T]: TensorTree<T[K]> }

/** A tree whose numbers and booleans, of which the how-manieth leaf is told, are made tensors. */
const mapNumbers = (tree: unknown, lift: (value: number | boolean, leaf: number) => Tensor): unknown => {
  const [leaves, shape] = flattenWithPaths(tree)
  return unflatten(
    shape,
    leaves.map(({ value }, i) => (typeof value === 'number' || typeof value === 'boolean' ? lift(value, i) : value)),
  )
}

/** Arguments with their numbers and booleans made scalars; numbers take the dtype of the tensors that ops meet them beside. */
export const liftArguments = (tree: unknown): unknown => mapNumbers(tree, weakScalar)

/** Tangents or cotangents with their numbers made scalars of the dtypes of the values, leaf by leaf. */
export const liftLike = (tree: unknown, like: readonly Tensor[]): unknown =>
  mapNumbers(tree, (value, i) => {
    const dtype = like[i]?.dtype
    return typeof value === 'number' && dtype !== undefined ? scalarLike(value, dtype) : scalar(value)
  })

/** What a function returned with its numbers and booleans made scalars. */
export const liftResults = (tree: unknown): unknown => mapNumbers(tree, value => scalar(value))

/** A tangent or cotangent, which must be of its value's type; `null` for int32 and bool, which have none. */
export const checkLike = (op: string, name: string, x: Tensor, [what, value]: readonly [string, Tensor]): Maybe => {
  if (!isFloat(value.dtype)) return null
  if (showType(x) === showType(value)) return x
  const error = sameShape(x.shape, value.shape) ? dtypeError : shapeError
  return fail(error(op, `${name} is ${showType(x)}, but the ${what} is ${showType(value)}`))
}

/** Refuses what cannot be transformed. */
export const requireFunction = (kind: string, f: unknown): void => {
  if (typeof f !== 'function') fail(valueError(kind, `transforms a function, got ${describe(f)}`))
}

/** A function on trees as one on flat lists, which remembers the structure of what it last returned. */
export type Flattened = { readonly flat: Flat; readonly outShape: () => TreeShape }

/** Flattens a function of tree arguments with a known structure. */
export const flattenFunction = (
  kind: string,
  f: (...args: readonly unknown[]) => unknown,
  inShape: TreeShape,
): Flattened => {
  requireFunction(kind, f)
  let shape: TreeShape = { tag: 'leaf' }
  const flat: Flat = (...inputs) => {
    const y = f(...unflatten<readonly unknown[]>(inShape, inputs))
    checkPromise(kind, y)
    const [outs, outShape] = tensorsOf(kind, 'output', isTensor(y) ? y : liftResults(y))
    shape = outShape
    return outs.map(strong)
  }
  return { flat, outShape: () => shape }
}
