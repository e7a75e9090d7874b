/**
 * The built package as its users meet it: packed, put into an empty project, imported from ESM, CommonJS and TypeScript,
 * bundled for browsers, and its command run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const project = mkdtempSync(join(tmpdir(), 'cotangent-'))
const inProject = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const write = (file: string, text: string): void => writeFileSync(join(project, file), text)
const installed = (name: string): void => {
  const target = join(project, 'node_modules', name)
  mkdirSync(resolve(target, '..'), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), target, 'dir')
}

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', project], { cwd: root, stdio: 'pipe' })
  const tarball = readdirSync(project).find(file => file.endsWith('.tgz')) ?? ''
  const target = join(project, 'node_modules', 'cotangent')
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['xzf', join(project, tarball), '-C', target, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of [...Object.keys(dependencies), 'fast-check', 'string-width', '@types/node']) installed(name)
  write('package.json', JSON.stringify({ name: 'empty', private: true }))
}, 120_000)
afterAll(() => rmSync(project, { recursive: true, force: true }))

const program = `const g = grad(x => sum(square(x)))(tensor([1, 2])); console.log(String(g))`

describe('the packed package', () => {
  it('loads in Node as an ES module, subpaths included', () => {
    write(
      'esm.mjs',
      `import { grad, sum, square, tensor } from 'cotangent'
       import * as random from 'cotangent/random'; import * as nn from 'cotangent/nn'; import * as optim from 'cotangent/optim'
       import * as data from 'cotangent/data'; import * as io from 'cotangent/io'; import * as train from 'cotangent/train'; import * as metrics from 'cotangent/metrics'; import * as plot from 'cotangent/plot'; import * as testing from 'cotangent/testing'; import * as gpu from 'cotangent/gpu'
       for (const module of [random, nn, optim, metrics, data, io, train, plot, testing, gpu]) if (Object.keys(module).length === 0) throw Error('empty')
       // What subpaths give is of the same classes and registries as what the package itself gives.
       const { params } = nn.dense(2, 1).init(random.key(0))
       if (!testing.checkGrads(([{ w }]) => sum(square(w)))([params]).ok) throw Error('derivatives')
       ${program}`,
    )
    expect(inProject('node', 'esm.mjs')).toBe('[2. 4.]\n')
  })

  it('draws charts once the optional libraries are there, and says what to install until then', () => {
    write(
      'plot.mjs',
      `import { learningCurves, toPng, toSvg } from 'cotangent/plot'
       const chart = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1] })
       const [svg, png] = [await toSvg(chart)(), await toPng()(chart)()]
       for (const { left, right } of [svg, png]) console.log(left ? left._tag + ' ' + left.message : right.slice(0, 4).toString())`,
    )
    const drawn = () => inProject('node', 'plot.mjs').trim().split('\n')
    const missing = (name: string, packages: string) =>
      `LibraryError ${name}: the package is not installed here: run \`npm install ${packages}\``
    expect(drawn()).toEqual([missing('vega', 'vega vega-lite'), missing('vega', 'vega vega-lite')])
    for (const name of ['vega', 'vega-lite']) installed(name)
    const roboto = '@expo-google-fonts/roboto'
    const both = `@resvg/resvg-js ${roboto}`
    expect(drawn()).toEqual(['<svg', missing('@resvg/resvg-js', both)])
    installed('@resvg/resvg-js')
    expect(drawn()).toEqual(['<svg', missing(roboto, both)])
    installed(roboto)
    expect(drawn()).toEqual(['<svg', '137,80,78,71'])
  })

  it('opens a backend of gpu.js once that is there, and says what to install until then', () => {
    write(
      'gpu.mjs',
      `import { compile, mul, tensor, toHost } from 'cotangent'; import { gpu } from 'cotangent/gpu'
       const { left, right } = await gpu({ mode: 'webasm' })()
       if (left) console.log(left._tag + ' ' + left.message)
       else {
         console.log(String(await toHost(await compile(x => mul(x, 2), { backend: right })(tensor([1, 2])))))
         await right.close()
       }`,
    )
    expect(inProject('node', 'gpu.mjs')).toMatch(
      /^EngineError gpu: the package gpu.js is not there \(.*\): npm install gpu.js@2.24.1/,
    )
    installed('gpu.js')
    expect(inProject('node', 'gpu.mjs')).toBe('[2. 4.]\n')
  })

  it('loads with require', () => {
    write('cjs.cjs', `const { grad, sum, square, tensor } = require('cotangent'); ${program}`)
    expect(inProject('node', 'cjs.cjs')).toBe('[2. 4.]\n')
  })

  it('bundles for browsers without anything of Node in it', async () => {
    write(
      'app.mjs',
      `import { grad, sum, square, tensor } from 'cotangent'; import { key, normal } from 'cotangent/random'; globalThis.k = normal({ shape: [2] })(key(0)); ${program}`,
    )
    await build({
      entryPoints: [join(project, 'app.mjs')],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      outfile: join(project, 'bundle.mjs'),
      logLevel: 'silent',
    })
    expect(inProject('node', 'bundle.mjs')).toBe('[2. 4.]\n')
  })

  it('has types that a strict project accepts', () => {
    write(
      'types.mts',
      `import { grad, sum, square, tensor, type Tensor } from 'cotangent'\nimport { checkGrads } from 'cotangent/testing'\nconst f = (x: Tensor): Tensor => sum(square(x))\nexport const g: Tensor = grad(f)(tensor([1, 2]))\nexport const ok: boolean = checkGrads(f)([tensor([1, 2])]).ok\n`,
    )
    write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: { strict: true, module: 'nodenext', target: 'es2022', noEmit: true, types: ['node'] },
        files: ['types.mts'],
      }),
    )
    expect(inProject(join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.json')).toBe('')
  })

  it('checks the functions of a file from its command, with exit status 1 and the shrunk counterexample when one is wrong', () => {
    write('right.mjs', `import { mul, sin } from 'cotangent'\nexport const right = (x, y) => mul(sin(x), y)\n`)
    write(
      'wrong.mjs',
      `import { mul, sin, stopGradient } from 'cotangent'\nexport const wrong = x => mul(stopGradient(x), sin(x))\n`,
    )
    const command = join('node_modules', 'cotangent', 'dist', 'cli', 'main.js')
    const check = (file: string) =>
      spawnSync('node', [command, 'check', file, '--seed', '7'], { cwd: project, encoding: 'utf8' })
    const right = check('right.mjs')
    expect(right.stdout).toMatch(/right +reference +\d+ .* ok/)
    expect(right.status).toBe(0)
    const wrong = check('wrong.mjs')
    expect(wrong.status).toBe(1)
    expect(wrong.stdout).toMatch(
      /wrong: derivative: (jvp|vjp): d result 0\[[\d,]*\] \/ d argument 0\[[\d,]*\]: numeric/,
    )
    expect(wrong.stdout).toMatch(/drawn 0: float64.*\n +repeat with: --op wrong --backend reference --seed 7/)
    expect(check('missing.mjs').status).toBe(2)
    expect(check('missing.mjs').stderr).toContain('no such file')
  })

  it('passes publint', () => {
    expect(() =>
      execFileSync('npx', ['publint', '--strict', join(project, 'node_modules', 'cotangent')], {
        cwd: root,
        stdio: 'pipe',
      }),
    ).not.toThrow()
  })
})
