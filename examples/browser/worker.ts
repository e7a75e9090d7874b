/**
 * The worker: it has the network and the digits, so that training never holds the page up. It says at once which places there are.
 *
 * Read first: protocol.ts; next: training.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { data, item, slice, softmax, type Tensor, tensor } from '../../src/index.ts'
import { type DigitSets, type Digits, fetchDigits } from './digits.ts'
import { createLearner, type Learner } from './learner.ts'
import { networks, SIDE } from './networks.ts'
import { openPlace, type Runner } from './places.ts'
import { PLACES, type Place, type Plan, type Reply, type Request } from './protocol.ts'
import { train } from './training.ts'

const tell = (reply: Reply): void => self.postMessage(reply)
const orReject = <A>(task: TE.TaskEither<string, A>): Promise<A> =>
  pipe(
    task,
    TE.getOrElse(why => () => Promise.reject(new Error(why))),
  )()

/** Trainings run one after the other. */
let trainings: Promise<unknown> = Promise.resolve()
const inTurn = (task: Task<void>): Promise<void> => {
  const next = trainings.then(task, task)
  trainings = next
  return next
}

/** What there is at the moment: where the last network was trained, the network, and what it was tested with. */
type Present = { readonly runner: Runner; readonly learner: Learner; readonly test: Digits }
let present: Present | null = null
let training: AbortController | null = null

const probe = (place: Place): Task<void> =>
  pipe(
    openPlace(place),
    TE.match<string, void, Runner>(
      about => tell({ tag: 'place', place, available: false, about }),
      runner => {
        tell({ tag: 'place', place, available: true, about: runner.about() })
        return void runner.close()
      },
    ),
  )

/** Opens what a plan asks for, in place of what there was. */
const prepare = async (plan: Plan): Promise<Present & { readonly digits: DigitSets }> => {
  const before = present
  present = null
  await before?.runner.close()
  tell({ tag: 'working', on: 'fetching digits' })
  const digits = await orReject(fetchDigits(plan))
  tell({ tag: 'working', on: 'compiling' })
  const runner = await orReject(openPlace(plan.place))
  const learner = createLearner(networks[plan.network], runner.compile, 0)
  present = { runner, learner, test: digits.test }
  return { ...present, digits }
}

const run = async (plan: Plan): Promise<void> => {
  const controller = new AbortController()
  training = controller
  const { signal } = controller
  const { learner, runner, digits } = await prepare(plan)
  const start = performance.now()
  const seen = await train({ plan, runner, learner, digits, tell, signal })
  const imagesPerSecond = (1000 * seen) / (performance.now() - start)
  tell({ tag: 'ended', stopped: signal.aborted, imagesPerSecond, place: runner.about() })
}

const classify = async (pixels: Float32Array): Promise<void> => {
  const learner = present?.learner
  if (learner === undefined) return tell({ tag: 'classified', probabilities: null })
  const logits = await learner.logits(tensor(pixels, { shape: [1, SIDE, SIDE, 1] }))
  tell({ tag: 'classified', probabilities: [...data(softmax(logits))] })
}

/** Some test image; of the whole set as long as none has been chosen. */
const sample = async (): Promise<void> => {
  const { images, labels } = present?.test ?? (await orReject(fetchDigits({ images: 1, tests: 500 }))).test
  const i = Math.floor(Math.random() * labels.shape[0])
  const row = (x: Tensor): Tensor => slice([[i, i + 1]])(x)
  tell({ tag: 'sample', pixels: Float32Array.from(data(row(images))), label: item(row(labels)) })
}

const answer = (request: Request): Promise<void> => {
  switch (request.tag) {
    case 'train':
      training?.abort()
      return inTurn(() => run(request.plan))
    case 'stop':
      return Promise.resolve(training?.abort())
    case 'classify':
      return classify(request.pixels)
    case 'sample':
      return sample()
  }
}

self.addEventListener('message', ({ data: request }: MessageEvent<Request>) => {
  answer(request).catch((error: unknown) =>
    tell({ tag: 'failed', request: request.tag, why: error instanceof Error ? error.message : String(error) }),
  )
})
for (const place of PLACES) await probe(place)()
