/**
 * `cotangent/optim`: gradient transformations and the optimizers made of them. No logic.
 */
export { adam, type LearningRate, rmsprop, sgd } from './optimizers.ts'
export { momentum, scale, scaleByAdam, scaleByRms } from './rules.ts'
export {
  applyUpdates,
  chain,
  type GradientTransformation,
  type OptimizerState,
  type Rule,
  type Tensors,
  transformation,
  transformationMonoid,
} from './transformation.ts'
