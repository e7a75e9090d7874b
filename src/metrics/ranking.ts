/**
 * How well scores rank what is true above what is not: the ROC curve, the area under it, average precision. They read data.
 *
 * Layer: metrics. Equal scores are one threshold, so that no order among them is invented.
 */
import { describe, dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, sameShape, showShape } from '../core/shape.ts'
import { cellOf, isTensor, item, requireTensors, showType } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { checkLabels } from '../nn/losses/labels.ts'
import { cast, eq } from '../ops/comparison.ts'
import type { NotTensor } from '../ops/define.ts'
import { reshape } from '../ops/movement.ts'
import { sum } from '../ops/reduction.ts'
import { slice } from '../ops/slicing.ts'

/** How many of the samples with at least this score are true, and how many are not. */
type Threshold = { readonly score: number; readonly hits: number; readonly misses: number }

const checked = (op: string, labels: Tensor, scores: Tensor): Tensor => {
  requireTensors(op, labels, scores)
  if (labels.shape.length !== 1 || !sameShape(labels.shape, scores.shape))
    return fail(
      shapeError(
        op,
        `needs a score for each label, got labels ${showShape(labels.shape)} and scores ${showShape(scores.shape)}`,
      ),
    )
  if (scores.dtype === 'bool') return fail(dtypeError(op, `scores must be numbers, got ${showType(scores)}`))
  if (cellOf(scores).some((x: number) => Number.isNaN(x)))
    return fail(valueError(op, 'a score is NaN, which has no rank'))
  return checkLabels(op, labels.dtype === 'bool' ? cast('int32')(labels) : labels, 2)
}

/** From the highest score down, one for each score that occurs. */
const thresholdsOf = (op: string, labels: Tensor, scores: Tensor): readonly Threshold[] => {
  const truth = cellOf(checked(op, labels, scores))
  const values = cellOf(scores)
  const order = Array.from(values, (_, i) => i).sort((a, b) =>
    (values[a] ?? 0) < (values[b] ?? 0) ? 1 : (values[a] ?? 0) > (values[b] ?? 0) ? -1 : 0,
  )
  const found: Threshold[] = []
  let [hits, misses] = [0, 0]
  order.forEach((at, i) => {
    if (truth[at] === 1) hits += 1
    else misses += 1
    const next = order[i + 1]
    if (next === undefined || values[next] !== values[at]) found.push({ score: values[at] ?? 0, hits, misses })
  })
  return found
}

const lastOf = (thresholds: readonly Threshold[]): Threshold => thresholds.at(-1) ?? { score: 0, hits: 0, misses: 0 }

/** Points of a ROC curve from (0, 0) to (1, 1): what is called true at each threshold and above. */
export type RocCurve = {
  readonly falsePositiveRate: readonly number[]
  readonly truePositiveRate: readonly number[]
  /** From Infinity, where nothing is called true, down. */
  readonly thresholds: readonly number[]
}

const curveOf = (op: string, labels: Tensor, scores: Tensor): RocCurve => {
  const found = thresholdsOf(op, labels, scores)
  const { hits, misses } = lastOf(found)
  if (hits === 0 || misses === 0)
    return fail(valueError(op, `needs labels of both kinds, got ${hits} that are true and ${misses} that are not`))
  return {
    falsePositiveRate: [0, ...found.map(t => t.misses / misses)],
    truePositiveRate: [0, ...found.map(t => t.hits / hits)],
    thresholds: [Infinity, ...found.map(t => t.score)],
  }
}

/**
 * The receiver operating characteristic, a point for each score that occurs: labels: int32 0 or 1, or bool, [n], scores: [n], higher
 * for what is more likely true -> lists of numbers.
 * @throws ValueError when labels are all alike, or a score is NaN; IndexError for a label other than 0 and 1; ShapeError; DtypeError
 * @example
 * rocCurve(tensor([true, false]), tensor([0.9, 0.5])).truePositiveRate // [0, 1, 1]
 */
export const rocCurve = (labels: Tensor, scores: Tensor): RocCurve => curveOf('rocCurve', labels, scores)

const areaOf = ({ falsePositiveRate: x, truePositiveRate: y }: RocCurve): number =>
  x.reduce((sum, at, i) => (i === 0 ? 0 : sum + ((at - (x[i - 1] ?? 0)) * ((y[i] ?? 0) + (y[i - 1] ?? 0))) / 2), 0)

/** Options of `rocAuc` for several classes: `macro` (the default) weighs them equally, `weighted` by how often they occur. */
export type RocAucOptions = { readonly average?: 'macro' | 'weighted' } & NotTensor

/** The area of each class against the rest, and how often it occurs. */
const byClass = (labels: Tensor, scores: Tensor): readonly (readonly [area: number, support: number])[] => {
  const classes = dim(scores.shape, 1)
  const known = checkLabels('rocAuc', labels, classes)
  return Array.from({ length: classes }, (_, k) => {
    const own = cast('int32')(eq(known, k)) as Tensor
    const column = reshape([-1])(slice([null, [k, k + 1]])(scores)) as Tensor
    const support = item(sum(own)) as number
    if (support === 0) return fail(valueError('rocAuc', `class ${k} does not occur, so that it has no area`))
    return [areaOf(curveOf('rocAuc', own, column)), support] as const
  })
}

const rocAucOf = ({ average = 'macro' }: RocAucOptions, labels: Tensor, scores: Tensor): number => {
  requireTensors('rocAuc', labels, scores)
  if (average !== 'macro' && average !== 'weighted')
    return fail(valueError('rocAuc', `average must be 'macro' or 'weighted', got ${describe(average)}`))
  if (scores.shape.length !== 2) return areaOf(curveOf('rocAuc', labels, scores))
  if (labels.shape.length !== 1 || labels.shape[0] !== scores.shape[0])
    return fail(
      shapeError(
        'rocAuc',
        `needs a row of scores for each label, got labels ${showShape(labels.shape)} and scores ${showShape(scores.shape)}`,
      ),
    )
  const weighed = byClass(labels, scores).map(([area, n]) => [area, average === 'macro' ? 1 : n] as const)
  return weighed.reduce((sum, [area, w]) => sum + area * w, 0) / weighed.reduce((sum, [, w]) => sum + w, 0)
}

interface RocAuc {
  (options: RocAucOptions): (labels: Tensor, scores: Tensor) => number
  (labels: Tensor, scores: Tensor): number
}

/**
 * The area under the ROC curve: how likely what is true has a higher score than what is not, ties counting half. Exact.
 *
 * labels: int32 0 or 1, or bool, [n], with scores: [n]; or labels: int32 [n] with scores: [n, classes], for the mean over classes, each
 * against the rest (Provost and Domingos, 2000). From 0 to 1, 0.5 as by chance.
 * @throws ValueError when labels are all alike, a class does not occur, or a score is NaN; IndexError for a label that is no class;
 *   ShapeError; DtypeError
 * @example
 * rocAuc(tensor([true, false, true]), tensor([0.9, 0.5, 0.5])) // 0.75
 */
export const rocAuc: RocAuc = ((...args: readonly unknown[]) => {
  const [first, second] = args
  if (isTensor(first)) return rocAucOf({}, first, second as Tensor)
  if (args.length > 1) requireTensors('rocAuc', ...args)
  const options = requireOptions('rocAuc', first as RocAucOptions, ['average'])
  return (labels: Tensor, scores: Tensor) => rocAucOf(options, labels, scores)
}) as RocAuc

/**
 * Σ (recall - recall before) · precision over the scores that occur, from the highest down: the area under the precision-recall curve
 * as steps. labels: int32 0 or 1, or bool, [n], scores: [n]. From 0 to 1.
 * @throws ValueError when nothing is true (scikit-learn: 0 and a warning), or a score is NaN; otherwise as `rocCurve`
 * @example
 * averagePrecision(tensor([true, false, true]), tensor([0.9, 0.8, 0.3])) // 0.8333333333333333
 */
export const averagePrecision = (labels: Tensor, scores: Tensor): number => {
  const found = thresholdsOf('averagePrecision', labels, scores)
  const { hits: all } = lastOf(found)
  if (all === 0) return fail(valueError('averagePrecision', 'needs at least one label that is true'))
  return found.reduce((sum, { hits, misses }, i) => {
    const before = found[i - 1]?.hits ?? 0
    return sum + ((hits - before) / all) * (hits / (hits + misses))
  }, 0)
}
