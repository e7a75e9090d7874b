/**
 * Labels: whether they name classes, and whether there is one for each row of logits.
 *
 * Layer: nn; for losses, and for metrics above them. Read next: softmax.ts.
 */
import { dtypeError, fail, indexError, shapeError } from '../../core/errors.ts'
import { dim, type Shape, sameShape, showShape } from '../../core/shape.ts'
import { asValue, cellOf, showType } from '../../core/tensor.ts'
import type { Tensor } from '../../core/types.ts'

const positionOf = (i: number, shape: Shape): string => {
  let rest = i
  const index = [...shape].reverse().map(n => {
    const at = rest % n
    rest = Math.floor(rest / n)
    return at
  })
  return index.reverse().join(',')
}

/**
 * Labels as they are, if those that can be read name classes. Under a transformation of the labels there is nothing to read.
 * @throws IndexError naming the label, its position and the number of classes; DtypeError unless the labels are int32
 */
export const checkLabels = (op: string, labels: Tensor, classes: number): Tensor => {
  if (labels.dtype !== 'int32')
    return fail(dtypeError(op, `labels must be int32, got ${showType(labels)}; convert with cast('int32')`))
  if (asValue(labels).tag !== 'concrete') return labels
  const values = cellOf(labels)
  const wrong = values.findIndex((label: number) => label < 0 || label >= classes)
  if (wrong < 0) return labels
  const where = positionOf(wrong, labels.shape)
  const range = `the ${classes} classes 0 to ${classes - 1}`
  return fail(indexError(op, `label ${values[wrong]} at position ${where} is none of ${range}`))
}

/** The labels of logits [..., classes], with one label for each row. */
export const labelsOf = (op: string, logits: Tensor, labels: Tensor): Tensor => {
  const rows = logits.shape.slice(0, -1)
  if (logits.shape.length === 0 || !sameShape(rows, labels.shape))
    return fail(shapeError(op, `logits ${showShape(logits.shape)} and labels ${showShape(labels.shape)} do not fit`))
  return checkLabels(op, labels, dim(logits.shape, rows.length))
}
