/**
 * README.md and docs/*.md are run: what they show is what is printed. test/support/pages.ts says how a page is read.
 *
 * Each page is compared with itself completed by its own output. Where it is meant to differ, `npx vitest run -u
 * test/examples/docs.test.ts` writes it into the page.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opsTable } from '../../scripts/ops-table.ts'
import { withResults } from '../../scripts/results.ts'
import { ROOT } from '../support/names.ts'
import { callsOf, commands, completed, MARK, modulesOf, type Page, parsePage } from '../support/pages.ts'
import { openWorkshop, UP } from '../support/workshop.ts'

const files = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .sort()
    .map(name => `docs/${name}`),
].filter(file => file.endsWith('.md') && file !== 'docs/ops.md')
const pages: readonly Page[] = files.map(file => parsePage(file, readFileSync(join(ROOT, file), 'utf8')))
const folderOf = ({ name }: Page): string => name.replace('docs/', '').replace('.md', '')

const PAGE = '\u0002'
const ERROR = '\u0003'
const runner = `for (const page of ${JSON.stringify(pages.map(folderOf))}) {
  console.log('${PAGE}')
  try {
    await import(\`./\${page}/page.ts\`)
  } catch (error) {
    console.log('${ERROR}', error)
  }
}
`

const workshop = openWorkshop()
const typeErrors: string[] = []
const printed = new Map<Page, string>()
const ran = new Map<Page, readonly string[]>()

const checkTypes = async (modules: ReadonlyMap<string, string>): Promise<void> => {
  typeErrors.push(...(await workshop.typeErrors([...modules.keys()])))
}

const runPages = async (): Promise<void> => {
  const { out, err } = await workshop.run('run.ts')
  const parts = out.split(`${PAGE}\n`).slice(1)
  if (parts.length !== pages.length) throw new Error(`the pages could not be run: ${err}`)
  pages.forEach((page, i) => {
    printed.set(page, parts[i] ?? '')
  })
}

const runCommands = async (): Promise<void> => {
  for (const page of pages) {
    const inPage = join(workshop.folder, folderOf(page))
    const outputs: string[] = []
    for (const block of commands(page)) {
      const calls = callsOf(page, block).map(({ file, args }) => workshop.run(join(ROOT, file), args, inPage))
      outputs.push((await Promise.all(calls)).map(({ out }) => out).join(''))
    }
    ran.set(page, outputs)
  }
}

beforeAll(async () => {
  const modules = new Map(
    pages.flatMap(page => [...modulesOf(page, UP)].map(([file, text]) => [`${folderOf(page)}/${file}`, text] as const)),
  )
  workshop.write(new Map([...modules, ['run.ts', runner]]))
  await Promise.all([checkTypes(modules), runPages(), runCommands()])
}, 120_000)
afterAll(workshop.close)

describe.each(pages.map(page => [page.name, page] as const))('%s', (name, page) => {
  it('type-checks', () => {
    expect(typeErrors.filter(line => line.startsWith(`${folderOf(page)}/`))).toEqual([])
  })

  it('shows what it prints', async () => {
    const text = printed.get(page) ?? ''
    if (text.includes(ERROR)) throw new Error(`${name} threw: ${text.slice(text.indexOf(ERROR) + 1)}`)
    const whole = completed(page, text.split(`${MARK}\n`), ran.get(page) ?? [])
    await expect(whole).toMatchFileSnapshot(join(ROOT, name))
  })
})

describe('links', () => {
  const links = [...files, 'docs/ops.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].flatMap(file =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].flatMap(
      ([, text = '', target = '']) =>
        target.startsWith('https://') ? [] : [{ file, text, target: join(ROOT, dirname(file), target) }],
    ),
  )

  it('lead to files that are there', () => {
    expect(links.filter(({ target }) => !existsSync(target))).toEqual([])
  })

  it('to tests name a test in that file', () => {
    const toTests = links.filter(({ target }) => target.endsWith('.test.ts') && existsSync(target))
    expect(toTests.filter(({ text, target }) => !readFileSync(target, 'utf8').includes(`'${text}'`))).toEqual([])
  })
})

describe('docs/ops.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(readFileSync(join(ROOT, 'docs/ops.md'), 'utf8')).toBe(opsTable())
  })
})

describe('tables of results', () => {
  const withTables = [...files, 'examples/README.md'].filter(file => existsSync(join(ROOT, file)))
  it.each(withTables)('of %s are what `npm run docs` makes of examples/results', file => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    expect(withResults(text)).toBe(text)
  })
})
