/**
 * Text of comma-separated values, piece by piece, into rows of fields.
 *
 * Layer: data. Quotes are papaparse's subject; here pieces are joined, line ends found out, and bad rows named by line. RFC 4180
 * (Shafranovich, 2005), with other delimiters and line ends. Read next: csv-columns.ts.
 */
import Papa from 'papaparse'
import { fail, valueError } from '../core/errors.ts'
import { type DataError, formatError } from './errors.ts'

/** How the text is written: by default `"` quotes, `,` separates, and nothing is a comment. */
export type CsvDialect = {
  readonly delimiter?: string
  readonly quote?: string
  /** What a line that is no row begins with, such as `#`. */
  readonly comment?: string
}

/** What is done with a row; returns what is wrong with it, if anything. */
export type OnRow = (fields: readonly string[]) => string | undefined

/** Takes the text in pieces, the last of them marked, and returns how many characters it has done with; throws a DataError. */
export type RowReader = (piece: string, last: boolean) => number

type Parsed = {
  readonly data: readonly (readonly string[])[]
  readonly errors: readonly { readonly row?: number; readonly message: string }[]
  readonly meta: { readonly cursor: number }
}

/** A row is no longer than this; more is a quote that nobody closed. */
const LONGEST = 2 ** 22

const checkDialect = ({ delimiter = ',', quote = '"', comment }: CsvDialect): Required<Omit<CsvDialect, 'comment'>> => {
  const odd = [delimiter, quote].some(c => typeof c !== 'string' || c.length !== 1 || c === '\n' || c === '\r')
  if (odd || delimiter === quote || comment === delimiter || comment === '')
    return fail(valueError('csv', 'delimiter, quote and comment must differ; the first two are one character each'))
  return { delimiter, quote }
}

/** The line end of a text: the first outside quotes; undefined where there is none yet. */
const lineEndOf = (text: string, quote: string, last: boolean): string | undefined => {
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === quote) quoted = !quoted
    else if (!quoted && c === '\n') return '\n'
    else if (!quoted && c === '\r')
      return text[i + 1] === '\n' ? '\r\n' : last || i + 1 < text.length ? '\r' : undefined
  }
  return last ? '\n' : undefined
}

const countOf = (what: string, text: string): number => {
  let count = 0
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) count++
  return count
}

const isBlank = (fields: readonly string[]): boolean => fields.length === 1 && (fields[0] ?? '').trim() === ''

/** Reads rows; blank lines are none, and each must have as many fields as the first. */
export const rowReader = (source: string, dialect: CsvDialect, onRow: OnRow): RowReader => {
  const { delimiter, quote } = checkDialect(dialect)
  let [rest, lines, width] = ['', 0, -1]
  let newline: string | undefined
  const parse = (last: boolean, options: { readonly preview?: number; readonly fastMode?: false } = {}): Parsed => {
    const comment = dialect.comment ?? (false as const)
    const config = { delimiter, quoteChar: quote, comments: comment, newline: newline as '\n', ...options }
    return new Papa.Parser(config).parse(rest, 0, !last)
  }
  /** Where row i of what was parsed begins: found by parsing those before it once more, now that it matters. */
  const lineOf = (i: number, last: boolean): number => {
    const { comment } = dialect
    const end = newline ?? '\n'
    let start = i === 0 ? 0 : parse(last, { preview: i, fastMode: false }).meta.cursor
    while (comment !== undefined && rest.startsWith(comment, start)) start = rest.indexOf(end, start) + end.length
    return lines + countOf(end, rest.slice(0, start)) + 1
  }
  /** Row i of what was parsed, without the rest of a line end that is \r\n where that of the first line is \n. */
  const withoutReturn = (fields: readonly string[], i: number, last: boolean): readonly string[] => {
    const end = fields.at(-1)
    if (newline !== '\n' || end?.endsWith('\r') !== true) return fields
    // Within quotes it belongs to the field: then the line ends with a quote.
    const within = (): boolean => {
      const { cursor } = parse(last, { preview: i + 1, fastMode: false }).meta
      return !rest.slice(0, cursor).replace(/\n$/, '').endsWith('\r')
    }
    return rest.includes(quote) && within() ? fields : [...fields.slice(0, -1), end.slice(0, -1)]
  }
  const check = (fields: readonly string[]): string | undefined => {
    if (isBlank(fields)) return undefined
    if (width < 0) width = fields.length
    const why =
      fields.length === width ? onRow(fields) : `it has ${fields.length} fields, where the first row has ${width}`
    return why !== undefined && newline === '\r\n' && fields.some(field => field.includes('\n'))
      ? `${why}; perhaps it ends with \\n, where the first line ends with \\r\\n`
      : why
  }
  const wrong = (line: number, why: string): DataError => formatError(source, `line ${line}: ${why}`)
  return (piece, last) => {
    rest += piece
    newline ??= lineEndOf(rest, quote, last)
    if (newline === undefined && rest.length <= LONGEST) return 0
    const { data, errors, meta } = parse(last)
    const broken = errors.find(({ row = 0 }) => row < data.length)
    for (const [i, fields] of data.entries()) {
      const why =
        broken?.row === i
          ? 'it has a quote that is not closed, or text beside one'
          : check(withoutReturn(fields, i, last))
      if (why !== undefined) throw wrong(lineOf(i, last), why)
    }
    lines += countOf(newline ?? '\n', rest.slice(0, meta.cursor))
    rest = rest.slice(meta.cursor)
    if (rest.length > LONGEST) throw wrong(lines + 1, `it is longer than ${LONGEST} characters: is a quote not closed?`)
    return meta.cursor
  }
}
