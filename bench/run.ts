/**
 * Cotangent against its peers, in one run: round robin over competitors, several rounds, medians.
 *
 *   npm run bench                                  # everything; writes bench/results/latest.json
 *   npm run bench -- --only mlp,matmul --rounds 5  # benchmarks whose title has one of these words; writes nothing
 *   npm run bench -- --quick                       # few and short rounds, to see that all runs; writes nothing
 *   npm run bench -- --peers torch,jax             # not all peers; writes nothing
 *
 * Run it on a machine that does nothing else, with Node 20 and two cores if it is to compare with the targets. Inputs are resident:
 * what copying them in takes is a row of its own.
 *
 * Read next: cases.ts (what and which targets), measure.ts (how), cotangent.ts and peers/ (who).
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cases, type Library, peers, titles } from './cases.ts'
import { type Effort, measure, type Result } from './measure.ts'
import { report, score, showTable } from './table.ts'
import { findLibraries, type Start, startWorker } from './workers.ts'

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), 'results')

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})

const words = (list: string | undefined): readonly string[] => list?.toLowerCase().split(',') ?? ['']
const chosen = cases.filter(({ title }) => words(values.only).some(word => title.toLowerCase().includes(word)))
const columns = peers.filter(peer => values.peers === undefined || words(values.peers).includes(peer))
const thorough: Effort = { rounds: 9, starts: 3, batch: 150, warm: 3000 }
const quick: Effort = { rounds: 3, starts: 1, batch: 50, warm: 500 }
const effort: Effort = values.quick ? quick : thorough
const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds)
/** Only a whole run may replace the figures that the documentation refers to. */
const whole = chosen.length === cases.length && columns.length === peers.length && !values.quick

/** The versions of all that start; a peer that does not is left out, loudly. */
const versionsOf = async (libraries: ReadonlyMap<Library, Start>): Promise<ReadonlyMap<Library, string>> => {
  const versions = new Map<Library, string>()
  for (const [library, start] of libraries)
    try {
      const worker = await startWorker(library, start, 1)
      versions.set(library, worker.version)
      await worker.close()
    } catch (error) {
      if (library === 'cotangent') throw error
      console.error(`LEFT OUT: ${error instanceof Error ? error.message : error}`)
    }
  return versions
}

const showAgreement = ({ rows, agreement }: Result): readonly string[] =>
  [...agreement].map(([library, { difference, agrees }]) => {
    const who = library === 'cotangent' ? 'cotangent with two threads' : titles[library]
    const found = `${rows[0]?.case.title}: ${who} differs by ${difference.toExponential(1)}`
    return agrees ? found : `${found}: IT DOES NOT COMPUTE THE SAME`
  })

/** Whether Cotangent ran, and everybody computed the same. */
const isSound = ({ rows, agreement }: Result): boolean =>
  rows.every(({ timings }) => !('missing' in (timings.get('cotangent') ?? { missing: '' }))) &&
  [...agreement.values()].every(({ agrees }) => agrees)

const warnOf = (): readonly string[] => [
  ...(availableParallelism() === 2 ? [] : [`targets are for two cores, here are ${availableParallelism()}`]),
  ...(process.version.startsWith('v20.') ? [] : [`targets are for Node 20, this is ${process.version}`]),
]

const main = async (): Promise<number> => {
  const found = findLibraries(columns)
  const versions = await versionsOf(found)
  const libraries = new Map([...found].filter(([library]) => versions.has(library)))
  console.log(`Node ${process.version}, ${availableParallelism()} cores; ${[...versions.values()].join(', ')}`)
  for (const warning of warnOf()) console.log(`NOTE: ${warning}`)
  const results: Result[] = []
  for (const of of chosen) {
    console.error(`[${results.length + 1}/${chosen.length}] ${of.title} …`)
    results.push(await measure(of, libraries, { ...effort, rounds }))
  }
  const rows = results.flatMap(result => result.rows)
  console.log(`\n${showTable(rows, columns)}\n`)
  for (const line of results.flatMap(showAgreement)) console.log(line)
  const [met, of] = score(rows)
  console.log(`\n${met} of ${of} targets met. Ratios are Cotangent's speed as a multiple of the peer's.`)
  if (whole) {
    mkdirSync(RESULTS, { recursive: true })
    writeFileSync(join(RESULTS, 'latest.json'), `${JSON.stringify(report(results, versions, rounds), null, 2)}\n`)
  }
  return results.every(isSound) ? 0 : 1
}

process.exitCode = await main()
