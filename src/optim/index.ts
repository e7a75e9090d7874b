/**
 * `cotangent/optim`: gradient transformations, the optimizers made of them, and schedules of their rates. No logic.
 */
export { type AdamOptions, adam, adamax, adamW, amsgrad, lamb, lion, nadam, radam } from './adams.ts'
export { type RmsOptions, scaleByAdadelta, scaleByAdagrad, scaleByRms } from './adaptive.ts'
export { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from './clipping.ts'
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
export { type Ema, type EmaState, ema } from './ema.ts'
export { type Labels, masked, partition } from './groups.ts'
export { type MinimizeOptions, type MinimizeProgress, type Minimum, minimize, type StopReason } from './minimize.ts'
export { type MomentOptions, scaleByAdam, scaleByAdamax, scaleByNadam, scaleByRadam } from './moments.ts'
export { type MomentumOptions, momentum } from './momentum.ts'
export { adadelta, adagrad, rmsprop, sgd } from './optimizers.ts'
export { type Plateau, type PlateauOptions, type PlateauState, reduceOnPlateau } from './plateau.ts'
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
export { scaleByLion, scaleByTrustRatio } from './signs.ts'
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
export { accumulate, skipNotFinite, skippedSteps } from './wrappers.ts'
