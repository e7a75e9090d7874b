/**
 * The thread pool in Chromium: with workers where the page is cross-origin isolated, without and saying so where it is not.
 */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundled, chromium, inBrowser, isolated } from '../support/browser.ts'

const program = `
  import { ADD, openRig, STOP } from './rig.ts'
  const sleep = ms => new Promise(done => setTimeout(done, ms))
  const attempt = f => { try { return f() } catch (error) { return String(error.message) } }
  const report = async () => {
    const { pool, module, run, meet } = openRig(3)
    pool.begin(module)
    const early = run(ADD, 5)
    while (pool.started() < pool.size() - 1) await sleep(1)
    const workers = pool.size() - 1
    const met = workers > 0 ? Array.from({ length: 20 }, () => meet(3)) : []
    let wrong = 0
    for (let i = 0; i < 2000; i++) if (run(ADD, 1 + i % 9).some((x, k) => x !== k + 1)) wrong++
    const failure = workers > 0 ? attempt(() => meet(2, STOP)) : ''
    const after = run(ADD, 4)
    pool.end()
    await sleep(5)
    pool.begin(module)
    const again = workers > 0 ? meet(3) : 0
    const told = pool.describe()
    await pool.close()
    return { early, workers, met: met.every(n => n === 3), wrong, failure, after, again, told, closed: pool.describe() }
  }
  const result = await report().catch(error => String(error.stack))
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
`

const common = { early: [1, 2, 3, 4, 5], wrong: 0, after: [1, 2, 3, 4] }
const alone = { ...common, workers: 0, met: true, failure: '', again: 0 }

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let script = ''
  beforeAll(async () => {
    script = await bundled(program, resolve(import.meta.dirname, '../backend/wasm'))
  })

  it('an isolated page runs chunks on workers', async () => {
    expect(await inBrowser(script, isolated)).toEqual({
      ...common,
      workers: 2,
      met: true,
      failure: expect.stringMatching(/^engine: on a worker: unreachable/),
      again: 3,
      told: '3 threads',
      closed: '1 thread: it is closed',
    })
  })

  it('a page that is not isolated runs all chunks itself and says why', async () => {
    const told =
      '1 thread: the page is not cross-origin isolated (headers COOP and COEP), hence memory cannot be shared'
    expect(await inBrowser(script, {})).toEqual({ ...alone, told, closed: told })
  })

  it('a page whose policy forbids workers runs all chunks itself and says why', async () => {
    const headers = { ...isolated, 'Content-Security-Policy': "worker-src 'none'" }
    const result = await inBrowser(script, headers)
    expect(result).toMatchObject({ ...alone, told: expect.stringMatching(/^1 thread: a worker failed: /) })
  })
})
