/**
 * Pixels as PNG files in data URIs, so that images stand inside of an SVG.
 *
 * Layer: plot. PNG (ISO/IEC 15948) with stored, uncompressed blocks (RFC 1951): sample images are small, and a few lines do. Read
 * next: images.ts.
 */

/** Samples of 8 bits, row by row: 1 channel is grey, 3 are red, green, blue. */
export type Pixels = {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly samples: Uint8Array
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

const adler32 = (bytes: Uint8Array): number => {
  let [a, b] = [1, 0]
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return ((b << 16) | a) >>> 0
}

const word = (n: number): readonly number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]
const short = (n: number): readonly number[] => [n & 255, n >>> 8]

const joined = (parts: readonly (Uint8Array | readonly number[])[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const chunk = (type: string, content: Uint8Array | readonly number[]): Uint8Array => {
  const body = joined([new TextEncoder().encode(type), content])
  return joined([word(content.length), body, word(crc32(body))])
}

const BLOCK = 65535

/** A zlib stream of stored blocks. */
const zlib = (bytes: Uint8Array): Uint8Array => {
  const blocks = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, i) => {
    const part = bytes.subarray(i * BLOCK, (i + 1) * BLOCK)
    const last = (i + 1) * BLOCK >= bytes.length ? 1 : 0
    return joined([[last], short(part.length), short(part.length ^ 0xffff), part])
  })
  return joined([[0x78, 0x01], ...blocks, word(adler32(bytes))])
}

/** A PNG file; every row is stored without a filter. */
export const encodePng = ({ width, height, channels, samples }: Pixels): Uint8Array => {
  const stride = width * channels
  const rows = Array.from({ length: height }, (_, i) => joined([[0], samples.subarray(i * stride, (i + 1) * stride)]))
  return joined([
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    chunk('IHDR', [...word(width), ...word(height), 8, channels === 1 ? 0 : 2, 0, 0, 0]),
    chunk('IDAT', zlib(joined(rows))),
    chunk('IEND', []),
  ])
}

/** Pixels as a URI that holds them. */
export const dataUri = (pixels: Pixels): string => {
  const characters = Array.from(encodePng(pixels), byte => String.fromCharCode(byte))
  return `data:image/png;base64,${btoa(characters.join(''))}`
}
