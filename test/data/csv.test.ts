import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { rowReader } from '../../src/data/csv-rows.ts'
import { parseCsv, parseCsvMatrix, readCsv, readCsvMatrix } from '../../src/data/index.ts'
import { data, toArray } from '../../src/index.ts'
import { left, right } from '../support/either.ts'
import { check } from '../support/values.ts'

const field = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a') }),
)
/** Rows of one width; those of one blank field are no rows. */
const rows = fc
  .integer({ min: 1, max: 4 })
  .chain(width => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }))
  .filter(all => all.every(row => row.length > 1 || row[0]?.trim() !== ''))
const quoted = (s: string): string => `"${s.replaceAll('"', '""')}"`
/** A field as it may be written: in quotes where it must be, or may. */
const written = (s: string, always: boolean): string => (always || /["\s,]/.test(s) ? quoted(s) : s)
const splitAt = (text: string, places: readonly number[]): readonly string[] => {
  const cuts = [0, ...places.map(p => Math.floor(p * text.length)).toSorted((a, b) => a - b), text.length]
  return cuts.slice(1).map((end, i) => text.slice(cuts[i], end))
}
const fraction = fc.double({ min: 0, max: 1, noNaN: true })

describe('rows', () => {
  it('are those that were written, whatever their fields, line ends and the pieces they come in', () => {
    check(
      fc.property(
        rows,
        fc.boolean(),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fraction, { maxLength: 6 }),
        (all, always, end, closed, places) => {
          const text = all.map(row => row.map(s => written(s, always)).join(',')).join(end) + (closed ? end : '')
          const found: (readonly string[])[] = []
          const read = rowReader('x', {}, fields => {
            found.push(fields)
            return undefined
          })
          for (const piece of splitAt(text, places)) read(piece, false)
          read('', true)
          expect(found).toEqual(all)
        },
      ),
      400,
    )
  })

  it('that are bad are named by the line they begin on, whatever stands before', () => {
    check(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.array(fraction, { maxLength: 3 }), (all, end, places) => {
        const before = all.flatMap((row, i) => [...(i % 2 === 0 ? ['# comment'] : ['', '']), row.map(quoted).join(',')])
        const text = [...before, 'bad,'.repeat(all[0]?.length ?? 1), 'last'].join(end)
        const line = before.join(end).split(end).length + 1
        const read = rowReader('x', { comment: '#' }, () => undefined)
        const run = (): void => {
          for (const piece of splitAt(text, places)) read(piece, false)
          read('', true)
        }
        expect(run).toThrow(`x: line ${line}: it has`)
      }),
    )
  })
})

describe('typed columns', () => {
  const text = '\ufeffyear,title,loud,live\r\n1969,"Come, ""Together""",-5.5,true\r\n\r\n2001,"two\nlines",1e2,0\r\n'

  it('have the dtypes asked for, found by name', () => {
    const { live, title, year, loud } = right(
      parseCsv({ columns: { live: 'bool', title: 'text', year: 'int32', loud: 'float64' } })(text),
    )
    expect([live.dtype, year.dtype, loud.dtype]).toEqual(['bool', 'int32', 'float64'])
    expect([toArray(live), toArray(year), toArray(loud)]).toEqual([
      [true, false],
      [1969, 2001],
      [-5.5, 100],
    ])
    expect(title).toEqual(['Come, "Together"', 'two\nlines'])
  })

  it('are the same where lines end with \\r\\n after a first that ends with \\n', () => {
    const columns = { a: 'int32', b: 'text' } as const
    const parsed = (text: string) => right(parseCsv({ columns })(text)).b
    expect(parsed('a,b\n1,2\r\n3,4\r\n5,6')).toEqual(['2', '4', '6'])
    expect(parsed('a,b\n1,"2\r"\n3,"4"\r\n5,6\r\n')).toEqual(['2\r', '4', '6'])
  })

  it('without a header are named in order', () => {
    const { a, b } = right(parseCsv({ header: false, delimiter: ';', columns: { a: 'int32', b: 'text' } })('1;x\n2;y'))
    expect([toArray(a), b]).toEqual([
      [1, 2],
      ['x', 'y'],
    ])
    const two = parseCsv({ source: 'x', header: false, columns: { a: 'int32', b: 'text' } })
    expect(left(two('1,2,3')).message).toBe('x: line 1: it has 3 fields for the 2 columns a, b')
  })

  it.each<readonly [string, string]>([
    ['a,b\n1,2\n1,x\n', 'x: line 3: column 2 (b): "x" is no float32'],
    ['a,b\n1,\n', 'x: line 2: column 2 (b): "" is empty: say what stands for it with { missing }'],
    ['a,b\n1.5,2\n', 'x: line 2: column 1 (a): "1.5" is no int32'],
    ['a,b\n3000000000,2\n', 'x: line 2: column 1 (a): "3000000000" is no int32'],
    ['a,b\n1,0x10\n', 'x: line 2: column 2 (b): "0x10" is no float32'],
    ['a,b\n1,0x0\n', 'x: line 2: column 2 (b): "0x0" is no float32'],
    ['a,b\n1,2\n3\n', 'x: line 3: it has 1 fields, where the first row has 2'],
    ['a,a\n1,2\n', 'x: line 1: two columns are called a'],
    [
      'a,b\r\n1,2\n3,4\r\n',
      'x: line 2: it has 3 fields, where the first row has 2; perhaps it ends with \\n, where the first line ends with \\r\\n',
    ],
    ['a,c\n1,2\n', 'x: line 1: the header names no column b, only a, c'],
    ['a,b\n1,"2\n', 'x: line 2: it has a quote that is not closed, or text beside one'],
    ['a,b\n1,"2"3\n4,5\n', 'x: line 2: it has a quote that is not closed, or text beside one'],
    ['', 'x: is empty: it has no rows'],
  ])('%j is a Left that says what is wrong', (text, message) => {
    const error = left(parseCsv({ source: 'x', columns: { a: 'int32', b: 'float32' } })(text))
    expect(error).toMatchObject({ _tag: 'FormatError', message })
  })

  it('missing stands for empty fields', () => {
    const { a } = right(parseCsv({ columns: { a: 'float32', b: 'int32' }, missing: -1 })('a,b\n,2\n '.concat(',3')))
    expect(toArray(a)).toEqual([-1, -1])
  })

  it('floats may be nan and infinite, with spaces around', () => {
    const { values } = right(parseCsvMatrix({ header: false, dtype: 'float64' })(' 1.5 ,nan,-inf,Infinity,-0,+.5e1\n'))
    expect([...data(values)]).toEqual([1.5, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0, 5])
  })

  it('a header without rows makes empty columns', () => {
    expect(right(parseCsv({ columns: { a: 'int32' } })('a\n')).a.shape).toEqual([0])
    expect(right(parseCsvMatrix()('a,b\n')).values.shape).toEqual([0, 2])
  })

  it('a delimiter that cannot be one throws', () => {
    expect(() => parseCsvMatrix({ delimiter: '"' })('1')).toThrow('csv: delimiter, quote and comment must differ')
    expect(() => parseCsvMatrix({ delimiter: '\n' })('1')).toThrow('csv: delimiter')
  })
})

describe('matrices', () => {
  const matrix = fc
    .integer({ min: 1, max: 5 })
    .chain(width => fc.array(fc.float64Array({ minLength: width, maxLength: width }), { minLength: 1, maxLength: 40 }))

  it('reading inverts writing, to the bit', () => {
    check(
      fc.property(matrix, all => {
        const text = all.map(row => [...row].map(x => (Object.is(x, -0) ? '-0' : String(x))).join(',')).join('\n')
        const { values, names } = right(parseCsvMatrix({ header: false, dtype: 'float64' })(text))
        expect(names).toEqual([])
        expect(toArray(values)).toEqual(all.map(row => [...row]))
      }),
    )
  })
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csv-'))
  const text = Array.from({ length: 40_000 }, (_, i) => `${i},${i / 8},"é${i}"`).join('\n')
  const bytes = new TextEncoder().encode(text)
  const columns = { a: 'int32', b: 'float32', c: 'text' } as const

  it.each([
    ['plain', bytes],
    ['gzip', new Uint8Array(gzipSync(bytes))],
    ['zip', zipSync({ 'a.csv': bytes })],
  ])('%s are streamed to the same columns', async (name, packed) => {
    const path = join(folder, name)
    writeFileSync(path, packed)
    const { a, b, c } = right(await readCsv({ header: false, columns })(path)())
    expect([a.shape, data(a)[39_999], data(b)[39_999], c[39_999], c.length]).toEqual([
      [40_000],
      39_999,
      39_999 / 8,
      'é39999',
      40_000,
    ])
  })

  it('a bad row far down is named by its line', async () => {
    const bad = new Blob([`${text}\n1,2,3\nx,2,3\n`])
    const error = left(await readCsv({ header: false, columns, source: 'far.csv' })(bad)())
    expect(error.message).toBe('far.csv: line 40002: column 1: "x" is no int32')
  })

  it('a quote that is never closed is found before everything is in memory', async () => {
    const open = new Blob(['a,"b\n', ...Array.from({ length: 90 }, () => 'x'.repeat(100_000))])
    const error = left(await readCsvMatrix({ header: false, source: 'open' })(open)())
    expect(error.message).toBe('open: line 1: it is longer than 4194304 characters: is a quote not closed?')
  })

  it('what is no UTF-8 is a Left', async () => {
    const error = left(await readCsvMatrix({ header: false })(Uint8Array.of(0x31, 0xff, 0xfe))())
    expect(error.message).toBe('data: is no text in UTF-8')
  })
})
