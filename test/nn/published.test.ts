/** Networks whose sizes have been published: the count of their parameters, part by part. */
import { expect, it } from 'vitest'
import { type SummaryRow, summaryOf } from '../../src/nn/index.ts'
import { kerasCnn, torchCnn } from '../support/networks.ts'

const shapesOf = (rows: readonly SummaryRow[], name: string) =>
  rows.filter(row => row.name === name).map(({ output }) => output)

it('a CNN for MNIST with 14,060 parameters, of which 212 are running statistics', () => {
  const { rows, trainable, nonTrainable } = summaryOf({ input: [null, 28, 28, 1] })(kerasCnn(0.1))
  expect([trainable, nonTrainable, trainable + nonTrainable]).toEqual([13_848, 212, 14_060])
  const sizes = shapesOf(rows, 'conv2d').map(shape => shape[1])
  expect(sizes).toEqual([26, 24, 24, 10, 8, 6, 4, 1])
  expect(rows.at(-1)?.output).toEqual([null, 10])
})

it('a CNN for MNIST with 9,596 parameters, without biases', () => {
  const { rows, trainable, nonTrainable } = summaryOf({ input: [null, 28, 28, 1] })(torchCnn(0.1))
  // Running statistics are two for each of 86 normalised channels; torchsummary counts what is trained.
  expect([trainable, nonTrainable]).toEqual([9_596, 172])
  expect(shapesOf(rows, 'avgPool')).toEqual([[null, 1, 1, 30]])
  expect(rows.at(-1)?.output).toEqual([null, 10])
})
