import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { cast, div, item, jit, mul, scalar, type Tensor, tensor } from '../../src/index.ts'
import { anything, encodeTree, parseTree } from '../../src/io/index.ts'
import { sgd } from '../../src/optim/index.ts'
import { key } from '../../src/random/index.ts'
import * as train from '../../src/train/index.ts'
import {
  type Callback,
  callback,
  checkpoint,
  evaluate,
  type FitOptions,
  type FitResult,
  fold,
  type History,
  keepBest,
  type Loss,
  log,
  logMetrics,
  logSchedule,
  measureOver,
  pointsOf,
  print,
  type Snapshot,
  showValues,
  stop,
  stopEarly,
  TrainError,
  trainState,
  trainStep,
  validate,
  type When,
} from '../../src/train/index.ts'
import {
  type Batch,
  batches,
  bits,
  data,
  initial,
  loss,
  type ModelState,
  optimizer,
  type Params,
  SAMPLES,
  STEPS,
  type State,
} from '../support/small-model.ts'
import { SEED } from '../support/values.ts'

const step = trainStep({ loss, optimizer })
type Options = FitOptions<Params, ModelState, Batch>
const runOf = (options: Partial<Options> = {}, from = initial()): Promise<FitResult<Params, ModelState>> =>
  train.fit({ step, epochs: 2, batches, ...options })(from)()
const asyncBatches = async function* (epoch: number) {
  for (const batch of batches(epoch)) yield await Promise.resolve(batch)
}
/** A law over a few cases: each is a training. */
const law = (name: string, property: fc.IAsyncProperty<unknown>): void =>
  it(name, () => fc.assert(property, { seed: SEED, numRuns: 12 }))

/** Aborts after so many steps. */
const abortAt = (controller: AbortController, at: number): Callback =>
  callback({ steps: 1 }, event => {
    if (event.step === at) controller.abort()
    return []
  })
const interruptedAt = async (at: number, options: Partial<Options> = {}): Promise<FitResult<Params, ModelState>> => {
  const controller = new AbortController()
  if (at === 0) controller.abort()
  const callbacks = [...(options.callbacks ?? []), abortAt(controller, at)]
  return runOf({ ...options, callbacks, signal: controller.signal })
}

describe('fit', () => {
  it('without callbacks is the fold of the step over all batches', async () => {
    const all = [...batches(0), ...batches(1)]
    const once = jit((state: State, batch: Batch) => step(state, batch)[0]) as (state: State, batch: Batch) => State
    const { state, reason, history, error, best } = await runOf()
    expect(bits(state)).toEqual(bits(fold(initial(), once)(all)))
    expect({ reason, history, error, best }).toEqual({ reason: 'finished', history: [], error: null, best: {} })
    expect(item(state.step as Tensor<readonly []>)).toBe(2 * STEPS)
  })

  it('leaves the state that it starts from as it was', async () => {
    const start = initial()
    await runOf({}, start)
    expect(bits(start)).toEqual(bits(initial()))
  })

  const some: readonly Callback<Params, ModelState>[] = [
    logMetrics(),
    logMetrics({ every: { steps: 4 }, series: 'curve' }),
    validate({ loss, batches: [data], every: { steps: 5 } }),
    keepBest({ series: 'look', metric: 'loss', every: { steps: 5 } }),
    logSchedule({ schedule: n => 0.1 / (1 + n) }),
    checkpoint({ save: TE.right, every: { steps: 3 } }),
    print(() => '', { write: () => undefined }),
    callback({ seconds: 0 }, event => [log('time', event.running)]),
  ]
  law(
    'goes the same way whatever callbacks look on',
    fc.asyncProperty(fc.subarray([...some]), async callbacks => {
      const look = logMetrics({ every: { steps: 5 }, series: 'look' })
      const { state, error } = await runOf({ callbacks: [look, ...callbacks] })
      expect([error, bits(state)]).toEqual([null, bits((await runOf()).state)])
    }),
  )

  law(
    'goes the same way over batches that come later',
    fc.asyncProperty(fc.nat({ max: 2 }), async epochs => {
      expect(bits((await runOf({ epochs, batches: asyncBatches })).state)).toEqual(
        bits((await runOf({ epochs })).state),
      )
    }),
  )

  law(
    'resumed after any number of steps ends in the same bits',
    fc.asyncProperty(
      fc.nat({ max: 2 * STEPS }),
      fc.constantFrom<Partial<Options>>({}, { batches: asyncBatches }, { stepsPerEpoch: STEPS }),
      async (at, options) => {
        const half = await interruptedAt(at, options)
        expect(half.reason).toBe(at === 2 * STEPS ? 'finished' : 'interrupted')
        expect(item(half.state.step as Tensor<readonly []>)).toBe(at)
        expect(bits((await runOf(options, half.state)).state)).toEqual(bits((await runOf(options)).state))
      },
    ),
  )

  law(
    'resumed logs what was left to log',
    fc.asyncProperty(fc.nat({ max: 3 }), async epochs => {
      const callbacks = [logMetrics(), logMetrics({ every: { steps: 3 }, series: 'curve' })]
      const whole = await runOf({ epochs: 3, callbacks })
      const first = await runOf({ epochs, callbacks })
      const { history } = await runOf({ epochs: 3, callbacks, history: first.history }, first.state)
      expect(history).toEqual(whole.history)
      expect(JSON.parse(JSON.stringify(history))).toEqual(history)
    }),
  )

  const moments: fc.Arbitrary<When> = fc.oneof(
    fc.record({ steps: fc.integer({ min: 1, max: 7 }) }),
    fc.record({ epochs: fc.integer({ min: 1, max: 2 }) }),
  )
  const looking: fc.Arbitrary<Callback> = fc.oneof(
    fc
      .tuple(fc.uniqueArray(moments, { minLength: 1, maxLength: 2 }), fc.nat({ max: 9 }))
      .map(([every, n]) => logMetrics({ every, series: `${n}` })),
    moments.map(every => callback(every, ({ running, samples }) => [log('running', { ...running, samples })])),
    // What the clock says is not logged, but must not be seen in what is.
    fc.constant(callback({ seconds: 0 }, () => [])),
  )
  const saveAt = (saved: Snapshot<Params, ModelState>[], every: When) =>
    checkpoint<Params, ModelState>({
      every,
      save: snapshot =>
        pipe(
          parseTree<Snapshot<Params, ModelState>>({
            like: { state: initial(), history: anything(), measured: anything() },
          })(encodeTree(snapshot)),
          E.map(one => saved.push(one)),
          TE.fromEither,
        ),
    })

  /** With a metric whose sums are rounded, so that it shows where they are cut. */
  const roughly: Options['step'] = (state, batch) => {
    const [next, metrics] = step(state, batch)
    return [next, { ...metrics, third: div(cast('float64')(metrics.loss as Tensor), 3) }]
  }

  law(
    'resumed anywhere logs the very values of a training that was not interrupted',
    fc.asyncProperty(
      fc.array(looking, { minLength: 1, maxLength: 4 }),
      fc.oneof(moments, fc.constant({ seconds: 0 })),
      fc.nat({ max: 3 }),
      fc.nat({ max: 2 * STEPS }),
      async (looks, every, place, at) => {
        const saved: Snapshot<Params, ModelState>[] = []
        const callbacks = [...looks.slice(0, place), saveAt(saved, every), ...looks.slice(place)]
        const whole = await runOf({ step: roughly, callbacks })
        const controller = new AbortController()
        let begun = 0
        const samples = ({ x }: Batch): number => {
          if (begun++ === at) controller.abort()
          return x.shape[0] as number
        }
        const half = await runOf({ step: roughly, callbacks, samples, signal: controller.signal })
        expect([whole.error, half.error]).toEqual([null, null])
        for (const { state, history, measured } of [...saved, half]) {
          const resumed = await runOf({ step: roughly, callbacks, history, measured }, state)
          expect([resumed.history, bits(resumed.state)]).toEqual([whole.history, bits(whole.state)])
        }
      },
    ),
  )

  it('refuses to go on with measurements of another step', async () => {
    const { state } = await runOf({ epochs: 0 })
    const measured = { windows: [], epoch: {}, unread: { loss: { sum: 1, weight: 4 } } }
    await expect(runOf({ measured }, state).catch(error => `${error}`)).resolves.toBe(
      'ValueError: fit: what was measured before is loss, but the step measures loss, size: leave out measured',
    )
  })

  it('of no epochs is the state, copied', async () => {
    expect(bits((await runOf({ epochs: 0 })).state)).toEqual(bits(initial()))
  })

  it('that was finished before does nothing more', async () => {
    const { state } = await runOf()
    const again = await runOf({ callbacks: [logMetrics({ every: [{ epochs: 1 }, 'end'] })] }, state)
    expect(bits(again.state)).toEqual(bits(state))
    expect(again).toMatchObject({ reason: 'finished', history: [] })
  })

  it('lets a timer interrupt it', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    const { reason } = await runOf({ epochs: 1_000_000, signal: controller.signal })
    expect(reason).toBe('interrupted')
  })

  it('passes on the error of a step, and lets displays be closed', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    const ends: unknown[] = []
    const last = callback('end', ({ reason }) => {
      ends.push(reason)
      return []
    })
    await expect(runOf({ step: broken, callbacks: [last] })).rejects.toThrow('broken')
    expect(ends).toEqual(['failed'])
  })

  it.each<readonly [string, Partial<Options>, string]>([
    ['an epoch without batches', { batches: () => [] }, 'ValueError: fit: there are no batches in epoch 0'],
    [
      'batches whose size is not clear',
      { batches: () => [{ x: data.x, y: tensor([[1]]) }] },
      `ShapeError: fit: the batch has ${SAMPLES} samples at batch.x and 1 at batch.y: say how many with the option samples`,
    ],
  ])('rejects %s', async (_name, options, message) => {
    await expect(runOf(options).catch(error => `${error}`)).resolves.toBe(message)
  })

  it('loses nothing by what is thrown once a step is done', async () => {
    const throwing = callback({ steps: 4 }, () => {
      throw new Error('mine')
    })
    const callbacks = [logMetrics({ every: { steps: 1 } }), throwing]
    const broken = await runOf({ callbacks })
    expect([broken.reason, `${broken.error}`, item(broken.state.step as Tensor<readonly []>)]).toEqual([
      'failed',
      'Error: mine',
      4,
    ])
    expect(broken.history).toHaveLength(4)
    const whole = await runOf({
      batches: function* (epoch) {
        yield* [...batches(epoch)].slice(0, 4)
      },
      epochs: 1,
    })
    expect(bits(broken.state)).toEqual(bits(whole.state))
    const disk = await runOf({
      batches: function* (epoch) {
        yield* [...batches(epoch)].slice(0, 3)
        throw new Error('disk')
      },
    })
    expect([disk.reason, `${disk.error}`]).toEqual(['failed', 'Error: disk'])
    const wrong = await runOf({ stepsPerEpoch: 5 })
    expect(`${wrong.error}`).toBe('ValueError: fit: epoch 0 has 6 batches, but stepsPerEpoch is 5')
  })

  it('refuses epochs that are no number of epochs', () => {
    expect(() => train.fit({ step, epochs: 1.5, batches })).toThrow(
      'fit: epochs must be a whole number of at least 0, got 1.5',
    )
    expect(() => train.fit({ step, epochs: 1, batches, stepsPerEpoch: 0 })).toThrow('stepsPerEpoch')
  })

  it('refuses a loss that returns no state, or a promise', async () => {
    for (const [odd, what] of [
      [(p: Params, s: ModelState, batch: Batch) => loss(p, s, batch)[0], 'got a tensor'],
      [(p: Params, s: ModelState, batch: Batch) => [loss(p, s, batch)[0], {}], 'got [loss, an object]'],
      [(p: Params, s: ModelState, batch: Batch) => [loss(p, s, batch)[0]], 'got an array'],
      [async (p: Params, s: ModelState, batch: Batch) => loss(p, s, batch), 'returned a Promise'],
    ] as const) {
      const wrong = odd as unknown as Loss<Params, ModelState, Batch>
      await expect(runOf({ step: trainStep({ loss: wrong, optimizer }) })).rejects.toThrow(what)
      await expect(evaluate(wrong)(batches(0))(initial())()).rejects.toThrow(what)
    }
  })

  it('says what steps, metrics, samples, callbacks and batches give that is none', async () => {
    const metric =
      (rate: unknown): Options['step'] =>
      (state, batch) => [step(state, batch)[0], { rate } as unknown as { readonly rate: Tensor }]
    const answering = (answer: unknown): Partial<Options> => ({
      callbacks: [callback({ steps: 1 }, () => answer as never)],
    })
    const said = async (options: Partial<Options>): Promise<string> =>
      `${await runOf(options).then(
        ({ error }) => error,
        error => error,
      )}`
    for (const [options, message] of [
      [{ step: metric(0.1) }, 'ValueError: fit: the metric rate must be a tensor, got 0.1'],
      [{ step: () => undefined as never }, 'TreeError: fit: the step must return [state, metrics], got undefined'],
      [{ samples: () => Number.NaN }, 'ValueError: fit: samples must give a number of at least 0 for a batch, got NaN'],
      [{ batches: () => undefined as never }, 'ValueError: fit: what batches gives for epoch 0 must be a list or'],
      [{ rate: () => '0.1' as never }, 'ValueError: fit: rate must give a number, got "0.1"'],
      [answering(undefined), 'ValueError: callback: what a callback answers with must be a list, got undefined'],
      [answering(['stop']), 'ValueError: callback: answers with actions such as log and stop, got "stop"'],
      [
        answering([{ tag: 'log', series: 'a', values: { b: scalar(1) } }]),
        'ValueError: callback: logs numbers, and a.b is a tensor',
      ],
    ] as const)
      expect((await said(options)).slice(0, message.length)).toBe(message)
  })

  it('refuses a metric that is no scalar', async () => {
    const odd: Loss<Params, ModelState, Batch> = (p, s, batch) => [
      loss(p, s, batch)[0],
      { state: s, metrics: { w: p.w } },
    ]
    await expect(runOf({ step: trainStep({ loss: odd, optimizer }) })).rejects.toThrow(
      'the metric w has shape [3,1]: a metric is a scalar, such as a mean',
    )
  })
})

describe('metrics', () => {
  it('are means over samples, batches of different sizes weighted', async () => {
    const steps: number[] = []
    let state = initial()
    for (const batch of batches(0)) {
      const [next, metrics] = step(state, batch)
      steps.push(item(metrics.loss as Tensor<readonly []>))
      state = next
    }
    const sizes = batches(0).map(batch => batch.x.shape[0] ?? 0)
    const mean = (from: number, to: number): number => {
      const total = steps.slice(from, to).reduce((sum, x, i) => sum + x * (sizes[from + i] ?? 0), 0)
      return total / sizes.slice(from, to).reduce((a, b) => a + b, 0)
    }
    const callbacks = [logMetrics(), logMetrics({ every: { steps: 4 }, series: 'curve' })]
    const { history } = await runOf({ epochs: 1, callbacks })
    expect(history.map(({ series, step, epoch }) => [series, step, epoch])).toEqual([
      ['curve', 4, 0],
      ['train', 6, 0],
    ])
    // Programs that are compiled differ in the last bits from ops one by one.
    expect(pointsOf({ metric: 'loss' })(history)[0]?.value).toBeCloseTo(mean(0, 6), 6)
    expect(pointsOf({ series: 'curve', metric: 'loss' })(history)[0]?.value).toBeCloseTo(mean(0, 4), 6)
  })

  it('weigh as the option samples says', async () => {
    const callbacks = [logMetrics()]
    const counted = await runOf({ epochs: 1, callbacks })
    const told = await runOf({ epochs: 1, callbacks, samples: ({ x }) => x.shape[0] ?? 0 })
    const equal = await runOf({ epochs: 1, callbacks, samples: () => 1 })
    expect(told.history).toEqual(counted.history)
    expect(equal.history).not.toEqual(counted.history)
  })

  it('of an evaluation do not depend on how samples are cut into batches', async () => {
    const model = initial()
    const whole = await evaluate(loss)([data])(model)()
    const cut = await evaluate(loss)(batches(0))(model)()
    expect(Object.keys(cut).sort()).toEqual(['loss', 'size'])
    expect(cut.loss).toBeCloseTo(whole.loss ?? Number.NaN, 6)
    expect(await evaluate(loss)([])(model)()).toEqual({})
  })

  it('that are shares of samples are exact', async () => {
    // 7 of 22 are "right": the float32 shares of batches add up to the count again.
    const right = measureOver((_p: Params, _s: ModelState, { y }: Batch) => ({ right: mul(1, y) }), {
      samples: () => 1,
    })
    const ys = Array.from({ length: 22 }, (_, i) => ({ x: data.x, y: scalar(i < 7 ? 1 : 0) }))
    expect((await right(ys)(initial())()).right).toBe(7 / 22)
  })
})

describe('a training that is stopped', () => {
  it('by a callback ends after that step', async () => {
    const callbacks = [callback({ steps: 1 }, ({ step }) => (step === 4 ? [stop()] : []))]
    const { state, reason } = await runOf({ callbacks })
    expect(reason).toBe('stopped early')
    expect(bits(state)).toEqual(bits((await interruptedAt(4)).state))
  })

  it('for want of progress goes back to the best state', async () => {
    // Validation losses 3, 1, 2, 2: the second is the best, and the fourth ends it.
    const losses = [3, 1, 2, 2, 0]
    const script = callback({ epochs: 1 }, ({ epoch }) => [log('validation', { loss: losses[epoch] ?? 0 })])
    const early = stopEarly({ metric: 'loss', patience: 2, restoreBest: true })
    const seen: string[] = []
    const last = callback('end', ({ step, reason }) => {
      seen.push(`${step} ${reason}`)
      return []
    })
    const result = await runOf({ epochs: 5, callbacks: [script, early, last] })
    expect(result.reason).toBe('stopped early')
    expect(pointsOf({ series: 'validation', metric: 'loss' })(result.history).map(({ value }) => value)).toEqual([
      3, 1, 2, 2,
    ])
    expect(bits(result.state)).toEqual(bits((await runOf()).state))
    expect(result.best['validation.loss']).toMatchObject({ step: 2 * STEPS, epoch: 1, value: 1 })
    expect(seen).toEqual([`${2 * STEPS} stopped early`])
  })

  it('and resumed with its history has as much patience left as before', async () => {
    const losses = [1, 2, 2, 2, 2]
    const script = callback({ epochs: 1 }, ({ epoch }) => [log('validation', { loss: losses[epoch] ?? 0 })])
    const callbacks = [script, stopEarly({ metric: 'loss', patience: 3 })]
    const first = await runOf({ epochs: 2, callbacks })
    const rest = await runOf({ epochs: 5, callbacks, history: first.history }, first.state)
    expect(rest.reason).toBe('stopped early')
    expect(item(rest.state.step as Tensor<readonly []>)).toBe(4 * STEPS)
  })

  it('because its loss is not finite says so, and saves no more', async () => {
    const saved: number[] = []
    const save = ({ state }: Snapshot<Params, ModelState>) => {
      saved.push(item(state.step as Tensor<readonly []>))
      return TE.right(undefined)
    }
    const poisoned = (epoch: number) =>
      batches(epoch).map(batch => (epoch === 1 ? { ...batch, y: mul(batch.y, Infinity) } : batch))
    const { reason, error } = await runOf({ batches: poisoned, callbacks: [checkpoint({ save })] })
    expect(reason).toBe('failed')
    expect(error).toBeInstanceOf(TrainError)
    expect(error).toMatchObject({ _tag: 'NotFiniteError' })
    expect(error?.message).toMatch(/^the training diverged: at step 12 its loss is (NaN|Infinity); try a smaller/)
    expect(saved).toEqual([STEPS])
    expect((await runOf({ batches: poisoned, notFinite: 'continue' })).reason).toBe('finished')
  })
})

describe('a checkpoint', () => {
  it('is saved after each epoch, and at the end where that is in the middle of one', async () => {
    const saved: Snapshot<Params, ModelState>[] = []
    const save = (snapshot: Snapshot<Params, ModelState>) => {
      saved.push(snapshot)
      return TE.right(undefined)
    }
    const callbacks = [logMetrics(), checkpoint({ save })]
    const { state, history } = await interruptedAt(8, { callbacks })
    expect(saved.map(one => item(one.state.step as Tensor<readonly []>))).toEqual([6, 8])
    expect(bits(saved[1]?.state)).toEqual(bits(state))
    expect(saved[1]?.history).toEqual(history)
    await runOf({ callbacks: [checkpoint({ save })] })
    expect(saved.slice(2).map(one => item(one.state.step as Tensor<readonly []>))).toEqual([6, 12])
    // It was saved while the training went on, and is whole all the same.
    const [first] = saved
    expect(bits((await runOf({}, first?.state)).state)).toEqual(bits((await runOf()).state))
  })

  it('by a metric that nobody logs fails, and says what there is', async () => {
    const train = logMetrics()
    for (const [name, decides] of [
      ['stopEarly', stopEarly({ metric: 'loss', patience: 1 })],
      ['keepBest', keepBest({ metric: 'loss' })],
      ['checkpoint', checkpoint({ save: () => TE.right(undefined), onlyBest: { metric: 'loss' } })],
    ] as const) {
      const { reason, error, state } = await runOf({ callbacks: [train, decides] })
      expect([reason, item(state.step as Tensor<readonly []>)]).toEqual(['failed', STEPS])
      expect(`${error}`).toMatch(
        new RegExp(`^MonitorError: ${name}: at step ${STEPS} nobody has logged validation.loss; there are train.loss`),
      )
    }
  })

  it('of the best only is saved when a value is the best so far', async () => {
    const values = [0.5, 0.7, 0.6, 0.9]
    const script = callback({ epochs: 1 }, ({ epoch }) => [log('validation', { accuracy: values[epoch] ?? 0 })])
    const saved: number[] = []
    const save = ({ state }: Snapshot<unknown, unknown>) => {
      saved.push(item(state.step as Tensor<readonly []>) / STEPS)
      return TE.right(undefined)
    }
    await runOf({ epochs: 4, callbacks: [script, checkpoint({ save, onlyBest: { metric: 'accuracy', mode: 'max' } })] })
    expect(saved).toEqual([1, 2, 4])
  })

  it('that cannot be saved fails the training', async () => {
    const { reason, error } = await runOf({ callbacks: [checkpoint({ save: () => TE.left(new Error('disk full')) })] })
    expect({ reason, error: String(error) }).toEqual({
      reason: 'failed',
      error: 'CheckpointError: the state of step 6 could not be saved: disk full',
    })
    const atEnd = checkpoint({ save: () => TE.left(new Error('disk full')), every: { steps: 1000 } })
    expect(await runOf({ callbacks: [atEnd] })).toMatchObject({ reason: 'failed' })
  })
})

describe('a rate', () => {
  const rated = (rate: Tensor) => sgd({ learningRate: rate })
  const start = (): State => trainState({ optimizer: rated, key: key(5) })(initial())
  const ratedStep = trainStep({ loss, optimizer: rated })

  it('is that of each epoch, and compiles nothing anew', async () => {
    let traced = 0
    const counted: Loss<Params, ModelState, Batch> = (...args) => {
      traced++
      return loss(...args)
    }
    const rates = [0.1, 0.05, 0.01]
    const rate = ({ epoch }: { readonly epoch: number }): number => rates[epoch] ?? 0
    const options = {
      step: trainStep({ loss: counted, optimizer: rated }),
      epochs: 3,
      rate,
      callbacks: [logSchedule()],
    }
    const { state, history } = await runOf(options, start())
    // Once for the names of metrics, and once for each size of batch.
    expect(traced).toBe(3)
    expect(pointsOf({ series: 'schedule', metric: 'rate' })(history).map(({ value }) => value)).toEqual(rates)
    let expected = start()
    const once = jit((s: State, batch: Batch, r: Tensor) => ratedStep(s, batch, r)[0]) as (
      s: State,
      b: Batch,
      r: number,
    ) => State
    for (const [epoch, r] of rates.entries()) for (const batch of batches(epoch)) expected = once(expected, batch, r)
    expect(bits(state)).toEqual(bits(expected))
  })

  it('that follows from the history is the same when resumed in the middle of an epoch', async () => {
    const callbacks = [logMetrics({ every: { steps: 1 } })]
    const rate = ({ history }: { readonly history: History }): number => 0.1 / (1 + history.length)
    const options = { step: ratedStep, epochs: 3, rate, callbacks }
    const controller = new AbortController()
    const half = await runOf(
      { ...options, callbacks: [...callbacks, abortAt(controller, 9)], signal: controller.signal },
      start(),
    )
    const rest = await runOf({ ...options, history: half.history }, half.state)
    expect(bits(rest.state)).toEqual(bits((await runOf(options, start())).state))
  })

  it('is missed where it is needed', async () => {
    await expect(runOf({ step: ratedStep }, start())).rejects.toThrow(
      'the optimizer is a function of the learning rate',
    )
    expect(() => train.fit({ step, epochs: 1, batches, callbacks: [logSchedule({ every: { steps: 0 } })] })).toThrow(
      'every steps',
    )
    expect(`${(await runOf({ callbacks: [logSchedule()] })).error}`).toContain('there is no rate to log')
  })
})

it('lines of one’s own go where they are sent', async () => {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  await runOf({
    callbacks: [print(({ epoch, epochs, metrics }) => `${epoch + 1}/${epochs} ${showValues(metrics)}`, { write })],
  })
  expect(lines.map(line => line.replace(/\d\.\d{4}/g, '#'))).toEqual(['1/2 loss #, size #', '2/2 loss #, size #'])
})
