/**
 * The kernel language: what an op computes, said once, for every backend to read.
 *
 * A kernel is a small closed data structure, never a function. Broadcasting, transposing, slicing, padding, flipping and
 * dilating are index maps inside `load`; elementwise maths is `apply`; a reduction is a stage of a nest. An expression is
 * a graph: a node used twice is computed once, and identity is what says so.
 *
 * Layer: core. Read next: ops/elementwise.ts builds kernels, backend/reference.ts is the obvious way to run them.
 */
import type { Dtype } from './dtype.ts'
import { type Routine, resultSizes } from './routine.ts'
import type { Shape } from './shape.ts'

/** Scalar functions of one argument. */
export type UnaryFn =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'sqrt'
  | 'cbrt'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'log2'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'erf'
  | 'erfc'
  | 'erfInv'
  | 'not'
  | 'bitNot'
/** Scalar functions of two arguments. Arithmetic on int32 wraps; comparisons give bool. */
export type BinaryFn =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'floorDiv'
  | 'mod'
  | 'rem'
  | 'pow'
  | 'max'
  | 'min'
  | 'atan2'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'and'
  | 'or'
  | 'xor'
  | 'bitAnd'
  | 'bitOr'
  | 'bitXor'
  | 'shiftLeft'
  | 'shiftRight'
  | 'shiftRightLogical'
/**
 * The first and the second word that threefry-2x32 makes of four: key and counter, all int32; see threefry.ts. They are functions of
 * their own, because a hundred additions and rotations would be most of what there is to compile in a program with dropout.
 */
export type HashFn = 'threefry0' | 'threefry1'
export type ScalarFn = UnaryFn | BinaryFn | HashFn

/** One coordinate as an affine function of the nest's axes: `(offset + Σ by·axis) / divisor`, defined where it divides exactly. */
export type Affine = {
  readonly offset: number
  readonly terms: readonly { readonly axis: number; readonly by: number }[]
  readonly divisor: number
}

/** Reads input number `input`, seen row-major with shape `view`. Where an index falls outside or does not divide, `fill` is read; `null` promises that none does. */
export type Load = {
  readonly tag: 'load'
  readonly dtype: Dtype
  readonly input: number
  readonly view: Shape
  readonly index: readonly Affine[]
  readonly fill: number | null
}

/** A scalar computed at each point of a nest. */
export type Expr =
  | { readonly tag: 'const'; readonly dtype: Dtype; readonly value: number }
  | { readonly tag: 'iota'; readonly dtype: 'int32'; readonly axis: number }
  | Load
  | LoadAt
  | { readonly tag: 'stage'; readonly dtype: Dtype; readonly stage: number }
  | { readonly tag: 'apply'; readonly dtype: Dtype; readonly fn: ScalarFn; readonly args: readonly Expr[] }
  | {
      readonly tag: 'select'
      readonly dtype: Dtype
      readonly condition: Expr
      readonly onTrue: Expr
      readonly onFalse: Expr
    }
  | { readonly tag: 'cast'; readonly dtype: Dtype; readonly value: Expr }

/** Reads input number `input` at computed coordinates; `fill` where one is out of range. */
export type LoadAt = {
  readonly tag: 'loadAt'
  readonly dtype: Dtype
  readonly input: number
  readonly view: Shape
  readonly index: readonly Expr[]
  readonly fill: number
}

/** How values combine. `argMax` and `argMin` give the first position of the extreme value (of the first NaN, if any) as int32. */
export type Monoid = 'sum' | 'prod' | 'max' | 'min' | 'and' | 'or' | 'argMax' | 'argMin'

/**
 * One step at each point of the nest's outer axes. A stage's own `axes` come after the outer ones: a map with axes gives
 * a value at each of their points, a reduce combines over them. `dtype` is that of the result.
 */
export type Stage = MapStage | ReduceStage
export type MapStage = { readonly tag: 'map'; readonly axes: Shape; readonly expr: Expr }
export type ReduceStage = {
  readonly tag: 'reduce'
  readonly axes: Shape
  readonly monoid: Monoid
  readonly expr: Expr
  readonly dtype: Dtype
}

/** Outer axes, then stages in order; later stages read the results of earlier ones without axes of their own left. */
export type Nest = {
  readonly tag: 'nest'
  readonly axes: Shape
  readonly stages: readonly Stage[]
  readonly outputs: readonly number[]
}

/**
 * Σ over `reduce` of a·b at each point of `axes`: matrix multiplication and every pass of a convolution. What is stored there are the
 * expressions of the `epilogue`, in which stage 0 is the sum.
 */
export type Contract = {
  readonly tag: 'contract'
  readonly dtype: Dtype
  readonly axes: Shape
  readonly reduce: Shape
  readonly a: Load
  readonly b: Load
  readonly epilogue: readonly Expr[]
}

/** How an update combines with what is there; after `last`, which is no monoid, the last one stays. */
export type Combination = Extract<Monoid, 'sum' | 'prod' | 'max' | 'min'> | 'last'

/**
 * For each point of `axes`, in row-major order, combines `update` into the output at the computed `index`; out-of-range points
 * are dropped. The output starts as `init`, read at its own coordinates.
 */
export type Scatter = {
  readonly tag: 'scatter'
  readonly shape: Shape
  readonly init: Expr
  readonly axes: Shape
  readonly index: readonly Expr[]
  readonly update: Expr
  readonly combine: Combination
}

/** The positions that sort input 0 along its last axis: ascending, stable, NaN last. */
export type Sort = {
  readonly tag: 'sort'
  readonly shape: Shape
}

/** Running totals: each point of `axes` combines `expr` at all points before it along `axis` (after it, when `reverse`) and at itself. */
export type Cumulate = {
  readonly tag: 'cumulate'
  readonly axes: Shape
  readonly axis: number
  readonly reverse: boolean
  readonly monoid: 'sum' | 'prod' | 'max' | 'min'
  readonly expr: Expr
}

/** What a backend can run; a backend is one exhaustive switch over it. */
export type Kernel = Nest | Contract | Scatter | Sort | Cumulate | Routine

const comparisons: ReadonlySet<ScalarFn> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor', 'not'])

/** A constant. */
export const constant = (dtype: Dtype, value: number): Expr => ({ tag: 'const', dtype, value })

/** A scalar function applied; comparisons and logic give bool, all else keeps the dtype of the first argument. */
export const apply = (fn: ScalarFn, ...args: readonly [Expr, ...Expr[]]): Expr => ({
  tag: 'apply',
  dtype: comparisons.has(fn) ? 'bool' : args[0].dtype,
  fn,
  args,
})

/** A word of a hash. */
export type Hash = Expr & { readonly tag: 'apply'; readonly fn: HashFn }

/** Whether a node is a word of a hash. */
export const isHash = (expr: Expr): expr is Hash =>
  expr.tag === 'apply' && (expr.fn === 'threefry0' || expr.fn === 'threefry1')

/** `onTrue` where `condition`, else `onFalse`; the branch not taken has no effect on the value, even when it is NaN. */
export const select = (condition: Expr, onTrue: Expr, onFalse: Expr): Expr => ({
  tag: 'select',
  dtype: onTrue.dtype,
  condition,
  onTrue,
  onFalse,
})

/** The coordinate along one of the nest's axes. */
export const iota = (axis: number): Expr => ({ tag: 'iota', dtype: 'int32', axis })

/** A conversion as `castNumber` defines it. */
export const convert = (dtype: Dtype, value: Expr): Expr =>
  value.dtype === dtype ? value : { tag: 'cast', dtype, value }

/** The coordinate `axis` itself, times `by`, plus `offset`. */
export const along = (axis: number, by = 1, offset = 0): Affine => ({ offset, terms: [{ axis, by }], divisor: 1 })

/** A fixed coordinate. */
export const fixed = (offset: number): Affine => ({ offset, terms: [], divisor: 1 })

/** An input read at affine coordinates. */
export const load = (
  input: number,
  dtype: Dtype,
  view: Shape,
  index: readonly Affine[],
  fill: number | null = null,
): Load => ({ tag: 'load', dtype, input, view, index, fill })

/** An input read at computed coordinates. */
export const loadAt = (input: number, dtype: Dtype, view: Shape, index: readonly Expr[], fill: number): LoadAt => ({
  tag: 'loadAt',
  dtype,
  input,
  view,
  index,
  fill,
})

/** A load of an input by other coordinates. */
export const withIndex = ({ input, dtype, view, fill }: Load, index: readonly Affine[]): Load =>
  load(input, dtype, view, index, fill)

/** The result of an earlier stage of a nest, or the sum of a contraction. */
export const stage = (dtype: Dtype, number = 0): Expr => ({ tag: 'stage', dtype, stage: number })

/** A stage that computes an expression at each point, of its own axes as well. */
export const mapStage = (expr: Expr, axes: Shape = []): MapStage => ({ tag: 'map', axes, expr })

/** A stage with another expression, over other axes of its own. */
export const withExpr = (stage: Stage, expr: Expr, axes: Shape = stage.axes): Stage =>
  stage.tag === 'map' ? mapStage(expr, axes) : { tag: 'reduce', axes, monoid: stage.monoid, expr, dtype: stage.dtype }

/** A nest of one map over `axes`: the kernel of every elementwise and movement op. */
export const mapNest = (axes: Shape, ...exprs: readonly Expr[]): Nest => ({
  tag: 'nest',
  axes,
  stages: exprs.map(expr => mapStage(expr)),
  outputs: exprs.map((_, i) => i),
})

/** The shape a kernel's output has by construction; the shape rule of an op must agree with it. */
export const kernelShapes = (kernel: Kernel): readonly Shape[] => {
  switch (kernel.tag) {
    case 'nest':
      return kernel.outputs.map(i => {
        const stage = kernel.stages[i]
        return stage?.tag === 'map' ? [...kernel.axes, ...stage.axes] : kernel.axes
      })
    case 'contract':
      return kernel.epilogue.map(() => kernel.axes)
    case 'cumulate':
      return [kernel.axes]
    case 'scatter':
    case 'sort':
      return [kernel.shape]
    case 'routine':
      return resultSizes(kernel).map(sizes => [...kernel.batch, ...sizes])
  }
}

/** The dtype a kernel's outputs have by construction. */
export const kernelDtypes = (kernel: Kernel): readonly Dtype[] => {
  switch (kernel.tag) {
    case 'nest':
      return kernel.outputs.map(i => {
        const stage = kernel.stages[i]
        return stage === undefined ? 'float32' : stage.tag === 'map' ? stage.expr.dtype : stage.dtype
      })
    case 'contract':
      return kernel.epilogue.map(expr => expr.dtype)
    case 'scatter':
      return [kernel.update.dtype]
    case 'sort':
      return ['int32']
    case 'cumulate':
      return [kernel.expr.dtype]
    case 'routine':
      return resultSizes(kernel).map(() => kernel.dtype)
  }
}

const none: readonly Expr[] = []

/** The expressions that a node is computed from. */
export const operands = (expr: Expr): readonly Expr[] => {
  switch (expr.tag) {
    case 'const':
    case 'iota':
    case 'load':
    case 'stage':
      return none
    case 'loadAt':
      return expr.index
    case 'apply':
      return expr.args
    case 'select':
      return [expr.condition, expr.onTrue, expr.onFalse]
    case 'cast':
      return [expr.value]
  }
}

/** A list mapped; itself where nothing changes. */
const mapped = (list: readonly Expr[], f: (x: Expr) => Expr): readonly Expr[] => {
  let after: Expr[] | undefined
  for (let i = 0; i < list.length; i++) {
    const before = list[i] as Expr
    const x = f(before)
    if (x !== before && after === undefined) after = list.slice(0, i)
    after?.push(x)
  }
  return after ?? list
}

/** The node on other operands, in the order of `operands`; itself where they are the same. */
export const withOperands = (expr: Expr, f: (x: Expr) => Expr): Expr => {
  switch (expr.tag) {
    case 'const':
    case 'iota':
    case 'load':
    case 'stage':
      return expr
    case 'loadAt': {
      const index = mapped(expr.index, f)
      return index === expr.index ? expr : loadAt(expr.input, expr.dtype, expr.view, index, expr.fill)
    }
    case 'apply': {
      const { tag, dtype, fn } = expr
      const args = mapped(expr.args, f)
      return args === expr.args ? expr : { tag, dtype, fn, args }
    }
    case 'select': {
      const { tag, dtype } = expr
      const [condition, onTrue, onFalse] = [f(expr.condition), f(expr.onTrue), f(expr.onFalse)]
      const same = condition === expr.condition && onTrue === expr.onTrue && onFalse === expr.onFalse
      return same ? expr : { tag, dtype, condition, onTrue, onFalse }
    }
    case 'cast': {
      const value = f(expr.value)
      return value === expr.value ? expr : { tag: 'cast', dtype: expr.dtype, value }
    }
  }
}

/** Adds a node behind all that it is computed from. */
const visit = (node: Expr, seen: Set<Expr>): void => {
  if (seen.has(node)) return
  for (const operand of operands(node)) visit(operand, seen)
  seen.add(node)
}

/** The nodes of some graphs, each once, operands before their users. Fusing keeps graphs to hundreds of nodes, which recursion can do. */
export const linearise = (roots: readonly Expr[]): readonly Expr[] => {
  const seen = new Set<Expr>()
  for (const root of roots) visit(root, seen)
  return [...seen]
}

/** A constant of the dtype of another expression. */
export const like = (expr: Expr, value: number): Expr => constant(expr.dtype, value)
