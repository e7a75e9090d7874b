/**
 * The tables of examples/results/*.json in the pages that show them. `npm run docs` writes them.
 *
 * A page has `<!-- results: name -->`, the table, and `<!-- end -->`; what stands between is replaced. `<!-- index -->` is the table of
 * all experiments.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cellsOf, type Results, showObtained } from '../examples/support/results.ts'

const FOLDER = join(import.meta.dirname, '../examples/results')

/** The results of an experiment. Throws where there are none. */
export const resultsOf = (name: string): Results => {
  const path = join(FOLDER, `${name}.json`)
  if (!existsSync(path)) throw new Error(`${path}: no such results; run the experiment with --json ${path}`)
  return JSON.parse(readFileSync(path, 'utf8')) as Results
}

const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const [head = [], ...body] = rows.map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)]
}

const minutes = (seconds: number): string =>
  seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`

const threadsOf = ({ cores, threads }: Results['machine']): string =>
  threads === cores ? `${cores} cores` : `${threads === 1 ? 'one' : threads} of ${cores} cores`

const facts = ({ command, data, seconds, secondsPerEpoch, machine, seeds }: Results): string =>
  [
    `\`${command}\``,
    data,
    `seeds ${seeds.join(', ')}`,
    `${minutes(seconds)} on ${threadsOf(machine)}, Node ${machine.node}`,
    ...(secondsPerEpoch === null ? [] : [`${secondsPerEpoch.toFixed(1)} s per epoch`]),
  ].join('; ')

/** The table of an experiment, and how it was made. */
const ofExperiment = (name: string): readonly string[] => {
  const results = resultsOf(name)
  return [...table(cellsOf(results)), '', `Made by ${facts(results)}.`]
}

const timeOf = ({ seconds, machine }: Results): string => `${minutes(seconds)}, ${threadsOf(machine)}`

/** All experiments, a line each: the first of its figures stands for it. */
const index = (): readonly string[] => {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).sort() : []
  const rows = names.map(file => {
    const results = resultsOf(file.replace(/\.json$/, ''))
    const [first] = results.figures
    const shown =
      first === undefined
        ? ['', '']
        : [
            first.published === null ? '–' : `${first.name}: ${first.published} ${first.unit}`.trim(),
            showObtained(first),
          ]
    return [results.experiment, `\`${results.command}\``, results.data, timeOf(results), ...shown]
  })
  return table([['experiment', 'command', 'data', 'time', 'published', 'obtained'], ...rows])
}

/** A page with its tables of results as they are in examples/results. */
export const withResults = (page: string): string =>
  page.replace(
    /<!-- (results: ([\w-]+)|index) -->\n[\s\S]*?<!-- end -->/g,
    (_all, marker: string, name: string | undefined) =>
      [`<!-- ${marker} -->`, '', ...(name === undefined ? index() : ofExperiment(name)), '', '<!-- end -->'].join('\n'),
  )
