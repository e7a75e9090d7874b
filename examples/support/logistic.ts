/**
 * Logistic regression on songs: the model, its scores, and mini-batch gradient descent. Not part of the library.
 *
 * Read next: ../music-century.ts, the experiment with it.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import { batchesOf } from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import * as nn from '../../src/nn/index.ts'
import * as optim from '../../src/optim/index.ts'
import type { Point } from '../../src/plot/index.ts'
import * as random from '../../src/random/index.ts'
import * as train from '../../src/train/index.ts'
import { type LabelledSongs, type SongSets, shuffledBatches } from './songs.ts'

/** How many numbers describe a song. */
export const FEATURES = 90

/** Weights, [90], and bias, a scalar. */
export type Params = { readonly w: ct.Tensor; readonly b: ct.Tensor }

const logitsOf = ({ w, b }: Params, features: ct.Tensor): ct.Tensor => ct.add(ct.matmul(features, w), b)

/** The mean cross-entropy, in nats. */
export const costOf = (params: Params, { features, labels }: LabelledSongs): ct.Tensor<readonly []> =>
  nn.sigmoidCrossEntropy(logitsOf(params, features), labels)

/** The share of songs whose probability to be after 2000 is on the right side of a half. */
const accuracyOf = (params: Params, { features, labels }: LabelledSongs): ct.Tensor =>
  metrics.binaryAccuracy()(logitsOf(params, features), labels)

const loss: train.Loss<Params, readonly [], LabelledSongs> = (params, state, songs) => [
  costOf(params, songs),
  { state, metrics: { accuracy: accuracyOf(params, songs) } },
]

/** Where the assignment starts to compare learning rates. */
export const zero: Params = { w: ct.zeros([FEATURES]), b: ct.zeros([]) }

/** Weights and bias from the standard normal distribution, as the assignment starts where it does not start at zero. */
export const randomStart = (key: random.Key): Params => {
  const [forW, forB] = random.split(key)
  return { w: random.normal({ shape: [FEATURES] })(forW), b: random.normal({ shape: [] })(forB) }
}

/** What one descent is. */
export type Descent = {
  readonly start: Params
  readonly rate: number
  readonly batch: number
  readonly iterations: number
  /** Iterations between two looks at the validation songs. */
  readonly every: number
  /** Of the order of songs. */
  readonly key: random.Key
}

/** Where a descent has come to: the validation loss on the way, and the scores at the end. */
export type Run = { readonly params: Params; readonly curve: readonly Point[]; readonly validation: Scores }
/** Of a set of songs. */
export type Scores = { readonly loss: number; readonly accuracy: number }

/** Songs looked at in one go. */
const CHUNK = 50_000

const measured = train.evaluate(loss)
/** Loss and accuracy on songs. */
export const scoresOf = (params: Params, songs: LabelledSongs): T.Task<Scores> =>
  pipe(
    measured(batchesOf({ size: CHUNK })(songs))({ params, state: [] }),
    T.map(({ loss = Number.NaN, accuracy = Number.NaN }) => ({ loss, accuracy })),
  )

/** Mini-batch gradient descent; an iteration is one step on one batch. */
export const descend =
  (sets: SongSets, signal: AbortSignal) =>
  ({ start, rate, batch, iterations, every, key }: Descent): T.Task<Run> => {
    const optimizer = optim.sgd({ learningRate: rate })
    return pipe(
      train.trainState({ optimizer, key })({ params: start, state: [] as const }),
      train.fit({
        step: train.trainStep({ loss, optimizer }),
        epochs: 1,
        batches: () => shuffledBatches(sets.train, { size: batch, count: iterations, key }),
        callbacks: [
          train.validate({ loss, batches: [sets.validation], series: 'validation', every: { steps: every } }),
        ],
        signal,
        // A rate at which it diverges is a result of the experiment, not a mistake.
        notFinite: 'continue',
      }),
      T.chain(({ state: { params }, history }) =>
        pipe(
          scoresOf(params, sets.validation),
          T.map(validation => ({
            params,
            validation,
            curve: train
              .pointsOf({ series: 'validation', metric: 'loss' })(history)
              .map(({ step, value }) => [step, value] as const),
          })),
        ),
      ),
    )
  }
