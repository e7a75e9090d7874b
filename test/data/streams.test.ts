import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/data/crc.ts'
import { formatError } from '../../src/data/errors.ts'
import {
  encodeIdx,
  gunzip,
  loadMnist,
  type Pieces,
  readIdx,
  readUnpacked,
  streamBytes,
  unzip,
} from '../../src/data/index.ts'
import { left, right } from '../support/either.ts'
import { check } from '../support/values.ts'
import { zip64 } from './npy.ts'

const folder = mkdtempSync(join(tmpdir(), 'streams-'))
const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const text = (s: string): Uint8Array => new TextEncoder().encode(s)
/** Bytes that pack well and bytes that do not, up to `times` 256. */
const contents = (times: number): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.uint8Array({ maxLength: 256 }), fc.integer({ min: 0, max: times }))
    .map(([bytes, n]) => new Uint8Array(Buffer.concat(Array.from({ length: n }, () => bytes))))
/** A megabyte that packs to about half. */
const large = new Uint8Array(1_000_000).map((_, i) => (Math.imul(i ^ (i >> 7), 0x9e3779b1) >>> 24) & 15)
const flipped = (bytes: Uint8Array, share: number): Uint8Array => {
  const changed = Uint8Array.from(bytes)
  const at = Math.floor(share * bytes.length)
  changed[at] = (changed[at] ?? 0) ^ 0x55
  return changed
}
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it("crc32 has the standard's check value, and goes on where it stopped", () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926)
  expect(crc32(text('456789'), crc32(text('123')))).toBe(0xcbf43926)
  expect(crc32(text(''))).toBe(0)
})

describe('gunzip', () => {
  it('inverts what zlib packs, in one member or several', () => {
    check(
      fc.property(fc.array(contents(40), { minLength: 1, maxLength: 4 }), parts => {
        const packed = Buffer.concat(parts.map(part => gzipSync(part)))
        expect(right(gunzip()(packed))).toEqual(new Uint8Array(Buffer.concat(parts)))
      }),
    )
    expect(Buffer.compare(right(gunzip()(gzipSync(large))), large)).toBe(0)
  })

  it('of a part, or of more than a file, is a Left', () => {
    check(
      fc.property(contents(20), share, fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes, s, more) => {
        const packed = gzipSync(bytes)
        expect(left(gunzip()(packed.subarray(0, Math.floor(s * packed.length))))._tag).toBe('FormatError')
        expect(left(gunzip()(Buffer.concat([packed, more])))._tag).toBe('FormatError')
      }),
    )
  })

  it('of damaged bytes is a Left, unless the damage is in what says nothing of the contents', () => {
    check(
      fc.property(contents(20), share, (bytes, s) => {
        const found = gunzip()(flipped(gzipSync(bytes), s))
        if (found._tag === 'Left') expect(found.left._tag).toBe('FormatError')
        else expect(found.right).toEqual(bytes)
      }),
      400,
    )
  })

  it('names what it was given', () => {
    expect(left(gunzip({ source: 'x.gz' })(text('hello'))).message).toBe(
      'x.gz: is no gzip file: it does not begin with 1f 8b',
    )
    const cut = gzipSync(large).subarray(0, 50_000)
    expect(left(gunzip({ source: 'x.gz' })(cut)).message).toContain('x.gz: is damaged or truncated')
    expect(() => gunzipSync(cut)).toThrow()
  })
})

describe('unzip', () => {
  it('inverts packing, for each entry', () => {
    check(
      fc.property(contents(20), contents(20), fc.constantFrom(0, 6), (a, b, level) => {
        const archive = zipSync({ 'a.txt': a, folder: { b } }, { level: level as 0 | 6 })
        expect(right(unzip({ entry: 'a.txt' })(archive))).toEqual(a)
        expect(right(unzip({ entry: 'folder/b' })(archive))).toEqual(b)
      }),
    )
  })

  it('takes the only file without being told its name, folders aside', () => {
    expect(right(unzip()(zipSync({ folder: {}, 'folder/': new Uint8Array(), 'a.txt': text('A') })))).toEqual(text('A'))
  })

  it('reads sizes of 64 bits', () => {
    const archive = Uint8Array.from(Buffer.from(zip64, 'base64'))
    expect(right(unzip({ entry: 'two.txt' })(archive))).toEqual(text('this is two.txt, '.repeat(20)))
  })

  it('says which entries there are', () => {
    const archive = zipSync({ a: text('A'), b: text('B') })
    expect(left(unzip({ source: 'x.zip' })(archive)).message).toBe('x.zip: say which entry to read: it has a, b')
    expect(left(unzip({ source: 'x.zip', entry: 'c' })(archive)).message).toBe('x.zip: has no c: it has a, b')
    expect(left(unzip()(zipSync({}))).message).toContain('it is empty')
  })

  it('refuses what is encrypted, packed otherwise, or too large to be true', () => {
    const archive = zipSync({ a: text('AAAA') })
    const entry = Buffer.from(archive).indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    const changed = (at: number, ...bytes: readonly number[]): string => {
      const copy = Uint8Array.from(archive)
      copy.set(bytes, entry + at)
      return left(unzip({ source: 'x' })(copy)).message
    }
    expect(changed(8, 1)).toBe('x (a): is encrypted: unpack the archive with its password first')
    expect(changed(10, 12)).toContain('x (a): is packed with method 12')
    expect(changed(24, 0xff, 0xff, 0xff, 0x7f)).toContain('packed bytes cannot hold 2147483647')
    expect(changed(16, 1)).toContain('does not match its size or checksum')
    expect(changed(42, 9)).toContain('its header is not where the directory says')
  })
})

describe('streams', () => {
  const whole = async ({ pieces, length }: Pieces): Promise<readonly [Uint8Array, number | undefined]> => {
    const all: Uint8Array[] = []
    for await (const piece of pieces) all.push(Uint8Array.from(piece))
    expect(all.length).toBeGreaterThan(1)
    return [new Uint8Array(Buffer.concat(all)), length]
  }

  it.each([
    ['as it is', large, large.length],
    ['with gzip', new Uint8Array(gzipSync(large)), undefined],
    ['in a zip archive', zipSync({ large }), large.length],
    ['stored in a zip archive', zipSync({ large }, { level: 0 }), large.length],
  ])('give a file %s in pieces, from a path, a Blob and memory', async (how, bytes, length) => {
    for (const input of [file(how, bytes), new Blob([bytes]), bytes]) {
      const [bytes, total] = right(await streamBytes(whole)(input)())
      expect([Buffer.compare(bytes, large), total]).toEqual([0, length])
    }
  })

  it('that are damaged are a Left that names the file', async () => {
    const cut = file('cut.gz', gzipSync(large).subarray(0, -1))
    expect(left(await readUnpacked(cut)())).toMatchObject({ _tag: 'FormatError', source: cut })
    const archive = zipSync({ large })
    archive[10_000] = (archive[10_000] ?? 0) ^ 1
    const damaged = file('damaged.zip', archive)
    expect(left(await readUnpacked(damaged)())._tag).toBe('FormatError')
    expect(left(await readUnpacked(join(folder, 'none'))())).toMatchObject({ _tag: 'MissingError' })
    expect(left(await readUnpacked(folder)()).message).toBe(`${folder}: is a directory, not a file`)
    expect(left(await readUnpacked(file('x.zip', zipSync({ a: text('A') })), { entry: 'b' })()).message).toContain(
      'has no b',
    )
  })

  it('pass on the DataError of their reader; any other mistake of it is thrown', async () => {
    const stop = streamBytes(async ({ pieces }) => {
      for await (const _ of pieces) throw formatError('reader', 'has enough')
    })
    expect(left(await stop(file('long', large))()).message).toBe('reader: has enough')
    const wrong = streamBytes(() => Promise.reject(new TypeError('mistaken')))
    await expect(wrong(large)()).rejects.toThrow('mistaken')
  })
})

describe('IDX files that are packed', () => {
  const idx = { shape: [2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) }

  it('are read as if they were not', async () => {
    expect(right(await readIdx(file('x.gz', gzipSync(encodeIdx(idx))))())).toEqual(idx)
    expect(left(await readIdx(file('cut.gz', gzipSync(encodeIdx(idx)).subarray(0, -3)))())._tag).toBe('FormatError')
  })

  it('make a MNIST folder as they are published', async () => {
    const images = { shape: [1, 1, 2], values: Uint8Array.of(0, 255) }
    const labels = { shape: [1], values: Uint8Array.of(7) }
    const directory = mkdtempSync(join(tmpdir(), 'mnist-gz-'))
    for (const part of ['train', 't10k']) {
      writeFileSync(join(directory, `${part}-images-idx3-ubyte.gz`), gzipSync(encodeIdx(images)))
      writeFileSync(join(directory, `${part}-labels-idx1-ubyte.gz`), gzipSync(encodeIdx(labels)))
    }
    expect(right(await loadMnist({ directory })()).test.images.shape).toEqual([1, 1, 2])
  })
})
