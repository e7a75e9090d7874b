/**
 * The fully connected layer.
 *
 * Layer: nn.
 */
import { assertShape } from '../core/assert-shape.ts'
import type { FloatDtype } from '../core/dtype.ts'
import { fail, shapeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { showShape } from '../core/shape.ts'
import type { Features } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'
import { matmul } from '../ops/linalg.ts'
import { type Key, split } from '../random/index.ts'
import { checkInits, checkSizes } from './checks.ts'
import { zerosInit } from './constants.ts'
import { drawnBy, glorotUniform, type Initializer } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/** Weights w: [in, out] and biases b: [out], which are absent where `Bias` is false. */
export type DenseParams<In extends number = number, Out extends number = number, Bias extends boolean = true> = {
  readonly w: Tensor<readonly [In, Out]>
} & (Bias extends true ? { readonly b: Tensor<readonly [Out]> } : { readonly b?: never })

/** Initialisers of weights (`glorotUniform`) and biases (`zerosInit`), whether there are biases (true), and the dtype (float32). */
export type DenseOptions<Bias extends boolean = boolean> = {
  readonly init?: Initializer
  readonly biasInit?: Initializer
  readonly bias?: Bias
  readonly dtype?: FloatDtype
}

/** Weights and biases whose sizes the compiler does not know, as of the parts of larger layers. */
export type LinearParams = { readonly w: Tensor; readonly b?: Tensor }

/** Draws weights [inputs, outputs] and, unless `bias` is false, biases [outputs]. */
export const linearParams =
  (
    inputs: number,
    outputs: number,
    { init = glorotUniform, biasInit = zerosInit, dtype = 'float32', bias = true }: DenseOptions = {},
  ) =>
  (key: Key): LinearParams => {
    const [forWeights, forBiases] = split(key)
    const w = assertShape([inputs, outputs])(drawnBy(init, { shape: [inputs, outputs], dtype }, forWeights))
    if (!bias) return { w }
    const fans = { in: inputs, out: outputs }
    return { w, b: assertShape([outputs])(drawnBy(biasInit, { shape: [outputs], dtype }, forBiases, fans)) }
  }

/** x @ w + b, without b if there is none. */
export const linear = ({ w, b }: LinearParams, x: Tensor): Tensor => {
  const y = matmul(x, w)
  return b === undefined ? y : add(y, b)
}

/**
 * x @ w + b: [..., inputs] -> [..., outputs]; x @ w with `bias: false`.
 * @throws ValueError unless both sizes are whole numbers of at least 1; on application, ShapeError when x does not end in `inputs`
 * @example
 * dense(784, 10).init(key(0)).params // [{ w: [784,10], b: [10] }]
 */
export const dense = <const In extends number, const Out extends number, const Bias extends boolean = true>(
  inputs: In,
  outputs: Out,
  options: DenseOptions<Bias> = {},
): Layer<readonly [DenseParams<In, Out, Bias>], readonly [Stateless], Features<In, Out>> => {
  requireOptions('dense', options, ['init', 'biasInit', 'bias', 'dtype'])

  checkSizes('dense', [inputs, outputs])
  checkInits('dense', options)
  return layer<DenseParams<In, Out, Bias>, Features<In, Out>>({
    name: 'dense',
    init: key => linearParams(inputs, outputs, options)(key) as unknown as DenseParams<In, Out, Bias>,
    apply: (params, x) =>
      x.shape.at(-1) === inputs
        ? linear(params as LinearParams, x)
        : fail(shapeError('dense', `takes [..., ${inputs}], got ${showShape(x.shape)}`)),
  })
}
