/**
 * Imports point only down, and never in a circle. Parsing is by pattern: biome formats every import and export alike, and a
 * specifier is the quoted string after `from`, after a bare `import`, or within `import(…)`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'src')

/**
 * From the bottom up. Folders of one line are siblings and do not see each other; a folder may import from any line below
 * its own and from itself. The one exception is written in `sideways`.
 */
const layers: readonly (readonly string[])[] = [
  ['core'],
  ['compile'],
  ['backend'],
  ['ops'],
  ['transform'],
  ['random'],
  ['nn', 'optim'],
  ['metrics'],
  ['train', 'data', 'io', 'plot', 'testing', 'gpu'],
  ['cli'],
  ['index'],
]
/** Imports between siblings that are allowed. */
// A checkpoint is an npz file.
const sideways: readonly string[] = ['io > data']

/** What a folder may import from outside, besides fp-ts, which is for everybody. A new package is a line here. */
const externals: { readonly [folder: string]: readonly RegExp[] } = {
  backend: [/^gpu\.js$/, /^webgpu$/],
  testing: [/^fast-check$/],
  train: [/^cli-progress$/, /^node:/],
  data: [/^node:/, /^fflate$/, /^papaparse$/],
  io: [/^node:/],
  plot: [/^vega$/, /^vega-lite$/, /^@resvg\/resvg-js$/],
  cli: [/^node:/, /^tsx\/esm\/api$/],
}
const fpTs = /^fp-ts\/lib\/[A-Z]?[A-Za-z]+\.js$/

type File = { readonly path: string; readonly text: string }
/** A file and the specifiers it imports. */
type Imports = { readonly path: string; readonly specifiers: readonly string[] }

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

const importsOf = ({ path, text }: File): Imports => {
  const code = withoutComments(text)
  const patterns = [
    /^(?:import|export)\b[^'"]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ]
  return { path, specifiers: patterns.flatMap(p => [...code.matchAll(p)].map(m => m[1] ?? '')) }
}

/** `core/tree.ts` is in core; `index.ts` in index. */
const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.ts$/, ''))
const heightOf = (folder: string): number => layers.findIndex(layer => layer.includes(folder))
const isRelative = (specifier: string): boolean => specifier.startsWith('.')
const target = (path: string, specifier: string): string => posix.normalize(posix.join(posix.dirname(path), specifier))

/** What is wrong with one import, if anything. */
const complaint = (path: string, specifier: string, files: ReadonlySet<string>): string | undefined => {
  const folder = folderOf(path)
  if (heightOf(folder) < 0) return `${path}: folder ${folder} stands in no layer`
  if (!isRelative(specifier)) {
    if (specifier.startsWith('fp-ts'))
      return fpTs.test(specifier) ? undefined : `${path} imports ${specifier}; only fp-ts/lib/….js loads everywhere`
    const allowed = externals[folder] ?? []
    return allowed.some(p => p.test(specifier)) ? undefined : `${path} imports the package ${specifier}`
  }
  const to = target(path, specifier)
  if (!specifier.endsWith('.ts')) return `${path} imports ${specifier} without its extension`
  if (!files.has(to)) return `${path} imports ${to}, which is not in src`
  const other = folderOf(to)
  if (other === folder || heightOf(other) < heightOf(folder) || sideways.includes(`${folder} > ${other}`))
    return undefined
  return `${path} imports ${to}: ${folder} may not see ${other}`
}

const complaints = (graph: readonly Imports[]): readonly string[] => {
  const files = new Set(graph.map(({ path }) => path))
  return graph.flatMap(({ path, specifiers }) => specifiers.flatMap(s => complaint(path, s, files) ?? []))
}

/** Files that import each other in a circle, as one path of them; type imports count. */
const circle = (graph: readonly Imports[]): readonly string[] | undefined => {
  const edges = new Map(
    graph.map(({ path, specifiers }) => [path, specifiers.filter(isRelative).map(s => target(path, s))]),
  )
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const next of edges.get(path) ?? []) {
      const found = visit(next, [...trail, path])
      if (found !== undefined) return found
    }
    done.add(path)
    return undefined
  }
  for (const path of edges.keys()) {
    const found = visit(path, [])
    if (found !== undefined) return found
  }
  return undefined
}

const sources = (): readonly File[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath, entry.name))
    .map(path => ({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))

describe('the sources', () => {
  const graph = sources().map(importsOf)

  it('import only downwards, only from themselves and the packages their layer may use', () => {
    expect(complaints(graph)).toEqual([])
  })

  it('import in no circle, types included', () => {
    expect(circle(graph)).toBeUndefined()
  })

  it('are all seen by this test', () => {
    expect(graph.length).toBeGreaterThan(40)
    expect(graph.find(({ path }) => path === 'ops/linalg.ts')?.specifiers).toContain('./contract.ts')
    expect(graph.find(({ path }) => path === 'index.ts')?.specifiers).toContain('./ops/math.ts')
  })
})

describe('the check itself', () => {
  it('finds every form of import, over several lines too, and nothing in comments or text', () => {
    const text = `/** import { no } from './no1.ts' */
import * as a from './a.ts'
import {
  b,
  type B,
} from './b.ts'
import type { C } from './c.ts'
import './d.ts'
export * from './e.ts'
export { f } from "./f.ts"
// import { no } from './no2.ts'
const text = "write import { x } from './no3.ts'"
const later = () => import('./g.ts')
`
    expect(importsOf({ path: 'core/x.ts', text }).specifiers.toSorted()).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => `./${name}.ts`),
    )
  })

  const planted: readonly Imports[] = [
    { path: 'core/a.ts', specifiers: ['../ops/b.ts', 'fp-ts/Either', 'fp-ts/lib/Either.js', 'left-pad'] },
    { path: 'ops/b.ts', specifiers: ['../core/a.ts', './c.ts', './missing.ts', '../core/a'] },
    { path: 'ops/c.ts', specifiers: ['node:fs'] },
    { path: 'nn/d.ts', specifiers: ['../optim/e.ts', '../random/f.ts', 'fast-check'] },
    { path: 'optim/e.ts', specifiers: ['../train/g.ts'] },
    { path: 'random/f.ts', specifiers: [] },
    { path: 'train/g.ts', specifiers: ['cli-progress', '../data/h.ts', '../index.ts'] },
    { path: 'data/h.ts', specifiers: ['node:fs'] },
    { path: 'stray/i.ts', specifiers: ['../core/a.ts'] },
    { path: 'index.ts', specifiers: ['./ops/b.ts'] },
  ]

  it('complains of every planted mistake and of nothing else', () => {
    expect(complaints(planted)).toEqual([
      'core/a.ts imports ops/b.ts: core may not see ops',
      'core/a.ts imports fp-ts/Either; only fp-ts/lib/….js loads everywhere',
      'core/a.ts imports the package left-pad',
      'ops/b.ts imports ops/missing.ts, which is not in src',
      'ops/b.ts imports ../core/a without its extension',
      'ops/c.ts imports the package node:fs',
      'nn/d.ts imports optim/e.ts: nn may not see optim',
      'nn/d.ts imports the package fast-check',
      'optim/e.ts imports train/g.ts: optim may not see train',
      'train/g.ts imports data/h.ts: train may not see data',
      'train/g.ts imports index.ts: train may not see index',
      'stray/i.ts: folder stray stands in no layer',
    ])
  })

  it('finds a planted circle', () => {
    expect(circle(planted)).toEqual(['core/a.ts', 'ops/b.ts', 'core/a.ts'])
    expect(circle([{ path: 'core/a.ts', specifiers: ['./a.ts'] }])).toEqual(['core/a.ts', 'core/a.ts'])
    expect(
      circle([
        { path: 'core/a.ts', specifiers: ['./b.ts', './c.ts'] },
        { path: 'core/b.ts', specifiers: ['./c.ts'] },
      ]),
    ).toBeUndefined()
  })
})
