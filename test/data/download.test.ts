import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { download } from '../../src/data/index.ts'
import { left, right } from '../support/either.ts'

const content = Buffer.alloc(300_000, 'abc')
const server = createServer((request, response) => {
  if (request.url === '/file') response.writeHead(200, { 'content-length': content.length }).end(content)
  else if (request.url === '/cut') {
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000))
    setTimeout(() => response.destroy(), 20)
  } else response.writeHead(404).end('nothing')
})

describe('download', () => {
  const folder = mkdtempSync(join(tmpdir(), 'download-'))
  let base = ''
  beforeAll(async () => {
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
  })

  it('writes what the server sends, and says how far it is', async () => {
    const to = join(folder, 'file')
    const heard: (readonly [number, number | undefined])[] = []
    const onProgress = (bytes: number, total: number | undefined): void => {
      heard.push([bytes, total])
    }
    expect(right(await download({ to, onProgress })(`${base}/file`)())).toBe(to)
    expect(readFileSync(to).equals(content)).toBe(true)
    expect(heard.at(-1)).toEqual([content.length, content.length])
  })

  it('that breaks off leaves no file, and is a Left that says what to do', async () => {
    const to = join(folder, 'cut')
    const error = left(await download({ to })(`${base}/cut`)())
    expect(error._tag).toBe('DownloadError')
    expect(error.message).toContain(`Download it by hand (in a browser, say), and save it as ${to}`)
    expect([existsSync(to), existsSync(`${to}.part`)]).toEqual([false, false])
  })

  it('that the server refuses, or that reaches no server, is a Left', async () => {
    const to = join(folder, 'none')
    expect(left(await download({ to })(`${base}/other`)()).message).toContain('the server answered 404')
    expect(left(await download({ to })('http://127.0.0.1:9/x')())._tag).toBe('DownloadError')
    expect(left(await download({ to })('no address')())._tag).toBe('DownloadError')
    expect(existsSync(to)).toBe(false)
  })

  it('to where nothing can be written is a WriteError', async () => {
    const to = join(folder, 'nowhere', 'file')
    expect(left(await download({ to })(`${base}/file`)())).toMatchObject({ _tag: 'WriteError', source: to })
  })
})
