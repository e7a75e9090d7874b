/**
 * Weak scalars: numbers that have become tensors, and still take the dtype of the tensors beside them.
 *
 * Layer: core. `add(x, 0.1)` makes a scalar of x's dtype of the number. A transformation has to hand the function a tensor: a float32
 * one, which remembers here what it is in other dtypes, as long as no op has used it. Read next: ops/define.ts (`lift`).
 */
import { type Dtype, isFloat } from './dtype.ts'
import { dtypeError, fail } from './errors.ts'
import { asValue, scalar, scalarLike, withShape } from './tensor.ts'
import type { Tensor } from './types.ts'

/** A scalar in another dtype, for an op. */
type Otherwise = (op: string, dtype: Dtype) => Tensor

const otherwise = new WeakMap<Tensor, Otherwise>()

/** x, which is another tensor beside tensors of another dtype. */
export const weakly = (x: Tensor, as: Otherwise): Tensor => {
  otherwise.set(x, as)
  return x
}

/** Whether a tensor stands for a number. */
export const isWeak = (x: Tensor): boolean => otherwise.has(x)

/** x, which is weak if `like` is: in another float dtype it is what `of` makes of that, in others the same as that. */
export const weakAs = (x: Tensor, like: Tensor, of: (other: Tensor) => Tensor): Tensor =>
  isWeak(like)
    ? weakly(x, (op, dtype) => {
        const other = beside(op, like, dtype)
        return isFloat(dtype) ? of(other) : other
      })
    : x

/** What x is beside tensors of a dtype: itself, unless it is weak. */
export const beside = (op: string, x: Tensor, dtype: Dtype): Tensor =>
  x.dtype === dtype ? x : (otherwise.get(x)?.(op, dtype) ?? x)

/** A tensor of the same values that stands for no number. */
export const strong = (x: Tensor): Tensor => {
  const value = asValue(x)
  return isWeak(x) && value.tag === 'concrete' ? withShape(value, value.shape) : x
}

/** A number or boolean as a scalar of a dtype that it fits. */
export const numberAs = (op: string, value: number | boolean, dtype: Dtype): Tensor => {
  const misfit = (advice: string): never =>
    fail(dtypeError(op, `${value} does not fit a tensor of ${dtype}: ${advice}`))
  if (typeof value === 'boolean') return dtype === 'bool' ? scalar(value) : misfit('write 1 or 0')
  if (dtype === 'bool') return misfit(`write true or false, or cast the tensor, cast('float32')(x)`)
  if (dtype === 'int32' && (value | 0) !== value) return misfit(`cast the tensor first, cast('float32')(x)`)
  return scalarLike(value, dtype)
}

/** A number as a weak scalar, a boolean as a scalar. */
export const weakScalar = (value: number | boolean): Tensor =>
  typeof value === 'boolean' ? scalar(value) : weakly(scalar(value), (op, dtype) => numberAs(op, value, dtype))
