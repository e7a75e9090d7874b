import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eigh } from '../../src/backend/routine/eigh.ts'
import { SEED } from '../support/values.ts'

type Matrix = { readonly n: number; readonly a: Float64Array }

/** (A + Aᵀ)/2. */
const symmetric = ({ n, a }: Matrix): Float64Array =>
  a.map((x, at) => x / 2 + (a[(at % n) * n + Math.floor(at / n)] as number) / 2)

const largest = (a: Float64Array): number => a.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** The largest elements of |A·V - V·diag(w)|, over |A|, and of |Vᵀ·V - I|. */
const errorsOf = ({ n, a }: Matrix): readonly [residual: number, orthogonality: number] => {
  const s = symmetric({ n, a })
  const [w, v] = eigh(a.slice(), n)
  const at = (m: Float64Array, i: number, j: number): number => m[i * n + j] as number
  // Subnormal results have fewer digits.
  const scale = Math.max(largest(s), 1e-306)
  let [residual, orthogonality] = [0, 0]
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let [left, along] = [0, 0]
      for (let k = 0; k < n; k++) {
        left += (at(s, i, k) / scale) * at(v, k, j)
        along += at(v, k, i) * at(v, k, j)
      }
      residual = Math.max(residual, Math.abs(left - at(v, i, j) * ((w[j] as number) / scale)))
      orthogonality = Math.max(orthogonality, Math.abs(along - (i === j ? 1 : 0)))
    }
  return [residual, orthogonality]
}

const isAscending = (w: Float64Array): boolean => w.every((x, i) => i === 0 || (w[i - 1] as number) <= x)

/** n×n from a function of the place. */
const matrixOf = (n: number, at: (i: number, j: number) => number): Matrix => ({
  n,
  a: Float64Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n)),
})

/** Squares of the smallest are subnormal: they have lost their digits. */
const elements = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(0, 1, 1e-12, -3e-161),
)
const sizes = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 40, max: 70 }))
const matrices: fc.Arbitrary<Matrix> = fc
  .record({
    n: sizes,
    scale: fc.constantFrom(1, 1, 1e-300, 1e300, 3),
    /** Rows and columns fall by this factor from one to the next. */
    grade: fc.constantFrom(1, 1, 0.3, 3),
    /** How many neighbours an element has that are not 0. */
    width: fc.constantFrom(0, 1, 2, 99),
    values: fc.infiniteStream(elements),
  })
  .map(({ n, scale, grade, width, values }) => {
    const largestGrade = Math.max(1, grade ** n)
    return matrixOf(n, (i, j) => {
      const x = values.next().value as number
      return Math.abs(i - j) > width ? 0 : x * scale * (grade ** ((i + j) / 2) / largestGrade)
    })
  })

describe('eigh', () => {
  it('has orthonormal vectors that A stretches by ascending values', () => {
    fc.assert(
      fc.property(matrices, matrix => {
        const [residual, orthogonality] = errorsOf(matrix)
        expect(residual).toBeLessThan(4e-15 * (matrix.n + 4))
        expect(orthogonality).toBeLessThan(4e-15 * (matrix.n + 4))
        expect(isAscending(eigh(matrix.a.slice(), matrix.n)[0])).toBe(true)
      }),
      { seed: SEED, numRuns: 150 },
    )
  })

  it('has orthonormal vectors where squares lose their digits', () => {
    const matrix = matrixOf(4, (i, j) => (i === j ? 1 : 3e-161 / (i + j)))
    expect(Math.max(...errorsOf(matrix))).toBeLessThan(1e-15)
  })

  it('knows the values of the second difference', () => {
    const n = 60
    const { a } = matrixOf(n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0))
    const [w] = eigh(a, n)
    w.forEach((x, k) => {
      expect(x).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 13)
    })
  })

  it('tells pairs apart that agree in fourteen digits (Wilkinson’s W21)', () => {
    const { a } = matrixOf(21, (i, j) => (i === j ? Math.abs(i - 10) : Math.abs(i - j) === 1 ? 1 : 0))
    const [w] = eigh(a, 21)
    expect(w[20]).toBeCloseTo(10.74619418290339, 13)
    expect(w[19]).toBeCloseTo(10.746194182903322, 13)
    expect(w[0]).toBeCloseTo(-1.1254415221199838, 13)
  })

  it('has the values of a matrix of ones, of which all but one are the same', () => {
    const n = 50
    const [w] = eigh(matrixOf(n, () => 1).a, n)
    expect(w[n - 1]).toBeCloseTo(n, 12)
    expect(largest(w.subarray(0, n - 1))).toBeLessThan(1e-13)
  })

  it('leaves what is diagonal alone', () => {
    const [w, v] = eigh(matrixOf(4, (i, j) => (i === j ? ([3, -1, 2, 1e-40][i] ?? 0) : 0)).a, 4)
    expect([...w]).toEqual([-1, 1e-40, 2, 3])
    expect([...v]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
  })

  it('is NaN where an element is not finite', () => {
    for (const x of [Number.NaN, Infinity]) {
      const [w, v] = eigh(Float64Array.of(1, x, x, 1), 2)
      expect([...w, ...v].every(Number.isNaN)).toBe(true)
    }
  })
})
