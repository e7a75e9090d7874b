/**
 * Float32 functions against float64 ones: the error in units in the last place stays within the bounds that are stated.
 *
 * `ULP_STRIDE=16` measures every 16th float32 instead of about 2¹⁷ of them, and prints what it found.
 */
import { describe, expect, it } from 'vitest'
import { scalarFunction } from '../../../src/backend/scalar.ts'
import { ulpBounds } from '../../../src/backend/wasm/math.ts'
import type { ScalarFn } from '../../../src/core/kernel.ts'
import { type Applied, applied, BINARY, UNARY } from './math-run.ts'

const BLOCK = 65536
const STRIDE = Number(process.env.ULP_STRIDE ?? 0)

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
/** The distance of float32 neighbours around a number: 2⁻¹⁴⁹ for subnormal ones. */
const unit = (x: number): number => {
  double[0] = x
  const e = (((words[1] ?? 0) >>> 20) & 2047) - 1023
  double[0] = 0
  words[1] = (Math.max(e, -126) - 23 + 1023) << 20
  return double[0]
}

/** Where float32 ends, infinity and all beyond count as the number that would come next. */
const clamped = (x: number): number => Math.max(-(2 ** 128), Math.min(2 ** 128, x))

/** The error of a result in units in the last place; infinite for a wrong NaN or a wrong sign of zero. */
const ulps = (found: number, exact: number): number => {
  if (Number.isNaN(exact) || Number.isNaN(found) || exact === 0) return Object.is(found, exact) ? 0 : Infinity
  const target = clamped(exact)
  return Math.abs(clamped(found) - target) / Math.min(2 ** 104, unit(target))
}

type Worst = { readonly error: number; readonly at: string }

const worse = (x: Worst, y: Worst): Worst => (y.error > x.error ? y : x)

/** The largest error in a block. */
const worstOf = (fn: ScalarFn, found: ArrayLike<number>, xs: ArrayLike<number>, ys: ArrayLike<number>): Worst => {
  const reference = scalarFunction(fn, 'float32')
  let error = 0
  let at = 0
  for (let i = 0; i < xs.length; i++) {
    const next = ulps(found[i] ?? 0, reference(xs[i] ?? 0, ys[i] ?? 0))
    if (next > error) {
      error = next
      at = i
    }
  }
  return { error, at: `${fn}(${xs[at]}${ys === xs ? '' : `, ${ys[at]}`}) = ${found[at]}` }
}

/** The largest error of a function over blocks of operands. */
const worst = (run: Applied, fn: ScalarFn, blocks: Iterable<readonly Float32Array[]>): Worst => {
  let most: Worst = { error: 0, at: '' }
  for (const operands of blocks) {
    const [xs = new Float32Array(), ys = xs] = operands
    most = worse(most, worstOf(fn, run(...operands), xs, ys))
  }
  return most
}

/** float32 values by their bits: every `stride`-th from `from` on, in blocks. */
function* everyPattern(stride: number, from: number): Generator<readonly Float32Array[]> {
  for (let start = from; start < 2 ** 32; start += stride * BLOCK) {
    const bits = new Uint32Array(BLOCK)
    for (let i = 0; i < BLOCK; i++) bits[i] = start + i * stride
    yield [new Float32Array(bits.buffer)]
  }
}

/** Where functions have zeros, poles, thresholds and the ends of their range: neighbours on both sides of each. */
const CORNERS = [
  ...[0, 2 ** -126, 2 ** -25, 2 ** -12, Math.LN2 / 2, 0.5, Math.SQRT1_2, 0.8, 1, Math.SQRT2, Math.PI / 2],
  ...[3.14, 3.9, 9.01, 9.03, 10.05, 22, 87.33, 88.72, 89.41, 103.97, 355, 12000, 2 ** 24, 3.4028234663852886e38],
]

const neighbours = (x: number): Float32Array => {
  const centre = new Int32Array(new Float32Array([x]).buffer)[0] ?? 0
  const bits = Uint32Array.from({ length: 1024 }, (_, i) => Math.max(0, centre - 256 + (i >>> 1)) + (i & 1) * 2 ** 31)
  return new Float32Array(bits.buffer)
}

/** Pairs of the values of two lists of equal length, each with several partners. */
function* pairs(seed: number): Generator<readonly Float32Array[]> {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state >>> 0
  }
  for (let block = 0; block < 4; block++) {
    const wide = (): Float32Array => new Float32Array(Uint32Array.from({ length: BLOCK }, next).buffer)
    const [x, y] = [wide(), wide()]
    // Half of the blocks have operands around 1, where powers are neither 0 nor infinite.
    const scale = block % 2 === 0 ? 1 : 40
    yield block < 2
      ? [x, y]
      : [x.map(() => (next() / 2 ** 32) * scale), y.map(() => (next() / 2 ** 32 - 0.5) * scale * 2)]
  }
}

const stated = [...UNARY, ...BINARY].filter(fn => (ulpBounds[fn] ?? 0) > 0)

describe('errors in units in the last place', () => {
  it.each(stated)(
    'of %s stay within the stated bound',
    fn => {
      const run = applied('vector', fn, 'float32', BLOCK)
      const found = (BINARY as readonly ScalarFn[]).includes(fn)
        ? worst(run, fn, pairs(1))
        : [everyPattern(STRIDE > 0 ? STRIDE : 32771, STRIDE > 0 ? 7 % STRIDE : 1), CORNERS.map(x => [neighbours(x)])]
            .map(blocks => worst(run, fn, blocks))
            .reduce(worse)
      if (STRIDE > 0) process.stdout.write(`${fn}: ${found.error.toFixed(4)} ulp at ${found.at}\n`)
      expect(found.error, found.at).toBeLessThanOrEqual(ulpBounds[fn] ?? 0)
    },
    3_600_000,
  )
})
