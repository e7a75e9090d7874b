/**
 * A training step compiled in Chromium gives the bits that it gives in Node, with threads and without.
 */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { configure } from '../../src/index.ts'
import { bundled, chromium, inBrowser, isolated } from '../support/browser.ts'
import { trainSome } from './train-some.ts'

const program = `
  import { configure, engineReport } from '../../src/index.ts'
  import { trainSome } from './train-some.ts'
  const report = async () => {
    configure({ threads: 2, fma: false })
    const first = trainSome(3)
    await new Promise(done => setTimeout(done, 300))
    return { first, again: trainSome(3), threads: engineReport().threads }
  }
  const result = await report().catch(error => String(error.stack))
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
`

describe.skipIf(chromium === undefined)('in Chromium, a compiled training step', () => {
  let script = ''
  let losses: readonly number[] = []
  beforeAll(async () => {
    configure({ fma: false })
    losses = trainSome(3)
    script = await bundled(program, resolve(import.meta.dirname))
  })

  it('runs on threads in an isolated page', async () => {
    expect(losses[2]).toBeLessThan(losses[0] as number)
    expect(await inBrowser(script, isolated)).toEqual({ first: losses, again: losses, threads: '2 threads' })
  })

  it('runs on one thread elsewhere, with the same bits', async () => {
    expect(await inBrowser(script, {})).toEqual({
      first: losses,
      again: losses,
      threads: expect.stringMatching(/^1 thread: the page is not cross-origin isolated/),
    })
  })
})
