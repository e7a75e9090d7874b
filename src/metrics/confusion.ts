/**
 * The confusion matrix: how often each class was taken for each. All scores of a classifier follow from it; matrices of
 * batches add up.
 *
 * Layer: metrics. Read next: report.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireList, requireOptions } from '../core/options.ts'
import { sameShape, showShape } from '../core/shape.ts'
import { requireTensor, requireTensors, toArray } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { checkLabels } from '../nn/losses/labels.ts'
import { stack } from '../ops/arrange.ts'
import { ones, zeros } from '../ops/creation.ts'
import { add } from '../ops/elementwise.ts'
import { scatterAdd } from '../ops/scatter.ts'

/**
 * Counts by label (row) and prediction (column): labels, predictions: int32 [n] -> int32 [classes, classes].
 * Row sums are how often each class occurs, column sums how often it was predicted, the diagonal what was right.
 * @throws IndexError for a label or prediction that is no class, naming it and its position; ShapeError when there are not as
 *   many of both; DtypeError unless both are int32
 * @example
 * confusionMatrix({ classes: 10 })(labels, argmax({ axis: -1 })(logits)) // int32[10,10]
 */
export const confusionMatrix = <const Classes extends number>(options: { readonly classes: Classes }) => {
  const { classes } = requireOptions('confusionMatrix', options, ['classes'], ['classes'])
  return (labels: Tensor, predictions: Tensor): Tensor<readonly [Classes, Classes]> => {
    requireTensors('confusionMatrix', labels, predictions)
    if (!Number.isInteger(classes) || classes < 1)
      return fail(valueError('confusionMatrix', `classes must be a whole number of at least 1, got ${classes}`))
    if (labels.shape.length !== 1 || !sameShape(labels.shape, predictions.shape))
      return fail(
        shapeError(
          'confusionMatrix',
          `needs as many labels as predictions along one axis, got ${showShape(labels.shape)} and ${showShape(predictions.shape)}`,
        ),
      )
    const cells = [labels, predictions].map(x => checkLabels('confusionMatrix', x, classes))
    const int32 = { dtype: 'int32' } as const
    return scatterAdd()(zeros([classes, classes], int32), stack({ axis: 1 })(cells), ones(labels.shape, int32))
  }
}

/**
 * Confusion matrices of disjoint samples together, int32 [classes, classes]; the identity is that of no samples. A state can carry one.
 * @example
 * const { empty, concat } = confusionMonoid({ classes: 3 })
 * concat(empty, confusionMatrix({ classes: 3 })(tensor([2], { dtype: 'int32' }), tensor([1], { dtype: 'int32' }))) // int32[3,3]
 */
export const confusionMonoid = <const Classes extends number>(options: {
  readonly classes: Classes
}): Monoid<Tensor<readonly [Classes, Classes]>> => {
  const { classes } = requireOptions('confusionMonoid', options, ['classes'], ['classes'])
  return {
    empty: zeros([classes, classes], { dtype: 'int32' }) as Tensor<readonly [Classes, Classes]>,
    concat: (a, b) => add(a as Tensor, b as Tensor) as Tensor<readonly [Classes, Classes]>,
  }
}

/** The counts of a confusion matrix as numbers. */
export const countsOf = (op: string, matrix: Tensor): readonly (readonly number[])[] =>
  requireTensor(op, matrix).shape.length === 2 && matrix.shape[0] === matrix.shape[1]
    ? (toArray(matrix) as number[][])
    : fail(shapeError(op, `a confusion matrix is square, got ${showShape(matrix.shape)}`))

/** The name of each class: those given, or else its number. */
export const classNames = (op: string, count: number, names?: readonly string[]): readonly string[] =>
  names === undefined
    ? Array.from({ length: count }, (_, i) => String(i))
    : requireList(op, 'names', names).length === count
      ? names
      : fail(valueError(op, `got ${names.length} names for ${count} classes`))

/** How to name the classes; by their numbers without `names`. */
export type NameOptions = { readonly names?: readonly string[] }

/**
 * A confusion matrix as a table with a row for each label and a column for each prediction.
 * @throws ShapeError unless the matrix is square; ValueError unless there is a name for each class
 */
export const showConfusion = (options: NameOptions = {}) => {
  const { names } = requireOptions('showConfusion', options, ['names'])
  return (matrix: Tensor): string => {
    const counts = countsOf('showConfusion', matrix)
    const heads = classNames('showConfusion', counts.length, names)
    const corner = 'label \\ predicted'
    const first = Math.max(corner.length, ...heads.map(head => head.length))
    const width = Math.max(1, ...heads.map(head => head.length), ...counts.flat().map(n => String(n).length))
    const line = (head: string, cells: readonly (string | number)[]): string =>
      [head.padStart(first), ...cells.map(cell => String(cell).padStart(width))].join('  ')
    return [line(corner, heads), ...counts.map((row, i) => line(heads[i] ?? '', row))].join('\n')
  }
}
