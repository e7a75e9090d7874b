import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Results } from '../../examples/support/results.ts'
import { resultsOf } from '../../scripts/results.ts'

const ROOT = join(import.meta.dirname, '../..')

const quick = async (): Promise<Results> => {
  const file = join(mkdtempSync(join(tmpdir(), 'schedules-')), 'results.json')
  const program = join(ROOT, 'examples/learning-rate-schedules.ts')
  await promisify(execFile)(process.execPath, ['--import', 'tsx', program, '--quick', '--json', file], { cwd: ROOT })
  return JSON.parse(readFileSync(file, 'utf8')) as Results
}

const ofRates = ({ figures }: Results) => figures.filter(({ published }) => published !== null)
const ofAccuracy = ({ figures }: Results) => figures.filter(({ unit }) => unit === '%')

describe('learning-rate schedules, in the quick form', () => {
  let results: Results
  beforeAll(async () => {
    results = await quick()
  }, 600_000)

  it('have the values that their formulas have', () => {
    expect(ofRates(results)).toHaveLength(10)
    for (const { name, published, obtained } of ofRates(results))
      expect(obtained[0], name).toBeCloseTo(published ?? 0, 7)
  })

  it('all train the perceptron', () => {
    expect(ofAccuracy(results)).toHaveLength(5)
    // 47 batches in each of five epochs; chance is 10 %.
    for (const { name, obtained } of ofAccuracy(results)) expect(obtained[0], name).toBeGreaterThan(80)
  })

  it('are those of the results that the pages show', () => {
    const kept = resultsOf('learning-rate-schedules')
    expect(ofRates(kept)).toEqual(ofRates(results))
    expect(ofAccuracy(kept).map(({ name }) => name)).toEqual(ofAccuracy(results).map(({ name }) => name))
    for (const { name, obtained } of ofAccuracy(kept)) {
      expect(obtained, name).toHaveLength(3)
      for (const accuracy of obtained) expect(accuracy, name).toBeGreaterThan(95)
    }
  })
})
