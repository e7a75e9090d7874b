/**
 * In Chromium, ops in mode webgl2 agree with the reference: every so many of them, and all where GPU_RUNS is set.
 */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/shape.ts'
import { bundled, chromium, inBrowser } from '../support/browser.ts'
import { SEED } from '../support/laws.ts'
import type { Found } from './gpu-laws.ts'

/** A page has a minute, in which a slow machine gets through a dozen ops; without GPU_RUNS there are a few. */
const STEP = process.env.GPU_RUNS === undefined ? 40 : 12

const program = (law: string, first: number): string => `
  import { gpu } from '../../src/gpu/index.ts'
  import { tryLaws } from './gpu-laws.ts'
  const report = async () => {
    const opened = await gpu({ mode: 'webgl2' })()
    return opened._tag === 'Left'
      ? opened.left.message
      : tryLaws(opened.right, '${law}', { first: ${first}, step: ${STEP}, seed: ${SEED} })
  }
  const result = await report().catch(error => String(error.stack))
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
`

const pages = ['forward', 'pullback', 'special'].flatMap((law, i) =>
  process.env.GPU_RUNS === undefined ? [[law, 4 * i] as const] : range(0, STEP).map(first => [law, first] as const),
)

describe.skipIf(chromium === undefined)('in Chromium, in mode webgl2', () => {
  it.each(pages)('the law %s holds, from op %s on', async (law, first) => {
    const script = await bundled(program(law, first), resolve(import.meta.dirname))
    const found = (await inBrowser(script, {})) as Found
    expect(found.wrong ?? found).toEqual([])
    expect(found.count).toBeGreaterThan(2)
  })
})
