/**
 * Contractions as nests: all of one, or what is left when the sums are there.
 *
 * Layer: backend. What cannot be tiled runs as the one, and the sums of tiles go through the other. Read next: wasm/contract.ts, gpu/source.ts.
 */
import {
  type Affine,
  apply,
  type Contract,
  type Expr,
  type Load,
  linearise,
  load,
  mapStage,
  type Nest,
  type Stage,
  withOperands,
} from '../core/kernel.ts'
import { range, sizeOf, stridesOf } from '../core/shape.ts'

/** The contraction as a nest, which runs anything. */
export const asNest = ({ dtype, axes, reduce, a, b, epilogue }: Contract): Nest => {
  const expr = apply('mul', { ...a, dtype }, { ...b, dtype })
  const sum: Stage = { tag: 'reduce', axes: reduce, monoid: 'sum', expr, dtype }
  return {
    tag: 'nest',
    axes,
    stages: [sum, ...epilogue.map(expr => mapStage(expr))],
    outputs: epilogue.map((_, i) => i + 1),
  }
}

/** Expressions with a load in place of the sum. */
const withSum = (exprs: readonly Expr[], sum: Load): readonly Expr[] => {
  const made = new Map<Expr, Expr>()
  const next = (expr: Expr): Expr => made.get(expr) ?? expr
  for (const node of linearise(exprs)) made.set(node, node.tag === 'stage' ? sum : withOperands(node, next))
  return exprs.map(next)
}

/**
 * The end of a contraction whose sums are in input number `input`, from element `at` on, in so many parts one after the other: parts
 * are added up in order, and go through the epilogue.
 */
export const endOf = ({ axes, epilogue }: Contract, input: number, at: number, parts: number): Nest => {
  const size = sizeOf(axes)
  const strides = stridesOf(axes)
  const place = (terms: Affine['terms']): Load =>
    load(input, 'float32', [at + parts * size], [{ offset: at, terms, divisor: 1 }])
  const terms = strides.map((by, axis) => ({ axis, by }))
  if (parts === 1) {
    const stages = withSum(epilogue, place(terms)).map(expr => mapStage(expr))
    return { tag: 'nest', axes, stages, outputs: range(0, stages.length) }
  }
  const expr = place([...terms, { axis: axes.length, by: size }])
  const sum: Stage = { tag: 'reduce', axes: [parts], monoid: 'sum', expr, dtype: 'float32' }
  return {
    tag: 'nest',
    axes,
    stages: [sum, ...epilogue.map(expr => mapStage(expr))],
    outputs: epilogue.map((_, i) => i + 1),
  }
}
