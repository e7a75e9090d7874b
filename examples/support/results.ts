/**
 * What an experiment was to reach and what it reached: shown at the end of a run, written with --json, and kept in
 * examples/results, from which the tables of the documentation are made. Not part of the library.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'

/** One published figure; `obtained` has a number for each seed. Null where nothing was published, or nothing obtained. */
export type Figure = {
  readonly name: string
  readonly unit: '%' | ''
  readonly published: number | null
  readonly obtained: readonly (number | null)[]
  /** How many digits are shown after the point; those of accuracies by default. */
  readonly digits?: number
  /** What a reader must know to compare the two. */
  readonly note?: string
}

/** A whole run. */
export type Results = {
  readonly experiment: string
  readonly command: string
  /** What data it was on. */
  readonly data: string
  readonly seeds: readonly number[]
  /** Of the whole run, and of one epoch where there are epochs. */
  readonly seconds: number
  readonly secondsPerEpoch: number | null
  readonly machine: { readonly node: string; readonly cores: number; readonly threads: number }
  readonly figures: readonly Figure[]
}

/** This machine, as results name it. */
export const machine = (): Results['machine'] => {
  const cores = availableParallelism()
  return { node: process.version, cores, threads: Number(process.env.COTANGENT_THREADS ?? cores) }
}

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
/** The sample standard deviation, 0 of one number. */
const deviation = (xs: readonly number[]): number =>
  xs.length < 2 ? 0 : Math.sqrt(xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1))

const shown = (x: number, { unit, digits = 2 }: Figure): string => {
  const text = x !== 0 && Math.abs(x) < 10 ** -digits ? x.toExponential(1) : x.toFixed(digits)
  return unit === '' ? text : `${text} ${unit}`
}

/** A number, the mean ± standard deviation of several, or a dash. */
export const showObtained = (figure: Figure): string => {
  const numbers = figure.obtained.filter(x => x !== null)
  if (numbers.length === 0) return '–'
  const spread = numbers.length > 1 ? ` ± ${deviation(numbers).toFixed(figure.digits ?? 2)}` : ''
  return numbers.length > 1
    ? `${shown(mean(numbers), { ...figure, unit: '' })}${spread}${figure.unit === '' ? '' : ` ${figure.unit}`}`
    : shown(mean(numbers), figure)
}

const showPublished = (figure: Figure): string => (figure.published === null ? '–' : shown(figure.published, figure))

/** The cells of the table of published and obtained figures, heads first. */
export const cellsOf = ({ figures }: Results): readonly (readonly string[])[] => [
  ['', 'published', 'obtained', 'note'],
  ...figures.map(figure => [figure.name, showPublished(figure), showObtained(figure), figure.note ?? '']),
]

/** The table of a run, for a terminal. */
export const showResults = (results: Results): string => {
  const rows = cellsOf(results)
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(([name = '', published = '', obtained = '', note = '']) =>
      [name.padEnd(widths[0] ?? 0), published.padStart(widths[1] ?? 0), obtained.padStart(widths[2] ?? 0), note]
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Writes results as JSON, making the folder if need be. */
export const writeResults =
  (path: string) =>
  (results: Results): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`)
  }
