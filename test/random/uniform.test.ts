import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grad, mul, scalar, sum, type Tensor, tensor, toArray, zeros } from '../../src/index.ts'
import { bernoulli, exponential, gumbel, key, split, uniform } from '../../src/random/index.ts'
import { jax } from './known.ts'
import {
  CHI_SQUARE_LIMIT,
  chiSquareExcess,
  holds,
  KOLMOGOROV_LIMIT,
  keys,
  kolmogorov,
  mean,
  relativeError,
  throwsTagged,
  values,
  variance,
} from './support.ts'

// XLA's float32 logarithm is a polynomial of a few ulp; two of them in a row amplify that near 1, where ln x is near 0.
const LOGARITHMS = 2e-6
const FLOAT64 = 1e-13

describe('uniform', () => {
  it('gives the numbers of jax.random.uniform, exactly', () => {
    expect(toArray(uniform({ shape: [5] })(key(0)))).toEqual(jax.uniform['0[5]'])
    expect(toArray(uniform({ shape: [2, 3] })(key(42)))).toEqual(jax.uniform['42[2,3]'])
    expect(toArray(uniform({ shape: [4], dtype: 'float64' })(key(0)))).toEqual(jax.uniform['0[4] float64'])
  })

  it('gives those of other intervals but for the rounding that XLA leaves out by fusing', () => {
    const between = { shape: [4], minval: -2, maxval: 3 } as const
    const gap = (x: Tensor, wanted: readonly number[]) =>
      Math.max(...values(x).map((v, i) => Math.abs(v - (wanted[i] ?? 0))))
    // Half an ulp of the product, which is below 5, twice: for its rounding and for that of the sum.
    expect(gap(uniform(between)(key(42)), jax.uniform['42[4] in [-2,3)'])).toBeLessThanOrEqual(2 ** -21)
    const double = uniform({ ...between, dtype: 'float64' })(key(42))
    expect(gap(double, jax.uniform['42[4] float64 in [-2,3)'])).toBeLessThanOrEqual(2 ** -50)
  })

  it('gives the numbers that the documentation of JAX prints', () => {
    const rounded = (x: Tensor, digits: number) => values(x).map(v => Number(v.toFixed(digits)))
    // docs/jep/9263-typed-keys.md
    expect(rounded(uniform({ shape: [3] })(key(0)), 7)).toEqual([0.947667, 0.9785799, 0.3322915])
    // jax/random.py, module docstring
    expect(rounded(uniform()(split(key(0))[1]), 8)).toEqual([0.00729382])
    // jax.numpy.trunc and jax.numpy.ceil, docstrings
    const ten = { shape: [3, 3], minval: -10, maxval: 10 } as const
    const five = { shape: [3, 3], minval: -5, maxval: 5 } as const
    expect(rounded(uniform(ten)(key(42)), 2)).toEqual([-0.23, 3.6, 2.33, 1.22, -0.99, 1.72, -8.5, 5.5, 3.98])
    expect(rounded(uniform(five)(key(1)), 2)).toEqual([-0.61, 0.34, -0.54, -0.62, 3.97, 0.59, 4.84, 3.42, -1.14])
  })

  it('stays in [minval, maxval)', () => {
    const bound = fc.noBias(fc.integer({ min: -50, max: 50 }))
    const dtypes = fc.constantFrom('float32', 'float64')
    holds(
      fc.property(keys, bound, fc.integer({ min: 1, max: 50 }), dtypes, (k, minval, width, dtype) => {
        const drawn = values(uniform({ shape: [40], minval, maxval: minval + width, dtype })(k))
        expect(drawn.every(x => x >= minval && x < minval + width)).toBe(true)
      }),
    )
  })

  it('gives minval where maxval is not above it', () => {
    expect(values(uniform({ shape: [4], minval: 2, maxval: 2 })(key(0)))).toEqual([2, 2, 2, 2])
    expect(values(uniform({ shape: [4], minval: 2, maxval: 1 })(key(0)))).toEqual([2, 2, 2, 2])
  })

  it.each(['float32', 'float64'] as const)('is uniformly distributed as %s', dtype => {
    const drawn = values(uniform({ shape: [4000], dtype })(key(7)))
    expect(kolmogorov(drawn, x => x)).toBeLessThan(KOLMOGOROV_LIMIT)
    // The mean has standard deviation √(1/12n), the variance √(1/180n): four of them.
    expect(Math.abs(mean(drawn) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / 4000))
    expect(Math.abs(variance(drawn) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / 4000))
  })

  it('uses all 52 bits of a float64', () => {
    const drawn = values(uniform({ shape: [500], dtype: 'float64' })(key(2)))
    expect(drawn.every(x => Number.isInteger(x * 2 ** 52))).toBe(true)
    expect(
      kolmogorov(
        drawn.map(x => (x * 2 ** 32) % 1),
        x => x,
      ),
    ).toBeLessThan(KOLMOGOROV_LIMIT)
  })

  it('does not repeat itself from key to key', () => {
    const [a, b] = split(key(11)).map(k => values(uniform({ shape: [2000] })(k)))
    const products = (a ?? []).map((x, i) => 12 * (x - 0.5) * ((b ?? [])[i] ?? 0.5) - 6 * (x - 0.5))
    expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(2000))
  })

  it('takes bounds that broadcast to the shape, or give it', () => {
    const minval = tensor([[0], [10]])
    const maxval = tensor([1, 2, 3])
    const drawn = uniform({ minval, maxval })(key(5))
    expect(drawn.shape).toEqual([2, 3])
    const one = values(uniform({ shape: [2, 3] })(key(5)))
    const wanted = one.map((u, i) => Math.max(i < 3 ? 0 : 10, u * ((i % 3) + 1 - (i < 3 ? 0 : 10)) + (i < 3 ? 0 : 10)))
    expect(relativeError(drawn, wanted)).toBeLessThan(1e-6)
    expect(uniform({ minval, shape: [5, 2, 3] })(key(0)).shape).toEqual([5, 2, 3])
  })

  it('has derivative 1 - u in minval and u in maxval', () => {
    const options = { shape: [6], dtype: 'float64' } as const
    const u = uniform(options)(key(3))
    const weights = tensor([1, 2, 3, 4, 5, 6], { dtype: 'float64' })
    const f = (minval: Tensor, maxval: Tensor) => sum(mul(weights, uniform({ ...options, minval, maxval })(key(3))))
    const at = [scalar(-1, 'float64'), scalar(2, 'float64')] as const
    const total = values(sum(mul(weights, u)))[0] ?? 0
    expect(relativeError(grad((low: Tensor) => f(low, at[1]))(at[0]), [21 - total])).toBeLessThan(FLOAT64)
    expect(relativeError(grad((high: Tensor) => f(at[0], high))(at[1]), [total])).toBeLessThan(FLOAT64)
  })

  it('follows the dtype of its bounds, and refuses others', () => {
    const minval = zeros([2], { dtype: 'float64' })
    expect(uniform({ minval })(key(0)).dtype).toBe('float64')
    throwsTagged(() => uniform({ minval, dtype: 'float32' }), 'DtypeError', /minval is float64; .*cast\('float32'\)/)
    throwsTagged(() => uniform({ minval, maxval: zeros([2]) }), 'DtypeError', /maxval is float32/)
    // @ts-expect-error no integers
    throwsTagged(() => uniform({ dtype: 'int32' }), 'DtypeError', /^uniform: draws float32 or float64, not "int32"/)
    throwsTagged(() => uniform({ minval: zeros([3]), shape: [2] }), 'ShapeError', /cannot broadcast/)
    throwsTagged(() => uniform({ minval: zeros([3]), shape: [1] }), 'ShapeError', /do not fit \[1\]/)
    // @ts-expect-error a key is no options
    throwsTagged(() => uniform(key(0)), 'ValueError', /^uniform: options come first, the key last/)
  })
})

describe('bernoulli', () => {
  it('draws what jax.random.bernoulli draws', () => {
    expect(values(bernoulli({ p: 0.3, shape: [12] })(key(42)))).toEqual(jax.bernoulli['42[12] p=0.3'])
    const p = tensor([0.1, 0.5, 0.9])
    const drawn = bernoulli({ p, shape: [2, 3] })(key(42))
    expect(drawn.dtype).toBe('bool')
    expect(values(drawn)).toEqual(jax.bernoulli['42[2,3] p=[0.1,0.5,0.9]'].flat())
  })

  it('is never true for 0, always for 1, and more often for a larger p', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    holds(
      fc.property(keys, probability, probability, (k, p, q) => {
        const at = (x: number) => values(bernoulli({ p: x, shape: [20] })(k))
        expect(new Set([...at(0), ...at(1).map(x => 1 - x)])).toEqual(new Set([0]))
        const [less, more] = [at(Math.min(p, q)), at(Math.max(p, q))]
        expect(less.every((x, i) => x <= (more[i] ?? 0))).toBe(true)
      }),
    )
  })

  it('is true with probability p', () => {
    const hits = values(bernoulli({ p: 0.2, shape: [4000] })(key(9))).reduce((a, b) => a + b, 0)
    expect(chiSquareExcess([hits, 4000 - hits], [0.2, 0.8])).toBeLessThan(2 * CHI_SQUARE_LIMIT)
  })

  it('refuses numbers that are no probability', () => {
    for (const p of [-0.1, 1.5, Number.NaN])
      throwsTagged(() => bernoulli({ p }), 'ValueError', /^bernoulli: p is a probability in \[0, 1\], got /)
    throwsTagged(() => bernoulli({ p: zeros([2], { dtype: 'int32' }) }), 'DtypeError', /^bernoulli: /)
  })
})

describe('exponential', () => {
  it('gives the numbers of jax.random.exponential', () => {
    expect(relativeError(exponential({ shape: [5] })(key(0)), jax.exponential['0[5]'])).toBeLessThan(LOGARITHMS)
    const double = exponential({ shape: [4], dtype: 'float64' })(key(0))
    expect(relativeError(double, jax.exponential['0[4] float64'])).toBeLessThan(FLOAT64)
  })

  it('is exponentially distributed', () => {
    const drawn = values(exponential({ shape: [4000] })(key(4)))
    expect(drawn.every(x => x >= 0 && Number.isFinite(x))).toBe(true)
    expect(kolmogorov(drawn, x => 1 - Math.exp(-x))).toBeLessThan(KOLMOGOROV_LIMIT)
  })
})

describe('gumbel', () => {
  it('gives the numbers of jax.random.gumbel', () => {
    expect(relativeError(gumbel({ shape: [5] })(key(0)), jax.gumbel['0[5]'])).toBeLessThan(LOGARITHMS)
    const double = gumbel({ shape: [4], dtype: 'float64' })(key(0))
    expect(relativeError(double, jax.gumbel['0[4] float64'])).toBeLessThan(FLOAT64)
  })

  it('has a Gumbel distribution', () => {
    const drawn = values(gumbel({ shape: [4000] })(key(6)))
    expect(kolmogorov(drawn, x => Math.exp(-Math.exp(-x)))).toBeLessThan(KOLMOGOROV_LIMIT)
  })
})
