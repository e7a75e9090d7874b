/**
 * Different transformations for different leaves: masks and groups.
 *
 * Layer: optim. A transformation sees the leaves of its group only, as an array in the order of the tree; the others are not there, so
 * that what it computes over all leaves, such as a global norm, is over its group.
 */
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { isOptions, requireThat } from '../core/options.ts'
import { flattenWithPaths, type Tree, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import {
  chain,
  type GradientTransformation,
  type OptimizerState,
  requireTransformation,
  type Tensors,
  transformation,
} from './transformation.ts'

/** A label for each leaf: a tree of the structure of the parameters, or a function of path (such as `.layers[0].w`) and leaf. */
export type Labels<L> = Tree<L> | ((path: string, leaf: Tensor) => L)

/** The labels of the leaves of a tree, in order. */
const labelsOf = <L>(op: string, labels: Labels<L>, tree: unknown): readonly L[] => {
  const [leaves] = flattenWithPaths(tree)
  if (typeof labels === 'function') {
    const label = labels as (path: string, leaf: Tensor) => L
    return leaves.map(({ path, value }) => label(path, value as Tensor))
  }
  const [given] = flattenWithPaths(labels)
  leaves.forEach(({ path }, i) => {
    if (given[i]?.path !== path || given.length !== leaves.length)
      fail(
        treeError(op, `the labels have another structure than the parameters, at tree${path}: one label for each leaf`),
      )
  })
  return given.map(({ value }) => value as L)
}

const requireLabels = <L>(op: string, what: string, labels: Labels<L>): void => {
  if (labels === undefined || labels === null)
    fail(valueError(op, `${what} must be a tree with one for each leaf, or a function of path and leaf, got ${labels}`))
}

type Groups = { readonly [label: string]: GradientTransformation }
/** The state of each group, by label. */
type GroupStates = { readonly [label: string]: OptimizerState }

/** The leaves of one group. */
const members = (leaves: readonly Tensor[], labels: readonly string[], label: string): readonly Tensor[] =>
  leaves.filter((_, i) => labels[i] === label)

/** A tensor for each leaf from those of the groups, which come in order. */
const merged = (
  labels: readonly string[],
  groups: { readonly [label: string]: readonly Tensor[] },
): readonly Tensor[] =>
  labels.map((label, i) => {
    const before = labels.slice(0, i).filter(other => other === label).length
    return groups[label]?.[before] as Tensor
  })

const partitioned = (
  op: string,
  groups: Groups,
  labelled: (tree: Tensors) => readonly string[],
): GradientTransformation => {
  requireThat(op, 'a record of transformations by label', groups, isOptions(groups))
  const names = Object.keys(groups)
  for (const name of names) requireTransformation(op, name, groups[name] as GradientTransformation)
  const checked = (tree: Tensors): readonly string[] => {
    const found = labelled(tree)
    const stray = found.find(label => !names.includes(label))
    return stray === undefined
      ? found
      : fail(valueError(op, `${describe(stray)} labels a leaf, but the transformations are ${names.join(', ')}`))
  }
  const each = <A>(make: (name: string, group: GradientTransformation) => A): { readonly [label: string]: A } =>
    Object.fromEntries(names.map(name => [name, make(name, groups[name] ?? chain())]))
  return transformation<GroupStates>({
    init: params => {
      const found = checked(params)
      const [leaves] = tensorsOf(op, 'params', params)
      return each((name, group) => group.init(members(leaves, found, name)))
    },
    update: (grads, states, params) => {
      const found = checked(params)
      const [[gs, shape], [ps]] = [tensorsOf(op, 'grads', grads), tensorsOf(op, 'params', params)]
      const results = each((name, group) =>
        group.update(members(gs, found, name), states[name] ?? [], members(ps, found, name)),
      )
      const updates = merged(found, Object.fromEntries(names.map(name => [name, results[name]?.[0] ?? []])))
      return [unflatten<Tensors>(shape, updates), each(name => results[name]?.[1] ?? [])]
    },
  })
}

/**
 * A transformation for each group of leaves. `labels` says the group of each leaf: a tree of labels, or a function of its path and
 * itself. As PyTorch's parameter groups and Optax's `multi_transform`.
 * @throws ValueError for a label without transformation; TreeError for a tree of labels with another structure than the parameters
 * @example
 * const slower = partition(
 *   { body: adam({ learningRate: 1e-4 }), head: adam({ learningRate: 1e-3 }) },
 *   path => (path.startsWith('.head') ? 'head' : 'body'),
 * )
 */
export const partition = <L extends string>(
  transformations: { readonly [label in L]: GradientTransformation },
  labels: Labels<NoInfer<L>>,
): GradientTransformation => {
  requireLabels('partition', 'labels', labels)
  return partitioned('partition', transformations, tree => labelsOf('partition', labels, tree))
}

/**
 * A transformation of the leaves where `mask` is true; the gradients of the others pass as they are. `mask` is a tree of booleans or a
 * function of a leaf's path and the leaf. For leaves that are not to be trained, use `partition` with
 * `scale(0)`.
 * @throws TreeError for a mask of another structure than the parameters
 * @example
 * masked(addDecayedWeights(1e-4), (_path, p) => p.shape.length > 1) // no decay for biases
 */
export const masked = (inner: GradientTransformation, mask: Labels<boolean>): GradientTransformation => {
  requireTransformation('masked', 'what is masked', inner)
  requireLabels('masked', 'the mask', mask)
  return partitioned('masked', { yes: inner, no: chain() }, tree =>
    labelsOf('masked', mask, tree).map(chosen => (chosen ? 'yes' : 'no')),
  )
}
