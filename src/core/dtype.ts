/**
 * Element types and the typed arrays that hold them.
 *
 * Layer: core. float32 is the default; bool is stored as bytes 0 and 1.
 */
import { describe, dtypeError, fail, valueError } from './errors.ts'

/** The element type of a tensor. */
export type Dtype = 'float32' | 'float64' | 'int32' | 'bool'
/** The dtypes that have tangents. */
export type FloatDtype = 'float32' | 'float64'
/** The storage of a tensor on the host. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

/** All dtypes, in the order in which the docs list them. */
export const dtypes: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']

/** Whether a dtype is a floating-point one; only these have tangents. */
export const isFloat = (dtype: Dtype): dtype is FloatDtype => dtype === 'float32' || dtype === 'float64'

/** The bytes of one element, in typed arrays and in every backend's memory. */
export const bytesOf = (dtype: Dtype): number => (dtype === 'float64' ? 8 : dtype === 'bool' ? 1 : 4)

/** A new zero-filled array of `length` elements for a dtype; a DtypeError for a name that is none. */
export const allocate = (dtype: Dtype, length: number): TypedArray => {
  try {
    return arrayOf(dtype, length)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return fail(valueError('tensor', `no memory for ${length} elements of ${dtype}`))
  }
}

const arrayOf = (dtype: Dtype, length: number): TypedArray => {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length)
    case 'float64':
      return new Float64Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'bool':
      return new Uint8Array(length)
    default:
      return fail(dtypeError('tensor', `${describe(dtype satisfies never)} is no dtype; use ${dtypes.join(', ')}`))
  }
}

/** The dtype that a typed array stores without conversion, or `undefined` for the array kinds that no dtype uses. */
export const dtypeOfArray = (data: ArrayBufferView): Dtype | undefined => {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Int32Array) return 'int32'
  return undefined
}

const INT32_MAX = 2147483647
const INT32_MIN = -2147483648

/**
 * Converts a number as `cast` does: to bool, whether it is non-zero (NaN is true); to int32, truncated toward zero and
 * saturated at the ends of the range (NaN becomes 0); to a float, rounded on store.
 */
export const castNumber = (value: number, to: Dtype): number => {
  if (to === 'bool') return value === 0 ? 0 : 1
  if (to !== 'int32') return to === 'float32' ? Math.fround(value) : value
  if (Number.isNaN(value)) return 0
  return Math.trunc(Math.min(INT32_MAX, Math.max(INT32_MIN, value))) | 0
}
