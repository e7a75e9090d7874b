/**
 * Norms of vectors and matrices.
 *
 * Layer: ops. They reduce floats; int32 and bool are converted to float32.
 */
import { isFloat } from '../core/dtype.ts'
import { axisError, describe, fail, valueError } from '../core/errors.ts'
import { type Axes, range, showShape } from '../core/shape.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { abs, pow, square } from './arithmetic.ts'
import { cast, eq, indicator, ne, where } from './comparison.ts'
import { composite, dataLast } from './define.ts'
import { sqrt } from './math.ts'
import { transpose } from './movement.ts'
import { axisPair } from './rearrange.ts'
import { axesOf, kept, max, min, type ReduceOptions, type Reduction, sum } from './reduction.ts'
import { svd } from './spectral.ts'

/** A p > 0, 0, ∞ or -∞ for vectors; 1, -1, ∞, -∞ or 'fro' for matrices. */
export type NormOrder = number | 'fro' | 'nuc'

/** Options of `norm`: which norm, over which axis (a vector's) or two (a matrix's). */
export type NormOptions = ReduceOptions & { readonly ord?: NormOrder }

/** A root of a sum that is not negative; where it is 0 the derivative is 0 too, as that of |x| here, not 0 · ∞. */
const rootOf = (root: (x: Tensor) => Tensor, total: Tensor): Tensor => {
  const none = eq(total, 0)
  return where(none, 0, root(where(none, 1, total)))
}

const euclidean = (axis: Axes, x: Tensor): Tensor => rootOf(sqrt, sum({ axis })(square(x) as Tensor) as Tensor)

const vectorNorm = (ord: NormOrder, axis: Axes, x: Tensor): Tensor => {
  const size = (): Tensor => abs(x)
  if (ord === 2) return euclidean(axis, x)
  if (ord === 1) return sum({ axis })(size()) as Tensor
  if (ord === Infinity) return max({ axis })(size()) as Tensor
  if (ord === -Infinity) return min({ axis })(size()) as Tensor
  if (ord === 0) return sum({ axis })(indicator(ne(x, 0), x)) as Tensor
  if (typeof ord !== 'number' || !(ord > 0))
    return fail(
      valueError(
        'norm',
        `of a vector needs ord > 0, 0, Infinity or -Infinity, got ${describe(ord)}; two axes make a matrix`,
      ),
    )
  return rootOf(total => pow(total, 1 / ord), sum({ axis })(pow(size(), ord) as Tensor) as Tensor)
}

/** The extreme of sums of |x| over one axis along the other. */
const extremeSum = (ord: number, [over, along]: readonly [number, number], x: Tensor): Tensor => {
  const sums = sum({ axis: over, keepDims: true })(abs(x)) as Tensor
  const y = (ord > 0 ? max({ axis: along })(sums) : min({ axis: along })(sums)) as Tensor
  return sum({ axis: over < along ? over : over - 1 })(y) as Tensor
}

/** The largest singular value, the smallest, or the sum of all. */
const ofSingularValues = (ord: 2 | -2 | 'nuc', [rows, columns]: readonly [number, number], x: Tensor): Tensor => {
  const rest = range(0, x.shape.length).filter(i => i !== rows && i !== columns)
  const [, values] = svd(transpose([...rest, rows, columns])(x)) as readonly [Tensor, Tensor, Tensor]
  const reduce = ord === 2 ? max : ord === -2 ? min : sum
  return reduce({ axis: -1 })(values) as Tensor
}

const matrixNorm = (ord: NormOrder, axis: readonly number[], x: Tensor): Tensor => {
  const [rows, columns] = axisPair('norm', axis, x)
  if (ord === 'fro') return euclidean([rows, columns], x)
  if (ord === 1 || ord === -1) return extremeSum(ord, [rows, columns], x)
  if (ord === Infinity || ord === -Infinity) return extremeSum(ord, [columns, rows], x)
  if (ord === 2 || ord === -2 || ord === 'nuc') return ofSingularValues(ord, [rows, columns], x)
  return fail(
    valueError('norm', `of a matrix needs ord 'fro', 'nuc', 1, 2, -1, -2, Infinity or -Infinity, got ${describe(ord)}`),
  )
}

/** The norm without its axes; without ord and axis that of all elements as one vector. */
const chosen = ({ axis, ord }: NormOptions, x: Tensor): Tensor => {
  const axes = axesOf('norm', axis, x)
  if (axis === undefined && ord === undefined) return vectorNorm(2, axes, x)
  if (axes.length === 1) return vectorNorm(ord ?? 2, axes, x)
  if (axes.length === 2) return matrixNorm(ord ?? 'fro', typeof axis === 'object' ? axis : axes, x)
  return fail(
    axisError('norm', `takes one axis for vectors or two for matrices, got ${axes.length} of ${showShape(x.shape)}`),
  )
}

const normOf = ({ keepDims = false, ...options }: NormOptions, x: Tensor): Tensor => {
  const value = isFloat(x.dtype) ? x : cast('float32')(x)
  const y = chosen(options, value)
  return keepDims ? kept(x.shape, axesOf('norm', options.axis, x), y) : y
}

type NormParams = { readonly ord: NormOrder; readonly axis: readonly number[]; readonly keepDims: boolean }

/** Away from 0, and with no two absolute values alike. */
const sampleNorm = (draw: Draw): Sample<NormParams> => {
  const shape = draw.shape({ minRank: 1 })
  const matrix = shape.length > 1 && draw.boolean()
  const [a = 0, b = 1] = draw.permutation(shape.length)
  const ord = matrix
    ? draw.pick<NormOrder>(['fro', 'nuc', 1, -1, 2, Infinity, -Infinity])
    : draw.pick<NormOrder>([1, 2, 3, 1.5, Infinity, -Infinity, 0])
  return {
    params: { ord, axis: matrix ? [a, b] : [a], keepDims: draw.boolean() },
    args: [
      draw.tensor(
        shape,
        [
          [-3, -1.6],
          [0.2, 1.5],
        ],
        { distinct: true },
      ),
    ],
  }
}

/**
 * A norm along an axis: (Σ |x|^p)^(1/p) for `ord` p (2 by default), max |x| for Infinity, min |x| for -Infinity, how many are not 0 for
 * 0; over two axes of matrices 'fro' (Frobenius, the default), 1 (the largest sum of |x| down a column), Infinity (along a row), -1
 * and -Infinity (the smallest), 2 and -2 (the largest and smallest singular value), 'nuc' (the sum of them). Without axis and ord, the 2-norm of all elements. Where a norm of order p or 'fro' is 0, so is its
 * derivative (JAX: NaN); extremes that tie share it.
 * @throws ValueError for an ord that does not fit; AxisError for more axes; ShapeError for an
 * extreme of no elements
 * @example
 * norm(tensor([3, 4])) // 5
 * norm({ ord: 1, axis: 0 })(x) // [5, 7, 9]
 * norm({ ord: Infinity, axis: [0, 1] })(x) // 15
 */
export const norm: Reduction<'norm', { readonly ord?: NormOrder }> = composite(
  {
    name: 'norm',
    doc: 'Norms of vectors and matrices.',
    apply: (params: NormParams, [x]) => normOf(params, x as Tensor),
    sample: sampleNorm,
    invalid: (draw): Sample<NormParams> => ({
      params: { ord: 3, axis: [0, 1], keepDims: false },
      args: [draw.tensor([2, 2])],
    }),
  },
  dataLast<NormOptions, Reduction<'norm', { readonly ord?: NormOrder }>>('norm', ['axis', 'keepDims', 'ord'], normOf),
)
