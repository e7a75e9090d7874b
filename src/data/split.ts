/**
 * Orders and parts of a data set: shuffled, split, split alike in every class. Each is drawn from a key.
 *
 * Layer: data. Read next: apportion.ts, batches.ts.
 */
import { describe, dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { isOptions, requireOptions, requireThat } from '../core/options.ts'
import { dim, type Shape, showShape } from '../core/shape.ts'
import { cellOf, requireTensor, tensor } from '../core/tensor.ts'
import { flattenWithPaths, tensorsOf } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { slice } from '../ops/slicing.ts'
import { foldIn, type Key } from '../random/key.ts'
import { permutation } from '../random/permutation.ts'
import { apportion } from './apportion.ts'
import { takeRows } from './batches.ts'

/** A tree like T with another number of rows. */
type Resized<T> =
  T extends Tensor<infer S>
    ? Tensor<S extends readonly [number, ...infer R extends Shape] ? readonly [number, ...R] : S>
    : { readonly [K in keyof T]: Resized<T[K]> }

/** The sizes of parts: shares of all rows that come to at most 1, or whole numbers of rows. */
export type Parts = Readonly<Record<string, number>>

/** The parts of a tree, by the names they were given. */
export type SplitTree<T, P extends Parts> = { readonly [K in keyof P]: Resized<T> }

/** How many rows the tensors of a tree have, all of them the same. */
const rowsIn = (op: string, tree: unknown): number => {
  const [leaves] = tensorsOf(op, 'tree', tree)
  const [first] = leaves
  const wrong = leaves.find(x => x.shape.length === 0 || x.shape[0] !== first?.shape[0])
  if (first === undefined || wrong !== undefined) {
    const found = flattenWithPaths(tree)[0].map(({ path }, i) => `${path} ${showShape(leaves[i]?.shape ?? [])}`)
    return fail(shapeError(op, `needs tensors with the same number of rows, got ${found.join(', ') || 'none'}`))
  }
  return dim(first.shape, 0)
}

/**
 * Puts the rows of every tensor of a tree into one random order: each [n, …] keeps its shape.
 * @throws ShapeError unless all have the same number of rows
 * @example
 * shuffle(key(0))({ inputs, labels }) // { inputs: [4,3], labels: [4] }
 */
export const shuffle =
  (key: Key) =>
  <T>(tree: T): T =>
    takeRows(permutation(rowsIn('shuffle', tree))(key))(tree) as T

const requireParts = (op: string, parts: Parts): Parts =>
  requireThat(op, 'parts as a record of sizes, such as { train: 0.8, test: 0.2 }', parts, isOptions(parts))

/** A part of the rows whose sizes are shares ends where their sum does, rounded, so that no row is lost between two. */
const endsOf = (op: string, parts: Parts, n: number): readonly number[] => {
  const sizes = Object.values(parts)
  const wrong = sizes.findIndex(size => !(Number.isFinite(size) && size >= 0))
  if (wrong >= 0 || sizes.length === 0)
    return fail(valueError(op, `a part is a share from 0 to 1 or a number of rows, got ${describe(sizes[wrong])}`))
  const shares = sizes.some(size => !Number.isInteger(size)) || sizes.every(size => size <= 1)
  const sums = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b, 0))
  const total = sums.at(-1) ?? 0
  if (shares ? total > 1 + 1e-9 : total > n)
    return fail(
      valueError(op, `the parts ${sizes.join(' + ')} are more than ${shares ? 1 : `the ${n} rows there are`}`),
    )
  return shares ? sums.map(sum => Math.min(n, Math.round(sum * n))) : sums
}

const named = <T, P extends Parts>(parts: P, tree: T, rows: (i: number) => Tensor): SplitTree<T, P> =>
  Object.fromEntries(Object.keys(parts).map((name, i) => [name, takeRows(rows(i))(tree)])) as unknown as SplitTree<T, P>

/**
 * Splits the rows of every tensor of a tree, in a random order, into parts: shares of all rows (`{ train: 0.8, test: 0.2 }`), or
 * numbers of them where any is above 1. No row is in two parts; shares that come to 1 leave none out, what is left of less is in
 * no part.
 * @throws ValueError for parts that are more than there is; ShapeError unless all tensors have the same number of rows
 * @example
 * splitRows({ key: key(0), parts: { train: 3, test: 1 } })({ inputs, labels }).train // { inputs: [3,3], labels: [3] }
 */
export const splitRows = <const P extends Parts>(options: { readonly key: Key; readonly parts: P }) => {
  const { key, parts } = requireOptions('splitRows', options, ['key', 'parts'], ['key', 'parts'])
  requireParts('splitRows', parts)
  return <T>(tree: T): SplitTree<T, P> => {
    const n = rowsIn('splitRows', tree)
    const ends = endsOf('splitRows', parts, n)
    const order = permutation(n)(key)
    return named(parts, tree, i => slice([[ends[i - 1] ?? 0, ends[i] ?? 0]])(order as Tensor))
  }
}

/** Rows by class, in the order in which the classes are first seen. */
const byClass = (labels: Tensor): readonly (readonly number[])[] => {
  const classes = new Map<number, number[]>()
  cellOf(labels).forEach((label, row) => {
    const rows = classes.get(label)
    if (rows === undefined) classes.set(label, [row])
    else rows.push(row)
  })
  return [...classes.values()]
}

/** For each class of so many rows, where its parts end; the parts are as large as they are without classes. */
const endsByClass = (parts: Parts, counts: readonly number[], n: number): readonly (readonly number[])[] => {
  const ends = endsOf('stratified', parts, n)
  const shares = Object.values(parts)
  const left = Math.max(0, 1 - shares.reduce((a, b) => a + b, 0))
  const sizes = [...ends, n].map((end, i) => end - (ends[i - 1] ?? 0))
  return apportion(counts, [...shares, left], sizes).map(row => {
    let end = 0
    return row.map(size => {
      end += size
      return end
    })
  })
}

/**
 * Splits as `splitRows` does, into parts of the same sizes, of which each has its share of every class, rounded up or down (of three
 * parts and what is left over, in rare cases one row further off). `labels`: int32 [n]. Parts are shares; rows within a part are in random
 * order. Rounding is by largest remainders: no part gets all that does not come out even.
 * @throws ValueError for shares that come to more than 1; DtypeError, ShapeError unless the labels are int32 [n]
 * @example
 * stratified({ key: key(0), labels, parts: { train: 0.5, test: 0.5 } })({ inputs, labels })
 */
export const stratified = <const P extends Parts>(options: {
  readonly key: Key
  readonly labels: Tensor
  readonly parts: P
}) => {
  const { key, labels, parts } = requireOptions(
    'stratified',
    options,
    ['key', 'labels', 'parts'],
    ['key', 'labels', 'parts'],
  )
  requireParts('stratified', parts)
  requireTensor('stratified', labels, 'labels')
  return <T>(tree: T): SplitTree<T, P> => {
    const n = rowsIn('stratified', tree)
    if (labels.dtype !== 'int32') return fail(dtypeError('stratified', `labels are int32, got ${labels.dtype}`))
    if (labels.shape.length !== 1 || labels.shape[0] !== n)
      return fail(shapeError('stratified', `needs a label for each of the ${n} rows, got ${showShape(labels.shape)}`))
    if (Object.values(parts).some(share => share > 1))
      return fail(valueError('stratified', 'parts are shares from 0 to 1 of each class'))
    const classes = byClass(labels)
    const counts = classes.map(rows => rows.length)
    const ends = endsByClass(parts, counts, n)
    const chosen = classes.map((rows, i) => {
      const order = cellOf(permutation(rows.length)(foldIn(i + 1)(key)))
      return (part: number) => [...order.slice(ends[i]?.[part - 1] ?? 0, ends[i]?.[part] ?? 0)].map(at => rows[at] ?? 0)
    })
    return named(parts, tree, part => {
      const rows = Int32Array.from(chosen.flatMap(take => take(part)))
      return permutation(tensor(rows) as Tensor)(foldIn(0)(foldIn(part)(key)))
    })
  }
}
