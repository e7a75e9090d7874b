/**
 * Layers side by side: each gets the same input, and their outputs are merged. A residual block is the sum of a shortcut and a
 * network.
 *
 * Layer: nn. To put branches beside others is to append them, so that it is associative with an identity, as `serial` is.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireFunction, requireList, requireOptions, requireRecord } from '../core/options.ts'
import { sameShape, showShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'
import { concat } from '../ops/slicing.ts'
import { foldIn } from '../random/index.ts'
import {
  type Layer,
  modeOfPart,
  ofParts,
  type ParamsOf,
  requireLayer,
  type SomeLayer,
  type StateOf,
  serial,
  statefulLayer,
} from './layer.ts'

/** One tensor from those of all branches, of which there is at least one. */
export type Merge = (ys: readonly Tensor[]) => Tensor

/**
 * The sum of outputs of one shape.
 * @throws ShapeError when the shapes differ
 */
export const addBranches: Merge = ys => {
  if (Array.isArray(ys) && ys.length === 0)
    return fail(valueError('addBranches', 'there is no output of a branch to add'))
  return requireList('addBranches', 'the outputs of branches', ys).reduce((total, y) =>
    sameShape(total.shape, y.shape)
      ? add(total, y)
      : fail(shapeError('addBranches', `branches give ${showShape(total.shape)} and ${showShape(y.shape)}`)),
  )
}

/**
 * Outputs one after the other along an axis, the last one by default: as channels or features.
 * @throws ShapeError when they differ along another axis
 */
export const concatBranches = (options: { readonly axis?: number } = {}): Merge => {
  const { axis = -1 } = requireOptions('concatBranches', options, ['axis'])
  return ys => concat({ axis })(ys)
}

/** A layer of one part that knows its branches, so that others can be put beside them. */
export interface Parallel<Ps extends readonly unknown[], Ss extends readonly unknown[]>
  extends Layer<readonly [Ps], readonly [Ss]> {
  readonly branches: readonly SomeLayer[]
}

const ofBranches = <Ps extends readonly unknown[], Ss extends readonly unknown[]>(
  merge: Merge,
  layers: readonly SomeLayer[],
): Parallel<Ps, Ss> => {
  const branches = layers.map((each, i) =>
    ofParts<readonly unknown[], readonly unknown[]>(requireLayer('parallel', `branch ${i}`, each).parts),
  )
  const whole = statefulLayer<readonly unknown[], readonly unknown[]>({
    name: `parallel(${layers.map(nameOf).join(', ')})`,
    init: key => {
      const made = branches.map((branch, i) => branch.init(foldIn(i)(key)))
      return { params: made.map(({ params }) => params), state: made.map(({ state }) => state) }
    },
    apply: (params, state, x, mode) => {
      if (branches.length === 0) return fail(valueError('parallel', 'has no branches, so it has no output'))
      const results = branches.map((branch, i) =>
        branch.apply(params[i] as readonly unknown[], state[i] as readonly unknown[], x, modeOfPart(mode, i)),
      )
      return [merge(results.map(([y]) => y)), results.map(([, next]) => next)]
    },
  })
  return { ...whole, branches: layers } as unknown as Parallel<Ps, Ss>
}

const nameOf = ({ parts }: SomeLayer): string =>
  parts.length === 0 ? 'identity' : parts.map(({ name }) => name).join(' → ')

/**
 * Layers side by side. Parameters and state have an entry for each branch; every branch draws from a key of its own.
 * @throws on application, ValueError without branches; ShapeError when outputs do not fit together
 * @example
 * const inception = parallel(concatBranches())(dense(8, 4), serial(dense(8, 2), activation(relu)))
 * const { params, state } = inception.init(key(0))
 * inception.apply(params, state, ones([5, 8])) // [[5,6], state]
 */
export const parallel = (merge: Merge) => {
  requireFunction('parallel', 'what merges branches', merge)
  return <const Ls extends readonly SomeLayer[]>(
    ...layers: Ls
  ): Parallel<{ readonly [K in keyof Ls]: ParamsOf<Ls[K]> }, { readonly [K in keyof Ls]: StateOf<Ls[K]> }> =>
    ofBranches(merge, layers)
}

/** Branches put beside others, as a monoid; its identity has none. */
export const parallelMonoid = (merge: Merge): Monoid<Parallel<readonly unknown[], readonly unknown[]>> => {
  requireFunction('parallelMonoid', 'what merges branches', merge)
  const branchesOf = (part: Parallel<readonly unknown[], readonly unknown[]>): readonly SomeLayer[] =>
    requireRecord('parallelMonoid', 'branches, as parallel makes them', part, ['branches']).branches
  return {
    empty: ofBranches(merge, []),
    concat: (first, second) => ofBranches(merge, [...branchesOf(first), ...branchesOf(second)]),
  }
}

/**
 * shortcut(x) + inner(x); the shortcut is x itself by default, else a projection where shapes differ. He, Zhang, Ren and Sun (2016).
 * Parameters and state are those of the shortcut and of the network.
 * @throws on application, ShapeError when the two outputs differ in shape
 * @example
 * const block = residual(serial(dense(8, 8), activation(relu), dense(8, 8)))
 * const { params, state } = block.init(key(0))
 * block.apply(params, state, ones([5, 8])) // [[5,8], state]
 */
export const residual = <L extends SomeLayer, Shortcut extends SomeLayer = ReturnType<typeof serial<readonly []>>>(
  inner: L,
  shortcut?: Shortcut,
): Parallel<readonly [ParamsOf<Shortcut>, ParamsOf<L>], readonly [StateOf<Shortcut>, StateOf<L>]> =>
  ofBranches(addBranches, [
    shortcut === undefined ? serial() : requireLayer('residual', 'the shortcut', shortcut),
    requireLayer('residual', 'what is inside', inner),
  ])
