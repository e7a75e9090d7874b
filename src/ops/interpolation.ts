/**
 * Functions given by their values at points: differences between neighbours, and lines between points.
 *
 * Layer: ops.
 */
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, sameShape, showShape } from '../core/shape.ts'
import type { Check, Resized, Resolved, ShapeOf, TensorLike, VectorOnly } from '../core/shape-types.ts'
import type { Sample, Tensor } from '../core/types.ts'
import { clip, div, sub } from './arithmetic.ts'
import { eq, gt, logicalOr, lt, ne, where } from './comparison.ts'
import { arange } from './creation.ts'
import { commonDtype, composite, dataLast, isData, lift, type NotTensor } from './define.ts'
import { add, mul } from './elementwise.ts'
import { take } from './indexing.ts'
import { slice } from './slicing.ts'
import { searchsorted } from './sorting.ts'

// ---- diff

/** Options of `diff`: how many times (1), along which axis (the last). */
export type DiffOptions<A extends number = number> = { readonly n?: number; readonly axis?: A }

const differences = ({ n = 1, axis = -1 }: DiffOptions, x: Tensor): Tensor => {
  const at = orThrow(normalizeAxis('diff', axis, x.shape.length))
  if (!Number.isSafeInteger(n) || n < 0)
    return fail(valueError('diff', `n must be a whole number of at least 0, got ${describe(n)}`))
  const skip = range(0, at).map(() => null)
  const once = (y: Tensor): Tensor => {
    const [after, before] = [slice([...skip, [1]])(y), slice([...skip, [null, -1]])(y)]
    return y.dtype === 'bool' ? ne(after, before) : sub(after, before)
  }
  return range(0, Math.min(n, dim(x.shape, at))).reduce(once, x)
}

interface Differing {
  <const A extends number = -1>(
    options: DiffOptions<A> & NotTensor,
  ): <X extends TensorLike>(
    x: Check<Resized<'diff', ShapeOf<X>, A>, X>,
  ) => Tensor<Resolved<Resized<'diff', ShapeOf<X>, A>>>
  <X extends TensorLike>(
    x: Check<Resized<'diff', ShapeOf<X>, -1>, X>,
  ): Tensor<Resolved<Resized<'diff', ShapeOf<X>, -1>>>
}

/**
 * Each element less the one before along an axis (the last by default), which gets shorter by one; `n` times. int32 wraps; of bool,
 * whether the two differ.
 * @throws AxisError when the axis is out of range; ValueError when n is no whole number
 * @example
 * diff(tensor([1, 4, 9])) // [3, 5]
 * diff({ n: 2 })(tensor([1, 4, 9])) // [2]
 */
export const diff: Differing = composite(
  {
    name: 'diff',
    doc: 'Differences between neighbours along an axis.',
    apply: (options: { readonly n: number; readonly axis: number }, [x]) => differences(options, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      return {
        params: { n: draw.integer(0, 3), axis: draw.integer(0, shape.length - 1) },
        args: [draw.tensor(shape)],
      }
    },
    invalid: draw => ({ params: { n: 1, axis: 1 }, args: [draw.tensor([2])] }),
  },
  dataLast<DiffOptions, Differing>('diff', ['n', 'axis'], differences),
)

// ---- interp

/** What `interp` gives before the first point and after the last; the first and last value unless told. */
export type InterpOptions = { readonly left?: number; readonly right?: number }

const checkPoints = (xp: Tensor, fp: Tensor, x: Tensor): void => {
  orThrow(commonDtype('interp', [x, xp, fp], 'float'))
  if (xp.shape.length !== 1 || !sameShape(xp.shape, fp.shape) || dim(xp.shape, 0) === 0)
    fail(
      shapeError(
        'interp',
        `xp and fp must be vectors of one size, at least 1, got ${showShape(xp.shape)} and ${showShape(fp.shape)}`,
      ),
    )
}

const between = ({ left, right }: InterpOptions, x: Tensor, xp: Tensor, fp: Tensor): Tensor => {
  checkPoints(xp, fp, x)
  const [before, after] = [lt(x, take(xp, 0)), gt(x, take(xp, -1))]
  const high = clip({ min: 1, max: dim(xp.shape, 0) - 1 })(searchsorted({ side: 'right' })(xp as Tensor, x))
  const low = sub(high, 1)
  const [x0, f0, f1] = [take(xp, low), take(fp, low), take(fp, high)]
  const gap = sub(take(xp, high), x0)
  const flat = eq(gap, 0)
  // A point outside is not carried into the line, where infinity would turn derivatives to NaN.
  const inside = where(logicalOr(before, after), x0, x)
  const way = div(sub(inside, x0), where(flat, 1, gap))
  const line = where(flat, f1, add(f0, mul(way, sub(f1, f0))))
  return where(before, left ?? take(fp, 0), where(after, right ?? take(fp, -1), line)) as Tensor
}

interface Interpolating {
  (
    options: InterpOptions & NotTensor,
  ): <X extends TensorLike, P extends Tensor, F extends Tensor>(
    x: X,
    xp: Check<VectorOnly<'interp', 'xp', ShapeOf<P>>, P>,
    fp: Check<VectorOnly<'interp', 'fp', ShapeOf<F>>, F>,
  ) => Tensor<ShapeOf<X>>
  <X extends TensorLike, P extends Tensor, F extends Tensor>(
    x: X,
    xp: Check<VectorOnly<'interp', 'xp', ShapeOf<P>>, P>,
    fp: Check<VectorOnly<'interp', 'fp', ShapeOf<F>>, F>,
  ): Tensor<ShapeOf<X>>
}

const interpolated = (options: InterpOptions, x: TensorLike, xp: TensorLike, fp: TensorLike): Tensor => {
  const [at, points, values] = lift('interp', [x, xp, fp])
  return between(options, at as Tensor, points as Tensor, values as Tensor)
}

/**
 * The line through the points (xp, fp) at x: x of any shape, xp and fp [n], xp ascending -> the shape of x. Outside, `left` and `right`,
 * or the values at the ends. At a point the derivative in x is the slope to its right (at the last point, to its left); where points
 * coincide the line steps and takes the later one. NaN stays NaN.
 * @throws ShapeError when xp and fp are not vectors of one size, or empty; DtypeError unless all are floats of one dtype
 * @example
 * interp(tensor([0.5, 1.5, 9]), tensor([0, 1, 2]), tensor([0, 10, 30])) // [5, 20, 30]
 */
export const interp: Interpolating = composite(
  {
    name: 'interp',
    doc: 'Linear interpolation between points.',
    apply: ({ left, right }: { readonly left: number | null; readonly right: number | null }, [x, xp, fp]) =>
      between(
        { ...(left === null ? {} : { left }), ...(right === null ? {} : { right }) },
        x as Tensor,
        xp as Tensor,
        fp as Tensor,
      ),
    sample: (draw): Sample<{ readonly left: number | null; readonly right: number | null }> => {
      const n = draw.integer(1, 4)
      const ends = (): number | null => (draw.boolean() ? 1.5 : null)
      return {
        params: { left: ends(), right: ends() },
        args: [
          // Points are near whole numbers, and x is between them.
          draw.tensor(
            draw.shape({ maxRank: 2 }),
            range(-2, 6).map(i => [i + 0.4, i + 0.6]),
          ),
          add(draw.tensor([n], [[-0.2, 0.2]]), arange(0, n, 1, { dtype: draw.dtype })),
          draw.tensor([n]),
        ],
      }
    },
    invalid: (draw): Sample<{ readonly left: number | null; readonly right: number | null }> => ({
      params: { left: null, right: null },
      args: [draw.tensor([2]), draw.tensor([3]), draw.tensor([2])],
    }),
  },
  ((arg: TensorLike | InterpOptions, p?: TensorLike, f?: TensorLike) =>
    isData(arg)
      ? interpolated({}, arg, p as TensorLike, f as TensorLike)
      : (x: TensorLike, xp: TensorLike, fp: TensorLike) =>
          interpolated(requireOptions('interp', arg, ['left', 'right']), x, xp, fp)) as Interpolating,
)
