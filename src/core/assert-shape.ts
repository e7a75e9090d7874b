/**
 * Where an unknown shape becomes a known one: by looking.
 *
 * Layer: core. Read next: shape-types.ts.
 */
import { describe, fail, shapeError, valueError } from './errors.ts'
import { dim, type Shape, showShape } from './shape.ts'
import type { Check, Dim, SameShape, ShapeOf } from './shape-types.ts'
import { requireTensor } from './tensor.ts'
import type { Tensor } from './types.ts'

/** What a shape should be: a size, a name for one, or `null` for any. */
export type ShapePattern = readonly (number | string | null)[]

/** The shape that a pattern stands for. */
type Matching<P extends ShapePattern> = {
  readonly [K in keyof P]: P[K] extends number ? P[K] : P[K] extends string ? Dim<P[K]> : number
}

/** Whether every size is the one that the pattern has there, and equal names have equal sizes. */
const matches = (pattern: ShapePattern, shape: Shape): boolean =>
  pattern.length === shape.length &&
  pattern.every((p, i) => (typeof p === 'string' ? shape[pattern.indexOf(p)] : (p ?? dim(shape, i))) === shape[i])

/**
 * The tensor itself, if it has the shape: sizes, names of sizes that may be any but are the same under the same name, and `null`
 * for sizes that do not matter. Afterwards the compiler knows the shape too; a name is a `Dim` to it.
 * @throws ShapeError when the shape is another; ValueError for what is no pattern, or no tensor
 * @example
 * assertShape(['batch', 784])(ones([64, 784])) // Tensor<readonly [Dim<'batch'>, 784]>
 */
export const assertShape =
  <const P extends ShapePattern>(pattern: P) =>
  <X extends Tensor>(x: Check<SameShape<'assertShape', 'tensor', Matching<P>, ShapeOf<X>>, X>): Tensor<Matching<P>> => {
    if (!Array.isArray(pattern))
      return fail(valueError('assertShape', `a pattern is a list of sizes, names and null, got ${describe(pattern)}`))
    const found: Tensor = requireTensor('assertShape', x)
    return matches(pattern, found.shape)
      ? (found as Tensor<Matching<P>>)
      : fail(shapeError('assertShape', `expected [${pattern.map(p => p ?? '?')}], got ${showShape(found.shape)}`))
  }
