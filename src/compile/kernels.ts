/**
 * Kernels as values to rewrite: walking their expressions, telling their kinds apart, splitting their axes.
 *
 * Layer: compile. Read next: tidy.ts, lower.ts, fuse.ts.
 */
import {
  type Affine,
  type Expr,
  type Kernel,
  type Load,
  type MapStage,
  type Nest,
  type Stage,
  withExpr,
} from '../core/kernel.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { axisMap, canonicalLoad, combine } from './affine.ts'
import { about, relocating, rewriting } from './expressions.ts'
import type { ValueId } from './graph.ts'
import { memo } from './memo.ts'

/** An expression of a kernel and the sizes of the axes that it is computed over. */
export type Place = { readonly expr: Expr; readonly sizes: Shape }

/** A kernel as an op gives it: input i of its loads is the value `inputs[i]`. */
export type Wired = { readonly kernel: Kernel; readonly inputs: readonly number[] }

/** The sizes of the axes of a stage, the outer ones first. */
export const stageSizes = (nest: Nest, stage: Stage): Shape =>
  stage.axes.length === 0 ? nest.axes : [...nest.axes, ...stage.axes]

/** Every expression of a kernel. */
export const placesOf = memo((kernel: Kernel): readonly Place[] => {
  switch (kernel.tag) {
    case 'nest':
      return kernel.stages.map(stage => ({ expr: stage.expr, sizes: stageSizes(kernel, stage) }))
    case 'contract': {
      const sizes = [...kernel.axes, ...kernel.reduce]
      const after = kernel.epilogue.map(expr => ({ expr, sizes: kernel.axes }))
      return [{ expr: kernel.a, sizes }, { expr: kernel.b, sizes }, ...after]
    }
    case 'scatter': {
      const each = [...kernel.index, kernel.update].map(expr => ({ expr, sizes: kernel.axes }))
      return [{ expr: kernel.init, sizes: kernel.shape }, ...each]
    }
    case 'cumulate':
      return [{ expr: kernel.expr, sizes: kernel.axes }]
    case 'sort':
    case 'routine':
      return []
  }
})

/** The kernel with its expressions replaced, itself where a nest keeps them all; those of operands of a contraction must stay loads. */
export const mapPlaces = (kernel: Kernel, f: (expr: Expr, sizes: Shape) => Expr): Kernel => {
  switch (kernel.tag) {
    case 'nest': {
      const stages = kernel.stages.map(stage => {
        const expr = f(stage.expr, stageSizes(kernel, stage))
        return expr === stage.expr ? stage : withExpr(stage, expr)
      })
      return stages.every((stage, s) => stage === kernel.stages[s])
        ? kernel
        : { tag: 'nest', axes: kernel.axes, stages, outputs: kernel.outputs }
    }
    case 'contract': {
      const sizes = [...kernel.axes, ...kernel.reduce]
      return {
        ...kernel,
        a: f(kernel.a, sizes) as Load,
        b: f(kernel.b, sizes) as Load,
        epilogue: kernel.epilogue.map(expr => f(expr, kernel.axes)),
      }
    }
    case 'scatter':
      return {
        ...kernel,
        init: f(kernel.init, kernel.shape),
        index: kernel.index.map(expr => f(expr, kernel.axes)),
        update: f(kernel.update, kernel.axes),
      }
    case 'cumulate':
      return { ...kernel, expr: f(kernel.expr, kernel.axes) }
    case 'sort':
    case 'routine':
      return kernel
  }
}

/** A nest that only maps. */
export type MapNest = Nest & { readonly stages: readonly MapStage[] }

/** Whether a nest only maps, without axes of its own in a stage: what elementwise and movement ops are. */
export const isMap = (kernel: Kernel): kernel is MapNest =>
  kernel.tag === 'nest' && kernel.stages.every(({ tag, axes }) => tag === 'map' && axes.length === 0)

/** Whether a nest combines along axes. */
export const isReduction = (kernel: Kernel): kernel is Nest =>
  kernel.tag === 'nest' && kernel.stages.some(({ tag }) => tag === 'reduce')

/** What a map stores, without reads of its own earlier stages. */
export const mapExprs = memo((nest: Nest): readonly Expr[] => {
  const done: Expr[] = []
  const read = rewriting(node => (node.tag === 'stage' ? (done[node.stage] as Expr) : node))
  for (const { expr } of nest.stages) done.push(about(expr).stages.length > 0 ? read(expr) : expr)
  return nest.outputs.map(i => done[i] as Expr)
})

/** The values that a kernel reads at computed coordinates. */
const computedIn = memo((kernel: Kernel): readonly ValueId[] =>
  placesOf(kernel).flatMap(({ expr }) => about(expr).computed),
)

/** Whether a kernel reads a value at computed coordinates. */
export const readsAtComputed = (kernel: Kernel, value: ValueId): boolean => computedIn(kernel).includes(value)

/** How the axes of a loop become others: each old coordinate as an index map over the new ones. */
type Regrouping = { readonly sizes: Shape; readonly coordinates: readonly Affine[] }

/** Every axis in parts, the outermost first. */
export const splitInto = (parts: readonly Shape[], from = 0): Regrouping => {
  let next = from
  const coordinates = parts.map(sizes => {
    const first = next
    next += sizes.length
    return combine(
      0,
      sizes.map((_, i) => [sizeOf(sizes.slice(i + 1)), axisMap(first + i)] as const),
    )
  })
  return { sizes: parts.flat(), coordinates }
}

/** A nest whose outer axes, or those of its stages, have been split. */
export const splitNest = (nest: Nest, outer: readonly Shape[], inner: readonly (readonly Shape[])[]): Nest => {
  const outside = splitInto(outer)
  return {
    tag: 'nest',
    axes: outside.sizes,
    stages: nest.stages.map((stage, s) => {
      const own = splitInto(inner[s] as readonly Shape[], outside.sizes.length)
      const expr = relocating([...outside.coordinates, ...own.coordinates])(stage.expr)
      return withExpr(stage, expr, own.sizes)
    }),
    outputs: nest.outputs,
  }
}

/** Whether a load reads, at each point of axes of some sizes, the element of that point's row-major number. */
export const readsInPlace = (load: Load, sizes: Shape): boolean => {
  const exact = canonicalLoad(load, sizes)
  const [address] = exact.index
  if (exact.fill !== null || address === undefined || sizeOf(exact.view) !== sizeOf(sizes)) return false
  return isRowMajor(address, sizes)
}

/** Whether an address counts the points of axes of some sizes. */
export const isRowMajor = (address: Affine, sizes: Shape): boolean => {
  if (address.offset !== 0) return false
  const by = new Map(address.terms.map(term => [term.axis, term.by]))
  let stride = 1
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const n = sizes[axis] as number
    if (n !== 1 && by.get(axis) !== stride) return false
    stride *= n
  }
  return true
}
