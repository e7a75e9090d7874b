import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, cast, item, mul, oneHot, sub, type Tensor, tensor, zeros } from '../../src/index.ts'
import { accuracy } from '../../src/metrics/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { check } from '../support/values.ts'

const int32 = (labels: readonly number[]): Tensor => tensor(labels, { dtype: 'int32' })

/** Logits [rows, classes] with a label for each row. */
const cases = fc
  .record({ rows: fc.integer({ min: 1, max: 4 }), classes: fc.integer({ min: 1, max: 5 }) })
  .chain(({ rows, classes }) =>
    fc.record({
      logits: tensors({ shape: [rows, classes], domain: [[-5, 5]] }),
      labels: fc.array(fc.nat({ max: classes - 1 }), { minLength: rows, maxLength: rows }),
    }),
  )
const dense = (labels: readonly number[], classes: number): Tensor =>
  cast('float64')(oneHot({ classes })(int32(labels)))

const law = (name: string, holds: (logits: Tensor, labels: readonly number[]) => void): void =>
  it(name, () => {
    check(fc.property(cases, ({ logits, labels }) => holds(logits, labels)))
  })

describe('accuracy', () => {
  law('is the share of rows whose largest logit is at the label', (logits, labels) => {
    const own = dense(labels, logits.shape[1] ?? 0)
    expect(item(accuracy(own, int32(labels)))).toBe(1)
    expect(item(accuracy(add(logits, mul(own, 100)), int32(labels)))).toBe(1)
    expect(item(accuracy(sub(logits, mul(own, 100)), int32(labels)))).toBe(logits.shape[1] === 1 ? 1 : 0)
  })
  it('counts halves', () => {
    expect(
      item(
        accuracy(
          tensor([
            [1, 0],
            [1, 0],
            [0, 1],
            [2, 3],
          ]),
          int32([0, 1, 1, 0]),
        ),
      ),
    ).toBe(0.5)
  })
  it('refuses labels that are no classes', () => {
    expect(() => accuracy(zeros([1, 2]), int32([5]))).toThrow('accuracy: label 5 at position 0')
  })
})
