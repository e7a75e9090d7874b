import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, item, type Tensor, tensor, toArray, zeros } from '../../src/index.ts'
import { accuracy, classificationReport, confusionMatrix, showConfusion, showScores } from '../../src/metrics/index.ts'
import { check } from '../support/values.ts'

const int32 = (xs: readonly number[]): Tensor => tensor(new Int32Array(xs), { shape: [xs.length] })
/** Labels, predictions, and how many classes there are. */
const cases = fc.integer({ min: 1, max: 5 }).chain(classes =>
  fc.record({
    classes: fc.constant(classes),
    pairs: fc.array(fc.tuple(fc.nat({ max: classes - 1 }), fc.nat({ max: classes - 1 })), { maxLength: 40 }),
  }),
)
type Case = { readonly classes: number; readonly pairs: readonly (readonly [number, number])[] }
const matrixOf = ({ classes, pairs }: Case): Tensor =>
  confusionMatrix({ classes })(int32(pairs.map(([y]) => y)), int32(pairs.map(([, p]) => p)))
const law = (name: string, f: (c: Case) => void): void => it(name, () => check(fc.property(cases, f)))
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
const rowsOf = (matrix: Tensor): number[][] => toArray(matrix) as number[][]

describe('the confusion matrix', () => {
  law('counts how often each label went with each prediction', c => {
    const rows = rowsOf(matrixOf(c))
    for (const [y, row] of rows.entries())
      for (const [p, count] of row.entries()) expect(count).toBe(c.pairs.filter(([a, b]) => a === y && b === p).length)
  })

  law('of all samples is the sum of those of two parts', c => {
    const [first, second] = [c.pairs.slice(0, 7), c.pairs.slice(7)].map(pairs => matrixOf({ ...c, pairs }))
    expect(rowsOf(add(first ?? 0, second ?? 0))).toEqual(rowsOf(matrixOf(c)))
  })

  law('transposes when labels and predictions change places', c => {
    const swapped = rowsOf(matrixOf({ ...c, pairs: c.pairs.map(([y, p]) => [p, y] as const) }))
    expect(swapped).toEqual(rowsOf(matrixOf(c)).map((row, i) => row.map((_, j) => rowsOf(matrixOf(c))[j]?.[i])))
  })

  it('refuses what is no class, and what does not go together', () => {
    const of3 = confusionMatrix({ classes: 3 })
    expect(() => of3(int32([0, 3]), int32([0, 0]))).toThrow(
      'confusionMatrix: label 3 at position 1 is none of the 3 classes 0 to 2',
    )
    expect(() => of3(int32([0]), int32([-1]))).toThrow('-1 at position 0')
    expect(() => of3(int32([0]), int32([0, 1]))).toThrow('got [1] and [2]')
    expect(() => confusionMatrix({ classes: 0 })(int32([]), int32([]))).toThrow('classes must be a whole number')
  })
})

describe('the report', () => {
  law('has row sums as support, and column sums as what precision is out of', c => {
    const rows = rowsOf(matrixOf(c))
    const { classes } = classificationReport(matrixOf(c))
    classes.forEach((s, i) => {
      expect(s.support).toBe(total(rows[i] ?? []))
      const [hits, column] = [rows[i]?.[i] ?? 0, total(rows.map(row => row[i] ?? 0))]
      expect(s.precision).toBe(column === 0 ? 0 : hits / column)
      expect(s.recall).toBe(s.support === 0 ? 0 : hits / s.support)
    })
  })

  law('has accuracy as trace over total, which is also the weighted recall', c => {
    const report = classificationReport(matrixOf(c))
    const right = c.pairs.filter(([y, p]) => y === p).length
    expect(report.accuracy).toBe(c.pairs.length === 0 ? 0 : right / c.pairs.length)
    expect(report.weighted.recall).toBeCloseTo(report.accuracy, 12)
  })

  law('has F1 as the harmonic mean of precision and recall, 0 where both are', c => {
    for (const { precision, recall, f1 } of classificationReport(matrixOf(c)).classes)
      expect(f1).toBeCloseTo(precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall), 12)
  })

  law('keeps all scores from 0 to 1, averages between the extremes of the classes', c => {
    const { classes, macro, weighted } = classificationReport(matrixOf(c))
    for (const score of ['precision', 'recall', 'f1'] as const) {
      const all = classes.map(s => s[score])
      for (const mean of [macro[score], weighted[score]]) {
        expect(mean).toBeLessThanOrEqual(Math.max(...all) + 1e-12)
        if (c.pairs.length > 0) expect(mean).toBeGreaterThanOrEqual(Math.min(...all) - 1e-12)
      }
      expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...all)).toBeLessThanOrEqual(1)
    }
  })

  law('agrees with accuracy of logits', c => {
    if (c.pairs.length === 0) return
    const logits = tensor(c.pairs.map(([, p]) => Array.from({ length: c.classes }, (_, k) => (k === p ? 1 : 0))))
    const score = item(accuracy(logits, int32(c.pairs.map(([y]) => y))))
    expect(score).toBeCloseTo(classificationReport(matrixOf(c)).accuracy, 6)
  })

  it('prints as scikit-learn does', () => {
    // The example of sklearn.metrics.classification_report (1.2), to the last space.
    const matrix = confusionMatrix({ classes: 3 })(int32([0, 1, 2, 2, 2]), int32([0, 0, 2, 2, 1]))
    const text = showScores({ names: ['class 0', 'class 1', 'class 2'] })(classificationReport(matrix))
    expect(text).toBe(
      `
              precision    recall  f1-score   support

     class 0       0.50      1.00      0.67         1
     class 1       0.00      0.00      0.00         1
     class 2       1.00      0.67      0.80         3

    accuracy                           0.60         5
   macro avg       0.50      0.56      0.49         5
weighted avg       0.70      0.60      0.61         5`.slice(1),
    )
  })

  it('gives 0 for 0/0, and says for which classes', () => {
    const report = classificationReport(
      tensor(
        [
          [2, 0, 1],
          [1, 0, 0],
          [0, 0, 0],
        ],
        { dtype: 'int32' },
      ),
    )
    expect(report).toMatchObject({ neverPredicted: [1], absent: [2] })
    expect(showScores()(report)).toContain(
      [
        '',
        'precision is 0/0, given as 0, for what was never predicted: 1',
        'recall is 0/0, given as 0, for what does not occur: 2',
      ].join('\n'),
    )
  })

  it('refuses a matrix that is not square, and names for other classes', () => {
    expect(() => classificationReport(zeros([2, 3]))).toThrow(
      'classificationReport: a confusion matrix is square, got [2,3]',
    )
    expect(() => showScores({ names: ['a'] })(classificationReport(zeros([2, 2])))).toThrow('got 1 names for 2 classes')
  })
})

describe('a confusion matrix as a table', () => {
  it('has labels down and predictions across', () => {
    expect(
      showConfusion({ names: ['cat', 'no cat'] })(
        tensor(
          [
            [10, 2],
            [0, 7],
          ],
          { dtype: 'int32' },
        ),
      ),
    ).toBe(
      [
        'label \\ predicted     cat  no cat',
        '              cat      10       2',
        '           no cat       0       7',
      ].join('\n'),
    )
  })
  it('is named by numbers without names', () => {
    expect(showConfusion()(zeros([2, 2], { dtype: 'int32' })).split('\n')[0]).toBe('label \\ predicted  0  1')
  })
})
