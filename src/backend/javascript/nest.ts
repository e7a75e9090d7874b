/**
 * Nests a row at a time: each node of an expression fills a buffer for a stretch of the last axis, so that the inner loops
 * are plain and typed. Same meaning as the reference, which tests compare it with.
 *
 * Layer: backend. Read next: address.ts.
 */
import { allocate, castNumber, type Dtype, isFloat, type TypedArray } from '../../core/dtype.ts'
import { type Expr, type Load, linearise, type Nest, type ScalarFn, type Stage } from '../../core/kernel.ts'
import { type Shape, sizeOf } from '../../core/shape.ts'
import { monoidFor, type ScalarFunction, scalarFunction } from '../scalar.ts'
import { type Address, addressOf, dot } from './address.ts'

const ROW = 1024

type Row = { readonly point: readonly number[]; readonly start: number; readonly length: number }
/** Fills a buffer for a row. */
type Fill = (row: Row) => void
type Buffers = ReadonlyMap<Expr, Float64Array>

/** Copies a strided stretch. */
const fillStrided = (out: Float64Array, source: TypedArray, from: number, stride: number, length: number): void => {
  if (stride === 0) out.fill(source[from] ?? Number.NaN, 0, length)
  else for (let j = 0, at = from; j < length; j++, at += stride) out[j] = source[at] as number
}

const fillChecked = (out: Float64Array, source: TypedArray, fill: number, address: Address, row: Row): void => {
  const last = row.point.length
  const from = address.base + dot(address.strides, row.point)
  const stride = address.strides[last] ?? 0
  const starts = address.checked.map(c => c.offset + dot(c.by, row.point))
  for (let j = 0; j < row.length; j++) {
    const i = row.start + j
    let at = from + i * stride
    let inside = true
    for (let c = 0; c < starts.length && inside; c++) {
      const { by, divisor, size, stride: step } = address.checked[c] as (typeof address.checked)[number]
      const numerator = (starts[c] as number) + i * (by[last] ?? 0)
      const quotient = numerator / divisor
      inside = numerator % divisor === 0 && quotient >= 0 && quotient < size
      at += quotient * step
    }
    out[j] = inside ? (source[at] as number) : fill
  }
}

const loadRow = (out: Float64Array, load: Load, source: TypedArray, axes: Shape): Fill => {
  const address = addressOf(load, axes)
  const last = axes.length - 1
  const stride = address.strides[last] ?? 0
  if (address.checked.length > 0) return row => fillChecked(out, source, load.fill ?? Number.NaN, address, row)
  return row =>
    fillStrided(out, source, address.base + dot(address.strides, row.point) + row.start * stride, stride, row.length)
}

const loadAtRow = (
  out: Float64Array,
  expr: Expr & { tag: 'loadAt' },
  source: TypedArray,
  index: readonly Float64Array[],
): Fill => {
  return row => {
    for (let j = 0; j < row.length; j++) {
      let at = 0
      let inside = true
      for (let d = 0; d < index.length; d++) {
        const i = (index[d] as Float64Array)[j] as number
        const size = expr.view[d] as number
        inside = inside && i >= 0 && i < size
        at = at * size + i
      }
      out[j] = inside ? (source[at] as number) : expr.fill
    }
  }
}

/** The hot functions as loops of their own; a call through a variable costs several times the arithmetic. */
const loops: {
  readonly [fn in ScalarFn]?: (out: Float64Array, x: Float64Array, y: Float64Array, n: number) => void
} = {
  add: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) + (y[j] as number)
  },
  sub: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) - (y[j] as number)
  },
  mul: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) * (y[j] as number)
  },
  div: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) / (y[j] as number)
  },
  max: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = Math.max(x[j] as number, y[j] as number)
  },
  gt: (out, x, y, n) => {
    for (let j = 0; j < n; j++) out[j] = (x[j] as number) > (y[j] as number) ? 1 : 0
  },
}

const applyRow = (out: Float64Array, expr: Expr & { tag: 'apply' }, args: readonly Float64Array[]): Fill => {
  const [x = out, y = x] = args
  const loop = expr.args[0]?.dtype === 'int32' ? undefined : loops[expr.fn]
  if (loop !== undefined) return row => loop(out, x, y, row.length)
  const f: ScalarFunction = scalarFunction(expr.fn, expr.args)
  return row => {
    for (let j = 0; j < row.length; j++) out[j] = f(x[j] as number, y[j] as number)
  }
}

const selectRow = (out: Float64Array, [c = out, x = out, y = out]: readonly Float64Array[]): Fill => {
  return row => {
    for (let j = 0; j < row.length; j++) out[j] = c[j] !== 0 ? (x[j] as number) : (y[j] as number)
  }
}

const castRow = (out: Float64Array, dtype: Dtype, x: Float64Array): Fill => {
  if (isFloat(dtype)) return row => void out.set(x.subarray(0, row.length))
  return row => {
    for (let j = 0; j < row.length; j++) out[j] = castNumber(x[j] as number, dtype)
  }
}

type Sources = {
  readonly inputs: readonly TypedArray[]
  readonly results: readonly TypedArray[]
  readonly outer: Shape
}

/** How a node fills its buffer, given the buffers of its operands. */
const nodeRow = (node: Expr, buffers: Buffers, { inputs, results, outer }: Sources, axes: Shape): Fill => {
  const none = new Float64Array(0)
  const out = buffers.get(node) ?? none
  const of = (expr: Expr): Float64Array => buffers.get(expr) ?? none
  switch (node.tag) {
    case 'const':
      out.fill(node.value)
      return () => undefined
    case 'iota': {
      const last = axes.length - 1
      return node.axis === last
        ? row => {
            for (let j = 0; j < row.length; j++) out[j] = row.start + j
          }
        : row => void out.fill(row.point[node.axis] ?? 0, 0, row.length)
    }
    case 'load':
      return loadRow(out, node, inputs[node.input] ?? none, axes)
    case 'stage': {
      const index = outer.map((_, axis) => ({ offset: 0, terms: [{ axis, by: 1 }], divisor: 1 }))
      const stage: Load = { tag: 'load', dtype: node.dtype, input: 0, view: outer, index, fill: null }
      return loadRow(out, stage, results[node.stage] ?? none, axes)
    }
    case 'loadAt':
      return loadAtRow(out, node, inputs[node.input] ?? none, node.index.map(of))
    case 'apply':
      return applyRow(out, node, node.args.map(of))
    case 'select':
      return selectRow(out, [of(node.condition), of(node.onTrue), of(node.onFalse)])
    case 'cast':
      return castRow(out, node.dtype, of(node.value))
  }
}

/** Merges axes that every plain load walks as one, so that rows are long. Only for maps, whose result is row-major too. */
const flattenable = (nodes: readonly Expr[], axes: Shape): boolean =>
  nodes.every(node => {
    if (node.tag === 'iota' || node.tag === 'stage') return false
    if (node.tag !== 'load') return true
    const { checked, strides, base } = addressOf(node, axes)
    let expected = 1
    const contiguous = strides.every((_, i) => {
      const axis = axes.length - 1 - i
      const fits = strides[axis] === expected || (axes[axis] ?? 1) === 1
      expected *= axes[axis] ?? 1
      return fits
    })
    return checked.length === 0 && base === 0 && (contiguous || strides.every((s, i) => s === 0 || axes[i] === 1))
  })

const flattened = (expr: Expr, axes: Shape, nodes: readonly Expr[]): Map<Expr, Expr> => {
  const size = sizeOf(axes)
  const renewed = new Map<Expr, Expr>()
  const of = (e: Expr): Expr => renewed.get(e) ?? e
  for (const node of nodes) {
    if (node.tag === 'load') {
      const constantLoad = addressOf(node, axes).strides.every((s, i) => s === 0 || axes[i] === 1)
      const term = { offset: 0, terms: constantLoad ? [] : [{ axis: 0, by: 1 }], divisor: 1 }
      renewed.set(node, { ...node, view: [constantLoad ? 1 : size], index: [term] })
    } else if (node.tag === 'apply') renewed.set(node, { ...node, args: node.args.map(of) })
    else if (node.tag === 'loadAt') renewed.set(node, { ...node, index: node.index.map(of) })
    else if (node.tag === 'cast') renewed.set(node, { ...node, value: of(node.value) })
    else if (node.tag === 'select')
      renewed.set(node, {
        ...node,
        condition: of(node.condition),
        onTrue: of(node.onTrue),
        onFalse: of(node.onFalse),
      })
  }
  renewed.set(expr, of(expr))
  return renewed
}

/** Walks all rows of `axes`; `body` gets each with the values of `expr` along it. */
const forEachRow = (
  expr: Expr,
  axes: Shape,
  sources: Sources,
  body: (values: Float64Array, n: number) => void,
): void => {
  if (sizeOf(axes) === 0) return
  const nodes = linearise(expr)
  const flat = axes.length > 1 && flattenable(nodes, axes)
  if (flat) {
    const renewed = flattened(expr, axes, nodes)
    forEachRow(renewed.get(expr) ?? expr, [sizeOf(axes)], { ...sources, outer: [] }, body)
    return
  }
  const loop = axes.length === 0 ? [1] : axes
  const rowLength = loop.at(-1) ?? 1
  const chunk = Math.min(ROW, rowLength)
  const buffers = new Map(nodes.map(node => [node, new Float64Array(chunk)] as const))
  const fills = nodes.map(node => nodeRow(node, buffers, sources, loop))
  const values = buffers.get(expr) ?? new Float64Array(0)
  const point = new Array<number>(loop.length - 1).fill(0)
  const rows = sizeOf(loop) / rowLength
  for (let r = 0; r < rows; r++) {
    for (let start = 0; start < rowLength; start += chunk) {
      const row = { point, start, length: Math.min(chunk, rowLength - start) }
      for (let k = 0; k < fills.length; k++) (fills[k] as Fill)(row)
      body(values, row.length)
    }
    for (let axis = point.length - 1; axis >= 0; axis--) {
      point[axis] = (point[axis] as number) + 1
      if ((point[axis] as number) < (loop[axis] as number)) break
      point[axis] = 0
    }
  }
}

const mapStage = (stage: Stage & { tag: 'map' }, sources: Sources): TypedArray => {
  const axes = [...sources.outer, ...stage.axes]
  const out = allocate(stage.expr.dtype, sizeOf(axes))
  let at = 0
  forEachRow(stage.expr, axes, sources, (values, n) => {
    for (let j = 0; j < n; j++) out[at + j] = values[j] as number
    at += n
  })
  return out
}

type Accumulate = (values: Float64Array, n: number) => void

/** Feeds groups of `size` values, whatever rows they come in, to a fold that is told where each group ends. */
const inGroups = (size: number, add: (x: number, first: boolean) => void, end: () => void): Accumulate => {
  let seen = 0
  return (values, n) => {
    for (let j = 0; j < n; j++) {
      add(values[j] as number, seen === 0)
      if (++seen === size) {
        end()
        seen = 0
      }
    }
  }
}

const positionStage = (stage: Stage & { tag: 'reduce' }, out: TypedArray, size: number): Accumulate => {
  const sign = stage.monoid === 'argMax' ? 1 : -1
  let best = 0
  let found = 0
  let next = 0
  let at = 0
  return inGroups(
    size,
    (x, first) => {
      if (first) next = 0
      if (first || (!Number.isNaN(best) && (Number.isNaN(x) || sign * x > sign * best))) {
        best = x
        found = next
      }
      next++
    },
    () => {
      out[at++] = found
    },
  )
}

const sumStage = (out: TypedArray, size: number): Accumulate => {
  let total = 0
  let seen = 0
  let at = 0
  return (values, n) => {
    for (let j = 0; j < n; ) {
      const stop = Math.min(n, j + size - seen)
      seen += stop - j
      for (; j < stop; j++) total += values[j] as number
      if (seen === size) {
        out[at++] = total
        total = 0
        seen = 0
      }
    }
  }
}

const reduceStage = (stage: Stage & { tag: 'reduce' }, sources: Sources): TypedArray => {
  const out = allocate(stage.dtype, sizeOf(sources.outer))
  const size = sizeOf(stage.axes)
  const axes = [...sources.outer, ...stage.axes]
  const run = (body: Accumulate): void => forEachRow(stage.expr, axes, sources, body)
  if (stage.monoid === 'argMax' || stage.monoid === 'argMin') run(positionStage(stage, out, size))
  else {
    const { unit, combine } = monoidFor(stage.monoid, stage.dtype)
    if (size === 0) out.fill(unit)
    else if (stage.monoid === 'sum' && isFloat(stage.dtype)) run(sumStage(out, size))
    else {
      let total = unit
      let at = 0
      const add = (x: number, first: boolean): void => {
        total = combine(first ? unit : total, x)
      }
      run(
        inGroups(size, add, () => {
          out[at++] = total
        }),
      )
    }
  }
  return out
}

/** Runs a nest, stage by stage. */
export const runNest = (kernel: Nest, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const results: TypedArray[] = []
  for (const stage of kernel.stages) {
    const sources = { inputs, results, outer: kernel.axes }
    results.push(stage.tag === 'map' ? mapStage(stage, sources) : reduceStage(stage, sources))
  }
  return kernel.outputs.map(i => results[i] ?? new Float64Array(0))
}

/** The values of an expression at every point of `axes`, in float64. */
export const evaluateAll = (expr: Expr, axes: Shape, inputs: readonly TypedArray[]): Float64Array => {
  const out = new Float64Array(sizeOf(axes))
  let at = 0
  forEachRow(expr, axes, { inputs, results: [], outer: axes }, (values, n) => {
    out.set(values.subarray(0, n), at)
    at += n
  })
  return out
}
