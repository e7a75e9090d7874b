/**
 * Arguments of transformed functions: numbers become tensors, structure is remembered.
 *
 * Layer: transform.
 */
import { checkOutputs, type Flat } from '../core/program.ts'
import { isTensor, scalar } from '../core/tensor.ts'
import { flattenWithPaths, type TreeShape, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'

/** What may be passed for an argument: a number stands for a scalar tensor, anywhere in a tree. */
export type Argument<T> = T extends Tensor
  ? T | number
  : T extends readonly unknown[] | { readonly [key: string]: unknown }
    ? { readonly [K in keyof T]: Argument<T[K]> }
    : T
/** Arguments of a function, each possibly with numbers for scalars. */
export type Arguments<Args extends readonly unknown[]> = { readonly [K in keyof Args]: Argument<Args[K]> }

/** A tree with its numbers and booleans made scalar tensors. */
export const liftArguments = (tree: unknown): unknown => {
  const [leaves, shape] = flattenWithPaths(tree)
  return unflatten(
    shape,
    leaves.map(({ value }) => (typeof value === 'number' || typeof value === 'boolean' ? scalar(value) : value)),
  )
}

/** A function on trees as one on flat lists, which remembers the structure of what it last returned. */
export type Flattened = { readonly flat: Flat; readonly outShape: () => TreeShape }

/** Flattens a function of tree arguments with a known structure. */
export const flattenFunction = (
  kind: string,
  f: (...args: readonly unknown[]) => unknown,
  inShape: TreeShape,
): Flattened => {
  let shape: TreeShape = { tag: 'leaf' }
  const flat: Flat = (...inputs) => {
    const y = f(...unflatten<readonly unknown[]>(inShape, inputs))
    checkOutputs(kind, y instanceof Promise ? [y] : [])
    const [outs, outShape] = tensorsOf(kind, 'output', isTensor(y) ? y : liftArguments(y))
    shape = outShape
    return outs
  }
  return { flat, outShape: () => shape }
}
