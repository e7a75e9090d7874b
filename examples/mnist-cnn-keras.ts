/**
 * A published CNN for MNIST in the style of Keras, with 14,060 parameters: 99.45 % of the test digits.
 *
 *   npx tsx examples/mnist-cnn-keras.ts            # 20 epochs, three seeds
 *   npx tsx examples/mnist-cnn-keras.ts --quick    # two epochs over half of the images
 *
 * Everything but the network and its schedule is in support/cnn.ts. In a project of yours, import from 'cotangent/nn', ….
 */
import { relu } from '../src/index.ts'
import { activation, batchNorm, conv, dropout, flatten, type Layer, maxPool, serial } from '../src/nn/index.ts'
import { adam } from '../src/optim/index.ts'
import { cnnFlags, runCnnStudy } from './support/cnn.ts'
import { type Experiment, onCommandLine } from './support/experiment.ts'
import { choice } from './support/flags.ts'

/** Keras's own: how much of the running statistics stays, and what is added to a variance. */
const KERAS = { momentum: 0.99, eps: 1e-3 }

/** Which convolution goes without batch norm and dropout; both leave 14,060 parameters. */
type Bare = 'last' | '1x1'

/** A convolution with ReLU, then batch norm and dropout. */
const block = (inputs: number, outputs: number, window: readonly [number, number], rate: number) =>
  serial(conv(inputs, outputs, { window }), activation(relu), batchNorm(outputs, KERAS), dropout(rate))

const networkOf = (rate: number, bare: Bare): Layer<readonly unknown[]> =>
  serial(
    block(1, 16, [3, 3], rate),
    block(16, 16, [3, 3], rate),
    bare === 'last' ? block(16, 10, [1, 1], rate) : serial(conv(16, 10, { window: [1, 1] }), activation(relu)),
    maxPool({ window: 2 }),
    block(10, 16, [3, 3], rate),
    block(16, 16, [3, 3], rate),
    block(16, 16, [3, 3], rate),
    block(16, 16, [3, 3], rate),
    conv(16, 10, { window: [4, 4] }),
    bare === 'last' ? serial() : serial(batchNorm(10, KERAS), dropout(rate)),
    flatten(),
  )

/** 0.003 / (1 + 0.319 · epoch), with the ten digits that the published log prints. */
const rate = (epoch: number): number => Number((0.003 / (1 + 0.319 * epoch)).toFixed(10))

const title = 'An MNIST CNN in the style of Keras, 14,060 parameters'

const flags = {
  ...cnnFlags,
  bare: choice('the convolution without batch norm and dropout (last)', { last: 0, '1x1': 0 }, 'last'),
}

const experiment: Experiment<typeof flags> = {
  file: 'mnist-cnn-keras.ts',
  title,
  flags,
  run: (options, signal) =>
    runCnnStudy(
      {
        title,
        network: networkOf(options.dropout, options.bare),
        prepare: images => images,
        optimizer: learningRate => adam({ learningRate, eps: 1e-7 }),
        rate,
        batch: 128,
        epochs: 20,
        // Enough steps for the running statistics, of which 0.99 stays in each, to catch up with the weights.
        quick: { epochs: 2, images: 30_000 },
        published: { test: 99.45, train: 95.7, loss: 0.0196 },
        ...(options.bare === 'last' ? { trainNote: 'the published network also drops logits; see --bare 1x1' } : {}),
      },
      options,
      signal,
    ),
}

process.exitCode = await onCommandLine(experiment)(process.argv.slice(2))()
