/**
 * The subpaths of experiments in a browser: nothing of Node is bundled, and training works where there is no `process`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const src = resolve(import.meta.dirname, '../../src')
const program = `
  import { grad, mean, square, tensor } from './index.ts'
  import { readIdx } from './data/index.ts'
  import { dense } from './nn/index.ts'
  import { applyUpdates, sgd } from './optim/index.ts'
  import { key } from './random/index.ts'
  import { foldTask, progress } from './train/index.ts'
  const log = console.log
  delete globalThis.process
  const layer = dense(1, 1)
  const optimizer = sgd({ learningRate: 0.1 })
  const loss = p => mean(square(layer.apply(p, state, tensor([[1]]))[0]))
  const step = ([p, s]) => { const [u, t] = optimizer.update(grad(loss)(p), s, p); return [applyUpdates(p, u), t] }
  const { params, state } = layer.init(key(0))
  const lines = []
  const bar = await progress({ label: 'x', total: 50, stream: { write: text => lines.push(text) } })()
  const [end] = await foldTask([params, optimizer.init(params)], step, { observe: (_, n) => bar.update(n, 'loss') })(Array(50).fill(0))()
  bar.stop()
  log(loss(end).toString() < 1e-6, lines.length, (await readIdx('x')()).left._tag)
`

it('the bundle of data, nn, optim and train for browsers trains without Node', async () => {
  const outfile = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'bundle.mjs')
  const stdin = { contents: program, resolveDir: src, loader: 'js' } as const
  const built = await build({
    stdin,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    outfile,
    metafile: true,
    logLevel: 'silent',
  })
  expect(built.warnings).toEqual([])
  const imports = Object.values(built.metafile.outputs).flatMap(output => output.imports)
  expect(imports.filter(({ external }) => external)).toEqual([])
  expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })).toBe('true 1 MissingError\n')
})
