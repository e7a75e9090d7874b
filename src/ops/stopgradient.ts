/**
 * stopGradient: the identity, with a derivative of zero by decree.
 *
 * Layer: ops. Not in the registry, since a law that compares derivatives with finite differences must fail on it.
 */
import { along, load, mapNest } from '../core/kernel.ts'
import type { ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Op, Tensor } from '../core/types.ts'
import { defineOp, first, liftOne, only, typed } from './define.ts'

const stopGradientOp: Op<Record<string, never>> = defineOp({
  name: 'stopGradient',
  doc: 'The identity with derivative zero.',
  infer: (_params, types) => typed(first(types).shape, first(types).dtype),
  lower: (_params, types) => {
    const { shape, dtype } = first(types)
    const index = shape.map((_, i) => along(i))
    return mapNest(shape, load(0, dtype, shape, index))
  },
  view: (_params, x) => x,
  differentiation: { rule: 'constant' },
  batch: (params, xs) => [bind1(stopGradientOp, params, only(xs))],
  sample: draw => ({ params: {}, args: [draw.tensor(draw.shape())] }),
})

/** x itself, taken as a constant by `grad`, `vjp` and `jvp`. */
export const stopGradient = <X extends TensorLike>(x: X): Tensor<ShapeOf<X>> =>
  bind1(stopGradientOp, {}, liftOne('stopGradient', x)) as Tensor<ShapeOf<X>>
