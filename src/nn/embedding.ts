/**
 * Vectors for whole numbers, such as the words of a vocabulary.
 *
 * Layer: nn.
 */
import { assertShape } from '../core/assert-shape.ts'
import type { FloatDtype } from '../core/dtype.ts'
import { dtypeError, fail } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { take } from '../ops/indexing.ts'
import { checkInits, checkSizes } from './checks.ts'
import { normalInit } from './constants.ts'
import { drawnBy, type Initializer } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** A vector for each number: [count, features]. */
export type EmbeddingParams = { readonly table: Tensor }

/** Initialiser of the vectors (standard normal, as in PyTorch), and their dtype (float32). */
export type EmbeddingOptions = { readonly init?: Initializer; readonly dtype?: FloatDtype }

/**
 * The vector of each number: int32 [...] -> [..., features]. Gradients are added up in the rows that were read, and 0 in others.
 * Numbers from `count` on read NaN, and negative ones count from the end, as in the op `take`.
 * @throws ValueError for sizes below 1; on application, DtypeError unless x is int32
 * @example
 * const words = embedding(10, 3)
 * const { params, state } = words.init(key(0))
 * words.apply(params, state, labels)[0] // [4,3]
 */
export const embedding = (
  count: number,
  features: number,
  options: EmbeddingOptions = {},
): Layer<readonly [EmbeddingParams], readonly [Stateless]> => {
  const { init = normalInit(), dtype = 'float32' } = requireOptions('embedding', options, ['init', 'dtype'])

  checkSizes('embedding', [count, features])
  checkInits('embedding', options)
  const shape = [count, features] as const
  return layer<EmbeddingParams>({
    name: 'embedding',
    init: key => ({ table: assertShape(shape)(drawnBy(init, { shape, dtype }, key)) }),
    apply: ({ table }, x) =>
      x.dtype === 'int32'
        ? take({ axis: 0 })(table, x)
        : fail(dtypeError('embedding', `takes int32, got ${x.dtype}: convert with cast('int32')`)),
  })
}
