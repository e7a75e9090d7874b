/**
 * Rows of tables in the docs, while they run: prints the value of an expression, or the tag of the error it throws.
 */
import { CotangentError, isTensor, show, toArray } from '../../src/index.ts'
import { MARK } from './pages.ts'

/** A value on one line: tensors as arrays with their dtype unless it is float32. */
export const inline = (value: unknown): string => {
  if (isTensor(value)) {
    const text = value.shape.length === 0 ? show(value) : showNested(toArray(value))
    return value.dtype === 'float32' || value.dtype === 'bool' ? text : `${text} ${value.dtype}`
  }
  return Array.isArray(value) ? `[${value.map(inline).join(', ')}]` : String(value)
}

const showNested = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(showNested).join(', ')}]`
    : String(value).replace('NaN', 'nan').replace('Infinity', 'inf')

/** Prints the value of an expression. */
export const evaluated = (expression: () => unknown): void => {
  const attempt = (): string => {
    try {
      return inline(expression())
    } catch (error) {
      if (error instanceof CotangentError) return error._tag
      throw error
    }
  }
  console.log(`${attempt()}\n${MARK}`)
}
