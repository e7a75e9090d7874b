import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../src/backend/current.ts'
import { reference } from '../../src/backend/reference.ts'
import { type CompileOptions, compileProgram } from '../../src/compile/compile.ts'
import { runPlan } from '../../src/compile/interpret.ts'
import { showPlan } from '../../src/compile/show.ts'
import { asValue, cellOf } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { makeProgram } from '../../src/index.ts'
import { SEED } from '../support/values.ts'
import { type WholeProgram, wholePrograms } from '../support/whole-programs.ts'

const RUNS = Number(process.env.LAW_RUNS ?? 60)
/** Results below are at most some tens, sums of some tens of terms; each intermediate that is not stored saves half an ulp. */
const FLOAT32_TOLERANCE = 2e-5

const eager = ({ f, args }: WholeProgram): readonly Tensor[] => withBackend(reference, () => f(...args))

const planned = ({ f, args }: WholeProgram, options: CompileOptions) => {
  const program = withBackend(reference, () => makeProgram((...xs: readonly Tensor[]) => f(...xs))(...args))
  const plan = withBackend(reference, () => compileProgram(program, options))
  return { plan, program, results: runPlan(reference.run, plan, args.map(cellOf)) }
}

const settings: readonly (readonly [string, CompileOptions])[] = [
  ['no pass', { simplify: false, fuse: false }],
  ['simplify', { fuse: false }],
  ['maps', { fuse: { epilogues: false, siblings: false, rows: false } }],
  ['epilogues', { fuse: { maps: false, siblings: false, rows: false } }],
  ['siblings', { fuse: { maps: false, epilogues: false, rows: false } }],
  ['rows', { fuse: { maps: false, epilogues: false, siblings: false } }],
  ['all passes', {}],
  ['all passes but simplify', { simplify: false }],
  ['all passes, few inputs', { fuse: { maxInputs: 5 } }],
]

describe('a plan computes what the program does', () => {
  it.each(settings)('bit for bit in float64, with %s', (_, options) => {
    fc.assert(
      fc.property(wholePrograms(), program => {
        const wanted = eager(program)
        const { results, plan } = planned(program, options)
        wanted.forEach((y, i) => {
          expect([...(results[i] ?? [])], `${showPlan(plan)}\nresult ${i}`).toEqual([...cellOf(y)])
          expect(asValue(y).dtype).toBe(y.dtype)
        })
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  it('within rounding in float32', () => {
    fc.assert(
      fc.property(wholePrograms({ dtype: 'float32', empty: false }), program => {
        const wanted = eager(program)
        const { results, plan } = planned(program, {})
        wanted.forEach((y, i) => {
          ;[...cellOf(y)].forEach((value, k) => {
            const found = results[i]?.[k] ?? Number.POSITIVE_INFINITY
            const close = Math.abs(found - value) <= FLOAT32_TOLERANCE * Math.max(1, Math.abs(value))
            expect(close || Object.is(found, value), `${found} for ${value}\n${showPlan(plan)}`).toBe(true)
          })
        })
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})
