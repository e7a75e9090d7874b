/**
 * Nests, stage by stage.
 *
 * Layer: backend. Same meaning as the reference, to the bit: sums too are added up in the reference's order, in float64.
 * Read next: tile.ts, reduce.ts.
 */
import { allocate, type TypedArray } from '../../core/dtype.ts'
import { type Expr, linearise, type Nest, type Stage } from '../../core/kernel.ts'
import { range, type Shape, sizeOf } from '../../core/shape.ts'
import type { Loop } from './address.ts'
import { direct } from './direct.ts'
import { reduceStage } from './reduce.ts'
import { eachTile, type Sources } from './tile.ts'

/** Row-major through all axes. */
const inOrder = (sizes: Shape): Loop => ({ axes: range(0, sizes.length), sizes })

/** Writes the first n values at `at`. The loop over float32, the default, sees one kind of array. */
const store = (out: TypedArray, at: number, values: Float64Array, n: number): void => {
  if (out instanceof Float32Array) for (let j = 0; j < n; j++) out[at + j] = values[j] as number
  else for (let j = 0; j < n; j++) out[at + j] = values[j] as number
}

/** The values of expressions at every point of `axes`: in their own dtypes, or in float64 where `exact`. */
const valuesOf = (
  exprs: readonly Expr[],
  axes: Shape,
  sources: Sources,
  exact: readonly boolean[],
): readonly TypedArray[] => {
  const loop = inOrder(axes)
  const [only] = exprs
  if (only !== undefined && exprs.length === 1 && !exact[0]) {
    const out = direct(only, loop, sources.inputs)
    if (out !== null) return [out]
  }
  const size = sizeOf(axes)
  const outs = exprs.map(({ dtype }, i) => allocate(exact[i] ? 'float64' : dtype, size))
  eachTile(exprs, loop, sources, Number.POSITIVE_INFINITY, (start, n, values) => {
    for (let i = 0; i < outs.length; i++) store(outs[i] as TypedArray, start, values[i] as Float64Array, n)
  })
  return outs
}

/** The stages that some stage reads: their results are wanted as they are before rounding. */
const stagesRead = (stages: readonly Stage[]): ReadonlySet<number> => {
  const read = new Set<number>()
  if (stages.length > 1)
    for (const stage of stages) for (const node of linearise(stage.expr)) if (node.tag === 'stage') read.add(node.stage)
  return read
}

/** How many stages from number `first` on are maps that can share a walk, and with it common subexpressions. */
const groupSize = (stages: readonly Stage[], first: number): number => {
  let end = first
  for (; end < stages.length; end++) {
    const stage = stages[end] as Stage
    const ownAxes = stage.tag !== 'map' || stage.axes.length > 0
    if (ownAxes || linearise(stage.expr).some(node => node.tag === 'stage' && node.stage >= first)) break
  }
  return Math.max(1, end - first)
}

/** Rounds to a stage's dtype. */
const rounded = (stage: Stage, values: Float64Array): TypedArray => {
  const dtype = stage.tag === 'map' ? stage.expr.dtype : stage.dtype
  if (dtype === 'float64') return values
  const out = allocate(dtype, values.length)
  store(out, 0, values, values.length)
  return out
}

/** Runs a nest. */
export const runNest = ({ axes, stages, outputs }: Nest, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const read = stagesRead(stages)
  const results: Float64Array[] = []
  const outs: TypedArray[] = []
  for (let s = 0; s < stages.length; ) {
    const sources = { inputs, results, outer: axes }
    const first = stages[s] as Stage
    const group = stages.length === 1 ? stages : stages.slice(s, s + groupSize(stages, s))
    const exact = group.map((stage, i) => stage.tag === 'reduce' || read.has(s + i))
    const values =
      first.tag === 'reduce'
        ? [reduceStage(first, sources)]
        : valuesOf(
            group.map(stage => stage.expr),
            [...axes, ...first.axes],
            sources,
            exact,
          )
    for (let i = 0; i < group.length; i++, s++) {
      const value = values[i] as TypedArray
      if (exact[i]) results[s] = value as Float64Array
      outs.push(exact[i] ? rounded(group[i] as Stage, value as Float64Array) : value)
    }
  }
  return outputs.map(i => outs[i] as TypedArray)
}
