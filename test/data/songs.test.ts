import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { fitStandardizer, loadYearPrediction, type Songs, standardize, syntheticSongs } from '../../src/data/index.ts'
import {
  cast,
  data,
  eq,
  gt,
  item,
  matmul,
  mean,
  mul,
  sub,
  sum,
  type Tensor,
  toArray,
  transpose,
} from '../../src/index.ts'
import { key } from '../../src/random/index.ts'
import { left, right } from '../support/either.ts'

const line = (i: number): string =>
  [1990 + (i % 20), ...Array.from({ length: 90 }, (_, k) => (i + k / 8).toFixed(3))].join(',')
const text = (n: number): Uint8Array =>
  new TextEncoder().encode(`${Array.from({ length: n }, (_, i) => line(i)).join('\n')}\n`)
const count = ({ years }: Songs): number => years.shape[0]
const firsts = ({ features }: Songs): readonly number[] =>
  [...data(features)].filter((_, i) => i % 90 === 0).toSorted((a, b) => a - b)

describe('songs from a file', () => {
  it('are split in the proportion of the official split, each on one side, labels after 2000', async () => {
    const songs = right(await loadYearPrediction()(zipSync({ 'songs.txt': text(500) }))())
    expect([songs.split, songs.source, count(songs.train), count(songs.test)]).toEqual(['seeded', 'file', 450, 50])
    const all = [...firsts(songs.train), ...firsts(songs.test)].toSorted((a, b) => a - b)
    expect(all).toEqual(Array.from({ length: 500 }, (_, i) => i))
    for (const { features, years, labels } of [songs.train, songs.test]) {
      expect([features.dtype, years.dtype, labels.dtype, features.shape[1]]).toEqual(['float32', 'int32', 'int32', 90])
      expect([...data(labels)]).toEqual([...data(years)].map(year => Number(year > 2000)))
      expect([...data(years)]).toEqual(firstsInOrder(features).map(i => 1990 + (i % 20)))
    }
  })

  it('are split alike by equal keys, and otherwise by others', async () => {
    const years = async (seed: number): Promise<unknown> =>
      toArray(right(await loadYearPrediction({ key: key(seed) })(text(60))()).test.features)
    expect(await years(1)).toEqual(await years(1))
    expect(await years(1)).not.toEqual(await years(2))
  })

  it.each<readonly [string, Uint8Array, string]>([
    ['of another form', new TextEncoder().encode('1,2,3\n'), 'x: line 1: it has 3 fields, where a song has 91'],
    ['too few', text(2), 'x: has 2 songs: too few to split'],
    [
      'with a year that is none',
      new TextEncoder().encode(new TextDecoder().decode(text(20)).replace('1994', '94')),
      'x: song 5 is from the year 94',
    ],
  ])('that are %s are a Left', async (_what, bytes, message) => {
    expect(left(await loadYearPrediction({ source: 'x' })(bytes)()).message).toContain(message)
  })

  it('all of them are split as published: by position', { timeout: 400_000 }, async () => {
    const row = `2001${',1'.repeat(90)}\n`
    const other = `1999${',2'.repeat(90)}\n`
    const times = (n: number, line: string) => Buffer.alloc(n * line.length, line)
    const blob = new Blob([times(463_715, row), times(51_630, other)])
    const { train, test, split } = right(await loadYearPrediction()(blob)())
    expect([split, count(train), count(test)]).toEqual(['official', 463_715, 51_630])
    expect([item(mean(cast('float32')(train.labels))), item(mean(cast('float32')(test.labels)))]).toEqual([1, 0])
    expect([data(train.features).at(-1), data(test.features)[0]]).toEqual([1, 2])
  })
})

const firstsInOrder = (features: Tensor): readonly number[] => [...data(features)].filter((_, i) => i % 90 === 0)

const SUBSET = resolve(import.meta.dirname, '../../../shared/data/msd-subset.csv.gz')
describe.skipIf(!existsSync(SUBSET))(`4,680 real songs (skipped without ${SUBSET})`, () => {
  it('are read from gzip, about half of them after 2000', async () => {
    const { train, test } = right(await loadYearPrediction()(SUBSET)())
    expect([count(train), count(test)]).toEqual([4211, 469])
    const after = [train, test].reduce((n, { labels }) => n + item(sum(labels as Tensor)), 0)
    expect(after / 4680).toBeCloseTo(0.516, 3)
  })
})

describe('made-up songs', () => {
  const { train, test, split, source } = syntheticSongs(key(3), 20_000)

  it('say that they are', () => {
    expect([split, source, count(train), count(test)]).toEqual(['seeded', 'synthetic', 17_996, 2004])
    expect(syntheticSongs(key(3), 20).train.years).toBeDefined()
    expect(() => syntheticSongs(key(0), 4)).toThrow('syntheticSongs: needs a whole number of at least 5 songs, got 4')
  })

  it('are told apart by a linear function in about 73 % of cases', () => {
    const fit = fitStandardizer(train.features)
    const [x, xTest] = [standardize(fit)(train.features), standardize(fit)(test.features)] as [Tensor, Tensor]
    const signs = sub(mul(2, cast('float32')(train.labels)), 1)
    const w = matmul(transpose(x), signs)
    const found = cast('int32')(gt(matmul(xTest, w), 0))
    const right = mean(cast('float32')(eq(found, test.labels)))
    expect(item(right)).toBeGreaterThan(0.7)
    expect(item(right)).toBeLessThan(0.76)
  })
})
