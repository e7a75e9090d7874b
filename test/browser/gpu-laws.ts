/**
 * The laws of ops on a GPU backend of a browser: what the page of gpu-laws.test.ts runs.
 */
import * as fc from 'fast-check'
import type { AsyncBackend } from '../../src/backend/backend.ts'
import { registry } from '../../src/transform/registry.ts'
import { gpuLaws, isRefused, lawProperty } from '../backend/gpu/laws.ts'

/** What is wrong with every `step`th op, of which `count` were looked at. */
export type Found = { readonly count: number; readonly wrong: readonly string[] }

/** Tries a law on every `step`th op, beginning with number `first`. */
export const tryLaws = async (
  backend: AsyncBackend,
  name: string,
  { first, step, seed }: { readonly first: number; readonly step: number; readonly seed: number },
): Promise<Found> => {
  const [law] = gpuLaws.filter(other => other.name === name)
  if (law === undefined) return { count: 0, wrong: [`no law ${name}`] }
  const subjects = registry.filter(subject => !isRefused(subject) && law.appliesTo(subject))
  const some = subjects.filter((_, i) => i % step === first)
  const wrong: string[] = []
  for (const subject of some) {
    const result = await fc.check(lawProperty(law, subject, backend, { ulps: 0 }), { seed, numRuns: 1 })
    if (result.failed) wrong.push(String(result.errorInstance))
  }
  return { count: some.length, wrong }
}
