/**
 * `cotangent/metrics`: scores of predictions, and running averages. No logic.
 */
export { accuracy, binaryAccuracy, perplexity, topKAccuracy } from './accuracy.ts'
export { balancedAccuracy, cohenKappa, matthewsCorrelation } from './agreement.ts'
export { type Average, average, averageMonoid, averageValue } from './average.ts'
export { confusionMatrix, confusionMonoid, type NameOptions, showConfusion } from './confusion.ts'
export { averagePrecision, type RocAucOptions, type RocCurve, rocAuc, rocCurve } from './ranking.ts'
export { r2 } from './regression.ts'
export {
  type ClassificationReport,
  classificationReport,
  type ReportOptions,
  type Scores,
  showScores,
} from './report.ts'
