/**
 * Determinants, and the logarithms of their absolute values.
 *
 * Layer: ops. Read first: matrix-rules.ts, solving.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Check, PerSquare, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind, bind1 } from '../core/trace.ts'
import type { Maybe, Op, Tensor } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import { expandDims } from './arrange.ts'
import { defineOp, liftOne, only, primitive } from './define.ts'
import { mul } from './elementwise.ts'
import { matmul, matrixTranspose } from './linalg.ts'
import { drawBatch, drawRegular, identityLike, matrices, routine, traceOf } from './matrix-rules.ts'
import { sum } from './reduction.ts'
import { solve } from './solving.ts'

type None = Record<string, never>

// ---- det

/** tr(A·B) for matrices of the same shape. */
const traceOfProduct = (a: Tensor, b: Tensor): Tensor => sum({ axis: [-2, -1] })(mul(matrixTranspose(a) as Tensor, b))

/**
 * det(A)·A⁻¹. As a derivative of det it is right where A is singular too; its own derivative needs A⁻¹:
 * d adj = tr(adj·dA)·A⁻¹ - A⁻¹·dA·adj.
 */
const adjugateOp: Op<None> = defineOp<None>({
  name: 'adjugate',
  doc: 'det(A)·A⁻¹.',
  infer: (_params, types) =>
    pipe(
      matrices('adjugate', types, { square: true }),
      E.map(({ batch, rows: n, dtype }) => [{ shape: [...batch, n, n], dtype }]),
    ),
  lower: (_params, types) => routine({ name: 'adjugate' }, types),
  differentiation: {
    rule: 'jvp',
    jvp: (_params, [a], [da = null], [y]) => {
      if (da === null || a === undefined || y === undefined) return [null]
      const scale = expandDims({ axis: [-2, -1] })(traceOfProduct(y, da) as Tensor) as Tensor
      return [solve(a, sub(mul(scale, identityLike(a)), matmul(da, y)))]
    },
  },
  batch: (params, xs) => [bind1(adjugateOp, params, only(xs))],
  sample: draw => ({ params: {}, args: [drawRegular(draw, drawBatch(draw), draw.integer(0, 3))] }),
})

const detOp: Op<None> = defineOp<None>({
  name: 'det',
  doc: 'The determinant of square matrices.',
  infer: (_params, types) =>
    pipe(
      matrices('det', types, { square: true }),
      E.map(({ batch, dtype }) => [{ shape: batch, dtype }]),
    ),
  lower: (_params, types) => routine({ name: 'det' }, types),
  differentiation: {
    rule: 'jvp',
    jvp: (_params, [a], [da = null]): readonly Maybe[] =>
      da === null || a === undefined ? [null] : [traceOfProduct(bind1(adjugateOp, {}, a), da)],
  },
  batch: (params, xs) => [bind1(detOp, params, only(xs))],
  sample: draw => ({ params: {}, args: [drawRegular(draw, drawBatch(draw), draw.integer(0, 3))] }),
  invalid: draw => ({ params: {}, args: [draw.tensor([2, 3])] }),
})

/**
 * The determinant of matrices [..., n, n] -> [...]; 1 for n = 0. The derivative is exact for singular matrices as well, d det A =
 * tr(adj(A)·dA) (Jacobi's formula); second derivatives use A⁻¹ and are ±∞ or NaN there.
 * @throws ShapeError for matrices that are not square; DtypeError for int32 and bool
 * @example
 * det(tensor([[3, 1], [1, 1]])) // 2
 */
export const det = primitive(
  detOp,
  <A extends TensorLike>(a: Check<PerSquare<'det', ShapeOf<A>>, A>) =>
    bind1(detOp, {}, liftOne('det', a as TensorLike)) as Tensor as Tensor<Resolved<PerSquare<'det', ShapeOf<A>>>>,
)

// ---- slogdet

const slogdetOp: Op<None> = defineOp<None>({
  name: 'slogdet',
  doc: 'The sign of the determinant, and ln of its absolute value.',
  infer: (_params, types) =>
    pipe(
      matrices('slogdet', types, { square: true }),
      E.map(({ batch, dtype }) => [
        { shape: batch, dtype },
        { shape: batch, dtype },
      ]),
    ),
  lower: (_params, types) => routine({ name: 'slogdet' }, types),
  differentiation: {
    rule: 'jvp',
    jvp: (_params, [a], [da = null]) => (da === null || a === undefined ? [null, null] : [null, traceOf(solve(a, da))]),
  },
  batch: (params, xs) => bind(slogdetOp, params, only(xs)),
  sample: draw => ({ params: {}, args: [drawRegular(draw, drawBatch(draw), draw.integer(0, 3))] }),
  invalid: draw => ({ params: {}, args: [draw.tensor([2, 3])] }),
})

/**
 * The sign of the determinant and ln |det A|, each [..., n, n] -> [...], where det itself would overflow: [1, 0] for n = 0, [0, -∞]
 * for a singular matrix, where the derivative is ±∞ or NaN. d ln |det A| = tr(A⁻¹·dA).
 * @throws ShapeError for matrices that are not square; DtypeError for int32 and bool
 * @example
 * const [sign, logAbsDet] = slogdet(tensor([[0, 1], [1, 0]]))
 * sign // -1
 * logAbsDet // 0
 */
export const slogdet = primitive(slogdetOp, <A extends TensorLike>(a: Check<PerSquare<'slogdet', ShapeOf<A>>, A>) => {
  const [sign, logAbsDet] = bind(slogdetOp, {}, liftOne('slogdet', a as TensorLike))
  type Part = Tensor<Resolved<PerSquare<'slogdet', ShapeOf<A>>>>
  return [sign as Tensor as Part, logAbsDet as Tensor as Part] as const
})
