/**
 * Handwritten digits: a multilayer perceptron 784-500-250-100-10, trained on MNIST by mini-batch gradient descent.
 *
 *   npm start                     # fifteen epochs, some 98 % of the test digits
 *   npm start -- --quick          # one epoch over a sixth of the data
 *   npm start -- --optimizer adam --activation tanh --epochs 5
 *   npm start -- --help
 *
 * The heart is `lossOn`: all else follows from it and an optimizer. A batch is a list of row numbers, so that images are gathered
 * where they are used. Ctrl-C ends the training and shows what was reached. In a project of yours, import from 'cotangent',
 * 'cotangent/data', 'cotangent/nn', ….
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as data from '../src/data/index.ts'
import * as ct from '../src/index.ts'
import * as metrics from '../src/metrics/index.ts'
import * as nn from '../src/nn/index.ts'
import * as random from '../src/random/index.ts'
import * as train from '../src/train/index.ts'
import { help, type Options, parseOptions } from './support/mnist-options.ts'

// ---- the network, its loss, and the order of its training

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
type Model = ReturnType<Network['init']>

/** Which examples make up a batch. */
type Rows = ct.Tensor<readonly [number]>

/** Images as rows of pixels. */
type Examples = data.LabelledImages<readonly [number, number]>

const lossOn =
  (network: Network, examples: Examples): train.Loss<Model['params'], Model['state'], Rows> =>
  (params, state, rows, mode) => {
    const { images, labels } = data.takeRows(rows)(examples)
    const [logits, next] = network.apply(params, state, images, mode)
    const loss = nn.softmaxCrossEntropy(logits, labels)
    return [loss, { state: next, metrics: { accuracy: metrics.accuracy(logits, labels) } }]
  }

/** The images once, in an order that depends on the seed and the epoch alone. */
const shuffled =
  ({ seed, batch }: Options, count: number): train.Batches<Rows> =>
  epoch =>
    pipe(random.key(seed), random.foldIn(1 + epoch), random.permutation(count), data.batches({ size: batch }))

/** The images once, in their own order. */
const inOrder = (count: number): readonly Rows[] => pipe(ct.arange(count), data.batches({ size: 1000 }))

// ---- training

const percent = (share = Number.NaN): string => `${(100 * share).toFixed(2)} %`
const showValues = ({ loss = Number.NaN, accuracy }: train.Values): string =>
  `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}`

const trainAll = (options: Options, network: Network, examples: Examples, signal: AbortSignal) => {
  const { optimizer, seed, epochs, batch } = options
  const count = examples.labels.shape[0]
  const start = pipe(
    network.init(pipe(random.key(seed), random.foldIn(0))),
    train.trainState({ optimizer, key: random.key(seed) }),
  )
  const reached = ({ step, reason, running }: train.TrainEvent): string => {
    if (reason !== 'interrupted') return ''
    const done = (step / Math.ceil(count / batch)).toFixed(2)
    return `stopped after ${done} epochs${running.loss === undefined ? '' : `: ${showValues(running)}`}\n`
  }
  const training = train.fit({
    step: train.trainStep({ loss: lossOn(network, examples), optimizer }),
    epochs,
    batches: shuffled(options, count),
    callbacks: [train.progressBar({ samples: count, show: showValues }), train.print(reached, { every: 'end' })],
    signal,
  })
  return training(start)
}

// ---- evaluation

const confusionOf = (network: Network, { params, state }: Model, examples: Examples): ct.Tensor =>
  pipe(
    inOrder(examples.labels.shape[0]),
    train.fold<ct.Tensor, Rows>(ct.zeros([CLASSES, CLASSES], { dtype: 'int32' }), (counts, rows) => {
      const { images, labels } = data.takeRows(rows)(examples)
      const [logits] = network.apply(params, state, images)
      const predicted = ct.argmax({ axis: -1 })(logits)
      return ct.add(counts, metrics.confusionMatrix({ classes: CLASSES })(labels, predicted))
    }),
  )

const evaluate = (network: Network, model: Model, examples: Examples): T.Task<string> =>
  pipe(
    train.evaluate(lossOn(network, examples))(inOrder(examples.labels.shape[0]))(model),
    T.map(({ loss = Number.NaN }) => {
      const confusion = confusionOf(network, model, examples)
      const scores = metrics.classificationReport(confusion)
      return [
        `test loss ${loss.toFixed(4)}`,
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

const describe = (options: Options, mnist: data.Mnist<readonly [number, number]>, network: Network): string => {
  const leaves = ct.treeLeaves(network.init(random.key(0)).params)
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
  return pipe(
    TE.fromIO<void, string>(say(describe(options, mnist, network))),
    TE.chainTaskK(() => trainAll(options, network, examples, signal)),
    TE.chainEitherK(result => (result.reason === 'failed' ? E.left(result.error.message) : E.right(result))),
    TE.chainTaskK(({ state }) => evaluate(network, state, test)),
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
              TE.chain(mnist => run(options, mnist, train.ctrlC())),
              TE.getOrElse(why => T.fromIO(end(1, why))),
            ),
    ),
  )

process.exitCode = await main(process.argv.slice(2))()
