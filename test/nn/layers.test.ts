/** What layers refuse, how their options act, and what they draw. Laws that hold for all of them are in test/laws/layers.test.ts. */
import { describe, expect, it } from 'vitest'
import {
  abs,
  data,
  flip,
  full,
  item,
  max,
  mean,
  mul,
  ones,
  type Tensor,
  tensor,
  toArray,
  zeros,
} from '../../src/index.ts'
import * as nn from '../../src/nn/index.ts'
import { key, split } from '../../src/random/index.ts'
import { plain } from '../support/plain.ts'
import { expectClose, expectSame, mistake, wavy } from '../support/values.ts'

type AnyLayer = nn.Layer<readonly unknown[]>
const train = { train: key(3) }

/** A layer's value at x with parameters from a key. */
const at = (l: unknown, x: Tensor, mode?: nn.Mode): Tensor => {
  const { params, state } = (l as AnyLayer).init(key(0))
  return (l as AnyLayer).apply(params, state, x, mode)[0]
}
const images = ones([2, 4, 4, 3])

describe('shapes that do not fit', () => {
  it.each<readonly [unknown, Tensor, string]>([
    [nn.conv(1, 2, { window: [3, 3] }), images, 'ShapeError: conv2d: takes [batch, height, width, 1], got [2,4,4,3]'],
    [nn.conv(3, 2, { window: [3] }), images, 'ShapeError: conv1d: takes [batch, width, 3], got [2,4,4,3]'],
    [
      nn.convTranspose(1, 2, { window: [3, 3] }),
      images,
      'ShapeError: convTranspose2d: takes [batch, height, width, 1], got [2,4,4,3]',
    ],
    [
      nn.maxPool({ window: 2 }),
      ones([2, 3]),
      'ShapeError: maxPool: takes [batch, ...one to three axes, channels], got [2,3]',
    ],
    [nn.globalAvgPool(), ones([2, 3]), 'ShapeError: globalAvgPool: takes [batch, ...space, channels], got [2,3]'],
    [nn.flatten(), zeros([]), 'ShapeError: flatten: takes [batch, ...], got []'],
    [nn.batchNorm(2), images, 'ShapeError: batchNorm: takes [..., 2], got [2,4,4,3]'],
    [nn.batchNorm(2, { axis: 1 }), images, 'ShapeError: batchNorm: takes 2 features along axis 1, got [2,4,4,3]'],
    [nn.layerNorm(2), images, 'ShapeError: layerNorm: takes [..., 2], got [2,4,4,3]'],
    [nn.rmsNorm(2), images, 'ShapeError: rmsNorm: takes [..., 2], got [2,4,4,3]'],
    [nn.groupNorm(2, 4), images, 'ShapeError: groupNorm: takes [batch, ..., 4], got [2,4,4,3]'],
    [nn.spatialDropout(0.1), ones([2]), 'ShapeError: spatialDropout: takes [batch, ...space, channels], got [2]'],
    [nn.prelu(2), images, 'ShapeError: prelu: takes [..., 2], got [2,4,4,3]'],
    [nn.lstm(2, 3), images, 'ShapeError: lstm: takes [batch, time, 2], got [2,4,4,3]'],
    [
      nn.multiHeadAttention(2, { heads: 1 }),
      images,
      'ShapeError: multiHeadAttention: takes [batch, time, 2], got [2,4,4,3]',
    ],
    [nn.embedding(2, 3), images, "DtypeError: embedding: takes int32, got float32: convert with cast('int32')"],
  ])('%#', (l, x, message) => {
    expect(mistake(() => at(l, x))).toBe(message)
  })
})

describe('options that are none', () => {
  it.each<readonly [() => unknown, string]>([
    [() => nn.conv(0, 2, { window: [3, 3] }), 'ValueError: conv: sizes are whole numbers of at least 1, got 0'],
    [
      () => nn.conv(1, 2, { window: [] as never }),
      'ValueError: conv: window must be a list of one, two or three sizes, got an array',
    ],
    [
      () => nn.conv(3, 2, { window: [3], groups: 2 }),
      'ValueError: conv: 2 groups do not divide 3 channels in and 2 out',
    ],
    [() => nn.batchNorm(2, { momentum: 2 }), 'ValueError: batchNorm: momentum must be a number from 0 to 1, got 2'],
    [() => nn.layerNorm(2, { eps: -1 }), 'ValueError: layerNorm: eps must be a number of at least 0, got -1'],
    [() => nn.groupNorm(3, 4), 'ValueError: groupNorm: 3 groups do not divide 4 features'],
    [
      () => nn.dropout(1),
      'ValueError: dropout: rate must be a number from 0 to below 1, the probability of dropping, got 1',
    ],
    [() => nn.multiHeadAttention(4, { heads: 3 }), 'ValueError: multiHeadAttention: 3 heads do not divide 4 features'],
    [() => nn.lstm(2, 0), 'ValueError: lstm: sizes are whole numbers of at least 1, got 0'],
    [() => nn.normalInit({ std: -1 }), 'ValueError: normalInit: std must be a number of at least 0, got -1'],
    [() => nn.uniformInit({ min: 2, max: 1 }), 'ValueError: uniformInit: min must be a number of at most 1, got 2'],
    [() => nn.constantInit(NaN), 'ValueError: constantInit: value must be a finite number, got NaN'],
    [() => nn.orthogonal()({ shape: [3] }), 'ShapeError: orthogonal: needs at least two axes, [in, out], got [3]'],
    [() => nn.identityInit()({ shape: [3] }), 'ShapeError: identityInit: needs two axes, [in, out], got [3]'],
  ])('%#', (make, message) => {
    expect(mistake(make)).toBe(message)
  })
})

describe('pooling over space', () => {
  const x = wavy([2, 3, 4, 2])
  it('is pooling with the largest window', () => {
    expectSame(at(nn.globalAvgPool({ keepDims: true }), x), at(nn.avgPool({ window: [3, 4] }), x))
    expectSame(at(nn.globalMaxPool({ keepDims: true }), x), at(nn.maxPool({ window: [3, 4] }), x))
  })
})

describe('batchNorm', () => {
  it('refuses a variance of one number that is to be unbiased', () => {
    const one = ones([1, 2])
    expect(mistake(() => at(nn.batchNorm(2, { unbiased: true }), one, train))).toBe(
      'ValueError: batchNorm: an unbiased variance needs at least two numbers per feature, got 1',
    )
    expect(toArray(at(nn.batchNorm(2), one, train))).toEqual([[0, 0]])
  })
  it('forgets nothing with momentum 1, and all with momentum 0', () => {
    const x = wavy([4, 2])
    const statesWith = (momentum: number) => {
      const norm = nn.batchNorm(2, { momentum, dtype: 'float64' })
      const { params, state } = norm.init(key(0))
      return [state, norm.apply(params, state, x, train)[1]] as const
    }
    const [before, same] = statesWith(1)
    expect(plain(same)).toEqual(plain(before))
    const [, [{ mean: now }]] = statesWith(0)
    expectSame(now, mean({ axis: 0 })(x), 1e-12)
  })
})

describe('dropout', () => {
  const x = ones([100, 50])
  it('drops the share it says, and keeps the mean', () => {
    const y = at(nn.dropout(0.2), x, train)
    expect([...new Set(data(y))].sort()).toEqual([0, 1.25])
    // Of 5,000 numbers the standard error of the share is 0.006: four of them.
    expect(Math.abs(item(mean(y)) - 1)).toBeLessThan(0.024 / 0.8)
  })
  it('is other numbers for another key', () => {
    const [a, b] = split(key(0)).map(k => at(nn.dropout(0.5), x, { train: k })) as [Tensor, Tensor]
    expect(plain(a)).not.toEqual(plain(b))
  })
  it('of channels drops all of one or nothing', () => {
    const y = at(nn.spatialDropout(0.5), ones([8, 3, 3, 4]), train)
    expectSame(max({ axis: [1, 2] })(y) as Tensor, mean({ axis: [1, 2] })(y) as Tensor)
    expect([...new Set(data(y))].sort()).toEqual([0, 2])
  })
})

describe('attention', () => {
  const [q, k, v] = [wavy([3, 4]), wavy([5, 4], 1), wavy([5, 2], 2)]
  it('without a difference between keys is the mean of values', () => {
    expectClose(
      nn.attention()(q, zeros([5, 4], { dtype: 'float64' }), v),
      [0, 1, 2].map(() => toArray(mean({ axis: 0 })(v) as Tensor)) as never,
      1e-12,
    )
  })
  it('gives nothing where nothing may be read, and what is read alone', () => {
    const mask = tensor([
      [false, false, false, false, false],
      [false, true, false, false, false],
      [true, true, true, true, true],
    ])
    const y = toArray(nn.attention({ mask })(q, k, v)) as number[][]
    expect(y[0]).toEqual([0, 0])
    expectClose(tensor(y[1] as number[], { dtype: 'float64' }), (toArray(v) as number[][])[1] as number[], 1e-12)
    expectClose(
      tensor(y[2] as number[], { dtype: 'float64' }),
      (toArray(nn.attention()(q, k, v)) as number[][])[2] as number[],
      1e-12,
    )
  })
  it('with a past alone does not see what comes', () => {
    const layer = nn.multiHeadAttention(4, { heads: 2, causal: true, dtype: 'float64' })
    const x = wavy([1, 5, 4])
    const first = (y: Tensor) => (toArray(y) as number[][][])[0]?.slice(0, 3)
    const later = mul(
      x,
      tensor(
        [1, 1, 1, 7, -2].map(n => [n, n, n, n]),
        { dtype: 'float64' },
      ),
    )
    expect(first(at(layer, later))).toEqual(first(at(layer, x)))
  })
  it('refuses masks that are no bool and sequences that do not fit', () => {
    expect(mistake(() => nn.attention({ mask: ones([3, 5]) })(q, k, v))).toBe(
      'DtypeError: attention: mask must be bool, true where a key may be read, got float32',
    )
    expect(mistake(() => nn.attention()(q, k, q))).toContain('values [..., keys, any], got [3,4], [5,4], [3,4]')
  })
})

describe('recurrent layers', () => {
  const x = wavy([2, 4, 3])
  const options = { dtype: 'float64' } as const
  it('are their cells, step by step', () => {
    const layer = nn.lstm(3, 2, options)
    const { params } = layer.init(key(0))
    const start = { h: zeros([2, 2], options), c: zeros([2, 2], options) }
    const steps = [0, 1, 2, 3].map(t =>
      tensor(
        (toArray(x) as number[][][]).map(rows => rows[t] as number[]),
        options,
      ),
    )
    const end = steps.reduce((state: nn.LstmState, now) => nn.lstmCell(params[0], state, now), start)
    expectSame(at(nn.lstm(3, 2, { last: true, ...options }), x), end.h, 1e-12)
  })
  it('go from the last time to the first in reverse', () => {
    const flipped = flip({ axis: 1 })
    for (const make of [nn.gru, nn.rnn, nn.lstm])
      expectSame(
        at(make(3, 2, { reverse: true, ...options }), x),
        flipped(at(make(3, 2, options), flipped(x) as Tensor)) as Tensor,
        1e-12,
      )
  })
  it('begin where they are told to', () => {
    const initial = full([2], 0.5, options)
    const layer = nn.gru(3, 2, { initial, last: true, ...options })
    const { params } = layer.init(key(0))
    const now = wavy([2, 1, 3])
    const one = tensor(
      (toArray(now) as number[][][]).map(rows => rows[0] as number[]),
      options,
    )
    expectSame(at(layer, now), nn.gruCell(params[0], full([2, 2], 0.5, options), one), 1e-12)
  })
  it('have as many parameters as PyTorch has', () => {
    const counts = [nn.lstm, nn.gru, nn.rnn].map(make => nn.summaryOf({ input: [null, 7, 10] })(make(10, 20)).trainable)
    expect(counts).toEqual([4 * 20 * 32, 3 * 20 * 32, 20 * 32])
  })
})

describe('prelu', () => {
  it('has one slope for all features, or one for each', () => {
    const x = tensor([[-4, 2]])
    expect(toArray(at(nn.prelu(1), x))).toEqual([[-1, 2]])
    expect(toArray(at(nn.prelu(2, { init: nn.onesInit }), x))).toEqual([[-4, 2]])
  })
})

describe("PyTorch's initialisation", () => {
  it('is uniform within 1 / √fan-in, for biases too', () => {
    const layer = nn.conv(5, 400, { window: [3, 3], ...nn.torchInit })
    const [{ w, b }] = layer.init(key(0)).params
    const bound = 1 / Math.sqrt(45)
    for (const p of [w, b as Tensor]) {
      const largest = item(max(abs(p)) as Tensor)
      expect(largest).toBeLessThanOrEqual(bound)
      expect(largest).toBeGreaterThan(0.95 * bound)
    }
  })
})
