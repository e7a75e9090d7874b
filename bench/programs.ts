/**
 * The programs that are measured, as functions that a user would write: of the built package (`dist`), by public names alone.
 *
 * Read next: cotangent.ts, which jits them, and gpu.ts, which compiles them for GPUs.
 */
import type * as Core from '../src/index.ts'
import type * as Nn from '../src/nn/index.ts'
import type * as Optim from '../src/optim/index.ts'
import type * as Random from '../src/random/index.ts'
import * as inputs from './inputs.ts'

/** A part of the package by its public name; the types are those of the sources, which need no build. */
export const load = async <M>(name: string): Promise<M> => (await import(name)) as M

export const ct = await load<typeof Core>('cotangent')
const nn = await load<typeof Nn>('cotangent/nn')
export const optim = await load<typeof Optim>('cotangent/optim')
export const random = await load<typeof Random>('cotangent/random')

export type Tensor = Core.Tensor

export const tensor = ({ values, shape }: inputs.Values): Tensor => ct.tensor(values, { shape })
export const integers = (values: Int32Array): Tensor => ct.tensor(values)

/** A step of training from a state to the next, with the loss, and what it starts with and trains on. */
export type Training<State> = {
  readonly start: () => State
  readonly step: (state: State, x: Tensor, y: Tensor) => readonly [State, Tensor]
  readonly x: Tensor
  readonly y: Tensor
}

export type Dense = { readonly w: Tensor; readonly b: Tensor }

const mlpLoss = (params: readonly Dense[], x: Tensor, y: Tensor): Tensor => {
  const logits = params.reduce((h, { w, b }, i) => {
    const z = ct.add(ct.matmul(h, w), b)
    return i < params.length - 1 ? ct.relu(z) : z
  }, x)
  return nn.softmaxCrossEntropy(logits, y)
}

type MlpState = { readonly params: readonly Dense[]; readonly optimizer: Optim.OptimizerState }

/** The perceptron by gradient descent. */
export const mlpTraining = () => {
  const optimizer = optim.sgd({ learningRate: inputs.RATES.mlp })
  const params = (): readonly Dense[] => inputs.mlpParameters().map(({ w, b }) => ({ w: tensor(w), b: tensor(b) }))
  const training: Training<MlpState> = {
    start: () => ({ params: params(), optimizer: optimizer.init(params()) }),
    step: (state, x, y) => {
      const [value, grads] = ct.valueAndGrad(mlpLoss)(state.params, x, y)
      const [updates, next] = optimizer.update(grads, state.optimizer, state.params)
      return [{ params: optim.applyUpdates(state.params, updates), optimizer: next }, value]
    },
    x: tensor(inputs.vectors()),
    y: integers(inputs.vectorLabels()),
  }
  return { ...training, loss: mlpLoss, params }
}

type Normalization = { readonly scale: Tensor; readonly shift: Tensor }
type Statistics = { readonly mean: Tensor; readonly variance: Tensor }
export type Layer = { readonly w: Tensor; readonly b: Tensor; readonly norm: readonly Normalization[] }

/** Over all axes but the last, with the statistics of the batch, which are returned as well. */
const batchNorm = (x: Tensor, { scale, shift }: Normalization): readonly [Tensor, Statistics] => {
  const mean: Tensor = ct.mean({ axis: [0, 1, 2] })(x)
  const variance: Tensor = ct.variance({ axis: [0, 1, 2] })(x)
  const factor: Tensor = ct.mul(scale, ct.rsqrt(ct.add(variance, inputs.EPSILON)))
  return [ct.add(ct.mul(ct.sub(x, mean), factor), shift), { mean, variance }]
}

const dropout = (x: Tensor, key: Random.Key, rate: number): Tensor =>
  ct.where(random.bernoulli({ p: 1 - rate, shape: x.shape })(key), ct.mul(x, 1 / (1 - rate)), 0)

const cnnLoss =
  (rate: number) =>
  (params: readonly Layer[], key: Random.Key, x: Tensor, y: Tensor): readonly [Tensor, readonly Statistics[]] => {
    const statistics: Statistics[] = []
    const logits = inputs.CNN.reduce((h, { pool }, i) => {
      const { w, b, norm: [norm] = [] } = params[i] as Layer
      const z = ct.add(ct.conv2d()(h, w), b)
      if (norm === undefined) return z
      const [normed, statistic] = batchNorm(ct.relu(z), norm)
      statistics.push(statistic)
      const dropped = rate > 0 ? dropout(normed, random.foldIn(i)(key), rate) : normed
      return pool ? ct.maxPool2d({ window: 2 })(dropped) : dropped
    }, x)
    return [nn.softmaxCrossEntropy(ct.reshape([-1, inputs.CLASSES])(logits), y), statistics]
  }

const cnnParams = (): readonly Layer[] =>
  inputs.cnnParameters().map(({ w, b }, i) => {
    const norm = { scale: ct.ones(b.shape), shift: ct.zeros(b.shape) }
    return { w: tensor(w), b: tensor(b), norm: i < inputs.CNN.length - 1 ? [norm] : [] }
  })

type CnnState = {
  readonly params: readonly Layer[]
  readonly optimizer: Optim.OptimizerState
  readonly running: readonly Statistics[]
  readonly key: Random.Key
}

/** The convolutional network by Adam, with the running statistics of its batch norms. */
export const cnnTraining = (rate: number, batch?: number) => {
  const loss = cnnLoss(rate)
  const optimizer = optim.adam({ learningRate: inputs.RATES.cnn })
  const average = (old: Tensor, recent: Tensor): Tensor =>
    ct.add(ct.mul(old, 1 - inputs.RUNNING), ct.mul(recent, inputs.RUNNING))
  const training: Training<CnnState> = {
    start: () => {
      const params = cnnParams()
      const running = params.slice(0, -1).map(({ b }) => ({ mean: ct.zerosLike(b), variance: ct.onesLike(b) }))
      return { params, optimizer: optimizer.init(params), running, key: random.key(0) }
    },
    step: ({ params, running, ...state }, x, y) => {
      const [key, now] = random.split(state.key)
      const [[value, statistics], grads] = ct.valueAndGrad(loss, { aux: true })(params, now, x, y)
      const [updates, next] = optimizer.update(grads, state.optimizer, params)
      const state_ = { params: optim.applyUpdates(params, updates), optimizer: next, key }
      return [{ ...state_, running: ct.treeZip(running, statistics, average) }, value]
    },
    x: tensor(inputs.images(batch)),
    y: integers(inputs.imageLabels(batch)),
  }
  return { ...training, loss, params: cnnParams }
}
