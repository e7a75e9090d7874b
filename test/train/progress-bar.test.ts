import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { ctrlC, fit, progressBar, trainStep } from '../../src/train/index.ts'
import { batches, initial, loss, optimizer, SAMPLES } from '../support/small-model.ts'

const ROOT = join(import.meta.dirname, '../..')

it('a progress bar off a terminal ends each epoch with its means', async () => {
  const lines: string[] = []
  const stream = { write: (text: string) => lines.push(text) }
  const training = fit<Parameters<typeof loss>[0], Parameters<typeof loss>[1], Parameters<typeof loss>[2]>
  const callbacks = [progressBar({ samples: SAMPLES, stream, show: ({ loss = 0 }) => `loss ${loss.toFixed(2)}` })]
  await training({ step: trainStep({ loss, optimizer }), epochs: 2, batches, callbacks })(initial())()
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^epoch 1\/2 {2}100 % {2}loss \d\.\d\d, [\d,]+ samples\/s, took \d:\d\d\n$/)
  expect(lines[1]).toMatch(/^epoch 2\/2 {2}100 %/)
})

it('ctrlC is a signal that the first Ctrl-C aborts, and the next ends the program', async () => {
  const program = `
    import { ctrlC } from '${ROOT}/src/train/interrupt.ts'
    const signal = ctrlC()
    signal.addEventListener('abort', () => console.log('aborted'))
    setInterval(() => undefined, 1000)
    console.log('ready')`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: ROOT })
  let out = ''
  child.stdout.on('data', chunk => {
    out += chunk
    if (!out.includes('aborted')) child.kill('SIGINT')
    else setTimeout(() => child.kill('SIGINT'), 1200)
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  expect({ out, code }).toEqual({ out: 'ready\naborted\n', code: 130 })
})

it('ctrlC does nothing where there are no signals', () => {
  vi.stubGlobal('process', undefined)
  expect(ctrlC().aborted).toBe(false)
  vi.unstubAllGlobals()
})
