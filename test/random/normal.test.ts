import { describe, expect, it } from 'vitest'
import { erf } from '../../src/backend/special.ts'
import { grad, scalar, sum, type Tensor, tensor, zeros } from '../../src/index.ts'
import { key, normal, truncatedNormal } from '../../src/random/index.ts'
import { jax } from './known.ts'
import { KOLMOGOROV_LIMIT, kolmogorov, mean, relativeError, throwsTagged, values, variance } from './support.ts'

// XLA's float32 erf_inv is Giles's polynomial (2010), good to about 2e-7, and its erf a rational function.
const ERF_INV = 3e-6
const FLOAT64 = 1e-13

const cdf = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2

describe('normal', () => {
  it('gives the numbers of jax.random.normal', () => {
    expect(relativeError(normal({ shape: [5] })(key(0)), jax.normal['0[5]'])).toBeLessThan(ERF_INV)
    expect(relativeError(normal()(key(42)), [jax.normal['42[]']])).toBeLessThan(ERF_INV)
    expect(relativeError(normal({ shape: [2, 3] })(key(42)), jax.normal['42[2,3]'].flat())).toBeLessThan(ERF_INV)
    const double = normal({ shape: [4], dtype: 'float64' })(key(0))
    expect(relativeError(double, jax.normal['0[4] float64'])).toBeLessThan(FLOAT64)
  })

  it.each(['float32', 'float64'] as const)('is normally distributed as %s', dtype => {
    const n = 3000
    const drawn = values(normal({ shape: [n], dtype })(key(8)))
    expect(kolmogorov(drawn, cdf)).toBeLessThan(KOLMOGOROV_LIMIT)
    // Standard deviations of the mean, of the variance, and of the third and fourth moments; four of each.
    expect(Math.abs(mean(drawn))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(variance(drawn) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(Math.abs(mean(drawn.map(x => x ** 3)))).toBeLessThan(4 * Math.sqrt(15 / n))
    expect(Math.abs(mean(drawn.map(x => x ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / n))
  })

  it('is finite, whatever the bits', () => {
    expect(values(normal({ shape: [20000] })(key(12))).every(Number.isFinite)).toBe(true)
  })

  it('refuses dtypes that are no floats', () => {
    // @ts-expect-error no integers
    throwsTagged(() => normal({ dtype: 'int32' }), 'DtypeError', /^normal: draws float32 or float64, not "int32"/)
  })
})

describe('truncatedNormal', () => {
  it('gives the numbers of jax.random.truncated_normal', () => {
    const known = jax.truncatedNormal
    const two = { lower: -2, upper: 2 }
    expect(relativeError(truncatedNormal({ ...two, shape: [6] })(key(42)), known['42[6] in (-2,2)'])).toBeLessThan(
      ERF_INV,
    )
    const right = truncatedNormal({ lower: 0.5, upper: Infinity, shape: [6] })(key(42))
    expect(relativeError(right, known['42[6] in (0.5,inf)'])).toBeLessThan(ERF_INV)
    const double = truncatedNormal({ ...two, shape: [4], dtype: 'float64' })(key(42))
    expect(relativeError(double, known['42[4] float64 in (-2,2)'])).toBeLessThan(FLOAT64)
  })

  it.each([
    [-2, 2],
    [0.5, 1.5],
    [-1, Infinity],
    [-Infinity, 0.25],
  ])('is normal, conditioned to lie in (%d, %d)', (lower, upper) => {
    const drawn = values(truncatedNormal({ lower, upper, shape: [1000] })(key(13)))
    expect(drawn.every(x => x > lower && x < upper && Number.isFinite(x))).toBe(true)
    const [a, b] = [cdf(lower), cdf(upper)]
    expect(kolmogorov(drawn, x => (cdf(x) - a) / (b - a))).toBeLessThan(KOLMOGOROV_LIMIT)
  })

  it.each(['float32', 'float64'] as const)(
    'stays strictly inside where nothing but a neighbour is left (%s)',
    dtype => {
      const up = (x: number): number => (dtype === 'float32' ? 2 ** -23 : 2 ** -52) * x
      for (const [lower, next] of [
        [1, 1 + up(1)],
        [8, 8 + up(8)],
        [40, 40 + up(40 * (32 / 40))],
      ] as const) {
        const options = { lower, upper: 1e6, shape: [3], dtype } as const
        const drawn = values(truncatedNormal(options)(key(1)))
        expect(drawn.every(x => x >= next)).toBe(true)
        const below = values(truncatedNormal({ ...options, lower: -1e6, upper: -lower })(key(1)))
        expect(below.every(x => x <= -next)).toBe(true)
      }
      // erf saturates: all that comes out is the neighbour.
      expect(values(truncatedNormal({ lower: 8, upper: 9, dtype: 'float32' })(key(1)))).toEqual([9 - 2 ** -20])
    },
  )

  it('has the derivatives of finite differences in its bounds', () => {
    const f = (lower: Tensor, upper: Tensor) => sum(truncatedNormal({ lower, upper, shape: [5] })(key(21)))
    const at = (low: number, high: number) => values(f(scalar(low, 'float64'), scalar(high, 'float64')))[0] ?? 0
    const h = 1e-5
    const byLower = grad((low: Tensor) => f(low, scalar(1.5, 'float64')))(scalar(-1, 'float64'))
    const byUpper = grad((high: Tensor) => f(scalar(-1, 'float64'), high))(scalar(1.5, 'float64'))
    // Central differences of step 1e-5 are good to about 1e-10.
    expect(relativeError(byLower, [(at(-1 + h, 1.5) - at(-1 - h, 1.5)) / (2 * h)])).toBeLessThan(1e-8)
    expect(relativeError(byUpper, [(at(-1, 1.5 + h) - at(-1, 1.5 - h)) / (2 * h)])).toBeLessThan(1e-8)
  })

  it('takes bounds that broadcast, and their dtype', () => {
    const drawn = truncatedNormal({ lower: tensor([[-1], [0]]), upper: tensor([0.5, 1, 2]) })(key(0))
    expect([drawn.shape, drawn.dtype]).toEqual([[2, 3], 'float32'])
    expect(truncatedNormal({ lower: zeros([2], { dtype: 'float64' }), upper: 1 })(key(0)).dtype).toBe('float64')
  })
})
