/**
 * Comparisons, logic, conversion, and choosing by a condition.
 *
 * Layer: ops. Comparisons give bool and are constant wherever they have a derivative. Comparisons with NaN are false, but for `ne`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Dtype, dtypes, isFloat } from '../core/dtype.ts'
import { describe, dtypeError } from '../core/errors.ts'
import { along, apply, convert, type Expr, like, load, mapNest, select } from '../core/kernel.ts'
import { broadcastShapes, type Shape } from '../core/shape.ts'
import type { AllTogether, Beside, Check, ShapeOf, TensorLike, Together } from '../core/shape-types.ts'
import { scalarLike } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Domain, Op, Tensor } from '../core/types.ts'
import { commonDtype, defineOp, first, lift, liftOne, only, primitive, typed } from './define.ts'
import { alignBatch, binary, fn, noParams, type Unary, unary } from './elementwise.ts'
import { broadcastIndex, broadcastTo, sumTo } from './movement.ts'

const comparison = (name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', doc: string, accepts: 'any' | 'number') =>
  binary({ name, doc, scalar: fn(name), partials: null, accepts, result: 'bool', sample: [apart, apart] })
/** Values away from each other, so that a small step does not change the comparison. */
const apart: Domain = [
  [-2, -2],
  [0, 0],
  [1, 1],
]

/** x = y, as bool; NaN equals nothing. */
export const eq = comparison('eq', 'x = y, as bool.', 'any')
/** x ≠ y, as bool; NaN differs from everything. */
export const ne = comparison('ne', 'x ≠ y, as bool.', 'any')
/** x < y, as bool. */
export const lt = comparison('lt', 'x < y, as bool.', 'number')
/** x ≤ y, as bool. */
export const le = comparison('le', 'x ≤ y, as bool.', 'number')
/** x > y, as bool. */
export const gt = comparison('gt', 'x > y, as bool.', 'number')
/** x ≥ y, as bool. */
export const ge = comparison('ge', 'x ≥ y, as bool.', 'number')

const logic = (name: 'and' | 'or' | 'xor', op: string, doc: string) =>
  binary({ name: op, doc, scalar: fn(name), partials: null, accepts: 'bool', result: 'bool' })

/** x ∧ y on bool. */
export const logicalAnd = logic('and', 'logicalAnd', 'x ∧ y on bool.')
/** x ∨ y on bool. */
export const logicalOr = logic('or', 'logicalOr', 'x ∨ y on bool.')
/** x ⊻ y on bool. */
export const logicalXor = logic('xor', 'logicalXor', 'x ⊻ y on bool.')
/** ¬x on bool. */
export const logicalNot = unary({
  name: 'logicalNot',
  doc: '¬x on bool.',
  scalar: fn('not'),
  derivative: null,
  accepts: 'bool',
})

const isSpecial = (name: string, doc: string, test: (x: Expr) => Expr) =>
  unary({ name, doc, scalar: test, derivative: null, result: 'bool' })

/** Whether x is NaN. */
export const isnan = isSpecial('isnan', 'Whether x is NaN.', x => apply('ne', x, x))
/** Whether x is ∞ or -∞. */
export const isinf = isSpecial('isinf', 'Whether x is ∞ or -∞.', x => apply('eq', apply('abs', x), like(x, Infinity)))
/** Whether x is neither NaN nor infinite. */
export const isfinite = isSpecial('isfinite', 'Whether x is neither NaN nor infinite.', x =>
  apply('lt', apply('abs', x), like(x, Infinity)),
)

// ---- where

const whereOp: Op<Record<string, never>> = defineOp({
  name: 'where',
  doc: 'x where the condition holds, else y.',
  infer: (_params, [condition, ...branches]) => {
    if (condition?.dtype !== 'bool')
      return E.left(
        dtypeError('where', `the condition must be bool, got ${condition?.dtype}: compare first, as in gt(x, 0)`),
      )
    return pipe(
      commonDtype('where', branches, 'any'),
      E.chain(dtype =>
        pipe(
          broadcastShapes('where', condition.shape, ...branches.map(b => b.shape)),
          E.map(shape => [{ shape, dtype }]),
        ),
      ),
    )
  },
  lower: (_params, types, outs) => {
    const target = first(outs).shape
    const [c, x, y] = types.map(({ shape, dtype }, i) => load(i, dtype, shape, broadcastIndex(shape, target)))
    return mapNest(target, select(c as Expr, x as Expr, y as Expr))
  },
  differentiation: {
    rule: 'jvp',
    jvp: (_params, [condition], [, dx = null, dy = null], [out]) => {
      const zero = scalarLike(0, out?.dtype ?? 'float32')
      return [broadcastTo(out?.shape ?? [])(bind1(whereOp, noParams, condition as Tensor, dx ?? zero, dy ?? zero))]
    },
    transpose: (_params, ct, [condition, x, y], types) => {
      const zero = scalarLike(0, ct.dtype)
      const taken = (i: number, a: Tensor, b: Tensor): Tensor =>
        sumTo(types[i]?.shape ?? [])(bind1(whereOp, noParams, condition as Tensor, a, b))
      return [null, x === null ? taken(1, ct, zero) : null, y === null ? taken(2, zero, ct) : null]
    },
  },
  batch: (_params, args, batched) => [bind1(whereOp, noParams, ...alignBatch(args, batched))],
  sample: draw => {
    const shape = draw.shape()
    const part = (): Shape => shape.map(n => (draw.integer(0, 3) === 0 ? 1 : n))
    return { params: {}, args: [draw.booleans(shape), draw.tensor(part()), draw.tensor(part())] }
  },
  invalid: draw => ({ params: {}, args: [draw.tensor([2]), draw.tensor([2]), draw.tensor([2])] }),
})

/**
 * x where `condition` (bool) holds, else y; the three broadcast. The branch not taken affects neither value nor gradient,
 * but a NaN computed *before* it in that branch's own derivative still does (0 · NaN): guard the argument too.
 * @throws DtypeError when the condition is no bool or the dtypes of x and y differ
 */
export const where = primitive(whereOp, ((condition: TensorLike, x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = lift('where', [x, y])
  return bind1(whereOp, noParams, liftOne('where', condition), a as Tensor, b as Tensor)
}) as Where)

type Where = <C extends TensorLike, X extends TensorLike, Y extends TensorLike>(
  condition: C,
  x: Check<Beside<C, X>, X>,
  y: Check<Beside<Tensor<Together<C, X>>, Y>, Y>,
) => Tensor<AllTogether<C, X, Y>>

// ---- cast

const castOp: Op<{ readonly dtype: Dtype }> = defineOp({
  name: 'cast',
  doc: 'Converts to another dtype.',
  infer: ({ dtype }, types) =>
    dtypes.includes(dtype)
      ? typed(first(types).shape, dtype)
      : E.left(dtypeError('cast', `${describe(dtype)} is no dtype; use ${dtypes.join(', ')}`)),
  lower: ({ dtype }, types) => {
    const x = first(types)
    const index = x.shape.map((_, i) => along(i))
    return mapNest(x.shape, convert(dtype, load(0, x.dtype, x.shape, index)))
  },
  differentiation: {
    rule: 'jvp',
    jvp: ({ dtype }, _primals, [t = null]) => [t !== null && isFloat(dtype) ? bind1(castOp, { dtype }, t) : null],
    transpose: (_params, ct, _args, types) => [bind1(castOp, { dtype: first(types).dtype }, ct)],
  },
  batch: (params, xs) => [bind1(castOp, params, only(xs))],
  sample: draw => {
    const shape = draw.shape()
    const floats = draw.boolean()
    const dtype = floats ? draw.pick(['float32', 'float64'] as const) : draw.pick(dtypes)
    return {
      params: { dtype: floats ? draw.dtype : dtype },
      args: [floats ? draw.tensor(shape) : draw.booleans(shape)],
    }
  },
})

/**
 * Converts to another dtype: to bool, whether x is not 0; to int32, truncated toward 0 and saturated (NaN becomes 0).
 * @example
 * cast('int32')(tensor([1.9, -1.9, 3e9])) // [1, -1, 2147483647]
 */
export const cast = primitive(
  castOp,
  (dtype: Dtype): Unary =>
    <X extends TensorLike>(x: X) => {
      const value = liftOne('cast', x)
      return (value.dtype === dtype ? value : bind1(castOp, { dtype }, value)) as Tensor<ShapeOf<X>>
    },
)

/** 1 for true, 0 for false, in the dtype of another tensor. */
export const indicator = (condition: Tensor, like: Tensor): Tensor => cast(like.dtype)(condition)
