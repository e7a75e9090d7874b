import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  cast,
  data,
  item,
  mul,
  oneHot,
  stack,
  sub,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from '../../src/index.ts'
import { accuracy, binaryAccuracy } from '../../src/metrics/index.ts'
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

const answers = fc.integer({ min: 1, max: 6 }).chain(n =>
  fc.record({
    logits: tensors({ shape: [n], domain: [[-5, 5]] }),
    labels: fc.array(fc.boolean(), { minLength: n, maxLength: n }),
  }),
)

describe('binaryAccuracy', () => {
  it('counts the answers on the right side of the threshold', () => {
    check(
      fc.property(answers, fc.constantFrom(-1, 0, 0.5), ({ logits, labels }, threshold) => {
        const right = labels.filter((label, i) => (data(logits)[i] as number) >= threshold === label).length
        expect(item(binaryAccuracy({ threshold })(logits, tensor(labels)))).toBeCloseTo(right / labels.length, 6)
      }),
    )
  })
  it('agrees with accuracy of two classes, of which the first is the more certain the smaller a logit is', () => {
    check(
      fc.property(answers, ({ logits, labels }) => {
        const int = int32(labels.map(Number))
        // Of equals the first class is taken, and a logit of 0 is a yes.
        const two = stack({ axis: 1 })([zerosLike(logits), add(logits, 1e-9)])
        expect(item(binaryAccuracy()(logits, int))).toBe(item(accuracy(two, int)))
      }),
    )
  })
  it('takes a NaN for a no', () => {
    expect(item(binaryAccuracy()(tensor([Number.NaN, Number.NaN]), int32([0, 1])))).toBe(0.5)
  })
  it('refuses labels that answer nothing', () => {
    expect(() => binaryAccuracy()(zeros([2]), int32([0, 2]))).toThrow('binaryAccuracy: ')
    expect(() => binaryAccuracy()(zeros([2]), zeros([2]))).toThrow('labels are bool or int32 0 and 1')
    const three: Tensor = zeros([3])
    expect(() => binaryAccuracy()(three, int32([0, 1]))).toThrow('binaryAccuracy: ')
    expect(() => binaryAccuracy({ threshold: Number.NaN })(zeros([1]), int32([0]))).toThrow('threshold')
  })
})
