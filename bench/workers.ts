/**
 * Competitors as processes of their own, so that threads and memory of one do not disturb another, and the talk with them.
 *
 * Read next: serve.ts, the other side.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Library, Peer } from './cases.ts'

const BENCH = dirname(fileURLToPath(import.meta.url))
const PEERS = join(BENCH, 'peers')

/** What a competitor says to a request. */
export type Reply = {
  readonly version?: string
  readonly ms?: readonly number[]
  readonly figures?: readonly number[]
  /** Why it cannot. */
  readonly missing?: string
  /** What it stumbled over. */
  readonly failed?: string
}

type Question = { readonly op: 'check' | 'first' | 'warm' | 'time'; readonly bench: string; readonly ms?: number }

/** A running competitor: one question at a time. */
export type Worker = {
  readonly library: Library
  readonly threads: number
  readonly version: string
  ask(question: Question): Promise<Reply>
  close(): Promise<void>
}

/** A command that starts a library, with nothing in its environment that would slow it or change its threads. */
export type Start = {
  readonly command: string
  readonly args: (threads: number) => readonly string[]
  /** Prints the milliseconds from import to a first result. */
  readonly ready: readonly string[]
}

const environment = (threads: number): NodeJS.ProcessEnv => {
  const { OPENBLAS_CORETYPE: _, ...rest } = process.env
  const count = String(threads)
  const counts = { COTANGENT_THREADS: count, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count }
  return { ...rest, ...counts, PYTHONDONTWRITEBYTECODE: '1' }
}

const javascript = (library: Library, file: string): Start => ({
  command: process.execPath,
  args: () => ['--import', 'tsx', join(BENCH, file)],
  ready: [join(PEERS, 'ready.mjs'), library],
})

const python = (library: Peer, command: string): Start => ({
  command,
  args: threads => [join(PEERS, `${library}_peer.py`), String(threads)],
  ready: [join(PEERS, 'ready.py'), library],
})

/** The first Python that has a module: that of COTANGENT_BENCH_PYTHON, the system's, or that of the path. */
const pythonWith = (module: string): string | undefined =>
  [process.env.COTANGENT_BENCH_PYTHON, '/usr/bin/python3', 'python3']
    .filter(command => command !== undefined)
    .find(command => spawnSync(command, ['-c', `import ${module}`]).status === 0)

/** Installs the peers from npm where they are missing; whether they are there then. */
const installed = (): boolean => {
  const there = (): boolean => existsSync(join(PEERS, 'node_modules/@jax-js/jax/package.json'))
  if (there()) return true
  console.error('Installing the peers into bench/peers/node_modules (npm ci, some 70 MB) …')
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEERS, stdio: 'inherit' })
  } catch {
    console.error('npm could not install the peers.')
  }
  return there()
}

/** How to start each library asked for; those that are not installed are left out, loudly. */
export const findLibraries = (wanted: readonly Peer[]): ReadonlyMap<Library, Start> => {
  const found = new Map<Library, Start>([['cotangent', javascript('cotangent', 'cotangent.ts')]])
  const fromNpm = wanted.filter(peer => peer === 'tfjs' || peer === 'jax')
  if (fromNpm.length > 0 && installed())
    for (const peer of fromNpm) found.set(peer, javascript(peer, `peers/${peer}.mjs`))
  for (const peer of wanted.filter(peer => peer === 'torch' || peer === 'numpy')) {
    const command = pythonWith(peer)
    if (command !== undefined) found.set(peer, python(peer, command))
  }
  for (const peer of wanted.filter(peer => !found.has(peer)))
    console.error(`NOT INSTALLED: ${peer}. Its column stays empty${hint(peer)}.`)
  return found
}

const hint = (peer: Peer): string =>
  peer === 'torch' || peer === 'numpy'
    ? ` (on Debian: apt-get install python3-${peer}; or name a Python that has it in COTANGENT_BENCH_PYTHON)`
    : ''

/** From import to first result in a new process, in milliseconds. */
export const timeReady = (start: Start): Reply => {
  const out = execFileSync(start.command, [...start.ready], { encoding: 'utf8', env: environment(1) })
  return { ms: [Number(out)] }
}

/** How long a process may take to end by itself. */
const PATIENCE = 1000

/** Starts a competitor and waits until it has said its version. */
export const startWorker = async (library: Library, start: Start, threads: number): Promise<Worker> => {
  const child = spawn(start.command, [...start.args(threads)], {
    cwd: dirname(BENCH),
    env: environment(threads),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Reply> => {
    const { value, done } = await lines.next()
    return done ? { failed: 'the process ended' } : (JSON.parse(value) as Reply)
  }
  const { version, failed } = await next()
  if (failed !== undefined) throw new Error(`${library} did not start: ${failed}`)
  return {
    library,
    threads,
    version: version ?? library,
    ask: question => {
      if (child.exitCode === null) child.stdin.write(`${JSON.stringify(question)}\n`)
      return next()
    },
    close: async () => {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
      await exited
      clearTimeout(timer)
    },
  }
}
