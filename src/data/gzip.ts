/**
 * gzip, piece by piece: what was packed comes out as the packed bytes come in, and damage is found out.
 *
 * Layer: data. fflate inflates; the checksum and length at the end of each member (RFC 1952, Deutsch 1996) are compared here,
 * which it does not do. Read next: streams.ts.
 */
import { Gunzip } from 'fflate'
import * as E from 'fp-ts/lib/Either.js'
import { messageOf } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { crc32 } from './crc.ts'
import { DataError, formatError } from './errors.ts'
import { requireBytes, viewOf } from './zip.ts'

/** A function of pieces, the last of them marked, that gives what they unpack to; it throws a DataError. */
export type Unpacker = (piece: Uint8Array, last: boolean) => readonly Uint8Array[]

const TRAILER = 8
/** A member's trailer is looked at when the header of the next one is there, which may be this much later. */
const KEPT = 0x10000 + TRAILER
/** Pieces are inflated whole: this many packed bytes become at most 64 MB. */
const PIECE = 0x10000

/** Whether bytes begin as those of a gzip file do. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Bytes one after the other. */
export const concatBytes = (pieces: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** The error of a stream: a DataError as it is, anything else as damage to the source. */
export const damage = (source: string, cause: unknown): DataError =>
  cause instanceof DataError ? cause : formatError(source, `is damaged or truncated: ${messageOf(cause)}`)

/** Throws a DataError; streams have no other way to fail. */
const raise = (error: DataError): never => {
  throw error
}

/** Unpacks a gzip file of one or more members. */
export const gunzipper = (source: string): Unpacker => {
  let [crc, length, read, kept] = [0, 0, 0, new Uint8Array() as Uint8Array]
  let out: Uint8Array[] = []
  const gunzip = new Gunzip(piece => {
    if (piece.length > 0) out.push(piece)
    crc = crc32(piece, crc)
    length = (length + piece.length) >>> 0
  })
  const checkMember = (end: number): void => {
    const at = end - TRAILER - (read - kept.length)
    const view = viewOf(kept)
    if (at < 0 || view.getUint32(at, true) !== crc || view.getUint32(at + 4, true) !== length)
      raise(formatError(source, 'is damaged or truncated: what it holds does not match its checksum'))
  }
  gunzip.onmember = start => {
    checkMember(start)
    crc = 0
    length = 0
  }
  return (piece, last) => {
    out = []
    read += piece.length
    kept = concatBytes([kept.subarray(-KEPT), piece])
    try {
      gunzip.push(piece, last)
    } catch (cause) {
      raise(damage(source, cause))
    }
    if (last) checkMember(read)
    return out
  }
}

/**
 * Unpacks the bytes of a gzip file, of one member or several. `source` names them in errors.
 *
 * A FormatError when they are no gzip file, are truncated, or do not match their checksum.
 * @example
 * const images = (packed: Uint8Array) => pipe(packed, gunzip(), E.chain(parseIdx()))
 */
export const gunzip = (options: { readonly source?: string } = {}) => {
  const { source = 'gzip data' } = requireOptions('gunzip', options, ['source'])
  return (bytes: Uint8Array): E.Either<DataError, Uint8Array> =>
    isGzip(requireBytes('gunzip', bytes))
      ? E.tryCatch(
          () => {
            const unpack = gunzipper(source)
            const pieces: Uint8Array[] = []
            for (let at = 0; at < bytes.length; at += PIECE)
              pieces.push(...unpack(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length))
            return concatBytes(pieces)
          },
          cause => damage(source, cause),
        )
      : E.left(formatError(source, 'is no gzip file: it does not begin with 1f 8b'))
}
