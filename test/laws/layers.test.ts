/** Every layer obeys every law of layers. */
import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { wasm } from '../../src/backend/wasm.ts'
import { layerLaws, propertyOf } from '../../src/testing/index.ts'
import { RUNS, SEED } from '../support/laws.ts'
import { layerSubjects } from '../support/layers.ts'

/** Layers are dearer than ops. */
const SHARE = 0.2

for (const law of layerLaws)
  describe(law.title, () => {
    it.each(layerSubjects.filter(law.appliesTo).map(subject => [subject.name, subject] as const))(
      '%s',
      (_, subject) => {
        const numRuns = Math.max(3, Math.round(RUNS * law.share * SHARE))
        fc.assert(propertyOf(law, subject, { backend: wasm }), { seed: SEED, numRuns })
      },
    )
  })
