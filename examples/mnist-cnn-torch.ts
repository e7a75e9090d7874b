/**
 * A published CNN for MNIST in the style of PyTorch, with 9,596 parameters: 99.55 % of the test digits.
 *
 *   npx tsx examples/mnist-cnn-torch.ts            # 15 epochs, three seeds
 *   npx tsx examples/mnist-cnn-torch.ts --quick    # three epochs over a fifth of the images
 *
 * Everything but the network and its schedule is in support/cnn.ts. In a project of yours, import from 'cotangent/nn', ….
 */
import { augmentations, randomRotation, randomShift } from '../src/data/index.ts'
import { div, relu, sub, type Tensor } from '../src/index.ts'
import { activation, avgPool, batchNorm, conv, dropout, flatten, maxPool, serial, torchInit } from '../src/nn/index.ts'
import { sgd } from '../src/optim/index.ts'
import { cnnFlags, runCnnStudy } from './support/cnn.ts'
import { type Experiment, onCommandLine } from './support/experiment.ts'
import { decimal, whole } from './support/flags.ts'

/** PyTorch's own: what it calls 0.1, and a running variance that is unbiased. */
const TORCH = { momentum: 0.9, eps: 1e-5, unbiased: true }

const bare = (inputs: number, outputs: number, size: number) =>
  conv(inputs, outputs, { window: [size, size], bias: false, init: torchInit.init })

/** A 3×3 convolution with batch norm, ReLU and dropout. */
const block = (inputs: number, outputs: number, rate: number) =>
  serial(bare(inputs, outputs, 3), batchNorm(outputs, TORCH), activation(relu), dropout(rate))

const networkOf = (rate: number) =>
  serial(
    block(1, 12, rate),
    block(12, 16, rate),
    bare(16, 10, 1),
    maxPool({ window: 2 }),
    block(10, 12, rate),
    block(12, 16, rate),
    block(16, 30, rate),
    avgPool({ window: 6 }),
    bare(30, 10, 1),
    flatten(),
  )

/** Mean and standard deviation of all training pixels, as PyTorch's example has them. */
const [MEAN, STD] = [0.1307, 0.3081]

const title = 'An MNIST CNN in the style of PyTorch, 9,596 parameters'

const flags = {
  ...cnnFlags,
  dropout: decimal('probability of dropping a value (0)', { min: 0, below: 1 }, 0),
  rotation: decimal('greatest angle in degrees by which training images are turned (7)', { min: 0 }, 7),
  shift: whole('pixels by which training images are moved at most (1)', 0, 1),
}

/** Training images turned and moved a little, after standardising: what comes in from outside is background. */
const varied = (degrees: number, by: number) => {
  const fill = -MEAN / STD
  return augmentations<Tensor>(randomRotation({ degrees, fill }), randomShift({ by, fill }))
}

const experiment: Experiment<typeof flags> = {
  file: 'mnist-cnn-torch.ts',
  title,
  flags,
  run: (options, signal) =>
    runCnnStudy(
      {
        title,
        network: networkOf(options.dropout),
        prepare: images => div(sub(images, MEAN), STD),
        augment: varied(options.rotation, options.shift),
        optimizer: learningRate => sgd({ learningRate, momentum: 0.9 }),
        rate: epoch => 0.04 * 0.1 ** Math.floor(epoch / 6),
        batch: 64,
        epochs: 15,
        quick: { epochs: 3, images: 12_000 },
        published: { test: 99.55, train: 99.23, loss: 0.0167 },
      },
      options,
      signal,
    ),
}

process.exitCode = await onCommandLine(experiment)(process.argv.slice(2))()
