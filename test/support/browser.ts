/**
 * Runs scripts in Chromium, in pages served with chosen headers.
 *
 * The browser is found by `CHROMIUM` or on the path; tests without one are to be skipped, and a warning says so.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const findChromium = (): string | undefined =>
  [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome', 'chrome'].find(name => {
    try {
      return name !== undefined && execFileSync(name, ['--version'], { encoding: 'utf8', stdio: 'pipe' }) !== ''
    } catch {
      return false
    }
  })
/** The command that starts Chromium; undefined where there is none. */
export const chromium = findChromium()
if (chromium === undefined)
  console.warn('SKIPPED: no Chromium on the path or in CHROMIUM, nothing is tested in a browser')

const options = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const part of request) text += part
  return text
}

/** Runs the script, and posts what keeps it from being loaded. */
const PAGE = `<!doctype html>
<script>
  const complain = what => fetch('/result', { method: 'POST', body: JSON.stringify(String(what)) })
  addEventListener('error', event => complain(event.message))
  addEventListener('unhandledrejection', event => complain(event.reason))
</script>
<script type="module" src="/script.js"></script>`

/** What a script posts to `/result` when a page served with these headers runs it. It has a minute, unless told otherwise. */
export const inBrowser = async (
  script: string,
  headers: OutgoingHttpHeaders,
  patienceMs = 60_000,
): Promise<unknown> => {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  let answer = (_: string): void => {}
  const answered = new Promise<string>(done => {
    answer = done
  })
  const patience = setTimeout(() => answer('"no answer"'), patienceMs)
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') answer(await textOf(request))
    const isScript = request.url === '/script.js'
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html', ...headers })
    response.end(isScript ? script : PAGE)
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

/** Headers that make a page cross-origin isolated. */
export const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** A script with all that it imports, from files relative to a folder. */
export const bundled = async (contents: string, resolveDir: string): Promise<string> => {
  const stdin = { contents, resolveDir, loader: 'ts' } as const
  const built = await build({ stdin, bundle: true, minify: true, platform: 'browser', format: 'esm', write: false })
  if (built.warnings.length > 0) throw new Error(JSON.stringify(built.warnings))
  return built.outputFiles[0]?.text ?? ''
}
