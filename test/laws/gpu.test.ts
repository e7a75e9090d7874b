/**
 * Every op compiled for gpu.js agrees with the reference within a budget of ulps, in every mode that starts here; so do pullbacks, and
 * so do ops on NaN and infinities. Routines of linear algebra are refused, by name.
 *
 * GPU_RUNS sets the cases for each op, law and mode; `npm run test:gpu` takes more of them.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/transform/registry.ts'
import { CASES, opened } from '../backend/gpu/backends.ts'
import { budgetOf, type GpuLaw, gpuLaws, isRefused, lawProperty } from '../backend/gpu/laws.ts'
import { SEED } from '../support/laws.ts'

const RUNS = Number(process.env.GPU_RUNS ?? 1)

const modes = CASES.filter(({ options }) => !('residency' in options))

describe.each(modes)('in mode $name', async ({ options }) => {
  const backend = await opened(options)
  describe.each(gpuLaws)('$title', (law: GpuLaw) => {
    it.each(registry.filter(subject => !isRefused(subject) && law.appliesTo(subject)))('$name', async subject => {
      const worst = { ulps: 0 }
      await fc.assert(lawProperty(law, subject, backend, worst), { seed: SEED, numRuns: RUNS })
      expect(worst.ulps).toBeLessThanOrEqual(budgetOf(law, subject))
    })
  })
})
