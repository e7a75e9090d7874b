/** Known values of scikit-learn, on data with ties and with classes that do not occur. See from_sklearn.py. */
import { describe, expect, it } from 'vitest'
import { item, jit, type Nested, softmax, type Tensor, tensor, toArray, vmap, zeros } from '../../src/index.ts'
import {
  accuracy,
  averagePrecision,
  balancedAccuracy,
  classificationReport,
  cohenKappa,
  confusionMatrix,
  confusionMonoid,
  matthewsCorrelation,
  perplexity,
  r2,
  rocAuc,
  rocCurve,
  showScores,
  topKAccuracy,
} from '../../src/metrics/index.ts'
import { expectClose, mistake } from '../support/values.ts'
import { classifications, manies, rankings, regressions } from './sklearn.ts'

const int32 = (xs: readonly number[]): Tensor => tensor(new Int32Array(xs), { shape: [xs.length] })
const f64 = (xs: Nested): Tensor => tensor(xs, { dtype: 'float64' })
/** The table of a report without the notes below it. */
const tableOf = (text: string): string => text.split('\n\nprecision is')[0]?.split('\n\nrecall is')[0] ?? ''

/** With a class that does not occur scikit-learn calls the accuracy an average, and shows it as precision and recall too. */
const named = (report: string): string =>
  report.trimEnd().replace(/^ {3}micro avg {6}\S+ {5}\S+/m, `    accuracy${' '.repeat(21)}`)

describe('scores of a confusion matrix are those of scikit-learn', () => {
  it.each(classifications.map((c, i) => [i, c] as const))('case %i', (_i, c) => {
    const count = confusionMatrix({ classes: c.classes })
    const matrix: Tensor = count(int32(c.labels), int32(c.predictions))
    expect(toArray(matrix)).toEqual(c.matrix)
    expect(toArray(jit(count)(int32(c.labels), int32(c.predictions)))).toEqual(c.matrix)
    expect(tableOf(showScores({ digits: 3 })(classificationReport(matrix)))).toBe(named(c.report))
    const part = classificationReport({ labels: c.subset })(matrix)
    if (c.subset.length < c.classes) expect(tableOf(showScores({ digits: 3 })(part))).toBe(c.part.trimEnd())
    expect(balancedAccuracy(matrix)).toBeCloseTo(c.balanced, 12)
    expect(matthewsCorrelation(matrix)).toBeCloseTo(c.matthews, 12)
    if (c.kappa === null) expect(cohenKappa(matrix)).toBeNaN()
    else expect(cohenKappa(matrix)).toBeCloseTo(c.kappa, 12)
  })

  it('matrices of batches add up to that of all', () => {
    const { concat, empty } = confusionMonoid({ classes: 2 })
    const of = (y: readonly number[], p: readonly number[]) => confusionMatrix({ classes: 2 })(int32(y), int32(p))
    const [a, b] = [of([0, 1], [1, 1]), of([1], [0])]
    expect(toArray(concat(concat(empty, a), b))).toEqual(toArray(of([0, 1, 1], [1, 1, 0])))
  })
})

describe('rankings are those of scikit-learn', () => {
  it.each(rankings.map((c, i) => [i, c] as const))('case %i', (_i, c) => {
    const [labels, scores] = [int32(c.labels), f64(c.scores)]
    const curve = rocCurve(labels, scores)
    expectClose(f64([...curve.falsePositiveRate]), c.fpr, 1e-12)
    expectClose(f64([...curve.truePositiveRate]), c.tpr, 1e-12)
    expect(rocAuc(labels, scores)).toBeCloseTo(c.auc, 12)
    expect(averagePrecision(labels, scores)).toBeCloseTo(c.ap, 12)
  })

  it.each(manies.map((c, i) => [i, c] as const))('of several classes, case %i', (_i, c) => {
    const [labels, scores] = [int32(c.labels), f64(c.scores)]
    expect(rocAuc(labels, scores)).toBeCloseTo(c.macro, 12)
    expect(rocAuc({ average: 'weighted' })(labels, scores)).toBeCloseTo(c.weighted, 12)
    c.top.forEach((share, i) => {
      const score = topKAccuracy({ k: i + 1 })
      expect(item(score(f64(c.distinct), labels))).toBeCloseTo(share, 6)
      expect(item(jit(score)(f64(c.distinct), labels))).toBeCloseTo(share, 6)
    })
    expect(item(topKAccuracy({ k: 1 })(scores, labels))).toBe(item(accuracy(scores, labels)))
  })
})

describe('other scores', () => {
  it.each(regressions.map((c, i) => [i, c] as const))('r2, case %i', (_i, c) => {
    expect(item(r2(f64(c.predictions), f64(c.targets)))).toBeCloseTo(c.r2, 12)
    expect(item(jit(r2)(f64(c.predictions), f64(c.targets)))).toBeCloseTo(c.r2, 12)
  })

  it('topKAccuracy: of equal logits the first counts as larger', () => {
    expect(item(topKAccuracy({ k: 2 })(zeros([3, 3]), int32([0, 1, 2])))).toBeCloseTo(2 / 3, 6)
  })

  it('topKAccuracy by row under vmap is that of each row', () => {
    const rows = vmap((x: Tensor, y: Tensor) => topKAccuracy({ k: 2 })(x, y))(
      f64([
        [1, 2, 3],
        [3, 2, 1],
      ]),
      int32([0, 0]),
    )
    expect(toArray(rows)).toEqual([0, 1])
  })

  it('perplexity is that of equally likely classes', () => {
    expect(item(perplexity(zeros([5, 7]), int32([0, 1, 2, 3, 4])))).toBeCloseTo(7, 5)
    expect(item(perplexity(softmax(zeros([1, 1])), int32([0])))).toBe(1)
  })
})

describe('scores refuse', () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      'labels all alike',
      () => rocAuc(int32([1, 1]), f64([0, 1])),
      'ValueError: rocAuc: needs labels of both kinds, got 2 that are true and 0 that are not',
    ],
    [
      'labels all alike, for a curve',
      () => rocCurve(int32([0]), f64([0])),
      'ValueError: rocCurve: needs labels of both kinds, got 0 that are true and 1 that are not',
    ],
    [
      'a class that does not occur',
      () =>
        rocAuc(
          int32([0, 1]),
          f64([
            [1, 0, 0],
            [0, 1, 0],
          ]),
        ),
      'ValueError: rocAuc: class 2 does not occur, so that it has no area',
    ],
    [
      'scores that are NaN',
      () => averagePrecision(int32([0, 1]), f64([NaN, 1])),
      'ValueError: averagePrecision: a score is NaN, which has no rank',
    ],
    [
      'nothing that is true',
      () => averagePrecision(int32([0]), f64([1])),
      'ValueError: averagePrecision: needs at least one label that is true',
    ],
    [
      'labels beyond 0 and 1',
      () => rocAuc(int32([0, 2]), f64([0, 1])),
      'IndexError: rocAuc: label 2 at position 1 is none of the 2 classes 0 to 1',
    ],
    [
      'other averages',
      () => rocAuc({ average: 'micro' as 'macro' })(int32([0, 1]), f64([0, 1])),
      "ValueError: rocAuc: average must be 'macro' or 'weighted', got \"micro\"",
    ],
    [
      'scores of other samples',
      () => rocAuc(int32([0, 1]), f64([0])),
      'ShapeError: rocAuc: needs a score for each label, got labels [2] and scores [1]',
    ],
    [
      'no samples',
      () => cohenKappa(zeros([2, 2], { dtype: 'int32' })),
      'ValueError: cohenKappa: needs at least one sample, got a matrix of zeros',
    ],
    [
      'labels that are no classes',
      () => classificationReport({ labels: [0, 2] })(zeros([2, 2])),
      'ValueError: classificationReport: label 2 is none of 2 classes, or named twice',
    ],
  ])('%s', (_what, call, message) => {
    expect(mistake(call)).toBe(message)
  })
})
