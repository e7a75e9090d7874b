/**
 * A network that learns batch by batch, and answers in between.
 *
 * Each step of the training takes the memory of the state before it; on a GPU the state stays there, a batch is sent and nothing is
 * read until it is asked for. Read next: training.ts.
 */
import { add, item, scalar, type Tensor, toHost } from '../../src/index.ts'
import { accuracy } from '../../src/metrics/index.ts'
import { softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key, split } from '../../src/random/index.ts'
import { type Loss, trainState, trainStep } from '../../src/train/index.ts'
import type { Digits } from './digits.ts'
import type { Network } from './networks.ts'
import type { Compile } from './places.ts'
import type { Scores } from './protocol.ts'

export type Learner = {
  readonly learn: (batch: Digits) => Promise<void>
  /** Means over the batches since this was last asked. */
  readonly recent: () => Promise<Scores>
  /** [n, 28, 28, 1] -> logits [n, 10], on the host. */
  readonly logits: (images: Tensor) => Promise<Tensor>
}

type Params = readonly unknown[]
type Sums = { readonly [name in keyof Scores]: Tensor }

const lossOf =
  ({ layers }: Network): Loss<Params, Params, Digits> =>
  (params, state, { images, labels }, mode) => {
    const [logits, next] = layers.apply(params, state, images, mode)
    return [softmaxCrossEntropy(logits, labels), { state: next, metrics: { accuracy: accuracy(logits, labels) } }]
  }

const nothing = (): Sums => ({ loss: scalar(0), accuracy: scalar(0) })
const numberOf = (x: Tensor): number => item(x as Tensor<readonly []>)

export const createLearner = (network: Network, compile: Compile, seed: number): Learner => {
  const { layers, optimizer } = network
  const [forWeights, forTraining] = split(key(seed))
  const step = trainStep({ loss: lossOf(network), optimizer })
  let state = trainState({ optimizer, key: forTraining })(layers.init(forWeights))
  let sums = nothing()
  let batches = 0

  const advance = compile(
    (now: typeof state, so: Sums, batch: Digits) => {
      const [next, { loss = scalar(0), accuracy = scalar(0) }] = step(now, batch)
      return { state: next, sums: { loss: add(so.loss, loss), accuracy: add(so.accuracy, accuracy) } }
    },
    { donate: [0, 1] },
  )
  const predict = compile((params: Params, kept: Params, images: Tensor) => layers.apply(params, kept, images)[0])
  return {
    learn: async batch => {
      ;({ state, sums } = await advance(state, sums, batch))
      batches++
    },
    recent: async () => {
      const { loss, accuracy } = await toHost(sums)
      const scores = { loss: numberOf(loss) / batches, accuracy: numberOf(accuracy) / batches }
      sums = nothing()
      batches = 0
      return scores
    },
    logits: async images => toHost(await predict(state.params, state.state, images)),
  }
}
