/**
 * The examples in docstrings, as modules with the line numbers of their source files.
 */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { imports, ROOT, sourceFiles } from './names.ts'

/** An example: where it stands (file:line, the file relative to src), and its lines. */
export type Example = {
  readonly where: string
  readonly file: string
  readonly line: number
  readonly lines: readonly string[]
}

const SRC = join(ROOT, 'src')

const examplesIn = (path: string): readonly Example[] => {
  const file = relative(SRC, path).replaceAll('\\', '/')
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((text, line) => {
    if (!/^\s*\* @example\s*$/.test(text)) return []
    const rest = lines.slice(line + 1)
    const end = rest.findIndex(l => /^\s*(\*\/|\* @)/.test(l))
    const code = rest.slice(0, end).map(l => l.replace(/^\s*\* ?/, ''))
    return [{ where: `${file}:${line + 1}`, file, line, lines: code }]
  })
}

/** All examples of src, in order. */
export const examples: readonly Example[] = sourceFiles.flatMap(examplesIn)

/**
 * What the comment after an expression claims of its value, if anything: a shape `[2,3]` or type `float32[2,3]` (several with
 * ", "; `… -> [2,3]` claims what is after the arrow), a value `[2, 4]`, `6` or `true`, or a tree of shapes `{ w: [2,3] }`.
 */
export const claimOf = (comment: string): string | null => {
  const claim =
    comment
      .replace(/^Right: /, '')
      .split('->')
      .at(-1)
      ?.trim() ?? ''
  const type = String.raw`(float32|float64|int32|bool)?\[(\d+(,\d+)*)?\]`
  const isTypes = new RegExp(`^${type}(, ${type})*$`).test(claim)
  const isValue = /^(true|false|-?\d+(\.\d+)?|\[[-\d., [\]]+\])$/.test(claim)
  const isTree = /^(\[\{|\{).*\[.*\].*\}\]?$/.test(claim) && !/[a-z]\w*,|,[a-z]/.test(claim)
  return isTypes || isValue || isTree ? claim : null
}

const checkedLine = (line: string, where: string): string => {
  const [, code, comment] = /^(\S.*?\S) +\/\/ (.*)$/.exec(line) ?? []
  if (code === undefined || comment === undefined || /^(const|let|import|export|if|for)\b|^[})]/.test(code)) return line
  const claim = claimOf(comment)
  return claim === null ? `;${code}` : `;claimed('${where}', ${JSON.stringify(claim)}, ${code})`
}

/** A module for each source file with examples; each example reports to `example` whether it threw. */
export const exampleModules = (root: string): ReadonlyMap<string, string> => {
  const files = [...new Set(examples.map(({ file }) => file))]
  return new Map(
    files.map(file => {
      const own = examples.filter(e => e.file === file)
      const last = Math.max(...own.map(e => e.line + e.lines.length))
      const module = Array.from({ length: last + 2 }, () => '')
      for (const { where, line, lines } of own) {
        module[line] = `await example('${where}', async () => {`
        lines.forEach((text, i) => {
          module[line + 1 + i] = checkedLine(text, where)
        })
        module[line + 1 + lines.length] = '})'
      }
      const code = own.flatMap(e => e.lines).join('\n')
      const folder = file.includes('/') ? (file.split('/')[0] ?? '') : ''
      module[0] = `import { claimed, example } from '${root}/test/support/claimed.ts';${imports(code, folder, root)}`
      return [`examples/${file.replaceAll('/', '-')}`, `${module.join('\n')}\nexport {}\n`]
    }),
  )
}
