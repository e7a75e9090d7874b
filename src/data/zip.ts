/**
 * The directory of a zip archive: which entries it has, where they lie, and what their checksums are.
 *
 *   entries: (local header | name | extra | packed bytes)… | directory | [zip64 end, locator] | end record      little-endian
 *
 * Layer: data. Pure. Format: PKWARE, APPNOTE.TXT 6.3.10 (2022), sections 4.3 and 4.5.3. Read next: unzip.ts, which streams.
 */

import { inflateSync } from 'fflate'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { messageOf } from '../core/errors.ts'
import { requireThat } from '../core/options.ts'
import { crc32 } from './crc.ts'
import { type DataError, formatError, missingError } from './errors.ts'

/** An entry of a zip archive: its name, sizes in bytes, and what it takes to find and to check its contents. */
export type ZipEntry = {
  readonly name: string
  readonly size: number
  readonly packedSize: number
  /** 0 for stored, 8 for deflated; nothing else can be read. */
  readonly method: number
  readonly encrypted: boolean
  readonly crc: number
  /** Where its local header begins. */
  readonly offset: number
}

/** Where the directory of an archive lies. */
export type ZipEnd = { readonly count: number; readonly start: number; readonly size: number }

const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const END_LENGTH = 22
const ENTRY_LENGTH = 46
const LOCATOR_LENGTH = 20
const END64_LENGTH = 56
const FULL16 = 0xffff
const FULL32 = 0xffffffff
const STORED = 0
const DEFLATED = 8
/** Deflate packs no more than 258 bytes into 2 bits. */
const MOST_PER_BYTE = 1032
/** The length of a local header without name and extra. */
export const LOCAL_LENGTH = 30
/** So many bytes at the end of an archive hold its end record, whatever its comment. */
export const TAIL_LENGTH = END_LENGTH + FULL16 + LOCATOR_LENGTH + END64_LENGTH

/** Bytes, as files and downloads give them. */
export const requireBytes = (op: string, bytes: Uint8Array): Uint8Array =>
  requireThat(op, 'the bytes of a file, as a Uint8Array', bytes, bytes instanceof Uint8Array)

/** A view of bytes, wherever they lie in their buffer. */
export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)
const u16 = (view: DataView, at: number): number => view.getUint16(at, true)
const u32 = (view: DataView, at: number): number => view.getUint32(at, true)
const u64 = (view: DataView, at: number): number => u32(view, at) + u32(view, at + 4) * 2 ** 32

/** The end record is the last one whose comment ends with the file. */
const findEnd = (view: DataView): number => {
  for (let at = view.byteLength - END_LENGTH; at >= 0 && at >= view.byteLength - END_LENGTH - FULL16; at--)
    if (u32(view, at) === END && at + END_LENGTH + u16(view, at + 20) === view.byteLength) return at
  return -1
}

/** The zip64 form of the end record, which lies before the end record of an archive that is large or has many entries. */
const findEnd64 = (view: DataView, end: number, tailStart: number): ZipEnd | undefined => {
  const locator = end - LOCATOR_LENGTH
  if (locator < 0 || u32(view, locator) !== LOCATOR64) return undefined
  const at = u64(view, locator + 8) - tailStart
  if (at < 0 || at + END64_LENGTH > view.byteLength || u32(view, at) !== END64) return undefined
  return { count: u64(view, at + 32), size: u64(view, at + 40), start: u64(view, at + 48) }
}

/** Where the directory lies, from the last bytes of an archive of `length` bytes (all of them, or `TAIL_LENGTH`). */
export const zipEnd = (source: string, tail: Uint8Array, length: number): E.Either<DataError, ZipEnd> => {
  const view = viewOf(tail)
  const end = findEnd(view)
  if (end < 0) return E.left(formatError(source, 'is no zip archive, or is truncated: it has no end record'))
  const short = { count: u16(view, end + 10), size: u32(view, end + 12), start: u32(view, end + 16) }
  const full = short.count === FULL16 || short.size === FULL32 || short.start === FULL32
  const found = (full ? findEnd64(view, end, length - tail.length) : undefined) ?? short
  return found.start + found.size <= length - tail.length + end
    ? E.right(found)
    : E.left(formatError(source, 'is a damaged zip archive: its directory does not lie before its end record'))
}

/** Sizes and offset that do not fit into 32 bits stand in an extra field, in this order. */
const wide = (view: DataView, from: number, to: number, short: readonly number[]): readonly number[] | undefined => {
  if (!short.includes(FULL32)) return short
  for (let at = from; at + 4 <= to; at += 4 + u16(view, at + 2)) {
    if (u16(view, at) !== 1) continue
    const places = short.map((n, i) => (n === FULL32 ? short.slice(0, i).filter(m => m === FULL32).length : -1))
    const last = at + 4 + 8 * (Math.max(...places) + 1)
    if (last > Math.min(to, at + 4 + u16(view, at + 2))) return undefined
    return short.map((n, i) => (n === FULL32 ? u64(view, at + 4 + 8 * (places[i] ?? 0)) : n))
  }
  return undefined
}

const entryAt = (bytes: Uint8Array, view: DataView, at: number): readonly [ZipEntry, number] | undefined => {
  if (at + ENTRY_LENGTH > bytes.length || u32(view, at) !== ENTRY) return undefined
  const nameEnd = at + ENTRY_LENGTH + u16(view, at + 28)
  const extraEnd = nameEnd + u16(view, at + 30)
  const next = extraEnd + u16(view, at + 32)
  if (next > bytes.length) return undefined
  const sizes = wide(view, nameEnd, extraEnd, [u32(view, at + 24), u32(view, at + 20), u32(view, at + 42)])
  if (sizes === undefined) return undefined
  const [size = 0, packedSize = 0, offset = 0] = sizes
  const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_LENGTH, nameEnd))
  const encrypted = (u16(view, at + 8) & 1) === 1
  return [{ name, size, packedSize, method: u16(view, at + 10), encrypted, crc: u32(view, at + 16), offset }, next]
}

/** The entries that a directory lists, in its order. */
export const zipEntries = (
  source: string,
  directory: Uint8Array,
  count: number,
): E.Either<DataError, readonly ZipEntry[]> => {
  const view = viewOf(directory)
  const entries: ZipEntry[] = []
  let at = 0
  while (entries.length < count) {
    const found = entryAt(directory, view, at)
    if (found === undefined)
      return E.left(
        formatError(source, `is a damaged zip archive: entry ${entries.length} of ${count} in its directory is broken`),
      )
    entries.push(found[0])
    at = found[1]
  }
  return E.right(entries)
}

/** How messages name an entry of an archive. */
export const inArchive = (source: string, { name }: ZipEntry): string => `${source} (${name})`

/** Whether an entry is packed in a way that can be unpacked; a Left that says in which way it is not. */
export const checkEntry = (source: string, entry: ZipEntry): E.Either<DataError, void> => {
  const wrong = (why: string) => E.left(formatError(inArchive(source, entry), why))
  if (entry.encrypted) return wrong('is encrypted: unpack the archive with its password first')
  if (entry.method !== STORED && entry.method !== DEFLATED)
    return wrong(`is packed with method ${entry.method}; only stored (0) and deflated (8) entries can be read`)
  const most = entry.method === STORED ? entry.packedSize : MOST_PER_BYTE * (entry.packedSize + 1)
  return entry.size > most
    ? wrong(`is damaged: ${entry.packedSize} packed bytes cannot hold ${entry.size}`)
    : E.right(undefined)
}

/** Where the packed bytes of an entry begin, from its local header. */
export const packedStart = (source: string, entry: ZipEntry, header: Uint8Array): E.Either<DataError, number> => {
  const view = viewOf(header)
  return header.length >= LOCAL_LENGTH && u32(view, 0) === LOCAL
    ? E.right(entry.offset + LOCAL_LENGTH + u16(view, 26) + u16(view, 28))
    : E.left(formatError(inArchive(source, entry), 'is damaged: its header is not where the directory says'))
}

/** Whether bytes of this length and checksum are what an entry held. */
export const checkContents = (
  source: string,
  entry: ZipEntry,
  length: number,
  crc: number,
): E.Either<DataError, void> =>
  length === entry.size && crc === entry.crc
    ? E.right(undefined)
    : E.left(formatError(inArchive(source, entry), 'is damaged: what it holds does not match its size or checksum'))

const inflated = (source: string, entry: ZipEntry, packed: Uint8Array): E.Either<DataError, Uint8Array> =>
  entry.method === STORED
    ? E.right(new Uint8Array(packed))
    : E.tryCatch(
        () => inflateSync(packed, { out: new Uint8Array(entry.size) }),
        cause => formatError(inArchive(source, entry), `is damaged: ${messageOf(cause)}`),
      )

const contentsOf =
  (source: string, bytes: Uint8Array) =>
  (entry: ZipEntry): E.Either<DataError, Uint8Array> =>
    pipe(
      checkEntry(source, entry),
      E.chain(() => packedStart(source, entry, bytes.subarray(entry.offset, entry.offset + LOCAL_LENGTH))),
      E.map(start => bytes.subarray(start, start + entry.packedSize)),
      E.chain(packed => inflated(source, entry, packed)),
      E.chainFirst(contents => checkContents(source, entry, contents.length, crc32(contents))),
    )

/** The entries of an archive that is in memory, and a function that unpacks one of them. */
export const openZip = (
  source: string,
  bytes: Uint8Array,
): E.Either<
  DataError,
  { readonly entries: readonly ZipEntry[]; readonly contents: (entry: ZipEntry) => E.Either<DataError, Uint8Array> }
> =>
  pipe(
    zipEnd(source, bytes, bytes.length),
    E.chain(({ count, start, size }) => zipEntries(source, bytes.subarray(start, start + size), count)),
    E.map(entries => ({ entries, contents: contentsOf(source, bytes) })),
  )

/** The entry of this name, or, without one, the only file of the archive. */
export const chooseEntry = (
  source: string,
  name: string | undefined,
  entries: readonly ZipEntry[],
): E.Either<DataError, ZipEntry> => {
  const files = entries.filter(entry => !entry.name.endsWith('/'))
  const found = name === undefined ? (files.length === 1 ? files[0] : undefined) : files.find(f => f.name === name)
  const listed = files.map(f => f.name).join(', ')
  const has = files.length === 0 ? 'it is empty' : `it has ${listed}`
  return found !== undefined
    ? E.right(found)
    : E.left(missingError(source, name === undefined ? `say which entry to read: ${has}` : `has no ${name}: ${has}`))
}
