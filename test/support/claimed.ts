/**
 * The examples of docstrings, while they run.
 */

import { type Shape, showShape } from '../../src/core/shape.ts'
import { isTensor, toArray } from '../../src/index.ts'

const failures = new Map<string, string>()

/** Runs an example and prints whether it threw, as a line of JSON. */
export const example = async (where: string, body: () => Promise<void>): Promise<void> => {
  let error: unknown = null
  const { log } = console
  console.log = () => undefined
  try {
    await body()
  } catch (thrown) {
    error = thrown
  }
  console.log = log
  const why = failures.get(where) ?? (error === null ? null : String(error))
  console.log(JSON.stringify({ where, why }))
}

const show = (shape: Shape, dtype: string | undefined): string => `${dtype ?? ''}${showShape(shape)}`

/** A tree with the shape of every tensor, or, with dtypes, its type. */
const shapes = (value: unknown, dtypes: boolean): string => {
  if (isTensor(value)) return show(value.shape, dtypes ? value.dtype : undefined)
  if (Array.isArray(value)) return `[${value.map(v => shapes(v, dtypes)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).map(([name, v]) => `${name}: ${shapes(v, dtypes)}`)
  return `{ ${fields.join(', ')} }`
}

const values = (value: unknown): string => {
  if (isTensor(value)) return values(toArray(value))
  return Array.isArray(value) ? `[${value.map(values).join(', ')}]` : String(value)
}

const isRight = (x: unknown): x is { readonly right: unknown } =>
  typeof x === 'object' && x !== null && '_tag' in x && x._tag === 'Right'

/** Notes where a value (the one in it, if it is a Right) is not what the comment beside it says. */
export const claimed = (where: string, claim: string, result: unknown): void => {
  const value = isRight(result) ? result.right : result
  const dtypes = /(float32|float64|int32|bool)\[/.test(claim)
  const several = isTensor(value) ? [] : [shapes(value, dtypes).slice(1, -1)]
  const found = [shapes(value, dtypes), values(value), ...several]
  if (!found.includes(claim)) failures.set(where, `is said to be ${claim}, but is ${[...new Set(found)].join(' or ')}`)
}
