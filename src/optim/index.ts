/**
 * `cotangent/optim`: gradient transformations, the optimizers made of them, and schedules of their rates. No logic.
 */
export { oneCycle, oneCycleMomentum, warmRestarts } from './cycles.ts'
export {
  cosineDecay,
  exponentialDecay,
  linearSchedule,
  piecewiseConstant,
  polynomialDecay,
  stepDecay,
  timeDecay,
} from './decays.ts'
export { adam, rmsprop, sgd } from './optimizers.ts'
export { type Plateau, type PlateauOptions, type PlateauState, reduceOnPlateau } from './plateau.ts'
export { momentum, scaleByAdam, scaleByRms } from './rules.ts'
export { type LearningRate, scale, scaleBySchedule } from './scaling.ts'
export {
  constantSchedule,
  joinSchedules,
  perEpoch,
  type Schedule,
  schedule,
  scheduleMonoid,
  warmup,
} from './schedule.ts'
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
export { addDecayedWeights, type WeightDecay } from './weight-decay.ts'
