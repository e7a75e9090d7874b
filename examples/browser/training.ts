/**
 * The training loop: epochs of batches, with scores as it goes. Read first: learner.ts; next: worker.ts, where it runs.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { batchesOf, shuffledBatches } from '../../src/data/index.ts'
import { argmax, concat, item, type Tensor, toArray } from '../../src/index.ts'
import { accuracy, confusionMatrix } from '../../src/metrics/index.ts'
import { softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import type { DigitSets, Digits } from './digits.ts'
import type { Learner } from './learner.ts'
import { CLASSES } from './networks.ts'
import type { Plan, Reply } from './protocol.ts'

const BATCH = 64
const TEST_BATCH = 500
/** About how many points of an epoch are drawn. */
const POINTS = 10
/** Other messages get their turn after so many milliseconds. */
const PATIENCE = 16

/** One task after the other, so that the state of the training is never wanted twice at once. */
export type InTurn = <A>(task: Task<A>) => Promise<A>

export type Training = {
  readonly plan: Plan
  readonly learner: Learner
  readonly digits: DigitSets
  readonly inTurn: InTurn
  readonly tell: (reply: Reply) => void
  readonly signal: AbortSignal
}

/** Promises let no messages in; one that waits for a message of its own does. */
const breathe = (): Promise<void> =>
  new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

const pauses = (): Task<void> => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < PATIENCE) return
    await breathe()
    last = performance.now()
  }
}

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

/** Trains and tests until the epochs are over or the signal says so; gives how many images were learnt from. */
export const train = async ({ plan, learner, digits, inTurn, tell, signal }: Training): Promise<number> => {
  const perEpoch = Math.ceil(plan.images / BATCH)
  const every = Math.max(1, Math.round(perEpoch / POINTS))
  const batches = shuffledBatches({ size: BATCH, key: key(0) })(digits.train)
  const pause = pauses()
  let seen = 0
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    let done = 0
    for (const batch of batches(epoch)) {
      if (signal.aborted) return seen
      await inTurn(() => learner.learn(batch))
      seen += batch.labels.shape[0]
      done++
      if (done % every === 0 || done === perEpoch)
        tell({ tag: 'measured', point: { epoch: epoch + done / perEpoch, ...(await inTurn(learner.recent)) } })
      await pause()
    }
    tell(await inTurn(() => test(learner, digits.test, epoch + 1)))
  }
  return seen
}
