/**
 * `cotangent/nn`: layers, initialisers and losses. No logic.
 */
export {
  type AttentionOptions,
  attention,
  type MultiHeadAttentionOptions,
  type MultiHeadInit,
  type MultiHeadOptions,
  type MultiHeadParams,
  multiHead,
  multiHeadAttention,
  multiHeadParams,
} from './attention.ts'
export {
  type BatchNormOptions,
  type BatchStatistics,
  batchNorm,
  type NormOptions,
  type NormParams,
} from './batchnorm.ts'
export {
  addBranches,
  concatBranches,
  type Merge,
  type Parallel,
  parallel,
  parallelMonoid,
  residual,
} from './branches.ts'
export {
  constantInit,
  identityInit,
  normalInit,
  onesInit,
  orthogonal,
  truncatedNormalInit,
  uniformInit,
  zerosInit,
} from './constants.ts'
export {
  type ConvLayerOptions,
  type ConvParams,
  type ConvTransposeLayerOptions,
  conv,
  convTranspose,
  type Window,
} from './convolution.ts'
export { type DenseOptions, type DenseParams, dense, type LinearParams } from './dense.ts'
export { dropout, spatialDropout } from './dropout.ts'
export { type EmbeddingOptions, type EmbeddingParams, embedding } from './embedding.ts'
export { flatten } from './flatten.ts'
export {
  type Distribution,
  type FanMode,
  type Fans,
  fansOf,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitOptions,
  lecunNormal,
  lecunUniform,
  torchInit,
  torchUniform,
  varianceScaling,
} from './initializers.ts'
export {
  type ActivationFunction,
  activation,
  type Concat,
  type Layer,
  layer,
  layerMonoid,
  type Mode,
  type Part,
  type Stateless,
  type StatelessPart,
  serial,
  statefulLayer,
  type Variables,
} from './layer.ts'
export { hinge, sigmoidCrossEntropy, squaredHinge } from './losses/binary.ts'
export type { Loss, LossOptions, LossReduction, RowLoss } from './losses/common.ts'
export { huber, logCosh, mae, mse, poissonNll, smoothL1 } from './losses/regression.ts'
export { cosineDistance, klDivergence, multiclassHinge, triplet } from './losses/rows.ts'
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from './losses/softmax.ts'
export { groupNorm, instanceNorm, layerNorm, type Norm, rmsNorm } from './norms.ts'
export {
  type AveragePoolLayerOptions,
  avgPool,
  type GlobalPoolOptions,
  globalAvgPool,
  globalMaxPool,
  maxPool,
  type PoolLayerOptions,
} from './pooling.ts'
export { type PreluOptions, type PreluParams, prelu } from './prelu.ts'
export {
  gru,
  gruCell,
  type LstmState,
  lstm,
  lstmCell,
  type RecurrentOptions,
  type RecurrentParams,
  rnn,
  rnnCell,
} from './recurrent.ts'
export {
  outputShape,
  type Summary,
  type SummaryOptions,
  type SummaryRow,
  showSummary,
  summary,
  summaryOf,
} from './summary.ts'
