/**
 * associativeScan: all prefixes of an associative operation in logarithmic depth.
 *
 * Layer: transform. A composition of ops, which has its derivatives and batching from them. Blelloch (1990), "Prefix sums and
 * their applications": pairs are combined, the prefixes of the pairs found, and the places between filled in.
 */
import { fail, orThrow, shapeError, treeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, normalizeAxis, range, showShape } from '../core/shape.ts'
import { flatten, sameTree, tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { stack } from '../ops/arrange.ts'
import { reshape } from '../ops/movement.ts'
import { concat, flip, slice } from '../ops/slicing.ts'
import { requireFunction, type TensorTree } from './arguments.ts'

type Combine = (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tensor[]

const part = (axis: number, from: number, to: number, step: number, x: Tensor): Tensor =>
  slice(range(0, axis + 1).map(i => (i === axis ? ([from, to, step] as const) : null)))(x)

/** a₀ b₀ a₁ b₁ … along an axis; the first list is as long as the second, or one longer. */
const interleave = (axis: number, a: Tensor, b: Tensor): Tensor => {
  const n = dim(b.shape, axis)
  const pairs: Tensor = stack({ axis: axis + 1 })([part(axis, 0, n, 1, a), b])
  const merged = reshape(a.shape.map((size, i) => (i === axis ? 2 * n : size)))(pairs)
  const rest = dim(a.shape, axis)
  return rest > n ? concat({ axis })([merged, part(axis, n, rest, 1, a)]) : merged
}

const prefixes = (combine: Combine, axis: number, xs: readonly Tensor[]): readonly Tensor[] => {
  const n = dim((xs[0] as Tensor).shape, axis)
  if (n < 2) return xs
  const take = (from: number, to: number, all: readonly Tensor[], step = 1): readonly Tensor[] =>
    all.map(x => part(axis, from, to, step, x))
  const odd = prefixes(combine, axis, combine(take(0, n - 1, xs, 2), take(1, n, xs, 2)))
  const count = dim((odd[0] as Tensor).shape, axis)
  // The prefix that ends at an even place is the one before it, and that element.
  const evens = take(2, n, xs, 2)
  const between = evens.length > 0 && n > 2 ? combine(take(0, n % 2 === 0 ? count - 1 : count, odd), evens) : []
  return xs.map((x, i) => {
    const first = part(axis, 0, 1, 1, x)
    const even = between[i] === undefined ? first : concat({ axis })([first, between[i]])
    return interleave(axis, even, odd[i] as Tensor)
  })
}

/** `axis` is that along which elements are combined (0); `reverse` combines from the end. */
export type AssociativeScanOptions = { readonly axis?: number; readonly reverse?: boolean }

/**
 * All prefixes x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), … of an associative operation along an axis of a tree of tensors, in about
 * 2·log₂ n calls of f, each on many elements at once: f must work elementwise along that axis. With `reverse`, suffixes.
 *
 * As `jax.lax.associative_scan`. Where f is not associative the result is not that of a loop.
 * @throws ShapeError when leaves differ in size along the axis; AxisError; TreeError when f changes the structure
 * @example
 * associativeScan(add)(tensor([1, 2, 3, 4])) // [1, 3, 6, 10]
 */
export const associativeScan =
  <T>(f: (a: T, b: T) => unknown, options: AssociativeScanOptions = {}) =>
  (elements: T): TensorTree<T> => {
    const { axis = 0, reverse = false } = requireOptions('associativeScan', options, ['axis', 'reverse'])
    requireFunction('associativeScan', f)
    const [leaves, shape] = tensorsOf('associativeScan', 'elements', elements)
    const [first] = leaves
    if (first === undefined) return unflatten<TensorTree<T>>(shape, [])
    const axes = leaves.map(x => orThrow(normalizeAxis('associativeScan', axis, x.shape.length)))
    const at = axes[0] ?? 0
    const other = leaves.find((x, i) => axes[i] !== at || dim(x.shape, at) !== dim(first.shape, at))
    if (other !== undefined)
      fail(
        shapeError(
          'associativeScan',
          `leaves differ along axis ${axis}: ${showShape(first.shape)} and ${showShape(other.shape)}`,
        ),
      )
    const combine: Combine = (a, b) => {
      const y = f(unflatten<T>(shape, a), unflatten<T>(shape, b))
      sameTree('associativeScan', shape, flatten(y)[1])
      const results = tensorsOf('associativeScan', 'result', y)[0]
      results.forEach((r, i) => {
        if (showShape(r.shape) !== showShape((a[i] as Tensor).shape))
          fail(
            treeError(
              'associativeScan',
              `the function made ${showShape(r.shape)} of ${showShape((a[i] as Tensor).shape)}: it must work elementwise`,
            ),
          )
      })
      return results
    }
    const turned = (xs: readonly Tensor[]): readonly Tensor[] =>
      reverse ? xs.map(x => flip({ axis: at })(x) as Tensor) : xs
    return unflatten<TensorTree<T>>(shape, turned(prefixes(combine, at, turned(leaves))))
  }
