/**
 * The training: `fit`, with callbacks that tell the page how it goes. Read first: learner.ts; next: worker.ts, where it runs.
 */
import { batchesOf, shuffledBatches } from '../../src/data/index.ts'
import { argmax, concat, item, type Tensor, toArray } from '../../src/index.ts'
import { accuracy, confusionMatrix } from '../../src/metrics/index.ts'
import { softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import { type Callback, callback, fit } from '../../src/train/index.ts'
import type { DigitSets, Digits } from './digits.ts'
import type { Learner } from './learner.ts'
import { CLASSES } from './networks.ts'
import type { Runner } from './places.ts'
import type { Plan, Reply } from './protocol.ts'

const BATCH = 64
const TEST_BATCH = 500
/** About how many points of an epoch are drawn. */
const POINTS = 10

export type Training = {
  readonly plan: Plan
  readonly runner: Runner
  readonly learner: Learner
  readonly digits: DigitSets
  readonly tell: (reply: Reply) => void
  readonly signal: AbortSignal
}

type Params = Learner['start']['params']

/** The scores of test images, and what was taken for what. */
const test = async (learner: Learner, digits: Digits, epoch: number): Promise<Reply> => {
  const parts: Tensor[] = []
  for (const { images } of batchesOf({ size: TEST_BATCH })(digits)) parts.push(await learner.logits(images))
  const logits = concat({ axis: 0 })(parts)
  const { labels } = digits
  const confusion = confusionMatrix({ classes: CLASSES })(labels, argmax({ axis: -1 })(logits))
  const loss = item(softmaxCrossEntropy(logits, labels))
  return {
    tag: 'tested',
    point: { epoch, loss, accuracy: item(accuracy(logits, labels)) },
    confusion: toArray(confusion) as number[][],
  }
}

/** Tells the scores since the last time, and answers with the weights of the moment. */
const measuring = ({ plan, learner, tell }: Training): Callback<Params, Params> => {
  const perEpoch = Math.ceil(plan.images / BATCH)
  return callback(
    [{ steps: Math.max(1, Math.round(perEpoch / POINTS)) }, { epochs: 1 }],
    ({ step, metrics, state }) => {
      const { loss = Number.NaN, accuracy = Number.NaN } = metrics
      learner.know(state())
      tell({ tag: 'measured', point: { epoch: step / perEpoch, loss, accuracy } })
      return []
    },
  )
}

/** Tests at the end of each epoch, with what `measuring` has just found. */
const testing = ({ learner, digits, tell }: Training): Callback => ({
  every: [{ epochs: 1 }],
  start: () => event => async () => {
    tell(await test(learner, digits.test, event.epoch + 1))
    return []
  },
})

/** Trains and tests until the epochs are over or the signal says so; gives how many images were learnt from. */
export const train = async (training: Training): Promise<number> => {
  const { plan, runner, learner, digits, signal } = training
  let seen = 0
  const counting = callback('end', ({ epoch, samples }) => {
    seen = epoch * plan.images + samples
    return []
  })
  const { error } = await fit({
    ...runner.backend,
    step: learner.step,
    epochs: plan.epochs,
    batches: shuffledBatches({ size: BATCH, key: key(0) })(digits.train),
    callbacks: [measuring(training), testing(training), counting],
    signal,
  })(learner.start)()
  if (error !== null) throw error
  return seen
}
