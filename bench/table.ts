/**
 * Results as a table to read and as an object to keep. The object names no machine beyond Node's version and the cores.
 */
import { availableParallelism } from 'node:os'
import { type Amount, type Library, type Peer, titles } from './cases.ts'
import type { Comparison, Result, Row, Timing } from './measure.ts'

/** Three significant digits. */
const digits = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(3))

/** A time of its natural size: `3.20 µs`, `12.6 ms`, `11.4 s`. */
export const showTime = (ms: number): string =>
  ms < 1 ? `${digits(1000 * ms)} µs` : ms < 10_000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`

const showRate = (ms: number, amount: Amount | undefined): string =>
  amount === undefined ? '' : `${digits((1000 * amount.count) / ms)} ${amount.unit}/s`

const mark = (met: boolean): string => (met ? '✓' : '✗')

const showComparison = ({ ratio, target, met }: Comparison): string =>
  `${digits(ratio)}×${target === undefined ? '' : ` ≥ ${target} ${mark(met === true)}`}`

const showTiming = (timing: Timing | undefined): string =>
  timing === undefined ? 'not installed' : 'missing' in timing ? timing.missing : showTime(timing.median)

/** Half the distance of the quartiles, as a share of the median. */
const showSpread = (timing: Timing | undefined): string => {
  if (timing === undefined || 'missing' in timing) return ''
  const [low, high] = timing.quartiles
  return `±${((50 * (high - low)) / timing.median).toFixed(0)} %`
}

/** Cells are cut to this many characters: reasons can be long. */
const WIDTH = 28

const peerCell = (row: Row, peer: Peer): string => {
  const comparison = row.comparisons.get(peer)
  const time = showTiming(row.timings.get(peer))
  return comparison === undefined ? time.slice(0, WIDTH) : `${time}  ${showComparison(comparison)}`
}

const limitCell = (row: Row): string => {
  const timing = row.timings.get('cotangent')
  const { limit } = row.case
  if (limit === undefined || timing === undefined || 'missing' in timing) return ''
  return ` < ${showTime(limit)} ${mark(timing.median < limit)}`
}

const cells = (row: Row, columns: readonly Peer[]): readonly string[] => {
  const own = row.timings.get('cotangent')
  const ms = own === undefined || 'missing' in own ? Number.NaN : own.median
  return [
    row.case.title,
    String(row.threads),
    `${showTiming(own).slice(0, WIDTH)}${limitCell(row)}`,
    showSpread(own),
    Number.isNaN(ms) ? '' : showRate(ms, row.case.amount),
    ...columns.map(peer => peerCell(row, peer)),
  ]
}

const align = (lines: readonly (readonly string[])[]): string => {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map(line => line[i]?.length ?? 0)))
  return lines
    .map(line =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * Rows by benchmark and number of threads. A peer's column has its time, then Cotangent's speed as a multiple of the peer's with
 * the target and whether it is met.
 */
export const showTable = (rows: readonly Row[], columns: readonly Peer[]): string =>
  align([
    ['', 'threads', 'cotangent', 'spread', 'rate', ...columns.map(peer => titles[peer])],
    ...rows.map(row => cells(row, columns)),
  ])

/** How many targets and limits are met, of how many. */
export const score = (rows: readonly Row[]): readonly [met: number, of: number] => {
  const all = rows.flatMap(row => {
    const own = row.timings.get('cotangent')
    const { limit } = row.case
    const within = limit === undefined || own === undefined || 'missing' in own ? [] : [own.median < limit]
    return [...within, ...[...row.comparisons.values()].flatMap(({ met }) => (met === undefined ? [] : [met]))]
  })
  return [all.filter(met => met).length, all.length]
}

const rounded = (x: number): number => Number(x.toPrecision(4))

const timingReport = (timing: Timing) =>
  'missing' in timing
    ? timing
    : { median: rounded(timing.median), quartiles: timing.quartiles.map(rounded), rounds: timing.rounds.length }

const rowReport = (row: Row) => {
  const { title, limit } = row.case
  const own = row.timings.get('cotangent') ?? { missing: 'not measured' }
  const within = limit === undefined || 'missing' in own ? {} : { limit, met: own.median < limit }
  const peers = [...row.timings].flatMap(([library, timing]) => {
    if (library === 'cotangent') return []
    const comparison = row.comparisons.get(library)
    const found = comparison === undefined ? {} : { ...comparison, ratio: rounded(comparison.ratio) }
    return [[library, { ...timingReport(timing), ...found }] as const]
  })
  return { title, threads: row.threads, ...within, cotangent: timingReport(own), peers: Object.fromEntries(peers) }
}

/** What bench/results/latest.json holds; times in milliseconds. */
export const report = (results: readonly Result[], versions: ReadonlyMap<Library, string>, rounds: number) => ({
  node: process.version,
  cores: availableParallelism(),
  rounds,
  unit: 'ms',
  versions: Object.fromEntries(versions),
  agreement: Object.fromEntries(
    results.flatMap(({ rows, agreement }) =>
      agreement.size === 0 ? [] : [[rows[0]?.case.title, Object.fromEntries(agreement)] as const],
    ),
  ),
  benchmarks: results.flatMap(({ rows }) => rows.map(rowReport)),
})
