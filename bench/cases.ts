/**
 * What is measured, and what Cotangent aims at. Targets are multiples of a peer's speed; limits are times.
 *
 * Read next: run.ts.
 */
import { BATCH, CNN_BATCH, ELEMENTS, LOGISTIC } from './inputs.ts'

/** Who Cotangent is compared with; the first two compute on one thread in Node, whatever they are offered. */
export const peers = ['tfjs', 'jax', 'torch', 'numpy'] as const
export type Peer = (typeof peers)[number]
export type Library = 'cotangent' | Peer

/** How the table calls them. */
export const titles: { readonly [L in Library]: string } = {
  cotangent: 'cotangent',
  tfjs: 'tfjs-wasm',
  jax: 'jax-js',
  torch: 'torch',
  numpy: 'numpy, by hand',
}

/**
 * What is timed: calls again and again, once all is warm; the first call in a new process; that without the second one, which is
 * what tracing and compiling take; or import and first result in a new process.
 */
export type Metric = 'call' | 'first' | 'compile' | 'ready'

export type Targets = { readonly [P in Peer]?: number }

/** What a call does, to print rates. */
export type Amount = { readonly count: number; readonly unit: string }

export type Case = {
  readonly title: string
  /** The name that competitors know it by. */
  readonly bench: string
  readonly metric: Metric
  /** Benchmarks whose figures competitors must agree on before anything is timed. */
  readonly agree: readonly string[]
  /** With how many threads, and what to reach with them. */
  readonly threads: readonly { readonly count: number; readonly targets: Targets }[]
  /** What to stay below, in milliseconds. */
  readonly limit?: number
  readonly amount?: Amount
}

const call = (
  title: string,
  bench: string,
  amount: Amount,
  one: Targets,
  two: Targets = one,
  agree: readonly string[] = [bench],
): Case => ({
  title,
  bench,
  metric: 'call',
  agree,
  amount,
  threads: [
    { count: 1, targets: one },
    { count: 2, targets: two },
  ],
})

/** On one thread, without targets that compare. */
const single = (title: string, bench: string, metric: Metric, more: Pick<Case, 'limit' | 'amount'> = {}): Case => ({
  title,
  bench,
  metric,
  agree: [],
  threads: [{ count: 1, targets: {} }],
  ...more,
})

const product = (n: number): Case =>
  call(
    `matmul ${n}`,
    `matmul ${n}`,
    { count: (2 * n ** 3) / 1e9, unit: 'GFLOP' },
    { tfjs: 1.25, jax: 1.7, torch: 0.22 },
    { tfjs: 2.2, jax: 2.7, torch: 0.2 },
  )

const vector: Amount = { count: ELEMENTS / 1e6, unit: 'M elements' }

/** Every benchmark, in the order of the table. */
export const cases: readonly Case[] = [
  product(512),
  product(1024),
  call(
    'MLP step, batch 64',
    'mlp',
    { count: BATCH, unit: 'samples' },
    { tfjs: 8, jax: 3, torch: 0.3 },
    { tfjs: 13, jax: 5, torch: 0.6 },
  ),
  call(
    'CNN step, batch 128',
    'cnn',
    { count: CNN_BATCH, unit: 'samples' },
    { jax: 45, torch: 0.65 },
    { jax: 85, torch: 0.75 },
    ['cnn without dropout', 'small cnn without dropout'],
  ),
  call('elementwise 1e6', 'elementwise', vector, { tfjs: 7, jax: 6, torch: 1.3 }),
  call('elementwise gradient', 'elementwise gradient', vector, { tfjs: 10, jax: 5, torch: 1.3 }),
  call(
    'logistic regression',
    'logistic',
    { count: LOGISTIC[0] / 1e6, unit: 'M rows' },
    { tfjs: 8, jax: 12, torch: 0.8 },
  ),
  single('first CNN step', 'cnn', 'first', { limit: 400 }),
  single('CNN, trace and compile', 'cnn', 'compile', { limit: 300 }),
  ...[250, 500, 1000, 2000, 4000].map(count =>
    single(`compile ${count} ops`, `compile ${count}`, 'compile', { amount: { count, unit: 'ops' } }),
  ),
  single('jitted add of 8', 'tiny jitted', 'call', { limit: 0.005 }),
  single('eager add of 8', 'tiny eager', 'call', { limit: 0.003 }),
  single('copy-in 128×784', 'copy-in', 'call'),
  single('import to result', 'ready', 'ready'),
]
