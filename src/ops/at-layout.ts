/**
 * What an index means for a tensor: which axes are cut, where, and how the axes of the result are ordered (NumPy's rules).
 *
 * Layer: ops. Read next: at.ts, which reads and writes what is laid out here.
 */
import {
  CotangentError,
  describe,
  dtypeError,
  fail,
  indexError,
  orThrow,
  shapeError,
  traceError,
  valueError,
} from '../core/errors.ts'
import { broadcastShapes, dim, range, type Shape, sameShape, showShape, unravel } from '../core/shape.ts'
import { data, isTensor, scalar, tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { stack } from './arrange.ts'
import { arange, zeros } from './creation.ts'
import { wrapped } from './indexing.ts'
import { broadcastTo, reshape } from './movement.ts'
import { type SliceSpec, slice } from './slicing.ts'

/** In an index, a new axis of size 1. */
export const newAxis = 'newAxis' as const
/** In an index, all axes that are not spoken of. */
export const ellipsis = '...' as const

/**
 * What may stand in an index: a whole number, a slice as `slice` takes it (null is all of an axis), `newAxis`, `ellipsis`, an
 * int32 tensor of positions, or a bool tensor that says for each place whether it is meant.
 */
export type AtIndex = number | SliceSpec | typeof newAxis | typeof ellipsis | Tensor

/** An item of an index, at its axis. `gap` is where the ellipsis stood. */
type Entry =
  | { readonly tag: 'fixed'; readonly axis: number; readonly positions: Tensor; readonly at: number }
  | { readonly tag: 'many'; readonly axis: number; readonly positions: Tensor }
  | { readonly tag: 'cut'; readonly axis: number; readonly spec: SliceSpec; readonly size: number }
  | { readonly tag: 'whole'; readonly axis: number }
  | { readonly tag: 'new' | 'gap' }

// ---- from items to entries

const maskValues = (mask: Tensor): ArrayLike<number> => {
  try {
    return data(mask)
  } catch (error) {
    throw error instanceof CotangentError && error._tag === 'TraceError'
      ? traceError(
          'at',
          `how many places a mask bool${showShape(mask.shape)} picks depends on values that are not known inside vmap or a recorded function: choose with where(mask, x, y), or make the mask outside`,
        )
      : error
  }
}

/** The positions of a mask along each of its axes. */
const masked = (mask: Tensor, axis: number, shape: Shape): readonly Entry[] => {
  const covered = shape.slice(axis, axis + mask.shape.length)
  if (mask.shape.length === 0 || !sameShape(mask.shape, covered))
    return fail(
      shapeError('at', `a mask bool${showShape(mask.shape)} does not fit axis ${axis} of ${showShape(shape)} and on`),
    )
  const values = maskValues(mask)
  const places = range(0, values.length).flatMap(i => (values[i] ? [unravel(i, covered)] : []))
  return covered.map((_, i) => {
    const along = places.map(place => dim(place, i))
    return { tag: 'many', axis: axis + i, positions: tensor(along, { dtype: 'int32', shape: [along.length] }) }
  })
}

const fixedAt = (at: number, axis: number, shape: Shape): Entry => {
  const n = dim(shape, axis)
  if (!Number.isInteger(at) || at < -n || at >= n)
    return fail(
      indexError(
        'at',
        `${at} is no position on axis ${axis} of ${showShape(shape)}: use whole numbers of ${-n} to ${n - 1}`,
      ),
    )
  const front = at < 0 ? at + n : at
  return { tag: 'fixed', axis, at: front, positions: scalar(front, 'int32') }
}

const cutAt = (spec: SliceSpec, axis: number, size: number): Entry => {
  const open = (spec ?? []).every(bound => bound === null || bound === undefined)
  return open ? { tag: 'whole', axis } : { tag: 'cut', axis, spec, size }
}

const unfit = (item: unknown): never =>
  fail(
    valueError(
      'at',
      `${describe(item)} is no index: use whole numbers, slices [start, stop, step], null, newAxis, ellipsis, int32 or bool tensors`,
    ),
  )

const isSlice = (item: unknown): item is SliceSpec => item === null || (Array.isArray(item) && item.length <= 3)

/** How many axes an item takes. */
const taken = (item: AtIndex): number => {
  if (isTensor(item)) {
    if (item.dtype === 'bool') return item.shape.length
    return item.dtype === 'int32'
      ? 1
      : fail(dtypeError('at', `a tensor as index is int32 or bool, got ${item.dtype}; convert with cast('int32')`))
  }
  if (item === newAxis || item === ellipsis) return 0
  return typeof item === 'number' || isSlice(item) ? 1 : unfit(item)
}

const entryOf = (item: AtIndex, axis: number, shape: Shape, open: number): readonly Entry[] => {
  if (item === newAxis) return [{ tag: 'new' }]
  if (item === ellipsis)
    return [{ tag: 'gap' }, ...range(axis, axis + open).map((a): Entry => ({ tag: 'whole', axis: a }))]
  if (typeof item === 'number') return [fixedAt(item, axis, shape)]
  if (!isTensor(item)) return [cutAt(item, axis, dim(shape, axis))]
  if (item.dtype === 'bool') return masked(item, axis, shape)
  return [{ tag: 'many', axis, positions: wrapped('at', item, dim(shape, axis)) }]
}

/** The entries of an index for a shape, one for every axis. */
export const entriesOf = (index: readonly AtIndex[], shape: Shape): readonly Entry[] => {
  const counts = index.map(taken)
  const used = counts.reduce((a, b) => a + b, 0)
  if (used > shape.length)
    return fail(shapeError('at', `${used} axes are indexed of the ${shape.length} of ${showShape(shape)}`))
  if (index.indexOf(ellipsis) !== index.lastIndexOf(ellipsis))
    return fail(valueError('at', 'an index has one ellipsis at most'))
  const items: readonly AtIndex[] = index.includes(ellipsis) ? index : [...index, ellipsis]
  const open = shape.length - used
  let axis = 0
  return items.flatMap((item, i) => {
    const entries = entryOf(item, axis, shape, open)
    axis += item === ellipsis ? open : (counts[i] ?? 0)
    return entries
  })
}

// ---- reading without positions

/** The element or slice of x that entries without tensors of positions say; `null` if there are some. */
export const readSlices = (entries: readonly Entry[], x: Tensor): Tensor | null => {
  if (entries.some(({ tag }) => tag === 'many')) return null
  const specs = entries.flatMap((entry): readonly SliceSpec[] => {
    if (entry.tag === 'fixed') return [[entry.at, entry.at + 1]]
    return entry.tag === 'cut' ? [entry.spec] : entry.tag === 'whole' ? [null] : []
  })
  const cut = slice(specs)(x)
  const shape = entries.flatMap(entry => {
    if (entry.tag === 'new') return [1]
    return entry.tag === 'cut' || entry.tag === 'whole' ? [dim(cut.shape, entry.axis)] : []
  })
  return reshape(shape)(cut)
}

// ---- positions

/** How what an index names lies in a tensor: for `gather` and `scatter`, [points…, rest…]. */
export type AtLayout = {
  /** The axes of the tensor: first those that have positions, then those that are whole. */
  readonly order: readonly number[]
  readonly indices: Tensor
  /** The sizes of [points…, rest…]. */
  readonly sizes: Shape
  /** Which of these each axis of the result is, but for new ones. */
  readonly places: readonly number[]
  readonly shape: Shape
}

/** Where in the result the axes of positions stand: where the first are, or in front when something stands between. */
const blockAt = (entries: readonly Entry[]): number => {
  const flags = entries.map(({ tag }) => tag === 'fixed' || tag === 'many')
  const first = flags.indexOf(true)
  return flags.slice(first, flags.lastIndexOf(true) + 1).includes(false) ? 0 : first
}

/** An entry that has positions. */
type Placed = { readonly entry: Entry; readonly axis: number; readonly positions: Tensor; readonly isCut: boolean }

const placedOf = (entry: Entry): readonly Placed[] => {
  if (entry.tag === 'cut') {
    const { axis, spec, size } = entry
    return [{ entry, axis, isCut: true, positions: slice([spec])(arange(size)) }]
  }
  return 'positions' in entry ? [{ entry, axis: entry.axis, isCut: false, positions: entry.positions }] : []
}

const isWhole = (entry: Entry): entry is Extract<Entry, { readonly tag: 'whole' }> => entry.tag === 'whole'

/** Coordinates [points…, k] of all combinations: tensors of positions together, each slice on an axis of its own after them. */
const allPositions = (placed: readonly Placed[], points: Shape): Tensor => {
  if (placed.length === 0) return zeros([0], { dtype: 'int32' })
  const cuts = placed.filter(({ isCut }) => isCut)
  const spread = (part: Placed): Tensor => {
    const after = part.isCut ? cuts.length - 1 - cuts.indexOf(part) : cuts.length
    const { positions } = part
    return broadcastTo(points)(reshape([...positions.shape, ...range(0, after).map(() => 1)])(positions))
  }
  return stack({ axis: -1 })(placed.map(spread))
}

/** The layout of entries in a tensor of a shape. */
export const layoutOf = (entries: readonly Entry[], shape: Shape): AtLayout => {
  const placed = entries.flatMap(placedOf)
  const wholes = entries.filter(isWhole)
  const cuts = placed.filter(({ isCut }) => isCut)
  const shapes = placed.filter(({ isCut }) => !isCut).map(({ positions }) => positions.shape)
  const block = orThrow(broadcastShapes('at', ...shapes))
  const points = [...block, ...cuts.map(({ positions }) => dim(positions.shape, 0))]
  const sizes = [...points, ...wholes.map(({ axis }) => dim(shape, axis))]
  const own = (entry: Entry): readonly number[] => {
    if (entry.tag === 'cut') return [block.length + cuts.findIndex(cut => cut.entry === entry)]
    if (entry.tag === 'whole') return [points.length + wholes.indexOf(entry)]
    return entry.tag === 'new' ? [-1] : []
  }
  const before = blockAt(entries)
  const labels = entries.flatMap((entry, i) => (i === before ? [...range(0, block.length), ...own(entry)] : own(entry)))
  return {
    order: [...placed, ...wholes].map(({ axis }) => axis),
    indices: allPositions(placed, points),
    sizes,
    places: labels.filter(label => label >= 0),
    shape: labels.map(label => (label < 0 ? 1 : dim(sizes, label))),
  }
}
