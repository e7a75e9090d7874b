/**
 * What the samplers' options have in common: shapes, dtypes, and parameters that are numbers or tensors.
 *
 * Layer: random.
 */
import type { Dtype, FloatDtype } from '../core/dtype.ts'
import { isFloat } from '../core/dtype.ts'
import { describe, dtypeError, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { type Needs, requireOptions } from '../core/options.ts'
import { broadcastShapes, type Shape, sameShape, showShape, validShape } from '../core/shape.ts'
import { isTensor, scalarLike } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { beside, isWeak } from '../core/weak.ts'

/** A parameter of a distribution: one number, or a tensor that broadcasts to the shape of the draw. */
export type Parameter = number | Tensor

/** The options themselves, of these names; a key in their place is a mistake that types cannot always see. */
export const optionsFirst = <Options extends object>(
  op: string,
  options: Options,
  names: readonly (keyof Options & string)[],
  ...needed: Needs<Options>
): Options =>
  isTensor(options)
    ? fail(valueError(op, `options come first, the key last: ${op}({ … })(key)`))
    : requireOptions(op, options, names, ...needed)

/** A parameter as a tensor of the draw's dtype; numbers are weakly typed, other tensors are not. */
const parameter = (op: string, name: string, given: Parameter, dtype: Dtype): Tensor => {
  const value = isTensor(given) ? beside(op, given, dtype) : given
  if (typeof value === 'number')
    return dtype !== 'int32' || (value | 0) === value
      ? scalarLike(value, dtype)
      : fail(dtypeError(op, `${name} is a whole number between -2147483648 and 2147483647, got ${value}`))
  if (!isTensor(value)) return fail(valueError(op, `${name} is a number or a tensor, got ${describe(value)}`))
  return value.dtype === dtype
    ? value
    : fail(dtypeError(op, `draws ${dtype}, but ${name} is ${value.dtype}; convert it with cast('${dtype}')`))
}

/** The shape of a draw: as given, or else what its parameters broadcast to. */
const drawShape = (op: string, shape: Shape | undefined, parameters: readonly Tensor[]): Shape => {
  const shapes = parameters.map(x => x.shape)
  if (shape === undefined) return orThrow(broadcastShapes(op, ...shapes))
  const all = orThrow(broadcastShapes(op, orThrow(validShape(op, shape)), ...shapes))
  return sameShape(all, shape)
    ? shape
    : fail(shapeError(op, `parameters of shape ${shapes.map(showShape).join(' and ')} do not fit ${showShape(shape)}`))
}

/** The dtype of a float draw: as given, or else that of its first tensor parameter, or float32. */
export const floatDtype = (op: string, dtype: Dtype | undefined, values: readonly Parameter[]): FloatDtype => {
  const found = dtype ?? values.filter(isTensor).find(x => !isWeak(x))?.dtype ?? 'float32'
  return isFloat(found) ? found : fail(dtypeError(op, `draws float32 or float64, not ${describe(found)}`))
}

/** A distribution's parameters, broadcast against the shape of the draw but not to it. */
export const settle = <const Name extends string>(
  op: string,
  dtype: Dtype,
  shape: Shape | undefined,
  parameters: { readonly [name in Name]: Parameter },
): { readonly shape: Shape } & { readonly [name in Name]: Tensor } => {
  const entries = Object.entries<Parameter>(parameters).map(
    ([name, value]) => [name, parameter(op, name, value, dtype)] as const,
  )
  const tensors = Object.fromEntries(entries) as { readonly [name in Name]: Tensor }
  return {
    ...tensors,
    shape: drawShape(
      op,
      shape,
      entries.map(([, value]) => value),
    ),
  }
}
