/**
 * Sorting along the last axis or another, the largest elements, and places in what is sorted.
 *
 * Layer: ops. Only `argsort` is primitive; `sort` and `topK` take elements at those positions, which gives their derivatives.
 * NaN counts as larger than everything.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isFloat } from '../core/dtype.ts'
import { axisError, describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, showShape } from '../core/shape.ts'
import type { Check, Resolved, ShapeOf, TensorLike, TopK, VectorOnly } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Op, Sample, Tensor } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import { expandDims } from './arrange.ts'
import { isnan, le, logicalAnd, logicalNot, logicalOr, lt, where } from './comparison.ts'
import { zeros } from './creation.ts'
import {
  type AlongAxis,
  commonDtype,
  composite,
  dataLast,
  defineOp,
  first,
  isData,
  lift,
  liftOne,
  type NotTensor,
  only,
  primitive,
} from './define.ts'
import { add } from './elementwise.ts'
import { takeAlongAxis } from './indexing.ts'
import { moveAxis } from './movement.ts'
import { gather } from './scatter.ts'
import { flip, slice } from './slicing.ts'
import { stopGradient } from './stopgradient.ts'

const argsortOp: Op<Record<string, never>> = defineOp({
  name: 'argsort',
  doc: 'Positions that sort the last axis.',
  infer: (_params, types) =>
    first(types).shape.length === 0
      ? E.left(axisError('argsort', 'a scalar has no axis to sort'))
      : E.map(() => [{ shape: first(types).shape, dtype: 'int32' as const }])(commonDtype('argsort', types, 'any')),
  lower: (_params, types) => ({ tag: 'sort', shape: first(types).shape }),
  differentiation: { rule: 'constant' },
  batch: (params, xs) => [bind1(argsortOp, params, only(xs))],
  sample: draw => ({ params: {}, args: [draw.tensor(draw.shape({ minRank: 1 }), undefined, { distinct: true })] }),
  invalid: draw => ({ params: {}, args: [draw.tensor([])] }),
})

/** Options of `sort` and `argsort`: along which axis (the last by default), and whether from the largest down. */
export type SortOptions = { readonly axis?: number; readonly descending?: boolean }
type Sorting<Name extends string> = AlongAxis<Name, { readonly descending?: boolean }>

/** Descending is ascending from behind: equals are turned around twice, which keeps their order. */
const argsortAlong = ({ axis = -1, descending = false }: SortOptions, x: Tensor): Tensor => {
  if (typeof descending !== 'boolean')
    return fail(valueError('argsort', `descending is true or false, got ${describe(descending)}`))
  const at = orThrow(normalizeAxis('argsort', axis, x.shape.length))
  const last = x.shape.length - 1
  const rows = moveAxis(at, last)(x)
  if (!descending) return moveAxis(last, at)(bind1(argsortOp, {}, rows))
  const turned = flip({ axis: last })
  const order = sub(dim(x.shape, at) - 1, turned(bind1(argsortOp, {}, turned(rows)) as Tensor) as Tensor)
  return moveAxis(last, at)(order)
}

/**
 * The positions that sort x along an axis (the last by default), as int32: ascending, stable, NaN last. With `descending`, from the
 * largest down: stable too, NaN first. bool sorts false before true.
 * @throws AxisError when the axis is out of range
 * @example
 * argsort({ descending: true })(tensor([2, 1, 2])) // [0, 2, 1]
 */
export const argsort: Sorting<'argsort'> = primitive(
  argsortOp,
  dataLast<SortOptions, Sorting<'argsort'>>('argsort', ['axis', 'descending'], argsortAlong),
)

const sortAlong = (options: SortOptions, x: Tensor): Tensor =>
  takeAlongAxis({ axis: options.axis ?? -1 })(x, argsortAlong(options, x))

/**
 * x sorted along an axis (the last by default): ascending, NaN last; with `descending`, from the largest down, NaN first. At ties
 * the derivative goes by the stable order.
 * @throws AxisError when the axis is out of range
 * @example
 * sort({ descending: true })(tensor([1, 3, 2])) // [3, 2, 1]
 */
export const sort: Sorting<'sort'> = composite(
  {
    name: 'sort',
    doc: 'Elements in order along an axis.',
    apply: (options: { readonly axis: number; readonly descending: boolean }, [x]) => sortAlong(options, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      return {
        params: { axis: draw.integer(0, shape.length - 1), descending: draw.boolean() },
        args: [draw.tensor(shape, undefined, { distinct: true })],
      }
    },
    invalid: draw => ({ params: { axis: 1, descending: false }, args: [draw.tensor([2])] }),
  },
  dataLast<SortOptions, Sorting<'sort'>>('sort', ['axis', 'descending'], sortAlong),
)

// ---- the largest

const largest = (k: number, axis: number, x: Tensor): readonly [Tensor, Tensor] => {
  const at = orThrow(normalizeAxis('topK', axis, x.shape.length))
  const n = dim(x.shape, at)
  if (!Number.isInteger(k) || k < 0 || k > n)
    return fail(
      valueError(
        'topK',
        `k must be a whole number from 0 to ${n}, the size of axis ${axis} of ${showShape(x.shape)}, got ${describe(k)}`,
      ),
    )
  const positions = slice([...range(0, at).map(() => null), [0, k]])(argsortAlong({ axis: at, descending: true }, x))
  return [takeAlongAxis({ axis: at })(x, positions), positions]
}

/**
 * The k largest elements along an axis (the last by default) from the largest down, and their positions as int32. Of equals the first
 * comes first; NaN counts as largest. Derivatives flow to the elements that are taken.
 * @throws ValueError when k is not between 0 and the size of the axis; AxisError when the axis is out of range
 * @example
 * topK({ k: 2 })(x) // [2,2], [2,2]
 * topK({ k: 2 })(x)[0] // [[3, 2], [6, 5]]
 */
export const topK = composite(
  {
    name: 'topK',
    doc: 'The largest elements along an axis, and their positions.',
    apply: ({ k, axis }: { readonly k: number; readonly axis: number }, [x]) => largest(k, axis, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.integer(0, shape.length - 1)
      return {
        params: { k: draw.integer(0, dim(shape, axis)), axis },
        args: [draw.tensor(shape, undefined, { distinct: true })],
      }
    },
    invalid: draw => ({ params: { k: 3, axis: 0 }, args: [draw.tensor([2])] }),
  },
  <const K extends number, const A extends number = -1>(options: { readonly k: K; readonly axis?: A } & NotTensor) =>
    <X extends TensorLike>(x: Check<TopK<ShapeOf<X>, A, K>, X>) => {
      const { k, axis = -1 } = requireOptions('topK', options, ['k', 'axis'], ['k'])
      return largest(k, axis, liftOne('topK', x as TensorLike)) as unknown as readonly [
        values: Tensor<Resolved<TopK<ShapeOf<X>, A, K>>>,
        indices: Tensor<Resolved<TopK<ShapeOf<X>, A, K>>>,
      ]
    },
)

// ---- places in what is sorted

/** Whether an insertion comes before equals or after them. */
export type Side = 'left' | 'right'
const sides: readonly Side[] = ['left', 'right']

/** Whether a comes before v, with NaN after everything. */
const precedes = (side: Side, a: Tensor, v: Tensor): Tensor => {
  const plain = side === 'left' ? lt(a, v) : le(a, v)
  if (!isFloat(v.dtype)) return plain
  return logicalOr(plain, side === 'left' ? logicalAnd(isnan(v), logicalNot(isnan(a))) : isnan(v))
}

/** The number of elements that come before each value, by bisection: bit by bit, from the highest. */
const insertions = (side: Side, sorted: Tensor, values: Tensor): Tensor => {
  if (sorted.shape.length !== 1)
    return fail(shapeError('searchsorted', `what is sorted must have one axis, got ${showShape(sorted.shape)}`))
  if (!sides.includes(side)) return fail(valueError('searchsorted', `side is 'left' or 'right', got ${describe(side)}`))
  orThrow(commonDtype('searchsorted', [sorted, values], 'number'))
  const n = dim(sorted.shape, 0)
  const [keys, points] = [stopGradient(sorted), stopGradient(values)]
  const bits = range(0, Math.ceil(Math.log2(n + 1))).reverse()
  return bits.reduce<Tensor>(
    (count, bit) => {
      const more = add(count, 2 ** bit)
      const further = precedes(side, gather()(keys, expandDims({ axis: -1 })(sub(more, 1)) as Tensor), points)
      return where(logicalAnd(le(more, n), further), more, count)
    },
    zeros(values.shape, { dtype: 'int32' }),
  )
}

interface Searching {
  (
    options: { readonly side?: Side } & NotTensor,
  ): <S extends TensorLike, V extends TensorLike>(
    sorted: Check<VectorOnly<'searchsorted', 'what is sorted', ShapeOf<S>>, S>,
    values: V,
  ) => Tensor<ShapeOf<V>>
  <S extends TensorLike, V extends TensorLike>(
    sorted: Check<VectorOnly<'searchsorted', 'what is sorted', ShapeOf<S>>, S>,
    values: V,
  ): Tensor<ShapeOf<V>>
}

const searching = (side: Side, sorted: TensorLike, values: TensorLike): Tensor => {
  const [keys, points] = lift('searchsorted', [sorted, values])
  return insertions(side, keys as Tensor, points as Tensor)
}

/**
 * Where each value is to be inserted into ascending `sorted`: [n], values of any shape -> int32 positions 0 … n of that shape; before
 * equals, or with `side: 'right'` after them. NaN comes last. If `sorted` is not sorted, so are the positions: meaningless.
 * @throws ShapeError when `sorted` is no vector; DtypeError when the dtypes differ or are bool
 * @example
 * searchsorted(tensor([1, 2, 2, 3]), tensor([2, 5])) // [1, 4]
 * searchsorted({ side: 'right' })(tensor([1, 2, 2, 3]), 2) // 3
 */
export const searchsorted: Searching = composite(
  {
    name: 'searchsorted',
    doc: 'Where values are to be inserted into a sorted vector.',
    apply: ({ side }: { readonly side: Side }, [sorted, values]) =>
      insertions(side, sorted as Tensor, values as Tensor),
    sample: (draw): Sample<{ readonly side: Side }> => ({
      params: { side: draw.pick(sides) },
      args: [
        sort(draw.tensor([draw.integer(1, 6)], undefined, { distinct: true })),
        draw.tensor(draw.shape({ maxRank: 2 })),
      ],
    }),
    invalid: draw => ({ params: { side: 'left' as const }, args: [draw.tensor([2, 2]), draw.tensor([2])] }),
  },
  ((arg: TensorLike | { readonly side?: Side }, values?: TensorLike) =>
    isData(arg)
      ? searching('left', arg, values as TensorLike)
      : (sorted: TensorLike, points: TensorLike) =>
          searching(requireOptions('searchsorted', arg, ['side']).side ?? 'left', sorted, points)) as Searching,
)
