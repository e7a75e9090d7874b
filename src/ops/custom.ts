/**
 * customOp: an op of one's own, with all that ops have.
 *
 * Layer: ops.
 */
import type { TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Params, Tensor } from '../core/types.ts'
import { type Declaration, defineOp, lift, primitive } from './define.ts'
import { add } from './elementwise.ts'

/**
 * An op from its declaration: shape and dtype rule, kernel, one way to differentiate it, batching rule, samples. It takes part in
 * every transformation, runs on every backend, and the laws can be tried on it (`checkSubject(registeredSubject(f))` of
 * `cotangent/testing`). For functions of one or two arguments elementwise, `unary` and `binary` write most of it.
 *
 * Composing ops needs none of this; `customJvp` and `customVjp` give a composition a derivative of its own.
 * @returns params => (…tensors) => tensor; numbers take the dtype of the tensors beside them
 * @throws what the declaration's shape rule refuses
 * @example
 * const double = customOp({
 *   name: 'double',
 *   doc: '2x.',
 *   infer: (_params, [x]) => typed(x.shape, x.dtype),
 *   lower: (_params, [x]) => mapNest(x.shape, apply('mul', load(0, x.dtype, x.shape, x.shape.map((_, i) => along(i))), constant(x.dtype, 2))),
 *   differentiation: { rule: 'linear', transpose: (_params, ct) => [mul(ct, 2)] },
 *   batch: (_params, [x]) => [double({})(x)],
 *   sample: draw => ({ params: {}, args: [draw.tensor(draw.shape())] }),
 * })
 * double({})(3) // 6
 */
export const customOp = <P extends Params = Record<string, never>>(
  declaration: Declaration<P>,
): ((params: P) => (...args: readonly TensorLike[]) => Tensor) => {
  const op = defineOp(declaration, (x, y) => add(x, y))
  return primitive(
    op,
    (params: P) =>
      (...args: readonly TensorLike[]): Tensor =>
        bind1(op, params, ...lift(declaration.name, args)),
  )
}
