/**
 * The numbers that every competitor starts from: inputs, labels and initial parameters, from a hash of their position, so that
 * JavaScript and Python (peers/inputs.py) make the same ones without passing files.
 *
 * Read next: cases.ts.
 */

/** A 32-bit hash without weak bits: C. Wellons, "Prospecting for hash functions" (2018), lowbias32. */
const hash = (i: number): number => {
  let x = i ^ (i >>> 16)
  x = Math.imul(x, 0x7feb352d)
  x ^= x >>> 15
  x = Math.imul(x, 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** n numbers from `low` to below `high`; different seeds give different ones. */
export const uniform = (seed: number, n: number, low = -1, high = 1): Float32Array => {
  const start = hash(seed)
  return Float32Array.from({ length: n }, (_, i) => low + (high - low) * (hash((start + i) | 0) >>> 8) * 2 ** -24)
}

/** n whole numbers from 0 to below `classes`. */
export const labels = (seed: number, n: number, classes: number): Int32Array =>
  Int32Array.from(uniform(seed, n, 0, classes), Math.floor)

/** The same labels as rows with a single 1, for libraries whose loss takes nothing else. */
export const oneHot = (of: Int32Array, classes: number): Float32Array => {
  const rows = new Float32Array(of.length * classes)
  of.forEach((label, i) => {
    rows[i * classes + label] = 1
  })
  return rows
}

/** An array as competitors get it. */
export type Values = { readonly shape: readonly number[]; readonly values: Float32Array }

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Weights of a layer with so many inputs to each output, of the size that He et al. (2015) recommend for relu. */
const weights = (seed: number, shape: readonly number[]): Values => {
  const bound = Math.sqrt(6 / product(shape.slice(0, -1)))
  return { shape, values: uniform(seed, product(shape), -bound, bound) }
}

/** Small but not zero, so that their gradients are checked where they matter. */
const biases = (seed: number, n: number): Values => ({ shape: [n], values: uniform(seed, n, -0.1, 0.1) })

export const BATCH = 64
export const CLASSES = 10
/** Units by layer. */
export const MLP = [784, 500, 250, 100, CLASSES] as const

/** Weights [in, out] and biases [out] of the perceptron, layer by layer. */
export const mlpParameters = (): readonly { readonly w: Values; readonly b: Values }[] =>
  MLP.slice(1).map((n, i) => ({ w: weights(100 + i, [MLP[i] ?? 0, n]), b: biases(200 + i, n) }))

export const CNN_BATCH = 128
/** A batch so small that sums over it are near those of other libraries, however they add up. */
export const SMALL_BATCH = 8
/** Share of activations that dropout sets to 0. */
export const DROPOUT = 0.1
/** Added to variances. */
export const EPSILON = 1e-5
/** Of the running means and variances, how much is replaced in a step. */
export const RUNNING = 0.1

/** A convolution of taps × taps, valid padding; all but the last go on with relu, batch norm, dropout and maybe 2 × 2 max-pooling. */
export type Convolution = { readonly taps: number; readonly channels: number; readonly pool: boolean }

/**
 * 28 × 28 × 1 to 1 × 1 × 10. 13,848 trained parameters and 212 running means and variances: 14,060.
 */
export const CNN: readonly Convolution[] = [
  { taps: 3, channels: 16, pool: false },
  { taps: 3, channels: 16, pool: false },
  { taps: 1, channels: 10, pool: true },
  { taps: 3, channels: 16, pool: false },
  { taps: 3, channels: 16, pool: false },
  { taps: 3, channels: 16, pool: false },
  { taps: 3, channels: 16, pool: false },
  { taps: 4, channels: CLASSES, pool: false },
]

/** Kernels [height, width, in, out] and biases [out] of the convolutions; batch norm starts from scale 1 and shift 0. */
export const cnnParameters = (): readonly { readonly w: Values; readonly b: Values }[] =>
  CNN.map(({ taps, channels }, i) => ({
    w: weights(300 + i, [taps, taps, CNN[i - 1]?.channels ?? 1, channels]),
    b: biases(400 + i, channels),
  }))

/** A kernel [height, width, in, out] as [out, in, height, width], for libraries with channels first. */
export const channelsFirst = ({ shape, values }: Values): Values => {
  const [h = 1, w = 1, c = 1, n = 1] = shape
  const at = (i: number): number => {
    const [x, y] = [i % w, Math.floor(i / w) % h]
    const [from, to] = [Math.floor(i / (w * h)) % c, Math.floor(i / (w * h * c))]
    return values[((y * w + x) * c + from) * n + to] ?? 0
  }
  return { shape: [n, c, h, w], values: Float32Array.from(values, (_, i) => at(i)) }
}

/** Elements of each vector of the elementwise benchmark. */
export const ELEMENTS = 1_000_000
/** Rows and columns of the logistic regression. */
export const LOGISTIC = [50_000, 90] as const

export const images = (n: number = CNN_BATCH): Values => ({ shape: [n, 28, 28, 1], values: uniform(1, n * 784) })
export const imageLabels = (n: number = CNN_BATCH): Int32Array => labels(2, n, CLASSES)
export const vectors = (): Values => ({ shape: [BATCH, MLP[0]], values: uniform(3, BATCH * MLP[0], 0, 1) })
export const vectorLabels = (): Int32Array => labels(4, BATCH, CLASSES)
export const matrices = (n: number): readonly [Values, Values] => [
  { shape: [n, n], values: uniform(5, n * n) },
  { shape: [n, n], values: uniform(6, n * n) },
]
export const columns = (): readonly Values[] =>
  [7, 8, 9].map(seed => ({ shape: [ELEMENTS], values: uniform(seed, ELEMENTS) }))
export const observations = (): Values => ({
  shape: LOGISTIC,
  values: uniform(10, LOGISTIC[0] * LOGISTIC[1]),
})
/** 0 or 1 for each row. */
export const outcomes = (): Values => ({
  shape: [LOGISTIC[0]],
  values: Float32Array.from(labels(11, LOGISTIC[0], 2)),
})
export const coefficients = (): Values => ({ shape: [LOGISTIC[1]], values: uniform(12, LOGISTIC[1], -0.1, 0.1) })
/** The learning rates: of gradient descent (perceptron), of Adam, of the regression. */
export const RATES = { mlp: 0.01, cnn: 0.001, logistic: 0.1 } as const
