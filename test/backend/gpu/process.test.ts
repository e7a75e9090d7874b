/**
 * What GPU backends leave behind in a process: nothing is loaded before one is asked for, and nothing keeps the process alive when it is
 * closed, or even when it is not.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CASES } from './backends.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** Runs a program of its own that imports the sources; what it printed, and how it ended. */
const run = (program: string): { readonly out: string; readonly status: number | null } => {
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      `import { compile, mul, tensor, toHost } from './src/index.ts'; ${program}`,
    ],
    { cwd: ROOT, encoding: 'utf8', timeout: 60_000 },
  )
  return { out: stdout.trim(), status }
}

const loaded = `import { createRequire } from 'node:module'
const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter(path => /node_modules.(gpu\\.js|webgpu)./.test(path)).length
  + Number(globalThis.navigator?.gpu !== undefined);`

it('importing loads nothing of gpu.js', () => {
  const { out, status } = run(
    `${loaded} const { gpu } = await import('./src/gpu/index.ts'); const opens = gpu({ mode: 'cpu' }); console.log(loaded());
     const { right } = await opens(); console.log(loaded() > 0); await right.close()`,
  )
  expect(out).toBe('0\ntrue')
  expect(status).toBe(0)
})

const cases = CASES.filter(({ options }) => options.mode !== 'cpu' && options.residency === undefined)

describe.each(cases)('$name', ({ options }) => {
  it.each([
    ['closed', 'await backend.close()'],
    ['left open', ''],
  ])('the process ends by itself with a backend that was %s', (_, end) => {
    const { out, status } = run(
      `const { gpu } = await import('./src/gpu/index.ts')
       const backend = (await gpu(${JSON.stringify(options)})()).right
       const f = compile(x => mul(x, 2), { backend })
       let y = await f(tensor([1, 2]))
       for (let i = 0; i < 4; i++) y = await f(y)
       console.log(String(await toHost(y)))
       ${end}`,
    )
    expect(out).toBe('[32. 64.]')
    expect(status).toBe(0)
  })
})
