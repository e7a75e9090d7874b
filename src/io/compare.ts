/**
 * How a tree differs from the one that was expected: structure, shapes, dtypes, kinds of leaves; not values.
 *
 * Layer: io.
 */
import { describe } from '../core/errors.ts'
import { isTensor, showType } from '../core/tensor.ts'
import { isNode, pathStep } from '../core/tree.ts'

/** Stands for a tree of which nothing is known. */
const wildcard = Symbol('anything')

/**
 * In the expected tree of `loadTree`: here may be anything, such as a history of any length. To the compiler it is an A.
 * @example
 * const like = { state: { w: zeros([3]) }, history: anything<History>() }
 */
export const anything = <A>(): A => wildcard as unknown as A

const kindOf = (x: unknown): string => {
  if (isTensor(x)) return showType(x)
  if (Array.isArray(x)) return `an array of ${x.length}`
  if (typeof x === 'object' && x !== null) return `a record { ${Object.keys(x).sort().join(', ')} }`
  return x === null
    ? 'null'
    : typeof x === 'number' || typeof x === 'string' || typeof x === 'boolean'
      ? `a ${typeof x}`
      : describe(x)
}

/** Where a tree first differs from what was expected, in words; `undefined` when it does not. */
export const difference = (found: unknown, expected: unknown, path = ''): string | undefined => {
  if (expected === wildcard) return undefined
  const [a, b] = [kindOf(found), kindOf(expected)]
  if (a !== b) return `${path === '' ? 'the tree' : path.replace(/^\./, '')} is ${a}, where ${b} was expected`
  if (!isNode(expected)) return undefined
  const [own, other] = [found, expected] as unknown as readonly Readonly<Record<string, unknown>>[]
  for (const key of Object.keys(expected).sort()) {
    const why = difference(own?.[key], other?.[key], path + (Array.isArray(expected) ? `[${key}]` : pathStep(key)))
    if (why !== undefined) return why
  }
  return undefined
}
