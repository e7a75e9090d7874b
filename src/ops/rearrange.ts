/**
 * Elements at other places: roll, repeat, rot90, swapAxes, ravel, meshgrid.
 *
 * Layer: ops. Compositions of movement, hence linear; any dtype.
 */
import { axisError, describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { type Axes, dim, normalizeAxis, range, showShape, sizeOf, validShape } from '../core/shape.ts'
import type {
  Check,
  KeepAxis,
  Meshgrid,
  Ravel,
  Repeat,
  Resolved,
  Rot90,
  ShapeOf,
  SwapAxes,
  TensorLike,
} from '../core/shape-types.ts'
import { isTensor, tensor } from '../core/tensor.ts'
import type { Draw, Sample, Tensor } from '../core/types.ts'
import { composite, dataLast, lift, liftOne, type NotTensor } from './define.ts'
import { take } from './indexing.ts'
import { broadcastTo, reshape, transpose } from './movement.ts'
import { concat, flip, slice } from './slicing.ts'

/** Two different axes counted from the front, in the order given. */
export const axisPair = (name: string, axes: readonly number[], x: Tensor): readonly [number, number] => {
  if (!Array.isArray(axes) || axes.length !== 2)
    return fail(axisError(name, `needs a list of two axes, got ${describe(axes)}`))
  const [a, b] = axes.map(axis => orThrow(normalizeAxis(name, axis, x.shape.length))) as [number, number]
  return a === b ? fail(axisError(name, `needs two different axes, got [${axes}]`)) : [a, b]
}

/** A matrix and perhaps more axes, with two axes of it. */
export const drawPlane = (draw: Draw): { readonly axis: readonly [number, number]; readonly x: Tensor } => {
  const shape = draw.shape({ minRank: 2 })
  const [a = 0, b = 1] = draw.permutation(shape.length)
  return { axis: [a, b], x: draw.tensor(shape) }
}

// ---- roll

type RollParams = { readonly shift: Axes; readonly axis: Axes | null }

const rollOnce = (shift: number, axis: number, x: Tensor): Tensor => {
  const n = dim(x.shape, axis)
  const by = n === 0 ? 0 : ((shift % n) + n) % n
  const part = (from: number, to: number): Tensor => slice([...range(0, axis).map(() => null), [from, to]])(x)
  return by === 0 ? x : concat({ axis })([part(n - by, n), part(0, n - by)])
}

const listOf = (x: Axes): readonly number[] => (typeof x === 'number' ? [x] : x)

const rolled = ({ shift, axis }: RollParams, x: Tensor): Tensor => {
  const shifts = listOf(shift)
  if (!Array.isArray(shifts) || !shifts.every(Number.isSafeInteger))
    return fail(valueError('roll', `shift must be a whole number or a list of them, got ${describe(shift)}`))
  if (axis === null) {
    const total = shifts.reduce((a, b) => a + b, 0)
    return reshape(x.shape)(rollOnce(total, 0, reshape([-1])(x)))
  }
  const axes = listOf(axis).map(a => orThrow(normalizeAxis('roll', a, x.shape.length)))
  if (shifts.length !== 1 && shifts.length !== axes.length)
    return fail(valueError('roll', `${shifts.length} shifts for ${axes.length} axes: give one for all, or one each`))
  return axes.reduce((y, a, i) => rollOnce(shifts[shifts.length === 1 ? 0 : i] ?? 0, a, y), x)
}

/**
 * Elements moved on by `shift` along an axis, those that leave at the end coming in at the start; negative shifts move back. Lists
 * shift several axes. Without an axis, in row-major order, as NumPy does.
 * @throws ValueError for a shift that is not whole; AxisError when an axis is out of range
 * @example
 * roll({ shift: 1, axis: 1 })(x) // [[3, 1, 2], [6, 4, 5]]
 * roll({ shift: 1 })(x) // [[6, 1, 2], [3, 4, 5]]
 */
export const roll = composite(
  {
    name: 'roll',
    doc: 'Elements moved on in a circle along axes.',
    apply: (params: RollParams, [x]) => rolled(params, x as Tensor),
    sample: (draw): Sample<RollParams> => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.boolean() ? draw.integer(0, shape.length - 1) : null
      return { params: { shift: draw.integer(-5, 5), axis }, args: [draw.tensor(shape)] }
    },
    invalid: (draw): Sample<RollParams> => ({ params: { shift: 1, axis: 1 }, args: [draw.tensor([2])] }),
  },
  <const A extends Axes | undefined = undefined>(options: { readonly shift: Axes; readonly axis?: A } & NotTensor) =>
    <X extends TensorLike>(x: Check<KeepAxis<'roll', ShapeOf<X>, A>, X>) => {
      const { shift, axis = null } = requireOptions('roll', options, ['shift', 'axis'], ['shift'])
      return rolled({ shift, axis }, liftOne('roll', x as TensorLike)) as Tensor<
        Resolved<KeepAxis<'roll', ShapeOf<X>, A>>
      >
    },
)

// ---- repeat

type RepeatParams = { readonly repeats: number | readonly number[]; readonly axis: number | null }

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

const repeatAlong = (repeats: number | readonly number[], at: number, x: Tensor): Tensor => {
  const [head, n, tail] = [x.shape.slice(0, at), dim(x.shape, at), x.shape.slice(at + 1)]
  if (typeof repeats === 'number') {
    const stretched = broadcastTo([...head, n, repeats, ...tail])(reshape([...head, n, 1, ...tail])(x))
    return reshape([...head, n * repeats, ...tail])(stretched)
  }
  if (repeats.length !== n)
    return fail(
      shapeError('repeat', `${repeats.length} counts for the ${n} elements along axis ${at} of ${showShape(x.shape)}`),
    )
  orThrow(validShape('repeat', [repeats.reduce((a, b) => a + b, 0)]))
  const places = repeats.flatMap((count, i) => new Array<number>(count).fill(i))
  return take({ axis: at })(x, tensor(places, { dtype: 'int32' }))
}

const repeated = ({ repeats, axis }: RepeatParams, x: Tensor): Tensor => {
  if (typeof repeats === 'number' ? !isCount(repeats) : !Array.isArray(repeats) || !repeats.every(isCount))
    return fail(
      valueError('repeat', `repeats must be a whole number of at least 0 or a list of them, got ${describe(repeats)}`),
    )
  return axis === null
    ? repeatAlong(repeats, 0, reshape([-1])(x))
    : repeatAlong(repeats, orThrow(normalizeAxis('repeat', axis, x.shape.length)), x)
}

/**
 * Each element along an axis `repeats` times in a row: one number for all, or one for each. Without an axis, of all elements in
 * row-major order, as NumPy does. (`tile` repeats the whole.)
 * @throws ValueError for counts that are negative or not whole; ShapeError when there is not one for each element
 * @example
 * repeat({ repeats: 2, axis: 0 })(x) // [2,3] -> [4,3]
 * repeat({ repeats: [2, 0, 1] })(tensor([7, 8, 9])) // [7, 7, 9]
 */
export const repeat = composite(
  {
    name: 'repeat',
    doc: 'Each element several times in a row.',
    apply: (params: RepeatParams, [x]) => repeated(params, x as Tensor),
    sample: (draw): Sample<RepeatParams> => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.boolean() ? draw.integer(0, shape.length - 1) : null
      const count = (): number => draw.integer(0, 2)
      const n = axis === null ? sizeOf(shape) : dim(shape, axis)
      return {
        params: { repeats: draw.boolean() ? count() : range(0, n).map(count), axis },
        args: [draw.tensor(shape)],
      }
    },
    invalid: (draw): Sample<RepeatParams> => ({ params: { repeats: [1, 2], axis: 0 }, args: [draw.tensor([3])] }),
  },
  <const A extends number | undefined = undefined>(
    options: { readonly repeats: number | readonly number[]; readonly axis?: A } & NotTensor,
  ) =>
    <X extends TensorLike>(x: Check<Repeat<ShapeOf<X>, A>, X>) => {
      const { repeats, axis = null } = requireOptions('repeat', options, ['repeats', 'axis'], ['repeats'])
      return repeated({ repeats, axis }, liftOne('repeat', x as TensorLike)) as Tensor<Resolved<Repeat<ShapeOf<X>, A>>>
    },
)

// ---- axes

const swapped = (a: number, b: number, x: Tensor): Tensor => {
  const [i, j] = [a, b].map(axis => orThrow(normalizeAxis('swapAxes', axis, x.shape.length)))
  return transpose(range(0, x.shape.length).map(axis => (axis === i ? (j ?? axis) : axis === j ? (i ?? axis) : axis)))(
    x,
  )
}

/** Two axes exchanged. */
export const swapAxes = composite(
  {
    name: 'swapAxes',
    doc: 'Two axes exchanged.',
    apply: ({ a, b }: { readonly a: number; readonly b: number }, [x]) => swapped(a, b, x as Tensor),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      return {
        params: { a: draw.integer(0, shape.length - 1), b: draw.integer(-shape.length, -1) },
        args: [draw.tensor(shape)],
      }
    },
    invalid: draw => ({ params: { a: 0, b: 2 }, args: [draw.tensor([2, 3])] }),
  },
  <const A extends number, const B extends number>(a: A, b: B) =>
    <X extends TensorLike>(x: Check<SwapAxes<'swapAxes', ShapeOf<X>, A, B>, X>) =>
      swapped(a, b, liftOne('swapAxes', x as TensorLike)) as Tensor<Resolved<SwapAxes<'swapAxes', ShapeOf<X>, A, B>>>,
)

/** All elements in row-major order: [...] -> [n]. */
export const ravel = composite(
  {
    name: 'ravel',
    doc: 'All elements in row-major order.',
    apply: (_params: Record<string, never>, [x]) => reshape([-1])(x as Tensor),
    sample: draw => ({ params: {}, args: [draw.tensor(draw.shape())] }),
  },
  <X extends TensorLike>(x: X) => reshape([-1])(liftOne('ravel', x)) as Tensor as Tensor<Ravel<ShapeOf<X>>>,
)

type Turn = { readonly times: number; readonly axis: readonly number[] }

type TurnOptions<T extends number = number, A extends readonly [number, number] = readonly [number, number]> = {
  readonly times?: T
  readonly axis?: A
}

interface Turning {
  <const T extends number = 1, const A extends readonly [number, number] = readonly [0, 1]>(
    options: TurnOptions<T, A> & NotTensor,
  ): <X extends TensorLike>(x: Check<Rot90<ShapeOf<X>, T, A>, X>) => Tensor<Resolved<Rot90<ShapeOf<X>, T, A>>>
  <X extends TensorLike>(
    x: Check<Rot90<ShapeOf<X>, 1, readonly [0, 1]>, X>,
  ): Tensor<Resolved<Rot90<ShapeOf<X>, 1, readonly [0, 1]>>>
}

const turned = ({ times, axis }: Turn, x: Tensor): Tensor => {
  if (!Number.isSafeInteger(times))
    return fail(valueError('rot90', `times must be a whole number, got ${describe(times)}`))
  const [a, b] = axisPair('rot90', axis, x)
  switch (((times % 4) + 4) % 4) {
    case 1:
      return swapped(a, b, flip({ axis: b })(x))
    case 2:
      return flip({ axis: [a, b] })(x)
    case 3:
      return flip({ axis: b })(swapped(a, b, x))
    default:
      return x
  }
}

/**
 * Turned by `times` (1) quarter turns from the first axis of `axis` ([0, 1]) toward the second: images counterclockwise.
 * @throws AxisError when the axes are not two different ones of x; ValueError when `times` is not whole
 * @example
 * rot90(x) // [[3, 6], [2, 5], [1, 4]]
 */
export const rot90: Turning = composite(
  {
    name: 'rot90',
    doc: 'Quarter turns in a plane of two axes.',
    apply: (params: Turn, [x]) => turned(params, x as Tensor),
    sample: (draw): Sample<Turn> => {
      const { axis, x } = drawPlane(draw)
      return { params: { times: draw.integer(-4, 4), axis }, args: [x] }
    },
    invalid: (draw): Sample<Turn> => ({ params: { times: 1, axis: [0, 1] }, args: [draw.tensor([2])] }),
  },
  dataLast<TurnOptions, Turning>('rot90', ['times', 'axis'], ({ times = 1, axis = [0, 1] }, x) =>
    turned({ times, axis }, x),
  ),
)

// ---- grids

/** Whether the first two axes stand for y and x, as in pictures, or all for the arguments in order. */
export type Indexing = 'xy' | 'ij'
const indexings: readonly Indexing[] = ['xy', 'ij']

const gridOf = (indexing: Indexing, xs: readonly Tensor[]): readonly Tensor[] => {
  if (!indexings.includes(indexing))
    return fail(valueError('meshgrid', `indexing is 'xy' or 'ij', got ${describe(indexing)}`))
  const odd = xs.find(x => x.shape.length !== 1)
  if (odd !== undefined) return fail(shapeError('meshgrid', `takes vectors, got ${showShape(odd.shape)}`))
  const places = range(0, xs.length).map(i => (indexing === 'xy' && i < 2 && xs.length > 1 ? 1 - i : i))
  const shape = places.map(i => dim((xs[i] as Tensor).shape, 0))
  return xs.map((x, i) => broadcastTo(shape)(reshape(places.map(k => (k === i ? -1 : 1)))(x)))
}

const listed = (xs: readonly TensorLike[]): readonly Tensor[] =>
  Array.isArray(xs) && !isTensor(xs)
    ? lift('meshgrid', xs)
    : fail(valueError('meshgrid', `takes a list of vectors, got ${describe(xs)}`))

interface Gridding {
  <const I extends Indexing = 'xy'>(
    options: { readonly indexing?: I } & NotTensor,
  ): <const Xs extends readonly Tensor[]>(xs: Xs) => { readonly [K in keyof Xs]: Tensor<Meshgrid<Xs, I>> }
  <const Xs extends readonly Tensor[]>(xs: Xs): { readonly [K in keyof Xs]: Tensor<Meshgrid<Xs, 'xy'>> }
}

/**
 * The coordinates of a grid from those along its axes, one tensor for each vector. With 'xy' (the default, as NumPy's) vectors of
 * sizes m, n, … give [n,m,…], with 'ij' [m,n,…].
 * @throws ShapeError for what is no vector
 * @example
 * meshgrid([arange(3), arange(2)]) // [2,3], [2,3]
 * meshgrid({ indexing: 'ij' })([arange(3), arange(2)])[0] // [[0, 0], [1, 1], [2, 2]]
 */
export const meshgrid: Gridding = composite(
  {
    name: 'meshgrid',
    doc: 'Coordinates of a grid from those along its axes.',
    apply: ({ indexing }: { readonly indexing: Indexing }, xs) => gridOf(indexing, xs),
    sample: (draw): Sample<{ readonly indexing: Indexing }> => ({
      params: { indexing: draw.pick(indexings) },
      args: range(0, draw.integer(1, 3)).map(() => draw.tensor([draw.integer(1, 3)])),
    }),
    invalid: draw => ({ params: { indexing: 'xy' as const }, args: [draw.tensor([2, 2])] }),
  },
  ((arg: readonly TensorLike[] | { readonly indexing?: Indexing }) =>
    Array.isArray(arg)
      ? gridOf('xy', listed(arg))
      : (xs: readonly TensorLike[]) =>
          gridOf(
            requireOptions('meshgrid', arg as { readonly indexing?: Indexing }, ['indexing']).indexing ?? 'xy',
            listed(xs),
          )) as Gridding,
)
