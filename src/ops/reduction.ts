/**
 * Reductions along axes: sums and products, extremes and their positions, means and variances.
 *
 * Layer: ops. All take `{ axis, keepDims }` first or just the data: `sum({ axis: 0 })(x)`, `sum(x)`. Without an axis, all axes.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Dtype } from '../core/dtype.ts'
import { orThrow, shapeError } from '../core/errors.ts'
import { load, type Monoid } from '../core/kernel.ts'
import { type Axes, dim, normalizeAxes, range, type Shape, showShape, sizeOf } from '../core/shape.ts'
import type { Check, Reduce, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Maybe, Op, Sample, Tensor } from '../core/types.ts'
import { cast, eq, indicator } from './comparison.ts'
import {
  type Accepts,
  commonDtype,
  type Differentiation,
  dataLast,
  defineOp,
  first,
  type NotTensor,
  only,
  primitive,
} from './define.ts'
import { add, mul } from './elementwise.ts'
import { reciprocal } from './math.ts'
import { broadcastTo, drawAxes, reducedIndex, reshape, sumOp, transpose } from './movement.ts'
import { concat, slice } from './slicing.ts'

type AxesParams = { readonly axes: readonly number[] }

/** Where to reduce, and whether reduced axes stay with size 1. */
export type ReduceOptions<A extends Axes | undefined = Axes, Keep extends boolean = boolean> = {
  readonly axis?: A
  readonly keepDims?: Keep
}

/** A reduction, its options first: without the axes, or with them as 1. */
export interface Reduction<Name extends string, More = unknown> {
  <const A extends Axes | undefined = undefined, const Keep extends boolean = false>(
    options: ReduceOptions<A, Keep> & More & NotTensor,
  ): <X extends TensorLike>(
    x: Check<Reduce<Name, ShapeOf<X>, A, Keep>, X>,
  ) => Tensor<Resolved<Reduce<Name, ShapeOf<X>, A, Keep>>>
  (x: TensorLike): Tensor<readonly []>
}

/** The axes an option names, counted from the front. */
export const axesOf = (name: string, axis: Axes | undefined, x: Tensor): readonly number[] =>
  orThrow(normalizeAxes(name, axis, x.shape.length))

/** A result without its reduced axes, given them back as size 1. */
export const kept = (shape: Shape, axes: readonly number[], y: Tensor): Tensor =>
  reshape(shape.map((n, i) => (axes.includes(i) ? 1 : n)))(y)

/** Applies a reduction that takes axes, then keeps them if asked. */
export const reduceWith = (
  name: string,
  { axis, keepDims = false }: Partial<ReduceOptions>,
  x: Tensor,
  f: (axes: readonly number[]) => Tensor,
): Tensor => {
  const axes = axesOf(name, axis, x)
  const y = f(axes)
  return keepDims ? kept(x.shape, axes, y) : y
}

// ---- primitives

const sampleAxes =
  (options: { readonly distinct?: boolean; readonly integers?: boolean }) =>
  (draw: Draw): Sample<AxesParams> => {
    const shape = draw.shape()
    const x = options.integers ? draw.booleans(shape) : draw.tensor(shape, undefined, { distinct: true })
    return { params: { axes: drawAxes(draw, shape.length) }, args: [x] }
  }

type ReductionDeclaration = {
  readonly name: string
  readonly doc: string
  readonly monoid: Monoid
  readonly accepts: Accepts
  readonly result?: Dtype
  /** Whether it has no value for no elements. */
  readonly nonEmpty?: boolean
  readonly differentiation: Differentiation<AxesParams>
}

const reductionOp = (declaration: ReductionDeclaration): Op<AxesParams> => {
  const { name, doc, monoid, accepts, result, nonEmpty = false, differentiation } = declaration
  const op: Op<AxesParams> = defineOp({
    name,
    doc,
    infer: ({ axes }, types) => {
      const { shape } = first(types)
      return pipe(
        commonDtype(name, types, accepts),
        E.chain(dtype =>
          pipe(
            normalizeAxes(name, axes, shape.length),
            E.filterOrElse(
              normal =>
                !nonEmpty ||
                normal.every(i => dim(shape, i) > 0) ||
                sizeOf(shape.filter((_, i) => !normal.includes(i))) === 0,
              () => shapeError(name, `of no elements has no value: ${showShape(shape)} is empty along axis ${axes}`),
            ),
            E.map(normal => [{ shape: shape.filter((_, i) => !normal.includes(i)), dtype: result ?? dtype }]),
          ),
        ),
      )
    },
    lower: ({ axes }, types, outs) => {
      const { shape, dtype } = first(types)
      const expr = load(0, dtype, shape, reducedIndex(shape, axes))
      const reduced = axes.map(axis => dim(shape, axis))
      const stage = { tag: 'reduce', axes: reduced, monoid, expr, dtype: result ?? dtype } as const
      return { tag: 'nest', axes: first(outs).shape, stages: [stage], outputs: [0] }
    },
    differentiation,
    batch: ({ axes }, xs) => [bind1(op, { axes: axes.map(axis => axis + 1) }, only(xs))],
    sample: sampleAxes(accepts === 'bool' ? { integers: true } : { distinct: true }),
    invalid: draw => ({
      params: { axes: [5] },
      args: [accepts === 'bool' ? draw.booleans([2, 3]) : draw.tensor([2, 3])],
    }),
  })
  return op
}

/** The tangent of an extreme: that of the elements which reach it, in equal shares. */
const extremeJvp: NonNullable<Op<AxesParams>['jvp']> = ({ axes }, [x], [t = null], [y]) => {
  if (t === null || x === undefined || y === undefined) return [null]
  const reached = indicator(eq(x, kept(x.shape, axes, y)), x)
  const share = mul(reached, reciprocal(kept(x.shape, axes, bind1(sumOp, { axes }, reached))))
  return [bind1(sumOp, { axes }, mul(t, share))]
}

/** The primitive behind `max`; its axes go. */
export const maxOp = reductionOp({
  name: 'max',
  doc: 'Largest element along axes.',
  monoid: 'max',
  accepts: 'number',
  nonEmpty: true,
  differentiation: { rule: 'jvp', jvp: extremeJvp },
})
const minOp = reductionOp({
  name: 'min',
  doc: 'Smallest element along axes.',
  monoid: 'min',
  accepts: 'number',
  nonEmpty: true,
  differentiation: { rule: 'jvp', jvp: extremeJvp },
})

/** Multiplies values and their tangents pair by pair along axis 0: exact with any number of zeros, and to any order. */
export const productTangent = (x: Tensor, t: Tensor): Tensor => {
  const n = dim(x.shape, 0)
  if (n === 0) return broadcastTo(x.shape.slice(1))(cast(x.dtype)(0))
  if (n === 1) return reshape(x.shape.slice(1))(t)
  const half = Math.floor(n / 2)
  const part = (from: number, to: number, v: Tensor): Tensor => slice([[from, to]])(v)
  const [a, b] = [part(0, half, x), part(half, 2 * half, x)]
  const [da, db] = [part(0, half, t), part(half, 2 * half, t)]
  const product = mul(a, b)
  const tangent = add(mul(da, b), mul(a, db))
  return n % 2 === 0
    ? productTangent(product, tangent)
    : productTangent(concat([product, part(2 * half, n, x)]), concat([tangent, part(2 * half, n, t)]))
}

/** Reduced axes merged into one in front. */
export const reducedFirst = (axes: readonly number[], x: Tensor): Tensor => {
  const rest = range(0, x.shape.length).filter(i => !axes.includes(i))
  const restShape = rest.map(i => dim(x.shape, i))
  return reshape([sizeOf(axes.map(i => dim(x.shape, i))), ...restShape])(transpose([...axes, ...rest])(x))
}

const prodOp = reductionOp({
  name: 'prod',
  doc: 'Product along axes.',
  monoid: 'prod',
  accepts: 'number',
  differentiation: {
    rule: 'jvp',
    jvp: ({ axes }, [x], [t = null]): readonly Maybe[] =>
      t === null || x === undefined ? [null] : [productTangent(reducedFirst(axes, x), reducedFirst(axes, t))],
  },
})

const constant = { rule: 'constant' } as const
const argmaxOp = reductionOp({
  name: 'argmax',
  doc: 'Position of the largest element along axes.',
  monoid: 'argMax',
  accepts: 'number',
  result: 'int32',
  nonEmpty: true,
  differentiation: constant,
})
const argminOp = reductionOp({
  name: 'argmin',
  doc: 'Position of the smallest element along axes.',
  monoid: 'argMin',
  accepts: 'number',
  result: 'int32',
  nonEmpty: true,
  differentiation: constant,
})
const allOp = reductionOp({
  name: 'all',
  doc: 'Whether all hold along axes.',
  monoid: 'and',
  accepts: 'bool',
  differentiation: constant,
})
const anyOp = reductionOp({
  name: 'any',
  doc: 'Whether any holds along axes.',
  monoid: 'or',
  accepts: 'bool',
  differentiation: constant,
})

const overAxes = <Name extends string>(op: Op<AxesParams>): Reduction<Name> =>
  primitive(
    op,
    dataLast<ReduceOptions, Reduction<Name>>(op.name, ['axis', 'keepDims'], (options, x) =>
      reduceWith(op.name, options, x, axes => bind1(op, { axes }, x)),
    ),
  )

// ---- the public functions

/** Options of `sum` and `prod`; `as` is the dtype to add up in. */
export type SumOptions<A extends Axes | undefined = Axes, Keep extends boolean = boolean> = ReduceOptions<A, Keep> & {
  readonly as?: Dtype
}

/** bool counts as int32. */
const summable = (x: Tensor, as: Dtype | undefined): Tensor => cast(as ?? (x.dtype === 'bool' ? 'int32' : x.dtype))(x)

const adding = <Name extends string>(op: Op<AxesParams>): Reduction<Name, { readonly as?: Dtype }> =>
  primitive(
    op,
    dataLast<SumOptions, Reduction<Name, { readonly as?: Dtype }>>(
      op.name,
      ['axis', 'keepDims', 'as'],
      ({ as, ...options }, x) => {
        const value = summable(x, as)
        return reduceWith(op.name, options, value, axes => bind1(op, { axes }, value))
      },
    ),
  )

/**
 * The sum along `axis`, or of all elements; 0 for none. bool counts as int32, int32 wraps.
 * @throws AxisError when an axis is out of range or named twice
 * @example
 * sum({ axis: 0 })(x) // [5, 7, 9]
 * sum(x) // 21
 */
export const sum = adding<'sum'>(sumOp)
/** The product along `axis`, or of all elements; 1 for none. Derivatives are exact with any number of zeros. */
export const prod = adding<'prod'>(prodOp)
/**
 * The largest element along `axis`; NaN if there is one. Elements that tie share the derivative equally.
 * @throws ShapeError of no elements
 */
export const max = overAxes<'max'>(maxOp)
/**
 * The smallest element along `axis`; NaN if there is one. Elements that tie share the derivative equally.
 * @throws ShapeError of no elements
 */
export const min = overAxes<'min'>(minOp)
/** Whether all hold along `axis`; true for none. */
export const all = overAxes<'all'>(allOp)
/** Whether any holds along `axis`; false for none. */
export const any = overAxes<'any'>(anyOp)

/** Options of `argmax` and `argmin`: one axis, or none for the position in row-major order. */
export type PositionOptions<A extends number | undefined = number, Keep extends boolean = boolean> = {
  readonly axis?: A
  readonly keepDims?: Keep
}

/** A reduction to positions along one axis. */
interface Positions<Name extends string> {
  <const A extends number | undefined = undefined, const Keep extends boolean = false>(
    options: PositionOptions<A, Keep> & NotTensor,
  ): <X extends TensorLike>(
    x: Check<Reduce<Name, ShapeOf<X>, A, Keep>, X>,
  ) => Tensor<Resolved<Reduce<Name, ShapeOf<X>, A, Keep>>>
  (x: TensorLike): Tensor<readonly []>
}

/** The position of the largest element as int32: the first at a tie, the first NaN if there is one. */
export const argmax: Positions<'argmax'> = overAxes<'argmax'>(argmaxOp)
/** The position of the smallest element as int32: the first at a tie, the first NaN if there is one. */
export const argmin: Positions<'argmin'> = overAxes<'argmin'>(argminOp)
