/**
 * Nests as jobs: reductions in order, then results; stages without axes are written into the expressions that read them.
 *
 * Layer: backend. A job's inputs and results are places in memory, so that a job may also read and write scratch memory: that is how
 * one nest becomes several. Read next: nest/form.ts.
 */
import { aligned } from '../../../compile/plan.ts'
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import { engineError, fail } from '../../../core/errors.ts'
import { along, convert, type Expr, type Load, linearise, load, type Monoid, type Nest } from '../../../core/kernel.ts'
import { type Shape, sizeOf } from '../../../core/shape.ts'
import type { Slots } from '../emit.ts'
import { canonical, noNodes } from '../expr/graph.ts'

/** A buffer: the address in a word of the frame, plus some bytes. The same memory is the same object. */
export type Memory = { readonly word: number; readonly offset: number }

/** The word that stands for the module's data. */
export const DATA = -1

/**
 * What is combined over `axes` at each outer point; `stage` is the leaf that stands for the result. Where there is memory to `keep` it in,
 * the value at each point is stored there.
 */
export type Reduction = {
  readonly axes: Shape
  readonly monoid: Monoid
  readonly expr: Expr
  readonly dtype: Dtype
  readonly stage: Expr & { readonly tag: 'stage' }
  readonly keep?: Memory
}

/** What is stored at each outer point, or at each point of the outer axes and `axes`. */
export type Result = { readonly axes: Shape; readonly expr: Expr; readonly memory: Memory }

/** Outer axes, what is combined there in this order, and what is stored there then. */
export type Job = {
  readonly axes: Shape
  readonly reductions: readonly Reduction[]
  readonly results: readonly Result[]
}

/** The stages whose results an expression reads. */
export const stagesIn = (exprs: readonly Expr[]): ReadonlySet<Expr> =>
  new Set(linearise(exprs).filter(({ tag }) => tag === 'stage'))

/** A reduction in terms that its loops know: what is combined has the dtype of the result. */
const normalised = (reduction: Reduction): Reduction => {
  const { monoid, expr, dtype } = reduction
  if (monoid === 'argMax' || monoid === 'argMin')
    return expr.dtype === 'bool' ? { ...reduction, expr: convert('int32', expr) } : reduction
  if (monoid === 'and' || monoid === 'or') return { ...reduction, expr: convert('bool', expr) }
  const same = { ...reduction, expr: convert(dtype, expr) }
  if (dtype !== 'bool') return same
  return { ...same, monoid: monoid === 'sum' || monoid === 'max' ? 'or' : 'and' }
}

/** Only the reductions that are read, directly or by others that are. */
const needed = (reductions: readonly Reduction[], results: readonly Result[]): readonly Reduction[] => {
  const read = new Set(stagesIn(results.map(({ expr }) => expr)))
  const kept = reductions.toReversed().filter(({ stage, expr }) => {
    if (!read.has(stage)) return false
    for (const other of stagesIn([expr])) read.add(other)
    return true
  })
  return kept.reverse()
}

/** The job of a nest. */
export const jobOf = (nest: Nest, { outputs }: Slots): Job => {
  const known = noNodes()
  const values: Expr[] = []
  const reductions: Reduction[] = []
  const replace = (node: Expr): Expr => (node.tag === 'stage' ? (values[node.stage] ?? node) : node)
  nest.stages.forEach((stage, number) => {
    const [expr = stage.expr] = canonical([stage.expr], replace, known)
    if (stage.tag === 'map') {
      values.push(expr)
      return
    }
    const leaf = { tag: 'stage', dtype: stage.dtype, stage: number } as const
    values.push(leaf)
    // Without axes there is one point: as over one axis of size 1.
    reductions.push(normalised({ ...stage, axes: stage.axes.length === 0 ? [1] : stage.axes, expr, stage: leaf }))
  })
  const results = nest.outputs.map((number, i): Result => {
    const stage = nest.stages[number]
    const axes = stage?.tag === 'map' ? stage.axes : []
    return { axes, expr: values[number] as Expr, memory: { word: outputs[i] ?? 0, offset: 0 } }
  })
  return { axes: nest.axes, reductions: needed(reductions, results), results }
}

/** Inputs by number: a kernel's own, then what is added in scratch memory. */
export type Inputs = {
  readonly memory: (input: number) => Memory
  /** Some bytes of scratch memory, and the load that reads them back at the outer point. */
  readonly scratch: (
    dtype: Dtype,
    shape: Shape,
    index?: Load['index'],
  ) => { readonly memory: Memory; readonly load: Load }
  /** The load that reads memory of some shape back at the outer point and those of a stage's own axes. */
  readonly reread: (memory: Memory, dtype: Dtype, shape: Shape) => Load
  readonly used: () => number
}

/** The coordinates of the point itself. */
const everywhere = (shape: Shape): Load['index'] => shape.map((_, axis) => along(axis))

/** The inputs of a kernel. */
export const inputsOf = ({ inputs, scratch }: Slots): Inputs => {
  const memories: Memory[] = inputs.map(word => ({ word, offset: 0 }))
  let used = 0
  return {
    memory: input => memories[input] ?? fail(engineError('nest', `there is no input ${input}`)),
    scratch: (dtype, shape, index = everywhere(shape)) => {
      const memory = { word: scratch, offset: used }
      used += aligned(sizeOf(shape) * bytesOf(dtype))
      return { memory, load: load(memories.push(memory) - 1, dtype, shape, index) }
    },
    reread: (memory, dtype, shape) => load(memories.push(memory) - 1, dtype, shape, everywhere(shape)),
    used: () => used,
  }
}
