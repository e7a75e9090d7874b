/**
 * Command lines of the examples: a table of flags, read with Node's own parser. Not part of the library.
 *
 * Every mistake is a Left in words: an unknown flag with the one that was probably meant, a value out of its range.
 */
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'

/** How a flag is written, what it is for, and what its text means; a Left says what it should be. */
export type Flag<A> = {
  readonly value: string | null
  readonly doc: string
  readonly otherwise: A
  readonly read: (text: string) => E.Either<string, A>
}

/** Flags by name. */
export type Flags = { readonly [name: string]: Flag<unknown> }
/** What the flags were set to. */
export type Values<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer A> ? A : never }

/** A whole number of at least `min`. */
export const whole = <const D extends number | null>(doc: string, min: number, otherwise: D): Flag<number | D> => ({
  value: 'N',
  doc,
  otherwise,
  read: text =>
    /^\d+$/.test(text) && Number(text) >= min && Number.isSafeInteger(Number(text))
      ? E.right(Number(text))
      : E.left(`a whole number of at least ${min}`),
})

/** A number from `min`, up to but not including `below`. */
export const decimal = <const D extends number | null>(
  doc: string,
  { min, below = Infinity }: { readonly min: number; readonly below?: number },
  otherwise: D,
): Flag<number | D> => ({
  value: 'X',
  doc,
  otherwise,
  read: text =>
    text.trim() !== '' && Number(text) >= min && Number(text) < below
      ? E.right(Number(text))
      : E.left(below === Infinity ? `a number of at least ${min}` : `a number of at least ${min} and below ${below}`),
})

/** One of the names of a table. */
export const choice = <A extends string>(
  doc: string,
  table: Readonly<Record<A, unknown>>,
  otherwise: NoInfer<A>,
): Flag<A> => {
  const names = Object.keys(table) as A[]
  return {
    value: names.join('|'),
    doc,
    otherwise,
    read: text =>
      pipe(
        names.find(name => name === text),
        E.fromNullable(`one of ${names.join(', ')}`),
      ),
  }
}

/** Any text but none at all. */
export const text = (doc: string, value: string): Flag<string | null> => ({
  value,
  doc,
  otherwise: null,
  read: given => (given === '' ? E.left('some text') : E.right(given)),
})

/** There or not. */
export const toggle = (doc: string): Flag<boolean> => ({
  value: null,
  doc,
  otherwise: false,
  read: () => E.right(true),
})

/** How many letters must be changed, added or left out to make one word of the other. Levenshtein (1966). */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, y] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}

const nearest = (name: string, names: readonly string[]): string | undefined =>
  [...names].sort((a, b) => editDistance(name, a) - editDistance(name, b))[0]

/** All flags, one a line. */
export const usage = (command: string, flags: Flags): string => {
  const rows = Object.entries(flags).map(([name, { value, doc }]) => [
    `--${name}${value === null ? '' : ` ${value}`}`,
    doc,
  ])
  const width = Math.max(...rows.map(([flag = '']) => flag.length))
  return [`Usage: ${command} [flags]`, '', ...rows.map(([flag = '', doc]) => `  ${flag.padEnd(width)}  ${doc}`)].join(
    '\n',
  )
}

/** What Node's parser has to say, with the nearest flag for an unknown one. */
const explain = (flags: Flags, cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1]
  if (unknown === undefined) return message
  return `unknown flag ${unknown}; did you mean --${nearest(unknown.replace(/^-+/, ''), Object.keys(flags))}?`
}

const readAll = <F extends Flags>(flags: F, given: Readonly<Record<string, unknown>>): E.Either<string, Values<F>> => {
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(flags)) {
    const raw = given[name]
    const result = raw === undefined ? E.right(flag.otherwise) : flag.read(String(raw))
    if (E.isLeft(result)) return E.left(`--${name} takes ${result.left}, got '${raw}'`)
    values[name] = result.right
  }
  return E.right(values as Values<F>)
}

/** The values of a table of flags on a command line; a Left says in a sentence what is wrong with it. */
export const parseFlags =
  <F extends Flags>(flags: F) =>
  (args: readonly string[]): E.Either<string, Values<F>> =>
    pipe(
      E.tryCatch(
        () => {
          const options = Object.fromEntries(
            Object.entries(flags).map(([name, { value }]) => [
              name,
              { type: value === null ? ('boolean' as const) : ('string' as const) },
            ]),
          )
          return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
        },
        cause => explain(flags, cause),
      ),
      E.chain(given => readAll(flags, given)),
    )
