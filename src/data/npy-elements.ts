/**
 * The element types that npy files have and tensors can take, and how values become those of a dtype.
 *
 * Layer: data. Read next: npy.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { allocate, type Dtype, type TypedArray } from '../core/dtype.ts'
import { type DataError, formatError } from './errors.ts'

/** The arrays of NumPy's element types. */
export type NpyArray = TypedArray | Int8Array | Int16Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array

/** An element type: bytes of one, the dtype that suits it, and its array over a buffer. */
export type NpyType = {
  readonly width: number
  readonly dtype: Dtype
  readonly of: (buffer: ArrayBuffer) => NpyArray
}

/** Elements as a file has them. */
export type Elements = { readonly type: NpyType; readonly values: NpyArray }

const type = (width: number, dtype: Dtype, of: NpyType['of']): NpyType => ({ width, dtype, of })

/** By the letters of NumPy's type strings, without their byte order. */
export const elementTypes: ReadonlyMap<string, NpyType> = new Map([
  ['b1', type(1, 'bool', b => new Uint8Array(b))],
  ['i1', type(1, 'int32', b => new Int8Array(b))],
  ['u1', type(1, 'int32', b => new Uint8Array(b))],
  ['i2', type(2, 'int32', b => new Int16Array(b))],
  ['u2', type(2, 'int32', b => new Uint16Array(b))],
  ['i4', type(4, 'int32', b => new Int32Array(b))],
  ['u4', type(4, 'int32', b => new Uint32Array(b))],
  ['i8', type(8, 'int32', b => new BigInt64Array(b))],
  ['u8', type(8, 'int32', b => new BigUint64Array(b))],
  ['f4', type(4, 'float32', b => new Float32Array(b))],
  ['f8', type(8, 'float64', b => new Float64Array(b))],
])

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Elements of `width` bytes in the order of this machine, from one order or to it: turned around in place if need be. */
export const hostOrder = (bytes: Uint8Array<ArrayBuffer>, width: number, little: boolean): Uint8Array<ArrayBuffer> => {
  if (little !== LITTLE && width > 1)
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
  return bytes
}

const INT32 = 2 ** 31

/** Whether a dtype holds a number: exactly, but for float32, which rounds what is no integer. */
const holds = (dtype: Dtype, x: number): boolean => {
  switch (dtype) {
    case 'float64':
      return true
    case 'float32':
      return !Number.isInteger(x) || Math.abs(x) > Number.MAX_SAFE_INTEGER || Math.fround(x) === x
    case 'int32':
      return Number.isInteger(x) && x >= -INT32 && x < INT32
    case 'bool':
      return x === 0 || x === 1
  }
}

const hint = (dtype: Dtype): string => (dtype === 'int32' ? "; read it with { dtype: 'float64' }" : '')

/** The values as those of a dtype; a FormatError that names the first that it cannot hold. */
export const toDtype = (source: string, dtype: Dtype, values: NpyArray): E.Either<DataError, TypedArray> => {
  const host = allocate(dtype, values.length)
  if (values.constructor === host.constructor && dtype !== 'bool') return E.right(values as TypedArray)
  for (let i = 0; i < values.length; i++) {
    const found = values[i] ?? 0
    const x = Number(found)
    if ((typeof found === 'bigint' && BigInt(x) !== found) || !holds(dtype, x))
      return E.left(formatError(source, `value ${found} at index ${i} is no ${dtype}${hint(dtype)}`))
    host[i] = x
  }
  return E.right(host)
}
