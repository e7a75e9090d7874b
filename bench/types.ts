/**
 * What compile-time shapes cost: `tsc` on a program of 400 op calls with literal shapes, on the same program with shapes that are
 * not known, and on the whole project.
 *
 *   npm run bench:types              # medians of 7 interleaved runs; writes bench/results/types.json
 *   npm run bench:types -- --runs 3
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BLOCKS = 20

/** Twenty calls on tensors of sizes that no other block has, so that nothing can be reused from block to block. */
const block = (i: number, tensor: (shape: readonly number[]) => string): string => {
  const [b, m, k, n] = [i + 2, i + 40, i + 80, i + 120]
  return `
export const block${i} = () => {
  const x = ${tensor([b, m, k])}
  const w = ${tensor([k, n])}
  const v = ${tensor([n])}
  const h = ct.matmul(x, w)
  const z = ct.relu(ct.add(h, v))
  const s = ct.softmax({ axis: -1 })(z)
  const l = ct.log(ct.add(s, 1e-6))
  const m0 = ct.mean({ axis: [0, 1] })(l)
  const m1 = ct.sum({ axis: 1, keepDims: true })(s)
  const c = ct.sub(s, m1)
  const t = ct.transpose([0, 2, 1])(c)
  const e = ct.einsum('bij,bkj->bik', c, c)
  const r = ct.reshape([${b * m}, ${n}])(c)
  const q = ct.concat([r, r])
  const p = ct.stack([m0, v])
  const d = ct.expandDims({ axis: 0 })(p)
  const g = ct.take({ axis: 1 })(p, 0)
  const f = pipe(t, ct.transpose([0, 2, 1]), ct.max({ axis: 0 }))
  const u = ct.where(ct.gt(f, 0), f, v)
  return [h, e, q, d, g, u] as const
}`
}

const program = (tensor: (shape: readonly number[]) => string): string =>
  [
    `import { pipe } from 'fp-ts/lib/function.js'`,
    `import * as ct from '${join(ROOT, 'src/index.ts')}'`,
    ...Array.from({ length: BLOCKS }, (_, i) => block(i, tensor)),
  ].join('\n')

const programs = {
  literal: program(shape => `ct.zeros([${shape}])`),
  unknown: program(shape => `ct.zeros([${shape}]) as ct.Tensor`),
  'no ops': `import * as ct from '${join(ROOT, 'src/index.ts')}'\nexport const x = ct.zeros([1])`,
}

type Measure = {
  readonly total: number
  readonly check: number
  readonly instantiations: number
  readonly types: number
}

const measure = (config: string): Measure => {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const out = execFileSync(process.execPath, [tsc, '-p', config, '--extendedDiagnostics'], { encoding: 'utf8' })
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s+([\\d.]+)s?$`, 'm').exec(out)?.[1])
  return {
    total: value('Total time'),
    check: value('Check time'),
    instantiations: value('Instantiations'),
    types: value('Types'),
  }
}

const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
const runs = Number(values.runs)
const folder = mkdtempSync(join(ROOT, 'node_modules/.cotangent-bench-'))
try {
  const configs = new Map([['whole project', join(ROOT, 'tsconfig.json')]])
  for (const [name, text] of Object.entries(programs)) {
    const file = join(folder, `${name}.ts`)
    const config = join(folder, `${name}.json`)
    writeFileSync(file, text)
    writeFileSync(config, JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), files: [file], include: [] }))
    configs.set(name, config)
  }
  const found = new Map([...configs.keys()].map(name => [name, [] as Measure[]]))
  for (let run = 0; run < runs; run++) for (const [name, config] of configs) found.get(name)?.push(measure(config))
  const results = Object.fromEntries(
    [...found].map(([name, all]) => {
      const of = (key: keyof Measure): number => median(all.map(m => m[key]))
      return [
        name,
        { total: of('total'), check: of('check'), instantiations: of('instantiations'), types: of('types') },
      ] as const
    }),
  )
  const ratio = (key: keyof Measure): number => (results.literal?.[key] ?? 0) / (results.unknown?.[key] ?? 1)
  console.table(results)
  console.log(`literal over unknown: total ${ratio('total').toFixed(2)}, check ${ratio('check').toFixed(2)}`)
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`
  const report = { runs, machine, calls: BLOCKS * 20, results, ratio: { total: ratio('total'), check: ratio('check') } }
  mkdirSync(join(ROOT, 'bench/results'), { recursive: true })
  writeFileSync(join(ROOT, 'bench/results/types.json'), `${JSON.stringify(report, null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
