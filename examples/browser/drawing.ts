/**
 * What was drawn, as MNIST has its digits: scaled so that the longer side takes 20 pixels, and put into 28×28 with the centre of mass
 * in the middle.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998). Here the frame gives way where the
 * centre of mass would push some of the digit out of it.
 */

/** How dark each point is, from 0 to 1, by rows. */
export type Picture = { readonly width: number; readonly height: number; readonly ink: Float32Array }

const [SIDE, BOX] = [28, 20]
/** Less than this is no ink. */
const FAINT = 0.05

/** Where ink begins and ends along an axis, and its centre of mass, in points; null where there is none. */
type Extent = { readonly start: number; readonly end: number; readonly centre: number }

/** The extent of sums of ink along an axis, and of whether there is any. */
const extentOf = (sums: Float32Array, any: Uint8Array): Extent | null => {
  const start = any.indexOf(1)
  if (start < 0) return null
  const mass = sums.reduce((a, b) => a + b, 0)
  const moment = sums.reduce((a, b, i) => a + b * (i + 0.5), 0)
  return { start, end: any.lastIndexOf(1) + 1, centre: moment / mass }
}

const extents = ({ width, height, ink }: Picture): readonly [Extent, Extent] | null => {
  const [columns, rows] = [new Float32Array(width), new Float32Array(height)]
  const [anyInColumn, anyInRow] = [new Uint8Array(width), new Uint8Array(height)]
  ink.forEach((value, at) => {
    if (value < FAINT) return
    const [x, y] = [at % width, Math.floor(at / width)]
    columns[x] = (columns[x] ?? 0) + value
    rows[y] = (rows[y] ?? 0) + value
    anyInColumn[x] = anyInRow[y] = 1
  })
  const [across, down] = [extentOf(columns, anyInColumn), extentOf(rows, anyInRow)]
  return across === null || down === null ? null : [across, down]
}

/** Where pixel 0 begins, in points, when `scale` points make a pixel: the centre of mass in the middle, all ink within. */
const originOf = ({ start, end, centre }: Extent, scale: number): number =>
  Math.max(end - SIDE * scale, Math.min(start, centre - (SIDE / 2) * scale))

/** The share of each of `count` points that each pixel covers, by pixel: [28, count]. */
const coverage = (origin: number, scale: number, count: number): Float32Array => {
  const shares = new Float32Array(SIDE * count)
  for (let pixel = 0; pixel < SIDE; pixel++) {
    const from = origin + pixel * scale
    for (let i = Math.max(0, Math.floor(from)); i < Math.min(count, from + scale); i++)
      shares[pixel * count + i] = (Math.min(i + 1, from + scale) - Math.max(i, from)) / scale
  }
  return shares
}

/** [m, k] · [n, k]ᵀ -> [m, n] */
const timesTransposed = (a: Float32Array, b: Float32Array, k: number): Float32Array => {
  const [m, n] = [a.length / k, b.length / k]
  const product = new Float32Array(m * n)
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) {
      const value = a[i * k + l] ?? 0
      if (value !== 0)
        for (let j = 0; j < n; j++) product[i * n + j] = (product[i * n + j] ?? 0) + value * (b[j * k + l] ?? 0)
    }
  return product
}

/** 28×28 pixels from 0 to 1, each the mean ink of what it covers; null where nothing was drawn. */
export const asDigit = (picture: Picture): Float32Array | null => {
  const found = extents(picture)
  if (found === null) return null
  const [across, down] = found
  const { width, height, ink } = picture
  const scale = Math.max(across.end - across.start, down.end - down.start) / BOX
  const columns = coverage(originOf(across, scale), scale, width)
  const rows = coverage(originOf(down, scale), scale, height)
  // ink: [height, width], columns: [28, width] -> [28, height]; then [28, height], rows -> [28, 28], by rows of the picture.
  return timesTransposed(rows, timesTransposed(columns, ink, width), height)
}
