import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  cast,
  div,
  grad,
  item,
  mul,
  oneHot,
  softmax,
  sub,
  type Tensor,
  tensor,
  toArray,
  vmap,
  zeros,
} from '../../../src/index.ts'
import { softmaxCrossEntropy } from '../../../src/nn/index.ts'
import { checkGrads, farApart, tensors } from '../../../src/testing/index.ts'
import { check } from '../../support/values.ts'

const int32 = (labels: readonly number[]): Tensor => tensor(labels, { dtype: 'int32' })
/** A few dozen float64 operations. */
const CLOSE = { relative: 1e-12, absolute: 1e-12 }

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

describe('softmaxCrossEntropy', () => {
  law('is -ln of the probability given to the label, on average', (logits, labels) => {
    const p = toArray(softmax(logits)) as readonly number[][]
    const mean = labels.reduce((total, label, i) => total - Math.log(p[i]?.[label] ?? 0), 0) / labels.length
    expect(
      farApart(softmaxCrossEntropy(logits, int32(labels)), tensor(mean, { dtype: 'float64' }), CLOSE),
    ).toBeUndefined()
  })

  law('of labels is that of the probabilities which are certain of them', (logits, labels) => {
    const certain = softmaxCrossEntropy(logits, dense(labels, logits.shape[1] ?? 0))
    expect(farApart(softmaxCrossEntropy(logits, int32(labels)), certain, CLOSE)).toBeUndefined()
  })

  law('does not change when a number is added to all logits of a row', (logits, labels) => {
    const shift = tensor(
      labels.map((_, i) => [100 * i - 50]),
      { dtype: 'float64' },
    )
    const [a, b] = [logits, add(logits, shift)].map(x => softmaxCrossEntropy(x, int32(labels)))
    expect(farApart(a ?? logits, b ?? logits, { relative: 1e-10, absolute: 1e-10 })).toBeUndefined()
  })

  law('has the gradient (softmax - one hot) / rows', (logits, labels) => {
    const got = grad((x: Tensor) => softmaxCrossEntropy(x, int32(labels)))(logits)
    const expected = div(sub(softmax(logits), dense(labels, logits.shape[1] ?? 0)), labels.length)
    expect(farApart(got, expected, CLOSE)).toBeUndefined()
  })

  it('has the first and second derivatives that finite differences say, in logits and in probabilities', () => {
    check(
      fc.property(cases, ({ logits, labels }) => {
        const one = checkGrads((x: Tensor) => softmaxCrossEntropy(x, int32(labels)))([logits], { order: 2 })
        expect(one.ok, String(one)).toBe(true)
        const two = checkGrads(softmaxCrossEntropy)([logits, softmax(mul(logits, 0.5))], { order: 2 })
        expect(two.ok, String(two)).toBe(true)
      }),
      10,
    )
  })

  it('is ln n for n equal logits', () => {
    expect(item(softmaxCrossEntropy(zeros([3, 10]), int32([0, 5, 9])))).toBeCloseTo(Math.log(10), 6)
  })

  it('stands logits that e to their power would not', () => {
    expect(item(softmaxCrossEntropy(tensor([[1000, 0, -1000]]), int32([0])))).toBe(0)
    expect(item(softmaxCrossEntropy(tensor([[1000, 0, -1000]]), int32([2])))).toBe(2000)
    expect(item(softmaxCrossEntropy(tensor([[0, -Infinity]]), int32([0])))).toBe(0)
    expect(item(softmaxCrossEntropy(tensor([[0, -Infinity]]), int32([1])))).toBe(Infinity)
  })

  it('takes any leading axes, or none', () => {
    expect(item(softmaxCrossEntropy(zeros([2, 3, 4]), zeros([2, 3], { dtype: 'int32' })))).toBeCloseTo(Math.log(4), 6)
    expect(item(softmaxCrossEntropy(zeros([4]), tensor(1, { dtype: 'int32' })))).toBeCloseTo(Math.log(4), 6)
  })

  it('by row under vmap is the loss of each row', () => {
    const logits = tensor([
      [1, 2],
      [3, 0.5],
    ])
    const rows = vmap(softmaxCrossEntropy)(logits, int32([0, 1]))
    const each = [0, 1].map(i =>
      item(
        softmaxCrossEntropy(
          tensor(
            [
              [1, 2],
              [3, 0.5],
            ][i] ?? [],
          ),
          tensor(i, { dtype: 'int32' }),
        ),
      ),
    )
    expect(farApart(rows, tensor(each), { relative: 1e-6, absolute: 1e-6 })).toBeUndefined()
  })

  it.each<readonly [string, () => unknown, string, string]>([
    [
      'a label that is no class',
      () => softmaxCrossEntropy(zeros([3, 10]), int32([1, 12, 3])),
      'IndexError',
      'softmaxCrossEntropy: label 12 at position 1 is none of the 10 classes 0 to 9',
    ],
    [
      'a negative label',
      () =>
        softmaxCrossEntropy(
          zeros([2, 2, 3]),
          tensor(
            [
              [0, 0],
              [-1, 0],
            ],
            { dtype: 'int32' },
          ),
        ),
      'IndexError',
      'label -1 at position 1,0 is none of the 3 classes 0 to 2',
    ],
    [
      'a label under grad',
      () => grad((x: Tensor) => softmaxCrossEntropy(x, int32([2])))(zeros([1, 2])),
      'IndexError',
      'label 2 at position 0 is none of the 2 classes 0 to 1',
    ],
    [
      'labels for other rows',
      () => softmaxCrossEntropy(zeros([3, 10]), int32([1, 2])),
      'ShapeError',
      'logits [3,10] and labels [2] do not fit',
    ],
    [
      'probabilities of another shape',
      // @ts-expect-error the compiler sees it too
      () => softmaxCrossEntropy(zeros([3, 10]), zeros([3, 9])),
      'ShapeError',
      'logits [3,10] and target probabilities [3,9] differ',
    ],
    [
      'bool labels',
      () => softmaxCrossEntropy(zeros([1, 2]), tensor([true])),
      'DtypeError',
      'labels must be int32, got bool[1]',
    ],
    [
      'int32 logits',
      () => softmaxCrossEntropy(int32([1, 2]), int32([1])),
      'DtypeError',
      'logits must be float, got int32[2]',
    ],
  ])('refuses %s', (_what, call, tag, message) => {
    expect(call).toThrow(expect.objectContaining({ _tag: tag, message: expect.stringContaining(message) }))
  })
})
