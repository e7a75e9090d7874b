/**
 * `cotangent/train`: folds over batches, and progress. No logic.
 */
export { type FoldOptions, fold, foldTask, type Step } from './fold.ts'
export {
  type Advance,
  type Progress,
  type ProgressOptions,
  type ProgressStream,
  progress,
  showAdvance,
  showDuration,
} from './progress.ts'
