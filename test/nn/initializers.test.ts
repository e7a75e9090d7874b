import { describe, expect, it } from 'vitest'
import {
  data,
  eye,
  item,
  matmul,
  mean,
  mul,
  reshape,
  type Tensor,
  tensor,
  transpose,
  variance,
} from '../../src/index.ts'
import {
  constantInit,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  identityInit,
  lecunNormal,
  lecunUniform,
  normalInit,
  onesInit,
  orthogonal,
  truncatedNormalInit,
  uniformInit,
  varianceScaling,
  zerosInit,
} from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import { plain } from '../support/plain.ts'
import { expectSame } from '../support/values.ts'

const SHAPE = [120, 80] as const
/** Of 9,600 numbers the standard errors of mean and variance are about 1 % and 1.5 %: four of them. */
const RELATIVE = 0.06

const largest = (x: Tensor): number => [...data(x)].reduce((most, y) => Math.max(most, Math.abs(y)), 0)

describe.each<readonly [string, Initializer, number, 'uniform' | 'truncated']>([
  ['glorotUniform', glorotUniform, 2 / 200, 'uniform'],
  ['glorotNormal', glorotNormal, 2 / 200, 'truncated'],
  ['heUniform', heUniform, 2 / 120, 'uniform'],
  ['heNormal', heNormal, 2 / 120, 'truncated'],
  ['lecunUniform', lecunUniform, 1 / 120, 'uniform'],
  ['lecunNormal', lecunNormal, 1 / 120, 'truncated'],
])('%s', (_name, init, expected, kind) => {
  it.each([0, 1, 2])('has mean 0 and the stated variance (seed %i)', seed => {
    const w = init({ shape: SHAPE })(key(seed))
    expect(Math.abs(item(mean(w))) / Math.sqrt(expected)).toBeLessThan(RELATIVE)
    expect(Math.abs(item(variance(w)) / expected - 1)).toBeLessThan(RELATIVE)
  })
  it('stays within its limit, and comes close to it', () => {
    const limit = Math.sqrt(expected) * (kind === 'uniform' ? Math.sqrt(3) : 2 / 0.87962566)
    const most = largest(init({ shape: SHAPE, dtype: 'float64' })(key(5)))
    expect(most).toBeLessThanOrEqual(limit)
    expect(most).toBeGreaterThan(0.97 * limit)
  })
  it('depends on nothing but the key, and has the dtype asked for', () => {
    expect(plain(init({ shape: [3, 2] })(key(1)))).toEqual(plain(init({ shape: [3, 2] })(key(1))))
    expect(init({ shape: [3, 2], dtype: 'float64' })(key(1)).dtype).toBe('float64')
  })
})

describe('fans', () => {
  const of = (fan: 'in' | 'out' | 'average', shape: readonly number[]): number =>
    item(variance(varianceScaling({ scale: 1, fan, distribution: 'normal' })({ shape, dtype: 'float64' })(key(9))))
  it('count a window before the last two axes for both sides', () => {
    const shape = [3, 3, 16, 64]
    expect(Math.abs(of('in', shape) * 9 * 16 - 1)).toBeLessThan(RELATIVE)
    expect(Math.abs(of('out', shape) * 9 * 64 - 1)).toBeLessThan(RELATIVE)
    expect(Math.abs(of('average', shape) * 9 * 40 - 1)).toBeLessThan(RELATIVE)
  })
  it('need two axes, and a scale above 0', () => {
    expect(() => glorotUniform({ shape: [5] })(key(0))).toThrow(
      'initializer: needs at least two axes, [in, out], got [5]',
    )
    const none = varianceScaling({ scale: 0, fan: 'in', distribution: 'normal' })
    expect(() => none({ shape: [2, 2] })(key(0))).toThrow('scale must be a number above 0, got 0')
  })
})

it('zeros are zeros of any shape', () => {
  expect(plain(zerosInit({ shape: [2], dtype: 'float64' })(key(0)))).toEqual({
    dtype: 'float64',
    shape: [2],
    elements: [0, 0],
  })
})

describe('orthogonal', () => {
  it.each([
    [3, 3],
    [5, 2],
    [2, 5],
    [2, 2, 3],
  ])('has orthonormal rows or columns, whichever are fewer (%i, %i)', (...shape) => {
    const w = orthogonal({ gain: 2 })({ shape, dtype: 'float64' })(key(4))
    expect(w.shape).toEqual(shape)
    const m: Tensor = reshape([-1, shape.at(-1) ?? 0])(w)
    const [rows, columns] = m.shape as readonly [number, number]
    const product: Tensor = rows < columns ? matmul(m, transpose(m)) : matmul(transpose(m), m)
    expectSame(product, mul(4, eye(Math.min(rows, columns), { dtype: 'float64' })), 1e-12)
  })
})

describe('plain initialisers', () => {
  const of = (init: Initializer): Tensor => init({ shape: SHAPE, dtype: 'float64' })(key(3))
  it('have the mean and spread they are told', () => {
    const [normal, cut, flat] = [
      of(normalInit({ mean: 1, std: 0.5 })),
      of(truncatedNormalInit({ std: 0.5 })),
      of(uniformInit({ min: -1, max: 3 })),
    ] as const
    expect(Math.abs(item(mean(normal)) - 1)).toBeLessThan(0.03)
    expect(Math.abs(item(variance(normal)) / 0.25 - 1)).toBeLessThan(RELATIVE)
    expect(largest(cut)).toBeLessThanOrEqual(1)
    expect(Math.abs(item(variance(cut)) / (0.5 * 0.87962566) ** 2 - 1)).toBeLessThan(RELATIVE)
    expect(Math.abs(item(mean(flat)) - 1)).toBeLessThan(0.06)
    expect(Math.abs(item(variance(flat)) / (16 / 12) - 1)).toBeLessThan(RELATIVE)
  })
  it('are constants, and the identity', () => {
    expect(plain(constantInit(3)({ shape: [2] })(key(0)))).toEqual(plain(tensor([3, 3])))
    expect(plain(onesInit({ shape: [2] })(key(0)))).toEqual(plain(tensor([1, 1])))
    expect(plain(identityInit({ gain: 2 })({ shape: [1, 2] })(key(0)))).toEqual(plain(tensor([[2, 0]])))
  })
})
