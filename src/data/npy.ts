/**
 * NumPy's npy format: one array, its type and shape in a header that is a Python literal.
 *
 *   93 N U M P Y | major minor | length of the header (2 bytes, or 4 from 2.0) | header | elements
 *
 * Layer: data. Format: NumPy, "numpy.lib.format" (versions 1.0, 2.0, 3.0). Written are the bytes that `numpy.save` writes.
 * Read next: npz.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Dtype, TypedArray } from '../core/dtype.ts'
import { requireOptions } from '../core/options.ts'
import { type Shape, showShape, sizeOf, validShape } from '../core/shape.ts'
import { cellOf, concrete, requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { transpose } from '../ops/movement.ts'
import { type DataError, formatError } from './errors.ts'
import { readBytes, writeBytes } from './files.ts'
import { type Elements, elementTypes, hostOrder, toDtype } from './npy-elements.ts'
import { requireBytes, viewOf } from './zip.ts'

/** How to read NumPy's files: `source` names them in errors; with `dtype`, values become that instead of what fits them. */
export type NpyOptions = { readonly source?: string; readonly dtype?: Dtype | undefined }

type Header = { readonly descr: string; readonly fortran: boolean; readonly shape: Shape; readonly start: number }

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const
/** Elements begin at a multiple of this. */
const ALIGNMENT = 64
/** NumPy leaves room for the first axis to grow to so many digits. */
const GROWTH_DIGITS = 21
const PREFIX = 10

const parseLiteral = (source: string, text: string, start: number): E.Either<DataError, Header> => {
  const wrong = (why: string) => E.left(formatError(source, why))
  if (/["']descr["']\s*:\s*\[/.test(text))
    return wrong('holds a structured array: save each field as an array of its own')
  const descr = /["']descr["']\s*:\s*["']([^"']*)["']/.exec(text)?.[1]
  const order = /["']fortran_order["']\s*:\s*(True|False)/.exec(text)?.[1]
  const sizes = /["']shape["']\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1]
  if (descr === undefined || order === undefined || sizes === undefined)
    return wrong(`is no npy file: its header is ${JSON.stringify(text.trim().slice(0, 80))}`)
  const shape = (sizes.match(/\d+/g) ?? []).map(Number)
  return pipe(
    validShape('npy', shape),
    E.bimap(
      ({ what }) => formatError(source, what),
      () => ({ descr, fortran: order === 'True', shape, start }),
    ),
  )
}

const parseHeader = (source: string, bytes: Uint8Array): E.Either<DataError, Header> => {
  const wrong = (why: string) => E.left(formatError(source, why))
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return wrong('is no npy file: it does not begin with \\x93NUMPY')
  const major = bytes[6] ?? 0
  const long = major > 1
  const start = long ? PREFIX + 2 : PREFIX
  if (bytes.length < start) return wrong(`is truncated: ${bytes.length} bytes end within the header`)
  if (major < 1 || major > 3) return wrong(`is of version ${major}.${bytes[7] ?? 0}; versions 1.0 to 3.0 can be read`)
  const view = viewOf(bytes)
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true))
  if (bytes.length < end) return wrong(`is truncated: ${bytes.length} bytes, where the header takes ${end}`)
  return parseLiteral(source, new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(start, end)), end)
}

const elementsOf = (source: string, bytes: Uint8Array, header: Header): E.Either<DataError, Elements> => {
  const { descr, shape, start } = header
  const type = elementTypes.get(descr.replace(/^[<>|=]/, ''))
  if (type === undefined)
    return E.left(formatError(source, `holds elements of type ${descr}, which no tensor has: save it as float or int`))
  const count = sizeOf(shape)
  const needed = start + count * type.width
  if (bytes.length !== needed) {
    const problem = bytes.length < needed ? 'is truncated' : 'is too long'
    const why = `${bytes.length} bytes, where ${descr} ${showShape(shape)} takes ${needed}`
    return E.left(formatError(source, `${problem}: it has ${why}`))
  }
  return E.right({
    type,
    values: type.of(hostOrder(new Uint8Array(bytes.subarray(start)), type.width, !descr.startsWith('>')).buffer),
  })
}

const toTensor = ({ shape, fortran }: Header, dtype: Dtype, host: TypedArray): Tensor =>
  fortran && shape.length > 1
    ? transpose(concrete(shape.toReversed(), dtype, host) as Tensor)
    : concrete(shape, dtype, host)

/**
 * The tensor in the bytes of an npy file: `<f4`, `<f8`, `<i4`, `|b1` as float32, float64, int32, bool; other integers as int32
 * when every value is one; big-endian files, and such in Fortran's order, alike. Bits are kept, those of NaN too.
 *
 * With `dtype` the values become that: floats are rounded to float32; anything else that it cannot hold exactly is a Left.
 *
 * A FormatError for other bytes, a truncated file, values that do not fit, and elements that no tensor has (objects, text,
 * complex, float16, dates, structures).
 * @example
 * pipe(encodeNpy(x), parseNpy()) // Right: float32[2,3]
 */
export const parseNpy = (options: NpyOptions = {}) => {
  const { source = 'npy data', dtype } = requireOptions('parseNpy', options, ['source', 'dtype'])
  return (bytes: Uint8Array): E.Either<DataError, Tensor> =>
    pipe(
      parseHeader(source, requireBytes('parseNpy', bytes)),
      E.chain(header =>
        pipe(
          elementsOf(source, bytes, header),
          E.chain(({ type, values }) => {
            const to = dtype ?? type.dtype
            return pipe(
              toDtype(source, to, values),
              E.map(host => toTensor(header, to, host)),
            )
          }),
        ),
      ),
    )
}

const descrs: Readonly<Record<Dtype, string>> = { float32: '<f4', float64: '<f8', int32: '<i4', bool: '|b1' }

const headerOf = ({ dtype, shape }: Tensor): string => {
  const sizes = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`
  const room = shape.length === 0 ? 0 : GROWTH_DIGITS - String(shape[0]).length
  const text = `{'descr': '${descrs[dtype]}', 'fortran_order': False, 'shape': ${sizes}, }${' '.repeat(room)}`
  const padding = ALIGNMENT - ((PREFIX + text.length + 1) % ALIGNMENT)
  return `${text}${' '.repeat(padding)}\n`
}

/**
 * The bytes of the npy file of a tensor, as `numpy.save` (2.x) writes them: version 1.0, little-endian, row-major.
 * @throws TraceError inside a recorded function, where values are not known
 * @example
 * encodeNpy(tensor([1, 2])).length // 136
 */
export const encodeNpy = (x: Tensor): Uint8Array => {
  const header = headerOf(requireTensor('encodeNpy', x))
  const values = cellOf(x)
  const start = PREFIX + header.length
  const bytes = new Uint8Array(start + values.byteLength)
  bytes.set([...MAGIC, 1, 0, header.length & 0xff, header.length >> 8])
  bytes.set(new TextEncoder().encode(header), PREFIX)
  const copy = new Uint8Array(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  bytes.set(hostOrder(copy, values.BYTES_PER_ELEMENT, true), start)
  return bytes
}

/**
 * Reads the tensor of an npy file, as `numpy.save` writes it. A MissingError when there is no such file, a FormatError as for
 * `parseNpy`; both name the path.
 * @example
 * const weights = readNpy('weights.npy') // a task: `await weights()` reads the file
 */
export const readNpy = (path: string, options: Pick<NpyOptions, 'dtype'> = {}): TE.TaskEither<DataError, Tensor> => {
  requireOptions('readNpy', options, ['dtype'])
  return pipe(readBytes(path), TE.chainEitherK(parseNpy({ ...options, source: path })))
}

/**
 * Writes a tensor to an npy file, for `numpy.load` or `readNpy`. A WriteError when the file cannot be written.
 * @example
 * const saved = pipe(x, writeNpy('weights.npy')) // a task: `await saved()` writes the file
 */
export const writeNpy =
  (path: string) =>
  (x: Tensor): TE.TaskEither<DataError, void> =>
    pipe(
      TE.fromIO(() => encodeNpy(x)),
      TE.chain(writeBytes(path)),
    )
