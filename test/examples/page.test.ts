/**
 * The page of examples/browser, clicked through in Chromium: it learns, classifies what is drawn, and counts every test image.
 */
import { execFileSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { type Browser, chromium as driver, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromium } from '../support/browser.ts'

const configFile = resolve(import.meta.dirname, '../../examples/browser/vite.config.ts')
const args = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
const TIMEOUT = 60_000

const open = async (browser: Browser, server: ViteDevServer): Promise<Page> => {
  const page = await browser.newPage({ viewport: { width: 380, height: 800 } })
  page.setDefaultTimeout(TIMEOUT)
  const port = (server.httpServer?.address() as AddressInfo | null)?.port
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.locator('#about-webgl2').filter({ hasNotText: 'looking' }).waitFor()
  return page
}

/** Trains on 500 images; gives what the page says at the end. */
const trained = async (page: Page, place: RegExp, epochs: number): Promise<string> => {
  await page.getByRole('radio', { name: place }).check()
  await page.getByRole('combobox', { name: 'Images' }).selectOption('500 200')
  await page.getByRole('spinbutton', { name: 'Epochs' }).fill(String(epochs))
  await page.getByRole('button', { name: 'Train' }).click()
  const done = page.locator('#status').filter({ hasText: /^(Trained|This failed)/ })
  await done.waitFor()
  return done.innerText()
}

const accuracyIn = (text: string): number => Number(/accuracy ([\d.]+) %/.exec(text)?.[1])

const drawOne = async (page: Page): Promise<void> => {
  const pad = page.getByLabel('Drawing pad')
  await pad.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await pad.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.mouse.move(x + width / 2, y + height / 5)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y + (4 * height) / 5, { steps: 8 })
  await page.mouse.up()
}

describe.skipIf(chromium === undefined)('the page in Chromium', () => {
  const opened: { close: () => Promise<void> }[] = []
  let browser: Browser
  const serve = async (mode: string): Promise<ViteDevServer> => {
    const server = await createServer({ configFile, mode, server: { port: 0, host: '127.0.0.1' }, logLevel: 'error' })
    opened.unshift(server)
    return server.listen()
  }
  beforeAll(async () => {
    const executablePath = execFileSync('which', [chromium ?? ''], { encoding: 'utf8' }).trim()
    browser = await driver.launch({ executablePath, args })
    opened.push(browser)
  })
  afterAll(async () => {
    for (const one of opened) await one.close()
  })

  it('learns on threads, classifies a stroke, and counts all test images', { timeout: 2 * TIMEOUT }, async () => {
    const page = await open(browser, await serve('development'))
    expect(await page.locator('#about-engine').innerText()).toMatch(/threads$|no more were asked for/)
    expect(accuracyIn(await trained(page, /CPU engine/, 4))).toBeGreaterThan(70)
    const cells = await page.locator('#matrix tbody td').allInnerTexts()
    expect(cells.reduce((sum, text) => sum + Number(text), 0)).toBe(200)
    await drawOne(page)
    await page
      .locator('#verdict')
      .filter({ hasText: /This is a 1/ })
      .waitFor()
    expect(await page.locator('#bars li').count()).toBe(10)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(380)
  })

  it('learns without the headers, on one thread, and says why', { timeout: 2 * TIMEOUT }, async () => {
    const page = await open(browser, await serve('plain'))
    expect(await page.locator('#about-engine').innerText()).toMatch(/^1 thread: the page is not cross-origin isolated/)
    expect(accuracyIn(await trained(page, /CPU engine/, 4))).toBeGreaterThan(70)
  })
})
