/**
 * The fully connected layer.
 *
 * Layer: nn.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { fail, shapeError, valueError } from '../core/errors.ts'
import { showShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'
import { matmul } from '../ops/linalg.ts'
import { split } from '../random/index.ts'
import { glorotUniform, type Initializer, zeros } from './initializers.ts'
import { type Layer, layer } from './layer.ts'

/** Weights w: [in, out] and biases b: [out]. */
export type DenseParams = { readonly w: Tensor; readonly b: Tensor }

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
 * dense(784, 10).init(key(0)) // [{ w: [784,10], b: [10] }]
 */
export const dense = (
  inputs: number,
  outputs: number,
  { init = glorotUniform, biasInit = zeros, dtype = 'float32' }: DenseOptions = {},
): Layer<readonly [DenseParams]> => {
  const wrong = [inputs, outputs].find(n => !Number.isInteger(n) || n < 1)
  if (wrong !== undefined) return fail(valueError('dense', `sizes are whole numbers of at least 1, got ${wrong}`))
  return layer({
    init: key => {
      const [forWeights, forBiases] = split(key)
      return {
        w: init({ shape: [inputs, outputs], dtype })(forWeights),
        b: biasInit({ shape: [outputs], dtype })(forBiases),
      }
    },
    apply: ({ w, b }, x) =>
      x.shape.at(-1) === inputs
        ? add(matmul(x, w), b)
        : fail(shapeError('dense', `takes [..., ${inputs}], got ${showShape(x.shape)}`)),
  })
}
