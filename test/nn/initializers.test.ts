import { describe, expect, it } from 'vitest'
import { data, item, mean, type Tensor, variance } from '../../src/index.ts'
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  varianceScaling,
  zeros,
} from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import { plain } from '../support/plain.ts'

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
  expect(plain(zeros({ shape: [2], dtype: 'float64' })(key(0)))).toEqual({
    dtype: 'float64',
    shape: [2],
    elements: [0, 0],
  })
})
