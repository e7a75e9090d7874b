import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  broadcastTo,
  data,
  eigh,
  expandDims,
  eye,
  grad,
  jvp,
  matmul,
  mul,
  outer,
  sqrt,
  square,
  sum,
  svd,
  type Tensor,
  toArray,
  vmap,
  zeros,
} from '../../src/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { CLOSE, identity, matrixShapes, positive, swapped } from '../support/matrices.ts'
import { check, expectClose, expectSame, FLOAT64, f64, i32, mistake, wavy } from '../support/values.ts'
import { scipy } from './scipy.ts'

const a = f64([
  [4, -2, 1],
  [3, 6, -4],
  [2, 1, 8],
])
const p = matmul(a, swapped(a))
const tall = f64([
  [1, -2],
  [3, 4],
  [-5, 6],
  [0, 1],
])
const N = Number.NaN

const column = (x: Tensor): Tensor => expandDims({ axis: -1 })(x) as Tensor
const row = (x: Tensor): Tensor => expandDims({ axis: -2 })(x) as Tensor

/** The component of largest absolute value of each row. */
const leadingComponents = (x: Tensor): readonly number[] => {
  const [n, values] = [x.shape.at(-1) ?? 1, [...data(x)]]
  const rows = Array.from({ length: n === 0 ? 0 : values.length / n }, (_, i) => values.slice(i * n, (i + 1) * n))
  return rows.map(r => r.find(v => Math.abs(v) >= (1 - 1e-6) * Math.max(...r.map(Math.abs))) ?? 0)
}

/** Asserts that the columns are orthonormal. */
const expectOrthonormal = (x: Tensor): void => {
  const gram = matmul(swapped(x), x)
  expectSame(gram, broadcastTo(gram.shape)(identity(x)), CLOSE)
}
const ascends = (x: Tensor): boolean => {
  const n = x.shape.at(-1) ?? 1
  return data(x).every((v, i, all) => i % n === 0 || v >= (all[i - 1] ?? 0))
}

describe('eigh', () => {
  it('is that of NumPy, with the largest component of each vector positive', () => {
    const [w, v] = eigh(p)
    expectClose(w, scipy.eigenvalues, FLOAT64)
    expectClose(swapped(v), scipy.eigenvectors, FLOAT64)
  })

  it('V·diag(w)·Vᵀ = A, VᵀV = I, and w ascends', () => {
    check(
      fc.property(positive, fc.boolean(), (m, negative) => {
        const x = negative ? add(m, mul(-3, identity(m))) : m
        const [w, v] = eigh(x)
        expectSame(matmul(mul(v, row(w)), swapped(v)), x, CLOSE)
        expectOrthonormal(v)
        expect(ascends(w)).toBe(true)
      }),
    )
  })

  it('is that of the symmetric part, as in JAX', () => {
    const [w] = eigh(
      f64([
        [1, 5],
        [-1, 1],
      ]),
    )
    expectClose(w, [-1, 3], FLOAT64)
  })

  it('dV is V·(F ∘ C), for C = Vᵀ·dA·V: A·dV + dA·V = dV·diag(w) + V·diag(dw)', () => {
    const da = add(wavy([3, 3]), swapped(wavy([3, 3])))
    const [[w, v], [dw, dv]] = jvp((m: Tensor) => eigh(m))([p], [da])
    expectSame(add(matmul(p, dv), matmul(da, v)), add(mul(dv, row(w)), mul(v, row(dw))), CLOSE)
  })

  it('the gradient of the sum of eigenvalues is I, for equal ones too', () => {
    const trace = (m: Tensor): Tensor => sum(eigh(m)[0])
    expectSame(grad(trace)(p), eye(3, { dtype: 'float64' }), CLOSE)
    expectSame(grad(trace)(mul(2, eye(3, { dtype: 'float64' }))), eye(3, { dtype: 'float64' }), CLOSE)
  })

  it('the gradient of eigenvectors of equal eigenvalues is NaN', () => {
    const gradient = grad((m: Tensor) => sum(square(eigh(m)[1])))(eye(2, { dtype: 'float64' }))
    expectClose(sum(gradient), N)
  })

  it('the largest component of each vector is positive; of several that tie, the first', () => {
    check(fc.property(positive, m => leadingComponents(swapped(eigh(m)[1])).every(x => x > 0)))
    check(
      fc.property(fc.array(fc.constantFrom(1, -1), { minLength: 2, maxLength: 6 }), signs => {
        const [, v] = eigh(outer(f64(signs), f64(signs)))
        const n = signs.length
        const largest = data(v).filter((_, at) => at % n === n - 1)
        signs.forEach((sign, i) => {
          expect(largest[i]).toBeCloseTo((sign * (signs[0] ?? 1)) / Math.sqrt(n), 9)
        })
      }),
    )
  })

  it('huge and tiny matrices; what is not finite gives NaN', () => {
    expectClose(eigh(mul(1e200, p))[0], toArray(mul(1e200, f64(scipy.eigenvalues))), FLOAT64)
    expectClose(mul(1e200, eigh(mul(1e-200, p))[0]), scipy.eigenvalues, FLOAT64)
    expectClose(eigh(f64([[Infinity]]))[0], [N])
    expectClose(eigh(f64([[N]]))[1], [[N]])
  })

  it('of empty and of zero matrices; mistakes', () => {
    expect(eigh(zeros([2, 0, 0])).map(x => x.shape)).toEqual([
      [2, 0],
      [2, 0, 0],
    ])
    expectClose(eigh(zeros([2, 2]))[0], [0, 0])
    expectOrthonormal(eigh(zeros([2, 2], { dtype: 'float64' }))[1])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => eigh(zeros([2, 3])))).toBe('ShapeError: eigh: needs square matrices, got [2,3]')
    expect(mistake(() => eigh(i32([[1]])))).toContain('eigh: does not take int32; it needs float32 or float64; convert')
  })
})

describe('svd', () => {
  it('is that of NumPy, with the largest component of each right vector positive', () => {
    const [, s, vt] = svd(tall)
    expectClose(s, scipy['singular values'], FLOAT64)
    expectClose(vt, scipy['right singular vectors'], FLOAT64)
    expectClose(svd(swapped(tall))[1], scipy['singular values'], FLOAT64)
  })

  it('U·diag(s)·Vᵀ = A with orthonormal vectors; s descends to 0 at least', () => {
    check(
      fc.property(
        matrixShapes.chain(shape => tensors({ shape })),
        m => {
          const [u, s, vt] = svd(m)
          expectSame(matmul(u, mul(column(s), vt)), m, CLOSE)
          expectOrthonormal(u)
          expectOrthonormal(swapped(vt))
          expect(leadingComponents(vt).every(x => x > 0)).toBe(true)
          expect(ascends(mul(-1, s)) && data(s).every(x => x >= 0)).toBe(true)
        },
      ),
      300,
    )
  })

  it('of singular matrices has a whole basis', () => {
    for (const m of [
      zeros([3, 2], { dtype: 'float64' }),
      f64([
        [0, 0, 0],
        [0, 5, 0],
      ]),
      f64([
        [1, 2],
        [2, 4],
      ]),
      f64([
        [3, 3],
        [3, 3],
        [3, 3],
      ]),
    ]) {
      const [u, s, vt] = svd(m)
      expectSame(matmul(u, mul(column(s), vt)), m, CLOSE)
      expectOrthonormal(u)
      expectOrthonormal(swapped(vt))
    }
  })

  it('d(U·diag(s)·Vᵀ) = dA, and the vectors stay orthonormal', () => {
    for (const m of [a, tall, swapped(tall)]) {
      const da = wavy(m.shape)
      const [[u, s, vt], [du, ds, dvt]] = jvp((x: Tensor) => svd(x))([m], [da])
      const terms = [
        matmul(du, mul(column(s), vt)),
        matmul(u, mul(column(ds), vt)),
        matmul(u, mul(column(s), dvt)),
      ] as const
      expectSame(add(add(terms[0], terms[1]), terms[2]), da, CLOSE)
      for (const [x, dx] of [
        [u, du],
        [swapped(vt), swapped(dvt)],
      ] as const) {
        const turn = matmul(swapped(x), dx)
        expectSame(turn, mul(-1, swapped(turn)), CLOSE)
      }
    }
  })

  it('the gradient of the nuclear norm is U·Vᵀ, for equal singular values too', () => {
    const nuclear = (m: Tensor): Tensor => sum(svd(m)[1])
    const [u, , vt] = svd(tall)
    expectSame(grad(nuclear)(tall), matmul(u, vt), CLOSE)
    expectSame(grad(nuclear)(eye(2, { dtype: 'float64' })), eye(2, { dtype: 'float64' }), CLOSE)
  })

  it('the gradient of vectors of equal singular values is NaN', () => {
    const gradient = grad((m: Tensor) => sum(square(svd(m)[0])))(eye(2, { dtype: 'float64' }))
    expectClose(sum(gradient), N)
  })

  it('the length of s is that of all elements, also of huge and tiny ones', () => {
    const length = (x: Tensor): Tensor => sqrt(sum(square(x)))
    expectSame(length(svd(tall)[1]), length(tall), CLOSE)
    expectClose(svd(mul(1e200, tall))[1], toArray(mul(1e200, f64(scipy['singular values']))), FLOAT64)
    expectClose(mul(1e200, svd(mul(1e-200, tall))[1]), scipy['singular values'], FLOAT64)
  })

  it('what is not finite gives NaN; of empty matrices; mistakes', () => {
    expectClose(svd(f64([[1, Infinity]]))[1], [N])
    expectClose(svd(f64([[N]]))[2], [[N]])
    expect(svd(zeros([2, 0, 3])).map(x => x.shape)).toEqual([
      [2, 0, 0],
      [2, 0],
      [2, 0, 3],
    ])
    expect(vmap((m: Tensor) => svd(m)[1] as Tensor)(zeros([0, 2, 3])).shape).toEqual([0, 2])
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => svd(zeros([3])))).toBe('ShapeError: svd: needs matrices, got [3]')
    expect(mistake(() => svd(i32([[1]])))).toContain('svd: does not take int32')
  })
})
