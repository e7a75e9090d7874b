/**
 * `cotangent/train`: the training loop with its callbacks, folds over batches, and progress. No logic.
 */
export {
  type Action,
  type Callback,
  callback,
  callbackMonoid,
  log,
  type Measured,
  type Reason,
  type Respond,
  stop,
  type TrainEvent,
  type When,
} from './callback.ts'
export { TrainError, type TrainErrorTag } from './errors.ts'
export { evaluate, type Measure, measureOver, type SamplesOption } from './evaluate.ts'
export { type FitOptions, type FitResult, fit, type RateOf } from './fit.ts'
export { type FoldOptions, fold, foldTask, type Step } from './fold.ts'
export { type Entry, type History, type Monitor, type Point, pointsOf, showValues, type Values } from './history.ts'
export { ctrlC } from './interrupt.ts'
export {
  type LogOptions,
  logMeasure,
  logMetrics,
  logSchedule,
  type ProgressBarOptions,
  print,
  progressBar,
  validate,
} from './logging.ts'
export type { Batches } from './position.ts'
export {
  type Advance,
  type Progress,
  type ProgressOptions,
  type ProgressStream,
  progress,
  showAdvance,
  showDuration,
} from './progress.ts'
export type { Averages } from './samples.ts'
export {
  type Loss,
  type Metrics,
  type Model,
  type RatedOptimizer,
  type TrainState,
  type TrainStep,
  trainState,
  trainStep,
} from './state.ts'
export {
  type BestOptions,
  type Better,
  type CheckpointOptions,
  checkpoint,
  keepBest,
  type Snapshot,
  type Standing,
  type StopEarlyOptions,
  shouldStop,
  standing,
  stopEarly,
} from './stopping.ts'
export type { Kept } from './watch.ts'
