/**
 * A network with what is needed to train it, and the weights that it answers with at the moment.
 *
 * Read next: training.ts.
 */
import { type Tensor, toHost } from '../../src/index.ts'
import { accuracy } from '../../src/metrics/index.ts'
import { softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key, split } from '../../src/random/index.ts'
import { type Loss, type Model, type TrainState, type TrainStep, trainState, trainStep } from '../../src/train/index.ts'
import type { Digits } from './digits.ts'
import type { Network } from './networks.ts'
import type { Compile } from './places.ts'

type Params = readonly unknown[]

export type Learner = {
  readonly step: TrainStep<Params, Params, Digits>
  readonly start: TrainState<Params, Params>
  /** Answers with these weights from now on. */
  readonly know: (model: Model<Params, Params>) => void
  /** [n, 28, 28, 1] -> logits [n, 10], on the host. */
  readonly logits: (images: Tensor) => Promise<Tensor>
}

const lossOf =
  ({ layers }: Network): Loss<Params, Params, Digits> =>
  (params, state, { images, labels }, mode) => {
    const [logits, next] = layers.apply(params, state, images, mode)
    return [softmaxCrossEntropy(logits, labels), { state: next, metrics: { accuracy: accuracy(logits, labels) } }]
  }

export const createLearner = (network: Network, compile: Compile, seed: number): Learner => {
  const { layers, optimizer } = network
  const [forWeights, forTraining] = split(key(seed))
  const start = trainState({ optimizer, key: forTraining })(layers.init(forWeights))
  const predict = compile((params: Params, state: Params, images: Tensor) => layers.apply(params, state, images)[0])
  let model: Model<Params, Params> = start
  return {
    step: trainStep({ loss: lossOf(network), optimizer }),
    start,
    know: now => {
      model = now
    },
    logits: async images => toHost(await predict(model.params, model.state, images)),
  }
}
