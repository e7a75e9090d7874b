/**
 * The fully connected layer.
 *
 * Layer: nn.
 */
import { assertShape } from '../core/assert-shape.ts'
import type { FloatDtype } from '../core/dtype.ts'
import { fail, shapeError } from '../core/errors.ts'
import { showShape } from '../core/shape.ts'
import type { Features } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'
import { matmul } from '../ops/linalg.ts'
import { split } from '../random/index.ts'
import { checkSizes } from './checks.ts'
import { glorotUniform, type Initializer, zeros } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** Weights w: [in, out] and biases b: [out]. */
export type DenseParams<In extends number = number, Out extends number = number> = {
  readonly w: Tensor<readonly [In, Out]>
  readonly b: Tensor<readonly [Out]>
}

/** Initialisers of weights (`glorotUniform`) and biases (`zeros`), and the dtype of both (float32). */
export type DenseOptions = {
  readonly init?: Initializer
  readonly biasInit?: Initializer
  readonly dtype?: FloatDtype
}

/**
 * x @ w + b: [..., inputs] -> [..., outputs].
 * @throws ValueError unless both sizes are whole numbers of at least 1; on application, ShapeError when x does not end in `inputs`
 * @example
 * dense(784, 10).init(key(0)).params // [{ w: [784,10], b: [10] }]
 */
export const dense = <const In extends number, const Out extends number>(
  inputs: In,
  outputs: Out,
  { init = glorotUniform, biasInit = zeros, dtype = 'float32' }: DenseOptions = {},
): Layer<readonly [DenseParams<In, Out>], readonly [Stateless], Features<In, Out>> => {
  checkSizes('dense', [inputs, outputs])
  return layer<DenseParams<In, Out>, Features<In, Out>>({
    name: 'dense',
    init: key => {
      const [forWeights, forBiases] = split(key)
      return {
        w: assertShape([inputs, outputs])(init({ shape: [inputs, outputs], dtype })(forWeights)),
        b: assertShape([outputs])(biasInit({ shape: [outputs], dtype, fans: { in: inputs, out: outputs } })(forBiases)),
      } as unknown as DenseParams<In, Out>
    },
    apply: ({ w, b }, x) =>
      x.shape.at(-1) === inputs
        ? add(matmul(x, w), b)
        : fail(shapeError('dense', `takes [..., ${inputs}], got ${showShape(x.shape)}`)),
  })
}
