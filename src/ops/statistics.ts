/**
 * Means, variances and logsumexp: compositions of reductions.
 *
 * Layer: ops. They reduce floats; int32 and bool are converted to float32.
 */
import { isFloat } from '../core/dtype.ts'
import { fail, valueError } from '../core/errors.ts'
import { dim, sizeOf } from '../core/shape.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { div, sub } from './arithmetic.ts'
import { cast, isfinite, where } from './comparison.ts'
import { composite, dataLast } from './define.ts'
import { add, mul } from './elementwise.ts'
import { exp, log, sqrt } from './math.ts'
import { drawAxes, sumOp } from './movement.ts'
import { axesOf, kept, maxOp, type ReduceOptions, type Reduction, reduceWith } from './reduction.ts'
import { stopGradient } from './stopgradient.ts'

type KeptParams = { readonly axis: readonly number[]; readonly keepDims: boolean }

/** A composition that reduces float data; int32 and bool are converted to float32. */
const reduction = <const Name extends string, More = unknown>(
  name: Name,
  doc: string,
  f: (options: Partial<ReduceOptions & More>, x: Tensor) => Tensor,
  more: readonly (keyof More & string)[] = [],
): Reduction<Name, More> => {
  type Options = ReduceOptions & More
  const apply = (options: Partial<Options>, x: Tensor): Tensor => f(options, isFloat(x.dtype) ? x : cast('float32')(x))
  const subject = {
    name,
    doc,
    apply: (params: KeptParams, [x]: readonly Tensor[]) => apply(params as unknown as Partial<Options>, x as Tensor),
    sample: (draw: Draw): Sample<KeptParams> => {
      const shape = draw.shape({ minRank: 1, minSize: 2 })
      const axis = drawAxes(draw, shape.length)
      return { params: { axis: axis.length === 0 ? [0] : axis, keepDims: draw.boolean() }, args: [draw.tensor(shape)] }
    },
    invalid: (draw: Draw): Sample<KeptParams> => ({ params: { axis: [5], keepDims: false }, args: [draw.tensor([2])] }),
  }
  return composite(subject, dataLast<Options, Reduction<Name, More>>(name, ['axis', 'keepDims', ...more], apply))
}

const count = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map(i => dim(x.shape, i)))

/** The mean along `axis`; NaN for no elements. int32 and bool are averaged as float32. */
export const mean = reduction('mean', 'Mean along axes.', (options, x) =>
  reduceWith('mean', options, x, axes => div(bind1(sumOp, { axes }, x), count(x, axes))),
)

/** Options of `variance` and `std`: the sum of squares is divided by n - correction (0 by default, as NumPy's ddof). */
export type VarianceOptions = ReduceOptions & Correction
type Correction = { readonly correction?: number }

const varianceOf = (
  name: string,
  { axis, keepDims = false, correction = 0 }: Partial<VarianceOptions>,
  x: Tensor,
): Tensor => {
  const axes = axesOf(name, axis, x)
  if (!Number.isFinite(correction)) return fail(valueError(name, `correction must be a number, got ${correction}`))
  const gap = sub(x, mean({ axis: axes, keepDims: true })(x))
  const squares = bind1(sumOp, { axes }, mul(gap, gap))
  const y = div(squares, Math.max(0, count(x, axes) - correction))
  return keepDims ? kept(x.shape, axes, y) : y
}

/** The variance along `axis`, by two passes; `correction: 1` gives the unbiased estimate. */
export const variance = reduction<'variance', Correction>(
  'variance',
  'Variance along axes.',
  (options, x) => varianceOf('variance', options, x),
  ['correction'],
)

/** The standard deviation along `axis`: the square root of `variance`. Where all elements are equal its derivative is NaN. */
export const std = reduction<'std', Correction>(
  'std',
  'Standard deviation along axes.',
  (options, x) => sqrt(varianceOf('std', options, x)),
  ['correction'],
)

/** ln Σ eˣ along `axis` without overflow; -∞ for no elements and where all are -∞. */
export const logsumexp = reduction('logsumexp', 'ln Σ eˣ along axes.', (options, x) =>
  reduceWith('logsumexp', options, x, axes => {
    if (count(x, axes) === 0) return log(bind1(sumOp, { axes }, x))
    const high = stopGradient(bind1(maxOp, { axes }, x))
    const shift = where(isfinite(high), high, 0)
    const total = bind1(sumOp, { axes }, exp(sub(x, kept(x.shape, axes, shift))))
    return add(log(total), shift)
  }),
)
