/**
 * The IDX format, in which MNIST and its kin are published: a magic number, sizes, and elements in row-major order.
 *
 *   00 00 | element type | rank | size₀ … (uint32 each) | elements        all big-endian
 *
 * Layer: data. Format: Y. LeCun, "The MNIST database of handwritten digits" (1998). Read next: mnist.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Dtype } from '../core/dtype.ts'
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions, requireRecord } from '../core/options.ts'
import { range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import { tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { type DataError, formatError } from './errors.ts'
import { readBytes } from './files.ts'
import { gunzip, isGzip } from './gzip.ts'
import { requireBytes } from './zip.ts'

/** The typed arrays of IDX's six element types. */
export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** The contents of an IDX file: elements in row-major order, in the type in which the file has them. */
export type Idx = { readonly shape: Shape; readonly values: IdxArray }

/** One of the format's element types: its code, its array, and how a DataView reads and writes it (big-endian unless told). */
type ElementType =
  | { readonly code: 0x08; readonly array: typeof Uint8Array; readonly get: 'getUint8'; readonly set: 'setUint8' }
  | { readonly code: 0x09; readonly array: typeof Int8Array; readonly get: 'getInt8'; readonly set: 'setInt8' }
  | { readonly code: 0x0b; readonly array: typeof Int16Array; readonly get: 'getInt16'; readonly set: 'setInt16' }
  | { readonly code: 0x0c; readonly array: typeof Int32Array; readonly get: 'getInt32'; readonly set: 'setInt32' }
  | { readonly code: 0x0d; readonly array: typeof Float32Array; readonly get: 'getFloat32'; readonly set: 'setFloat32' }
  | { readonly code: 0x0e; readonly array: typeof Float64Array; readonly get: 'getFloat64'; readonly set: 'setFloat64' }

const elementTypes: readonly ElementType[] = [
  { code: 0x08, array: Uint8Array, get: 'getUint8', set: 'setUint8' },
  { code: 0x09, array: Int8Array, get: 'getInt8', set: 'setInt8' },
  { code: 0x0b, array: Int16Array, get: 'getInt16', set: 'setInt16' },
  { code: 0x0c, array: Int32Array, get: 'getInt32', set: 'setInt32' },
  { code: 0x0d, array: Float32Array, get: 'getFloat32', set: 'setFloat32' },
  { code: 0x0e, array: Float64Array, get: 'getFloat64', set: 'setFloat64' },
]

const MAX_RANK = 0xff
const MAX_SIZE = 0xffffffff
const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
const headerLength = (rank: number): number => 4 + 4 * rank
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

type Header = { readonly type: ElementType; readonly shape: Shape }

const parseHeader = (source: string, bytes: Uint8Array): E.Either<DataError, Header> => {
  const wrong = (why: string) => E.left(formatError(source, why))
  const [a, b, code = 0, rank = 0] = bytes
  if (bytes.length < 4) return wrong(`${bytes.length} bytes are too few for an IDX file`)
  if (a === 0x1f && b === 0x8b) return wrong('is compressed with gzip: unpack it first (gunzip)')
  if (a !== 0 || b !== 0)
    return wrong(`is no IDX file: it begins with ${[...bytes.subarray(0, 4)].map(hex).join(' ')}, not with 00 00`)
  const type = elementTypes.find(t => t.code === code)
  if (type === undefined) return wrong(`is no IDX file: its element type is 0x${hex(code)}, none of the format's`)
  if (bytes.length < headerLength(rank))
    return wrong(
      `is truncated: it ends after ${bytes.length} of the ${headerLength(rank)} bytes of a header with ${rank} sizes`,
    )
  const view = viewOf(bytes)
  return E.right({ type, shape: range(0, rank).map(i => view.getUint32(headerLength(i))) })
}

const parseValues = (source: string, bytes: Uint8Array, { type, shape }: Header): E.Either<DataError, Idx> => {
  const start = headerLength(shape.length)
  const count = sizeOf(shape)
  const width = type.array.BYTES_PER_ELEMENT
  const needed = start + count * width
  if (bytes.length !== needed) {
    const problem = bytes.length < needed ? 'is truncated' : 'is too long'
    const why = `${bytes.length} bytes, where ${type.array.name} ${showShape(shape)} takes ${needed}`
    return E.left(formatError(source, `${problem}: it has ${why}`))
  }
  // 47 million pixels: as one copy, not one by one.
  if (type.code === 0x08) return E.right({ shape, values: Uint8Array.from(bytes.subarray(start)) })
  const values = new type.array(count)
  const view = viewOf(bytes)
  for (let i = 0; i < count; i++) values[i] = view[type.get](start + i * width)
  return E.right({ shape, values })
}

/**
 * Reads the bytes of an IDX file. `source` names them in errors. The inverse of `encodeIdx`, both ways.
 *
 * A FormatError when they are no IDX file (foreign magic number, unknown element type, gzip), or end too early or too late.
 * @example
 * const bytes = encodeIdx({ shape: [3], values: Uint8Array.of(7, 2, 1) })
 * pipe(bytes, parseIdx({ source: 'labels' }), E.map(idxTensor())) // Right: int32[3]
 */
export const parseIdx = (options: { readonly source?: string } = {}) => {
  const { source = 'IDX data' } = requireOptions('parseIdx', options, ['source'])
  return (bytes: Uint8Array): E.Either<DataError, Idx> =>
    pipe(
      parseHeader(source, requireBytes('parseIdx', bytes)),
      E.chain(header => parseValues(source, bytes, header)),
    )
}

const unpacked =
  (source: string) =>
  (bytes: Uint8Array): E.Either<DataError, Uint8Array> =>
    isGzip(bytes) ? gunzip({ source })(bytes) : E.right(bytes)

/**
 * Reads an IDX file, unpacking it first if it is compressed with gzip. A MissingError when there is none, a FormatError as for
 * `gunzip` and `parseIdx`; both name the path.
 */
export const readIdx = (path: string): TE.TaskEither<DataError, Idx> =>
  pipe(readBytes(path), TE.chainEitherK(unpacked(path)), TE.chainEitherK(parseIdx({ source: path })))

const requireIdx = (op: string, idx: Idx): Idx => {
  const { values } = requireRecord(op, 'an IDX array, { shape, values }', idx, ['shape', 'values'])
  return ArrayBuffer.isView(values) && Array.isArray(idx.shape)
    ? idx
    : fail(
        valueError(op, `takes a shape and a typed array of values, got ${describe(idx.shape)} and ${describe(values)}`),
      )
}

const typeOfArray = (values: IdxArray): ElementType =>
  elementTypes.find(t => values instanceof t.array) ??
  fail(valueError('encodeIdx', `IDX has no element type for a ${values.constructor.name}`))

/**
 * The bytes of an IDX file with these contents; elements keep their type.
 * @throws ShapeError when the values do not fill the shape; ValueError for more than 255 axes or an array that IDX has no type for
 */
export const encodeIdx = (idx: Idx): Uint8Array => {
  const { shape, values } = requireIdx('encodeIdx', idx)
  if (sizeOf(shape) !== values.length)
    return fail(shapeError('encodeIdx', `${values.length} values do not fill shape ${showShape(shape)}`))
  if (shape.length > MAX_RANK || shape.some(n => n > MAX_SIZE))
    return fail(valueError('encodeIdx', `IDX has room for ${MAX_RANK} axes of at most ${MAX_SIZE}`))
  const type = typeOfArray(values)
  const start = headerLength(shape.length)
  const bytes = new Uint8Array(start + values.byteLength)
  bytes.set([0, 0, type.code, shape.length])
  const view = viewOf(bytes)
  shape.forEach((n, i) => {
    view.setUint32(headerLength(i), n)
  })
  values.forEach((x, i) => {
    view[type.set](start + i * values.BYTES_PER_ELEMENT, x)
  })
  return bytes
}

const naturalDtype = (values: IdxArray): Dtype =>
  values instanceof Float32Array ? 'float32' : values instanceof Float64Array ? 'float64' : 'int32'

/**
 * The tensor of an IDX file: int32 for its integer types, float32 and float64 as they are, or `dtype`.
 * @throws DtypeError for a value that `dtype` cannot hold, such as a fraction as int32
 */
export const idxTensor = (options: { readonly dtype?: Dtype } = {}) => {
  const { dtype } = requireOptions('idxTensor', options, ['dtype'])
  return (idx: Idx): Tensor => {
    const { shape, values } = requireIdx('idxTensor', idx)
    return tensor(values, { shape, dtype: dtype ?? naturalDtype(values) })
  }
}
