/**
 * Running totals along an axis: sums, products, extremes, ln Σ eˣ.
 *
 * Layer: ops. All take `{ axis, reverse }` first or just the data: `cumsum({ axis: 0 })(x)`, `cumsum(x)`. Without an axis, the
 * last. Only sums are linear; the others carry tangents through the same tree of pairs as JAX's associative_scan, which is exact
 * where a quotient of totals would not be, and says who gets what at ties.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isFloat } from '../core/dtype.ts'
import { describe, fail, orThrow, valueError } from '../core/errors.ts'
import { along, type Cumulate, load } from '../core/kernel.ts'
import { dim, normalizeAxis } from '../core/shape.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Maybe, Op, Sample, Tensor } from '../core/types.ts'
import { maximum, minimum } from './arithmetic.ts'
import { stack } from './arrange.ts'
import { cast, eq, ge, gt, indicator, logicalAnd, where } from './comparison.ts'
import {
  type AlongAxis,
  commonDtype,
  composite,
  type Differentiation,
  dataLast,
  defineOp,
  first,
  only,
  primitive,
} from './define.ts'
import { add, mul } from './elementwise.ts'
import { logaddexp } from './math.ts'
import { moveAxis, reshape } from './movement.ts'
import { concat, flip, slice } from './slicing.ts'

/** Options of the running totals: along which axis (the last by default), and whether from its end. */
export type CumulativeOptions = { readonly axis?: number; readonly reverse?: boolean }

type Cumulating<Name extends string> = AlongAxis<Name, { readonly reverse?: boolean }>
type Along = { readonly axis: number; readonly reverse: boolean }

const requireAlong = (name: string, { axis = -1, reverse = false }: CumulativeOptions, x: Tensor): Along =>
  typeof reverse === 'boolean'
    ? { axis: orThrow(normalizeAxis(name, axis, x.shape.length)), reverse }
    : fail(valueError(name, `reverse is true or false, got ${describe(reverse)}`))

// ---- pairs along axis 0

/** Tensors that are cumulated together, such as values and their tangents. */
type Columns = readonly Tensor[]
type Combine = (before: Columns, after: Columns) => Columns

const every2nd = (xs: Columns, from: number, to: number | null = null): Columns =>
  xs.map(x => slice([[from, to, 2]])(x))

/** Even and odd places put together again. */
const interleave = (even: Tensor, odd: Tensor): Tensor => {
  const n = dim(odd.shape, 0)
  const pairs = stack({ axis: 1 })([slice([[0, n]])(even), odd])
  const merged = reshape([2 * n, ...odd.shape.slice(1)])(pairs)
  return dim(even.shape, 0) === n ? merged : concat([merged, slice([[n]])(even)])
}

/** All partial combinations along axis 0, in 2 log n steps (Blelloch 1990; the order is that of JAX's associative_scan). */
const associativeScan = (combine: Combine, xs: Columns): Columns => {
  const n = dim(only(xs).shape, 0)
  if (n < 2) return xs
  const odd = associativeScan(combine, combine(every2nd(xs, 0, -1), every2nd(xs, 1)))
  if (n === 2) return xs.map((x, i) => concat([slice([[0, 1]])(x), odd[i] as Tensor]))
  const before = n % 2 === 0 ? odd.map(x => slice([[0, -1]])(x)) : odd
  const rest = combine(before, every2nd(xs, 2))
  return xs.map((x, i) => interleave(concat([slice([[0, 1]])(x), rest[i] as Tensor]), odd[i] as Tensor))
}

/** The scan along another axis, perhaps from its end. */
const scanAlong = (combine: Combine, { axis, reverse }: Along, xs: Columns): Columns => {
  const turned = (x: Tensor): Tensor => (reverse ? flip({ axis: 0 })(x) : x)
  const scanned = associativeScan(
    combine,
    xs.map(x => turned(moveAxis(axis, 0)(x))),
  )
  return scanned.map(x => moveAxis(0, axis)(turned(x)))
}

// ---- primitives

/** ∂combined/∂a and ∂combined/∂b, as functions of a and b. */
type Partials = (a: Tensor, b: Tensor) => readonly [Tensor, Tensor]

/** Carries tangents along with the values. */
const scanJvp =
  (f: (a: Tensor, b: Tensor) => Tensor, partials: Partials): NonNullable<Op<Along>['jvp']> =>
  (params, [x], [t = null]): readonly Maybe[] => {
    if (x === undefined || t === null) return [null]
    const combine: Combine = ([a, da], [b, db]) => {
      const [forA, forB] = partials(a as Tensor, b as Tensor)
      return [f(a as Tensor, b as Tensor), add(mul(da as Tensor, forA), mul(db as Tensor, forB))]
    }
    return [scanAlong(combine, params, [x, t])[1] as Tensor]
  }

const sampleAlong = (draw: Draw): Sample<Along> => {
  const shape = draw.shape({ minRank: 1, maxRank: 2, maxSize: 5 })
  return {
    params: { axis: draw.integer(0, shape.length - 1), reverse: draw.boolean() },
    args: [draw.tensor(shape, undefined, { distinct: true })],
  }
}

const invalidAlong = (draw: Draw): Sample<Along> => ({
  params: { axis: 2, reverse: false },
  args: [draw.tensor([2, 3])],
})

const cumulativeOp = (
  name: string,
  doc: string,
  monoid: Cumulate['monoid'],
  differentiation: (op: () => Op<Along>) => Differentiation<Along>,
): Op<Along> => {
  const op: Op<Along> = defineOp({
    name,
    doc,
    infer: ({ axis }, types) =>
      pipe(
        commonDtype(name, types, 'number'),
        E.chain(dtype =>
          pipe(
            normalizeAxis(name, axis, first(types).shape.length),
            E.map(() => [{ shape: first(types).shape, dtype }]),
          ),
        ),
      ),
    lower: ({ axis, reverse }, types) => {
      const { shape, dtype } = first(types)
      const index = shape.map((_, i) => along(i))
      return { tag: 'cumulate', axes: shape, axis, reverse, monoid, expr: load(0, dtype, shape, index) }
    },
    differentiation: differentiation(() => op),
    batch: ({ axis, reverse }, xs) => [bind1(op, { axis: axis + 1, reverse }, only(xs))],
    sample: sampleAlong,
    invalid: invalidAlong,
  })
  return op
}

const cumulating = <const Name extends string>(op: Op<Along>, prepare: (x: Tensor) => Tensor): Cumulating<Name> =>
  primitive(
    op,
    dataLast<CumulativeOptions, Cumulating<Name>>(op.name, ['axis', 'reverse'], (options, x) =>
      bind1(op, requireAlong(op.name, options, x), prepare(x)),
    ),
  )

/** bool counts as int32. */
const counted = (x: Tensor): Tensor => (x.dtype === 'bool' ? cast('int32')(x) : x)
const asIs = (x: Tensor): Tensor => x

/** 1 where x > y, 1/2 where equal, 0 where x < y. */
const share = (x: Tensor, y: Tensor): Tensor => mul(0.5, add(indicator(gt(x, y), x), indicator(ge(x, y), x)))

/**
 * Running sums along an axis, the last by default (NumPy flattens without an axis, JAX's lax takes the first); with `reverse`,
 * from the end. bool counts as int32, int32 wraps.
 * @throws AxisError when the axis is out of range, as any is for a scalar
 * @example
 * cumsum(x) // [[1, 3, 6], [4, 9, 15]]
 * cumsum({ axis: 0, reverse: true })(x) // [[5, 7, 9], [4, 5, 6]]
 */
export const cumsum = cumulating<'cumsum'>(
  cumulativeOp('cumsum', 'Running sums along an axis.', 'sum', op => ({
    rule: 'linear',
    transpose: ({ axis, reverse }, ct) => [bind1(op(), { axis, reverse: !reverse }, ct)],
  })),
  counted,
)

/**
 * Running products along an axis, the last by default; with `reverse`, from the end. bool counts as int32, int32 wraps.
 * Derivatives are exact with any number of zeros.
 * @throws AxisError when the axis is out of range, as any is for a scalar
 * @example
 * cumprod(x) // [[1, 2, 6], [4, 20, 120]]
 */
export const cumprod = cumulating<'cumprod'>(
  cumulativeOp('cumprod', 'Running products along an axis.', 'prod', () => ({
    rule: 'jvp',
    jvp: scanJvp(mul, (a, b) => [b, a]),
  })),
  counted,
)

/**
 * The largest element so far along an axis, the last by default; with `reverse`, from the end; NaN from the first NaN on.
 * At ties the derivative is halved at each pair of equals that meet in the tree of pairs, as in JAX: two share equally.
 * @throws AxisError when the axis is out of range, as any is for a scalar; DtypeError for bool
 * @example
 * cummax(y) // [[1, 1, 1], [0, 2, 2]]
 */
export const cummax = cumulating<'cummax'>(
  cumulativeOp('cummax', 'Largest element so far along an axis.', 'max', () => ({
    rule: 'jvp',
    jvp: scanJvp(maximum, (a, b) => [share(a, b), share(b, a)]),
  })),
  asIs,
)

/**
 * The smallest element so far along an axis, the last by default; with `reverse`, from the end; NaN from the first NaN on.
 * At ties the derivative goes as that of `cummax`.
 * @throws AxisError when the axis is out of range, as any is for a scalar; DtypeError for bool
 * @example
 * cummin(y) // [[1, 0, -1], [0, 0, 0]]
 */
export const cummin = cumulating<'cummin'>(
  cumulativeOp('cummin', 'Smallest element so far along an axis.', 'min', () => ({
    rule: 'jvp',
    jvp: scanJvp(minimum, (a, b) => [share(b, a), share(a, b)]),
  })),
  asIs,
)

// ---- ln Σ eˣ

/** logaddexp whose derivative is 0, not NaN, where both are -∞. */
const addExponents: Combine = ([a], [b]) => {
  const [x, y] = [a as Tensor, b as Tensor]
  const none = logicalAnd(eq(x, -Infinity), eq(y, -Infinity))
  return [where(none, -Infinity, logaddexp(where(none, 0, x), where(none, 0, y)))]
}

const logcumsumexpAlong = (options: CumulativeOptions, x: Tensor): Tensor =>
  only(scanAlong(addExponents, requireAlong('logcumsumexp', options, x), [isFloat(x.dtype) ? x : cast('float32')(x)]))

/**
 * Running ln Σ eˣ along an axis, the last by default, without overflow; with `reverse`, from the end. -∞ while all so far are;
 * there the derivative is 0. int32 and bool are converted to float32. (JAX's name is cumlogsumexp, PyTorch's this one.)
 * @throws AxisError when the axis is out of range, as any is for a scalar
 * @example
 * logcumsumexp(tensor([-1000, -1000])) // [-1000, -999.3068237304688]
 */
export const logcumsumexp: Cumulating<'logcumsumexp'> = composite(
  {
    name: 'logcumsumexp',
    doc: 'Running ln Σ eˣ along an axis.',
    apply: (params: Along, [x]) => logcumsumexpAlong(params, x as Tensor),
    sample: sampleAlong,
    invalid: invalidAlong,
  },
  dataLast<CumulativeOptions, Cumulating<'logcumsumexp'>>('logcumsumexp', ['axis', 'reverse'], logcumsumexpAlong),
)
