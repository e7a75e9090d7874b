import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signOf } from '../../src/backend/routine/orthogonal.ts'
import { svd } from '../../src/backend/routine/svd.ts'
import { SEED } from '../support/values.ts'

type Matrix = { readonly m: number; readonly n: number; readonly a: Float64Array }

const largest = (a: Float64Array): number => a.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

const matrixOf = (m: number, n: number, at: (i: number, j: number) => number): Matrix => ({
  m,
  n,
  a: Float64Array.from({ length: m * n }, (_, k) => at(Math.floor(k / n), k % n)),
})

/** The largest element of |Qᵀ·Q - I| for the k columns of Q, or for its rows. */
const skewness = (k: number, length: number, at: (i: number, along: number) => number): number => {
  let most = 0
  for (let i = 0; i < k; i++)
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? -1 : 0
      for (let l = 0; l < length; l++) sum += at(i, l) * at(j, l)
      most = Math.max(most, Math.abs(sum))
    }
  return most
}

/** The largest elements of |U·diag(s)·Vᵀ - A| over |A|, and how far U and V are from orthonormal. */
const errorsOf = ({ m, n, a }: Matrix): readonly number[] => {
  const k = Math.min(m, n)
  const [u, s, vt] = svd(a.slice(), m, n)
  // Subnormal results have fewer digits.
  const scale = Math.max(largest(a), 1e-306)
  let residual = 0
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = -(a[i * n + j] as number) / scale
      for (let l = 0; l < k; l++)
        sum += (u[i * k + l] as number) * ((s[l] as number) / scale) * (vt[l * n + j] as number)
      residual = Math.max(residual, Math.abs(sum))
    }
  return [residual, skewness(k, m, (i, l) => u[l * k + i] as number), skewness(k, n, (i, l) => vt[i * n + l] as number)]
}

const descends = (s: Float64Array): boolean =>
  s.every((x, i) => x >= 0 && !Object.is(x, -0) && (i === 0 || (s[i - 1] as number) >= x))

/** Squares of the smallest are subnormal: they have lost their digits. */
const elements = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(0, 1, 1e-12, -3e-161),
)
const sizes = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) }, fc.integer({ min: 20, max: 60 }))
const matrices: fc.Arbitrary<Matrix> = fc
  .record({
    m: sizes,
    n: sizes,
    scale: fc.constantFrom(1, 1, 1e-300, 1e300, 3),
    /** Rows and columns fall by this factor from one to the next. */
    grades: fc.tuple(fc.constantFrom(1, 1, 0.3, 3), fc.constantFrom(1, 1, 0.3, 3)),
    /** How many neighbours of the diagonal are not 0, above it and below. */
    widths: fc.tuple(fc.constantFrom(0, 1, 99), fc.constantFrom(0, 1, 99)),
    /** Rows from this one on repeat those before. */
    rank: fc.integer({ min: 1, max: 60 }),
    values: fc.infiniteStream(elements),
  })
  .map(({ m, n, scale, grades: [down, right], widths: [above, below], rank, values }) => {
    const rows: number[][] = []
    const most = Math.max(1, down ** m) * Math.max(1, right ** n)
    for (let i = 0; i < m; i++)
      rows.push(
        rows[i - rank] ??
          Array.from({ length: n }, (_, j) => {
            const x = values.next().value as number
            return j - i > above || i - j > below ? 0 : x * scale * ((down ** i * right ** j) / most)
          }),
      )
    return matrixOf(m, n, (i, j) => rows[i]?.[j] ?? 0)
  })

describe('svd', () => {
  it('has orthonormal vectors and descending values whose product is A, and the signs it says', () => {
    fc.assert(
      fc.property(matrices, matrix => {
        const { m, n, a } = matrix
        const bound = 8e-15 * (Math.min(m, n) + 4)
        for (const error of errorsOf(matrix)) expect(error).toBeLessThan(bound)
        const [, s, vt] = svd(a.slice(), m, n)
        expect(descends(s)).toBe(true)
        for (let row = 0; row < s.length; row++) expect(signOf(vt.subarray(row * n, (row + 1) * n))).toBe(1)
      }),
      { seed: SEED, numRuns: 150 },
    )
  })

  it('keeps the digits of small values of bidiagonal matrices: their product is that of the diagonal', () => {
    const graded = fc.array(fc.tuple(fc.integer({ min: -12, max: 0 }), fc.integer({ min: -12, max: 0 })), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(graded, powers => {
        const n = powers.length
        const { a } = matrixOf(n, n, (i, j) =>
          i === j ? 10 ** (powers[i]?.[0] ?? 0) : j === i + 1 ? 10 ** (powers[i]?.[1] ?? 0) : 0,
        )
        const [, s] = svd(a, n, n)
        const difference = s.reduce((sum, x, i) => sum + Math.log10(x) - (powers[i]?.[0] ?? 0), 0)
        expect(Math.abs(difference)).toBeLessThan(1e-12)
      }),
      { seed: SEED, numRuns: 150 },
    )
  })

  it('knows the singular values of Hilbert’s matrix', () => {
    const [, s] = svd(matrixOf(8, 8, (i, j) => 1 / (i + j + 1)).a, 8, 8)
    // To forty digits, of the matrix as float64 has it.
    const known = [
      1.6959389969219494, 0.2981252113169307, 0.026212843578119052, 0.001467688117741847, 5.4369433697508964e-5,
      1.2943320918741794e-6, 1.7988737460063012e-8, 1.1115389694888081e-10,
    ]
    s.forEach((x, i) => {
      expect(Math.abs(x - (known[i] as number))).toBeLessThan(5e-16)
    })
  })

  it('leaves what is diagonal alone', () => {
    const [u, s, vt] = svd(matrixOf(3, 2, (i, j) => (i === j ? ([1e-40, -3][i] ?? 0) : 0)).a, 3, 2)
    expect([...s]).toEqual([3, 1e-40])
    expect([...u].map(Math.abs)).toEqual([0, 1, 1, 0, 0, 0])
    expect([...vt].map(Math.abs)).toEqual([0, 1, 1, 0])
  })

  it('is NaN where an element is not finite', () => {
    for (const x of [Number.NaN, -Infinity])
      for (const part of svd(Float64Array.of(1, x, 1, 1, 2, 3), 3, 2)) expect(part.every(Number.isNaN)).toBe(true)
  })
})
