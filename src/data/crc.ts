/**
 * CRC-32, the checksum that gzip and zip keep of what they hold.
 *
 * Layer: data. fflate unpacks without looking at it; here damaged files are found out. Read next: zip.ts.
 */
const POLYNOMIAL = 0xedb88320

const remainder = (byte: number): number => {
  let word = byte
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ POLYNOMIAL : word >>> 1
  return word
}

const table = Int32Array.from({ length: 256 }, (_, byte) => remainder(byte))

/** The CRC-32 (ISO 3309) of bytes that follow others whose CRC is `before`: a number from 0 to 2³² - 1, 0 for none. */
export const crc32 = (bytes: Uint8Array, before = 0): number => {
  let word = ~before
  for (let i = 0; i < bytes.length; i++) word = (table[(word ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (word >>> 8)
  return ~word >>> 0
}
