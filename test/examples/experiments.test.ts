/**
 * The experiments in their quick form, as a user runs them: lower bars than the published figures, and every figure in the JSON.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Results } from '../../examples/support/results.ts'
import { runExample } from '../support/run-example.ts'

/** Experiments share two cores with other tests. */
const TIMEOUT = 600_000

/** A quick run's results, and the folder of its pictures. */
const quick = async (
  file: string,
  args: readonly string[] = [],
): Promise<Results & { readonly pictures: string; readonly out: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'experiment-'))
  const json = join(folder, 'results.json')
  const result = await runExample(file, ['--quick', '--json', json, '--pictures', folder, ...args])
  expect(result.code, result.err).toBe(0)
  return { ...(JSON.parse(readFileSync(json, 'utf8')) as Results), pictures: folder, out: result.out }
}

const obtained = (results: Results, name: string): number =>
  results.figures.find(figure => figure.name === name)?.obtained[0] ?? Number.NaN

describe.each([
  ['mnist-cnn-keras.ts', '13,848', 99.45, 90],
  ['mnist-cnn-torch.ts', '9,596', 99.55, 92],
] as const)('%s', (file, trainable, published, bar) => {
  it('learns in seconds, and has the published figures and number of parameters', { timeout: TIMEOUT }, async () => {
    const results = await quick(file, ['--seed', '0'])
    expect(obtained(results, 'test accuracy, best epoch')).toBeGreaterThan(bar)
    expect(results.figures.find(({ name }) => name === 'the best of the seeds')?.published).toBe(published)
    expect(results.command).toBe(`npx tsx examples/${file} --quick --seed 0`)
    for (const name of ['accuracy', 'loss', 'learning-rate', 'confusion-matrix', 'hardest-images'])
      expect(readFileSync(join(results.pictures, `${name}.svg`), 'utf8')).toContain('<svg')
    expect(readFileSync(join(results.pictures, 'report.html'), 'utf8')).toContain('weighted avg')
    expect(results.out).toContain(`trainable parameters: ${trainable}\n`)
    expect(results.out).toMatch(/seed 0, epoch (\d)\/\1: training loss \d\.\d{4}, accuracy \d\d\.\d\d %; test loss/)
  })
})

describe('mlp-study.ts', () => {
  it('has every published line, and learns where the study does', { timeout: TIMEOUT }, async () => {
    const results = await quick('mlp-study.ts')
    const published = results.figures.flatMap(figure => (figure.published === null ? [] : [figure.published]))
    expect(published).toEqual([
      ...[90.1, 95.9, 96.9, 97, 97.85, 70.8, 92.6, 97.8, 95.5, 97.2],
      ...[10.3, 41.6, 95.5, 97.2, 11.4, 41.6, 94.8, 97.6],
    ])
    for (const name of ['ReLU', 'leaky ReLU (0.1)', 'momentum 0.9', 'Adam at 0.001'])
      expect(obtained(results, name), name).toBeGreaterThan(70)
    expect(obtained(results, 'momentum, weight decay 0.5')).toBeLessThan(30)
  })

  it('trains the lines that are asked for', { timeout: TIMEOUT }, async () => {
    const results = await quick('mlp-study.ts', ['--only', 'momentum 0.9', '--epochs', '1'])
    expect(results.figures.map(({ name }) => name)).toEqual(['momentum 0.9'])
  })
})

describe('the command line of experiments', () => {
  it.each([
    ['mnist-cnn-keras.ts', ['--bare', 'first'], "--bare takes one of last, 1x1, got 'first'"],
    ['mnist-cnn-torch.ts', ['--seed=-1'], "--seed takes a whole number of at least 0, got '-1'"],
    ['mlp-study.ts', ['--only', 'nothing'], '--only nothing: no line has that in its name'],
    ['mlp-study.ts', ['--sed', '1'], 'unknown flag --sed; did you mean --seed?'],
  ])('%s %j is a mistake that is explained', async (file, args, message) => {
    const result = await runExample(file, args)
    expect(result.code).toBe(2)
    expect(result.err).toContain(message)
    expect(result.err).toContain(`Usage: npx tsx examples/${file}`)
  })

  it('says which file is missing', async () => {
    const result = await runExample('mnist-cnn-keras.ts', ['--data', '/nowhere'])
    expect(result.code).toBe(1)
    expect(result.err).toBe('mnist-cnn-keras: /nowhere/train-images-idx3-ubyte: no such file\n')
  })
})
