/**
 * What a differentiated function returns besides its result: a tree of anything, of which tensors come out without derivatives.
 *
 * Layer: transform. Read next: grad.ts, jacobian.ts.
 */
import { describe, fail, treeError } from '../core/errors.ts'
import { isTensor } from '../core/tensor.ts'
import { flatten, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'

/** A result, the tensors of what comes with it, and how that is put together of others. */
export type WithAux = {
  readonly result: unknown
  readonly tensors: readonly Tensor[]
  readonly restore: (tensors: readonly Tensor[]) => unknown
}

/** What a function returned, taken apart: [result, aux] if it has aux; `result` names that in messages. */
export const withAux = (op: string, y: unknown, hasAux: boolean, result: string): WithAux => {
  if (!hasAux) return { result: y, tensors: [], restore: () => undefined }
  if (!Array.isArray(y) || y.length !== 2)
    return fail(treeError(op, `with aux: true the function must return [${result}, aux], got ${describe(y)}`))
  const [leaves, shape] = flatten(y[1])
  const tensors = leaves.filter(isTensor)
  const restore: WithAux['restore'] = others =>
    unflatten(
      shape,
      leaves.map(x => (isTensor(x) ? others[tensors.indexOf(x)] : x)),
    )
  return { result: y[0], tensors, restore }
}
