// Builds the package into dist/: a file for each entry of `exports` and `bin`, chunks for what entries share, and the types, which tsc
// writes file by file. Node takes about half a millisecond for every file that it loads, whatever is in it. What is used of fp-ts comes
// along: its many small files are CommonJS in Node, where each is parsed by a parser in JavaScript before it is loaded.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { bin, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const sourceOf = output => output.replace('./dist/', 'src/').replace(/\.js$/, '.ts')

const fpts = {
  name: 'fp-ts',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^fp-ts\/lib\// }, ({ path }) => ({
      path: `${root}node_modules/${path.replace('/lib/', '/es6/')}`,
      sideEffects: false,
    })),
}

// Files of deleted sources do not linger in the package.
rmSync(`${root}dist`, { recursive: true, force: true })
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
await build({
  absWorkingDir: root,
  entryPoints: [...Object.values(exports), ...Object.values(bin)].filter(file => file.endsWith('.js')).map(sourceOf),
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  packages: 'external',
  external: ['node:*'],
  plugins: [fpts],
  sourcemap: true,
  logLevel: 'warning',
})
cpSync(`${root}node_modules/fp-ts/LICENSE`, `${root}dist/fp-ts.LICENSE`)
