/**
 * Products of tensors that are not matrix products: kron, tensordot.
 *
 * Layer: ops. `tensordot` is `contract` by another name.
 */
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, type Shape, showShape } from '../core/shape.ts'
import type { Kron, ShapeOf, TensorLike } from '../core/shape-types.ts'
import type { Sample, Tensor } from '../core/types.ts'
import { contract } from './contract.ts'
import { composite, isData, lift, type NotTensor } from './define.ts'
import { mul } from './elementwise.ts'
import { reshape } from './movement.ts'

const kronecker = (x: Tensor, y: Tensor): Tensor => {
  const rank = Math.max(x.shape.length, y.shape.length)
  const front = (shape: Shape): Shape => [...range(shape.length, rank).map(() => 1), ...shape]
  const [a, b] = [front(x.shape), front(y.shape)]
  const spread = mul(reshape(a.flatMap(n => [n, 1]))(x) as Tensor, reshape(b.flatMap(n => [1, n]))(y) as Tensor)
  return reshape(a.map((n, i) => n * dim(b, i)))(spread as Tensor)
}

/**
 * The Kronecker product: y times every element of x, in blocks. Axes are aligned at the last, as in NumPy.
 * @throws DtypeError when the dtypes differ
 * @example
 * kron(tensor([1, 10]), tensor([1, 2, 3])) // [1, 2, 3, 10, 20, 30]
 */
export const kron = composite(
  {
    name: 'kron',
    doc: 'The Kronecker product.',
    apply: (_params: Record<string, never>, [x, y]) => kronecker(x as Tensor, y as Tensor),
    sample: draw => {
      const part = (): Tensor => draw.tensor(draw.shape({ maxRank: 2, maxSize: 3 }))
      return { params: {}, args: [part(), part()] }
    },
    invalid: draw => ({ params: {}, args: [draw.tensor([2]), draw.integers([2], 0, 1)] }),
  },
  <X extends TensorLike, Y extends TensorLike>(x: X, y: Y) => {
    const [a, b] = lift('kron', [x, y])
    return kronecker(a as Tensor, b as Tensor) as Tensor<Kron<ShapeOf<X>, ShapeOf<Y>>>
  },
)

/** How many axes to sum over, the last of x and the first of y; or which, for either. */
export type TensordotAxes = number | readonly [readonly number[], readonly number[]]

const summedAxes = (axes: TensordotAxes, x: Tensor, y: Tensor): readonly (readonly number[])[] => {
  const rank = x.shape.length
  if (typeof axes === 'number') {
    const fits = Number.isSafeInteger(axes) && axes >= 0 && axes <= Math.min(rank, y.shape.length)
    return fits
      ? [range(rank - axes, rank), range(0, axes)]
      : fail(valueError('tensordot', `cannot sum over ${axes} axes of ${showShape(x.shape)} and ${showShape(y.shape)}`))
  }
  if (!Array.isArray(axes) || axes.length !== 2 || !axes.every(Array.isArray))
    return fail(valueError('tensordot', `axes is a number, or a list of two lists, got ${describe(axes)}`))
  const normal = [x, y].map((v, i) =>
    (axes[i] ?? []).map((axis: number) => orThrow(normalizeAxis('tensordot', axis, v.shape.length))),
  )
  return normal.every((list, i) => list.length === normal[0]?.length && new Set(list).size === normal[i]?.length)
    ? normal
    : fail(valueError('tensordot', `axes [${axes.map(a => `[${a}]`)}] must be as many for both, and each only once`))
}

/** The label of an axis: beyond Latin, where every number has a character of its own. */
const label = (i: number): string => String.fromCharCode(0x100 + i)

const tensordotOf = (axes: TensordotAxes, x: Tensor, y: Tensor): Tensor => {
  const [ofX = [], ofY = []] = summedAxes(axes, x, y)
  const odd = range(0, ofX.length).find(i => x.shape[ofX[i] ?? 0] !== y.shape[ofY[i] ?? 0])
  if (odd !== undefined)
    return fail(
      shapeError(
        'tensordot',
        `summed sizes differ: axis ${ofX[odd]} of ${showShape(x.shape)} and axis ${ofY[odd]} of ${showShape(y.shape)}`,
      ),
    )
  const a = range(0, x.shape.length).map(label)
  const b = range(0, y.shape.length).map(i =>
    ofY.includes(i) ? (a[ofX[ofY.indexOf(i)] ?? 0] as string) : label(x.shape.length + i),
  )
  const out = [...a.filter((_, i) => !ofX.includes(i)), ...b.filter((_, i) => !ofY.includes(i))]
  return contract({ a: a.join(''), b: b.join(''), out: out.join(''), windows: [] }, x, y)
}

type Tensordot = {
  (options: { readonly axes?: TensordotAxes } & NotTensor): (x: TensorLike, y: TensorLike) => Tensor
  (x: TensorLike, y: TensorLike): Tensor
}

const dotted = (axes: TensordotAxes, x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = lift('tensordot', [x, y])
  return tensordotOf(axes, a as Tensor, b as Tensor)
}

/**
 * Sums of products over `axes`: the last so many of x with the first of y (2 by default), or two lists of axes that go together. The
 * other axes of x come first, then those of y, as in NumPy.
 * @throws ShapeError when summed sizes differ; ValueError or AxisError for axes that do not fit
 * @example
 * tensordot({ axes: 1 })(x, ones([3, 4])) // [2,4]
 * tensordot({ axes: [[0, 1], [0, 1]] })(x, y) // 8
 */
export const tensordot: Tensordot = composite(
  {
    name: 'tensordot',
    doc: 'Sums of products over axes of two tensors.',
    apply: ({ axes }: { readonly axes: TensordotAxes }, [x, y]) => tensordotOf(axes, x as Tensor, y as Tensor),
    sample: (draw): Sample<{ readonly axes: TensordotAxes }> => {
      const inner = draw.shape({ maxRank: 2, maxSize: 3 })
      const [head, tail] = [draw.shape({ maxRank: 1 }), draw.shape({ maxRank: 1 })]
      const k = inner.length
      const lists: TensordotAxes = [range(head.length, head.length + k), range(0, k)]
      const axes = draw.pick<TensordotAxes>([k, lists])
      return { params: { axes }, args: [draw.tensor([...head, ...inner]), draw.tensor([...inner, ...tail])] }
    },
    invalid: (draw): Sample<{ readonly axes: TensordotAxes }> => ({
      params: { axes: 1 },
      args: [draw.tensor([2, 3]), draw.tensor([2, 3])],
    }),
  },
  ((arg: TensorLike | { readonly axes?: TensordotAxes }, y?: TensorLike) =>
    isData(arg)
      ? dotted(2, arg, y as TensorLike)
      : (x: TensorLike, z: TensorLike) =>
          dotted(requireOptions('tensordot', arg, ['axes']).axes ?? 2, x, z)) as Tensordot,
)
