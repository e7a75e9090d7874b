/**
 * Comma-separated values as tensors: typed columns by name, or one matrix; from text, or streamed from files of any size.
 *
 * Layer: data. A bad row is a Left that names its line, the column, and what was found there. Read next: csv-rows.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Dtype } from '../core/dtype.ts'
import { isOptions, requireOptions, requireThat } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { type Column, type Columns, type ColumnType, columnsOf, type Group } from './csv-columns.ts'
import { type CsvDialect, rowReader } from './csv-rows.ts'
import { DataError, formatError } from './errors.ts'
import { type DataInput, nameOf, type Pieces, type StreamOptions, streamBytes } from './streams.ts'

/**
 * How values are written and what they are called: `header` says whether the first row has the names (yes), `missing` the number
 * for empty fields (none: they are errors); `source` and `entry` as for `streamBytes`.
 */
export type CsvOptions = CsvDialect &
  StreamOptions & { readonly header?: boolean; readonly missing?: number; readonly shape?: never }

const names = ['delimiter', 'quote', 'comment', 'source', 'entry', 'header', 'missing'] as const

/** The columns to read and what each of them holds. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>

/** Columns by name: tensors [rows], and lists of texts. */
export type CsvColumns<C extends ColumnTypes> = {
  readonly [K in keyof C]: C[K] extends 'text' ? readonly string[] : Tensor<readonly [number]>
}

/** All values of a file in one tensor, and what the columns are called, where the file says it. */
export type CsvMatrix = { readonly names: readonly string[]; readonly values: Tensor<readonly [number, number]> }

/** Decides what to make of a file from the names in its header, if it has one, and the number of its fields. */
export type Layout = (names: readonly string[] | undefined, width: number) => E.Either<string, readonly Group[]>

/** What a file held: its columns, and the names in its header. */
type Table = { readonly names: readonly string[]; readonly columns: Readonly<Record<string, Column>> }

type TableReader = {
  /** Takes text, the last marked; `share` is what part of the whole it is, where that is known. */
  readonly push: (text: string, last: boolean, share?: (done: number) => number) => void
  readonly done: () => Table
}

/** More room than the first rows suggest, since later ones may be shorter. */
const SLACK = 1.05

const tableReader = (source: string, layout: Layout, options: CsvOptions): TableReader => {
  const { header = true, missing } = options
  let [names, rows, reserved]: [readonly string[] | undefined, number, boolean] = [undefined, 0, false]
  let columns: Columns | undefined
  const start = (width: number): string | undefined => {
    const groups = layout(names, width)
    if (E.isLeft(groups)) return groups.left
    columns = columnsOf(groups.right, names ?? [], missing)
    return undefined
  }
  const read = rowReader(source, options, fields => {
    if (header && names === undefined) {
      names = fields.map(name => name.trim())
      const twice = names.find((name, i) => name !== '' && names?.indexOf(name) !== i)
      return twice === undefined ? start(fields.length) : `two columns are called ${twice}`
    }
    const why = columns === undefined ? start(fields.length) : undefined
    rows++
    return why ?? columns?.add(fields)
  })
  return {
    push: (text, last, share) => {
      const done = read(text, last)
      if (!reserved && rows > 0 && share !== undefined) columns?.reserve(Math.ceil((SLACK * rows) / share(done)))
      reserved ||= rows > 0
    },
    done: () => {
      if (columns === undefined) throw formatError(source, 'is empty: it has no rows')
      return { names: names ?? [], columns: columns.done() }
    },
  }
}

const withoutMark = (op: string, text: string): string =>
  requireThat(op, 'the text of a CSV file', text, typeof text === 'string').startsWith('\ufeff') ? text.slice(1) : text

const parseTable = (op: string, layout: Layout, options: CsvOptions, text: string): E.Either<DataError, Table> => {
  const whole = withoutMark(op, text)
  const reader = tableReader(options.source ?? 'CSV', layout, options)
  try {
    reader.push(whole, true)
    return E.right(reader.done())
  } catch (cause) {
    if (cause instanceof DataError) return E.left(cause)
    throw cause
  }
}

const decoded = (source: string, decoder: InstanceType<typeof TextDecoder>, piece?: Uint8Array): string => {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw formatError(source, 'is no text in UTF-8')
  }
}

const readPieces =
  (source: string, layout: Layout, options: CsvOptions) =>
  async ({ pieces, length }: Pieces): Promise<Table> => {
    const reader = tableReader(source, layout, options)
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const share = length === undefined ? undefined : (done: number) => done / length
    for await (const piece of pieces) reader.push(decoded(source, decoder, piece), false, share)
    reader.push(decoded(source, decoder), true)
    return reader.done()
  }

/** Reads a file as a layout says: what `readCsv` and `readCsvMatrix` are made of. */
export const readTable = (
  layout: Layout,
  options: CsvOptions,
  input: DataInput,
): TE.TaskEither<DataError, Readonly<Record<string, Column>>> =>
  pipe(
    input,
    streamBytes(readPieces(options.source ?? nameOf(input), layout, options), options),
    TE.map(({ columns }) => columns),
  )

const columnsLayout = (op: string, types: ColumnTypes): Layout => {
  const wanted = Object.entries(
    requireThat(op, "columns with their types, such as { year: 'int32' }", types, isOptions(types)),
  )
  return (names, width) => {
    if (names === undefined && wanted.length !== width)
      return E.left(
        `it has ${width} fields for the ${wanted.length} columns ${wanted.map(([name]) => name).join(', ')}`,
      )
    const lacking = wanted.find(([name]) => names !== undefined && !names.includes(name))
    if (lacking !== undefined) return E.left(`the header names no column ${lacking[0]}, only ${names?.join(', ')}`)
    return E.right(wanted.map(([name, type], i) => ({ name, type, from: names?.indexOf(name) ?? i })))
  }
}

const matrixLayout =
  (type: Dtype): Layout =>
  (_names, width) =>
    E.right([{ name: 'values', type, from: 0, width }])

const matrixOf = ({ names, columns }: Table): CsvMatrix => ({
  names,
  values: columns.values as Tensor as Tensor<readonly [number, number]>,
})

/**
 * Typed columns of comma-separated text: numbers as tensors [rows] of a dtype, or `'text'` as it is. With a header, columns are
 * found by name and others left aside; without, they are named in order, and all of them.
 *
 * Quoted fields may hold delimiters, doubled quotes and line ends; lines end as the first does; blank lines are skipped. Numbers
 * are decimal, `nan` or `inf`; bools `true`, `false`, `1`, `0`.
 *
 * A FormatError that names line and column for a field that is not what its column holds, a row of another length, a quote that
 * is not closed, and a header without a column.
 * @throws ValueError for delimiters that are none
 * @example
 * const table = parseCsv({ columns: { year: 'int32', title: 'text' } })('year,title\n1969,"Come, Together"\n')
 * pipe(table, E.map(({ year }) => year)) // Right: int32[1]
 */
export const parseCsv = <const C extends ColumnTypes>(given: CsvOptions & { readonly columns: C }) => {
  const { columns, ...options } = requireOptions('parseCsv', given, [...names, 'columns'], ['columns'])
  const layout = columnsLayout('parseCsv', columns)
  return (text: string): E.Either<DataError, CsvColumns<C>> =>
    pipe(
      parseTable('parseCsv', layout, options, text),
      E.map(table => table.columns as CsvColumns<C>),
    )
}

/**
 * Comma-separated numbers as one tensor [rows, columns]; otherwise as `parseCsv`.
 * @example
 * pipe('1,2\n3,4', parseCsvMatrix({ header: false }), E.map(({ values }) => values)) // Right: [[1, 2], [3, 4]]
 */
export const parseCsvMatrix = (given: CsvOptions & { readonly dtype?: Dtype } = {}) => {
  const { dtype = 'float32', ...options } = requireOptions('parseCsvMatrix', given, [...names, 'dtype'])
  return (text: string): E.Either<DataError, CsvMatrix> =>
    pipe(parseTable('parseCsvMatrix', matrixLayout(dtype), options, text), E.map(matrixOf))
}

/**
 * Reads typed columns as `parseCsv` does from a file, Blob or bytes in UTF-8, packed with gzip or zip or not. It is streamed:
 * beside the columns a few hundred kilobytes are in memory.
 * @example
 * const songs = readCsv({ columns: { year: 'int32', title: 'text' } })('songs.csv.gz') // a task: `await songs()` reads it
 */
export const readCsv = <const C extends ColumnTypes>(given: CsvOptions & { readonly columns: C }) => {
  const { columns, ...options } = requireOptions('readCsv', given, [...names, 'columns'], ['columns'])
  const layout = columnsLayout('readCsv', columns)
  return (input: DataInput): TE.TaskEither<DataError, CsvColumns<C>> =>
    pipe(
      readTable(layout, options, input),
      TE.map(table => table as CsvColumns<C>),
    )
}

/**
 * Reads numbers as `parseCsvMatrix` does from a file, Blob or bytes, streamed as by `readCsv`.
 * @example
 * const numbers = readCsvMatrix({ header: false })('YearPredictionMSD.txt.zip') // a task
 */
export const readCsvMatrix = (given: CsvOptions & { readonly dtype?: Dtype } = {}) => {
  const { dtype = 'float32', ...options } = requireOptions('readCsvMatrix', given, [...names, 'dtype'])
  return (input: DataInput): TE.TaskEither<DataError, CsvMatrix> =>
    pipe(
      input,
      streamBytes(readPieces(options.source ?? nameOf(input), matrixLayout(dtype), options), options),
      TE.map(matrixOf),
    )
}
