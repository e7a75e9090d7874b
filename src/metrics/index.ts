/**
 * `cotangent/metrics`: scores of predictions, and running averages. No logic.
 */
export { accuracy } from './accuracy.ts'
export { type Average, average, averageMonoid, averageValue } from './average.ts'
export { confusionMatrix, type NameOptions, showConfusion } from './confusion.ts'
export { type ClassificationReport, classificationReport, type Scores, showScores } from './report.ts'
