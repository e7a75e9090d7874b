/**
 * Training on a GPU backend goes where it goes on the engine: losses, parameters, optimizer state and running statistics over some
 * steps, state staying on the device.
 */
import { describe, expect, it } from 'vitest'
import { range } from '../../../src/core/shape.ts'
import * as ct from '../../../src/index.ts'
import { type Layer, softmaxCrossEntropy } from '../../../src/nn/index.ts'
import { adam, type GradientTransformation, sgd } from '../../../src/optim/index.ts'
import { key } from '../../../src/random/index.ts'
import { type Loss, type TrainState, trainState, trainStep } from '../../../src/train/index.ts'
import { kerasCnn, perceptron, torchCnn } from '../../support/networks.ts'
import { wavy } from '../../support/values.ts'
import { CASES, LONG_RUN, opened } from './backends.ts'

type Network = Layer<readonly unknown[]>
type Batch = { readonly x: ct.Tensor; readonly y: ct.Tensor }
type State = TrainState<never, never>

const batchOf = (shape: readonly number[], i: number): Batch => ({
  x: wavy(shape, i, 'float32'),
  y: ct.tensor(
    range(0, shape[0] ?? 0).map(k => (3 * i + 7 * k) % 10),
    { dtype: 'int32' },
  ),
})

const lossOf =
  (network: Network): Loss<never, never, Batch> =>
  (params, state, { x, y }, mode) => {
    const [logits, next] = network.apply(params, state, x, mode as never)
    return [softmaxCrossEntropy(logits, y), { state: next as never, metrics: {} }]
  }

/** Distance relative to the larger of 1 and what is wanted. */
const farthest = (a: unknown, b: unknown): number => {
  const [xs, ys] = [ct.treeLeaves(a), ct.treeLeaves(b)]
  expect(xs.map(x => [x.dtype, x.shape])).toEqual(ys.map(y => [y.dtype, y.shape]))
  let most = 0
  xs.forEach((x, i) => {
    const [got, wanted] = [ct.data(x), ct.data(ys[i] as ct.Tensor)]
    got.forEach((v, k) => {
      const error = Math.abs(v - (wanted[k] ?? 0)) / Math.max(1, Math.abs(wanted[k] ?? 0))
      most = Math.max(most, Number.isFinite(error) ? error : Infinity)
    })
  })
  return most
}

type Tolerance = { readonly early: number; readonly late: number }
type Training = {
  readonly name: string
  readonly network: Network
  readonly seed: number
  readonly optimizer: GradientTransformation
  readonly batch: readonly number[]
  readonly tolerance: Tolerance
}

/** Sums in another order differ in the last of float32's 24 bits, and so do losses, which are about 2. */
const SMOOTH: Tolerance = { early: 2e-6, late: 2e-6 }
/** Losses of a CNN are sums of more. */
const LONG: Tolerance = { early: 1e-5, late: 1e-4 }
/**
 * ReLU and the greatest of four choose differently when two values are close, and Adam makes steps of gradients however small. With
 * other seeds losses were 0.05 apart after 50 steps; so are those of the engine itself when weights are changed in their last bit.
 */
const CHOOSING: Tolerance = { early: 1e-4, late: 1e-2 }
/** Steps in which it has not come to that. */
const EARLY = 8
const STEPS = 50

const layers = perceptron(13, 9, 7, 10)
const perceptrons = [
  ['SGD', sgd({ learningRate: 0.1 })],
  ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 })],
  ['Adam', adam({ learningRate: 0.01 })],
] as const

const trainings: readonly Training[] = [
  ...perceptrons.map(
    ([name, optimizer]): Training => ({
      name: `a perceptron with ${name}`,
      network: layers,
      seed: 2,
      optimizer,
      batch: [6, 13],
      tolerance: SMOOTH,
    }),
  ),
  {
    name: 'the CNN after Keras with Adam',
    network: kerasCnn(0.1),
    seed: 7,
    optimizer: adam({ learningRate: 0.0001, eps: 1e-2 }),
    batch: [2, 28, 28, 1],
    tolerance: CHOOSING,
  },
  {
    name: 'the CNN after PyTorch with momentum',
    network: torchCnn(0.02),
    seed: 2,
    optimizer: sgd({ learningRate: 0.0001, momentum: 0.9 }),
    batch: [2, 28, 28, 1],
    tolerance: LONG,
  },
]

/** A step of a CNN takes long in mode cpu, and a second where WebGPU is computed by the CPU: all of them in npm run test:gpu alone. */
const stepsOf = (mode: string, batch: readonly number[]): number =>
  mode !== 'webasm' && batch.length > 2 && !LONG_RUN ? EARLY : STEPS

// That both devices of WebGPU give the same bits is tested elsewhere.
const cases = CASES.filter(({ options }) => options.residency === undefined)

describe.each(cases)('$name', ({ options }) => {
  it.each(trainings)(
    '$name trains as on the engine',
    async ({ network, seed, optimizer, batch: shape, tolerance }) => {
      const backend = await opened(options)
      const step = trainStep({ loss: lossOf(network), optimizer })
      const [onEngine, onGpu] = [ct.jit(step), ct.compile(step as never, { backend, donate: [0] })] as unknown as [
        (state: State, batch: Batch) => readonly [State, { readonly loss: ct.Tensor }],
        (state: State, batch: Batch) => Promise<readonly [State, { readonly loss: ct.Tensor }]>,
      ]
      const start = (): State => trainState({ optimizer, key: key(1) })(network.init(key(seed)) as never)
      let [wanted, got] = [start(), start()]
      const losses: (readonly [ct.Tensor, ct.Tensor])[] = []
      for (let i = 0; i < stepsOf(options.mode, shape); i++) {
        const batch = batchOf(shape, i % 10)
        const [mine, theirs] = [await onGpu(got, batch), onEngine(wanted, batch)]
        losses.push([mine[1].loss, theirs[1].loss])
        got = mine[0]
        wanted = theirs[0]
      }
      const found = await ct.toHost(losses)
      const errors = found.map(([a, b]) => Math.abs(ct.item(a as never) - ct.item(b as never)))
      expect(Math.max(...errors.slice(0, EARLY))).toBeLessThan(tolerance.early)
      expect(Math.max(...errors)).toBeLessThan(tolerance.late)
      const { params, state, key: same, step: count } = await ct.toHost(got)
      expect([ct.toArray(same), ct.item(count as never)]).toEqual([ct.toArray(wanted.key), losses.length])
      expect(farthest([params, state], [wanted.params, wanted.state])).toBeLessThan(tolerance.late)
      await backend.close()
    },
    600_000,
  )
})
