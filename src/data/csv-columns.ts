/**
 * Fields of text into columns of numbers, which grow as rows come.
 *
 * Layer: data. What a field cannot be is said in words; nothing is guessed. Read next: csv.ts.
 */
import { allocate, type Dtype, type TypedArray } from '../core/dtype.ts'
import { describe } from '../core/errors.ts'
import { concrete } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'

/** What a column holds: numbers of a dtype, or text as it is. */
export type ColumnType = Dtype | 'text'

/** Neighbouring columns that become one tensor: `width` of them from number `from`; a single one has `width` undefined. */
export type Group = {
  readonly name: string
  readonly type: ColumnType
  readonly from: number
  readonly width?: number
}

/** The finished column: a tensor [rows] or [rows, width], or the texts. */
export type Column = Tensor | readonly string[]

const GROWTH = 1.5
const words: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
])
const truths: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['1', 1],
  ['false', 0],
  ['0', 0],
])

/** A decimal number; undefined for anything else, hexadecimal and the like included. */
const decimal = (field: string): number | undefined => {
  const x = Number(field)
  if (x === 0 || Number.isNaN(x)) {
    const word = field.trim().toLowerCase()
    return word === '' ? undefined : x === 0 && /^[-+\d.e]+$/.test(word) ? x : words.get(word)
  }
  return /[box]/i.test(field[1] ?? '') ? undefined : x
}

/** The number that a field says, as an element of a dtype; undefined where it says none. */
export const elementIn = (dtype: Dtype, field: string): number | undefined => {
  if (dtype === 'bool') return truths.get(field.trim().toLowerCase())
  const x = decimal(field)
  return dtype === 'int32' && x !== undefined && (x | 0) !== x ? undefined : x
}

type Store = {
  readonly reserve: (rows: number) => void
  readonly add: (fields: readonly string[]) => string | undefined
  readonly done: () => Column
}

const textStore = ({ from }: Group): Store => {
  const texts: string[] = []
  const add = (fields: readonly string[]): undefined => {
    texts.push(fields[from] ?? '')
  }
  return { reserve: () => {}, add, done: () => texts }
}

const numberStore = (group: Group, dtype: Dtype, labels: readonly string[], missing: number | undefined): Store => {
  const { from, width = 1 } = group
  let [host, used]: [TypedArray, number] = [allocate(dtype, 0), 0]
  const reserve = (rows: number): void => {
    if (rows * width <= host.length) return
    const larger = allocate(dtype, rows * width)
    larger.set(host.subarray(0, used))
    host = larger
  }
  const problem = (column: number, field: string): string => {
    const label = labels[column] === undefined ? '' : ` (${labels[column]})`
    const what = field.trim() === '' ? 'is empty: say what stands for it with { missing }' : `is no ${dtype}`
    return `column ${column + 1}${label}: ${describe(field)} ${what}`
  }
  const add = (fields: readonly string[]): string | undefined => {
    if (used + width > host.length) reserve(Math.ceil((GROWTH * used) / width) + 64)
    for (let column = from; column < from + width; column++) {
      const field = fields[column] ?? ''
      const x = elementIn(dtype, field) ?? (field.trim() === '' ? missing : undefined)
      if (x === undefined) return problem(column, field)
      host[used++] = x
    }
    return undefined
  }
  // What is not used was never touched, and takes no memory.
  const done = (): Tensor =>
    concrete(group.width === undefined ? [used] : [used / width, width], dtype, host.subarray(0, used))
  return { reserve, add, done }
}

/** Columns that take rows until they are done. */
export type Columns = {
  /** Makes room for so many rows in all. */
  readonly reserve: (rows: number) => void
  /** Takes a row; returns what is wrong with it, if anything. */
  readonly add: (fields: readonly string[]) => string | undefined
  readonly done: () => Readonly<Record<string, Column>>
}

/** Empty columns. `labels` are the names that messages use for the columns of the file; `missing` stands for empty fields. */
export const columnsOf = (
  groups: readonly Group[],
  labels: readonly string[],
  missing: number | undefined,
): Columns => {
  const stores = groups.map(group =>
    group.type === 'text' ? textStore(group) : numberStore(group, group.type, labels, missing),
  )
  return {
    reserve: rows => {
      for (const store of stores) store.reserve(rows)
    },
    add: fields => {
      for (const store of stores) {
        const why = store.add(fields)
        if (why !== undefined) return why
      }
      return undefined
    },
    done: () => Object.fromEntries(stores.map((store, i) => [groups[i]?.name ?? '', store.done()])),
  }
}
