import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adjugate } from '../../src/backend/routine/adjugate.ts'
import { cholesky } from '../../src/backend/routine/cholesky.ts'
import { determinant, factorize, solveFactored } from '../../src/backend/routine/lu.ts'
import { qr } from '../../src/backend/routine/qr.ts'
import { solveTriangular } from '../../src/backend/routine/triangular.ts'
import type { Triangle } from '../../src/core/routine.ts'
import { check } from '../support/values.ts'

/** Rounding of sums of products of numbers near 1, per term. */
const EPSILON = 2 ** -52
/** Elements of Q come out of several such sums. */
const ORTHOGONAL = 20 * EPSILON

/** Up to 12 all of them; and some that leave a part of a block, or a row without a partner. */
const sizes = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(31, 33, 64, 65, 100))
/** Numbers whose products round, with zeros and ties among them. */
const elements = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map(x => x / 2 ** 30) },
  fc.constantFrom(0, 1, -1),
)
/** Smaller matrices tell more of a mistake than simpler numbers. */
const arrays = (length: number): fc.Arbitrary<Float64Array> =>
  fc.noShrink(fc.array(elements, { minLength: length, maxLength: length, size: 'max' })).map(x => Float64Array.from(x))

type Matrix = { readonly m: number; readonly n: number; readonly a: Float64Array }
type Graded = 'as they are' | 'rows' | 'columns' | 'repeated'

/** Rows or columns that grow by ten powers of ten, and rows that are the sum of the two before. */
const graded = ({ m, n, a }: Matrix, how: Graded): Matrix => {
  const at = (i: number, j: number): number => a[i * n + j] as number
  const out = a.map((x, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    if (how === 'repeated') return i % 3 === 2 ? at(i - 1, j) + at(i - 2, j) : x
    return how === 'rows' ? x * 10 ** ((-10 * i) / m) : how === 'columns' ? x * 10 ** ((-10 * j) / n) : x
  })
  return { m, n, a: out }
}

const matrices = (square: boolean): fc.Arbitrary<Matrix> =>
  fc
    .tuple(sizes, sizes, fc.constantFrom<Graded>('as they are', 'rows', 'columns', 'repeated'))
    .chain(([m, other, how]) => {
      const n = square ? m : other
      return arrays(m * n).map(a => graded({ m, n, a }, how))
    })
const squares = matrices(true)

const element = (a: Float64Array, columns: number, i: number, j: number): number => a[i * columns + j] as number

// ---- definitions, one element after the other in the order in which the blocked routines take them

/** Algorithm 3.4.1 of Golub & Van Loan 2013, with the first of equally large pivots. */
const plainFactors = ({ n, a: given }: Matrix): readonly [Float64Array, readonly number[]] => {
  const a = given.slice()
  const rows = Array.from({ length: n }, (_, i) => i)
  for (let k = 0; k < n; k++) {
    let p = k
    for (let i = k + 1; i < n; i++) if (Math.abs(element(a, n, i, k)) > Math.abs(element(a, n, p, k))) p = i
    const kept = a.slice(k * n, (k + 1) * n)
    a.copyWithin(k * n, p * n, (p + 1) * n)
    a.set(kept, p * n)
    ;[rows[k], rows[p]] = [rows[p] as number, rows[k] as number]
    if (element(a, n, k, k) === 0) continue
    for (let i = k + 1; i < n; i++) {
      const factor = element(a, n, i, k) / element(a, n, k, k)
      a[i * n + k] = factor
      for (let j = k + 1; j < n; j++) a[i * n + j] = element(a, n, i, j) - factor * element(a, n, k, j)
    }
  }
  return [a, rows]
}

const plainCholesky = ({ n, a }: Matrix): Float64Array => {
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = (element(a, n, i, j) + element(a, n, j, i)) / 2
      for (let k = 0; k < j; k++) sum -= element(l, n, i, k) * element(l, n, j, k)
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / element(l, n, j, j)
    }
  return l
}

/** op(A) as the options say it is: whole, with nothing that is not to be read. */
const triangleOf = (a: Float64Array, n: number, { lower, transpose, unitDiagonal }: Triangle): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n]
    const [i, j] = transpose ? [column, row] : [row, column]
    if (i === j) return unitDiagonal ? 1 : element(a, n, i, j)
    return i > j === lower ? element(a, n, i, j) : 0
  })

const turned = (a: Float64Array, m: number, n: number): Float64Array =>
  Float64Array.from({ length: m * n }, (_, at) => element(a, n, at % m, Math.floor(at / m)))

/** X with T·X = B, row after row from the first or the last. */
const plainSubstitution = (t: Float64Array, n: number, b: Float64Array, k: number, forward: boolean): Float64Array => {
  const x = b.slice()
  const order = Array.from({ length: n }, (_, step) => (forward ? step : n - 1 - step))
  order.forEach((i, step) => {
    for (let c = 0; c < k; c++) {
      let sum = element(x, k, i, c)
      for (const j of order.slice(0, step)) sum -= element(t, n, i, j) * element(x, k, j, c)
      x[i * k + c] = sum / element(t, n, i, i)
    }
  })
  return x
}

/** A·B for A m×k and B k×n. */
const product = (a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array => {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++)
      for (let j = 0; j < n; j++) out[i * n + j] = element(out, n, i, j) + element(a, k, i, l) * element(b, n, l, j)
  return out
}

const largest = (a: Float64Array): number => a.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
const distance = (a: Float64Array, b: Float64Array): number => largest(a.map((x, i) => x - (b[i] as number)))
const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0))

// ---- laws

const flags = fc.boolean()
const triangles: fc.Arbitrary<Triangle> = fc.record({
  lower: flags,
  transpose: flags,
  unitDiagonal: flags,
  leftSide: flags,
})

describe('elimination by blocks', () => {
  it('is, bit for bit, elimination one column after the other', () => {
    check(
      fc.property(squares, matrix => {
        const { packed, rows } = factorize(matrix.a.slice(), matrix.n)
        expect([packed, rows]).toEqual(plainFactors(matrix))
      }),
      60,
    )
  })

  it('P·A = L·U', () => {
    check(
      fc.property(squares, ({ n, a }) => {
        const { packed, rows } = factorize(a.slice(), n)
        const triangle = { transpose: false, leftSide: true }
        const l = triangleOf(packed, n, { ...triangle, lower: true, unitDiagonal: true })
        const u = triangleOf(packed, n, { ...triangle, lower: false, unitDiagonal: false })
        const permuted = Float64Array.from(rows.flatMap(row => [...a.subarray(row * n, (row + 1) * n)]))
        // |L| is at most 1, and so what rounds is no larger than U.
        expect(distance(product(l, u, n, n, n), permuted)).toBeLessThanOrEqual(n * EPSILON * largest(u))
      }),
      60,
    )
  })

  it('solves for any number of right-hand sides', () => {
    check(
      fc.property(squares, sizes, ({ n, a }, k) => {
        const dominant = a.map((x, at) => (at % (n + 1) === 0 ? x + n + 1 : x))
        const b = Float64Array.from({ length: n * k }, (_, i) => Math.sin(i))
        const x = solveFactored(factorize(dominant.slice(), n), b, k)
        expect(distance(product(dominant, x, n, n, k), b)).toBeLessThanOrEqual(n * n * EPSILON)
      }),
      40,
    )
  })

  it('gives a singular matrix the determinant 0, and its solutions no finite value for that', () => {
    for (const n of [2, 5, 8, 33]) {
      const a = Float64Array.from({ length: n * n }, (_, at) => (at % n === n - 2 ? 0 : Math.cos(at * at)))
      const factors = factorize(a, n)
      expect(determinant(factors)).toBe(0)
      expect([...solveFactored(factors, new Float64Array(n).fill(1), 1)].some(x => !Number.isFinite(x))).toBe(true)
    }
  })

  it('keeps a NaN below a pivot that is 0', () => {
    expect(determinant(factorize(Float64Array.of(0, 1, Number.NaN, 1), 2))).toBe(Number.NaN)
  })
})

describe('substitution by blocks', () => {
  it('is that of one row after the other in all 16 triangles, and does not read the rest', () => {
    check(
      fc.property(squares, fc.constantFrom(0, 1, 2, 3, 9), triangles, ({ n, a }, k, triangle) => {
        const { lower, transpose, unitDiagonal, leftSide } = triangle
        const scaled = a.map((x, at) => (at % (n + 1) === 0 ? 1 + x * x : x / n))
        const t = triangleOf(scaled, n, triangle)
        const hidden = triangleOf(scaled, n, { ...triangle, transpose: false, unitDiagonal: false }).map((x, at) => {
          const [i, j] = [Math.floor(at / n), at % n]
          return i === j ? (unitDiagonal ? Number.NaN : x) : i > j === lower ? x : Number.NaN
        })
        const b = Float64Array.from({ length: n * k }, (_, i) => Math.sin(i))
        const forward = lower !== transpose
        const expected = leftSide
          ? plainSubstitution(t, n, b, k, forward)
          : turned(plainSubstitution(turned(t, n, n), n, turned(b, k, n), k, !forward), n, k)
        expect(solveTriangular(hidden, n, b.slice(), k, triangle)).toEqual(expected)
      }),
      200,
    )
  })
})

describe('cholesky by blocks', () => {
  /** A·Aᵀ + I, times what makes its rows and columns grow. */
  const positive = squares.map(({ n, a }): Matrix => {
    const gram = product(a, turned(a, n, n), n, n, n)
    return { m: n, n, a: gram.map((x, at) => x + (at % (n + 1) === 0 ? 1 : 0) + Math.sin(at) / 64) }
  })

  it('is, bit for bit, that of one element after the other, in either triangle', () => {
    check(
      fc.property(positive, matrix => {
        const { n, a } = matrix
        const l = plainCholesky(matrix)
        expect(cholesky(a.slice(), n, false)).toEqual(l)
        expect(cholesky(a.slice(), n, true)).toEqual(turned(l, n, n))
      }),
      40,
    )
  })

  it('L·Lᵀ = (A + Aᵀ)/2', () => {
    check(
      fc.property(positive, ({ n, a }) => {
        const l = cholesky(a.slice(), n, false)
        const symmetric = a.map((x, at) => (x + element(a, n, at % n, Math.floor(at / n))) / 2)
        expect(distance(product(l, turned(l, n, n), n, n, n), symmetric)).toBeLessThanOrEqual(n * EPSILON * largest(a))
      }),
      40,
    )
  })

  it('is NaN in the triangle, and 0 outside of it, wherever it is not positive definite', () => {
    check(
      fc.property(positive, fc.nat(), fc.constantFrom(0, -1, Number.NaN), flags, ({ n, a }, place, bad, upper) => {
        fc.pre(n > 0)
        a[(place % n) * (n + 1)] = bad
        const expected = triangleOf(new Float64Array(n * n).fill(Number.NaN), n, {
          lower: !upper,
          transpose: false,
          unitDiagonal: false,
          leftSide: true,
        })
        expect(cholesky(a.slice(), n, upper)).toEqual(expected)
      }),
      60,
    )
  })
})

describe('QR by blocks', () => {
  it('A = Q·R column by column, Qᵀ·Q = I, and R is upper triangular', () => {
    check(
      fc.property(matrices(false), fc.constantFrom(1, 2 ** 1000, 2 ** -900), ({ m, n, a: unscaled }, scale) => {
        const a = unscaled.map(x => x * scale)
        const k = Math.min(m, n)
        const [q, r] = qr(a.slice(), m, n)
        const tolerance = ORTHOGONAL * (1 + Math.max(m, n))
        const difference = product(q, r, m, k, n).map((x, i) => (x - (a[i] as number)) / scale)
        for (let j = 0; j < n; j++) {
          const column = (x: Float64Array): Float64Array => x.filter((_, at) => at % n === j)
          expect(largest(column(difference))).toBeLessThanOrEqual(tolerance * largest(column(unscaled)))
        }
        expect(distance(product(turned(q, m, k), q, k, m, k), identity(k))).toBeLessThanOrEqual(tolerance)
        expect(r.every((x, at) => x === 0 || at % n >= Math.floor(at / n))).toBe(true)
      }),
      60,
    )
  })

  it('leaves alone a column that is zero below the diagonal, in every place of a block', () => {
    const n = 37
    const a = Float64Array.from({ length: n * n }, (_, at) => (at % n >= Math.floor(at / n) ? Math.sin(at) : 0))
    const [q, r] = qr(a.slice(), n, n)
    expect(q).toEqual(identity(n))
    expect(distance(r, a)).toBe(0)
  })

  it('gives R[j,j] the sign opposite to that of the element that it replaces, and leaves alone the last of a square matrix', () => {
    expect(qr(Float64Array.of(-3, 4), 2, 1)[1]).toEqual(Float64Array.of(5))
    expect(qr(Float64Array.of(3, 4), 2, 1)[1]).toEqual(Float64Array.of(-5))
    expect(qr(Float64Array.of(-3), 1, 1)).toEqual([Float64Array.of(1), Float64Array.of(-3)])
  })

  it('of a matrix that is not finite is NaN', () => {
    const [q, r] = qr(Float64Array.of(1, 2, Infinity, 4), 2, 2)
    expect([...q, ...r].every(Number.isNaN)).toBe(true)
  })
})

describe('adjugate', () => {
  it('A·adj(A) = det(A)·I', () => {
    check(
      fc.property(squares, ({ n, a }) => {
        const dominant = a.map((x, at) => (at % (n + 1) === 0 ? 1 + x : x) / 2)
        const det = determinant(factorize(dominant.slice(), n))
        const adjoint = adjugate(dominant.slice(), n)
        const expected = identity(n).map(x => x * det)
        const tolerance = 20 * n * n * EPSILON * Math.max(Math.abs(det), largest(adjoint))
        expect(distance(product(dominant, adjoint, n, n, n), expected)).toBeLessThanOrEqual(tolerance)
      }),
      60,
    )
  })

  it('of a matrix of rank n - 1 is what A takes to 0, and of a lesser rank 0', () => {
    for (const n of [3, 6, 33]) {
      const a = Float64Array.from({ length: n * n }, (_, at) => (at % n === 1 ? 0 : Math.cos(at * at)))
      const adjoint = adjugate(a.slice(), n)
      expect(largest(adjoint.filter((_, at) => Math.floor(at / n) === 1))).toBeGreaterThan(0)
      expect(largest(adjoint.filter((_, at) => Math.floor(at / n) !== 1))).toBe(0)
      expect(
        largest(
          adjugate(
            a.map((x, at) => (at % n === 2 ? 0 : x)),
            n,
          ),
        ),
      ).toBe(0)
    }
  })
})
