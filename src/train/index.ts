/**
 * `cotangent/train`: folds over batches, running averages, scores of classifiers, and progress. No logic.
 */
export { type Average, average, averageMonoid, averageValue } from './average.ts'
export { confusionMatrix, type NameOptions, showConfusion } from './confusion.ts'
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
export { type ClassificationReport, classificationReport, type Scores, showScores } from './report.ts'
