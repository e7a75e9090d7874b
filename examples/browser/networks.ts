/**
 * The networks that can be trained: from images [n, 28, 28, 1] with pixels from 0 to 1 to logits [n, 10].
 */
import { div, relu, sub, type Tensor } from '../../src/index.ts'
import { activation, conv, dense, flatten, type Layer, maxPool, serial } from '../../src/nn/index.ts'
import { adam, type GradientTransformation } from '../../src/optim/index.ts'
import type { NetworkName } from './protocol.ts'

/** Side of an image, and how many digits there are. */
export const [SIDE, CLASSES] = [28, 10]

export type Network = {
  readonly layers: Layer<readonly unknown[]>
  readonly optimizer: GradientTransformation
}

/** Mean and standard deviation of all training pixels. */
const [MEAN, STD] = [0.1307, 0.3081]
const standardize = activation((x: Tensor) => div(sub(x, MEAN), STD))
const hidden = activation(relu)

export const networks: { readonly [name in NetworkName]: Network } = {
  /** That of `npm start`. */
  perceptron: {
    layers: serial(
      standardize,
      flatten(),
      dense(SIDE * SIDE, 500),
      hidden,
      dense(500, 250),
      hidden,
      dense(250, 100),
      hidden,
      dense(100, CLASSES),
    ),
    optimizer: adam({ learningRate: 0.001 }),
  },
  convolutional: {
    layers: serial(
      standardize,
      conv(1, 8, { window: [3, 3] }),
      hidden,
      maxPool({ window: 2 }),
      conv(8, 16, { window: [3, 3] }),
      hidden,
      maxPool({ window: 2 }),
      flatten(),
      dense(400, CLASSES),
    ),
    optimizer: adam({ learningRate: 0.003 }),
  },
}
