/**
 * The check command: which subjects, on which backends, and how the outcome is printed.
 *
 * Layer: cli. fast-check is loaded only here, so that a missing one is said in words.
 */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend } from '../backend/backend.ts'
import { messageOf } from '../core/errors.ts'
import type { Subject } from '../ops/define.ts'
import type { Row } from '../testing/check.ts'
import type { Checkable, Sampler } from '../testing/subjects.ts'
import { registry } from '../transform/registry.ts'

/** A parsed command line. */
export type CheckRequest = {
  readonly file: string | null
  readonly ops: readonly string[]
  readonly backends: readonly string[]
  readonly runs: number
  readonly seed: number
}

type Tools = typeof import('../testing/check.ts') & typeof import('../testing/subjects.ts')

const loadTools: TE.TaskEither<string, Tools> = TE.tryCatch(
  async () => ({ ...(await import('../testing/check.ts')), ...(await import('../testing/subjects.ts')) }),
  error =>
    messageOf(error).includes('fast-check')
      ? 'the checks need fast-check: npm install --save-dev fast-check'
      : messageOf(error),
)

const needsTranspiler = (file: string): boolean =>
  /\.[cm]?tsx?$/.test(file) && !('typescript' in process.features && process.features.typescript)

/** Loads a module; TypeScript by Node itself where it can, else through tsx. */
const loadModule = (file: string): TE.TaskEither<string, Readonly<Record<string, unknown>>> => {
  const path = resolve(file)
  const url = pathToFileURL(path).href
  return pipe(
    TE.tryCatch(
      () => access(path),
      () => `cannot read ${path}: no such file`,
    ),
    TE.chain(() =>
      TE.tryCatch(
        async () => {
          if (!needsTranspiler(file)) return import(url)
          // Registered for the process, not as a namespace of its own, so that the file and this command share one cotangent.
          const { register } = await import('tsx/esm/api')
          register()
          return import(url)
        },
        error =>
          messageOf(error).includes("'tsx'")
            ? `Node ${process.versions.node} does not read TypeScript by itself: npm install --save-dev tsx, or give a JavaScript file`
            : `${file} could not be loaded: ${messageOf(error)}`,
      ),
    ),
  )
}

const samplersOf = (module: Readonly<Record<string, unknown>>): Readonly<Record<string, Sampler>> => {
  const { samples } = module
  return typeof samples === 'object' && samples !== null ? (samples as Readonly<Record<string, Sampler>>) : {}
}

const subjectsOf =
  (file: string, { subjectOf }: Tools) =>
  (module: Readonly<Record<string, unknown>>): E.Either<string, readonly Subject[]> => {
    const samplers = samplersOf(module)
    const subjects = Object.entries(module).flatMap(([name, f]) =>
      typeof f === 'function' ? [subjectOf(name, f as Checkable, samplers[name])] : [],
    )
    return subjects.length > 0 ? E.right(subjects) : E.left(`${file} exports no function`)
  }

/** Those named, or all of them; a `Left` for a name there is not. */
const select = <A extends { readonly name: string }>(
  what: string,
  all: readonly A[],
  names: readonly string[],
): E.Either<string, readonly A[]> => {
  const unknown = names.find(name => !all.some(a => a.name === name))
  if (unknown !== undefined) return E.left(`there is no ${what} '${unknown}'`)
  return E.right(names.length === 0 ? all : all.filter(a => names.includes(a.name)))
}

const report = (
  tools: Tools,
  subjects: readonly Subject[],
  backends: readonly Backend[],
  { runs, seed }: CheckRequest,
  print: (text: string) => void,
): boolean => {
  const { head, line, cellsOf, checkSubject, showFailures } = tools
  const widths = [
    Math.max(...subjects.map(s => s.name.length), 2),
    Math.max(...backends.map(b => b.name.length), 7),
    5,
    11,
    7,
  ]
  print(line(head, widths))
  const rows: Row[] = []
  for (const subject of subjects)
    for (const backend of backends) {
      const row = checkSubject(subject, backend, { runs, seed })
      rows.push(row)
      print(line(cellsOf(row), widths))
    }
  const failed = rows.filter(row => row.failures.length > 0)
  for (const row of failed) print(`\n${showFailures(row)}`)
  const cases = rows.reduce((n, row) => n + row.cases, 0)
  print(
    `\n${subjects.length} functions, ${cases} cases, seed ${seed}: ${failed.length === 0 ? 'all laws held' : `${failed.length} of ${rows.length} rows FAILED`}`,
  )
  return failed.length === 0
}

/** Runs the checks; a `Left` says why they could not be run, a `Right` whether all laws held. */
export const runCheck = (request: CheckRequest, print: (text: string) => void): Promise<E.Either<string, boolean>> =>
  pipe(
    loadTools,
    TE.bindTo('tools'),
    TE.bind('all', ({ tools }) =>
      request.file === null
        ? TE.right<string, readonly Subject[]>(registry)
        : pipe(loadModule(request.file), TE.chainEitherK(subjectsOf(request.file, tools))),
    ),
    TE.bind('subjects', ({ all }) => TE.fromEither(select('function', all, request.ops))),
    TE.bind('backends', ({ tools }) => TE.fromEither(select('backend', tools.backends, request.backends))),
    TE.map(({ tools, subjects, backends }) => report(tools, subjects, backends, request, print)),
  )()
