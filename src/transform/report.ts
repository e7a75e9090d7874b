/**
 * What a gradient check found: comparisons, their report, and how it prints.
 *
 * Layer: transform. Read next: check.ts, which makes them.
 */
import { requireRecord } from '../core/options.ts'

/** One derivative that was compared. */
export type Comparison = {
  /** What was compared, such as `vjp` or `jvp of vjp`. */
  readonly what: string
  /** The argument's leaf and the element in it, such as `argument[0].w` and [2, 1]. */
  readonly input: string
  readonly inputIndex: readonly number[]
  /** The result's leaf and the element in it. */
  readonly output: string
  readonly outputIndex: readonly number[]
  readonly numeric: number
  readonly analytic: number
  /** |numeric - analytic| / max(u, |numeric|, |analytic|), u from 1 down to 0.001 where all derivatives are small. */
  readonly error: number
  readonly step: number
}

/** What checkGrads found. */
export interface GradReport {
  readonly ok: boolean
  /** How many derivatives were compared. */
  readonly compared: number
  /** The largest error away from kinks. */
  readonly worst: Comparison | null
  readonly failures: readonly Comparison[]
  /** Elements at which the function has no derivative: one-sided differences disagree. */
  readonly kinks: readonly Comparison[]
  readonly tolerance: number
}

/** |a - b| / max(unit, |a|, |b|): relative above the unit, absolute in it below; infinite where one of them is NaN. */
export const relativeError = (a: number, b: number, unit: number): number => {
  const error = Math.abs(a - b) / Math.max(unit, Math.abs(a), Math.abs(b))
  return Number.isNaN(error) ? Infinity : error
}

/** Several reports as one. */
export const joinReports = (reports: readonly GradReport[], tolerance: number): GradReport => {
  const failures = reports.flatMap(r => r.failures)
  const worst = reports
    .map(r => r.worst)
    .reduce((a, b) => (a === null || (b !== null && b.error > a.error) ? b : a), null)
  return {
    ok: failures.length === 0,
    compared: reports.reduce((n, r) => n + r.compared, 0),
    worst,
    failures,
    kinks: reports.flatMap(r => r.kinks),
    tolerance,
  }
}

const digits = (x: number): string => (Number.isFinite(x) ? x.toPrecision(9) : String(x))

/** One comparison as a line. */
export const showComparison = (comparison: Comparison): string => {
  const c = requireRecord('showComparison', 'a comparison of a report', comparison, ['what', 'error', 'step'])
  return `${c.what}: d ${c.output}[${c.outputIndex}] / d ${c.input}[${c.inputIndex}]: numeric ${digits(c.numeric)}, analytic ${digits(c.analytic)}, error ${c.error.toExponential(1)}, step ${c.step.toExponential(1)}`
}

/** A report as text: the verdict, then failures and kinks, the first twenty of each. */
export const showReport = (report: GradReport): string => {
  const { ok, compared, worst, failures, kinks, tolerance } = requireRecord(
    'showReport',
    'a report, as checkGrads gives it',
    report,
    ['failures', 'kinks', 'tolerance', 'compared'],
  )
  const list = (title: string, all: readonly Comparison[]): readonly string[] =>
    all.length === 0
      ? []
      : [
          `${title} (${all.length})`,
          ...all.slice(0, 20).map(c => `  ${showComparison(c)}`),
          ...(all.length > 20 ? [`  … ${all.length - 20} more`] : []),
        ]
  const error = worst === null ? 'nothing to compare' : `worst error ${worst.error.toExponential(1)}`
  const verdict = `${ok ? 'gradients agree' : 'gradients DISAGREE'}: ${compared} derivatives compared, ${error}, tolerance ${tolerance.toExponential(0)}`
  return [verdict, ...list('failures', failures), ...list('kinks', kinks)].join('\n')
}

const reportMethods = {
  toString(this: GradReport) {
    return showReport(this)
  },
  [Symbol.for('nodejs.util.inspect.custom')](this: GradReport) {
    return showReport(this)
  },
}

/** A report that prints itself. */
export const withText = (report: GradReport): GradReport => Object.assign(Object.create(reportMethods), report)
