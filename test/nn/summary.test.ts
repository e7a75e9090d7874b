import { describe, expect, it } from 'vitest'
import { relu, scalar } from '../../src/index.ts'
import { activation, dense, outputShape, serial, statefulLayer, summary, summaryOf } from '../../src/nn/index.ts'

const counter = statefulLayer({
  name: 'counter',
  init: () => ({ params: [], state: scalar(0) }),
  apply: (_params, count, x) => [x, count],
})
const network = serial(dense(784, 100), activation(relu), counter, dense(100, 10))

describe('summary', () => {
  it('has a line for each part, and totals', () => {
    expect(`\n${summary({ input: [null, 784] })(network)}`).toBe(`
layer    output shape  parameters
─────────────────────────────────
dense    [-, 100]          78,500
relu     [-, 100]               0
counter  [-, 100]               1
dense    [-, 10]            1,010
─────────────────────────────────
total parameters: 79,511
trainable parameters: 79,510
non-trainable parameters: 1`)
  })
  it('is data before it is a table', () => {
    const { rows, trainable, nonTrainable } = summaryOf({ input: [32, 784] })(network)
    expect(rows[0]).toEqual({ name: 'dense', output: [32, 100], trainable: 78_500, nonTrainable: 0 })
    expect([trainable, nonTrainable]).toEqual([79_510, 1])
  })
  it('names the part that does not take what it gets', () => {
    expect(() => summary({ input: [null, 783] })(network)).toThrow(
      'summary: part 0 (dense): dense: takes [..., 784], got [12,783]',
    )
    expect(() => summary({ input: [null, -1] })(network)).toThrow(
      'sizes are whole numbers of at least 0 or null, got -1',
    )
  })
})

describe('outputShape', () => {
  it('keeps null where the size follows that of the input', () => {
    expect(outputShape({ input: [null, 7, 784] })(network)).toEqual([null, 7, 10])
    expect(outputShape({ input: [null, 3] })(serial())).toEqual([null, 3])
  })
})
