/**
 * The thread pool in Chromium: with workers where the page is cross-origin isolated, without and saying so where it is not.
 *
 * The browser is found by `CHROMIUM` or on the path; without one, the tests are skipped and a warning says so.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'

const findChromium = (): string | undefined =>
  [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome', 'chrome'].find(name => {
    try {
      return name !== undefined && execFileSync(name, ['--version'], { encoding: 'utf8', stdio: 'pipe' }) !== ''
    } catch {
      return false
    }
  })
const chromium = findChromium()
if (chromium === undefined)
  console.warn('SKIPPED: no Chromium on the path or in CHROMIUM, the thread pool is not tested in a browser')

const options = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const part of request) text += part
  return text
}

/** What a script posts to `/result` when a page served with these headers runs it. */
const inBrowser = async (script: string, headers: OutgoingHttpHeaders): Promise<unknown> => {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  let answer = (_: string): void => {}
  const answered = new Promise<string>(done => {
    answer = done
  })
  const patience = setTimeout(() => answer('"no answer"'), 60_000)
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') answer(await textOf(request))
    const isScript = request.url === '/script.js'
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html', ...headers })
    response.end(isScript ? script : '<!doctype html><script type="module" src="/script.js"></script>')
  })
  await new Promise<void>(done => void server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const page = `http://127.0.0.1:${port}/`
  const browser = spawn(chromium ?? '', [...options, `--user-data-dir=${profile}`, page], { stdio: 'ignore' })
  const ended = new Promise<string>(done => void browser.on('exit', () => done('"the browser ended"')))
  try {
    return JSON.parse(await Promise.race([answered, ended]))
  } finally {
    clearTimeout(patience)
    browser.kill()
    await ended
    server.close()
    server.closeAllConnections()
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

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

const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const common = { early: [1, 2, 3, 4, 5], wrong: 0, after: [1, 2, 3, 4] }
const alone = { ...common, workers: 0, met: true, failure: '', again: 0 }

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let script = ''
  beforeAll(async () => {
    const resolveDir = resolve(import.meta.dirname, '../backend/wasm')
    const stdin = { contents: program, resolveDir, loader: 'js' } as const
    const built = await build({ stdin, bundle: true, minify: true, platform: 'browser', format: 'esm', write: false })
    expect(built.warnings).toEqual([])
    script = built.outputFiles[0]?.text ?? ''
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
