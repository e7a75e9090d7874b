/**
 * Precision, recall and F1 by class, with their averages, as scikit-learn's classification_report has and prints them.
 *
 * Layer: metrics. Where a score is 0/0 it is given as 0, and the report says so.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions, requireRecord } from '../core/options.ts'
import { isTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import type { NotTensor } from '../ops/define.ts'
import { classNames, countsOf, type NameOptions } from './confusion.ts'

/**
 * Scores from 0 to 1: `precision`, how many of those predicted were right; `recall`, how many of those there are were found;
 * `f1`, the harmonic mean of both. `support` is how many there are.
 */
export type Scores = {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly support: number
}

/** Options of `classificationReport`: which classes it is about, in which order; all of them by default. */
export type ReportOptions = { readonly labels?: readonly number[] } & NotTensor

/**
 * The scores of each class; `macro` weighs classes equally, `weighted` by support, `micro` counts the samples of all of them together.
 */
export type ClassificationReport = {
  readonly classes: readonly Scores[]
  /** The number of each class in `classes`. */
  readonly labels: readonly number[]
  /** Whether those are all classes; then all of `micro` is the accuracy. */
  readonly complete: boolean
  readonly micro: Scores
  /** The share of all samples that were predicted right. */
  readonly accuracy: number
  readonly macro: Scores
  readonly weighted: Scores
  /** Classes that were never predicted, so that their precision is 0/0. */
  readonly neverPredicted: readonly number[]
  /** Classes that do not occur, so that their recall is 0/0. */
  readonly absent: readonly number[]
}

const total = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0)
const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

const averaged = (classes: readonly Scores[], weightOf: (scores: Scores) => number): Scores => {
  const weight = total(classes.map(weightOf))
  const of = (score: keyof Scores): number => ratio(total(classes.map(s => s[score] * weightOf(s))), weight)
  const support = total(classes.map(s => s.support))
  return { precision: of('precision'), recall: of('recall'), f1: of('f1'), support }
}

const scoresOf = (hits: number, predicted: number, support: number): Scores => ({
  precision: ratio(hits, predicted),
  recall: ratio(hits, support),
  f1: ratio(2 * hits, support + predicted),
  support,
})

const reportOf = ({ labels }: ReportOptions, matrix: Tensor): ClassificationReport => {
  const counts = countsOf('classificationReport', matrix)
  const chosen = labels ?? counts.map((_, i) => i)
  const stray = requireList('classificationReport', 'labels', chosen).findIndex(
    (k, i) => counts[k] === undefined || chosen.indexOf(k) !== i,
  )
  if (stray >= 0)
    return fail(
      valueError('classificationReport', `label ${chosen[stray]} is none of ${counts.length} classes, or named twice`),
    )
  const hits = (k: number): number => counts[k]?.[k] ?? 0
  const support = (k: number): number => total(counts[k] ?? [])
  const predicted = (k: number): number => total(counts.map(row => row[k] ?? 0))
  const over = (f: (k: number) => number): number => total(chosen.map(f))
  const classes = chosen.map(k => scoresOf(hits(k), predicted(k), support(k)))
  return {
    classes,
    labels: chosen,
    complete: chosen.length === counts.length,
    accuracy: ratio(total(counts.map((_, k) => hits(k))), total(counts.flat())),
    micro: scoresOf(over(hits), over(predicted), over(support)),
    macro: averaged(classes, () => 1),
    weighted: averaged(classes, s => s.support),
    neverPredicted: chosen.filter(k => predicted(k) === 0),
    absent: chosen.filter(k => support(k) === 0),
  }
}

interface Report {
  (options: ReportOptions): (matrix: Tensor) => ClassificationReport
  (matrix: Tensor): ClassificationReport
}

/**
 * The scores that follow from a confusion matrix, int32 [classes, classes] with labels as rows; with `labels`, of these classes alone.
 * @throws ShapeError unless the matrix is square; ValueError for labels that are no classes, or named twice
 * @example
 * pipe(confusionMatrix({ classes: 10 })(labels, argmax({ axis: -1 })(logits)), classificationReport, showScores())
 */
export const classificationReport: Report = ((x: Tensor | ReportOptions) => {
  if (isTensor(x)) return reportOf({}, x)
  const options = requireOptions('classificationReport', x as ReportOptions, ['labels'])
  return (matrix: Tensor) => reportOf(options, matrix)
}) as Report

const COLUMNS = ['precision', 'recall', 'f1-score', 'support'] as const
const COLUMN = 9
const AVERAGES = 'weighted avg'

/** What had to be defined, in words. */
const notesOf = (
  { neverPredicted, absent, labels }: ClassificationReport,
  heads: readonly string[],
): readonly string[] => {
  const named = (classes: readonly number[]): string => classes.map(k => heads[labels.indexOf(k)]).join(', ')
  return [
    ...(neverPredicted.length > 0
      ? [`precision is 0/0, given as 0, for what was never predicted: ${named(neverPredicted)}`]
      : []),
    ...(absent.length > 0 ? [`recall is 0/0, given as 0, for what does not occur: ${named(absent)}`] : []),
  ]
}

/**
 * A report as a table, laid out as scikit-learn's, with a line below it for what had to be defined.
 * @param options.digits how many decimals scores have, 2 by default
 * @throws ValueError unless there is a name for each class
 */
export const showScores = (options: NameOptions & { readonly digits?: number } = {}) => {
  const { names, digits = 2 } = requireOptions('showScores', options, ['names', 'digits'])
  return (report: ClassificationReport): string => {
    requireRecord('showScores', 'a report, as classificationReport gives it', report, ['classes', 'labels', 'macro'])
    const numbers = report.labels.map(String)
    const heads = names === undefined ? numbers : classNames('showScores', numbers.length, names)
    const first = Math.max(AVERAGES.length, digits, ...heads.map(head => head.length))
    const line = (head: string, cells: readonly string[]): string =>
      `${head.padStart(first)}  ${cells.map(cell => cell.padStart(COLUMN)).join(' ')}`
    const scores = (head: string, { precision, recall, f1, support }: Scores): string =>
      line(head, [...[precision, recall, f1].map(x => x.toFixed(digits)), String(support)])
    const { accuracy, micro, macro, weighted, complete } = report
    return [
      line('', COLUMNS),
      '',
      ...report.classes.map((s, i) => scores(heads[i] ?? '', s)),
      '',
      complete
        ? line('accuracy', ['', '', accuracy.toFixed(digits), String(macro.support)])
        : scores('micro avg', micro),
      scores('macro avg', macro),
      scores(AVERAGES, weighted),
      ...notesOf(report, heads).flatMap((note, i) => (i === 0 ? ['', note] : [note])),
    ].join('\n')
  }
}
