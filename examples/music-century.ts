/**
 * Is a song from before or after the turn of the century? Logistic regression on 90 numbers of timbre: a published assignment, repeated.
 *
 *   npx tsx examples/music-century.ts --data YearPredictionMSD.txt.zip   # all 515,345 songs
 *   npx tsx examples/music-century.ts --download                         # the same; fetches 200 MB first
 *   npx tsx examples/music-century.ts                                    # made-up songs of the same form
 *   npx tsx examples/music-century.ts --quick --part rates
 *
 * Each part of the assignment is a function from the plan to figures and pictures; they stand in the order of the assignment. In a
 * project of yours, import from 'cotangent', 'cotangent/nn', ….
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as ct from '../src/index.ts'
import * as optim from '../src/optim/index.ts'
import * as plot from '../src/plot/index.ts'
import * as random from '../src/random/index.ts'
import { type Experiment, onCommandLine } from './support/experiment.ts'
import { choice, text, toggle, whole } from './support/flags.ts'
import { heatMap, showCells } from './support/heat-map.ts'
import {
  costOf,
  descend,
  FEATURES,
  type Params,
  type Run,
  randomStart,
  type Scores,
  scoresOf,
  zero,
} from './support/logistic.ts'
import { type Picture, writePictures } from './support/pictures.ts'
import type { Figure } from './support/results.ts'
import { countOf, loadSongs, type SongSets, shuffledBatches } from './support/songs.ts'

type Plan = {
  readonly sets: SongSets
  readonly key: random.Key
  readonly quick: boolean
  readonly signal: AbortSignal
}

// ---- what parts have to say

type Section = { readonly figures: readonly Figure[]; readonly pictures: readonly Picture[] }

const NOTHING: Section = { figures: [], pictures: [] }

/** What a part has to say, unless Ctrl-C has cut it short. */
const complete = ({ signal }: Plan, section: () => Section): Section => (signal.aborted ? NOTHING : section())

const count = (n: number): string => n.toLocaleString('en')

const figure = (name: string, published: number | null, obtained: readonly number[], note: string): Figure => ({
  name,
  unit: '',
  published,
  obtained,
  digits: 4,
  ...(note === '' ? {} : { note }),
})

/** What must be said of a published number beside one from other songs. */
const caveat = ({ sets }: Plan): string => (sets.official ? '' : 'published: on all 515,345 songs')

const accuracies = (plan: Plan, method: string, found: readonly Scores[], published: readonly number[]) =>
  (['test', 'validation', 'training'] as const).map(
    (part, i): Figure => ({
      name: `${method}: ${part} accuracy`,
      unit: '%',
      published: published[i] ?? null,
      obtained: [100 * (found[i]?.accuracy ?? Number.NaN)],
      digits: 1,
      ...(caveat(plan) === '' ? {} : { note: caveat(plan) }),
    }),
  )

/** Of the test, validation and training songs. */
const allScores = ({ sets }: Plan, params: Params): T.Task<readonly Scores[]> =>
  T.sequenceSeqArray([sets.test, sets.validation, sets.train].map(songs => scoresOf(params, songs)))

// ---- the gradient

/** The step of the differences: truncation is about h·f″/2, 1e-7 for these losses; rounding, 1e-16/h, is far below. */
const H = 1e-6
const CHECKED_SONGS = 100
const PUBLISHED_ERRORS = [9.8e-7, 4.0e-8, 9.5e-7]

/** (f(p + h·e) - f(p)) / h for each weight and then the bias, all at once. */
const forwardDifferences = (f: (params: Params) => ct.Tensor, { w, b }: Params): ct.Tensor => {
  const steps = ct.mul(ct.eye(FEATURES + 1, { dtype: 'float64' }), H)
  const moved = (step: ct.Tensor): ct.Tensor =>
    f({ w: ct.add(w, ct.slice([[0, FEATURES]])(step)), b: ct.add(b, ct.sum(ct.slice([[FEATURES, null]])(step))) })
  return ct.mul(ct.sub(ct.vmap(moved)(steps), f({ w, b })), 1 / H)
}

const checkGradient = ({ sets, key }: Plan, check: number) => {
  const [forRows, forParams] = random.split(random.foldIn(check)(key))
  const exact = (x: ct.Tensor): ct.Tensor => ct.cast('float64')(x)
  const [batch] = shuffledBatches(sets.train, { size: CHECKED_SONGS, count: 1, key: forRows })
  const songs = { features: exact((batch ?? sets.train).features), labels: (batch ?? sets.train).labels }
  const { w, b } = randomStart(forParams)
  const params = { w: exact(w), b: exact(b) }
  const f = (p: Params): ct.Tensor<readonly []> => costOf(p, songs)
  const grads = ct.grad(f)(params)
  const analytic = ct.concat({ axis: 0 })([grads.w, ct.reshape([1])(grads.b)])
  const error: ct.Tensor<readonly []> = ct.max(ct.abs(ct.sub(forwardDifferences(f, params), analytic)))
  return { error: ct.item(error), report: ct.checkGrads(f)([params]) }
}

/** Forward differences as the assignment has them, and central ones in both modes of differentiation. */
const gradientPart = (plan: Plan): Section => {
  const checks = PUBLISHED_ERRORS.map((_, i) => checkGradient(plan, i))
  for (const { report } of checks) console.log(String(report))
  const worst = checks.map(({ report }) => report.worst?.error ?? Number.NaN)
  const note = `float64, h = ${H.toExponential()}; the published h is not known`
  return {
    figures: [
      ...checks.map(({ error }, i) =>
        figure(`largest error of forward differences, check ${i + 1}`, PUBLISHED_ERRORS[i] ?? null, [error], note),
      ),
      figure('largest error in checkGrads', null, [Math.max(...worst)], 'central differences, jvp and vjp'),
    ],
    pictures: [],
  }
}

// ---- learning rates

const RATES = [0.005, 0.1, 5]

const ratesPart = (plan: Plan): T.Task<Section> => {
  const iterations = plan.quick ? 200 : 1000
  const key = random.foldIn(10)(plan.key)
  const one = (rate: number): T.Task<Run> =>
    descend(plan.sets, plan.signal)({ start: zero, rate, batch: 100, iterations, every: 10, key })
  const section = (runs: readonly Run[]): Section => {
    const chart = plot.learningCurves({
      title: 'Too low, right, and too high a learning rate',
      x: 'iteration',
      y: 'validation loss (nats)',
      log: 'y',
      notes: ['From zero, in batches of 100.'],
    })(Object.fromEntries(runs.map(({ curve }, i) => [`learning rate ${RATES[i]}`, curve])))
    return {
      figures: runs.map(({ validation }, i) =>
        figure(`validation loss at rate ${RATES[i]}`, null, [validation.loss], `after ${iterations} iterations`),
      ),
      pictures: [{ name: 'learning-rates', chart }],
    }
  }
  return pipe(
    T.sequenceSeqArray(RATES.map(one)),
    T.map(runs => complete(plan, () => section(runs))),
  )
}

// ---- the sweep

type Tried = Run & { readonly rate: number; readonly batch: number }

const SWEEP = { rates: [0.001, 0.01, 0.1, 1], batches: [10, 100, 1000, 10_000] }
const sweepIterations = ({ quick }: Plan): number => (quick ? 100 : 1000)

const sweep = (plan: Plan): T.Task<readonly Tried[]> => {
  const iterations = sweepIterations(plan)
  const start = randomStart(random.foldIn(20)(plan.key))
  const one = (rate: number, batch: number): T.Task<Tried> =>
    pipe(
      descend(
        plan.sets,
        plan.signal,
      )({ start, rate, batch, iterations, every: iterations, key: random.foldIn(21)(plan.key) }),
      T.map(run => ({ ...run, rate, batch })),
    )
  return T.sequenceSeqArray(SWEEP.batches.flatMap(batch => SWEEP.rates.map(rate => one(rate, batch))))
}

/** The most accurate on the validation songs; of equals the first. */
const bestOf = (tried: readonly Tried[]): Tried | undefined =>
  tried.reduce<Tried | undefined>(
    (best, run) => (best === undefined || run.validation.accuracy > best.validation.accuracy ? run : best),
    undefined,
  )

/** "1,000 (all)" where there are not so many songs. */
const batchName = ({ sets }: Plan, batch: number): string =>
  batch > countOf(sets.train) ? `${count(batch)} (all ${count(countOf(sets.train))})` : count(batch)

const sweepPart = (plan: Plan, tried: readonly Tried[], best: Tried): Section => {
  const cells = tried.map(({ rate, batch, validation }) => ({
    row: batchName(plan, batch),
    column: String(rate),
    share: validation.accuracy,
  }))
  const notes = [`After ${sweepIterations(plan)} iterations from the same random start.`]
  const title = 'Validation accuracy'
  const text = showCells('batch \\ rate')(cells)
  console.log(`${title} by batch size and learning rate\n${text}\n`)
  return {
    figures: [
      {
        name: 'best validation accuracy of the sweep',
        unit: '%',
        published: null,
        obtained: [100 * best.validation.accuracy],
        digits: 1,
        note: `rate ${best.rate}, batch ${batchName(plan, best.batch)}, ${sweepIterations(plan)} iterations`,
      },
    ],
    pictures: [
      { name: 'sweep', chart: heatMap({ title, rows: 'batch', columns: 'learning rate', notes })(cells), text },
    ],
  }
}

// ---- runs from random starts

const RUNS = 3
const MONTE_CARLO = { rate: 0.1, batches: [1, 50_000] }

/**
 * Three runs for each of two batch sizes. The published code calls its descent without the batch size, so that both of its bands are
 * of the default; here each has the size that the text says.
 */
const monteCarloPart = (plan: Plan): T.Task<Section> => {
  const iterations = plan.quick ? 100 : 1000
  const { rate, batches } = MONTE_CARLO
  const one = (batch: number, run: number): T.Task<Run> => {
    const [forStart, key] = random.split(random.foldIn(30 + run)(plan.key))
    return descend(plan.sets, plan.signal)({ start: randomStart(forStart), rate, batch, iterations, every: 10, key })
  }
  const names = batches.map(batch => `batch ${batchName(plan, batch)}`)
  const section = (groups: readonly (readonly Run[])[]): Section => {
    const chart = plot.bandChart({
      title: 'Three runs from random starts',
      x: 'iteration',
      y: 'validation loss (nats)',
      log: 'y',
      correction: 1,
      notes: [`Learning rate ${rate}.`],
    })(Object.fromEntries(groups.map((runs, i) => [names[i], runs.map(({ curve }) => curve)])))
    const figures = groups.map((runs, i) =>
      figure(
        `${names[i]}: validation loss of ${RUNS} runs`,
        null,
        runs.map(({ validation }) => validation.loss),
        `mean ± deviation after ${iterations} iterations`,
      ),
    )
    return { figures, pictures: [{ name: 'monte-carlo', chart }] }
  }
  const runsOf = (batch: number) => T.sequenceSeqArray(Array.from({ length: RUNS }, (_, run) => one(batch, run)))
  return pipe(
    T.sequenceSeqArray(batches.map(runsOf)),
    T.map(groups => complete(plan, () => section(groups))),
  )
}

// ---- the classifier

/** Iterations with what the sweep has found. */
const FINAL = { quick: 500, full: 10_000 }

const descentPart = (plan: Plan, best: Tried): T.Task<Section> => {
  const { rate, batch } = best
  const iterations = plan.quick ? FINAL.quick : FINAL.full
  console.log(`gradient descent, rate ${rate}, batch ${batchName(plan, batch)} (the best of the sweep)`)
  const key = random.foldIn(41)(plan.key)
  return pipe(
    descend(
      plan.sets,
      plan.signal,
    )({ start: randomStart(random.foldIn(40)(plan.key)), rate, batch, iterations, every: 100, key }),
    T.chain(({ params }) => allScores(plan, params)),
    T.map(scores =>
      complete(plan, () => ({
        figures: accuracies(plan, 'gradient descent', scores, [72.5, 73.5, 73.2]),
        pictures: [],
      })),
    ),
  )
}

/** C · Σ loss + ‖w‖²/2 with C = 1, which leaves the bias alone, divided by the number of songs; the end as scikit-learn's. */
const lbfgsPart = (plan: Plan): T.Task<Section> => {
  const { train: songs } = plan.sets
  const penalty = ({ w }: Params): ct.Tensor => ct.mul(ct.sum(ct.square(w)), 1 / (2 * countOf(songs)))
  const { params, iterations, reason } = optim.minimize((p: Params) => ct.add(costOf(p, songs), penalty(p)), {
    iterations: 100,
    gradientTolerance: 1e-4,
  })(zero)
  console.log(`L-BFGS ended after ${iterations} iterations: ${reason}`)
  return pipe(
    allScores(plan, params),
    T.map(scores =>
      complete(plan, () => ({ figures: accuracies(plan, 'L-BFGS', scores, [72.7, 73.6, 73.2]), pictures: [] })),
    ),
  )
}

// ---- the program

const TITLE = 'Music century: logistic regression on YearPredictionMSD'
const parts = { all: 0, gradient: 0, rates: 0, sweep: 0, 'monte-carlo': 0, final: 0 }
type Part = keyof typeof parts

/** The chosen parts. */
const study =
  (plan: Plan, chosen: Part): T.Task<Section> =>
  async () => {
    const wanted = (...names: readonly Part[]): boolean =>
      !plan.signal.aborted && (chosen === 'all' || names.includes(chosen))
    const gradient = wanted('gradient') ? gradientPart(plan) : NOTHING
    const rates = wanted('rates') ? await ratesPart(plan)() : NOTHING
    const tried = wanted('sweep', 'final') ? await sweep(plan)() : []
    const best = bestOf(tried)
    const swept = best !== undefined && wanted('sweep') ? complete(plan, () => sweepPart(plan, tried, best)) : NOTHING
    const runs = wanted('monte-carlo') ? await monteCarloPart(plan)() : NOTHING
    const descent = best !== undefined && wanted('final') ? await descentPart(plan, best)() : NOTHING
    const lbfgs = wanted('final') ? await lbfgsPart(plan)() : NOTHING
    const sections = [descent, lbfgs, gradient, rates, swept, runs]
    return { figures: sections.flatMap(s => s.figures), pictures: sections.flatMap(s => s.pictures) }
  }

const flags = {
  data: text("songs: UCI's zip archive or its text, or any file of that form; without it they are made up", 'FILE'),
  download: toggle('fetch the archive (200 MB) to the file of --data, or to YearPredictionMSD.txt.zip'),
  songs: whole('how many songs are made up without data (100000; 5000 with --quick)', 1000, null),
  part: choice('the part to run (all)', parts, 'all'),
}

const QUICK = { songs: 5000, limit: { train: 4000, test: 1000 } }

const experiment: Experiment<typeof flags> = {
  file: 'music-century.ts',
  title: TITLE,
  flags,
  check: ({ songs, data, download }) =>
    songs !== null && (data !== null || download) ? '--songs is for made-up songs, and has no meaning with data' : null,
  run: ({ quick, seed, songs, ...options }, signal) => {
    const [forData, key] = random.split(random.key(seed))
    return pipe(
      loadSongs({
        data: options.data,
        download: options.download,
        songs: songs ?? (quick ? QUICK.songs : 100_000),
        limit: quick ? QUICK.limit : null,
        key: forData,
      }),
      TE.chainFirstIOK(sets => () => console.log(`${sets.what}\n`)),
      TE.chainTaskK(sets =>
        pipe(
          study({ sets, key, quick, signal }, options.part),
          T.map(section => ({ section, sets })),
        ),
      ),
      TE.chainFirst(({ section }) => writePictures(options.pictures, TITLE)(section.pictures)),
      TE.map(({ section, sets }) => ({
        data: sets.what,
        seeds: [seed],
        secondsPerEpoch: null,
        figures: section.figures,
      })),
    )
  },
}

process.exitCode = await onCommandLine(experiment)(process.argv.slice(2))()
