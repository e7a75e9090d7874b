/**
 * Decompositions by elimination and reflection: cholesky and qr, and least squares by the latter.
 *
 * Layer: ops. Their derivatives are written with products and triangular solves. Read first: matrix-rules.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { matrixSizes } from '../core/routine.ts'
import type { Shape } from '../core/shape.ts'
import type { Check, Resolved, ShapeOf, Solution, Square, TensorLike, Thin } from '../core/shape-types.ts'
import { bind, bind1 } from '../core/trace.ts'
import type { Draw, Op, Tensor } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import { eye } from './creation.ts'
import { composite, dataLast, defineOp, lift, liftOne, type NotTensor, only, primitive } from './define.ts'
import { add, mul } from './elementwise.ts'
import { matmul, matrixTranspose } from './linalg.ts'
import {
  drawBatch,
  drawPositive,
  flag,
  lowerPart,
  matrices,
  routine,
  symmetricPart,
  upperPart,
  withVectors,
} from './matrix-rules.ts'
import { slice } from './slicing.ts'
import { triangularSolve } from './solving.ts'

type None = Record<string, never>

const transposed = (x: Tensor): Tensor => matrixTranspose(x) as Tensor

// ---- cholesky

/** Φ: the lower triangle with half the diagonal, so that Φ(S) + Φ(S)ᵀ = S for a symmetric S. */
const halfTriangle = (s: Tensor): Tensor => mul(0.5, add(lowerPart(s), lowerPart(s, -1)))

const choleskyOp: Op<{ readonly upper: boolean }> = defineOp({
  name: 'cholesky',
  doc: 'L with L·Lᵀ = A, for positive definite matrices.',
  infer: (_params, types) =>
    pipe(
      matrices('cholesky', types, { square: true }),
      E.map(({ batch, rows: n, dtype }) => [{ shape: [...batch, n, n], dtype }]),
    ),
  lower: ({ upper }, types) => routine({ name: 'cholesky', upper }, types),
  // dL = L·Φ(L⁻¹·dA·L⁻ᵀ): Murray 2016, "Differentiation of the Cholesky decomposition".
  differentiation: {
    rule: 'jvp',
    jvp: ({ upper }, _primals, [da = null], [y]) => {
      if (da === null || y === undefined) return [null]
      const l = upper ? transposed(y) : y
      const right = triangularSolve({ lower: true, transpose: true, leftSide: false })(l, symmetricPart(da))
      const dl = matmul(l, halfTriangle(triangularSolve({ lower: true })(l, right)))
      return [upper ? transposed(dl) : dl]
    },
  },
  batch: (params, xs) => [bind1(choleskyOp, params, only(xs))],
  sample: draw => ({
    params: { upper: draw.boolean() },
    args: [drawPositive(draw, drawBatch(draw), draw.integer(0, 3))],
  }),
  invalid: draw => ({ params: { upper: false }, args: [draw.tensor([2, 3])] }),
})

type CholeskyOptions = { readonly upper?: boolean }

interface Cholesky {
  (
    options: CholeskyOptions & NotTensor,
  ): <A extends TensorLike>(
    a: Check<Square<'cholesky', ShapeOf<A>>, A>,
  ) => Tensor<Resolved<Square<'cholesky', ShapeOf<A>>>>
  <A extends TensorLike>(a: Check<Square<'cholesky', ShapeOf<A>>, A>): Tensor<Resolved<Square<'cholesky', ShapeOf<A>>>>
}

/**
 * The lower triangular L with L·Lᵀ = A for positive definite matrices [..., n, n]; with `upper`, U = Lᵀ. As in JAX, it is that of
 * (A + Aᵀ)/2, so that the gradient is symmetric (NumPy reads the lower triangle alone), and where that is not positive definite, the
 * triangle is filled with NaN (NumPy throws): under a transformation there may be no value to check.
 * @throws ShapeError for matrices that are not square; DtypeError for int32 and bool
 * @example
 * cholesky(tensor([[4, 2], [2, 10]])) // [[2, 0], [1, 3]]
 * cholesky({ upper: true })(tensor([[4, 2], [2, 10]])) // [[2, 1], [0, 3]]
 */
export const cholesky: Cholesky = primitive(
  choleskyOp,
  dataLast<CholeskyOptions, Cholesky>('cholesky', ['upper'], ({ upper }, a) =>
    bind1(choleskyOp, { upper: flag('cholesky', 'upper', upper, false) }, a),
  ),
)

// ---- qr

/** The first k columns of matrices. */
const firstColumns = (k: number, x: Tensor): Tensor => slice([...x.shape.slice(1).map(() => null), [0, k]])(x)

/** Below the diagonal away from 0: a column that is zero there keeps its sign in R, one that is nearly zero does not. */
const drawAwayFromTriangular = (draw: Draw, shape: Shape): Tensor => {
  const [m, n] = matrixSizes(shape)
  const gap = draw.tensor(shape, [
    [-0.4, -0.2],
    [0.2, 0.4],
  ])
  return add(gap, mul(2, eye(m, { columns: n, dtype: draw.dtype })))
}

const qrOp: Op<None> = defineOp<None>({
  name: 'qr',
  doc: 'Q with orthonormal columns and an upper triangular R with Q·R = A.',
  infer: (_params, types) =>
    pipe(
      matrices('qr', types, { square: false }),
      E.map(({ batch, rows: m, columns: n, dtype }) => [
        { shape: [...batch, m, Math.min(m, n)], dtype },
        { shape: [...batch, Math.min(m, n), n], dtype },
      ]),
    ),
  lower: (_params, types) => routine({ name: 'qr' }, types),
  // With C = Qᵀ·dA·R⁻¹ of the first k columns, and Ω its strict lower triangle minus the transpose of that:
  // dQ = Q·(Ω - C) + dA·R⁻¹ and dR = Qᵀ·dA - Ω·R. Townsend 2018, "Differentiating the QR decomposition".
  differentiation: {
    rule: 'jvp',
    jvp: (_params, _primals, [da = null], [q, r]) => {
      if (da === null || q === undefined || r === undefined) return [null, null]
      const k = q.shape.at(-1) ?? 0
      const solved = triangularSolve({ leftSide: false })(firstColumns(k, r), firstColumns(k, da))
      const c = matmul(transposed(q), solved)
      const below = lowerPart(c, -1)
      const omega = sub(below, transposed(below))
      return [add(matmul(q, sub(omega, c)), solved), upperPart(sub(matmul(transposed(q), da), matmul(omega, r)))]
    },
  },
  batch: (params, xs) => bind(qrOp, params, only(xs)),
  sample: draw => ({
    params: {},
    args: [drawAwayFromTriangular(draw, [...drawBatch(draw), draw.integer(0, 3), draw.integer(0, 3)])],
  }),
  invalid: draw => ({ params: {}, args: [draw.tensor([3])] }),
})

/**
 * Q and R with Q·R = A: [..., m, n] -> [..., m, k] and [..., k, n], where k = min(m, n); the columns of Q are orthonormal, R is upper
 * triangular. By Householder reflections with the signs of LAPACK, hence of NumPy: the diagonal of R may be negative. Derivatives
 * need the first k columns of A to be linearly independent, else they are ±∞ or NaN.
 * @throws ShapeError for less than two axes; DtypeError for int32 and bool
 * @example
 * const [q, r] = qr(tensor([[3, 1], [4, 2], [0, 2]])) // [3,2], [2,2]
 */
export const qr = primitive(qrOp, <A extends TensorLike>(a: Check<Thin<'qr', ShapeOf<A>, 'left'>, A>) => {
  const [q, r] = bind(qrOp, {}, liftOne('qr', a as TensorLike))
  type Part<Side extends 'left' | 'right'> = Tensor<Resolved<Thin<'qr', ShapeOf<A>, Side>>>
  return [q as Tensor as Part<'left'>, r as Tensor as Part<'right'>] as const
})

// ---- lstsq

/** By the QR decomposition of A, or, for the smallest of many solutions, of Aᵀ. */
const leastSquares = (a: Tensor, b: Tensor): Tensor => {
  const [m, n] = matrixSizes(a.shape)
  if (m >= n) {
    const [q, r] = bind(qrOp, {}, a) as readonly [Tensor, Tensor]
    return triangularSolve(r, matmul(transposed(q), b))
  }
  const [q, r] = bind(qrOp, {}, transposed(a)) as readonly [Tensor, Tensor]
  return matmul(q, triangularSolve({ transpose: true })(r, b))
}

const solveLeastSquares = (a: Tensor, b: Tensor): Tensor =>
  withVectors('lstsq', a, b, { square: false }, rhs => leastSquares(a, rhs))

/**
 * The X that makes |A·X - B| least: a: [..., m, n] and b: [..., m, k] or a vector [m] -> [..., n, k] or [..., n]; leading axes
 * broadcast. Where there are many, for m < n, the smallest of them. A must have full rank, else the result is arbitrary, ±∞ or
 * NaN: unlike NumPy's and JAX's, it looks at no singular values, and gives X alone.
 * @throws ShapeError when the sizes do not fit; DtypeError for int32 and bool
 * @example
 * lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])).shape // [2]
 */
export const lstsq = composite(
  {
    name: 'lstsq',
    doc: 'Solutions of linear systems by least squares.',
    apply: (_params: None, [a, b]) => solveLeastSquares(a as Tensor, b as Tensor),
    sample: draw => {
      const [batch, m, n] = [drawBatch(draw), draw.integer(0, 3), draw.integer(0, 3)]
      const [a, vector] = [drawAwayFromTriangular(draw, [...batch, m, n]), draw.boolean()]
      return { params: {}, args: [a, draw.tensor(vector ? [m] : [...batch, m, draw.integer(1, 2)])] }
    },
    invalid: draw => ({ params: {}, args: [draw.tensor([3, 2]), draw.tensor([2])] }),
  },
  <A extends TensorLike, B extends TensorLike>(
    a: Check<Thin<'lstsq', ShapeOf<A>, 'left'>, A>,
    b: Check<Solution<'lstsq', ShapeOf<A>, ShapeOf<B>>, B>,
  ) => {
    const [x, y] = lift('lstsq', [a as TensorLike, b as TensorLike])
    return solveLeastSquares(x as Tensor, y as Tensor) as Tensor<Resolved<Solution<'lstsq', ShapeOf<A>, ShapeOf<B>>>>
  },
)
