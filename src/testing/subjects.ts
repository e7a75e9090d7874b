/**
 * Users' own functions as subjects of the laws.
 *
 * Layer: testing.
 */
import { requireFunction } from '../core/options.ts'
import { isTensor } from '../core/tensor.ts'
import { treeLeaves } from '../core/tree.ts'
import type { Draw, Tensor } from '../core/types.ts'
import type { Subject } from '../ops/define.ts'

/** A function on tensors to be checked. */
export type Checkable = (...args: readonly Tensor[]) => unknown

/** Chooses arguments for a function; see `Draw`. */
export type Sampler = (draw: Draw) => readonly Tensor[]

/** As many tensors of one shape as the function has parameters, with numbers between -2 and 2. */
const sameShape =
  (arity: number): Sampler =>
  draw => {
    const shape = draw.shape({ minRank: 1, maxRank: 2 })
    return Array.from({ length: arity }, () => draw.tensor(shape, [[-2, 2]]))
  }

/**
 * A function as a subject of the laws. Its results may be a tensor or a tree of them.
 * @param sampler how to choose its arguments; without one, every parameter gets a tensor of one random shape
 */
export const subjectOf = (
  name: string,
  f: Checkable,
  sampler: Sampler = sameShape(Math.max(1, requireFunction('subjectOf', 'what is checked', f).length)),
): Subject => ({
  name,
  doc: '',
  op: null,
  refuses: false,
  apply: (_params, args) => {
    const y = f(...args)
    return isTensor(y) ? [y] : treeLeaves(y)
  },
  sample: draw => ({ params: {}, args: sampler(draw) }),
})
