/**
 * `cotangent/nn`: layers, initialisers and losses. No logic.
 */
export { type DenseOptions, type DenseParams, dense } from './dense.ts'
export {
  type Distribution,
  type FanMode,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitOptions,
  lecunNormal,
  lecunUniform,
  varianceScaling,
  zeros,
} from './initializers.ts'
export {
  type ActivationFunction,
  activation,
  type Concat,
  type Layer,
  layer,
  layerMonoid,
  type Part,
  serial,
} from './layer.ts'
export { softmaxCrossEntropy } from './losses/softmax.ts'
