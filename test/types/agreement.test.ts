/**
 * The type of a result is the shape that it has. The compiler writes down the types of all results in calls.ts, as an editor
 * shows them; here they are compared with the results.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isTensor } from '../../src/index.ts'
import { compile } from '../support/compiler.ts'
import * as calls from './calls.ts'

const folder = mkdtempSync(join(tmpdir(), 'cotangent-types-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The types of all calls, by their names: each on its line, `'of numbers': Tensor<readonly []>;` */
const declared = (): ReadonlyMap<string, string> => {
  compile(['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--outDir', folder], ['test/types/calls.ts'])
  const text = readFileSync(join(folder, 'test/types/calls.d.ts'), 'utf8')
  const groups = text.split(/export declare const (\w+): /).slice(1)
  const entries = groups.flatMap((group, i) =>
    i % 2 === 1
      ? [...group.matchAll(/^ {4}(?:'([^']+)'|"([^"]+)"|(\w+)): (.*);$/gm)].map(
          ([, a, b, c, type]) => [`${groups[i - 1]}/${a ?? b ?? c}`, type ?? ''] as const,
        )
      : [],
  )
  return new Map(entries)
}

const types = declared()

/** The shapes in a type: a list of one for each tensor, with `null` for sizes and `'any'` for shapes that are not known. */
const shapesIn = (type: string): readonly (readonly (number | null)[] | 'any')[] =>
  [
    ...type.matchAll(
      /Tensor<(?:readonly \[([^\]]*)\]|(?:readonly number\[\]|Shape|import\("[^"]*"\)\.Shape))>|\bKey\b/g,
    ),
  ].map(([, sizes]) =>
    sizes === undefined
      ? 'any'
      : sizes === ''
        ? []
        : sizes.split(', ').map(size => (/^\d+$/.test(size) ? Number(size) : null)),
  )

describe.each(Object.entries(calls))('%s', (group, results) => {
  it.each(Object.entries(results))('%s', (name, result) => {
    const type = types.get(`${group}/${name}`)
    expect(type).toBeDefined()
    const found = (isTensor(result) ? [result] : [...result]).map(x => x.shape)
    const claimed = shapesIn(type ?? '')
    expect(claimed.length, type).toBeGreaterThan(0)
    found.forEach((shape, i) => {
      const claim = claimed[Math.min(i, claimed.length - 1)] ?? 'any'
      if (claim !== 'any') expect(shape, type).toEqual(claim.map((size, axis) => size ?? shape[axis]))
    })
  })
})

describe('what an editor shows', () => {
  it('is a tensor with its sizes, never a computation', () => {
    const odd = [...types].filter(([, type]) => /Resolved|Broadcast|Together|\?|extends/.test(type))
    expect(odd).toEqual([])
  })
})
