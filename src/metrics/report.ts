/**
 * Precision, recall and F1 by class, with their averages, as scikit-learn's classification_report has and prints them.
 *
 * Layer: metrics. Where a score is 0/0 it is given as 0, and the report says so.
 */
import type { Tensor } from '../core/types.ts'
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

/** The scores of each class; `macro` weighs classes equally, `weighted` by support. */
export type ClassificationReport = {
  readonly classes: readonly Scores[]
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

const positionsOf = (xs: readonly number[], value: number): readonly number[] =>
  xs.flatMap((x, i) => (x === value ? [i] : []))

/**
 * The scores that follow from a confusion matrix, int32 [classes, classes] with labels as rows.
 * @throws ShapeError unless the matrix is square
 * @example
 * pipe(confusionMatrix({ classes: 10 })(labels, argmax({ axis: -1 })(logits)), classificationReport, showScores())
 */
export const classificationReport = (matrix: Tensor): ClassificationReport => {
  const counts = countsOf('classificationReport', matrix)
  const right = counts.map((row, i) => row[i] ?? 0)
  const support = counts.map(total)
  const predicted = counts.map((_, i) => total(counts.map(row => row[i] ?? 0)))
  const classes = right.map((hits, i): Scores => {
    const [there, said] = [support[i] ?? 0, predicted[i] ?? 0]
    return {
      precision: ratio(hits, said),
      recall: ratio(hits, there),
      f1: ratio(2 * hits, there + said),
      support: there,
    }
  })
  return {
    classes,
    accuracy: ratio(total(right), total(support)),
    macro: averaged(classes, () => 1),
    weighted: averaged(classes, s => s.support),
    neverPredicted: positionsOf(predicted, 0),
    absent: positionsOf(support, 0),
  }
}

const COLUMNS = ['precision', 'recall', 'f1-score', 'support'] as const
const COLUMN = 9
const AVERAGES = 'weighted avg'

/** What had to be defined, in words. */
const notesOf = ({ neverPredicted, absent }: ClassificationReport, heads: readonly string[]): readonly string[] => {
  const named = (classes: readonly number[]): string => classes.map(i => heads[i]).join(', ')
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
export const showScores =
  ({ names, digits = 2 }: NameOptions & { readonly digits?: number } = {}) =>
  (report: ClassificationReport): string => {
    const heads = classNames('showScores', report.classes.length, names)
    const first = Math.max(AVERAGES.length, digits, ...heads.map(head => head.length))
    const line = (head: string, cells: readonly string[]): string =>
      `${head.padStart(first)}  ${cells.map(cell => cell.padStart(COLUMN)).join(' ')}`
    const scores = (head: string, { precision, recall, f1, support }: Scores): string =>
      line(head, [...[precision, recall, f1].map(x => x.toFixed(digits)), String(support)])
    const { accuracy, macro, weighted } = report
    return [
      line('', COLUMNS),
      '',
      ...report.classes.map((s, i) => scores(heads[i] ?? '', s)),
      '',
      line('accuracy', ['', '', accuracy.toFixed(digits), String(macro.support)]),
      scores('macro avg', macro),
      scores(AVERAGES, weighted),
      ...notesOf(report, heads).flatMap((note, i) => (i === 0 ? ['', note] : [note])),
    ].join('\n')
  }
