/**
 * Rows whose dear values are computed once, though a reduction and what comes after it both need them.
 *
 * Layer: backend. A nest has no memory for what stages compute at each point; but a result that is stored there comes last of all, so
 * that its place is free until then. Read next: nest/rows.ts, which stores them.
 */
import { type Expr, linearise } from '../../../core/kernel.ts'
import { type Shape, sameShape } from '../../../core/shape.ts'
import { canonical, noNodes } from '../expr/graph.ts'
import { costOf } from './cost.ts'
import { type Inputs, type Job, type Reduction, stagesIn } from './job.ts'

/** Nanoseconds from which on a value is rather stored and read again than computed again. */
const DEAR = 1

/** Whether the result of a reduction has part in an expression, itself or through others. */
const waitsFor = ({ reductions }: Job, { stage }: Reduction): ((expr: Expr) => boolean) => {
  const waiting = new Set<Expr>([stage])
  const waits = (expr: Expr): boolean => [...stagesIn([expr])].some(read => waiting.has(read))
  for (const { stage: other, expr } of reductions) if (waits(expr)) waiting.add(other)
  return waits
}

/**
 * The job with what is dear to compute at each point of a row computed once, as the numerators of a softmax: it is kept where a result
 * of the row will be, and is read there by what comes after.
 */
export const keeping = (job: Job, inputs: Inputs): Job => {
  for (const first of job.reductions) {
    const { expr, axes } = first
    if (costOf([expr], true) < DEAR) continue
    const room = job.results.find(result => sameShape(result.axes, axes) && result.expr.dtype === expr.dtype)
    const reads = job.results.some(result => sameShape(result.axes, axes) && linearise([result.expr]).includes(expr))
    if (room === undefined || !reads) continue
    const again = inputs.reread(room.memory, expr.dtype, [...job.axes, ...axes])
    const [waits, known] = [waitsFor(job, first), noNodes()]
    const put = <A extends { readonly axes: Shape; readonly expr: Expr }>(of: A): A =>
      sameShape(of.axes, axes)
        ? { ...of, expr: canonical([of.expr], node => (node === expr ? again : node), known)[0] ?? of.expr }
        : of
    return {
      axes: job.axes,
      reductions: job.reductions.map(of =>
        of === first ? { ...of, keep: room.memory } : waits(of.expr) ? put(of) : of,
      ),
      results: job.results.map(put),
    }
  }
  return job
}
