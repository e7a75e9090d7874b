/**
 * Runs laws over subjects and makes a table of it: what `cotangent check` prints.
 *
 * Layer: testing.
 */
import type { Backend } from '../backend/backend.ts'
import { reference } from '../backend/reference.ts'
import { wasm } from '../backend/wasm.ts'
import { requireOptions, requireRecord } from '../core/options.ts'
import type { Subject } from '../ops/define.ts'
import { type Law, laws, type Trial, tryLaw } from './laws.ts'

/** A row of the table: a subject on a backend. */
export type Row = {
  readonly op: string
  readonly backend: string
  readonly cases: number
  readonly worst: number
  readonly failures: readonly Trial[]
}

/** Cases for each law before its share, and the seed of all choices. */
export type CheckSettings = { readonly runs: number; readonly seed: number }

/** Every backend on this machine. */
export const backends: readonly Backend[] = [reference, wasm]

/** Which laws look at a backend: those of meaning at the reference, agreement with it at the others. */
const lawsFor = (backend: Backend): readonly Law[] =>
  laws.filter(law => (backend === reference) !== law.name.startsWith('backend'))

/** Tries all laws that apply on a subject. */
export const checkSubject = (subject: Subject, backend: Backend, settings: CheckSettings): Row => {
  requireRecord('checkSubject', 'a subject, as subjectOf makes it', subject, ['name', 'apply', 'sample'])
  requireOptions('checkSubject', settings, ['runs', 'seed'], ['runs', 'seed'])
  const applicable = lawsFor(backend).filter(law => law.appliesTo(subject))
  const trials = applicable.map(law => tryLaw(law, subject, { backend }, settings))
  return {
    op: subject.name,
    backend: backend.name,
    cases: trials.reduce((n, t) => n + t.cases, 0),
    worst: Math.max(0, ...trials.map(t => t.worst)),
    failures: trials.filter(t => t.failure !== null),
  }
}

/** The columns of a row, as text. */
export const cellsOf = ({ op, backend, cases, worst, failures }: Row): readonly string[] => [
  op,
  backend,
  String(cases),
  worst.toExponential(1),
  failures.length === 0 ? 'ok' : `FAILED ${failures.map(t => t.law).join(', ')}`,
]

/** The head of the table. */
export const head: readonly string[] = ['op', 'backend', 'cases', 'worst error', 'verdict']

/** Cells in columns of the given widths; numbers to the right. */
export const line = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, i) => (i === 2 || i === 3 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
    .join('  ')
    .trimEnd()

/** The first law that failed, with how to repeat it. */
export const showFailures = ({ op, backend, failures }: Row): string => {
  const [first, ...others] = failures
  if (first?.failure == null) return ''
  const more = others.length === 0 ? '' : `\n  also failed: ${others.map(t => t.law).join(', ')}`
  return `${first.failure.message}\n  repeat with: --op ${op} --backend ${backend} --seed ${first.failure.seed}${more}`
}
