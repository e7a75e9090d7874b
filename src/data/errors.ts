/**
 * What can be wrong with data: the Left of everything that reads or checks it.
 *
 * Layer: data. A file is an expected failure, not a programmer's mistake: nothing here is thrown. Read next: idx.ts.
 */

/**
 * What kind of failure it was: something is not there, does not have the form it should, holds an impossible label, or could
 * not be written or downloaded.
 */
export type DataErrorTag = 'MissingError' | 'FormatError' | 'LabelError' | 'WriteError' | 'DownloadError'

/** Data that cannot be used: `_tag` names the kind, `source` the file or package; the message opens with the source. */
export class DataError extends Error {
  readonly _tag: DataErrorTag
  readonly source: string
  constructor(tag: DataErrorTag, source: string, what: string) {
    super(`${source}: ${what}`)
    this.name = tag
    this._tag = tag
    this.source = source
  }
}

const tagged = (tag: DataErrorTag) => (source: string, what: string) => new DataError(tag, source, what)

/** A file, package or capability that is not there. */
export const missingError = tagged('MissingError')
/** Bytes that are not what their reader reads, or files that do not belong together. */
export const formatError = tagged('FormatError')
/** A label outside the classes. */
export const labelError = tagged('LabelError')
/** A file that cannot be written. */
export const writeError = tagged('WriteError')
/** A download that did not come through. */
export const downloadError = tagged('DownloadError')
