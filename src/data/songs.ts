/**
 * Songs and the year they came out: 12 averages and 78 covariances of timbre each, from the Million Song Dataset.
 *
 * Layer: data. Data: T. Bertin-Mahieux, "YearPredictionMSD", UCI Machine Learning Repository (2011), 515,345 songs; its split by
 * position keeps the songs of one artist on one side. Read next: csv.ts, which reads it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { chainEitherK, map } from 'fp-ts/lib/TaskEither.js'
import { fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range } from '../core/shape.ts'
import { cellOf, concrete, tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { clip, floor } from '../ops/arithmetic.ts'
import { cast, gt } from '../ops/comparison.ts'
import { add, mul } from '../ops/elementwise.ts'
import { matmul } from '../ops/linalg.ts'
import { type Key, key as keyOf, split as splitKey } from '../random/key.ts'
import { normal } from '../random/normal.ts'
import { permutation } from '../random/permutation.ts'
import { takeRows } from './batches.ts'
import { readTable } from './csv.ts'
import type { Column, Group } from './csv-columns.ts'
import { type DataError, formatError, labelError } from './errors.ts'
import { type DataInput, nameOf, type StreamOptions } from './streams.ts'

/** Songs: features float32 [n,90], the year of each int32 [n], and whether that is after 2000 (1 or 0) int32 [n]. */
export type Songs = {
  readonly features: Tensor<readonly [number, 90]>
  readonly years: Tensor<readonly [number]>
  readonly labels: Tensor<readonly [number]>
}

/** The two parts of a set of songs, where they come from, and whether the split is the published one or drawn from a key. */
export type YearPrediction = {
  readonly train: Songs
  readonly test: Songs
  readonly split: 'official' | 'seeded'
  readonly source: 'file' | 'synthetic'
}

/** Where UCI keeps the set: a zip archive of 200 MB that holds YearPredictionMSD.txt. */
export const yearPredictionUrl =
  'https://archive.ics.uci.edu/ml/machine-learning-databases/00203/YearPredictionMSD.txt.zip'

const FEATURES = 90
const OFFICIAL = { train: 463_715, test: 51_630 } as const
const ALL = OFFICIAL.train + OFFICIAL.test
const [FIRST_YEAR, LAST_YEAR, TURN] = [1900, 2100, 2000]

const trainingPart = (n: number): number => Math.round((n * OFFICIAL.train) / ALL)

const layout = (_names: unknown, width: number): E.Either<string, readonly Group[]> =>
  width === FEATURES + 1
    ? E.right([
        { name: 'years', type: 'int32', from: 0 },
        { name: 'features', type: 'float32', from: 1, width: FEATURES },
      ])
    : E.left(`it has ${width} fields, where a song has ${FEATURES + 1}: its year and ${FEATURES} features`)

const songsOf = (features: Tensor, years: Tensor): Songs =>
  ({ features, years, labels: cast('int32')(gt(years, TURN)) }) as unknown as Songs

/** Rows start to end, without copying: the two parts of half a million songs lie in one array. */
const rowsOf = (x: Tensor, start: number, end: number): Tensor => {
  const [, ...rest] = x.shape
  const width = rest.reduce((product, n) => product * n, 1)
  return concrete([end - start, ...rest], x.dtype, cellOf(x).subarray(start * width, end * width))
}

const byPosition = (features: Tensor, years: Tensor, train: number): Pick<YearPrediction, 'train' | 'test'> => {
  const n = dim(years.shape, 0)
  const part = (start: number, end: number): Songs => songsOf(rowsOf(features, start, end), rowsOf(years, start, end))
  return { train: part(0, train), test: part(train, n) }
}

const checked = (source: string, columns: Readonly<Record<string, Column>>): E.Either<DataError, readonly Tensor[]> => {
  const [features, years] = [columns.features as Tensor, columns.years as Tensor]
  const n = dim(years.shape, 0)
  if (trainingPart(n) === 0 || trainingPart(n) === n)
    return E.left(formatError(source, `has ${n} songs: too few to split into training and test`))
  const wrong = cellOf(years).findIndex((year: number) => year < FIRST_YEAR || year > LAST_YEAR)
  return wrong < 0
    ? E.right([features, years])
    : E.left(
        labelError(source, `song ${wrong + 1} is from the year ${cellOf(years)[wrong]}, before 1900 or after 2100`),
      )
}

const splitSongs =
  (key: Key) =>
  ([features, years]: readonly Tensor[]): YearPrediction => {
    const [x, y] = [features, years] as [Tensor, Tensor]
    const n = dim(y.shape, 0)
    if (n === ALL) return { ...byPosition(x, y, OFFICIAL.train), split: 'official', source: 'file' }
    const order = takeRows(permutation(n)(key))
    return { ...byPosition(order(x), order(y), trainingPart(n)), split: 'seeded', source: 'file' }
  }

/** Which order songs get when the split is not the published one (`key(0)`), and which entry of an archive has them. */
export type YearPredictionOptions = StreamOptions & {
  readonly key?: Key
  readonly shape?: never
  readonly dtype?: never
}

/**
 * Reads songs from UCI's zip archive, its text, or any file of lines of that form (year, then 90 numbers), packed or not. It is
 * streamed: beside the result little is in memory.
 *
 * With all 515,345 songs the split is the official one: the first 463,715 train, the last 51,630 test. Otherwise songs are put in
 * an order drawn from `key`, and split in the same proportion; `split` says which it was. Nothing is normalised.
 *
 * A MissingError when there is no such file; a FormatError that names the line for a row of another form, or for too few songs;
 * a LabelError for a year that is none.
 * @example
 * const songs = loadYearPrediction()('YearPredictionMSD.txt.zip') // a task: `await songs()` reads the file
 */
export const loadYearPrediction = (given: YearPredictionOptions = {}) => {
  const { key = keyOf(0), ...options } = requireOptions('loadYearPrediction', given, ['source', 'entry', 'key'])
  return (input: DataInput): TE.TaskEither<DataError, YearPrediction> =>
    pipe(
      readTable(layout, { ...options, header: false }, input),
      chainEitherK(columns => checked(options.source ?? nameOf(input), columns)),
      map(splitSongs(key)),
    )
}

/** Averages spread less from one to the next; covariances spread by hundreds, as in the real set. */
const spread = (feature: number): number => (feature < 12 ? 50 / (1 + feature / 2) : 600 / (1 + (feature % 13)))
const centre = (feature: number): number => (feature === 0 ? 43 : feature < 12 ? 0 : 20)
/** So much noise that the sign of x with it is the sign of x without in 73 % of cases: tan(0.27·π). */
const NOISE = Math.tan(0.27 * Math.PI)
const YEARS_PER_UNIT = 6

/**
 * Made-up songs of the same form, for trying things out without the data: features are normal, and whether a song is after 2000
 * is a linear function of them and of noise, so that the best classifier is a linear one and right in 73 % of cases.
 * @param n how many songs, at least 5; the split is in the proportion of the official one
 * @throws ValueError for fewer
 * @example
 * syntheticSongs(key(0), 1000).train.features // float32[900,90]
 */
export const syntheticSongs = (key: Key, n: number): YearPrediction => {
  const train = Number.isSafeInteger(n) ? trainingPart(n) : 0
  if (train === 0 || train === n)
    return fail(valueError('syntheticSongs', `needs a whole number of at least 5 songs, got ${n}`))
  const [forFeatures, forWeights, forNoise] = splitKey({ count: 3 })(key)
  const z: Tensor = normal({ shape: [n, FEATURES] })(forFeatures)
  const w: Tensor = normal({ shape: [FEATURES] })(forWeights)
  const norm = Math.hypot(...cellOf(w))
  const noise: Tensor = normal({ shape: [n] })(forNoise)
  const score = add(mul(matmul(z, w), 1 / norm), mul(noise, NOISE))
  const years = cast('int32')(clip({ min: 1922, max: 2011 })(floor(add(mul(score, YEARS_PER_UNIT), TURN + 1))))
  const columns = range(0, FEATURES)
  const features = add(mul(z, tensor(columns.map(spread))), tensor(columns.map(centre)))
  return { ...byPosition(features, years, train), split: 'seeded', source: 'synthetic' }
}
