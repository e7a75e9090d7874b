/**
 * Compositions of movement: stack, split, tile, squeeze, expandDims, and pad with its options.
 *
 * Layer: ops.
 */
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { type Axes, dim, normalizeAxes, normalizeAxis, range, type Shape, sameShape, showShape } from '../core/shape.ts'
import type {
  Check,
  ExpandDims,
  ListOf,
  Pad,
  Resolved,
  ShapeOf,
  SplitPart,
  Squeeze,
  Stack,
  TensorLike,
  Tile,
} from '../core/shape-types.ts'
import { scalarLike } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Tensor } from '../core/types.ts'
import { where } from './comparison.ts'
import { composite, dataLast, first, liftList, liftOne, type NotTensor } from './define.ts'
import { broadcastTo, reshape } from './movement.ts'
import { concat, padOp, slice } from './slicing.ts'

// ---- axes of size 1

const expandAt = (axis: Axes, x: Tensor): Tensor => {
  if (axis == null) return fail(valueError('expandDims', 'needs { axis }: where the new axes stand in the result'))
  const count = typeof axis === 'number' ? 1 : axis.length
  const axes = orThrow(normalizeAxes('expandDims', axis, x.shape.length + count))
  const rest = [...x.shape]
  return reshape(range(0, x.shape.length + count).map(i => (axes.includes(i) ? 1 : (rest.shift() ?? 1))))(x)
}

/**
 * Inserts axes of size 1, so that they stand at `axis` in the result.
 * @example
 * expandDims({ axis: 0 })(x) // [2,3] -> [1,2,3]
 */
export const expandDims = composite(
  {
    name: 'expandDims',
    doc: 'Inserts axes of size 1.',
    apply: ({ axis }: { readonly axis: readonly number[] }, [x]) => expandAt(axis, x as Tensor),
    sample: draw => {
      const shape = draw.shape()
      return { params: { axis: [draw.integer(-1, shape.length)] }, args: [draw.tensor(shape)] }
    },
    invalid: draw => ({ params: { axis: [5] }, args: [draw.tensor([2])] }),
  },
  <const A extends Axes>(options: { readonly axis: A } & NotTensor) =>
    <X extends TensorLike>(x: Check<ExpandDims<ShapeOf<X>, A>, X>) =>
      expandAt(
        requireOptions('expandDims', options, ['axis'], ['axis']).axis,
        liftOne('expandDims', x as TensorLike),
      ) as Tensor<Resolved<ExpandDims<ShapeOf<X>, A>>>,
)

const squeezeAt = (axis: Axes | undefined, x: Tensor): Tensor => {
  const axes =
    axis === undefined
      ? range(0, x.shape.length).filter(i => x.shape[i] === 1)
      : orThrow(normalizeAxes('squeeze', axis, x.shape.length))
  const wide = axes.find(i => x.shape[i] !== 1)
  if (wide !== undefined)
    return fail(shapeError('squeeze', `axis ${wide} of ${showShape(x.shape)} has size ${x.shape[wide]}, not 1`))
  return reshape(x.shape.filter((_, i) => !axes.includes(i)))(x)
}

interface Squeezing {
  <const A extends Axes | undefined = undefined>(
    options: { readonly axis?: A } & NotTensor,
  ): <X extends TensorLike>(x: Check<Squeeze<ShapeOf<X>, A>, X>) => Tensor<Resolved<Squeeze<ShapeOf<X>, A>>>
  <X extends TensorLike>(x: X): Tensor<Resolved<Squeeze<ShapeOf<X>, undefined>>>
}

/**
 * Removes axes of size 1: those given, or all.
 * @throws ShapeError when a given axis has another size
 */
export const squeeze: Squeezing = composite(
  {
    name: 'squeeze',
    doc: 'Removes axes of size 1.',
    apply: ({ axis }: { readonly axis: readonly number[] }, [x]) => squeezeAt(axis, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 }).map(n => (draw.boolean() ? 1 : n))
      const ones = range(0, shape.length).filter(i => shape[i] === 1)
      return { params: { axis: ones.filter(() => draw.boolean()) }, args: [draw.tensor(shape)] }
    },
    invalid: draw => ({ params: { axis: [0] }, args: [draw.tensor([2])] }),
  },
  dataLast<{ readonly axis?: Axes }, Squeezing>('squeeze', ['axis'], ({ axis }, x) => squeezeAt(axis, x)),
)

// ---- lists of tensors

interface Stacking {
  <const A extends number = 0>(
    options: { readonly axis?: A } & NotTensor,
  ): <const Xs extends readonly TensorLike[]>(xs: Check<Stack<Xs, A>, Xs>) => Tensor<Resolved<Stack<Xs, A>>>
  <const Xs extends readonly TensorLike[]>(xs: Check<Stack<Xs, 0>, Xs>): Tensor<Resolved<Stack<Xs, 0>>>
}

const stackAlong = (axis: number, xs: readonly TensorLike[]): Tensor => {
  const values = liftList('stack', xs)
  if (values.length === 0) return fail(valueError('stack', 'needs at least one tensor'))
  const { shape } = first(values)
  const odd = values.find(x => !sameShape(x.shape, shape))
  if (odd !== undefined)
    return fail(shapeError('stack', `${showShape(shape)} with ${showShape(odd.shape)}: all shapes must be the same`))
  const at = orThrow(normalizeAxis('stack', axis, shape.length + 1))
  return concat({ axis: at })(values.map(x => expandAt(at, x)))
}

/**
 * Joins tensors of one shape along a new axis, 0 by default.
 * @example
 * stack([x, y]) // [2,3], [2,3] -> [2,2,3]
 */
export const stack: Stacking = composite(
  {
    name: 'stack',
    doc: 'Joins tensors along a new axis.',
    apply: ({ axis }: { readonly axis: number }, xs) => stackAlong(axis, xs),
    sample: draw => {
      const shape = draw.shape({ maxRank: 2 })
      const args = range(0, draw.integer(1, 3)).map(() => draw.tensor(shape))
      return { params: { axis: draw.integer(-1, shape.length) }, args }
    },
    invalid: draw => ({ params: { axis: 0 }, args: [draw.tensor([2]), draw.tensor([3])] }),
  },
  ((arg: readonly TensorLike[] | { readonly axis?: number }) =>
    Array.isArray(arg)
      ? stackAlong(0, arg)
      : (xs: readonly TensorLike[]) =>
          stackAlong(requireOptions('stack', arg as { readonly axis?: number }, ['axis']).axis ?? 0, xs)) as Stacking,
)

type Sections = number | readonly number[]
type SplitOptions<N extends number = number, A extends number = number> = (
  | { readonly into: N }
  | { readonly at: readonly number[] }
) & { readonly axis?: A }

type Splitting = <const N extends number = number, const A extends number = 0>(
  options: SplitOptions<N, A>,
) => <X extends TensorLike>(
  x: Check<SplitPart<ShapeOf<X>, A>, X>,
) => ListOf<N, Tensor<Resolved<SplitPart<ShapeOf<X>, A>>>>

/** Bounds of the parts: equal ones for a number, else between the positions given. */
const boundsOf = (sections: Sections, n: number, shape: Shape): readonly number[] => {
  if (Array.isArray(sections)) return [0, ...sections, n]
  if (typeof sections !== 'number')
    return fail(valueError('split', 'takes { into: how many parts } or { at: [positions to cut at] }'))
  if (!Number.isInteger(sections) || sections < 1 || n % sections !== 0)
    return fail(
      shapeError(
        'split',
        `cannot split ${n} of ${showShape(shape)} into ${sections} equal parts; give the positions to cut at`,
      ),
    )
  return range(0, sections + 1).map(i => (i * n) / sections)
}

const splitAlong = (sections: Sections, axis: number, x: Tensor): readonly Tensor[] => {
  const at = orThrow(normalizeAxis('split', axis, x.shape.length))
  const bounds = boundsOf(sections, dim(x.shape, at), x.shape)
  return bounds.slice(1).map((end, i) => slice(range(0, at + 1).map(k => (k === at ? [dim(bounds, i), end] : null)))(x))
}

/**
 * Cuts a tensor along an axis (0 by default) into equal parts, or at the given positions.
 * @throws ShapeError when the size is not divisible
 * @example
 * split({ into: 2 })(x) // [2,3] -> [1,3], [1,3]
 * split({ at: [1], axis: 1 })(x) // [2,3] -> [2,1], [2,2]
 */
export const split = composite(
  {
    name: 'split',
    doc: 'Cuts along an axis.',
    apply: ({ sections, axis }: { readonly sections: Sections; readonly axis: number }, [x]) =>
      splitAlong(sections, axis, x as Tensor),
    sample: draw => {
      const parts = draw.integer(1, 3)
      const [rows, rest] = [draw.integer(1, 2), draw.shape({ maxRank: 1 })]
      return { params: { sections: parts, axis: 0 }, args: [draw.tensor([parts * rows, ...rest])] }
    },
    invalid: draw => ({ params: { sections: 2, axis: 0 }, args: [draw.tensor([3])] }),
  },
  ((options: SplitOptions) =>
    (x: TensorLike): readonly Tensor[] => {
      const names = ['into', 'at', 'axis'] as readonly (keyof SplitOptions)[]
      const { axis = 0, ...sections } = requireOptions('split', options, names)
      if ('at' in sections && !Array.isArray(sections.at))
        return fail(valueError('split', `at is a list of positions, got ${describe(sections.at)}; for parts give into`))
      return splitAlong('into' in sections ? sections.into : sections.at, axis, liftOne('split', x))
    }) as Splitting,
)

const tileBy = (counts: readonly number[], x: Tensor): Tensor => {
  if (!Array.isArray(counts) || !counts.every(n => Number.isInteger(n) && n >= 0))
    return fail(
      valueError(
        'tile',
        `counts must be a list of whole numbers, got ${Array.isArray(counts) ? `[${counts}]` : describe(counts)}`,
      ),
    )
  const rank = Math.max(counts.length, x.shape.length)
  const front = (sizes: readonly number[]): Shape => [...range(sizes.length, rank).map(() => 1), ...sizes]
  const [shape, times] = [front(x.shape), front(counts)]
  const repeated = broadcastTo(shape.flatMap((n, i) => [dim(times, i), n]))(reshape(shape.flatMap(n => [1, n]))(x))
  return reshape(shape.map((n, i) => n * dim(times, i)))(repeated)
}

/** Repeats a tensor `counts[i]` times along axis i, as NumPy's tile. */
export const tile = composite(
  {
    name: 'tile',
    doc: 'Repeats a tensor along axes.',
    apply: ({ counts }: { readonly counts: readonly number[] }, [x]) => tileBy(counts, x as Tensor),
    sample: draw => {
      const shape = draw.shape()
      return { params: { counts: shape.map(() => draw.integer(1, 2)) }, args: [draw.tensor(shape)] }
    },
    invalid: draw => ({ params: { counts: [-1] }, args: [draw.tensor([2])] }),
  },
  <const Counts extends readonly number[]>(counts: Counts) =>
    <X extends TensorLike>(x: X) =>
      tileBy(counts, liftOne('tile', x)) as Tensor<Resolved<Tile<ShapeOf<X>, Counts>>>,
)

// ---- pad

/** Elements to add before and after, for each axis; negative ones cut off. */
export type PadWidths = readonly (readonly [before: number, after: number])[]

const padWith = (widths: PadWidths, value: number, x: Tensor): Tensor => {
  if (!Array.isArray(widths) || !widths.every(w => Array.isArray(w) && w.length === 2 && w.every(Number.isInteger)))
    return fail(valueError('pad', 'widths must be a list with [before, after] for each axis, in whole numbers'))
  if (widths.length !== x.shape.length)
    return fail(shapeError('pad', `${widths.length} widths for the ${x.shape.length} axes of ${showShape(x.shape)}`))
  if (!widths.flat().every(Number.isInteger))
    return fail(valueError('pad', `widths must be whole numbers, got ${JSON.stringify(widths)}`))
  const params = { low: widths.map(w => w[0]), high: widths.map(w => w[1]), interior: widths.map(() => 0) }
  const padded = bind1(padOp, params, x)
  if (value === 0) return padded
  const inside = bind1(padOp, params, broadcastTo(x.shape)(scalarLike(1, 'bool')))
  return where(inside, padded, value)
}

/**
 * Surrounds a tensor with `value` (0 by default); `widths` holds `[before, after]` for each axis, negative to cut off.
 * @throws ShapeError when there is not one pair for each axis, or more is cut than there is; ValueError for fractions
 * @example
 * pad({ widths: [[1, 1], [0, 2]] })(x) // [2,3] -> [4,5]
 */
export const pad = composite(
  {
    name: 'pad',
    doc: 'Surrounds a tensor with a value.',
    apply: ({ widths, value }: { readonly widths: PadWidths; readonly value: number }, [x]) =>
      padWith(widths, value, x as Tensor),
    sample: draw => {
      const shape = draw.shape()
      const widths: PadWidths = shape.map(() => [draw.integer(-1, 2), draw.integer(0, 2)])
      return { params: { widths, value: draw.pick([0, 1.5]) }, args: [draw.tensor(shape)] }
    },
    invalid: draw => ({ params: { widths: [[-3, 0]] as const, value: 0 }, args: [draw.tensor([2])] }),
  },
  <const Widths extends PadWidths>(options: { readonly widths: Widths; readonly value?: number }) =>
    <X extends TensorLike>(x: Check<Pad<ShapeOf<X>, Widths>, X>) => {
      const { widths, value = 0 } = requireOptions('pad', options, ['widths', 'value'], ['widths'])
      return padWith(widths, value, liftOne('pad', x as TensorLike)) as Tensor<Resolved<Pad<ShapeOf<X>, Widths>>>
    },
)
