/**
 * Reductions over segments: rows that bear the same number become one.
 *
 * Layer: ops. Each is a scatter into a tensor of what stands for nothing. Source: TensorFlow's unsorted_segment_sum, jax.ops.
 */
import type { Dtype } from '../core/dtype.ts'
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { sameShape, showShape, sizeOf } from '../core/shape.ts'
import type { Check, Resolved, Segments, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { scalarLike } from '../core/tensor.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { cast } from './comparison.ts'
import { arange } from './creation.ts'
import { composite, liftOne, type NotTensor } from './define.ts'
import { indicesOf } from './indexing.ts'
import { broadcastTo, reshape } from './movement.ts'
import { scatterAdd } from './scatter.ts'
import { scatterMax, scatterMin, scatterMul } from './scatter-combine.ts'
import { concat } from './slicing.ts'

type Combining = (x: Tensor, indices: Tensor, updates: Tensor) => Tensor

/** Rows of data [ids…, rest…] combined into [segments, rest…], which starts as `empty`. */
const combined = (
  name: string,
  combine: Combining,
  empty: number,
  segments: number,
  data: Tensor,
  segmentIds: TensorLike,
): Tensor => {
  if (!Number.isInteger(segments) || segments < 0)
    return fail(valueError(name, `segments must be a whole number of at least 0, got ${describe(segments)}`))
  const ids = indicesOf(name, segmentIds)
  if (!sameShape(data.shape.slice(0, ids.shape.length), ids.shape))
    return fail(
      shapeError(
        name,
        `ids ${showShape(ids.shape)} do not fit data ${showShape(data.shape)}: the shape of the data must begin with that of the ids`,
      ),
    )
  const rest = data.shape.slice(ids.shape.length)
  const rows = sizeOf(ids.shape)
  const start = broadcastTo([segments, ...rest])(scalarLike(empty, data.dtype))
  return combine(start, reshape([rows, 1])(ids), reshape([rows, ...rest])(data))
}

type Count = { readonly segments: number }

const sampleSegments = (draw: Draw): Sample<Count> => {
  const ids = draw.shape({ maxRank: 2, maxSize: 3 })
  const segments = draw.integer(1, 3)
  return {
    params: { segments },
    args: [draw.tensor([...ids, ...draw.shape({ maxRank: 1 })]), draw.integers(ids, -1, segments)],
  }
}

/** No segment is empty, since differences of infinities are no derivatives; no rows tie. */
const sampleExtremes = (draw: Draw): Sample<Count> => {
  const segments = draw.integer(1, 3)
  const others = draw.integers([draw.integer(0, 3)], -1, segments)
  const ids = concat([arange(segments), others])
  const data = draw.tensor([...ids.shape, ...draw.shape({ maxRank: 1 })], undefined, { distinct: true })
  return { params: { segments }, args: [data, ids] }
}

/** A reduction over segments. */
type Segmenting<Name extends string> = <const N extends number>(
  options: { readonly segments: N } & NotTensor,
) => <X extends TensorLike, I extends TensorLike>(
  data: Check<Segments<Name, ShapeOf<X>, ShapeOf<I>, N>, X>,
  ids: I,
) => Tensor<Resolved<Segments<Name, ShapeOf<X>, ShapeOf<I>, N>>>

const overSegments = <Name extends string>(
  name: Name,
  doc: string,
  combine: Combining,
  empty: number,
  sample: (draw: Draw) => Sample<Count>,
  as: (dtype: Dtype) => Dtype = dtype => dtype,
): Segmenting<Name> => {
  const segmented = (segments: number, data: TensorLike, ids: TensorLike): Tensor => {
    const x = liftOne(name, data)
    return combined(name, combine, empty, segments, cast(as(x.dtype))(x), ids)
  }
  return composite(
    {
      name,
      doc,
      apply: ({ segments }: Count, [data, ids]) => segmented(segments, data as Tensor, ids as Tensor),
      sample,
      invalid: draw => ({ params: { segments: 2 }, args: [draw.tensor([3]), draw.integers([2], 0, 1)] }),
    },
    ((options: Count) => {
      const { segments } = requireOptions(name, options, ['segments'], ['segments'])
      return (data: TensorLike, ids: TensorLike) => segmented(segments, data, ids)
    }) as Segmenting<Name>,
  )
}

/**
 * Sums of rows with the same segment number: data: [ids…, rest…], ids: int32 -> [segments, rest…], as jax.ops.segment_sum.
 * The numbers need not be sorted; those outside 0 … segments-1 are dropped. An empty segment is 0. bool counts as int32.
 * @throws ShapeError when data does not begin with the shape of ids; DtypeError for ids that are not int32; ValueError
 * @example
 * segmentSum({ segments: 3 })(tensor([1, 2, 3]), tensor([0, 2, 0], { dtype: 'int32' })) // [4, 0, 2]
 */
export const segmentSum = overSegments<'segmentSum'>(
  'segmentSum',
  'Sums of rows with the same segment number.',
  scatterAdd(),
  0,
  sampleSegments,
  dtype => (dtype === 'bool' ? 'int32' : dtype),
)
/**
 * Products of rows with the same segment number, as `segmentSum`; an empty segment is 1. Derivatives are exact with any number
 * of zeros.
 */
export const segmentProd = overSegments<'segmentProd'>(
  'segmentProd',
  'Products of rows with the same segment number.',
  scatterMul(),
  1,
  sampleSegments,
)
/**
 * The largest of rows with the same segment number, as `segmentSum`; an empty segment is -∞ (for int32, -2147483648). NaN if
 * there is one. Rows that tie share the derivative equally.
 */
export const segmentMax = overSegments<'segmentMax'>(
  'segmentMax',
  'The largest of rows with the same segment number.',
  scatterMax(),
  Number.NEGATIVE_INFINITY,
  sampleExtremes,
)
/**
 * The smallest of rows with the same segment number, as `segmentSum`; an empty segment is ∞ (for int32, 2147483647). NaN if
 * there is one. Rows that tie share the derivative equally.
 */
export const segmentMin = overSegments<'segmentMin'>(
  'segmentMin',
  'The smallest of rows with the same segment number.',
  scatterMin(),
  Number.POSITIVE_INFINITY,
  sampleExtremes,
)
