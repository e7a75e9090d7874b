/** Networks whose sizes have been published: the count of their parameters, part by part. */
import { expect, it } from 'vitest'
import { relu } from '../../src/index.ts'
import {
  activation,
  avgPool,
  batchNorm,
  conv,
  dropout,
  flatten,
  maxPool,
  type SummaryRow,
  serial,
  summaryOf,
} from '../../src/nn/index.ts'

const square = (n: number): readonly [number, number] => [n, n]
const shapesOf = (rows: readonly SummaryRow[], name: string) =>
  rows.filter(row => row.name === name).map(({ output }) => output)

it('a CNN for MNIST with 14,060 parameters, of which 212 are running statistics', () => {
  const block = (inputs: number, outputs: number, taps: number) =>
    serial(conv(inputs, outputs, { window: square(taps) }), activation(relu), batchNorm(outputs), dropout(0.1))
  const network = serial(
    block(1, 16, 3),
    block(16, 16, 3),
    block(16, 10, 1),
    maxPool({ window: 2 }),
    block(10, 16, 3),
    block(16, 16, 3),
    block(16, 16, 3),
    block(16, 16, 3),
    conv(16, 10, { window: [4, 4] }),
    flatten(),
  )
  const { rows, trainable, nonTrainable } = summaryOf({ input: [null, 28, 28, 1] })(network)
  expect([trainable, nonTrainable, trainable + nonTrainable]).toEqual([13_848, 212, 14_060])
  const sizes = shapesOf(rows, 'conv2d').map(shape => shape[1])
  expect(sizes).toEqual([26, 24, 24, 10, 8, 6, 4, 1])
  expect(rows.at(-1)?.output).toEqual([null, 10])
})

it('a CNN for MNIST with 9,596 parameters, without biases', () => {
  const bare = (inputs: number, outputs: number, taps: number) =>
    conv(inputs, outputs, { window: square(taps), bias: false })
  const block = (inputs: number, outputs: number) =>
    serial(bare(inputs, outputs, 3), batchNorm(outputs), activation(relu), dropout(0.1))
  const network = serial(
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
  )
  const { rows, trainable, nonTrainable } = summaryOf({ input: [null, 28, 28, 1] })(network)
  // Running statistics are two for each of 86 normalised channels; torchsummary counts what is trained.
  expect([trainable, nonTrainable]).toEqual([9_596, 172])
  expect(shapesOf(rows, 'avgPool')).toEqual([[null, 1, 1, 30]])
  expect(rows.at(-1)?.output).toEqual([null, 10])
})
