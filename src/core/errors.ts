/**
 * The one error a programmer's mistake throws, and the Left that shape and dtype rules return.
 *
 * Layer: core. Every message says the op, what is wrong, the actual shapes or dtypes, and what to do.
 */
import * as E from 'fp-ts/lib/Either.js'

/** What kind of mistake was made; match on it with `error._tag`. */
export type ErrorTag =
  | 'ShapeError'
  | 'DtypeError'
  | 'AxisError'
  | 'IndexError'
  | 'ValueError'
  | 'TraceError'
  | 'TreeError'
  | 'RuleError'
  | 'EngineError'

/** A mistake in how an op or a transformation was used: `_tag` names the kind, `op` the function that was called. */
export class CotangentError extends Error {
  readonly _tag: ErrorTag
  readonly op: string
  /** The message without the op. */
  readonly what: string
  constructor(tag: ErrorTag, op: string, what: string) {
    super(`${op}: ${what}`)
    this.name = tag
    this._tag = tag
    this.op = op
    this.what = what
  }
}

const tagged = (tag: ErrorTag) => (op: string, what: string) => new CotangentError(tag, op, what)

/** Shapes that do not fit together or do not fit the op. */
export const shapeError = tagged('ShapeError')
/** A dtype the op does not take, or two that were mixed. */
export const dtypeError = tagged('DtypeError')
/** An axis out of range, or named twice. */
export const axisError = tagged('AxisError')
/** An index outside the tensor. */
export const indexError = tagged('IndexError')
/** An option or a number the op cannot use. */
export const valueError = tagged('ValueError')
/** A traced value used where only a known value will do, or after its transformation ended. */
export const traceError = tagged('TraceError')
/** Pytrees whose structures differ, or that hold something which is no tensor. */
export const treeError = tagged('TreeError')
/** An op that lacks the rule a transformation needs. */
export const ruleError = tagged('RuleError')
/** The engine that runs kernels could not: out of memory, a worker that died, a donated tensor that was read. */
export const engineError = tagged('EngineError')

/** The value of a `Right`; throws the error of a `Left`. Where a rule's `Either` meets the call that made the mistake. */
export const orThrow = <A>(result: E.Either<CotangentError, A>): A => {
  if (E.isLeft(result)) throw result.left
  return result.right
}

/** Throws `error`; an expression, so that it can stand where a value is missing. */
export const fail = (error: CotangentError): never => {
  throw error
}

/** What an error says; what was thrown instead of one, as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The first line of what an error says: drivers and loaders go on for many. */
export const firstLineOf = (error: unknown): string => messageOf(error).split('\n')[0] ?? ''

const withArticle = (noun: string): string => `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`

/** What a value is, for messages: its type, its constructor when it has one of its own, or the value itself when short. */
export const describe = (value: unknown): string => {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return withArticle(typeof value)
  if ('shape' in value && 'dtype' in value) return 'a tensor'
  const name = value.constructor?.name
  return name === undefined || name === 'Object' ? 'an object' : withArticle(name)
}
