/**
 * `cotangent/nn`: layers, initialisers and losses. No logic.
 */
export {
  addBranches,
  concatBranches,
  type Merge,
  type Parallel,
  parallel,
  parallelMonoid,
  residual,
} from './branches.ts'
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
  type Mode,
  type Part,
  type Stateless,
  type StatelessPart,
  serial,
  statefulLayer,
  type Variables,
} from './layer.ts'
export { softmaxCrossEntropy } from './losses/softmax.ts'
export {
  outputShape,
  type Summary,
  type SummaryOptions,
  type SummaryRow,
  showSummary,
  summary,
  summaryOf,
} from './summary.ts'
