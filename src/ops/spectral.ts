/**
 * Eigenvalues of symmetric matrices, and singular values.
 *
 * Layer: ops. Vectors are defined up to their sign: here the component of largest absolute value is positive, the first of those that
 * tie. Their derivatives divide by the differences between eigenvalues, or between squared singular values, and are ±∞ or NaN where
 * two are equal; those of the values alone hold there too in reverse mode, which does not ask for the others. Read first: matrix-rules.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Check, Resolved, RowPerSquare, ShapeOf, Square, TensorLike, Thin } from '../core/shape-types.ts'
import { bind } from '../core/trace.ts'
import type { Op, Tensor } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import { expandDims } from './arrange.ts'
import { defineOp, liftOne, only, primitive } from './define.ts'
import { add, mul } from './elementwise.ts'
import { matmul, matrixTranspose } from './linalg.ts'
import { reciprocal } from './math.ts'
import { diagonalOf, drawBatch, drawSpread, identityLike, matrices, routine, symmetricPart } from './matrix-rules.ts'

type None = Record<string, never>

const transposed = (x: Tensor): Tensor => matrixTranspose(x) as Tensor
const asRow = (x: Tensor): Tensor => expandDims({ axis: -2 })(x) as Tensor
const asColumn = (x: Tensor): Tensor => expandDims({ axis: -1 })(x) as Tensor

/** 1/(x[j] - x[i]) at [i,j], and 0 on the diagonal. */
const reciprocalGaps = (x: Tensor): Tensor => {
  const gaps = sub(asRow(x), asColumn(x))
  const identity = identityLike(gaps)
  return sub(reciprocal(add(gaps, identity)), identity)
}

// ---- eigh

const eighOp: Op<None> = defineOp<None>({
  name: 'eigh',
  doc: 'Eigenvalues and eigenvectors of symmetric matrices.',
  infer: (_params, types) =>
    pipe(
      matrices('eigh', types, { square: true }),
      E.map(({ batch, rows: n, dtype }) => [
        { shape: [...batch, n], dtype },
        { shape: [...batch, n, n], dtype },
      ]),
    ),
  lower: (_params, types) => routine({ name: 'eigh' }, types),
  // With C = Vᵀ·dA·V: dw = diag C, dV = V·(F ∘ C), where F[i,j] = 1/(w[j] - w[i]). Giles 2008, "Collected matrix derivative results
  // for forward and reverse mode algorithmic differentiation", section 3.1.
  differentiation: {
    rule: 'jvp',
    jvp: (_params, _primals, [da = null], [w, v]) => {
      if (da === null || w === undefined || v === undefined) return [null, null]
      const c = matmul(transposed(v), matmul(symmetricPart(da), v))
      return [diagonalOf(c), matmul(v, mul(reciprocalGaps(w), c))]
    },
  },
  batch: (params, xs) => bind(eighOp, params, only(xs)),
  sample: draw => {
    const [batch, n] = [drawBatch(draw), draw.integer(0, 3)]
    return { params: {}, args: [drawSpread(draw, batch, n, n)] }
  },
  invalid: draw => ({ params: {}, args: [draw.tensor([2, 3])] }),
})

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors, as columns, of symmetric matrices: [..., n, n] -> [..., n] and [..., n, n]. As
 * in JAX, of (A + Aᵀ)/2. The largest component of each eigenvector is positive; LAPACK's have other signs. Where two eigenvalues
 * are equal, the derivative of the eigenvectors is ±∞ or NaN. By Jacobi's method; NaN where A is not finite.
 * @throws ShapeError for matrices that are not square; DtypeError for int32 and bool
 * @example
 * const [w, v] = eigh(tensor([[2, 0], [0, 1]]))
 * w // [1, 2]
 * v // [[0, 1], [1, 0]]
 */
export const eigh = primitive(eighOp, <A extends TensorLike>(a: Check<Square<'eigh', ShapeOf<A>>, A>) => {
  const [w, v] = bind(eighOp, {}, liftOne('eigh', a as TensorLike))
  return [
    w as Tensor as Tensor<Resolved<RowPerSquare<'eigh', ShapeOf<A>>>>,
    v as Tensor as Tensor<Resolved<Square<'eigh', ShapeOf<A>>>>,
  ] as const
})

// ---- svd

/** What of dx lies outside the space of the columns of U, over s: the part of dU that a square matrix does not have. */
const outside = (u: Tensor, dx: Tensor, s: Tensor): Tensor =>
  mul(sub(dx, matmul(u, matmul(transposed(u), dx))), reciprocal(asRow(s)))

const svdOp: Op<None> = defineOp<None>({
  name: 'svd',
  doc: 'Singular values and singular vectors.',
  infer: (_params, types) =>
    pipe(
      matrices('svd', types, { square: false }),
      E.map(({ batch, rows: m, columns: n, dtype }) => {
        const k = Math.min(m, n)
        return [[m, k], [k], [k, n]].map(sizes => ({ shape: [...batch, ...sizes], dtype }))
      }),
    ),
  lower: (_params, types) => routine({ name: 'svd' }, types),
  // With C = Uᵀ·dA·V and F[i,j] = 1/(s[j]² - s[i]²): ds = diag C, dU = U·(F ∘ (C·S + S·Cᵀ)), dV = V·(F ∘ (S·C + Cᵀ·S)), and what of
  // dA·V and dAᵀ·U lies outside. Townsend 2016, "Differentiating the singular value decomposition".
  differentiation: {
    rule: 'jvp',
    jvp: (_params, _primals, [da = null], [u, s, vt]) => {
      if (da === null || u === undefined || s === undefined || vt === undefined) return [null, null, null]
      const v = transposed(vt)
      const [dav, dau] = [matmul(da, v), matmul(transposed(da), u)]
      const c = matmul(transposed(u), dav)
      const gaps = reciprocalGaps(mul(s, s))
      const [cs, sc] = [mul(c, asRow(s)), mul(c, asColumn(s))]
      const du = matmul(u, mul(gaps, add(cs, transposed(cs))))
      const dv = matmul(v, mul(gaps, add(sc, transposed(sc))))
      const [m, n] = [u.shape.at(-2) ?? 0, v.shape.at(-2) ?? 0]
      return [
        m > n ? add(du, outside(u, dav, s)) : du,
        diagonalOf(c),
        transposed(n > m ? add(dv, outside(v, dau, s)) : dv),
      ]
    },
  },
  batch: (params, xs) => bind(svdOp, params, only(xs)),
  sample: draw => {
    const [batch, m, n] = [drawBatch(draw), draw.integer(0, 3), draw.integer(0, 3)]
    return { params: {}, args: [drawSpread(draw, batch, m, n)] }
  },
  invalid: draw => ({ params: {}, args: [draw.tensor([3])] }),
})

/**
 * U, s and Vᵀ with U·diag(s)·Vᵀ = A: [..., m, n] -> [..., m, k], [..., k] and [..., k, n], where k = min(m, n): NumPy's with
 * full_matrices=False. Singular values descend; the largest component of each row of Vᵀ is positive, LAPACK's have other
 * signs. Where two singular values are equal, or one is 0 and A not square, derivatives of U and Vᵀ are ±∞ or NaN. By
 * Jacobi's method; NaN where A is not finite.
 * @throws ShapeError for less than two axes; DtypeError for int32 and bool
 * @example
 * const [u, s, vt] = svd(tensor([[0, 2], [1, 0]]))
 * s // [2, 1]
 * matmul(u, mul(expandDims({ axis: -1 })(s), vt)) // [[0, 2], [1, 0]]
 */
export const svd = primitive(svdOp, <A extends TensorLike>(a: Check<Thin<'svd', ShapeOf<A>, 'left'>, A>) => {
  const [u, s, vt] = bind(svdOp, {}, liftOne('svd', a as TensorLike))
  type Part<Side extends 'left' | 'middle' | 'right'> = Tensor<Resolved<Thin<'svd', ShapeOf<A>, Side>>>
  return [u as Tensor as Part<'left'>, s as Tensor as Part<'middle'>, vt as Tensor as Part<'right'>] as const
})
