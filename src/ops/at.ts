/**
 * Indexing as NumPy's x[…], and updates of what is indexed as JAX's x.at[…].
 *
 * Layer: ops. Slices alone are slices; what takes positions is one gather, and every update one scatter. Read first: at-layout.ts.
 */

import { dim, type Shape } from '../core/shape.ts'
import type { Check, Indexed, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import type { Draw, Param, Sample, Tensor } from '../core/types.ts'
import { type AtIndex, ellipsis, entriesOf, layoutOf, newAxis, readSlices } from './at-layout.ts'
import { composite, lift, liftOne } from './define.ts'
import { broadcastTo, reshape, transpose } from './movement.ts'
import { gather, scatter, scatterAdd } from './scatter.ts'
import { apart, scatterMax, scatterMin, scatterMul } from './scatter-combine.ts'

export { type AtIndex, ellipsis, newAxis } from './at-layout.ts'

const inverse = (permutation: readonly number[]): readonly number[] => permutation.map((_, i) => permutation.indexOf(i))

const read = (index: readonly AtIndex[], x: Tensor): Tensor => {
  const entries = entriesOf(index, x.shape)
  const slices = readSlices(entries, x)
  if (slices !== null) return slices
  const { order, indices, places, shape } = layoutOf(entries, x.shape)
  return reshape(shape)(transpose(places)(gather()(transpose(order)(x), indices)))
}

type Combining = (x: Tensor, indices: Tensor, updates: Tensor) => Tensor

const written = (combine: Combining, index: readonly AtIndex[], values: TensorLike, x: TensorLike): Tensor => {
  const [whole, part] = lift('at', [x, values]) as readonly [Tensor, Tensor]
  const { order, indices, sizes, places, shape } = layoutOf(entriesOf(index, whole.shape), whole.shape)
  const squeezed = reshape(places.map(place => dim(sizes, place)))(broadcastTo(shape)(part))
  const updates = transpose(inverse(places))(squeezed)
  return transpose(inverse(order))(combine(transpose(order)(whole), indices, updates))
}

// ---- what the laws try

/** An index as params: tensors are among the arguments, by their number. */
type IndexParams = { readonly index: readonly Param[] }
type Numbered = { readonly tensor: number }

const isNumbered = (item: Param): item is Numbered => typeof item === 'object' && item !== null && 'tensor' in item

const indexFrom = (index: readonly Param[], tensors: readonly Tensor[]): readonly AtIndex[] =>
  index.map(item => (isNumbered(item) ? (tensors[item.tensor] as Tensor) : (item as AtIndex)))

type Drawn = { readonly shape: Shape; readonly index: readonly Param[]; readonly tensors: readonly Tensor[] }

/** A shape, and an index of it with everything but masks, whose values must be known. */
const drawIndex = (draw: Draw): Drawn => {
  const shape = draw.shape({ minRank: 1 })
  const common = draw.shape({ maxRank: 1, maxSize: 3 })
  const tensors: Tensor[] = []
  const itemsFor = (n: number): readonly Param[] => {
    const kind = draw.integer(0, 6)
    if (kind === 0) return [draw.integer(-n, n - 1)]
    if (kind === 1) return [[draw.integer(-n, n), null, draw.pick([1, 2, -1])]]
    if (kind === 2) return [null, newAxis]
    if (kind === 3) return [newAxis, [0, draw.integer(0, n)]]
    tensors.push(draw.integers(draw.boolean() ? common : [], -n, n - 1))
    return [{ tensor: tensors.length - 1 }]
  }
  const count = draw.integer(1, shape.length)
  return draw.boolean()
    ? { shape, index: [ellipsis, ...shape.slice(-count).flatMap(itemsFor)], tensors }
    : { shape, index: shape.slice(0, count).flatMap(itemsFor), tensors }
}

const sampleGet = (draw: Draw): Sample<IndexParams> => {
  const { shape, index, tensors } = drawIndex(draw)
  return { params: { index }, args: [draw.tensor(shape), ...tensors] }
}

/** Values of the shape of what is indexed, or of one that broadcasts to it. */
const sampleUpdate = (draw: Draw): Sample<IndexParams> => {
  const { shape, index, tensors } = drawIndex(draw)
  const x = draw.tensor(shape)
  const full = read(indexFrom(index, tensors), x).shape
  return { params: { index }, args: [x, draw.tensor(draw.boolean() ? full.slice(1) : full), ...tensors] }
}

/** No two values tie. */
const sampleExtreme = (draw: Draw): Sample<IndexParams> => {
  const { shape, index, tensors } = drawIndex(draw)
  const x = draw.tensor(shape, apart.operand, { distinct: true })
  const full = read(indexFrom(index, tensors), x).shape
  return { params: { index }, args: [x, draw.tensor(full, apart.updates, { distinct: true }), ...tensors] }
}

// ---- the family

type Getting = <const Index extends readonly AtIndex[]>(
  ...index: Index
) => <X extends TensorLike>(x: Check<Indexed<ShapeOf<X>, Index>, X>) => Tensor<Resolved<Indexed<ShapeOf<X>, Index>>>

type Updating = <const Index extends readonly AtIndex[]>(
  ...index: Index
) => (values: TensorLike) => <X extends TensorLike>(x: Check<Indexed<ShapeOf<X>, Index>, X>) => Tensor<ShapeOf<X>>

/** `at(…index).get`. */
export const atGet: Getting = composite(
  {
    name: 'at.get',
    doc: "What an index names, as NumPy's x[…].",
    apply: ({ index }: IndexParams, [x, ...tensors]) => read(indexFrom(index, tensors), x as Tensor),
    sample: sampleGet,
    invalid: draw => ({ params: { index: [2] }, args: [draw.tensor([2])] }),
  },
  ((...index: readonly AtIndex[]) =>
    (x: TensorLike) =>
      read(index, liftOne('at', x))) as Getting,
)

const updating = (
  name: string,
  doc: string,
  combine: Combining,
  sample: (draw: Draw) => Sample<IndexParams>,
): Updating =>
  composite(
    {
      name,
      doc,
      apply: ({ index }: IndexParams, [x, values, ...tensors]) =>
        written(combine, indexFrom(index, tensors), values as Tensor, x as Tensor),
      sample,
      invalid: draw => ({ params: { index: [0] }, args: [draw.tensor([2, 3]), draw.tensor([2])] }),
    },
    ((...index: readonly AtIndex[]) =>
      (values: TensorLike) =>
      (x: TensorLike) =>
        written(combine, index, values, x)) as Updating,
  )

/** `at(…index).set`. */
export const atSet = updating('at.set', 'x with values put where an index says.', scatter(), sampleUpdate)
/** `at(…index).add`. */
export const atAdd = updating('at.add', 'x with values added where an index says.', scatterAdd(), sampleUpdate)
/** `at(…index).mul`. */
export const atMul = updating('at.mul', 'x multiplied by values where an index says.', scatterMul(), sampleUpdate)
/** `at(…index).min`. */
export const atMin = updating('at.min', 'The smaller of x and values where an index says.', scatterMin(), sampleExtreme)
/** `at(…index).max`. */
export const atMax = updating('at.max', 'The larger of x and values where an index says.', scatterMax(), sampleExtreme)

/** What can be done at an index. The values of updates broadcast to the shape that `get` has. */
export type At<Index extends readonly AtIndex[]> = {
  /** What the index names. */
  readonly get: ReturnType<typeof atGet<Index>>
  /** x with the values there. Of several values for one place the last stays, and it alone has a derivative. */
  readonly set: ReturnType<typeof atSet<Index>>
  /** x with the values added; all of those for one place. */
  readonly add: ReturnType<typeof atSet<Index>>
  /** x multiplied by the values; by all of those for one place. */
  readonly mul: ReturnType<typeof atSet<Index>>
  /** The smaller of x and all values for a place. */
  readonly min: ReturnType<typeof atSet<Index>>
  /** The larger of x and all values for a place. */
  readonly max: ReturnType<typeof atSet<Index>>
}

/**
 * A place in tensors, to read (`get`) or to update (`set`, `add`, `mul`, `min`, `max`): as NumPy's x[…] and JAX's x.at[…].
 * Updates give a new tensor; x is as it was.
 *
 * For each axis from the first: a whole number, and the axis goes; a list [start, stop, step], a slice as `slice` takes it (a list
 * is never one of positions); null for all of it; an int32 tensor of positions. A bool tensor stands for as many axes as it has,
 * and names the places where it is true. `ellipsis` stands for all axes not spoken of, `newAxis` for a new one of size 1.
 *
 * Tensors (and whole numbers beside them) broadcast together; their axes stand where the first of them is, or in front of all
 * others when a slice, `newAxis` or `ellipsis` stands between them. Positions outside -n … n-1 read NaN (0, false) and write
 * nothing; a whole number outside throws, and slices are clipped. Masks must be known: under `vmap` use `where`.
 * @throws IndexError for a whole number outside; ShapeError when the index or the values do not fit; TraceError for a mask whose
 * values are not known; DtypeError; ValueError
 * @example
 * at(0, [1, 3]).get(x) // [2, 3]
 * at(ellipsis, tensor([2, 0], { dtype: 'int32' })).get(x) // [[3, 1], [6, 4]]
 * at(gt(x, 4)).get(x) // [5, 6]
 * at(null, 1).set(0)(x) // [[1, 0, 3], [4, 0, 6]]
 * at(-1).mul(tensor([1, 10, 100]))(x) // [[1, 2, 3], [4, 50, 600]]
 */
export const at = <const Index extends readonly AtIndex[]>(...index: Index): At<Index> => ({
  get: atGet(...index),
  set: atSet(...index),
  add: atAdd(...index),
  mul: atMul(...index),
  min: atMin(...index),
  max: atMax(...index),
})
