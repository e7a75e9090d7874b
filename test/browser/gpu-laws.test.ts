/**
 * In Chromium, ops in modes webgl2 and webgpu agree with the reference: every so many of them, and all where GPU_RUNS is set.
 */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/shape.ts'
import { bundled, chromium, inBrowser } from '../support/browser.ts'
import { SEED } from '../support/laws.ts'
import type { Found } from './gpu-laws.ts'

/** Whether all ops are tried; else each law is on a twelfth of them, on one page. */
const ALL = process.env.GPU_RUNS !== undefined
const STEP = 12
const PATIENCE = ALL ? 300_000 : 60_000

const program = (mode: string, attempt: string): string => `
  import { gpu } from '../../src/gpu/index.ts'
  import { tryLaws, tryLoops, tryLosing, tryMany, tryStaying } from './gpu-laws.ts'
  const report = async () => {
    const opened = await gpu({ mode: '${mode}' })()
    return opened._tag === 'Left'
      ? opened.left.message
      : ${attempt}
  }
  const result = await report().catch(error => String(error.stack))
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
`

const tried = async (source: string): Promise<Found> =>
  (await inBrowser(await bundled(source, resolve(import.meta.dirname)), {}, PATIENCE)) as Found

const pages = ['forward', 'pullback', 'special'].flatMap((law, i) =>
  ALL ? range(0, STEP).map(first => [law, first] as const) : [[law, 4 * i] as const],
)

describe.skipIf(chromium === undefined).each(['webgl2', 'webgpu'])('in Chromium, in mode %s', mode => {
  it.each(pages)(
    'the law %s holds, from op %s on',
    async (law, first) => {
      const attempt = `tryLaws(opened.right, '${law}', { first: ${first}, step: ${STEP}, seed: ${SEED} })`
      const found = await tried(program(mode, attempt))
      expect(found.wrong ?? found).toEqual([])
      expect(found.count).toBeGreaterThan(2)
    },
    2 * PATIENCE,
  )

  it.each([
    ['long rows are sorted, and many updates of few places are found', 'tryMany'],
    ['state stays on the device', 'tryStaying'],
    ['loops around functions are compiled', 'tryLoops'],
  ])(
    '%s',
    async (_, attempt) => {
      const found = await tried(program(mode, `${attempt}(opened.right)`))
      expect(found.wrong ?? found).toEqual([])
    },
    2 * PATIENCE,
  )
})

it.skipIf(chromium === undefined).each([
  ['knows of it', '', 2],
  // What has been computed is not looked at before it is read.
  ['does not know of it yet', 'WebGL2RenderingContext.prototype.isContextLost = () => false', 1],
])(
  'in mode webgl2 a context that was lost is an error that says so, and no zeros, where it %s',
  async (_, ignorance, times) => {
    const watched = `
      const contexts = []
      for (const { prototype } of [OffscreenCanvas, HTMLCanvasElement]) {
        const { getContext } = prototype
        prototype.getContext = function (...args) {
          const found = getContext.apply(this, args)
          if (found instanceof WebGL2RenderingContext) contexts.push(found)
          return found
        }
      }
      globalThis.contexts = contexts
      ${ignorance}
    `
    const said = String(await tried(watched + program('webgl2', 'tryLosing(opened.right, globalThis.contexts)')))
    expect(said.match(/EngineError: gpu: the GPU was lost/g)).toHaveLength(times)
  },
  2 * PATIENCE,
)
