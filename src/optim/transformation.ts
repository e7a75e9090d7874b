/**
 * Gradient transformations, as in Optax: what turns gradients into updates, with the state it needs as a value.
 *
 * Layer: optim. A transformation is a list of parts, each of which has one entry in the state; to chain is to append. So
 * chaining is associative with an identity, down to the structure of the state. Read next: scaling.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { CotangentError, describe, fail, shapeError, treeError, valueError } from '../core/errors.ts'
import { requireRecord } from '../core/options.ts'
import { sameShape, showShape } from '../core/shape.ts'
import { isTensor } from '../core/tensor.ts'
import {
  flatten,
  flattenWithPaths,
  type MapTree,
  sameTree,
  type Tree,
  tensorsOf,
  treeDifference,
  treeZip,
} from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'

/** Any tree of tensors: parameters, gradients, updates, state. */
export type Tensors = Tree<Tensor>

/** The state of a transformation: one tree of tensors for each of its parts. */
export type OptimizerState = readonly Tensors[]

/** What a part of a transformation does; its state is of the type S. */
export type Rule<S extends Tensors> = {
  readonly init: (params: Tensors) => S
  readonly update: (grads: Tensors, state: S, params: Tensors) => readonly [updates: Tensors, state: S]
}

/** A rule whose type of state has been forgotten: what `init` made is what `update` gets. */
type Part = Rule<Tensors>

/**
 * A pure function from gradients to updates. `init(params)` makes its state; `update(grads, state, params)` gives the updates,
 * with the structure, shapes and dtypes of the gradients, and the next state. It changes neither.
 */
export interface GradientTransformation {
  readonly parts: readonly Part[]
  init<P>(params: P): OptimizerState
  update<P>(grads: P, state: OptimizerState, params: P): readonly [updates: P, state: OptimizerState]
}

/** Leaves of the same places and shapes, or an error that names the first that is not. */
const requireLike = (op: string, what: string, tree: unknown, params: unknown): void => {
  const [leaves, shape] = flattenWithPaths(tree)
  const [others, wanted] = flattenWithPaths(params)
  sameTree(op, shape, wanted)
  leaves.forEach(({ path, value }, i) => {
    const other = others[i]?.value
    if (isTensor(value) && isTensor(other) && !sameShape(value.shape, other.shape))
      fail(
        shapeError(op, `${what}${path} has shape ${showShape(value.shape)}, the parameter ${showShape(other.shape)}`),
      )
  })
}

/** Why a part failed, where it was given no parameters or the state of another. */
const explained = (part: Part, i: number, state: Tensors, params: Tensors | undefined, error: CotangentError) => {
  if (params === undefined)
    return treeError('update', `part ${i} of the optimizer needs the parameters: update(grads, state, params)`)
  const difference = treeDifference(flatten(part.init(params))[1], flatten(state)[1])
  return difference === undefined
    ? error
    : treeError(
        'update',
        `the state of part ${i} is not what this optimizer makes, it differs ${difference}: make it with init(params)`,
      )
}

const updateOf = (part: Part, i: number, updates: Tensors, state: Tensors, params: Tensors) => {
  try {
    return part.update(updates, state, params)
  } catch (error) {
    throw error instanceof CotangentError ? explained(part, i, state, params, error) : error
  }
}

const updateAll = (parts: readonly Part[], grads: Tensors, state: OptimizerState, params: Tensors) => {
  if (!Array.isArray(state) || state.length !== parts.length)
    fail(
      treeError(
        'update',
        `the state ${Array.isArray(state) ? `has ${state.length} parts` : `is ${describe(state)}`}, the optimizer has ${parts.length} parts: make it with init(params)`,
      ),
    )
  if (params !== undefined) requireLike('update', 'the gradient', grads, params)
  return parts.reduce<readonly [Tensors, OptimizerState]>(
    ([updates, entries], part, i) => {
      const [next, entry] = updateOf(part, i, updates, state[i] as Tensors, params)
      return [next, [...entries, entry]]
    },
    [grads, []],
  )
}

const ofParts = (parts: readonly Part[]): GradientTransformation => ({
  parts,
  init: <P>(params: P) => {
    tensorsOf('init', 'params', params)
    return parts.map(part => part.init(params as Tensors))
  },
  update: <P>(grads: P, state: OptimizerState, params: P) =>
    updateAll(parts, grads as Tensors, state, params as Tensors) as unknown as readonly [P, OptimizerState],
})

/**
 * A transformation from a rule of your own.
 * @example
 * const signs = transformation({ init: () => [], update: (grads, state) => [treeMap(grads, sign), state] })
 */
export const transformation = <S extends Tensors>(rule: Rule<S>): GradientTransformation =>
  ofParts([requireRecord('transformation', 'a rule, { init, update }', rule, ['init', 'update']) as unknown as Part])

/** A transformation; anything else, such as an optimizer that was not called, is a ValueError which says what it is given for. */
export const requireTransformation = (
  op: string,
  what: string,
  part: GradientTransformation,
): GradientTransformation =>
  Array.isArray(part?.parts)
    ? part
    : fail(
        valueError(op, `${what} is ${describe(part)}, not a transformation: call it, as in sgd({ learningRate: 0.1 })`),
      )

/**
 * Transformations one after the other: the updates of each are the gradients of the next. Without any, gradients pass as they are.
 * @example
 * chain(momentum({ decay: 0.9 }), scale(-0.01)) // what sgd({ learningRate: 0.01, momentum: 0.9 }) is
 */
export const chain = (...transformations: readonly GradientTransformation[]): GradientTransformation =>
  ofParts(transformations.flatMap((part, i) => requireTransformation('chain', `part ${i}`, part).parts))

/** `chain` as a monoid; its identity passes gradients on. */
export const transformationMonoid: Monoid<GradientTransformation> = {
  empty: chain(),
  concat: (first, second) => chain(first, second),
}

/**
 * The parameters after a step: params + updates, leaf by leaf.
 * @throws TreeError naming the path at which the structures differ; ShapeError where an update has another shape than its parameter
 */
export const applyUpdates = <P>(params: P, updates: NoInfer<P | MapTree<P, Tensor>>): P => {
  requireLike('applyUpdates', 'the update', updates, params)
  return treeZip(params, updates, (p, u) => add(p, u))
}
