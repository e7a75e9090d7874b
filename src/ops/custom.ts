/**
 * customOp: an op of one's own, with all that ops have.
 *
 * Layer: ops.
 */
import { requireRecord } from '../core/options.ts'
import { range } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Op, Params, Tensor } from '../core/types.ts'
import { stack } from './arrange.ts'
import { type Declaration, defineOp, lift, primitive } from './define.ts'
import { add } from './elementwise.ts'
import { rowOf } from './slicing.ts'

/** A declaration; without a batching rule, the op is applied to one example after the other. */
export type CustomDeclaration<P extends Params> = Omit<Declaration<P>, 'batch'> & Partial<Pick<Declaration<P>, 'batch'>>

/** A batching rule for any op: example by example. */
const oneByOne =
  <P extends Params>(op: () => Op<P>): Op<P>['batch'] =>
  (params, args, batched, size) => [
    stack(range(0, size).map(i => bind1(op(), params, ...args.map((x, k) => (batched[k] ? rowOf(x, i) : x))))),
  ]

/**
 * An op with one result, from its declaration: shape and dtype rule, kernel, one way to differentiate it, samples, and a batching
 * rule unless one example after the other will do. It takes part in every transformation, runs on every backend, and the laws can
 * be tried on it: `checkSubject(registeredSubject(f), …)` of `cotangent/testing`. For elementwise functions `unary` and `binary`
 * write most of it; a composition of ops needs none of it, and gets a derivative of its own from `customJvp` or `customVjp`.
 * @returns params => (…tensors) => tensor; numbers take the dtype of the tensors beside them
 * @throws what the shape rule refuses
 * @example
 * const double = customOp({
 *   name: 'double',
 *   doc: '2x.',
 *   infer: (_params, types) => typed(first(types).shape, first(types).dtype),
 *   lower: (_params, types) => {
 *     const { shape, dtype } = first(types)
 *     const element = load(0, dtype, shape, shape.map((_, i) => along(i)))
 *     return mapNest(shape, apply('add', element, element))
 *   },
 *   differentiation: { rule: 'linear', transpose: (_params, ct) => [mul(ct, 2)] },
 *   sample: draw => ({ params: {}, args: [draw.tensor(draw.shape())] }),
 * })
 * vmap((v: Tensor) => double({})(v))(tensor([1, 2])) // [2, 4]
 */
export const customOp = <P extends Params = Record<string, never>>(
  declaration: CustomDeclaration<P>,
): ((params: P) => (...args: readonly TensorLike[]) => Tensor) => {
  const parts = ['name', 'doc', 'infer', 'lower', 'differentiation', 'sample'] as const
  requireRecord('customOp', `a declaration, { ${parts.join(', ')} }`, declaration, parts)
  const op: Op<P> = defineOp({ ...declaration, batch: declaration.batch ?? oneByOne(() => op) }, (x, y) => add(x, y))
  return primitive(
    op,
    (params: P) =>
      (...args: readonly TensorLike[]): Tensor =>
        bind1(op, params, ...lift(declaration.name, args)),
  )
}
