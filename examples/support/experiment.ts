/**
 * What all experiments have in common: their flags, Ctrl-C, the table at the end, --json, and exit codes. Not part of the library.
 *
 * An experiment is a function from what the command line says to its results. Read next: results.ts.
 */
import { basename } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ctrlC } from '../../src/train/index.ts'
import { type Flag, type Flags, parseFlags, text, toggle, usage, type Values, whole } from './flags.ts'
import { machine, type Results, showResults, writeResults } from './results.ts'

const common = {
  quick: toggle('a short form that takes less than a minute'),
  seed: whole('of weights, dropout and the order of examples; with --seeds, the first of them (0)', 0, 0),
  json: text('write every published figure and what was obtained', 'FILE'),
  pictures: text('write curves and other pictures there', 'DIR'),
  help: toggle('show this'),
}

/** What every experiment can be told. */
export type Common = Values<typeof common>

/** What is left for the frame to say of a run. */
export type Outcome = Pick<Results, 'data' | 'seeds' | 'secondsPerEpoch' | 'figures'>

/** An experiment: its file, a title, flags of its own, and the run; a Left says why there are no results. */
export type Experiment<F extends Flags> = {
  readonly file: string
  readonly title: string
  readonly flags: F
  /** A mistake in how flags go together. */
  readonly check?: (options: Common & Values<F>) => string | null
  readonly run: (options: Common & Values<F>, signal: AbortSignal) => TE.TaskEither<string, Outcome>
}

/** Flags that change nothing in what comes out. */
const ELSEWHERE = ['--json', '--pictures']

const seconds = (since: number): number => (performance.now() - since) / 1000

/** Runs, shows the table, and writes it if told to: after Ctrl-C what was complete by then. Gives the exit code. */
const perform =
  <F extends Flags>({ file, title, run }: Experiment<F>, args: readonly string[]) =>
  (options: Common & Values<F>): TE.TaskEither<string, number> => {
    const start = performance.now()
    const signal = ctrlC()
    return pipe(
      TE.fromIO<void, string>(() => console.log(`${title}\n`)),
      TE.chain(() => run(options, signal)),
      TE.map(outcome => {
        const kept = args.filter((arg, i) => !ELSEWHERE.includes(arg) && !ELSEWHERE.includes(args[i - 1] ?? ''))
        const results: Results = {
          experiment: title,
          command: ['npx tsx', `examples/${file}`, ...kept].join(' '),
          ...outcome,
          seconds: seconds(start),
          machine: machine(),
        }
        console.log(`\n${showResults(results)}`)
        if (options.json !== null) writeResults(options.json)(results)
        return signal.aborted ? 130 : 0
      }),
    )
  }

const complain = (name: string, code: number, what: string) => (): number => {
  console.error(`${name}: ${what}`)
  return code
}

/** The experiment on a command line: a task of its exit code, 2 for a mistake on the command line, 1 where a run fails. */
export const onCommandLine =
  <F extends Flags>(experiment: Experiment<F>) =>
  (args: readonly string[]): T.Task<number> => {
    const flags = { ...experiment.flags, ...common } as F & typeof common
    const help = usage(`npx tsx examples/${experiment.file}`, flags as Readonly<Record<string, Flag<unknown>>>)
    const name = basename(experiment.file, '.ts')
    return pipe(
      parseFlags(flags)(args) as E.Either<string, Common & Values<F>>,
      E.filterOrElse(
        options => options.help || (experiment.check?.(options) ?? null) === null,
        options => experiment.check?.(options) ?? '',
      ),
      E.match(
        mistake => T.fromIO(complain(name, 2, `${mistake}\n\n${help}`)),
        options =>
          options.help
            ? T.fromIO(() => {
                console.log(help)
                return 0
              })
            : pipe(
                perform(experiment, args)(options),
                TE.getOrElse(why => T.fromIO(complain(name, 1, why))),
              ),
      ),
    )
  }
