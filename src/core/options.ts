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

/**
 * Options of a function, all of whose names are given.
 * @throws ValueError for what is no record, or has another name in it
 */
export const requireOptions = <Options>(
  op: string,
  options: Options,
  names: readonly (keyof Options & string)[],
): Options & object => {
  if (!isOptions(options)) return fail(valueError(op, `takes options, got ${describe(options)}`))
  const odd = Object.keys(options as object).find(name => !(names as readonly string[]).includes(name))
  if (odd === undefined) return options as Options & object
  return fail(valueError(op, `has no option ${odd}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`))
}
