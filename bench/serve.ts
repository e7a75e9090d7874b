/**
 * The competitor's side of the conversation: requests on standard input, replies on standard output, one JSON object a line.
 *
 *   { op: 'check', bench }          -> { figures }   what was computed, for comparison with the others
 *   { op: 'first', bench }          -> { ms }        the first calls in this process, one by one
 *   { op: 'warm', bench, ms }       -> { ms }        calls until they take the same time again and again, at most so long
 *   { op: 'time', bench, ms }       -> { ms }        calls for about so long
 *
 * or { missing: reason } for what the competitor cannot do. peers/serve.py is the same in Python.
 */
import { createInterface } from 'node:readline'

/** One benchmark, ready to run. */
export type Bench = {
  /** One measured call; it must not return before the work is done. */
  readonly run: () => unknown
  /** Numbers that every competitor should agree on, of what `run` computes. */
  readonly figures?: () => readonly number[] | Promise<readonly number[]>
  /** How many calls `run` makes, for calls too short to be timed one by one (1). */
  readonly calls?: number
}

/** Benchmarks by name, each made when it is first asked for; a string says why there is none. */
type Benches = { readonly [name: string]: string | (() => Bench | Promise<Bench>) }

type Request = { readonly op: 'check' | 'first' | 'warm' | 'time'; readonly bench: string; readonly ms: number }

/** How long one call takes, in milliseconds. */
const timeOne = async ({ run, calls = 1 }: Bench): Promise<number> => {
  const start = performance.now()
  const result = run()
  if (result instanceof Promise) await result
  return (performance.now() - start) / calls
}

/** Calls for about `ms` milliseconds, at least one. */
const timeFor = async (bench: Bench, ms: number): Promise<readonly number[]> => {
  const times: number[] = []
  const end = performance.now() + ms
  do times.push(await timeOne(bench))
  while (performance.now() < end)
  return times
}

/** The middle of a list. */
export const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** A twentieth: what medians of batches still differ by when engines have compiled all they will. */
const STABLE = 0.05

/** Batches of calls until three medians in a row agree, or time is up. */
const warm = async (bench: Bench, ms: number): Promise<readonly number[]> => {
  const end = performance.now() + ms
  const medians: number[] = []
  const stable = (): boolean => {
    const last = medians.slice(-3)
    return last.length === 3 && Math.max(...last) < (1 + STABLE) * Math.min(...last)
  }
  do medians.push(median(await timeFor(bench, Math.min(100, ms / 4))))
  while (!stable() && performance.now() < end)
  return medians
}

/** One call after the other, twice: the first of all, and one that finds everything in place. */
const firstCalls = async (bench: Bench): Promise<readonly number[]> => [await timeOne(bench), await timeOne(bench)]

const answer = async (benches: Benches, made: Map<string, Bench>, { op, bench: name, ms }: Request) => {
  const make = benches[name] ?? '–'
  if (typeof make === 'string') return { missing: make }
  const bench = made.get(name) ?? (await make())
  made.set(name, bench)
  if (op === 'check') return { figures: (await bench.figures?.()) ?? [] }
  if (op === 'first') return { ms: await firstCalls(bench) }
  return { ms: op === 'warm' ? await warm(bench, ms) : await timeFor(bench, ms) }
}

/** Answers requests until standard input ends. */
export const serve = async (version: string, benches: Benches): Promise<void> => {
  const made = new Map<string, Bench>()
  const say = (reply: unknown): void => console.log(JSON.stringify(reply))
  say({ version })
  for await (const line of createInterface({ input: process.stdin }))
    try {
      say(await answer(benches, made, JSON.parse(line) as Request))
    } catch (error) {
      say({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
}

/** Root of the sum of squares: a figure that does not depend on the order of elements. */
export const norm = (xs: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < xs.length; i++) total += (xs[i] ?? 0) ** 2
  return Math.sqrt(total)
}

/** Figures of an array: its norm, its first and its last element. */
export const figuresOf = (xs: ArrayLike<number>): readonly number[] => [norm(xs), xs[0] ?? 0, xs[xs.length - 1] ?? 0]
