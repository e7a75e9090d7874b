/**
 * Options: records of names that a function knows.
 *
 * Layer: core. What is misspelt is an error instead of nothing, also in JavaScript and where a type checker lets it through.
 */
import { describe, fail, valueError } from './errors.ts'
import { isTensor } from './tensor.ts'

/**
 * The value of an option that is one of some words.
 * @throws ValueError for any other value
 */
export const requireChoice = <Choice extends string>(
  op: string,
  name: string,
  value: Choice,
  choices: readonly Choice[],
): Choice =>
  choices.includes(value)
    ? value
    : fail(
        valueError(op, `${name} must be ${choices.map(choice => `'${choice}'`).join(' or ')}, got ${describe(value)}`),
      )

/** Whether a value is a record of options: a plain object that is no tensor. */
export const isOptions = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && !Array.isArray(x) && !isTensor(x)

/** The names of options that have no default. */
type Needed<Options> = { [K in keyof Options]-?: object extends Pick<Options, K> ? never : K }[keyof Options] & string

/** The names of options that must be there, last of the arguments; none where all have defaults. */
export type Needs<Options> = [Needed<Options>] extends [never] ? [] : [needed: readonly Needed<Options>[]]

/**
 * Options of a function, all of whose names are given; which of them are needed is for the function to say. `inside` names the option
 * that they are the value of.
 * @throws ValueError for what is no record, or has another name in it
 */
export const knownOptions = <Options>(
  op: string,
  options: Options,
  names: readonly (keyof Options & string)[],
  inside?: string,
): Options & object => {
  const place = inside === undefined ? '' : `${inside}.`
  if (!isOptions(options))
    return fail(valueError(op, `takes options${inside === undefined ? '' : ` in ${inside}`}, got ${describe(options)}`))
  const odd = Object.keys(options as object).find(name => !(names as readonly string[]).includes(name))
  if (odd === undefined) return options as Options & object
  const listed = names.map(name => place + name).join(', ')
  return fail(valueError(op, `has no option ${place}${odd}; there ${names.length === 1 ? 'is' : 'are'} ${listed}`))
}

/**
 * Options of a function, all of whose names are given, and then those without a default.
 * @throws ValueError for what is no record, has another name in it, or lacks one that is needed
 */
export const requireOptions = <Options>(
  op: string,
  options: Options,
  names: readonly (keyof Options & string)[],
  ...[needed = []]: Needs<Options>
): Options & object => {
  const known = knownOptions(op, options, names)
  const lacking = needed.find(name => known[name] === undefined)
  return lacking === undefined ? known : fail(valueError(op, `needs the option ${lacking}`))
}

/**
 * A value that is what a function takes, which `takes` says in words.
 * @throws ValueError unless `holds`
 */
export const requireThat = <A>(op: string, takes: string, value: A, holds: boolean): A =>
  holds ? value : fail(valueError(op, `takes ${takes}, got ${describe(value)}`))

/**
 * A function, which is called `name` where it is given.
 * @throws ValueError for anything else
 */
export const requireFunction = <F>(op: string, name: string, f: F): F =>
  typeof f === 'function' ? f : fail(valueError(op, `${name} must be a function, got ${describe(f)}`))

/**
 * A list, which is called `name` where it is given.
 * @throws ValueError for anything else
 */
export const requireList = <A>(op: string, name: string, list: A): A =>
  Array.isArray(list) ? list : fail(valueError(op, `${name} must be a list, got ${describe(list)}`))

/**
 * Something to walk with for … of or for await … of, which is called `name` where it is given.
 * @throws ValueError for anything else, a text among it
 */
export const requireIterable = <A>(op: string, name: string, items: A): A => {
  const holds =
    typeof items === 'object' && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items)
  return holds
    ? items
    : fail(valueError(op, `${name} must be a list or something else to iterate, got ${describe(items)}`))
}

/**
 * A record with fields of these names, which `takes` says in words: what another function has made.
 * @throws ValueError for what is no record, or lacks one of them
 */
export const requireRecord = <R>(
  op: string,
  takes: string,
  record: R,
  names: readonly (R extends unknown ? keyof R & string : never)[],
): R => {
  requireThat(op, takes, record, isOptions(record))
  const lacking = names.find(name => (record as Readonly<Record<string, unknown>>)[name] === undefined)
  return lacking === undefined ? record : fail(valueError(op, `takes ${takes}, got an object without ${lacking}`))
}
