/**
 * What all losses share: options first or data at once, losses of samples reduced to one number, and checks of arguments.
 *
 * Layer: nn. A loss is written for samples; `lossOf` and `Loss` make the public function of it. Read next: regression.ts.
 */
import { isFloat } from '../../core/dtype.ts'
import { describe, dtypeError, fail, shapeError, valueError } from '../../core/errors.ts'
import { knownOptions } from '../../core/options.ts'
import { type Shape, sameShape, showShape } from '../../core/shape.ts'
import type { Check, SameShape, ShapeOf } from '../../core/shape-types.ts'
import { asValue, cellOf, isTensor, requireTensor, showType } from '../../core/tensor.ts'
import type { Tensor } from '../../core/types.ts'
import { beside } from '../../core/weak.ts'
import { div } from '../../ops/arithmetic.ts'
import { cast, eq, isinf, logicalAnd, where } from '../../ops/comparison.ts'
import type { NotTensor } from '../../ops/define.ts'
import { mul } from '../../ops/elementwise.ts'
import { broadcastTo } from '../../ops/movement.ts'
import { sum } from '../../ops/reduction.ts'
import { mean } from '../../ops/statistics.ts'

/** What becomes of the losses of samples: their mean, their sum, or nothing. */
export type LossReduction = 'mean' | 'sum' | 'none'

/**
 * Options of every loss. `weights` multiply the losses of samples and broadcast to them; the mean is then Σ w · loss / Σ w, as
 * scikit-learn has it (Keras divides by the number of samples).
 */
export type LossOptions<R extends LossReduction = LossReduction> = {
  readonly reduction?: R
  readonly weights?: Tensor
} & NotTensor

/** The shape of a loss when its samples have the shape S. */
export type Reduced<R, S extends Shape> = [R] extends ['none'] ? S : 'none' extends R ? Shape : readonly []

/** The shape of rows: without the last axis. */
export type RowsOf<S extends Shape> = [number] extends [S['length']]
  ? Shape
  : S extends readonly [...infer Rows extends Shape, number]
    ? readonly [...Rows]
    : Shape

/** A loss with a sample for each element: `f(predictions, targets)` or `f(options)(predictions, targets)`. */
export interface Loss<Name extends string, More = unknown> {
  <const R extends LossReduction = 'mean'>(
    options: LossOptions<R> & More,
  ): <P extends Tensor, T extends Tensor>(
    predictions: P,
    targets: Check<SameShape<Name, 'target', ShapeOf<P>, ShapeOf<T>>, T>,
  ) => Tensor<Reduced<R, ShapeOf<P>>>
  <P extends Tensor, T extends Tensor>(
    predictions: P,
    targets: Check<SameShape<Name, 'target', ShapeOf<P>, ShapeOf<T>>, T>,
  ): Tensor<readonly []>
}

/** A `Loss` with a sample for each row: of predictions [..., n] the losses are [...]. */
export interface RowLoss<Name extends string, More = unknown> {
  <const R extends LossReduction = 'mean'>(
    options: LossOptions<R> & More,
  ): <P extends Tensor, T extends Tensor>(
    predictions: P,
    targets: Check<SameShape<Name, 'target', ShapeOf<P>, ShapeOf<T>>, T>,
  ) => Tensor<Reduced<R, RowsOf<ShapeOf<P>>>>
  <P extends Tensor, T extends Tensor>(
    predictions: P,
    targets: Check<SameShape<Name, 'target', ShapeOf<P>, ShapeOf<T>>, T>,
  ): Tensor<readonly []>
}

/**
 * A public loss of `count` tensors from `f`, which gets the options, none of them if they were left out. `more` names those that not all
 * losses have. `F` is its type.
 */
export const lossOf = <Options, F>(
  name: string,
  count: number,
  more: readonly Exclude<keyof Options & string, keyof LossOptions>[],
  f: (options: Partial<Options>, ...data: readonly Tensor[]) => Tensor,
): F => {
  const applied =
    (options: Partial<Options>) =>
    (...data: readonly unknown[]): Tensor => {
      const wrong = data.findIndex(x => !isTensor(x))
      return data.length === count && wrong < 0
        ? f(options, ...(data as readonly Tensor[]))
        : fail(
            valueError(
              name,
              wrong < 0
                ? `takes ${count} tensors, got ${data.length}`
                : `takes tensors, got ${describe(data[wrong])}; options come in a call before: ${name}(options)(…)`,
            ),
          )
    }
  return ((...args: readonly unknown[]) =>
    args.length === 1 && !isTensor(args[0])
      ? applied(
          knownOptions<Partial<Options> & LossOptions>(name, args[0] as Partial<Options>, [
            'reduction',
            'weights',
            ...more,
          ]),
        )
      : applied({})(...args)) as F
}

/** Losses of samples, weighted, as one number or as they are. The mean of no samples, or of weights that sum to 0, is NaN. */
export const reduced = (
  name: string,
  { reduction = 'mean', weights }: Partial<LossOptions>,
  losses: Tensor,
): Tensor => {
  const w = weights === undefined ? undefined : weightsFor(name, weights, losses)
  const weighted: Tensor = w === undefined ? losses : mul(w, losses)
  switch (reduction) {
    case 'none':
      return weighted
    case 'sum':
      return sum(weighted)
    case 'mean':
      return w === undefined ? mean(losses) : div(sum(weighted), sum(w))
    default:
      return fail(valueError(name, `reduction must be 'mean', 'sum' or 'none', got ${describe(reduction)}`))
  }
}

/** Whether a tensor broadcasts to the shape of another. */
export const fits = ({ shape }: Tensor, to: Tensor): boolean => {
  const offset = to.shape.length - shape.length
  return offset >= 0 && shape.every((n, i) => n === 1 || n === to.shape[i + offset])
}

const weightsFor = (name: string, given: Tensor, losses: Tensor): Tensor => {
  const weights = beside(name, requireTensor(name, given, 'weights'), losses.dtype)
  if (weights.dtype !== losses.dtype)
    return fail(dtypeError(name, `weights must be ${losses.dtype} as the losses are, got ${showType(weights)}`))
  return fits(weights, losses)
    ? broadcastTo([...losses.shape])(weights)
    : fail(
        shapeError(name, `weights ${showShape(weights.shape)} do not broadcast to losses ${showShape(losses.shape)}`),
      )
}

/** Predictions, if they are float. */
export const floats = (name: string, what: string, x: Tensor): Tensor =>
  isFloat(x.dtype)
    ? x
    : fail(dtypeError(name, `${what} must be float, got ${showType(x)}; convert with cast('float32')`))

/** Two tensors of one shape and one float dtype. They do not broadcast: [n] beside [n,1] would be n² losses. */
export const pair = (
  name: string,
  [first, second]: readonly [string, string],
  x: Tensor,
  y: Tensor,
): readonly [Tensor, Tensor] => {
  floats(name, first, x)
  if (!sameShape(x.shape, y.shape))
    return fail(shapeError(name, `${first} ${showShape(x.shape)} and ${second} ${showShape(y.shape)} differ`))
  if (x.dtype !== y.dtype)
    return fail(dtypeError(name, `${first} are ${x.dtype} and ${second} ${y.dtype}; convert with cast('${x.dtype}')`))
  return [x, y]
}

/** Targets as the dtype of the predictions: int32 and bool are converted, other floats are a mistake that `pair` reports. */
export const converted = (predictions: Tensor, targets: Tensor): Tensor =>
  isFloat(targets.dtype) ? targets : cast(predictions.dtype)(targets)

/** Targets as they are, if all that can be read are allowed. */
export const allowed = (name: string, targets: Tensor, what: string, test: (x: number) => boolean): Tensor => {
  if (asValue(targets).tag !== 'concrete') return targets
  const wrong = cellOf(targets).find((x: number) => !test(x))
  return wrong === undefined ? targets : fail(valueError(name, `targets must be ${what}, got ${wrong}`))
}

/** An option that is a number, checked. */
export const numberOption = (
  name: string,
  option: string,
  value: number,
  range: string,
  test: (x: number) => boolean,
): number =>
  typeof value === 'number' && test(value)
    ? value
    : fail(valueError(name, `${option} must be ${range}, got ${describe(value)}`))

/** q · x, where 0 · ±∞ is 0: what is not there counts for nothing. */
export const counted = (q: Tensor, x: Tensor): Tensor => mul(q, where(logicalAnd(eq(q, 0), isinf(x)), 0, x))
