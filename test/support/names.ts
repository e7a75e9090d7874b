/**
 * The public names of the package, read from the sources: which file declares them, and which imports a piece of code needs
 * that just uses them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

/** A public name: the file and line that declare it, and whether it is a type. */
export type Public = { readonly name: string; readonly file: string; readonly line: number; readonly isType: boolean }

const declarations = (file: string): readonly Public[] => {
  const seen = new Set<string>()
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text, line) => {
      const [, kind = '', name = ''] = /^export (const|function|class|type|interface) (\w+)/.exec(text) ?? []
      if (name === '' || seen.has(name)) return []
      seen.add(name)
      return [{ name, file, line, isType: kind === 'type' || kind === 'interface' }]
    })
}

/** What a file exports: its own declarations, and what it passes on. */
export const exportsOf = (file: string): readonly Public[] => {
  const text = readFileSync(file, 'utf8')
  const from = (specifier: string): string => join(dirname(file), specifier)
  const all = [...text.matchAll(/^export \* from '(\.[^']+)'/gm)].flatMap(([, path = '']) => exportsOf(from(path)))
  const some = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']+)'/gm)].flatMap(
    ([, list = '', path = '']) => {
      const names = list.split(',').map(name => name.replace(/^\s*type\s/, '').trim())
      return exportsOf(from(path)).filter(({ name }) => names.includes(name))
    },
  )
  return [...declarations(file), ...all, ...some]
}

/** The index files of the package: its main one, and those of its subpaths. */
export const indexFiles: readonly string[] = [
  join(SRC, 'index.ts'),
  ...['random', 'nn', 'optim', 'metrics', 'data', 'io', 'train', 'plot', 'testing', 'gpu']
    .map(folder => join(SRC, folder, 'index.ts'))
    .filter(existsSync),
  join(SRC, 'ops/extend.ts'),
]

/** All source files. */
export const sourceFiles: readonly string[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => join(SRC, path))
  .sort()

/** Names of fp-ts that code in docstrings may use, and where they are. */
const fpTs: { readonly [name: string]: string } = {
  pipe: "{ pipe } from 'fp-ts/lib/function.js'",
  struct: "{ struct } from 'fp-ts/lib/Monoid.js'",
  sequenceT: "{ sequenceT } from 'fp-ts/lib/Apply.js'",
  Apply: "{ Apply } from 'fp-ts/lib/State.js'",
  E: "* as E from 'fp-ts/lib/Either.js'",
  TE: "* as TE from 'fp-ts/lib/TaskEither.js'",
  fc: "* as fc from 'fast-check'",
}

/** Values that code in docstrings may use. */
const PRELUDE = join(ROOT, 'test/support/prelude.ts')

const inCode = (code: string): ReadonlySet<string> => {
  const plain = code.replace(/\/\/.*$/gm, '').replace(/'[^'\n]*'/g, "''")
  return new Set([...plain.matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_]\w*/g)].map(([word]) => word))
}

/** Names that code declares or imports itself. */
const declared = (code: string): ReadonlySet<string> =>
  new Set(
    [/\b(?:const|let) (\w+|[[{][^=]*[\]}]) =/g, /\bimport (?:type )?\{([^}]*)\}/g]
      .flatMap(pattern => [...code.matchAll(pattern)])
      .flatMap(([, names = '']) => names.match(/\w+/g) ?? []),
  )

/**
 * Imports, on one line, of what code uses: a name is looked for in the subpath of `folder`, then in the main module, the other
 * subpaths, fp-ts, and the prelude. `root` leads to the package.
 */
export const imports = (code: string, folder: string, root: string): string => {
  const own = declared(code)
  const order = [join(SRC, folder, 'index.ts'), ...indexFiles, PRELUDE].filter(existsSync)
  const lookup = order.map(file => ({ file, names: exportsOf(file) }))
  const lines = [...inCode(code)].flatMap(name => {
    if (own.has(name)) return []
    const home = lookup.find(({ names }) => names.some(n => n.name === name))
    if (fpTs[name] !== undefined && home === undefined) return [`import ${fpTs[name]}`]
    if (home === undefined) return []
    const isType = home.names.find(n => n.name === name)?.isType
    return [
      `import ${isType ? 'type ' : ''}{ ${name} } from '${root}/${relative(ROOT, home.file).replaceAll('\\', '/')}'`,
    ]
  })
  return lines.join(';')
}
