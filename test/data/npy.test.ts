import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dtype } from '../../src/core/dtype.ts'
import { allocate } from '../../src/core/dtype.ts'
import { concrete } from '../../src/core/tensor.ts'
import { encodeNpy, encodeNpz, parseNpy, parseNpz, readNpy, readNpz, writeNpy, writeNpz } from '../../src/data/index.ts'
import { data, type Tensor, tensor, toArray } from '../../src/index.ts'
import { left, right } from '../support/either.ts'
import { check } from '../support/values.ts'
import { archives, read, refused, versions, written } from './npy.ts'

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const bitsOf = (x: Tensor): readonly number[] => [...new Uint8Array(data(x).buffer)]

/** Tensors of every dtype and rank whose elements are any bits at all. */
const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    dtype: fc.constantFrom<Dtype>('float32', 'float64', 'int32', 'bool'),
  })
  .chain(({ shape, dtype }) => {
    const host = allocate(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    )
    const max = dtype === 'bool' ? 1 : 255
    return fc
      .array(fc.integer({ min: 0, max }), { minLength: host.byteLength, maxLength: host.byteLength })
      .map(bits => {
        new Uint8Array(host.buffer).set(bits)
        return concrete(shape, dtype, host)
      })
  })

const sameBits = (x: Tensor, y: Tensor): void => {
  expect([y.dtype, y.shape]).toEqual([x.dtype, x.shape])
  expect(bitsOf(y)).toEqual(bitsOf(x))
}

const named = (name: string): Tensor => {
  const [, dtype = '', sizes = ''] = /^(\w+)\[(.*)\]$/.exec(name) ?? []
  const shape = sizes === '' ? [] : sizes.split(',').map(Number)
  const base = [-2, -1, 0, 1, 2, 3]
  const values: Readonly<Record<string, readonly number[]>> = {
    'float32[2,3]': base.map(n => n / 4),
    'float64[2,3]': base.map(n => n / 10),
    'int32[2,3]': base,
    'bool[2,3]': base.map(n => Number(n > 0)),
    'float32[]': [1.5],
    'int32[]': [-7],
    'int32[12]': Array.from({ length: 12 }, (_, i) => i),
    'float32[1,1,1,1]': [1],
    'float32[4]': [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
  }
  return tensor(new Float64Array(values[name] ?? []), { shape, dtype: dtype as Dtype })
}

describe('npy', () => {
  it('parse inverts encode to the bit, for every dtype, rank and NaN', () => {
    check(fc.property(anyTensor, x => sameBits(x, right(parseNpy()(encodeNpy(x))))))
  })

  it('parsing does not depend on where the bytes lie', () => {
    check(
      fc.property(anyTensor, fc.nat({ max: 9 }), (x, offset) => {
        const bytes = encodeNpy(x)
        const padded = new Uint8Array(offset + bytes.length)
        padded.set(bytes, offset)
        sameBits(x, right(parseNpy()(padded.subarray(offset))))
      }),
    )
  })

  it('no proper part of a file, and no longer file, is a file', () => {
    check(
      fc.property(anyTensor, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (x, share) => {
        const bytes = encodeNpy(x)
        expect(left(parseNpy()(bytes.subarray(0, Math.floor(share * bytes.length))))._tag).toBe('FormatError')
        expect(left(parseNpy()(Uint8Array.from([...bytes, 0]))).message).toContain('is too long')
      }),
    )
  })

  it('what was parsed does not change with the bytes, not even with those of a Buffer, whose slices are views', () => {
    const bytes = Buffer.from(encodeNpy(tensor([1, 2])))
    const x = right(parseNpy()(bytes))
    bytes.fill(9)
    expect(toArray(x)).toEqual([1, 2])
  })

  it.each(Object.entries(written))('%s is written as NumPy writes it, byte for byte', (name, file) => {
    expect(encodeNpy(named(name))).toEqual(bytesOf(file))
    sameBits(named(name), right(parseNpy()(bytesOf(file))))
  })

  it.each(versions.map((file, i) => [i + 1, file] as const))('version %d.0 is read', (version, file) => {
    expect(bytesOf(file)[6]).toBe(version)
    sameBits(named('float32[2,3]'), right(parseNpy()(bytesOf(file))))
  })

  it.each(read)('$name is read as NumPy reads it', ({ dtype, shape, values, file }) => {
    const x = right(parseNpy()(bytesOf(file)))
    expect([x.dtype, x.shape, [...data(x)]]).toEqual([dtype, shape, values])
  })

  it.each([
    ['object', 'holds elements of type |O, which no tensor has'],
    ['text', 'holds elements of type <U2, which no tensor has'],
    ['bytes', 'holds elements of type |S2, which no tensor has'],
    ['structured', 'holds a structured array: save each field as an array of its own'],
    ['complex', 'holds elements of type <c8'],
    ['float16', 'holds elements of type <f2'],
    ['date', 'holds elements of type <M8[D]'],
    ['u4', "value 2147483648 at index 1 is no int32; read it with { dtype: 'float64' }"],
    ['i8', 'value -1099511627776 at index 1 is no int32'],
    ['u8', 'value 9223372036854775809 at index 0 is no int32'],
  ] as const)('%s is a Left that says so', (name, message) => {
    const error = left(parseNpy({ source: 'x.npy' })(bytesOf(refused[name])))
    expect(error).toMatchObject({ _tag: 'FormatError', source: 'x.npy' })
    expect(error.message).toContain(`x.npy: ${message}`)
  })

  it('dtype decides, and what it cannot hold is a Left', () => {
    const wide = bytesOf(refused.i8)
    expect(toArray(right(parseNpy({ dtype: 'float64' })(wide)))).toEqual([[1, -(2 ** 40)]])
    expect(left(parseNpy({ dtype: 'float64' })(bytesOf(refused.u8))).message).toContain('is no float64')
    const tenth = encodeNpy(tensor([0.1], { dtype: 'float64' }))
    expect(right(parseNpy({ dtype: 'float32' })(tenth))).toMatchObject({ dtype: 'float32' })
    expect(left(parseNpy({ dtype: 'int32' })(tenth)).message).toContain('value 0.1 at index 0 is no int32')
    const large = encodeNpy(tensor([2 ** 24 + 1], { dtype: 'int32' }))
    expect(left(parseNpy({ dtype: 'float32' })(large)).message).toContain('value 16777217 at index 0 is no float32')
    expect(left(parseNpy({ dtype: 'bool' })(encodeNpy(tensor([0, 2])))).message).toContain('value 2 at index 1 is no')
  })

  it.each([
    [[1, 2, 3], 'does not begin with \\x93NUMPY'],
    [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1], '7 bytes end within the header'],
    [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 4, 0, 0, 0, 0, 0], 'is of version 4.0'],
    [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 9, 0, 0x7b, 0x7d], '12 bytes, where the header takes 19'],
    [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 2, 0, 0x7b, 0x7d], 'its header is "{}"'],
  ])('bytes of something else are a Left that says why', (bytes, message) => {
    expect(left(parseNpy()(Uint8Array.from(bytes))).message).toContain(message)
  })

  it('a shape beyond what a tensor can have is a Left', () => {
    const text = new TextDecoder('latin1').decode(encodeNpy(tensor([1])))
    const huge = Buffer.from(text.replace('(1,), }', '(9999999999,), }').replace(/ {9}\n/, '\n'), 'latin1')
    expect(left(parseNpy()(Uint8Array.from(huge))).message).toContain('is too large')
  })
})

describe('npz', () => {
  const record = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), anyTensor, { maxKeys: 4 })

  it('parse inverts encode to the bit, stored and deflated, whatever the names', () => {
    check(
      fc.property(record, fc.boolean(), (tensors, compress) => {
        const back = right(parseNpz()(encodeNpz({ compress })(tensors)))
        expect(Object.keys(back).toSorted()).toEqual(Object.keys(tensors).toSorted())
        for (const [name, x] of Object.entries(tensors)) sameBits(x, back[name] ?? tensor([]))
      }),
    )
  })

  it('equal tensors give equal bytes', () => {
    const tensors = { a: tensor([1, 2]), b: tensor(3) }
    expect(encodeNpz()(tensors)).toEqual(encodeNpz()(tensors))
  })

  it('any one byte that is changed is found out, or changes nothing', () => {
    const tensors = { a: tensor([1, 2, 3]), b: tensor([[true]]) }
    check(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.boolean(), (share, compress) => {
        const bytes = encodeNpz({ compress })(tensors)
        const at = Math.floor(share * bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ 0x55
        const found = parseNpz()(bytes)
        if (found._tag === 'Left') expect(found.left._tag).toBe('FormatError')
        else for (const [i, x] of Object.values(found.right).entries()) sameBits(Object.values(tensors)[i] ?? x, x)
      }),
      400,
    )
  })

  it.each(Object.entries(archives))('a %s archive of NumPy is read', (_name, file) => {
    const { w, b, ...rest } = right(parseNpz()(bytesOf(file)))
    expect(rest).toEqual({})
    sameBits(named('float32[2,3]'), w ?? tensor([]))
    expect([b?.dtype, toArray(b ?? tensor([]))]).toEqual([
      'int32',
      Array.from({ length: 100 }, (_, i) => Math.floor(i / 10)),
    ])
  })

  it('an archive that is none, is cut, or holds something else is a Left that says so', () => {
    const bytes = encodeNpz()({ a: tensor([1]) })
    expect(left(parseNpz({ source: 'x.npz' })(bytes.subarray(0, -1))).message).toBe(
      'x.npz: is no zip archive, or is truncated: it has no end record',
    )
    const name = Buffer.from('a.npy')
    const other = Buffer.from(bytes)
    for (let at = other.indexOf(name); at >= 0; at = other.indexOf(name, at + 1)) other.write('a.txt', at)
    expect(left(parseNpz({ source: 'x.npz' })(Uint8Array.from(other))).message).toBe('x.npz (a.txt): is no npy file')
  })
})

describe('files of NumPy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npy-'))
  const x = tensor([
    [1, 2.5],
    [Number.NaN, -0],
  ])

  it('reading inverts writing', async () => {
    const [npy, npz] = [join(folder, 'x.npy'), join(folder, 'x.npz')]
    right(await writeNpy(npy)(x)())
    sameBits(x, right(await readNpy(npy)()))
    right(await writeNpz(npz, { compress: true })({ x })())
    sameBits(x, right(await readNpz(npz)()).x ?? tensor([]))
    expect(right(await readNpz(npz, { dtype: 'float64' })()).x?.dtype).toBe('float64')
  })

  it('a missing file is a Left that names it, and so is a path that cannot be written', async () => {
    const path = join(folder, 'nowhere', 'x.npy')
    expect(left(await readNpy(path)())).toMatchObject({ _tag: 'MissingError', source: path })
    expect(left(await readNpz(path)())).toMatchObject({ _tag: 'MissingError', source: path })
    expect(left(await writeNpy(path)(x)())).toMatchObject({ _tag: 'WriteError', source: path })
    expect(left(await writeNpz(path)({ x })())).toMatchObject({ _tag: 'WriteError', source: path })
  })
})
