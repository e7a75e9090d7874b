/**
 * vmap: a function of one example made one of a batch.
 *
 * Layer: transform. A tracer carries a tensor whose batch axis is in front; each op's batching rule keeps it there.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { axisError, fail, orThrow, shapeError, treeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { checkOutputs, type Flat } from '../core/program.ts'
import { dim, normalizeAxis, showShape } from '../core/shape.ts'
import type { IsUnion, Resolved, ShapeOf, TensorLike, WithBatch } from '../core/shape-types.ts'
import { typeOf } from '../core/tensor.ts'
import { withTrace } from '../core/trace.ts'
import { flattenWithPaths, type TreeShape, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { moveAxis, withBatch } from '../ops/movement.ts'
import { type Argument, flattenFunction, liftArguments } from './arguments.ts'

/** The axis that is the batch, `null` for none; one for a whole tree, or a tree of them. */
export type BatchAxes = number | null | readonly BatchAxes[] | { readonly [key: string]: BatchAxes }

/** Where the batch axis is in the arguments (0 in all of them by default) and in the results (0). */
export type VmapOptions<
  In extends number | readonly BatchAxes[] = number | readonly BatchAxes[],
  Out extends BatchAxes = BatchAxes,
> = { readonly inAxes?: In; readonly outAxes?: Out }

/** The axes of a part of a tree: one for all parts, or its own. */
type AxesIn<Axes, K> = Axes extends number | null ? Axes : K extends keyof Axes ? Axes[K] : number

/** A tree of batches of N: like T, with the batch axis at each leaf. */
type Batch<T, N extends number, Axes> = [T] extends [TensorLike]
  ? Tensor<Resolved<WithBatch<ShapeOf<T>, N, Axes>>>
  : { readonly [K in keyof T]: Batch<T[K], N, AxesIn<Axes, K>> }

/** The arguments of a mapped function, whose batches must be of one size: the compiler would take two for a union. */
type Batches<Args extends readonly unknown[], N extends number, In> = {
  readonly [K in keyof Args]: IsUnion<N> extends true
    ? `vmap: batch axes differ in size: one is ${N}`
    : Argument<Batch<Args[K], N, AxesIn<In, K>>>
}

/** A function of batches. */
type Mapped<Args extends readonly unknown[], Y, In, Out> = <const N extends number>(
  ...args: Batches<Args, N, In>
) => Batch<Y, N, Out>

/** Spreads axes given for subtrees over the leaves. */
const spread = (what: string, axes: BatchAxes, shape: TreeShape): readonly (number | null)[] => {
  if (axes === null || typeof axes === 'number') return leavesOf(shape).map(() => axes)
  if (shape.tag === 'leaf') return fail(treeError('vmap', `${what} has more structure than what it describes`))
  const keys = shape.tag === 'array' ? shape.items.map((_, i) => String(i)) : shape.keys
  const given = Object.keys(axes)
  if (given.length !== keys.length || keys.some(key => !given.includes(key)))
    return fail(treeError('vmap', `${what} names [${given}] where there are [${keys}]`))
  return shape.items.flatMap((item, i) =>
    spread(what, (axes as { readonly [key: string]: BatchAxes })[keys[i] ?? ''] ?? null, item),
  )
}

const leavesOf = (shape: TreeShape): readonly null[] => (shape.tag === 'leaf' ? [null] : shape.items.flatMap(leavesOf))

/** The common size of the batch axes. */
const batchSize = (args: unknown, xs: readonly Tensor[], axes: readonly (number | null)[]): number => {
  const [leaves] = flattenWithPaths(args)
  const found = xs.flatMap((x, i) => {
    const axis = axes[i] ?? null
    if (axis === null) return []
    const name = `argument${leaves[i]?.path}`
    const at = normalizeAxis('vmap', axis, x.shape.length)
    if (isLeft(at))
      return fail(axisError('vmap', `${name} is ${showShape(x.shape)}, which has no axis ${axis} to map over`))
    return [{ size: dim(x.shape, at.right), text: `${dim(x.shape, at.right)} in ${name} ${showShape(x.shape)}` }]
  })
  const [first] = found
  if (first === undefined)
    return fail(treeError('vmap', 'no argument has a batch axis: give at least one an axis in inAxes'))
  const other = found.find(({ size }) => size !== first.size)
  return other === undefined
    ? first.size
    : fail(shapeError('vmap', `batch axes differ in size: ${first.text}, ${other.text}`))
}

/** A result, whose batch axis is in front if it has one. */
export type BatchResult = { readonly value: Tensor; readonly batched: boolean }

/** `vmap` on flat lists: inputs of which some have a batch axis of a given size in front. */
export const vmapFlat = (
  f: Flat,
  inputs: readonly Tensor[],
  mapped: readonly boolean[],
  size: number,
): readonly BatchResult[] =>
  withTrace<Tensor, readonly BatchResult[]>(
    'vmap',
    scope => (op, params, operands, outs) => {
      const carried = operands.map(scope.open)
      const values = operands.map((x, i) => carried[i] ?? x)
      const batched = carried.map(c => c !== undefined)
      return op.batch(params, values, batched, size).map((y, i) => scope.wrap(outs[i] ?? typeOf(y), y, null))
    },
    scope => {
      const slices = inputs.map((x, i) =>
        mapped[i] ? scope.wrap({ shape: x.shape.slice(1), dtype: x.dtype }, x, null) : x,
      )
      return checkOutputs('vmap', f(...slices)).map(y => {
        const value = scope.open(y)
        return { value: value ?? y, batched: value !== undefined }
      })
    },
  )

/**
 * f applied to every slice along a batch axis at once: the same result as a loop, in batched ops.
 *
 * `inAxes` says where the batch axis of each argument is: one number for all, or a list with a number, null (the argument is
 * shared) or a tree of them for each. `outAxes` says where it goes in the results; null for one
 * that is the same for the whole batch.
 * @throws ShapeError when batch axes differ in size; AxisError when one is out of range; TreeError for axes that do not fit
 * @example
 * vmap(dot)(x, y) // [2,3], [2,3] -> [2]
 * vmap((w: Tensor, x: Tensor) => matmul(x, w), { inAxes: [null, 0] })(params.w, inputs) // [3,10], [4,3] -> [4,10]
 */
export const vmap = <
  Args extends readonly unknown[],
  Y,
  const In extends number | readonly BatchAxes[] = 0,
  const Out extends BatchAxes = 0,
>(
  f: (...args: Args) => Y,
  options: VmapOptions<In, Out> = {},
) =>
  ((...args: readonly unknown[]): unknown => {
    const { inAxes = 0, outAxes = 0 }: VmapOptions = requireOptions('vmap', options, ['inAxes', 'outAxes'])
    const lifted = liftArguments(args)
    const [xs, shape] = tensorsOf('vmap', 'argument', lifted)
    const axes = spread('inAxes', inAxes, shape)
    const size = batchSize(lifted, xs, axes)
    const { flat, outShape } = flattenFunction('vmap', f as (...args: readonly unknown[]) => unknown, shape)
    const inputs = xs.map((x, i) => (axes[i] == null ? x : moveAxis(axes[i] ?? 0, 0)(x)))
    const ys = vmapFlat(
      flat,
      inputs,
      axes.map(axis => axis !== null),
      size,
    )
    const places = spread('outAxes', outAxes, outShape())
    return unflatten(
      outShape(),
      ys.map(({ value, batched }, i) => {
        const axis = places[i] ?? null
        if (axis === null && batched)
          return fail(
            treeError(
              'vmap',
              `outAxes is null for result ${i}, which differs along the batch: say where its batch axis goes`,
            ),
          )
        if (axis === null) return value
        const y = withBatch(value, batched, size)
        return moveAxis(0, orThrow(normalizeAxis('vmap', axis, y.shape.length)))(y)
      }),
    )
  }) as unknown as Mapped<Args, Y, In, Out>
