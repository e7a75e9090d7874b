/**
 * The networks of the examples for MNIST: a perceptron of any widths, and the two published CNNs.
 */
import { relu } from '../../src/index.ts'
import {
  activation,
  avgPool,
  batchNorm,
  conv,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool,
  serial,
} from '../../src/nn/index.ts'

const square = (n: number): readonly [number, number] => [n, n]

/** Dense layers with ReLU in between. */
export const perceptron = (...widths: readonly number[]): Layer<readonly unknown[]> =>
  serial(
    ...widths.slice(1).flatMap((width, i) => {
      const layer = dense(widths[i] ?? 1, width)
      return i < widths.length - 2 ? [layer, activation(relu)] : [layer]
    }),
  ) as Layer<readonly unknown[]>

/** The CNN in the style of Keras: 14,060 parameters. */
export const kerasCnn = (rate: number): Layer<readonly unknown[]> => {
  const block = (inputs: number, outputs: number, taps: number) =>
    serial(
      conv(inputs, outputs, { window: square(taps) }),
      activation(relu),
      batchNorm(outputs, { momentum: 0.99, eps: 1e-3 }),
      dropout(rate),
    )
  return serial(
    block(1, 16, 3),
    block(16, 16, 3),
    block(16, 10, 1),
    maxPool({ window: 2 }),
    block(10, 16, 3),
    block(16, 16, 3),
    block(16, 16, 3),
    block(16, 16, 3),
    conv(16, 10, { window: square(4) }),
    flatten(),
  ) as Layer<readonly unknown[]>
}

/** The CNN in the style of PyTorch: 9,596 parameters, no biases. */
export const torchCnn = (rate: number): Layer<readonly unknown[]> => {
  const bare = (inputs: number, outputs: number, taps: number) =>
    conv(inputs, outputs, { window: square(taps), bias: false })
  const block = (inputs: number, outputs: number) =>
    serial(
      bare(inputs, outputs, 3),
      batchNorm(outputs, { momentum: 0.9, eps: 1e-5, unbiased: true }),
      activation(relu),
      dropout(rate),
    )
  return serial(
    block(1, 12),
    block(12, 16),
    bare(16, 10, 1),
    maxPool({ window: 2 }),
    block(10, 12),
    block(12, 16),
    block(16, 30),
    avgPool({ window: 6 }),
    bare(30, 10, 1),
    flatten(),
  ) as Layer<readonly unknown[]>
}
