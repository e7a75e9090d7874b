/**
 * One benchmark: competitors agree on the figures, warm up, and are measured in turns.
 *
 * Ratios are taken within a round, where the machine was as fast for one as for the other, and their median is reported.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case, Library, Peer, Targets } from './cases.ts'
import { median } from './serve.ts'
import { type Reply, type Start, startWorker, timeReady, type Worker } from './workers.ts'

/** How thorough to be. */
export type Effort = {
  readonly rounds: number
  /** Rounds of measurements that need a new process each. */
  readonly starts: number
  /** Milliseconds of a batch of calls, and of warming up. */
  readonly batch: number
  readonly warm: number
}

/** Median and quartiles of the rounds, in milliseconds; or why there is none. */
export type Timing =
  | { readonly median: number; readonly quartiles: readonly [number, number]; readonly rounds: readonly number[] }
  | { readonly missing: string }

/** How a peer compares: its time over Cotangent's. */
export type Comparison = { readonly ratio: number; readonly target?: number; readonly met?: boolean }

/** How far a peer's figures are from Cotangent's, relatively; and whether that is near enough. */
export type Agreement = { readonly difference: number; readonly agrees: boolean }

export type Row = {
  readonly case: Case
  readonly threads: number
  readonly timings: ReadonlyMap<Library, Timing>
  readonly comparisons: ReadonlyMap<Peer, Comparison>
}

/** `agreement` has Cotangent as well, where it ran with several numbers of threads: its bits must not depend on them. */
export type Result = { readonly rows: readonly Row[]; readonly agreement: ReadonlyMap<Library, Agreement> }

/**
 * float32 sums in different orders differ by 1e-6 to 1e-5. Gradients of networks differ more where an activation is so near the
 * kink of relu that it ends on different sides: 2.6e-3 to 5.4e-3 for torch on different processors.
 */
const TOLERANCE = 1e-2

/** Each competitor by library and number of threads; peers of one thread serve for two. */
type Runners = ReadonlyMap<string, Worker>
const keyOf = (library: Library, threads: number): string =>
  `${library} ${library === 'tfjs' || library === 'jax' ? 1 : threads}`

const quantile = (sorted: readonly number[], q: number): number => {
  const at = q * (sorted.length - 1)
  const [low = 0, high = 0] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (high - low) * (at - Math.floor(at))
}

const timingOf = (rounds: readonly number[]): Timing => {
  const sorted = [...rounds].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)], rounds }
}

const targetOf = (targets: Targets, peer: Peer, ratio: number): Comparison => {
  const target = targets[peer]
  return target === undefined ? { ratio } : { ratio, target, met: ratio >= target }
}

const compare = (own: Timing, other: Timing, targets: Targets, peer: Peer): Comparison | undefined => {
  if ('missing' in own || 'missing' in other) return undefined
  const ratios = own.rounds.map((ms, i) => (other.rounds[i] ?? Number.NaN) / ms)
  return targetOf(
    targets,
    peer,
    quantile(
      ratios.sort((a, b) => a - b),
      0.5,
    ),
  )
}

const rowOf = (of: Case, { count, targets }: Case['threads'][number], timings: ReadonlyMap<string, Timing>): Row => {
  const found = new Map<Library, Timing>()
  for (const library of ['cotangent', 'tfjs', 'jax', 'torch', 'numpy'] as const) {
    const timing = timings.get(keyOf(library, count))
    if (timing !== undefined) found.set(library, timing)
  }
  const own = found.get('cotangent') ?? { missing: 'not measured' }
  const comparisons = [...found].flatMap(([library, timing]) => {
    const comparison = library === 'cotangent' ? undefined : compare(own, timing, targets, library)
    return comparison === undefined ? [] : [[library as Peer, comparison] as const]
  })
  return { case: of, threads: count, timings: found, comparisons: new Map(comparisons) }
}

/** The reason of a reply without times. */
const reasonOf = ({ missing, failed }: Reply): string => missing ?? `failed: ${failed?.split('\n')[0] ?? 'no reply'}`

const explain = (worker: Worker, { failed }: Reply): void => {
  if (failed !== undefined) console.error(`${worker.library} FAILED: ${failed}`)
}

/** The largest relative difference of two lists of figures; infinite where lengths differ or a figure is no number. */
const differenceOf = (xs: readonly number[], ys: readonly number[]): number => {
  const relative = xs.map((x, i) => {
    const y = ys[i] ?? Number.NaN
    return x === y ? 0 : Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y))
  })
  const worst = Math.max(0, ...relative)
  return xs.length === ys.length && Number.isFinite(worst) ? worst : Infinity
}

/** Compares the figures of every competitor with those of Cotangent on its first number of threads. */
const agreementOf = async (bench: string, runners: Runners): Promise<ReadonlyMap<string, Agreement>> => {
  const figures = new Map<string, readonly number[]>()
  for (const [key, worker] of runners) {
    const reply = await worker.ask({ op: 'check', bench })
    explain(worker, reply)
    if (reply.figures !== undefined) figures.set(key, reply.figures)
  }
  const [first, own] = [...figures].find(([key]) => key.startsWith('cotangent')) ?? []
  if (own === undefined) return new Map()
  figures.delete(first ?? '')
  return new Map(
    [...figures].map(([key, other]) => {
      const difference = differenceOf(own, other)
      return [key, { difference, agrees: difference <= (key.startsWith('cotangent') ? 0 : TOLERANCE) }] as const
    }),
  )
}

/** Time for threads that spin after their work to fall asleep, in milliseconds. */
const PAUSE = 50

/** Rounds over all competitors, each round starting with another one. */
const takeTurns = async (bench: string, runners: Runners, { rounds, batch, warm }: Effort) => {
  const timings = new Map<string, Timing>()
  const running: (readonly [string, Worker, number[]])[] = []
  for (const [key, worker] of runners) {
    const reply = await worker.ask({ op: 'warm', bench, ms: warm })
    explain(worker, reply)
    if (reply.ms === undefined) timings.set(key, { missing: reasonOf(reply) })
    else running.push([key, worker, []])
  }
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < running.length; i++) {
      const turn = running[(i + round) % running.length]
      await sleep(PAUSE)
      const reply = await turn?.[1].ask({ op: 'time', bench, ms: batch })
      turn?.[2].push(median(reply?.ms ?? []))
    }
  for (const [key, , medians] of running) timings.set(key, timingOf(medians))
  return timings
}

type Libraries = ReadonlyMap<Library, Start>

/** A competitor for each library and number of threads. */
const startAll = async (of: Case, libraries: Libraries): Promise<Runners> => {
  const runners = new Map<string, Worker>()
  for (const { count } of of.threads)
    for (const [library, start] of libraries) {
      const key = keyOf(library, count)
      if (!runners.has(key)) runners.set(key, await startWorker(library, start, count))
    }
  return runners
}

const closeAll = async (runners: Runners): Promise<void> => {
  for (const worker of runners.values()) await worker.close()
}

/** Keeps the worst of each library. */
const addWorst = (worst: Map<Library, Agreement>, found: ReadonlyMap<string, Agreement>): void => {
  for (const [key, agreement] of found) {
    const [library] = key.split(' ') as [Library]
    if ((worst.get(library)?.difference ?? -1) < agreement.difference) worst.set(library, agreement)
  }
}

/** Calls again and again, in processes that stay. */
const measureCalls = async (of: Case, libraries: Libraries, effort: Effort): Promise<Result> => {
  const runners = await startAll(of, libraries)
  try {
    const agreement = new Map<Library, Agreement>()
    for (const bench of of.agree) addWorst(agreement, await agreementOf(bench, runners))
    const timings = await takeTurns(of.bench, runners, effort)
    return { rows: of.threads.map(threads => rowOf(of, threads, timings)), agreement }
  } finally {
    await closeAll(runners)
  }
}

/** One measurement in a new process. */
const timeStart = async (of: Case, library: Library, start: Start): Promise<Reply> => {
  if (of.metric === 'ready') return timeReady(start)
  const worker = await startWorker(library, start, 1)
  try {
    const reply = await worker.ask({ op: 'first', bench: of.bench })
    explain(worker, reply)
    const [first = Number.NaN, second = Number.NaN] = reply.ms ?? []
    return reply.ms === undefined ? reply : { ms: [of.metric === 'first' ? first : first - second] }
  } finally {
    await worker.close()
  }
}

/** First calls, each in a process of its own. */
const measureStarts = async (of: Case, libraries: Libraries, { starts }: Effort): Promise<Result> => {
  const timings = new Map<string, Timing>()
  const times = new Map<Library, number[]>([...libraries.keys()].map(library => [library, []]))
  if (of.metric === 'compile')
    for (const library of libraries.keys())
      if (library !== 'cotangent') timings.set(keyOf(library, 1), { missing: '–' })
  for (let round = 0; round < starts; round++)
    for (const [library, start] of libraries) {
      const key = keyOf(library, 1)
      if (timings.has(key)) continue
      const reply = await timeStart(of, library, start)
      if (reply.ms === undefined) timings.set(key, { missing: reasonOf(reply) })
      else times.get(library)?.push(...reply.ms)
    }
  for (const [library, ms] of times) if (ms.length > 0) timings.set(keyOf(library, 1), timingOf(ms))
  return { rows: of.threads.map(threads => rowOf(of, threads, timings)), agreement: new Map() }
}

/** Measures one case with the libraries there are. */
export const measure = (of: Case, libraries: Libraries, effort: Effort): Promise<Result> =>
  of.metric === 'call' ? measureCalls(of, libraries, effort) : measureStarts(of, libraries, effort)
