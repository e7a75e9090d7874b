/**
 * Pytrees: tensors in arrays, tuples and plain objects, nested as you like.
 *
 * Layer: core. Objects are walked by sorted key, so that two with the same keys have the same leaves in the same order.
 */
import { describe, fail, treeError } from './errors.ts'
import { requireFunction } from './options.ts'
import type { Shape } from './shape.ts'
import type { TensorLike } from './shape-types.ts'
import { isTensor } from './tensor.ts'
import type { Tensor } from './types.ts'

/** A leaf, or arrays and records of trees. */
export type Tree<A> = A | readonly Tree<A>[] | { readonly [key: string]: Tree<A> }

/** A tree without its leaves. */
export type TreeShape =
  | { readonly tag: 'leaf' }
  | { readonly tag: 'array'; readonly items: readonly TreeShape[] }
  | { readonly tag: 'record'; readonly keys: readonly string[]; readonly items: readonly TreeShape[] }

/** The same tree with other leaves: every tensor (or number) in `T` becomes an `A`. */
export type MapTree<T, A> = [Tree<Tensor>] extends [T]
  ? T
  : T extends TensorLike
    ? A
    : { readonly [K in keyof T]: MapTree<T[K], A> }

/** A tree like T whose leaves have the shape S; where that is unknown, leaves are taken to have the shapes they had. */
type Leaves<T, S extends Shape> = [number] extends [S['length']] ? T : MapTree<T, Tensor<S>>

/** Leaves in order with where they stand, such as `.layers[0].w`. */
export type Leaf = { readonly path: string; readonly value: unknown }

/** Whether a value is no leaf: an array or a plain object. */
export const isNode = (x: unknown): x is readonly unknown[] | Readonly<Record<string, unknown>> => {
  if (typeof x !== 'object' || x === null || isTensor(x)) return false
  if (Array.isArray(x)) return true
  const prototype = Object.getPrototypeOf(x)
  return prototype === Object.prototype || prototype === null
}

/** How a path goes on into a record: `.w`, or `["a b"]` for a key that is no name. */
export const pathStep = (key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`

/** Nodes inside one another, at most: more are in a tree that contains itself. */
const DEEPEST = 500

const walk = (node: unknown, path: string, leaves: Leaf[], depth = 0): TreeShape => {
  if (!isNode(node)) {
    leaves.push({ path, value: node })
    return { tag: 'leaf' }
  }
  if (depth === DEEPEST)
    fail(
      treeError(
        'tree',
        `${path.slice(0, 20)}… goes on for ${DEEPEST} steps: it contains itself, or is nested too deep`,
      ),
    )
  const next = depth + 1
  // Holes in arrays are leaves too, which are undefined.
  if (Array.isArray(node))
    return { tag: 'array', items: Array.from(node, (child, i) => walk(child, `${path}[${i}]`, leaves, next)) }
  const record = node as Readonly<Record<string, unknown>>
  const keys = Object.keys(record).sort()
  return { tag: 'record', keys, items: keys.map(key => walk(record[key], path + pathStep(key), leaves, next)) }
}

/** Leaves with their paths, and the structure that puts them back. */
export const flattenWithPaths = (tree: unknown): readonly [readonly Leaf[], TreeShape] => {
  const leaves: Leaf[] = []
  const shape = walk(tree, '', leaves)
  return [leaves, shape]
}

/** How many leaves a tree of this structure has. */
export const leafCount = (shape: TreeShape): number =>
  shape.tag === 'leaf' ? 1 : shape.items.reduce((n, item) => n + leafCount(item), 0)

/** Leaves of any kind, and the structure. */
export const flatten = (tree: unknown): readonly [readonly unknown[], TreeShape] => {
  const [leaves, shape] = flattenWithPaths(tree)
  return [leaves.map(leaf => leaf.value), shape]
}

/** The tree of the given structure with the given leaves; the inverse of `flatten`. */
export const unflatten = <T = unknown>(shape: TreeShape, leaves: readonly unknown[]): T => {
  let next = 0
  const build = (node: TreeShape): unknown => {
    switch (node.tag) {
      case 'leaf':
        return leaves[next++]
      case 'array':
        return node.items.map(build)
      case 'record':
        return Object.fromEntries(node.items.map((item, i) => [node.keys[i] ?? '', build(item)]))
    }
  }
  const tree = build(shape)
  if (next !== leaves.length)
    return fail(treeError('unflatten', `the structure has ${next} leaves, got ${leaves.length}`))
  return tree as T
}

/** The tensors of a tree; anything else is a TreeError that says where it stands. */
export const tensorsOf = (op: string, what: string, tree: unknown): readonly [readonly Tensor[], TreeShape] => {
  const [leaves, shape] = flattenWithPaths(tree)
  const tensors = leaves.map(({ path, value }) =>
    isTensor(value) ? value : fail(treeError(op, `${what}${path} is ${describe(value)}, not a tensor`)),
  )
  return [tensors, shape]
}

const kindOf = (shape: TreeShape): string =>
  shape.tag === 'leaf'
    ? 'a leaf'
    : shape.tag === 'array'
      ? `an array of ${shape.items.length}`
      : `a record {${shape.keys.join(', ')}}`

/** Where two structures first differ, in words; `undefined` when they are the same. */
export const treeDifference = (a: TreeShape, b: TreeShape, path = ''): string | undefined => {
  const here = path === '' ? 'at the root' : `at ${path}`
  const differ = `${here}: ${kindOf(a)} vs ${kindOf(b)}`
  if (a.tag === 'leaf' || b.tag === 'leaf') return a.tag === b.tag ? undefined : differ
  if (a.items.length !== b.items.length || a.tag !== b.tag) return differ
  if (a.tag === 'record' && b.tag === 'record' && a.keys.some((key, i) => key !== b.keys[i])) return differ
  for (const [i, item] of a.items.entries()) {
    const other = b.items[i]
    const label = a.tag === 'record' ? pathStep(a.keys[i] ?? '') : `[${i}]`
    const found = other === undefined ? differ : treeDifference(item, other, path + label)
    if (found !== undefined) return found
  }
  return undefined
}

/** Throws a TreeError unless two structures are the same. */
export const sameTree = (op: string, a: TreeShape, b: TreeShape): void => {
  const difference = treeDifference(a, b)
  if (difference !== undefined) fail(treeError(op, `tree structures differ ${difference}`))
}

/**
 * A tree with `f` applied to every leaf; `f` also gets the leaf's path. To the compiler leaves keep their shapes, unless it knows
 * the shape that `f` gives: where `f` changes shapes that are not known there, say `treeMap<unknown, Shape>`.
 * @example
 * treeMap(params, x => mul(x, 0.5))
 */
export const treeMap = <T, S extends Shape>(tree: T, f: (leaf: Tensor, path: string) => Tensor<S>): Leaves<T, S> => {
  requireFunction('treeMap', 'what is made of leaves', f)
  const [leaves, shape] = flattenWithPaths(tree)
  return unflatten(
    shape,
    leaves.map(({ path, value }) =>
      isTensor(value) ? f(value, path) : fail(treeError('treeMap', `tree${path} is ${describe(value)}, not a tensor`)),
    ),
  )
}

/**
 * The tree that `f` makes of the leaves of two trees of one structure; see `treeMap` for the shapes.
 * @throws TreeError naming the path at which the structures differ
 * @example
 * treeZip(params, grads, (w, g) => sub(w, mul(0.1, g)))
 */
export const treeZip = <T, S extends Shape>(
  a: T,
  b: NoInfer<T | MapTree<T, Tensor>>,
  f: (a: Tensor, b: Tensor, path: string) => Tensor<S>,
): Leaves<T, S> => {
  requireFunction('treeZip', 'what is made of leaves', f)
  const [as, shape] = flattenWithPaths(a)
  const [bs, other] = flattenWithPaths(b)
  sameTree('treeZip', shape, other)
  const zipped = as.map(({ path, value }, i) => {
    const right = bs[i]?.value
    return isTensor(value) && isTensor(right)
      ? f(value, right, path)
      : fail(treeError('treeZip', `tree${path} is ${describe(isTensor(value) ? right : value)}, not a tensor`))
  })
  return unflatten(shape, zipped)
}

/** The tensors of a tree, in order. */
export const treeLeaves = (tree: unknown): readonly Tensor[] => tensorsOf('treeLeaves', 'tree', tree)[0]
