/**
 * Wrong calls are errors where they stand, and the compiler says what is wrong: rejected.ts has the words above each.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compile } from '../support/compiler.ts'
import { ROOT } from '../support/names.ts'

const FILE = 'test/types/rejected.ts'
const lines = readFileSync(join(ROOT, FILE), 'utf8').split('\n')
const first = lines.findIndex(line => line.startsWith('// ---- '))

/** What is said of each call, by the line where the call starts, counted from 1. */
const expected = lines.flatMap((line, i) =>
  i > first && line.startsWith('// ') && !line.startsWith('// ----') ? [[i + 2, line.slice(3)] as const] : [],
)

/** Errors by their line; the text goes on in indented lines. */
const errors: ReadonlyMap<number, string> = new Map(
  compile([], [FILE])
    .split(/\n(?=\S)/)
    .map(text => {
      const [, line] = /rejected\.ts\((\d+),/.exec(text) ?? []
      return [Number(line), text] as const
    }),
)

describe('a wrong call is an error that says', () => {
  it.each(expected.map(([line, words]) => [words, lines[line - 1], line] as const))('%s (%s)', (words, _call, line) => {
    expect(errors.get(line)).toContain(words)
  })

  it('nothing else', () => {
    expect([...errors.keys()].sort((a, b) => a - b)).toEqual(expected.map(([line]) => line))
  })
})
