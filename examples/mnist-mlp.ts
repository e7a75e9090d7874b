/**
 * Handwritten digits: a multilayer perceptron 784-500-250-100-10, trained on MNIST by mini-batch gradient descent.
 *
 *   npm start                     # fifteen epochs, some 98 % of the test digits
 *   npm start -- --quick          # one epoch over a sixth of the data
 *   npm start -- --optimizer adam --activation tanh --epochs 5
 *   npm start -- --help
 *
 * The heart is `stepOf`: a gradient, an update, the next state, compiled into one program by `jit`. An epoch is a fold of that step
 * over batches. Ctrl-C ends the
 * training and shows what was reached. In a project of yours, import from 'cotangent', 'cotangent/data', 'cotangent/nn', ….
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { struct } from 'fp-ts/lib/Monoid.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as data from '../src/data/index.ts'
import * as ct from '../src/index.ts'
import * as metrics from '../src/metrics/index.ts'
import * as nn from '../src/nn/index.ts'
import * as optim from '../src/optim/index.ts'
import * as random from '../src/random/index.ts'
import * as train from '../src/train/index.ts'
import { ctrlC } from './support/interrupt.ts'
import { help, type Options, parseOptions } from './support/mnist-options.ts'

// ---- the network, and one step of its training

const CLASSES = 10

const networkOf = (pixels: number, f: nn.ActivationFunction) => {
  const hidden = nn.activation(f)
  return nn.serial(
    nn.dense(pixels, 500),
    hidden,
    nn.dense(500, 250),
    hidden,
    nn.dense(250, 100),
    hidden,
    nn.dense(100, CLASSES),
  )
}
type Network = ReturnType<typeof networkOf>
type Params = ReturnType<Network['init']>['params']

type Metrics = { readonly loss: metrics.Average; readonly accuracy: metrics.Average }
const metricsMonoid = struct<Metrics>({ loss: metrics.averageMonoid, accuracy: metrics.averageMonoid })

/** Which examples make up a batch. */
type Rows = ct.Tensor<readonly [number]>

type Learnt = { readonly params: Params; readonly optimizer: optim.OptimizerState }

type State = Learnt & {
  /** How many have been trained; fractional after Ctrl-C. */
  readonly epoch: number
  /** Averages over the present one. */
  readonly running: Metrics
}

/** Images as rows of pixels. */
type Examples = data.LabelledImages<readonly [number, number]>

const stepOf = (network: Network, optimizer: optim.GradientTransformation, examples: Examples) => {
  const { state } = network.init(random.key(0))
  const loss = (params: Params, { images, labels }: Examples) => {
    const [logits] = network.apply(params, state, images)
    return [nn.softmaxCrossEntropy(logits, labels), logits] as const
  }
  // What is learnt is donated: each step takes the memory of the one before.
  const learn = ct.jit(
    ({ params, optimizer: old }: Learnt, all: Examples, rows: Rows) => {
      const batch = data.takeRows(rows)(all)
      const [[value, logits], grads] = ct.valueAndGrad(loss, { aux: true })(params, batch)
      const [updates, next] = optimizer.update(grads, old, params)
      const learnt: Learnt = { params: optim.applyUpdates(params, updates), optimizer: next }
      return [learnt, { loss: value, accuracy: metrics.accuracy(logits, batch.labels) }] as const
    },
    { donate: [0] },
  )
  return ({ params, optimizer, ...state }: State, rows: Rows): State => {
    const [learnt, scores] = learn({ params, optimizer }, examples, rows)
    const average = (x: ct.Tensor) => metrics.average(ct.item(x), rows.shape[0])
    const ofBatch = { loss: average(scores.loss), accuracy: average(scores.accuracy) }
    return { ...state, ...learnt, running: metricsMonoid.concat(state.running, ofBatch) }
  }
}

// ---- epochs

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const seen = ({ running }: State): number => running.loss.weight
const showMetrics = ({ running: { loss, accuracy } }: State): string =>
  `loss ${metrics.averageValue(loss).toFixed(4)}, accuracy ${percent(metrics.averageValue(accuracy))}`

const reached = (state: State): string =>
  `stopped after ${state.epoch.toFixed(2)} epochs${seen(state) === 0 ? '' : `: ${showMetrics(state)}`}`

/** The images once, in an order that depends on the seed and the epoch alone. */
const trainEpoch =
  ({ epochs, batch, seed }: Options, step: train.Step<State, Rows>, count: number, signal: AbortSignal) =>
  (state: State): T.Task<State> =>
    pipe(
      train.progress({ label: `epoch ${state.epoch + 1}/${epochs}`, total: count }),
      T.chain(bar =>
        pipe(
          random.key(seed),
          random.foldIn(1 + state.epoch),
          random.permutation(count),
          data.batches({ size: batch }),
          train.foldTask({ ...state, running: metricsMonoid.empty }, step, {
            observe: now => bar.update(seen(now), showMetrics(now)),
            signal,
          }),
          T.chainFirstIOK(() => bar.stop),
        ),
      ),
      T.map(end => ({ ...end, epoch: state.epoch + seen(end) / count })),
    )

/** Epochs until there are enough of them, or Ctrl-C. */
const trainAll = (epochs: number, epoch: (state: State) => T.Task<State>, signal: AbortSignal) => {
  const from = (state: State): T.Task<State> =>
    state.epoch === epochs || signal.aborted ? T.of(state) : pipe(epoch(state), T.chain(from))
  return from
}

// ---- evaluation

const evaluate = (network: Network, params: Params, examples: Examples) =>
  pipe(
    ct.arange(examples.labels.shape[0]),
    data.batches({ size: 1000 }),
    train.foldTask(
      { loss: metrics.averageMonoid.empty, confusion: ct.zeros([CLASSES, CLASSES], { dtype: 'int32' }) },
      ({ loss, confusion }, rows) => {
        const { images, labels } = data.takeRows(rows)(examples)
        const [logits] = network.apply(params, network.init(random.key(0)).state, images)
        const batchLoss = metrics.average(ct.item(nn.softmaxCrossEntropy(logits, labels)), rows.shape[0])
        const counts = metrics.confusionMatrix({ classes: CLASSES })(labels, ct.argmax({ axis: -1 })(logits))
        return { loss: metrics.averageMonoid.concat(loss, batchLoss), confusion: ct.add(confusion, counts) }
      },
    ),
    T.map(({ loss, confusion }) => {
      const scores = metrics.classificationReport(confusion)
      return [
        `test loss ${metrics.averageValue(loss).toFixed(4)}`,
        metrics.showConfusion()(confusion),
        metrics.showScores({ digits: 4 })(scores),
        `test accuracy ${percent(scores.accuracy)}`,
      ].join('\n\n')
    }),
  )

// ---- the program

/** Images as rows, standardised per pixel with what the training images are like. */
const prepare =
  ({ limit }: Options) =>
  (mnist: data.Mnist): data.Mnist<readonly [number, number]> => {
    const rows = (x: data.LabelledImages['images']) => ct.reshape([x.shape[0], -1])(x)
    const first = ct.treeMap(mnist.train, x => ct.slice([[0, limit]])(x))
    const fit = data.fitStandardizer(rows(first.images))
    const ready = ({ images, labels }: data.LabelledImages) => ({ images: data.standardize(fit)(rows(images)), labels })
    return { train: ready(first), test: ready(mnist.test) }
  }

const describe = (options: Options, mnist: data.Mnist<readonly [number, number]>, params: Params): string => {
  const leaves = ct.treeLeaves(params)
  const sizes = [mnist.train.images.shape[1], ...leaves.filter(x => x.shape.length === 1).map(b => b.shape[0])]
  const count = leaves.reduce((total, x) => total + x.shape.reduce((a, b) => a * b, 1), 0)
  return [
    `network ${sizes.join('-')}: ${count.toLocaleString('en')} parameters`,
    `images  [${mnist.train.images.shape}] to train on, [${mnist.test.images.shape}] to test with`,
    `options ${options.chosen}; batch ${options.batch}, epochs ${options.epochs}, seed ${options.seed}`,
    '',
  ].join('\n')
}

const say = (text: string) => (): void => console.log(text)

/** Trains and tests; gives the exit code, or a sentence that says why there is no result. */
const run = (
  options: Options,
  mnist: data.Mnist<readonly [number, number]>,
  signal: AbortSignal,
): TE.TaskEither<string, number> => {
  const { train: examples, test } = mnist
  const network = networkOf(examples.images.shape[1], options.activation)
  const { params } = network.init(pipe(random.key(options.seed), random.foldIn(0)))
  const step = stepOf(network, options.optimizer, examples)
  const epoch = trainEpoch(options, step, examples.labels.shape[0], signal)
  const initial = { params, optimizer: options.optimizer.init(params), epoch: 0, running: metricsMonoid.empty }
  return pipe(
    TE.fromIO<void, string>(say(describe(options, mnist, params))),
    TE.chainTaskK(() => trainAll(options.epochs, epoch, signal)(initial)),
    TE.filterOrElse(
      ({ running }) => Number.isFinite(running.loss.sum),
      () => 'the training diverged, its loss is no longer finite: try a smaller --lr',
    ),
    TE.chainFirstIOK(state => say(signal.aborted ? `${reached(state)}\n` : '')),
    TE.chainTaskK(({ params }) => evaluate(network, params, test)),
    TE.chainIOK(say),
    TE.map(() => (signal.aborted ? 130 : 0)),
  )
}

/** Ends with an exit code: 0 for what was asked for, on stdout; else a complaint, on stderr. */
const end = (code: number, text: string) => (): number => {
  if (code === 0) console.log(text)
  else console.error(`mnist-mlp: ${text}`)
  return code
}

const main = (args: readonly string[]): T.Task<number> =>
  pipe(
    parseOptions(args),
    E.match(
      mistake => T.fromIO(end(2, `${mistake}\n\n${help}`)),
      options =>
        options.help
          ? T.fromIO(end(0, help))
          : pipe(
              data.loadMnist({ directory: options.data ?? undefined, from: import.meta.url }),
              TE.mapLeft(error => error.message),
              TE.map(prepare(options)),
              TE.chain(mnist => run(options, mnist, ctrlC())),
              TE.getOrElse(why => T.fromIO(end(1, why))),
            ),
    ),
  )

process.exitCode = await main(process.argv.slice(2))()
