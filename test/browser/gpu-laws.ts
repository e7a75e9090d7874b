/**
 * The laws of ops on a GPU backend of a browser: what the page of gpu-laws.test.ts runs.
 */
import * as fc from 'fast-check'
import type { AsyncBackend } from '../../src/backend/backend.ts'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import type { GpuBackend } from '../../src/gpu/index.ts'
import { mul } from '../../src/ops/elementwise.ts'
import { take } from '../../src/ops/indexing.ts'
import { cbrt, erf, exp, log, log1p, sin, tanh } from '../../src/ops/math.ts'
import { reshape } from '../../src/ops/movement.ts'
import { sum } from '../../src/ops/reduction.ts'
import { argsort } from '../../src/ops/sorting.ts'
import { compile } from '../../src/transform/compile.ts'
import { grad } from '../../src/transform/grad.ts'
import { registry } from '../../src/transform/registry.ts'
import { toHost } from '../../src/transform/to-host.ts'
import { gpuLaws, isRefused, lawProperty } from '../backend/gpu/laws.ts'

/** What is wrong with every `step`th op, of which `count` were looked at. */
export type Found = { readonly count: number; readonly wrong: readonly string[] }

/** Tries a law on every `step`th op, beginning with number `first`. */
export const tryLaws = async (
  backend: AsyncBackend,
  name: string,
  { first, step, seed }: { readonly first: number; readonly step: number; readonly seed: number },
): Promise<Found> => {
  const [law] = gpuLaws.filter(other => other.name === name)
  if (law === undefined) return { count: 0, wrong: [`no law ${name}`] }
  const subjects = registry.filter(subject => !isRefused(subject) && law.appliesTo(subject))
  const some = subjects.filter((_, i) => i % step === first)
  const wrong: string[] = []
  for (const subject of some) {
    const result = await fc.check(lawProperty(law, subject, backend, { ulps: 0 }), { seed, numRuns: 1 })
    if (result.failed) wrong.push(`${subject.name}: ${result.errorInstance}`)
  }
  return { count: some.length, wrong }
}

/** Whether state stays on the device: it is uploaded once, and read when it is asked for. */
export const tryStaying = async (backend: GpuBackend): Promise<Found> => {
  const step = compile((w: Tensor) => mul(w, 0.5), { backend, donate: [0] })
  let w: Tensor = tensor(
    Float32Array.from({ length: 1000 }, (_, i) => 32 * i),
    { shape: [1000] },
  )
  for (let i = 0; i < 5; i++) w = await step(w)
  const values = data(await toHost(w))
  const { transfers } = backend.describe()
  const copied = transfers.uploaded <= 4008 && transfers.read <= 4000
  return {
    count: 1,
    wrong: [...(values.every((x, i) => x === i) ? [] : ['values']), ...(copied ? [] : [JSON.stringify(transfers)])],
  }
}

type Losable = { readonly getExtension: (name: string) => { readonly loseContext: () => void } | null }

/** What a backend says when its context of WebGL is taken away, of which the context need not know. */
export const tryLosing = async (backend: GpuBackend, contexts: readonly Losable[]): Promise<string> => {
  const step = compile((w: Tensor) => mul(w, 0.5), { backend })
  const w = await step(tensor([2, 4]))
  for (const gl of contexts) gl.getExtension('WEBGL_lose_context')?.loseContext()
  const said = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'nothing', String)
  return `${await said(step(w))} ${await said(toHost(w))}`
}

/** Whether what takes many kernels is what the engine has: the order of a long row, and sums of many slices at the same places. */
export const tryMany = async (backend: AsyncBackend): Promise<Found> => {
  const places = tensor(Int32Array.from({ length: 700 }, (_, i) => (i * i) % 37))
  const keys = tensor(Float32Array.from({ length: 700 }, (_, i) => (i * 7919) % 101))
  const weights = tensor(
    Float32Array.from({ length: 37 * 3 }, (_, i) => i),
    { shape: [37, 3] },
  )
  const loss = (w: Tensor, k: Tensor): Tensor => sum(mul(take(w, places), reshape([700, 1])(k)))
  const programs = {
    order: (_: Tensor, k: Tensor) => argsort({})(k),
    gradient: (w: Tensor, k: Tensor) => grad(loss)(w, k),
  }
  const wrong: string[] = []
  for (const [name, f] of Object.entries(programs)) {
    const found = await toHost(await compile(f, { backend })(weights, keys))
    if (String(data(found)) !== String(data(f(weights, keys)))) wrong.push(name)
  }
  return { count: 2, wrong }
}

/** Whether loops around functions with branches are compiled, which takes some compilers minutes where they write out each round. */
export const tryLoops = async (backend: AsyncBackend): Promise<Found> => {
  const x = tensor([0.25, 1.5, 0.75])
  const wrong: string[] = []
  const functions = { exp, log, log1p, tanh, sin, erf, cbrt }
  for (const [name, f] of Object.entries(functions)) {
    const total = (v: Tensor): Tensor => sum(f(v))
    const [found, known] = [await toHost(await compile(total, { backend })(x)), total(x)].map(y => data(y)[0] as number)
    if (!(Math.abs((found as number) - (known as number)) < 1e-5)) wrong.push(`${name}: ${found} for ${known}`)
  }
  return { count: 7, wrong }
}
