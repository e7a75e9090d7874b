/**
 * Runs laws over subjects as vitest tests, with a fixed seed.
 */
import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { wasm } from '../../src/backend/wasm.ts'
import type { Subject } from '../../src/ops/define.ts'
import { type Law, laws, propertyOf } from '../../src/testing/laws.ts'

/** Of every run of the tests, so that a red one can be repeated. */
export const SEED = 20261122
/** Cases for each law and op, before the law's share. */
export const RUNS = Number(process.env.LAW_RUNS ?? 100)

/** How many cases a law gets. */
export const runsOf = (law: Law, runs: number = RUNS): number => Math.max(5, Math.round(runs * law.share))

/** A law by name. */
export const lawNamed = (name: string): Law => {
  const law = laws.find(l => l.name === name)
  if (law === undefined) throw new Error(`no law ${name}`)
  return law
}

/** Throws with seed and shrunk counterexample where the law fails. */
export const assertLaw = (law: Law, subject: Subject, runs: number = RUNS): void => {
  fc.assert(propertyOf(law, subject, { backend: wasm }), { seed: SEED, numRuns: runsOf(law, runs) })
}

/** One test for each law and subject. */
export const describeLaws = (names: readonly string[], subjects: readonly Subject[]): void => {
  for (const name of names) {
    const law = lawNamed(name)
    describe(law.title, () => {
      for (const subject of subjects.filter(law.appliesTo)) it(subject.name, () => assertLaw(law, subject))
    })
  }
}
