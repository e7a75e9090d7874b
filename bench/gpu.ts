/**
 * Programs on a GPU through gpu.js, beside the engine and, where they start, other libraries on the same device.
 *
 *   npm run bench:gpu                        # mode webgpu, with tensors on the device; writes bench/results/gpu.json on a real GPU
 *   npm run bench:gpu -- --modes webasm,cpu  # other modes
 *   npm run bench:gpu -- --quick             # one short round, small products; writes nothing
 *
 * Times are medians of rounds that take turns; each round ends with reading back one number, so that all work is done. A software
 * adapter is no GPU, and the table says so. Read first: programs.ts, peers/gpu.mjs.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import type * as Gpu from '../src/gpu/index.ts'
import type { GpuBackend, GpuMode } from '../src/gpu/index.ts'
import * as inputs from './inputs.ts'
import { cnnTraining, ct, load, mlpTraining, type Tensor, type Training, tensor } from './programs.ts'

const { gpu } = await load<typeof Gpu>('cotangent/gpu')

const { values } = parseArgs({
  options: {
    modes: { type: 'string', default: 'webgpu' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const rounds = values.rounds === undefined ? (values.quick ? 1 : 7) : Number(values.rounds)
/** Milliseconds of a round. */
const ROUND = values.quick ? 100 : 500
const SIDES = values.quick ? [256] : [512, 1024, 2048]

/** Something to be timed: `run` makes some calls and ends when they are done. */
export type Subject = {
  readonly library: string
  readonly title: string
  /** Floating-point operations of a call, where that is known. */
  readonly flops?: number
  readonly run: (calls: number) => Promise<void>
  /** Bytes that a call copies to the device and back. */
  readonly bytes?: () => { readonly uploaded: number; readonly read: number }
}

const matmulFlops = (n: number): number => 2 * n ** 3

/** How a library times a product of matrices, and a training that gives a state and a loss. */
type Maker = {
  readonly product: (n: number) => Subject
  readonly training: <S>(title: string, training: Training<S>) => Subject
}

const subjectsOf = ({ product, training }: Maker): readonly Subject[] => [
  ...SIDES.map(product),
  training('MLP step, batch 64', mlpTraining()),
  training('CNN step, batch 128', cnnTraining(inputs.DROPOUT)),
]

const factors = (n: number): readonly [Tensor, Tensor] =>
  inputs.matrices(n).map(tensor) as unknown as readonly [Tensor, Tensor]

const onBackend = (backend: GpuBackend): Maker => {
  const library = `cotangent, ${backend.describe().mode}`
  /** What a call copies, between two looks at all that has been copied. */
  const counted = (run: Subject['run']) => {
    let bytes = { uploaded: 0, read: 0 }
    const counting: Subject['run'] = async calls => {
      const before = backend.describe().transfers
      await run(calls)
      const after = backend.describe().transfers
      bytes = { uploaded: (after.uploaded - before.uploaded) / calls, read: (after.read - before.read) / calls }
    }
    return { run: counting, bytes: () => bytes }
  }
  const product = (n: number): Subject => {
    const [a, b] = factors(n)
    const f = ct.compile((x: Tensor, y: Tensor) => ct.matmul(x, y), { backend })
    const first = ct.compile(
      (x: Tensor) =>
        ct.reshape([])(
          ct.slice([
            [0, 1],
            [0, 1],
          ])(x),
        ),
      { backend },
    )
    const run: Subject['run'] = async calls => {
      let last: Tensor = a
      for (let i = 0; i < calls; i++) last = await f(a, b)
      await ct.toHost(await first(last))
    }
    return { library, title: `matmul ${n}`, flops: matmulFlops(n), ...counted(run) }
  }
  /** Each step gets its batch from the host, and its loss is read now and then: once a round. */
  const training = <S>(title: string, { start, step, x, y }: Training<S>): Subject => {
    const compiled = ct.compile(step, { backend, donate: [0] })
    const batch = [ct.data(x), ct.data(y)] as const
    let state = start()
    const run: Subject['run'] = async calls => {
      for (let i = 0; i < calls; i++) {
        const [next, loss] = await compiled(
          state,
          ct.tensor(batch[0], { shape: x.shape }),
          ct.tensor(batch[1], { shape: y.shape }),
        )
        state = next as S
        if (i === calls - 1) await ct.toHost(loss)
      }
    }
    return { library, title, ...counted(run) }
  }
  return { product, training }
}

/** The same by `jit`, on the processor. */
const onEngine = (): Maker => {
  const library = 'cotangent, engine'
  const product = (n: number): Subject => {
    const [a, b] = factors(n)
    const f = ct.jit((x: Tensor, y: Tensor) => ct.matmul(x, y))
    const run: Subject['run'] = async calls => {
      for (let i = 0; i < calls; i++) f(a, b)
    }
    return { library, title: `matmul ${n}`, flops: matmulFlops(n), run }
  }
  const training = <S>(title: string, { start, step, x, y }: Training<S>): Subject => {
    const jitted = ct.jit(step, { donate: [0] })
    let state = start()
    const run: Subject['run'] = async calls => {
      for (let i = 0; i < calls; i++) state = jitted(state, x, y)[0] as S
    }
    return { library, title, run }
  }
  return { product, training }
}

type Peers = { readonly subjects: (sides: readonly number[]) => Promise<readonly Subject[]> }

const time = async ({ run }: Subject, calls: number): Promise<number> => {
  const start = performance.now()
  await run(calls)
  return (performance.now() - start) / calls
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN

type Measured = {
  readonly library: string
  readonly title: string
  readonly ms: number
  readonly gflops: number | null
  readonly bytes: { readonly uploaded: number; readonly read: number } | null
}

/** Times subjects in turn; one that fails is left out, loudly. */
const measure = async (subjects: readonly Subject[]): Promise<readonly Measured[]> => {
  const times = new Map<Subject, { readonly calls: number; readonly ms: number[] }>()
  for (const subject of subjects)
    try {
      await subject.run(1)
      const once = await time(subject, 2)
      times.set(subject, { calls: Math.max(1, Math.min(1000, Math.round(ROUND / once))), ms: [] })
    } catch (error) {
      console.error(`LEFT OUT: ${subject.library}, ${subject.title}: ${error instanceof Error ? error.message : error}`)
    }
  for (let round = 0; round < rounds; round++)
    for (const [subject, { calls, ms }] of times) ms.push(await time(subject, calls))
  return [...times].map(([{ library, title, flops, bytes }, { ms }]) => ({
    library,
    title,
    ms: median(ms),
    gflops: flops === undefined ? null : flops / median(ms) / 1e6,
    bytes: bytes?.() ?? null,
  }))
}

const show = (rows: readonly Measured[]): string => {
  const cells = rows.map(({ title, library, ms, gflops, bytes }) => [
    title,
    library,
    `${ms.toPrecision(3)} ms`,
    gflops === null ? '' : `${gflops.toPrecision(3)} GFLOP/s`,
    bytes === null ? '' : `${bytes.uploaded.toFixed(0)} B up, ${bytes.read.toFixed(1)} B back`,
  ])
  const widths = [0, 1, 2, 3, 4].map(i => Math.max(...cells.map(row => row[i]?.length ?? 0)))
  return cells
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software/i

const opened: GpuBackend[] = []
for (const mode of values.modes.split(',')) {
  const found = await gpu({ mode: mode as GpuMode })()
  if (E.isLeft(found)) console.error(`LEFT OUT: ${mode}: ${found.left.message}`)
  else opened.push(found.right)
}
const adapter = opened.map(backend => backend.describe().adapter).find(name => name !== null) ?? null
const peers = (await import(join(import.meta.dirname, 'peers/gpu.mjs'))) as Peers
const others = values.modes.includes('webgpu') && adapter !== null ? await peers.subjects(SIDES) : []
const subjects = [...[...opened.map(onBackend), onEngine()].flatMap(subjectsOf), ...others]
const rows = await measure([...subjects].sort((a, b) => a.title.localeCompare(b.title)))
const software = adapter === null || SOFTWARE.test(adapter)
console.log(`\nNode ${process.version}; ${adapter ?? 'no adapter'}${software ? ', which is no GPU' : ''}\n`)
console.log(show(rows))
if (!values.quick && !software) {
  const file = join(import.meta.dirname, 'results/gpu.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ node: process.version, adapter, rounds, rows }, null, 2)}\n`)
}
for (const backend of opened) await backend.close()
process.exit(0)
