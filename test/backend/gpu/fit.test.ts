/**
 * `fit` on a GPU backend goes where it goes on the engine, shows callbacks the same, and reads no more than they need.
 */
import { describe, expect, it } from 'vitest'
import * as ct from '../../../src/index.ts'
import { adam } from '../../../src/optim/index.ts'
import { key } from '../../../src/random/index.ts'
import * as train from '../../../src/train/index.ts'
import { wavy } from '../../support/values.ts'
import { CASES, opened } from './backends.ts'

type Params = { readonly w: ct.Tensor }
type State = readonly []

const loss: train.Loss<Params, State, ct.Tensor> = ({ w }, state, x) => [
  ct.mean(ct.square(ct.sub(ct.matmul(x, w) as ct.Tensor, 1))) as ct.Tensor,
  { state, metrics: { size: ct.mean(ct.square(w)) as ct.Tensor } },
]
const optimizer = adam({ learningRate: 0.05 })
const step = train.trainStep({ loss, optimizer })
const batches = () => [0, 1, 2, 3, 4].map(i => wavy([8, 20], i, 'float32'))
const start = () =>
  train.trainState({ optimizer, key: key(0) })({ params: { w: wavy([20, 3], 9, 'float32') }, state: [] as State })
const callbacks = [
  train.logMetrics(),
  train.validate({ loss, batches: batches().slice(0, 2), series: 'test' }),
  train.keepBest({ series: 'test', metric: 'loss' }),
]

const measured = train.evaluate(loss)(batches())

/** Metrics added up in float32. */
const FLOAT32 = 5e-6

const cases = CASES.filter(({ options }) => options.residency === undefined && options.mode !== 'cpu')

describe.each(cases)('$name', ({ options }) => {
  it('a training logs, keeps and ends as on the engine', async () => {
    const backend = await opened(options)
    const common = { step, epochs: 3, batches, callbacks }
    const wanted = await train.fit(common)(start())()
    const got = await train.fit({ ...common, backend })(start())()
    expect(got.reason).toBe('finished')
    expect(got.history.map(({ series, step, epoch }) => [series, step, epoch])).toEqual(
      wanted.history.map(({ series, step, epoch }) => [series, step, epoch]),
    )
    got.history.forEach(({ values }, i) => {
      for (const [name, value] of Object.entries(values))
        expect(Math.abs(value - (wanted.history[i]?.values[name] ?? Number.NaN))).toBeLessThan(FLOAT32)
    })
    const distance = ct.item(ct.max(ct.abs(ct.sub(got.state.params.w, wanted.state.params.w))) as never)
    expect(distance).toBeLessThan(FLOAT32)
    expect(Object.keys(got.best)).toEqual(Object.keys(wanted.best))
    const [a, b] = [await measured(got.state)(), await measured(wanted.state)()]
    expect(Math.abs((a.loss ?? Number.NaN) - (b.loss ?? 0))).toBeLessThan(FLOAT32)
    expect(backend.describe().runs).toBe(15)
    await backend.close()
  })

  it('a training that was saved goes on where it stopped', async () => {
    const backend = await opened(options)
    const all = { step, batches, backend }
    const half = await train.fit({ ...all, epochs: 1 })(start())()
    const { state } = await train.fit({ ...all, epochs: 2 })(half.state)()
    const whole = await train.fit({ ...all, epochs: 2 })(start())()
    expect(ct.data(state.params.w)).toEqual(ct.data(whole.state.params.w))
    await backend.close()
  })
})
