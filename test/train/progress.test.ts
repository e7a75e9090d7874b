import { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ProgressStream, progress, showAdvance, showDuration } from '../../src/train/index.ts'
import { check } from '../support/values.ts'

describe('durations', () => {
  it('read back as the seconds they were', () => {
    check(
      fc.property(fc.nat({ max: 1_000_000 }), seconds => {
        const parts = showDuration(seconds).split(':').map(Number)
        expect(parts.reduce((sum, part) => sum * 60 + part, 0)).toBe(seconds)
        expect(parts.slice(1).every(part => part < 60)).toBe(true)
      }),
    )
  })
  it.each([
    [7.2, '0:07'],
    [59.6, '1:00'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [Number.NaN, '?'],
    [Infinity, '?'],
  ])('%d s is %s', (seconds, text) => expect(showDuration(seconds)).toBe(text))
})

describe('an advance in words', () => {
  it.each([
    [{ done: 6000, total: 60_000, seconds: 2 }, '3,000 samples/s, 0:18 left'],
    [{ done: 60_000, total: 60_000, seconds: 31 }, '1,935 samples/s, took 0:31'],
    [{ done: 0, total: 10, seconds: 1 }, '? samples/s, ? left'],
    [{ done: 5_000_000, total: 6_000_000, seconds: 1 }, '5,000,000 samples/s, 0:00 left'],
  ])('%o', (advance, text) => expect(showAdvance(advance)).toBe(text))
})

/** A stream that keeps what is written to it. */
const recorder = (isTTY: boolean): { readonly stream: ProgressStream; readonly text: () => string } => {
  const parts: string[] = []
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    parts.push(chunk.toString())
    done()
  }
  return { stream: Object.assign(new Writable({ write }), { isTTY, columns: 200 }), text: () => parts.join('') }
}

describe('progress', () => {
  it('off a terminal is a line at intervals and one at the end', async () => {
    const { stream, text } = recorder(false)
    let time = 0
    const bar = await progress({ label: 'epoch 1/2', total: 100, stream, interval: 10, now: () => time })()
    for (const done of [20, 40, 60, 80, 100]) {
      time += 4000
      bar.update(done, `loss ${done}`)
    }
    bar.stop()
    expect(text().split('\n')).toEqual([
      'epoch 1/2  60 %  loss 60, 5 samples/s, 0:08 left',
      'epoch 1/2  100 %  loss 100, 5 samples/s, took 0:20',
      '',
    ])
  })

  it('shows no line twice, and none of nothing', async () => {
    const { stream, text } = recorder(false)
    let time = 0
    const bar = await progress({ label: 'x', total: 1, stream, now: () => time })()
    bar.stop()
    expect(text()).toBe('')
    time = 20_000
    bar.update(1, 'loss 0')
    bar.stop()
    expect(text()).toBe('x  100 %  loss 0, 0 samples/s, took 0:20\n')
  })

  it('on a terminal is a bar that ends with the last figures', async () => {
    const { stream, text } = recorder(true)
    let time = 0
    const bar = await progress({ label: 'epoch 1/1', total: 64, stream, now: () => time })()
    time = 1000
    bar.update(32, 'loss 0.5')
    time = 2000
    bar.update(64, 'loss 0.25')
    bar.stop()
    expect(text()).toMatch(/epoch 1\/1 █{10} loss 0\.25, 32 samples\/s, took 0:02/)
  })
})
