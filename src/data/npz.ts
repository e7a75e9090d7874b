/**
 * NumPy's npz files: named arrays, each an npy file in a zip archive.
 *
 * Layer: data. Format: NumPy, `numpy.savez` and `numpy.savez_compressed`. Read next: zip.ts.
 */
import { zipSync } from 'fflate'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, valueError } from '../core/errors.ts'
import { isOptions, requireOptions, requireThat } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { type DataError, formatError } from './errors.ts'
import { readBytes, writeBytes } from './files.ts'
import { encodeNpy, type NpyOptions, parseNpy } from './npy.ts'
import { inArchive, openZip, requireBytes, type ZipEntry } from './zip.ts'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>

/** Whether the arrays are deflated (no: weights hardly become smaller). */
export type NpzOptions = { readonly compress?: boolean; readonly shape?: never; readonly dtype?: never }

const SUFFIX = '.npy'
/** Of every entry, so that equal tensors give equal bytes; NumPy writes the same. */
const DATE = new Date(1980, 0, 1)
const MAX_LENGTH = 2 ** 32 - 1

const checkNames = (source: string, entries: readonly ZipEntry[]): E.Either<DataError, void> => {
  const other = entries.find(({ name }) => !name.endsWith(SUFFIX))
  if (other !== undefined) return E.left(formatError(inArchive(source, other), 'is no npy file'))
  const twice = entries.find(({ name }, i) => entries.findIndex(e => e.name === name) !== i)
  return twice === undefined ? E.right(undefined) : E.left(formatError(inArchive(source, twice), 'is there twice'))
}

/**
 * The tensors in the bytes of an npz file by name, each as `parseNpy` has it; stored or deflated.
 *
 * A FormatError for bytes that are no zip archive, are damaged (checksums are compared), or hold what is no npy file.
 * @example
 * pipe({ x, y }, encodeNpz(), parseNpz()) // Right: { x: [2,3], y: [2,3] }
 */
export const parseNpz = (options: NpyOptions = {}) => {
  const { source = 'npz data', dtype } = requireOptions('parseNpz', options, ['source', 'dtype'])
  return (bytes: Uint8Array): E.Either<DataError, Tensors> =>
    pipe(
      openZip(source, requireBytes('parseNpz', bytes)),
      E.chainFirst(({ entries }) => checkNames(source, entries)),
      E.chain(({ entries, contents }) =>
        E.traverseArray((entry: ZipEntry) =>
          pipe(
            contents(entry),
            E.chain(parseNpy({ source: inArchive(source, entry), dtype })),
            E.map(x => [entry.name.slice(0, -SUFFIX.length), x] as const),
          ),
        )(entries),
      ),
      E.map(named => Object.fromEntries(named)),
    )
}

/**
 * The bytes of an npz file of named tensors, for `numpy.load` or `parseNpz`; equal tensors give equal bytes.
 * @throws ValueError when they take 4 GiB or more
 * @example
 * pipe({ w: ones([2, 2]) }, encodeNpz({ compress: true }), parseNpz()) // Right: { w: [2,2] }
 */
export const encodeNpz = (options: NpzOptions = {}) => {
  const { compress = false } = requireOptions('encodeNpz', options, ['compress'])
  return (tensors: Tensors): Uint8Array => {
    requireThat('encodeNpz', 'a record of tensors', tensors, isOptions(tensors))
    const files = Object.entries(tensors).map(([name, x]) => [`${name}${SUFFIX}`, encodeNpy(x)] as const)
    const length = files.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    if (length > MAX_LENGTH)
      return fail(valueError('encodeNpz', `${length} bytes are too many for one file (4 GiB): write several`))
    return zipSync(Object.fromEntries(files), { level: compress ? 6 : 0, mtime: DATE })
  }
}

/**
 * Reads the tensors of an npz file, as `numpy.savez` and `numpy.savez_compressed` write it. A MissingError when there is no
 * such file, a FormatError as for `parseNpz`; both name the path.
 * @example
 * const weights = readNpz('weights.npz') // a task: `await weights()` reads the file
 */
export const readNpz = (path: string, options: Pick<NpyOptions, 'dtype'> = {}): TE.TaskEither<DataError, Tensors> => {
  requireOptions('readNpz', options, ['dtype'])
  return pipe(readBytes(path), TE.chainEitherK(parseNpz({ ...options, source: path })))
}

/**
 * Writes named tensors to an npz file, for `numpy.load` or `readNpz`. A WriteError when the file cannot be written.
 * @example
 * const saved = pipe(params, writeNpz('weights.npz')) // a task: `await saved()` writes the file
 */
export const writeNpz = (path: string, options: NpzOptions = {}) => {
  requireOptions('writeNpz', options, ['compress'])
  return (tensors: Tensors): TE.TaskEither<DataError, void> =>
    pipe(
      TE.fromIO(() => encodeNpz(options)(tensors)),
      TE.chain(writeBytes(path)),
    )
}
