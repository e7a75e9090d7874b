import { crc32, inflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tensor, zeros } from '../../src/index.ts'
import { type Chart, confusionChart, imageGrid } from '../../src/plot/index.ts'
import { encodePng, type Pixels } from '../../src/plot/pixels.ts'
import { check, i32, mistake, wavy } from '../support/values.ts'
import { count, drawn, misplaced, textsOf } from './support.ts'

describe('confusionChart', () => {
  type Cell = { readonly fill: string; readonly ink: string; readonly text: string }
  const cellsOf = ({ spec }: Chart): readonly Cell[] =>
    (spec.layer as readonly [{ readonly data: { readonly values: readonly Cell[] } }])[0].data.values
  const matrices = fc
    .integer({ min: 1, max: 7 })
    .chain(n =>
      fc.array(fc.array(fc.nat({ max: 20_000 }), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
    )

  const luminance = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map(i => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
      .map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }

  it('every count contrasts with its cell as WCAG 2 wants it of small text', () => {
    check(
      fc.property(matrices, matrix => {
        for (const { fill, ink } of cellsOf(confusionChart()(i32(matrix)))) {
          const [dark = 0, light = 0] = [luminance(fill), luminance(ink)].sort((a, b) => a - b)
          expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5)
        }
      }),
    )
  })

  it('more errors are never lighter, and one among thousands is seen', () => {
    const fills = cellsOf(
      confusionChart()(i32([[9000, 1, 5, 90, 0], ...Array.from({ length: 4 }, () => [0, 0, 0, 0, 0])])),
    )
    const [, one = '', five = '', ninety = '', none = ''] = fills.map(({ fill }) => fill)
    const shades = [none, one, five, ninety].map(luminance)
    expect(shades).toEqual([...shades].sort((a, b) => b - a))
    expect(none).toBe('#ffffff')
    expect(luminance(none) - luminance(one)).toBeGreaterThan(0.1)
  })

  it('draws all counts, names, recalls and the accuracy', async () => {
    const svg = await drawn(
      confusionChart({ names: ['cat', 'dog & co'], title: 'Pets' })(
        i32([
          [1234, 6],
          [0, 0],
        ]),
      ),
    )
    expect(misplaced(svg)).toEqual([])
    for (const text of [
      '1,234',
      '6',
      'cat',
      'dog & co',
      'Pets',
      '99.5 %',
      '–',
      '1,234 of 1,240 right (99.5 %).',
      'label',
      'predicted',
    ])
      expect(textsOf(svg)).toContain(text)
    expect(textsOf(svg).filter(text => text === '0').length).toBe(2)
  })

  it('is an error for what is no confusion matrix', () => {
    const matrix = i32([
      [1, 2],
      [3, 4],
    ])
    expect(mistake(() => confusionChart()(zeros([2, 3])))).toContain(
      'ShapeError: confusionChart: a confusion matrix is square',
    )
    expect(mistake(() => confusionChart()(zeros([0, 0])))).toContain('ShapeError: confusionChart: there are no classes')
    expect(
      mistake(() =>
        confusionChart()(
          i32([
            [1, -2],
            [3, 4],
          ]),
        ),
      ),
    ).toContain('ValueError: confusionChart: -2 is no count')
    expect(mistake(() => confusionChart({ names: ['a'] })(matrix))).toContain('got 1 names for 2 classes')
    expect(mistake(() => confusionChart({ names: ['a', 'a'] })(matrix))).toContain(
      'two classes have the same name: a, a',
    )
  })
})

/** A PNG file taken apart: every checksum is checked, and pixels are read with zlib. */
const decoded = (bytes: Uint8Array): Pixels => {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
  const chunks = new Map<string, Uint8Array>()
  for (let at = 8; at < bytes.length; ) {
    const length = view.getUint32(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    expect(view.getUint32(at + 8 + length)).toBe(crc32(body))
    chunks.set(new TextDecoder().decode(body.subarray(0, 4)), body.subarray(4))
    at += length + 12
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR') ?? new Uint8Array()
  const [width, height] = [0, 4].map(i => new DataView(header.buffer, header.byteOffset).getUint32(i)) as [
    number,
    number,
  ]
  const channels = header[9] === 2 ? 3 : 1
  const rows = new Uint8Array(inflateSync(chunks.get('IDAT') ?? new Uint8Array()))
  return { width, height, channels, samples: rows.filter((_, i) => i % (width * channels + 1) !== 0) }
}

describe('PNG', () => {
  it('is what zlib reads, for all sizes and both kinds of pixels', () => {
    const pixels = fc.record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
      channels: fc.constantFrom(1, 3),
    })
    check(
      fc.property(pixels, fc.nat({ max: 255 }), (size, phase) => {
        const samples = Uint8Array.from(
          { length: size.width * size.height * size.channels },
          (_, i) => (i * 37 + phase) % 256,
        )
        const image = { ...size, channels: size.channels as 1 | 3, samples }
        expect(decoded(encodePng(image))).toEqual(image)
      }),
    )
  })
  it('is, too, where pixels take several blocks', () => {
    const samples = Uint8Array.from({ length: 300 * 250 * 3 }, (_, i) => (i * i) % 251)
    const image = { width: 300, height: 250, channels: 3, samples } as const
    const back = decoded(encodePng(image))
    expect({ ...back, samples }).toEqual(image)
    expect(Buffer.compare(back.samples, samples)).toBe(0)
  })
})

describe('imageGrid', () => {
  const imagesOf = (svg: string): readonly Pixels[] =>
    [...svg.matchAll(/href="data:image\/png;base64,([^"]+)"/g)].map(([, base64 = '']) =>
      decoded(new Uint8Array(Buffer.from(base64, 'base64'))),
    )
  const labels = i32([0, 1, 1])
  const images = wavy([3, 4, 5])

  it('holds all images, from black for the least value to white for the greatest', async () => {
    const svg = await drawn(imageGrid({ columns: 2 })(images, labels))
    expect(misplaced(svg)).toEqual([])
    const found = imagesOf(svg)
    expect(found.map(({ width, height, channels }) => [width, height, channels])).toEqual(Array(3).fill([5, 4, 1]))
    const all = found.flatMap(({ samples }) => [...samples])
    expect([Math.min(...all), Math.max(...all)]).toEqual([0, 255])
  })

  it('range says what is black and white, and cuts off; NaN is black', async () => {
    const values = tensor([[[-1, 0, 0.5, 1, 2, Number.NaN, Infinity]]])
    const [image] = imagesOf(await drawn(imageGrid({ columns: 1, range: [0, 1] })(values, i32([3]))))
    expect([...(image?.samples ?? [])]).toEqual([0, 0, 128, 255, 255, 0, 255])
  })

  it('a last axis of one channel is grey, of three in colours', async () => {
    const kind = async (shape: readonly number[]) =>
      imagesOf(await drawn(imageGrid({ columns: 3 })(wavy(shape), labels))).map(({ channels }) => channels)
    expect(await kind([3, 2, 2, 1])).toEqual([1, 1, 1])
    expect(await kind([3, 2, 2, 3])).toEqual([3, 3, 3])
  })

  it('tells right from wrong by colour and by words', async () => {
    const svg = await drawn(imageGrid({ columns: 3, names: ['cat', 'dog'] })(images, labels, i32([0, 0, 1])))
    const texts = textsOf(svg)
    expect(texts.join(' ')).toContain('2 of 3 right; what is wrong is framed in orange, with × and its label.')
    expect(texts.filter(text => ['cat', 'dog', '× cat', 'label dog'].includes(text)).sort()).toEqual([
      'cat',
      'dog',
      'label dog',
      '× cat',
    ])
    expect(count(svg, /<path aria-label[^>]*stroke="#d55e00"/g)).toBe(1)
    expect(count(svg, /<path aria-label[^>]*stroke="#0072b2"/g)).toBe(2)
  })

  it('is an error for what does not fit together', () => {
    const grid = imageGrid({ columns: 2, names: ['cat', 'dog'] })
    expect(mistake(() => grid(zeros([3, 4]), labels))).toContain('ShapeError: imageGrid: images are [n,height,width]')
    expect(mistake(() => grid(zeros([3, 4, 4, 2]), labels))).toContain('got [3,4,4,2]')
    expect(mistake(() => grid(zeros([0, 4, 4]), zeros([0])))).toContain('there is nothing to show in [0,4,4]')
    expect(mistake(() => grid(images, i32([0, 1])))).toContain('3 images need labels of shape [3], got [2]')
    expect(mistake(() => grid(images, labels, i32([0])))).toContain('3 images need predictions of shape [3], got [1]')
    expect(mistake(() => grid(images, i32([0, 1, 2])))).toContain(
      'IndexError: imageGrid: labels: 2 at index 2 is none of the 2 classes',
    )
    expect(mistake(() => imageGrid({ columns: 0 })(images, labels))).toContain(
      'columns must be a whole number of at least 1, got 0',
    )
    expect(mistake(() => imageGrid({ columns: 1, size: 0 })(images, labels))).toContain('size must be positive, got 0')
  })
})
