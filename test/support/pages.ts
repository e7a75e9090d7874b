/**
 * Markdown pages as programs.
 *
 * The ts blocks of a page, in order, are one module. A text block right after a ts block is what the block prints; one right
 * after a sh block is what its commands print (`npx cotangent …`, `npm start -- …` and `npx tsx FILE …`; a sh block without
 * one is not run). "ts name.ts" is a file of its own beside the page. Rows of a table with the columns "expression" and "value" are evaluated. A module has the line numbers
 * of its page, so that errors point into the page.
 */
import { imports } from './names.ts'

/** A fenced block; `start` is the line of the opening fence, counted from 0, `end` that of the closing one. */
export type Block = {
  readonly language: string
  readonly file: string | null
  readonly start: number
  readonly end: number
  readonly lines: readonly string[]
}

/** A row of a checked table: the line, its cells, and which of them are expression and value. */
export type Row = { readonly line: number; readonly cells: readonly string[]; readonly at: readonly [number, number] }

export type Page = {
  readonly name: string
  readonly lines: readonly string[]
  readonly blocks: readonly Block[]
  readonly rows: readonly Row[]
}

/** Separates what blocks print. */
export const MARK = '\u0001'

const isFence = (line: string): boolean => line.startsWith('```')

const parseBlocks = (name: string, lines: readonly string[]): readonly Block[] => {
  const fences = lines.flatMap((line, i) => (isFence(line) ? [i] : []))
  if (fences.length % 2 === 1) throw new Error(`${name}: a fence is not closed`)
  return fences.flatMap((start, i) => {
    if (i % 2 === 1) return []
    const end = fences[i + 1] ?? start
    const head = lines[start] ?? ''
    const [, language, file] = /^```(ts|text|sh)(?: ([\w-]+\.ts))?$/.exec(head) ?? []
    if (language === undefined || (file !== undefined && language !== 'ts') || lines[end] !== '```')
      throw new Error(`${name}:${start + 1}: '${head}' is no block of a page: ts, ts name.ts, text or sh`)
    return [{ language, file: file ?? null, start, end, lines: lines.slice(start + 1, end) }]
  })
}

const cellsOf = (line: string): readonly string[] => line.split(/(?<!\\)\|/).slice(1, -1)
const codeOf = (cell: string): string =>
  cell
    .trim()
    .replace(/^`+ ?| ?`+$/g, '')
    .replaceAll('\\|', '|')

const parseRows = (lines: readonly string[], blocks: readonly Block[]): readonly Row[] => {
  const inBlock = (i: number): boolean => blocks.some(b => i >= b.start && i <= b.end)
  let at: readonly [number, number] = [-1, -1]
  return lines.flatMap((text, line) => {
    if (!text.startsWith('|') || inBlock(line)) {
      at = [-1, -1]
      return []
    }
    const cells = cellsOf(text)
    const heads = cells.map(cell => cell.trim())
    if (heads.includes('expression') && heads.includes('value'))
      at = [heads.indexOf('expression'), heads.indexOf('value')]
    else if (at[0] >= 0 && !heads.every(head => /^:?-+:?$/.test(head))) return [{ line, cells, at }]
    return []
  })
}

/** The blocks and checked rows of a page. Throws for a block of another language, or a text block that follows nothing. */
export const parsePage = (name: string, text: string): Page => {
  const lines = text.split('\n')
  const blocks = parseBlocks(name, lines)
  for (const block of blocks)
    if (block.language === 'text' && !blocks.some(b => outputOf(lines, blocks, b) === block))
      throw new Error(`${name}:${block.start + 1}: a text block shows what the ts or sh block right before it prints`)
  return { name, lines, blocks, rows: parseRows(lines, blocks) }
}

/** The text block right after another, with nothing but blank lines between. */
const outputOf = (lines: readonly string[], blocks: readonly Block[], block: Block): Block | undefined => {
  if (block.language === 'text' || block.file !== null) return undefined
  const next = blocks.find(b => b.start > block.end)
  const apart = next === undefined || lines.slice(block.end + 1, next.start).some(line => line.trim() !== '')
  return apart || next.language !== 'text' ? undefined : next
}

/** The ts blocks that make up the module of a page. */
const steps = ({ blocks }: Page): readonly Block[] => blocks.filter(b => b.language === 'ts' && b.file === null)

/** The sh blocks that are run. */
export const commands = ({ lines, blocks }: Page): readonly Block[] =>
  blocks.filter(b => b.language === 'sh' && outputOf(lines, blocks, b) !== undefined)

/** Commands that pages may run: how they begin, and the program behind them. */
const programs: readonly (readonly [start: string, file: string])[] = [
  ['npx cotangent ', 'src/cli/main.ts'],
  ['npm start -- ', 'examples/mnist-mlp.ts'],
]

/** A program by its path, as `npx tsx examples/mnist-mlp.ts --help` has it. */
const BY_PATH = /^npx tsx (\S+\.ts) ?/

/** The programs that a sh block runs, with their arguments. */
export const callsOf = (
  page: Page,
  block: Block,
): readonly { readonly file: string; readonly args: readonly string[] }[] =>
  block.lines.map(line => {
    const [prefix, path] = BY_PATH.exec(line) ?? []
    const found = programs.find(([start]) => line.startsWith(start))
    const [start, file] = prefix !== undefined && path !== undefined ? [prefix, path] : (found ?? [])
    if (start === undefined || file === undefined)
      throw new Error(`${page.name}:${block.start + 1}: '${line}' is no command that pages can run`)
    return { file, args: line.slice(start.length).split(/\s+/) }
  })

/** Imports of the package as imports of its sources, which `root` leads to. */
const redirected = (line: string, root: string): string =>
  line
    .replace(/(from|import) 'cotangent'/, `$1 '${root}/src/index.ts'`)
    .replace(/(from|import) 'cotangent\/([\w-]+)'/, `$1 '${root}/src/$2/index.ts'`)
    .replace(/from '\.\.\/src\//, `from '${root}/src/`)

/** The modules of a page: its own, which prints a MARK after each block and each row, and those of its named blocks. */
export const modulesOf = (page: Page, root: string): ReadonlyMap<string, string> => {
  const blank = page.lines.map(() => '')
  const main = [...blank]
  for (const { start, end, lines } of steps(page)) {
    lines.forEach((line, i) => {
      main[start + 1 + i] = redirected(line, root)
    })
    main[end] = `;console.log('${MARK}')`
  }
  for (const { line, cells, at } of page.rows) main[line] = `evaluated(() => ${codeOf(cells[at[0]] ?? '')})`
  if (page.rows.length > 0)
    main[0] = `${imports(main.join('\n'), '', root)};import { evaluated } from '${root}/test/support/evaluated.ts'`
  const files = page.blocks.flatMap(({ file, start, lines }): readonly (readonly [string, string])[] => {
    if (file === null) return []
    const text = blank.map((_, i) => redirected(lines[i - start - 1] ?? '', root))
    return [[file, `${text.join('\n')}\n`]]
  })
  return new Map([['page.ts', `${main.join('\n')}\nexport {}\n`], ...files])
}

const block = (text: string): readonly string[] => ['```text', ...text.replace(/\n$/, '').split('\n'), '```']

/** The page as it should be: with what its blocks and its commands print, and the values of its rows. */
export const completed = (page: Page, printed: readonly string[], ran: readonly string[]): string => {
  const pending = [...printed]
  const outputs = new Map<Block, string>()
  const values = new Map<number, string>()
  const inOrder = [
    ...steps(page).map(b => ({ line: b.start, block: b })),
    ...page.rows.map(row => ({ line: row.line, row })),
  ]
  for (const item of inOrder.toSorted((a, b) => a.line - b.line)) {
    const text = pending.shift() ?? ''
    if ('block' in item) outputs.set(item.block, text)
    else values.set(item.line, text.trimEnd())
  }
  commands(page).forEach((command, i) => {
    outputs.set(command, ran[i] ?? '')
  })
  const out: string[] = []
  let i = 0
  while (i < page.lines.length) {
    const found = page.blocks.find(b => b.start === i)
    const row = page.rows.find(r => r.line === i)
    if (row !== undefined) {
      const code = (values.get(i) ?? '').replaceAll('|', '\\|')
      out.push(`|${row.cells.map((cell, k) => (k === row.at[1] ? ` \`${code}\` ` : cell)).join('|')}|`)
      i++
    } else if (found === undefined) {
      out.push(page.lines[i] ?? '')
      i++
    } else {
      const shown = outputOf(page.lines, page.blocks, found)
      const text = outputs.get(found) ?? ''
      out.push(...page.lines.slice(found.start, found.end + 1))
      i = found.end + 1
      if (shown !== undefined) {
        out.push(...page.lines.slice(i, shown.start))
        i = shown.end + 1
      }
      if (text !== '') out.push(...(shown === undefined ? ['', ...block(text)] : block(text)))
    }
  }
  return out.join('\n')
}
