/**
 * Wrong arguments: whatever a public function is given, it works or says in words what it takes. Nobody is shown where the framework
 * looked for a property of undefined.
 */
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import * as data from '../src/data/index.ts'
import * as ct from '../src/index.ts'
import * as io from '../src/io/index.ts'
import * as metrics from '../src/metrics/index.ts'
import * as nn from '../src/nn/index.ts'
import * as ops from '../src/ops/extend.ts'
import * as optim from '../src/optim/index.ts'
import * as plot from '../src/plot/index.ts'
import * as random from '../src/random/index.ts'
import * as testing from '../src/testing/index.ts'
import * as train from '../src/train/index.ts'

type Anything = (...args: readonly unknown[]) => unknown

/** What JavaScript lets through, in place of anything. */
const wrong: readonly unknown[] = [undefined, null, 3, 'x', [], {}, [null], () => null]

const x = ct.ones([2, 2])
const labels = ct.tensor([0, 1], { dtype: 'int32' })

/** Lists of arguments with something wrong in them. */
const argumentLists: readonly (readonly unknown[])[] = [
  [],
  ...wrong.flatMap(w => [[w], [x, w], [w, x], [w, x, x], [x, x, w], [() => x, w], [3, w]]),
]

const isTagged = (error: unknown): boolean => error instanceof Error && '_tag' in error

/** Throws what a call throws or rejects with, unless it is tagged. */
const call = async (text: string, f: () => unknown): Promise<unknown> => {
  try {
    return await f()
  } catch (error) {
    if (isTagged(error)) return undefined
    throw new Error(`${text} says ${error}`, { cause: error })
  }
}

const textOf = (args: readonly unknown[]): string =>
  args.map(a => (ct.isTensor(a) ? 'x' : typeof a === 'function' ? '() => …' : JSON.stringify(a))).join(', ')

/** Calls a function with each list, and once more what it gives, with each thing alone. */
const callAll = async (name: string, f: Anything): Promise<void> => {
  for (const args of argumentLists) {
    const text = `${name}(${textOf(args)})`
    const y = await call(text, () => f(...args))
    if (typeof y === 'function') for (const w of wrong) await call(`${text}(${textOf([w])})`, () => (y as Anything)(w))
  }
}

const modules = { cotangent: ct, data, io, metrics, nn, ops, optim, plot, random, testing, train }

/** What takes hold of the process, of the network or of files, and what is given functions to call without looking at them. */
const left = /^(configure|ctrlC|download|loadMnist|prefetch|progress|(write|save)[A-Z]\w*|drawFrom|propertyOf)$/
/** Parts of rules of ops, which run wherever ops do: the rules are looked at when an op is made. */
const parts = /^(apply|bind1|convert|first|like|select)$/

describe('a public function', () => {
  for (const [module, all] of Object.entries(modules))
    for (const [name, f] of Object.entries(all))
      if (
        typeof f === 'function' &&
        !/Error$/.test(name) &&
        !left.test(name) &&
        !(module === 'ops' && parts.test(name))
      )
        it(`takes or refuses anything: ${module}, ${name}`, () => callAll(name, f as Anything))
})

const loss = (w: ct.Tensor, state: readonly [], batch: ct.Tensor) =>
  [ct.sum(ct.mul(w, batch)), { state, metrics: {} }] as const
const optimizer = optim.sgd({ learningRate: 0.1 })
const state = train.trainState({ optimizer, key: random.key(0) })({ params: x, state: [] as const })
const step = train.trainStep({ loss, optimizer })
const series = [{ name: 'a', points: [[1, 2]] }]

/** Functions with all options that they take, right ones, and what is done with what they make. */
const withOptions: { readonly [name: string]: readonly [Anything, object, (made: never) => unknown] } = {
  fit: [
    train.fit as unknown as Anything,
    {
      ...{ step, epochs: 2, batches: () => [x], samples: () => 2, stepsPerEpoch: 1, history: [], notFinite: 'stop' },
      ...{ rate: () => 0.1, callbacks: [train.logMetrics()], measured: { windows: [], epoch: {}, unread: {} } },
    },
    (made: Anything) => (made(state) as Anything)(),
  ],
  trainState: [
    train.trainState as unknown as Anything,
    { optimizer, key: random.key(0) },
    (f: Anything) => f({ params: x, state: [] }),
  ],
  trainStep: [train.trainStep as unknown as Anything, { loss, optimizer }, (f: Anything) => f(state, x)],
  callback: [
    (({ every, respond }: { every: never; respond: never }) => train.callback(every, respond)) as unknown as Anything,
    { every: { steps: 1 }, respond: () => [train.log('a', { b: 1 })] },
    (made: never) => train.fit({ step, epochs: 1, batches: () => [x], callbacks: [made] })(state)(),
  ],
  logMeasure: [
    train.logMeasure as unknown as Anything,
    { measure: () => async () => ({ a: 1 }), every: { steps: 1 }, series: 'a' },
    (made: never) => train.fit({ step, epochs: 1, batches: () => [x], callbacks: [made] })(state)(),
  ],
  validate: [
    train.validate as unknown as Anything,
    { loss, batches: [x], samples: () => 2, every: { steps: 1 }, series: 'a' },
    (made: never) => train.fit({ step, epochs: 1, batches: () => [x], callbacks: [made] })(state)(),
  ],
  stopEarly: [
    train.stopEarly as unknown as Anything,
    { metric: 'loss', series: 'train', patience: 1, mode: 'min', minDelta: 0, every: { steps: 1 }, restoreBest: true },
    (made: never) =>
      train.fit({ step, epochs: 1, batches: () => [x], callbacks: [train.logMetrics({ every: { steps: 1 } }), made] })(
        state,
      )(),
  ],
  checkpoint: [
    train.checkpoint as unknown as Anything,
    { save: () => TE.right(0), every: { steps: 1 }, onlyBest: { series: 'train', metric: 'loss' } },
    (made: never) =>
      train.fit({ step, epochs: 1, batches: () => [x], callbacks: [train.logMetrics({ every: { steps: 1 } }), made] })(
        state,
      )(),
  ],
  splitRows: [data.splitRows as unknown as Anything, { key: random.key(0), parts: { a: 1 } }, (f: Anything) => f(x)],
  stratified: [
    data.stratified as unknown as Anything,
    { key: random.key(0), labels, parts: { a: 1 } },
    (f: Anything) => f(x),
  ],
  parseCsv: [
    data.parseCsv as unknown as Anything,
    { columns: { a: 'float32' }, missing: 0, header: true, delimiter: ',', quote: '"' },
    (f: Anything) => f('a\n1'),
  ],
  softmaxCrossEntropy: [
    nn.softmaxCrossEntropy as unknown as Anything,
    { weights: ct.ones([2]), classWeights: ct.ones([2]), labelSmoothing: 0.1, reduction: 'mean' },
    (f: Anything) => f(x, labels),
  ],
  sigmoidCrossEntropy: [
    nn.sigmoidCrossEntropy as unknown as Anything,
    { weights: x, posWeight: x, labelSmoothing: 0.1, reduction: 'sum' },
    (f: Anything) => f(x, x),
  ],
  classificationReport: [
    metrics.classificationReport as unknown as Anything,
    { labels: [0] },
    (f: Anything) => f(ct.eye(2, { dtype: 'int32' })),
  ],
  showScores: [
    metrics.showScores as unknown as Anything,
    { names: ['a', 'b'], digits: 2 },
    (f: Anything) => f(metrics.classificationReport(ct.eye(2, { dtype: 'int32' }))),
  ],
  dense: [
    ((options: never) => nn.dense(2, 2, options)) as unknown as Anything,
    { init: nn.zerosInit, biasInit: nn.zerosInit, bias: true, dtype: 'float32' },
    ({ init }: nn.Layer<readonly unknown[]>) => init(random.key(0)),
  ],
  summary: [
    nn.summary as unknown as Anything,
    { input: [null, 2], dtype: 'float32' },
    (f: Anything) => f(nn.dense(2, 2)),
  ],
  layer: [
    nn.layer as unknown as Anything,
    { name: 'a', init: () => [], apply: (_: unknown, y: ct.Tensor) => y },
    ({ init, apply }: nn.Layer<readonly unknown[]>) => apply(init(random.key(0)).params, init(random.key(0)).state, x),
  ],
  piecewiseConstant: [
    optim.piecewiseConstant as unknown as Anything,
    { rates: [1, 2], boundaries: [3] },
    (f: Anything) => f(4),
  ],
  adam: [
    optim.adam as unknown as Anything,
    { learningRate: 0.1, weightDecay: 0.1, b1: 0.9, b2: 0.9, eps: 1, amsgrad: true, epsRoot: 0 },
    ({ init, update }: optim.GradientTransformation) => update(x, init(x), x),
  ],
  minimize: [
    ((options: never) => optim.minimize(ct.sum as never, options)) as unknown as Anything,
    {
      history: 1,
      iterations: 1,
      gradientTolerance: 1,
      changeTolerance: 0,
      wolfe: { evaluations: 2 },
      observe: () => undefined,
    },
    (f: Anything) => f(x),
  ],
  reduceOnPlateau: [
    optim.reduceOnPlateau as unknown as Anything,
    { rate: 1, mode: 'min', factor: 0.1, patience: 1, threshold: 0, cooldown: 0, min: 0, eps: 0 },
    ({ init, update }: optim.Plateau) => update(init, 3),
  ],
  lineChart: [
    plot.lineChart as unknown as Anything,
    { title: 'a', x: 'b', y: 'c', series, notes: [], yRange: [0, 1], log: 'x' },
    () => undefined,
  ],
  learningCurves: [
    ((curves: never) => plot.learningCurves({ title: 'a', y: 'b' })(curves)) as unknown as Anything,
    { training: [1, 2] },
    () => undefined,
  ],
  bandChart: [
    ((runs: never) => plot.bandChart({ title: 'a', y: 'b' })(runs)) as unknown as Anything,
    { sgd: [[1, 2]] },
    () => undefined,
  ],
  scheduleChart: [
    ((rates: never) => plot.scheduleChart({ steps: 2 })(rates)) as unknown as Anything,
    { sgd: () => 0.1 },
    () => undefined,
  ],
  imageGrid: [
    plot.imageGrid as unknown as Anything,
    { columns: 1, title: 'a', names: ['a', 'b'], range: [0, 1], size: 9 },
    (f: Anything) => f(ct.zeros([2, 3, 3]), labels),
  ],
  reportTable: [plot.reportTable as unknown as Anything, { head: ['a'], caption: 'b' }, (f: Anything) => f([[1]])],
}

describe('with one wrong option among right ones', () => {
  for (const [name, [f, options, use]] of Object.entries(withOptions)) {
    it(`works or says so: ${name}`, async () => {
      for (const option of Object.keys(options))
        for (const w of wrong)
          await call(`${name}({ ${option}: ${textOf([w])} })`, async () => {
            const found = await use((await f({ ...options, [option]: w })) as never)
            // What a training fails with is in its result.
            const { error } = (found ?? {}) as { readonly error?: unknown }
            if (error !== undefined && error !== null) throw error
          })
    })
    it(`and with right ones works: ${name}`, async () => {
      const found = await use((await f(options)) as never)
      const { error = null, _tag = 'Right' } = Object(found) as { readonly error?: unknown; readonly _tag?: string }
      expect([error, _tag]).toEqual([null, 'Right'])
    })
  }
})
