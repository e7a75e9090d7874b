/**
 * Images to vectors.
 *
 * Layer: nn.
 */
import { dim, sizeOf } from '../core/shape.ts'
import { reshape } from '../ops/movement.ts'
import { checkInput } from './checks.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/**
 * All axes but the first in one, in row-major order: [batch, ...] -> [batch, size].
 * @throws on application, ShapeError for a scalar
 * @example
 * flatten().apply([[]], [[]], images)[0] // [4,28,28,1] -> [4,784]
 */
export const flatten = (): Layer<readonly [readonly []], readonly [Stateless]> =>
  layer({
    name: 'flatten',
    init: () => [] as const,
    apply: (_params, x) => {
      checkInput('flatten', x.shape.length > 0, '[batch, ...]', x)
      return reshape([dim(x.shape, 0), sizeOf(x.shape.slice(1))])(x)
    },
  })
