/**
 * Docstrings: every export has one, and their examples run.
 *
 * An example is a program that may use the public names (those of its own subpath first), pipe and a few other names of fp-ts,
 * and the values of test/support/prelude.ts. In a line `expression // comment`, a comment of the form `[2,3]`, `float32[2,3]`,
 * `… -> [2,3]`, `[2, 4]`, `6`, `true` or `{ w: [2,3] }` is a claim about the value, and checked; others are words.
 */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimOf, exampleModules, examples } from '../support/examples.ts'
import { exportsOf, indexFiles, type Public, ROOT } from '../support/names.ts'
import { openWorkshop, UP } from '../support/workshop.ts'

describe('examples in docstrings', () => {
  const workshop = openWorkshop()
  const found = new Map<string, string | null>()
  let typeErrors: readonly string[] = []

  beforeAll(async () => {
    const modules = exampleModules(UP)
    const runner = [...modules.keys()].map(file => `await import('./${file}')`).join('\n')
    workshop.write(new Map([...modules, ['run.ts', `${runner}\nexport {}\n`]]))
    const [errors, { out, err }] = await Promise.all([workshop.typeErrors([...modules.keys()]), workshop.run('run.ts')])
    typeErrors = errors
    const lines = out.split('\n').filter(line => line !== '')
    for (const line of lines) {
      const { where, why } = JSON.parse(line) as { readonly where: string; readonly why: string | null }
      found.set(where, why)
    }
    if (found.size < examples.length) throw new Error(`the examples could not be run: ${err}`)
  }, 120_000)
  afterAll(workshop.close)

  it('type-check', () => {
    expect(typeErrors).toEqual([])
  })

  it.each(examples.map(({ where, lines }) => [where, lines.join(' ')]))('%s %s', where => {
    expect(found.get(where)).toBeNull()
  })

  it.each([
    ['[2,2]', '[2,2]'],
    ['float32[2,2]', 'float32[2,2]'],
    ['[4,3] -> [2,3], [2,3]', '[2,3], [2,3]'],
    ['-> []', '[]'],
    ['[2, 4]', '[2, 4]'],
    ['[[0, 1], [0.5, -2]]', '[[0, 1], [0.5, -2]]'],
    ['true', 'true'],
    ['[{ w: [784,10], b: [10] }]', '[{ w: [784,10], b: [10] }]'],
  ])('the comment %j is a claim', (comment, claim) => {
    expect(claimOf(comment)).toBe(claim)
  })

  it.each(['the columns of x', '[b,n], [b,n] -> [b]', 'x[1:3, ::-1]', '[sin 0, cos 0]'])(
    'the comment %j is words',
    comment => {
      expect(claimOf(comment)).toBeNull()
    },
  )
})

describe('public names', () => {
  const hasDocstring = ({ file, line }: Public): boolean =>
    /\*\/\s*$/.test(readFileSync(file, 'utf8').split('\n')[line - 1] ?? '')

  it.each(indexFiles.map(file => [relative(ROOT, file), file]))('of %s all have a docstring', async (_name, file) => {
    const names = exportsOf(file)
    const values = Object.keys(await import(file))
    expect(values.filter(value => !names.some(({ name }) => name === value))).toEqual([])
    const without = names.filter(name => !hasDocstring(name))
    expect(names.length).toBeGreaterThan(5)
    expect(without.map(({ name, file, line }) => `${name} (${relative(ROOT, file)}:${line + 1})`)).toEqual([])
  })
})
