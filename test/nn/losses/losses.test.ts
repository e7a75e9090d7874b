/** Laws of all losses, then kinks, extremes and mistakes of each. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  at,
  div,
  grad,
  gt,
  item,
  jit,
  logSoftmax,
  mul,
  type Nested,
  reshape,
  softmax,
  sum,
  type Tensor,
  tensor,
  toArray,
  vmap,
  where,
  zeros,
} from '../../../src/index.ts'
import * as nn from '../../../src/nn/index.ts'
import { checkGrads, farApart, tensors } from '../../../src/testing/index.ts'
import { check, expectClose, expectSame, FLOAT64, mistake } from '../../support/values.ts'

const f64 = (values: Nested): Tensor => tensor(values, { dtype: 'float64' })
const int32 = (values: Nested): Tensor => tensor(values, { dtype: 'int32' })
/** A few dozen float64 operations, in one order or another. */
const CLOSE = { relative: 1e-12, absolute: 1e-12 }

type Options = { readonly reduction?: 'mean' | 'sum' | 'none'; readonly weights?: Tensor }
type Subject = {
  readonly loss: (options: Options) => (x: Tensor, y: Tensor) => Tensor
  /** Losses are of rows, or of elements. */
  readonly rows: boolean
  /** Targets [rows, 3] or [rows] from numbers between -3 and 3, away from kinks beside predictions between -3 and 3. */
  readonly targets: (raw: Tensor, x: Tensor) => Tensor
  /** Whether targets are differentiable too. */
  readonly both: boolean
}

const labelsOf = (raw: Tensor): Tensor =>
  int32((toArray(raw) as number[][]).map(([v = 0]) => (v > 1 ? 2 : v > -1 ? 1 : 0)))
const signsOf = (raw: Tensor): Tensor => where(gt(raw, 0), int32(1), -1) as Tensor
const shares = (raw: Tensor): Tensor => softmax(raw) as Tensor
const same = (raw: Tensor): Tensor => raw

/** The losses, with options of all kinds. */
const subjects: { readonly [name: string]: Subject } = {
  softmaxCrossEntropy: {
    loss: o => nn.softmaxCrossEntropy({ ...o, labelSmoothing: 0.1, classWeights: f64([1, 2, 0.5]) }),
    rows: true,
    targets: shares,
    both: true,
  },
  'softmaxCrossEntropy of labels': {
    loss: o => nn.softmaxCrossEntropy({ ...o, labelSmoothing: 0.1 }),
    rows: true,
    targets: labelsOf,
    both: false,
  },
  sigmoidCrossEntropy: {
    loss: o => nn.sigmoidCrossEntropy({ ...o, posWeight: 2 }),
    rows: false,
    targets: shares,
    both: true,
  },
  mse: { loss: o => nn.mse(o), rows: false, targets: same, both: true },
  logCosh: { loss: o => nn.logCosh(o), rows: false, targets: same, both: true },
  poissonNll: { loss: o => nn.poissonNll(o), rows: false, targets: shares, both: true },
  // Far enough apart that no difference is at a kink.
  mae: { loss: o => nn.mae(o), rows: false, targets: raw => add(raw, 10) as Tensor, both: true },
  huber: { loss: o => nn.huber({ ...o, delta: 10 }), rows: false, targets: same, both: true },
  'huber, far': { loss: o => nn.huber(o), rows: false, targets: raw => add(raw, 10) as Tensor, both: true },
  smoothL1: { loss: o => nn.smoothL1({ ...o, beta: 12 }), rows: false, targets: same, both: true },
  hinge: { loss: o => nn.hinge({ ...o, margin: 5 }), rows: false, targets: signsOf, both: false },
  squaredHinge: { loss: o => nn.squaredHinge({ ...o, margin: 5 }), rows: false, targets: signsOf, both: false },
  klDivergence: {
    loss: o => (x, y) => nn.klDivergence(o)(logSoftmax(x) as Tensor, y),
    rows: true,
    targets: shares,
    both: true,
  },
  'klDivergence of logarithms': {
    loss: o => (x, y) => nn.klDivergence({ ...o, logTargets: true })(logSoftmax(x) as Tensor, y),
    rows: true,
    targets: raw => logSoftmax(raw) as Tensor,
    both: true,
  },
  cosineDistance: {
    loss: o => (x, y) => nn.cosineDistance(o)(add(x, 4) as Tensor, y),
    rows: true,
    targets: raw => add(raw, 4) as Tensor,
    both: true,
  },
  multiclassHinge: {
    loss: o => nn.multiclassHinge({ ...o, margin: 10, power: 2 }),
    rows: true,
    targets: labelsOf,
    both: false,
  },
  triplet: {
    loss: o => (x, y) => nn.triplet({ ...o, margin: 50 })(x, add(y, 10) as Tensor, mul(y, -1) as Tensor),
    rows: true,
    targets: raw => add(raw, 20) as Tensor,
    both: true,
  },
}

const cases = fc.integer({ min: 1, max: 4 }).chain(rows =>
  fc.record({
    x: tensors({ shape: [rows, 3], domain: [[-3, 3]] }),
    raw: tensors({ shape: [rows, 3], domain: [[-3, 3]] }),
    w: tensors({ shape: [rows], domain: [[0.1, 3]] }),
  }),
)
type Case = { readonly x: Tensor; readonly raw: Tensor; readonly w: Tensor }
const law = (name: string, holds: (subject: Subject, c: Case) => void, runs = 25): void =>
  it.each(Object.entries(subjects))(`${name}: %s`, (_name, subject) => {
    check(
      fc.property(cases, c => holds(subject, c)),
      runs,
    )
  })
const row = (x: Tensor, i: number): Tensor => at(i).get(x) as Tensor

describe('every loss', () => {
  law('is not negative but for rounding, one number for each sample', ({ loss, rows, targets }, { x, raw }) => {
    const each = loss({ reduction: 'none' })(x, targets(raw, x))
    expect(each.shape).toEqual(rows ? x.shape.slice(0, 1) : x.shape)
    expect(Math.min(...(toArray(each) as number[][]).flat())).toBeGreaterThan(-1e-12)
  })

  law('sums, and averages, the losses of samples', ({ loss, targets }, { x, raw }) => {
    const y = targets(raw, x)
    const each = loss({ reduction: 'none' })(x, y)
    expectSame(loss({ reduction: 'sum' })(x, y), sum(each) as Tensor, FLOAT64)
    expectSame(
      loss({})(x, y),
      div(
        sum(each),
        each.shape.reduce((a, b) => a * b, 1),
      ) as Tensor,
      FLOAT64,
    )
    expectSame(loss({ reduction: 'mean' })(x, y), loss({})(x, y), FLOAT64)
  })

  law('weighs samples, and its mean is that of the weights', ({ loss, rows, targets }, { x, raw, w }) => {
    const y = targets(raw, x)
    const weights = (rows ? w : reshape([-1, 1])(w)) as Tensor
    const each = mul(weights, loss({ reduction: 'none' })(x, y)) as Tensor
    expectSame(loss({ reduction: 'none', weights })(x, y), each, FLOAT64)
    expectSame(loss({ weights })(x, y), div(sum(each), mul(sum(weights), rows ? 1 : 3)) as Tensor, FLOAT64)
  })

  law(
    'is the same compiled',
    ({ loss, targets }, { x, raw }) => {
      const y = targets(raw, x)
      expect(farApart(jit(loss({}))(x, y), loss({})(x, y), CLOSE)).toBeUndefined()
    },
    5,
  )

  law('of rows under vmap is that of each row', ({ loss, targets }, { x, raw }) => {
    const y = targets(raw, x)
    const rows = vmap(loss({}))(x, y)
    for (let i = 0; i < (x.shape[0] ?? 0); i++)
      expect(farApart(row(rows, i), loss({})(row(x, i), row(y, i)), CLOSE)).toBeUndefined()
  })

  law(
    'has the derivatives that finite differences say, of both orders',
    ({ loss, targets, both }, { x, raw }) => {
      const y = targets(raw, x)
      const report = both
        ? checkGrads(loss({}))([x, y], { order: 2 })
        : checkGrads((v: Tensor) => loss({})(v, y))([x], { order: 2 })
      expect(report.ok, String(report)).toBe(true)
    },
    4,
  )
})

describe('losses at kinks', () => {
  it('mae: the derivative at 0 is 0', () => {
    expect(item(grad((x: Tensor) => nn.mae(x, f64(2)))(f64(2)))).toBe(0)
  })

  it('huber: at |r| = delta the first derivative is delta, the second that of the parabola', () => {
    const f = (x: Tensor): Tensor => nn.huber({ delta: 2 })(x, f64(0)) as Tensor
    expect([item(f(f64(2))), item(grad(f)(f64(2))), item(grad(f)(f64(-2)))]).toEqual([2, 2, -2])
    expect([item(grad(grad(f))(f64(2))), item(grad(grad(f))(f64(2.01)))]).toEqual([1, 0])
  })

  it('smoothL1: at |r| = beta the first derivative is 1, the second 1 / beta', () => {
    const f = (x: Tensor): Tensor => nn.smoothL1({ beta: 2 })(x, f64(0)) as Tensor
    expect([item(f(f64(2))), item(grad(f)(f64(2))), item(grad(grad(f))(f64(2)))]).toEqual([1, 1, 0.5])
  })

  it('logCosh: smooth at 0, where the second derivative is 1', () => {
    const f = (x: Tensor): Tensor => nn.logCosh(x, f64(0)) as Tensor
    expect(item(grad(f)(f64(0)))).toBe(0)
    expect(item(grad(grad(f))(f64(0)))).toBeCloseTo(1, 12)
  })

  it('hinge and squaredHinge: at y · x = margin all derivatives are 0', () => {
    for (const loss of [nn.hinge, nn.squaredHinge]) {
      const f = (x: Tensor): Tensor => loss(x, f64(-1)) as Tensor
      expect([item(grad(f)(f64(-1))), item(grad(grad(f))(f64(-1)))].map(Math.abs)).toEqual([0, 0])
    }
  })

  it('multiclassHinge: a score just the margin below that of the label has the derivative 0', () => {
    const f = (x: Tensor): Tensor => nn.multiclassHinge(x, int32(0)) as Tensor
    expectClose(grad(f)(f64([1, 0, 0.5])), [-1 / 3, 0, 1 / 3], FLOAT64)
  })

  it('triplet: a distance of 0 has the derivative 0, and so has the maximum at 0', () => {
    const f = (a: Tensor): Tensor => nn.triplet({ margin: 9 })(a, f64([1, 1]), f64([1, 5])) as Tensor
    expectClose(grad(f)(f64([1, 1])), [0, 1], FLOAT64)
    const still = (a: Tensor): Tensor => nn.triplet({ margin: 4 })(a, f64([1, 1]), f64([1, 5])) as Tensor
    expectClose(grad(still)(f64([1, 1])), [0, 0], FLOAT64)
    const both = (a: Tensor): Tensor => nn.triplet(a, f64([1, 1]), f64([1, 1])) as Tensor
    expectClose(grad(both)(f64([1, 1])), [0, 0], FLOAT64)
  })

  it('cosineDistance: a vector of zeros is 1 from all others, with the derivative 0', () => {
    const f = (x: Tensor): Tensor => nn.cosineDistance(x, f64([3, 4])) as Tensor
    expect(item(f(f64([0, 0])))).toBe(1)
    expectClose(grad(f)(f64([0, 0])), [0, 0])
    expect(item(nn.cosineDistance(f64([0, 0]), f64([0, 0])))).toBe(1)
  })

  it('klDivergence: 0 · ln 0 is 0, whatever p is, with the derivative 0 in q', () => {
    const logP = f64([Math.log(0.5), Math.log(0.5), -Infinity])
    const f = (p: Tensor, q: Tensor): Tensor => nn.klDivergence(p, q) as Tensor
    const q = f64([1, 0, 0])
    expect(item(f(logP, q))).toBeCloseTo(Math.LN2, 12)
    expectClose(grad(f, { argnums: [0, 1] })(logP, q)[0] as Tensor, [-1, 0, 0], FLOAT64)
    expectClose(grad(f, { argnums: [0, 1] })(logP, q)[1] as Tensor, [1 + Math.LN2, 0, 0], FLOAT64)
    const logQ = f64([0, -Infinity, -Infinity])
    expect(item(nn.klDivergence({ logTargets: true })(logP, logQ))).toBeCloseTo(Math.LN2, 12)
    expect(item(f(logP, f64([0, 0, 1])))).toBe(Infinity)
  })
})

describe('losses of extreme numbers', () => {
  const values = (f: (x: Tensor) => Tensor, xs: readonly number[]): readonly number[] => xs.map(x => item(f(tensor(x))))
  const slopes = (f: (x: Tensor) => Tensor, xs: readonly number[]): readonly number[] =>
    xs.map(x => item(grad(f)(tensor(x))))
  const far = [1e4, -1e4, Infinity, -Infinity]

  it('sigmoidCrossEntropy: what is right costs 0, what is wrong |x|', () => {
    const yes = (x: Tensor): Tensor => nn.sigmoidCrossEntropy(x, tensor(1)) as Tensor
    const no = (x: Tensor): Tensor => nn.sigmoidCrossEntropy(x, tensor(0)) as Tensor
    expect(values(yes, far)).toEqual([0, 1e4, 0, Infinity])
    expect(values(no, far)).toEqual([1e4, 0, Infinity, 0])
    expect(slopes(yes, far).map(Math.abs)).toEqual([0, 1, 0, 1])
    expect(slopes(no, far).map(Math.abs)).toEqual([1, 0, 1, 0])
  })

  it('sigmoidCrossEntropy keeps what is left of small probabilities', () => {
    expect(item(nn.sigmoidCrossEntropy(tensor(20), tensor(1)))).toBeCloseTo(Math.exp(-20), 14)
  })

  it('softmaxCrossEntropy: -∞ is a probability of 0, and counts nothing where q is 0', () => {
    const f = (x: Tensor): Tensor => nn.softmaxCrossEntropy(x, tensor([1, 0, 0])) as Tensor
    const masked = tensor([0, 0, -Infinity])
    expect(item(f(masked))).toBeCloseTo(Math.LN2, 6)
    expectClose(grad(f)(masked), [-0.5, 0.5, 0])
    expect(item(f(tensor([1e4, -1e4, 0])))).toBe(0)
    expect(item(f(tensor([-1e4, 1e4, 0])))).toBe(2e4)
  })

  it('huber, logCosh, mae: ∞ far away, with a finite derivative', () => {
    for (const loss of [nn.huber, nn.logCosh, nn.mae]) {
      const f = (x: Tensor): Tensor => loss(x, tensor(0)) as Tensor
      expect(values(f, [Infinity, -Infinity])).toEqual([Infinity, Infinity])
      expect(slopes(f, far)).toEqual([1, -1, 1, -1])
    }
    expect(item(nn.logCosh(tensor(1e4), tensor(0)))).toBeCloseTo(1e4 - Math.LN2, 2)
  })

  it('poissonNll: a rate of 0 makes a count of 0 certain', () => {
    const f = (count: number) => (x: Tensor) => nn.poissonNll(x, tensor(count)) as Tensor
    expect([values(f(0), [-Infinity]), values(f(2), [-Infinity])]).toEqual([[0], [Infinity]])
  })

  it('cosineDistance: lengths neither overflow nor vanish', () => {
    for (const length of [1e-30, 1e30])
      expect(item(nn.cosineDistance(tensor([length, 0]), tensor([length, length])))).toBeCloseTo(1 - Math.SQRT1_2, 6)
  })
})

describe('means', () => {
  it('of no samples are NaN, sums 0', () => {
    expect(item(nn.mse(zeros([0]), zeros([0])))).toBeNaN()
    expect(item(nn.mse({ reduction: 'sum' })(zeros([0]), zeros([0])))).toBe(0)
    expect(item(nn.softmaxCrossEntropy(zeros([0, 3]), zeros([0], { dtype: 'int32' })))).toBeNaN()
  })

  it('with weights that broadcast count them for every loss', () => {
    expect(item(nn.mse({ weights: tensor([1, 3]) })(tensor([[1, 2]]), tensor([[0, 0]])))).toBe(13 / 4)
    expect(
      item(
        nn.mse({ weights: tensor([[1], [0]]) })(
          tensor([
            [1, 2],
            [9, 9],
          ]),
          zeros([2, 2]),
        ),
      ),
    ).toBe(2.5)
  })
})

describe('labels that are traced', () => {
  it('and name no class give NaN, negative ones too', () => {
    const f = jit((labels: Tensor) => nn.softmaxCrossEntropy({ reduction: 'none' })(zeros([3, 2]), labels))
    expectClose(f(int32([1, 2, -1])), [Math.fround(Math.LN2), NaN, NaN])
  })
})

describe('losses refuse', () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      'other shapes',
      // @ts-expect-error the compiler sees it too
      () => nn.mse(zeros([4]), zeros([4, 1])),
      'ShapeError: mse: predictions [4] and targets [4,1] differ',
    ],
    [
      'other dtypes',
      () => nn.mae(zeros([4]), zeros([4], { dtype: 'float64' })),
      "DtypeError: mae: predictions are float32 and targets float64; convert with cast('float32')",
    ],
    [
      'whole numbers',
      () => nn.huber(int32([1]), int32([1])),
      "DtypeError: huber: predictions must be float, got int32[1]; convert with cast('float32')",
    ],
    [
      'unknown reductions',
      // @ts-expect-error the compiler sees it too
      () => nn.mse({ reduction: 'avg' })(zeros([1]), zeros([1])),
      "ValueError: mse: reduction must be 'mean', 'sum' or 'none', got \"avg\"",
    ],
    [
      'weights of other samples',
      () => nn.mse({ weights: zeros([3]) })(zeros([4]), zeros([4])),
      'ShapeError: mse: weights [3] do not broadcast to losses [4]',
    ],
    [
      'weights of another dtype',
      () => nn.mse({ weights: int32([1]) })(zeros([4]), zeros([4])),
      'DtypeError: mse: weights must be float32 as the losses are, got int32[1]',
    ],
    // @ts-expect-error the compiler sees it too
    ['missing targets', () => nn.mse(zeros([4])), 'ValueError: mse: takes 2 tensors, got 1'],
    [
      'options last',
      // @ts-expect-error the compiler sees it too
      () => nn.mse(zeros([4]), zeros([4]), {}),
      'ValueError: mse: takes tensors, got an object; options come in a call before: mse(options)(…)',
    ],
    [
      'a delta of 0',
      () => nn.huber({ delta: 0 })(zeros([1]), zeros([1])),
      'ValueError: huber: delta must be a number above 0, got 0',
    ],
    [
      'a negative beta',
      () => nn.smoothL1({ beta: -1 })(zeros([1]), zeros([1])),
      'ValueError: smoothL1: beta must be a number above 0, got -1',
    ],
    [
      'smoothing above 1',
      () => nn.softmaxCrossEntropy({ labelSmoothing: 2 })(zeros([1, 2]), int32([1])),
      'ValueError: softmaxCrossEntropy: labelSmoothing must be from 0 to 1, got 2',
    ],
    [
      'weights of other classes',
      () => nn.softmaxCrossEntropy({ classWeights: zeros([3]) })(zeros([1, 2]), int32([1])),
      'ShapeError: softmaxCrossEntropy: logits [1,2] need a weight for each class, got [3]',
    ],
    [
      'labels beyond yes and no',
      () => nn.sigmoidCrossEntropy(zeros([1]), int32([2])),
      'ValueError: sigmoidCrossEntropy: targets must be 0 or 1, got 2',
    ],
    [
      'signs that are none',
      () => nn.hinge(zeros([2]), int32([1, 0])),
      'ValueError: hinge: targets must be 1 or -1, got 0',
    ],
    [
      'a label that is no class',
      () => nn.multiclassHinge(zeros([1, 2]), int32([2])),
      'IndexError: multiclassHinge: label 2 at position 0 is none of the 2 classes 0 to 1',
    ],
    [
      'other powers',
      () => nn.multiclassHinge({ power: 3 as 2 })(zeros([1, 2]), int32([1])),
      'ValueError: multiclassHinge: power must be 1 or 2, got 3',
    ],
    [
      'scalars where rows are',
      () => nn.klDivergence(zeros([]), zeros([])),
      'AxisError: klDivergence: needs a last axis, got a scalar',
    ],
    [
      'triplets of other shapes',
      // @ts-expect-error the compiler sees it too
      () => nn.triplet(zeros([2, 3]), zeros([2, 3]), zeros([3])),
      'ShapeError: triplet: anchors [2,3] and negatives [3] differ',
    ],
  ])('%s', (_what, call, message) => {
    expect(mistake(call)).toBe(message)
  })
})
