/**
 * Rows of tables in the docs, while they run: prints the value of an expression, or the tag of the error it throws.
 */
import { CotangentError, type Dtype, isTensor, type NestedArray, show, tensor, toArray } from '../../src/index.ts'
import { MARK } from './pages.ts'

const number = (value: number | boolean, dtype: Dtype): string => show(tensor(value, { dtype }))

const nested = (value: NestedArray, dtype: Dtype): string =>
  Array.isArray(value) ? `[${value.map(v => nested(v, dtype)).join(', ')}]` : number(value, dtype)

/** A value on one line: tensors as arrays, with their dtype if it is one that numbers do not show. */
const inline = (value: unknown): string => {
  if (!isTensor(value)) return Array.isArray(value) ? `[${value.map(inline).join(', ')}]` : String(value)
  const suffix = value.dtype === 'float64' || value.dtype === 'int32' ? ` ${value.dtype}` : ''
  return `${nested(toArray(value), value.dtype)}${suffix}`
}

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
