import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeIdx, type Idx, type IdxArray, idxTensor, parseIdx, readIdx } from '../../src/data/index.ts'
import { data } from '../../src/index.ts'
import { left, right } from '../support/either.ts'
import { check } from '../support/values.ts'

const arrays = (length: number): fc.Arbitrary<IdxArray> => {
  const size = { minLength: length, maxLength: length }
  return fc.oneof<fc.Arbitrary<IdxArray>[]>(
    fc.uint8Array(size),
    fc.int8Array(size),
    fc.int16Array(size),
    fc.int32Array(size),
    fc.float32Array(size),
    fc.float64Array(size),
  )
}
const files: fc.Arbitrary<Idx> = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain(shape => arrays(shape.reduce((a, b) => a * b, 1)).map(values => ({ shape, values })))

const bytesOf = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

describe('IDX', () => {
  it('parse inverts encode, for every element type and rank', () => {
    check(
      fc.property(files, idx => {
        const back = right(parseIdx()(encodeIdx(idx)))
        expect(back).toEqual(idx)
        expect(back.values.constructor).toBe(idx.values.constructor)
      }),
    )
  })

  it('encode inverts parse, wherever the bytes lie in their buffer', () => {
    check(
      fc.property(files, fc.nat({ max: 9 }), (idx, offset) => {
        const bytes = encodeIdx(idx)
        const padded = new Uint8Array(offset + bytes.length)
        padded.set(bytes, offset)
        expect(encodeIdx(right(parseIdx()(padded.subarray(offset))))).toEqual(bytes)
      }),
    )
  })

  it('no proper part of a file, and no longer file, is a file', () => {
    check(
      fc.property(files, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (idx, share) => {
        const bytes = encodeIdx(idx)
        const cut = bytes.subarray(0, Math.floor(share * bytes.length))
        expect(left(parseIdx()(cut))._tag).toBe('FormatError')
        expect(left(parseIdx()(Uint8Array.from([...bytes, 0]))).message).toContain('is too long')
      }),
    )
  })

  it('what was parsed does not change with the bytes', () => {
    const bytes = encodeIdx({ shape: [2], values: bytesOf(1, 2) })
    const { values } = right(parseIdx()(bytes))
    bytes.fill(9)
    expect([...values]).toEqual([1, 2])
  })

  it('numbers are big-endian', () => {
    const idx = { shape: [2, 1], values: Int16Array.of(1, -2) }
    expect([...encodeIdx(idx)]).toEqual([0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0xff, 0xfe])
  })

  it.each([
    [bytesOf(0, 0, 8), 'labels: 3 bytes are too few for an IDX file'],
    [bytesOf(0x89, 0x50, 0x4e, 0x47, 0, 0), 'labels: is no IDX file: it begins with 89 50 4e 47, not with 00 00'],
    [bytesOf(0x1f, 0x8b, 8, 0), 'labels: is compressed with gzip: unpack it first (gunzip)'],
    [bytesOf(0, 0, 0x0a, 1, 0, 0, 0, 0), "labels: is no IDX file: its element type is 0x0a, none of the format's"],
    [bytesOf(0, 0, 8, 3, 0, 0, 0, 1), 'labels: is truncated: it ends after 8 of the 16 bytes of a header with 3 sizes'],
    [
      bytesOf(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3),
      'labels: is truncated: it has 15 bytes, where Uint8Array [2,3] takes 18',
    ],
    [bytesOf(0, 0, 0x0e, 1, 0xff, 0xff, 0xff, 0xff), 'where Float64Array [4294967295] takes 34359738368'],
  ])('bytes of something else are a Left that says why', (bytes, message) => {
    const error = left(parseIdx({ source: 'labels' })(bytes))
    expect(error.message).toContain(message)
    expect(error).toMatchObject({ _tag: 'FormatError', source: 'labels' })
  })

  it('encoding what is no array of that shape throws', () => {
    const values = bytesOf(1, 2, 3)
    expect(() => encodeIdx({ shape: [2], values })).toThrow('encodeIdx: 3 values do not fill shape [2]')
    const words = new Uint16Array(1) as unknown as IdxArray
    expect(() => encodeIdx({ shape: [1], values: words })).toThrow(
      'encodeIdx: IDX has no element type for a Uint16Array',
    )
    const axes = Array.from({ length: 256 }, () => 1)
    expect(() => encodeIdx({ shape: axes, values: bytesOf(1) })).toThrow('room for 255 axes')
  })

  it('as a tensor, integers are int32, floats stay, and dtype decides', () => {
    const of = (values: IdxArray): Idx => ({ shape: [values.length], values })
    expect(idxTensor()(of(bytesOf(0, 255)))).toMatchObject({ dtype: 'int32', shape: [2] })
    expect(idxTensor()(of(Float32Array.of(0.5))).dtype).toBe('float32')
    expect(idxTensor()(of(Float64Array.of(0.1))).dtype).toBe('float64')
    expect(data(idxTensor({ dtype: 'float32' })(of(Int8Array.of(-3))))).toEqual(Float32Array.of(-3))
    expect(() => idxTensor({ dtype: 'int32' })(of(Float32Array.of(0.5)))).toThrow('0.5 is no int32')
  })
})

describe('IDX files', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })
  const folder = mkdtempSync(join(tmpdir(), 'idx-'))

  it('reading inverts writing', async () => {
    const idx = { shape: [2, 2], values: Float64Array.of(1, -0.1, Number.NaN, 4) }
    const path = join(folder, 'file')
    writeFileSync(path, encodeIdx(idx))
    expect(right(await readIdx(path)())).toEqual(idx)
  })

  it('a missing file is a Left that names it', async () => {
    const path = join(folder, 'nowhere')
    expect(left(await readIdx(path)())).toMatchObject({ _tag: 'MissingError', message: `${path}: no such file` })
  })

  it('a folder is a Left', async () => {
    expect(left(await readIdx(folder)()).message).toBe(`${folder}: is a directory, not a file`)
  })

  it('without a file system, as in a browser, reading is a Left', async () => {
    vi.stubGlobal('process', undefined)
    expect(left(await readIdx('x')()).message).toContain('there is no file system here')
  })
})
