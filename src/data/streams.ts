/**
 * Bytes in pieces: of a file, a Blob or memory; of a gzip file or of an entry of a zip archive as what they unpack to.
 *
 * Layer: data. A stream fails by throwing a DataError; `streamBytes`, the way in, turns that into a Left. Read next: csv.ts.
 */
import { Inflate } from 'fflate'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf } from '../core/errors.ts'
import { isOptions, requireFunction, requireOptions, requireThat } from '../core/options.ts'
import { crc32 } from './crc.ts'
import { DataError, missingError } from './errors.ts'
import { type Access, openFile } from './files.ts'
import { concatBytes, damage, gunzipper, isGzip, type Unpacker } from './gzip.ts'
import {
  checkContents,
  checkEntry,
  chooseEntry,
  inArchive,
  LOCAL_LENGTH,
  openZip,
  packedStart,
  requireBytes,
  TAIL_LENGTH,
  type ZipEntry,
  zipEnd,
  zipEntries,
} from './zip.ts'

/** Where bytes come from: the path of a file, bytes in memory, or a Blob (such as a file that was chosen in a browser). */
export type DataInput = string | Uint8Array | Blob

/** How to read an input: `source` names it in errors (a path names itself), `entry` is the one to read of a zip archive. */
export type StreamOptions = { readonly source?: string | undefined; readonly entry?: string | undefined }

/** Pieces of bytes, one after the other, and how many there are in all where that is known. */
export type Pieces = { readonly pieces: AsyncIterable<Uint8Array>; readonly length: number | undefined }

const PIECE = 0x10000

const ofBytes = (name: string, bytes: Uint8Array): Access => ({
  name,
  length: bytes.length,
  read: async (start, end) => bytes.subarray(start, end),
  close: async () => {},
})

const ofBlob = (name: string, blob: Blob): Access => ({
  name,
  length: blob.size,
  read: async (start, end) => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer())
    } catch (cause) {
      throw missingError(name, `cannot be read: ${messageOf(cause)}`)
    }
  },
  close: async () => {},
})

/** An input, or the error that says what one is. */
const requireInput = (input: DataInput): DataInput =>
  requireThat(
    'read',
    'the path of a file, bytes (a Uint8Array) or a Blob',
    input,
    typeof input === 'string' || input instanceof Uint8Array || (typeof Blob !== 'undefined' && input instanceof Blob),
  )

/** How messages name an input. */
export const nameOf = (given: DataInput): string => {
  const input = requireInput(given)
  return typeof input === 'string' ? input : 'name' in input && typeof input.name === 'string' ? input.name : 'data'
}

const open = (given: DataInput, source = nameOf(given)): TE.TaskEither<DataError, Access> => {
  const input = requireInput(given)
  return typeof input === 'string'
    ? openFile(input)
    : TE.right(input instanceof Uint8Array ? ofBytes(source, input) : ofBlob(source, input))
}

async function* piecesOf(access: Access, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += PIECE) yield await access.read(at, Math.min(end, at + PIECE))
}

async function* unpacked(pieces: AsyncIterable<Uint8Array>, unpack: Unpacker): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield* unpack(piece, false)
  yield* unpack(new Uint8Array(), true)
}

/** The value of a Right; throws the error of a Left, as streams do. */
const orRaise = <A>(result: E.Either<DataError, A>): A => {
  if (E.isLeft(result)) throw result.left
  return result.right
}

const unzipper = (source: string, entry: ZipEntry): Unpacker => {
  let [crc, length] = [0, 0]
  let out: Uint8Array[] = []
  const take = (piece: Uint8Array): void => {
    if (piece.length > 0) out.push(piece)
    crc = crc32(piece, crc)
    length += piece.length
  }
  const inflate = new Inflate(take)
  return (piece, last) => {
    out = []
    try {
      if (entry.method === 0) take(piece)
      else inflate.push(piece, last)
    } catch (cause) {
      throw damage(inArchive(source, entry), cause)
    }
    if (last) orRaise(checkContents(source, entry, length, crc))
    return out
  }
}

const entryIn = async (access: Access, name: string | undefined): Promise<ZipEntry> => {
  const { name: source, length } = access
  const end = orRaise(zipEnd(source, await access.read(Math.max(0, length - TAIL_LENGTH), length), length))
  const directory = await access.read(end.start, end.start + end.size)
  const entry = orRaise(
    pipe(
      zipEntries(source, directory, end.count),
      E.chain(entries => chooseEntry(source, name, entries)),
    ),
  )
  orRaise(checkEntry(source, entry))
  return entry
}

const zipPieces = async (access: Access, name: string | undefined): Promise<Pieces> => {
  const entry = await entryIn(access, name)
  const header = await access.read(entry.offset, Math.min(access.length, entry.offset + LOCAL_LENGTH))
  const start = orRaise(packedStart(access.name, entry, header))
  const end = Math.min(access.length, start + entry.packedSize)
  return { pieces: unpacked(piecesOf(access, start, end), unzipper(access.name, entry)), length: entry.size }
}

const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) && bytes[3] === bytes[2] + 1

const piecesIn = async (access: Access, entry: string | undefined): Promise<Pieces> => {
  const head = await access.read(0, Math.min(4, access.length))
  if (isZip(head)) return zipPieces(access, entry)
  const packed = piecesOf(access, 0, access.length)
  return isGzip(head)
    ? { pieces: unpacked(packed, gunzipper(access.name)), length: undefined }
    : { pieces: packed, length: access.length }
}

/**
 * Gives the bytes of an input in pieces to `use`: of a gzip file those it unpacks to, of a zip archive those of one entry, all
 * told by their first bytes; anything else as it is. Never more than a few pieces are in memory, and the file is closed.
 *
 * A Left for what `openFile` and unpacking find, and for a DataError that `use` throws; any other error that it throws rejects.
 * @example
 * const count = async ({ pieces }: Pieces) => { let n = 0; for await (const piece of pieces) n += piece.length; return n }
 * pipe(Uint8Array.of(1, 2, 3), streamBytes(count)) // a task: the Right of 3
 */
export const streamBytes = <A>(use: (bytes: Pieces) => Promise<A>, options: StreamOptions = {}) => {
  requireFunction('streamBytes', 'what uses the bytes', use)
  const { source, entry } = requireThat('streamBytes', 'options', options, isOptions(options))
  return (input: DataInput): TE.TaskEither<DataError, A> =>
    pipe(
      open(input, source),
      TE.chain(access => async () => {
        try {
          return E.right(await use(await piecesIn(access, entry)))
        } catch (cause) {
          if (cause instanceof DataError) return E.left(cause)
          throw cause
        } finally {
          await access.close()
        }
      }),
    )
}

const collected = async ({ pieces }: Pieces): Promise<Uint8Array> => {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return concatBytes(all)
}

/** All bytes of an input, unpacked as `streamBytes` does. */
export const readUnpacked = (input: DataInput, options: StreamOptions = {}): TE.TaskEither<DataError, Uint8Array> => {
  requireOptions('readUnpacked', options, ['source', 'entry'])
  return pipe(input, streamBytes(collected, options))
}

/**
 * Unpacks one entry of a zip archive in memory: the one called `entry`, or the only one. For large ones see `streamBytes`.
 *
 * A MissingError when there is no such entry, or several and none is named; a FormatError when the bytes are no zip archive or
 * damaged, or the entry is encrypted or packed in another way than deflate.
 * @example
 * const text = (archive: Uint8Array) => pipe(archive, unzip({ entry: 'songs.csv' }), E.map(b => new TextDecoder().decode(b)))
 */
export const unzip = (options: StreamOptions = {}) => {
  const { source = 'zip data', entry } = requireOptions('unzip', options, ['source', 'entry'])
  return (bytes: Uint8Array): E.Either<DataError, Uint8Array> =>
    pipe(
      openZip(source, requireBytes('unzip', bytes)),
      E.chain(({ entries, contents }) => pipe(chooseEntry(source, entry, entries), E.chain(contents))),
    )
}
