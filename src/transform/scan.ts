/**
 * scan and foriLoop: a step repeated, whose body is traced once.
 *
 * Layer: transform. Read first: scan-op.ts, which has the rules.
 */
import { describe, fail, shapeError, treeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { checkPromise, outputTypes } from '../core/program.ts'
import { dim, showShape } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { isTensor, showType } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import { type TreeShape, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { arange, zeros } from '../ops/creation.ts'
import { type Argument, liftArguments, requireFunction } from './arguments.ts'
import { checkCarry, settleCarry } from './carry.ts'
import { flattenArguments, recordBody } from './derive.ts'
import { scanOp } from './scan-op.ts'

/** Options of `scan`; `length` is needed where there are no xs. `unroll` is for a compiler: it changes no result. */
export type ScanOptions = { readonly length?: number; readonly reverse?: boolean; readonly unroll?: number }

const lengthOf = (xs: readonly Tensor[], length: number | undefined): number => {
  const scalarLeaf = xs.find(x => x.shape.length === 0)
  if (scalarLeaf !== undefined)
    return fail(
      shapeError('scan', `xs are sliced along their first axis, but one is the scalar ${showType(scalarLeaf)}`),
    )
  const sizes = [...new Set([...xs.map(x => dim(x.shape, 0)), ...(length === undefined ? [] : [length])])]
  if (sizes.length > 1)
    return fail(
      shapeError(
        'scan',
        `lengths differ: xs are ${xs.map(x => showShape(x.shape)).join(', ')}, length ${length ?? 'not given'}`,
      ),
    )
  const [n] = sizes
  return n !== undefined && Number.isInteger(n) && n >= 0
    ? n
    : fail(valueError('scan', `without xs it needs { length }, a whole number of at least 0, got ${describe(length)}`))
}

const pairOf = (y: unknown): readonly [unknown, unknown] =>
  Array.isArray(y) && y.length === 2
    ? [y[0], y[1]]
    : fail(treeError('scan', `the body must return [carry, y], got ${describe(y)}`))

const scanTrees = (
  op: string,
  f: (carry: unknown, x: unknown) => unknown,
  options: ScanOptions,
  init: unknown,
  xs: unknown,
): readonly [unknown, unknown] => {
  const { length, reverse = false, unroll = 1 } = requireOptions(op, options, ['length', 'reverse', 'unroll'])
  if (!Number.isInteger(unroll) || unroll < 1)
    return fail(valueError(op, `unroll must be a whole number of at least 1, got ${describe(unroll)}`))
  requireFunction(op, f)
  const [first, carryShape] = flattenArguments(op, [liftArguments(init)])
  const [xsLeaves, xsShape] = flattenArguments(op, [liftArguments(xs ?? [])])
  const n = lengthOf(xsLeaves, length)
  const slices = xsLeaves.map(x => ({ shape: x.shape.slice(1), dtype: x.dtype }))
  const shape = { tag: 'array' as const, items: [...itemsOf(carryShape), ...itemsOf(xsShape)] }
  const step = (carry: unknown, x: unknown): unknown => {
    const y = f(carry, x)
    checkPromise(op, y)
    return pairOf(y)
  }
  const after = (carry: readonly Tensor[]) =>
    outputTypes(recordBody(op, step, shape, [...typesOf(carry), ...slices], carry).program)
  const carryLeaves = settleCarry(op, first, after)
  const { program, captured, outShape } = recordBody(op, step, shape, [...typesOf(carryLeaves), ...slices])
  const start = unflatten<readonly unknown[]>(carryShape, carryLeaves)[0]
  checkCarry(op, start, itemsOf(outShape)[0] as TreeShape, outputTypes(program))
  const params = { body: program, carry: carryLeaves.length, xs: xsLeaves.length, length: n, reverse, unroll }
  const results = bind(scanOp, params, ...carryLeaves, ...xsLeaves, ...captured)
  return unflatten<readonly [unknown, unknown]>(outShape, results)
}

const itemsOf = (shape: TreeShape): readonly TreeShape[] => (shape.tag === 'array' ? shape.items : [shape])

/** A tree with an axis more in front of each leaf. */
type Slices<X> = X extends TensorLike ? Tensor : { readonly [K in keyof X]: Slices<X[K]> }

/**
 * A step repeated over the slices of xs along their first axis: f(carry, x) -> [carry, y], from a first carry to
 * [last carry, all y stacked]. Carry, xs and ys are trees. The body is traced once.
 *
 * As `jax.lax.scan`. `reverse` goes from the last slice to the first, and leaves each y at the place of its x. Without xs,
 * `length` says how often. Reverse mode keeps every carry; wrap the body in `checkpoint` to keep less.
 * @throws ShapeError or TreeError when the carry changes shape, dtype or structure, or lengths differ; TraceError when the body
 *   reads a value or returns a promise
 * @example
 * const [total, sums] = scan((s: Tensor, v: Tensor) => [add(s, v), add(s, v)])(0, tensor([1, 2, 3]))
 * sums // [1, 3, 6]
 */
export const scan =
  <C, X, const R extends readonly [C, unknown]>(f: (carry: C, x: X) => R, options: ScanOptions = {}) =>
  (init: NoInfer<Argument<C>>, xs?: Slices<X>): readonly [C, Slices<R[1]>] =>
    scanTrees('scan', f as (carry: unknown, x: unknown) => unknown, options, init, xs) as readonly [C, Slices<R[1]>]

/**
 * body(i, value) for i from `lower` to before `upper`, from a first value: a scan when the bounds are numbers, so that it has
 * both derivatives. As `jax.lax.fori_loop`. For bounds that are tensors, use `whileLoop`.
 * @throws ValueError unless the bounds are whole numbers; ShapeError or TreeError when the value changes shape, dtype or structure
 * @example
 * foriLoop(0, 3, (i, x: Tensor) => mul(x, 2))(1) // 8
 */
export const foriLoop =
  <C, const R extends C>(lower: number, upper: number, body: (i: Tensor<readonly []>, value: C) => R) =>
  (init: NoInfer<Argument<C>>): C => {
    const bounds = [lower, upper]
    const wrong = bounds.findIndex(n => isTensor(n) || !Number.isInteger(n))
    if (wrong >= 0)
      return fail(
        valueError('foriLoop', `bounds are whole numbers, got ${describe(bounds[wrong])}; for tensors use whileLoop`),
      )
    requireFunction('foriLoop', body)
    const step = (value: unknown, i: unknown): unknown => [body(i as Tensor<readonly []>, value as C), []]
    const count = upper > lower ? arange(lower, upper) : zeros([0], { dtype: 'int32' })
    return scanTrees('foriLoop', step, {}, init, count)[0] as C
  }
