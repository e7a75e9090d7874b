/**
 * Songs for the music-century experiment: read, downloaded or made up, in three parts, standardised, in batches. Not part of the library.
 */
import { existsSync } from 'node:fs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as data from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import { type Key, split } from '../../src/random/index.ts'

/** Features, float32 [n,90], and whether each song is after 2000, int32 [n]. */
export type LabelledSongs = { readonly features: ct.Tensor; readonly labels: ct.Tensor }

/** What to train on, to choose with, and to test with, standardised with what the training part is like. */
export type SongSets = {
  readonly train: LabelledSongs
  readonly validation: LabelledSongs
  readonly test: LabelledSongs
  /** Whether these are all 515,345 songs, in the published split. */
  readonly official: boolean
  /** What they are, in words. */
  readonly what: string
}

/** How many songs a tensor of labels is for. */
export const countOf = ({ labels }: LabelledSongs): number => labels.shape[0] ?? 0

/** Of the 463,715 songs of the official training part, as the assignment has it. */
const HELD_OUT = 50_000
const OFFICIAL_TRAINING = 463_715

const heldOutOf = ({ train, split }: data.YearPrediction): number => {
  const n = countOf(train)
  return split === 'official' ? HELD_OUT : Math.max(1, Math.round((n * HELD_OUT) / OFFICIAL_TRAINING))
}

const inWords = ({ split, source }: data.YearPrediction, counts: readonly number[]): string => {
  const kind = source === 'synthetic' ? 'SYNTHETIC songs, made up, no real data' : 'real songs'
  const how = split === 'official' ? 'of the official split' : 'split in the official proportions'
  const [train, validation, test] = counts.map(n => n.toLocaleString('en'))
  return `${kind}: ${train} to train on, ${validation} to validate, ${test} to test (${how})`
}

const firstOf = (limit: number | null, { features, labels }: LabelledSongs): LabelledSongs =>
  ct.treeMap<LabelledSongs, ct.Shape>({ features, labels }, x => ct.slice([[0, limit]])(x))

/** The validation part is drawn from the training part; then all are standardised with what is left of that. */
const partsOf =
  (key: Key, limit: { readonly train: number; readonly test: number } | null) =>
  (songs: data.YearPrediction): SongSets => {
    const held = heldOutOf(songs)
    const { train, validation } = data.splitRows({
      key,
      parts: { validation: held, train: countOf(songs.train) - held },
    })({ features: songs.train.features as ct.Tensor, labels: songs.train.labels as ct.Tensor })
    const some = firstOf(limit?.train ?? null, train)
    const fit = data.fitStandardizer(some.features)
    const ready = ({ features, labels }: LabelledSongs): LabelledSongs => ({
      features: data.standardize(fit)(features),
      labels,
    })
    const sets = {
      train: ready(some),
      validation: ready(firstOf(limit?.test ?? null, validation)),
      test: ready(firstOf(limit?.test ?? null, songs.test)),
    }
    const counts = [sets.train, sets.validation, sets.test].map(countOf)
    return { ...sets, official: songs.split === 'official' && limit === null, what: inWords(songs, counts) }
  }

/** Where a download goes that was not told where. */
const ARCHIVE = 'YearPredictionMSD.txt.zip'
const MEGABYTE = 2 ** 20

/** The archive of UCI under this path: downloaded, unless it is there. */
const downloaded = (path: string): TE.TaskEither<data.DataError, string> => {
  if (existsSync(path)) {
    console.log(`${path} is there already: nothing is downloaded`)
    return TE.right(path)
  }
  console.log(`downloading ${data.yearPredictionUrl}`)
  let shown = 0
  const onProgress = (bytes: number): void => {
    if (bytes < shown + 10 * MEGABYTE) return
    shown = bytes
    console.error(`${Math.round(bytes / MEGABYTE)} MB`)
  }
  return data.download({ to: path, onProgress })(data.yearPredictionUrl)
}

/** Which songs there are to be. */
export type SongOptions = {
  readonly data: string | null
  readonly download: boolean
  /** How many are made up, without a file. */
  readonly songs: number
  readonly limit: { readonly train: number; readonly test: number } | null
  readonly key: Key
}

/** The songs of a file, of a download, or else made-up ones, in their parts. */
export const loadSongs = ({
  data: file,
  download,
  songs,
  limit,
  key,
}: SongOptions): TE.TaskEither<string, SongSets> => {
  const [forSongs, forParts] = split(key)
  const path = download ? downloaded(file ?? ARCHIVE) : TE.right(file)
  return pipe(
    path,
    TE.chain((from: string | null) =>
      from === null
        ? TE.fromIO(() => data.syntheticSongs(forSongs, songs))
        : data.loadYearPrediction({ key: forSongs })(from),
    ),
    TE.bimap(error => error.message, partsOf(forParts, limit)),
  )
}

/** How many songs of a set make a batch: all of them where there are fewer than asked for. */
export const batchSize = (songs: LabelledSongs, size: number): number => Math.min(size, countOf(songs))

/**
 * So many shuffled batches, one for each step of gradient descent: every pass over the songs has an order of its own, and leaves out
 * those that do not fill a batch.
 */
export function* shuffledBatches(
  songs: LabelledSongs,
  { size, count, key }: { readonly size: number; readonly count: number; readonly key: Key },
): Iterable<LabelledSongs> {
  const pass = data.shuffledBatches({ size: batchSize(songs, size), dropLast: true, key })(songs)
  let done = 0
  for (let n = 0; done < count; n++)
    for (const batch of pass(n)) {
      if (done++ === count) return
      yield batch
    }
}
