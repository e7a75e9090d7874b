/**
 * The reference backend: nested loops that compute and accumulate in float64 and round to the tensor's dtype on store.
 *
 * Layer: backend. Slow and obvious. It is the oracle for every other backend and the home of the finite-difference
 * checks, so nothing here is clever.
 */
import { allocate, castNumber, type TypedArray } from '../core/dtype.ts'
import {
  type Affine,
  type Contract,
  type Cumulate,
  type Expr,
  type Kernel,
  linearise,
  mapStage,
  type Nest,
  type Scatter,
  type Stage,
} from '../core/kernel.ts'
import { type Shape, sizeOf, stridesOf } from '../core/shape.ts'
import { type Backend, hostBackend } from './backend.ts'
import { runRoutine } from './routine.ts'
import { combinationFor, monoidFor, scalarFunction } from './scalar.ts'
import { runSort } from './sort.ts'

type Point = readonly number[]

/** Calls `body` at every point of `axes`, the last axis fastest. */
const forEachPoint = (axes: Shape, body: (point: number[]) => void): void => {
  const point = axes.map(() => 0)
  const step = (axis: number): void => {
    if (axis === axes.length) body(point)
    else
      for (let i = 0; i < (axes[axis] ?? 0); i++) {
        point[axis] = i
        step(axis + 1)
      }
  }
  step(0)
}

/** The value of one coordinate; NaN where it does not divide. */
const coordinate = ({ offset, terms, divisor }: Affine, point: Point): number => {
  let sum = offset
  for (const { axis, by } of terms) sum += by * (point[axis] ?? 0)
  return sum % divisor === 0 ? sum / divisor : Number.NaN
}

type Environment = { readonly inputs: readonly TypedArray[]; readonly stages: readonly number[]; readonly point: Point }

/** The value of one node, given those of the nodes before it, each at its place. */
type NodeValue = (env: Environment, values: Float64Array) => number

/** The element of an input at some coordinates, or `fill` when one of them is out of range. */
const reading = (
  { input, view, fill }: { readonly input: number; readonly view: Shape; readonly fill: number | null },
  coordinates: readonly NodeValue[],
): NodeValue => {
  const strides = stridesOf(view)
  const outside = fill ?? Number.NaN
  return (env, values) => {
    let at = 0
    for (let axis = 0; axis < coordinates.length; axis++) {
      const i = coordinates[axis]?.(env, values) ?? Number.NaN
      if (!(i >= 0 && i < (view[axis] ?? 0))) return outside
      at += i * (strides[axis] ?? 0)
    }
    return env.inputs[input]?.[at] ?? outside
  }
}

/** How a node is evaluated; `of` gives what reads the value of another. */
const nodeValue = (node: Expr, of: (expr: Expr) => NodeValue): NodeValue => {
  switch (node.tag) {
    case 'const':
      return () => node.value
    case 'iota':
      return ({ point }) => point[node.axis] ?? 0
    case 'load':
      return reading(
        node,
        node.index.map(
          affine =>
            ({ point }) =>
              coordinate(affine, point),
        ),
      )
    case 'loadAt':
      return reading(node, node.index.map(of))
    case 'stage':
      return ({ stages }) => stages[node.stage] ?? Number.NaN
    case 'apply': {
      const f = scalarFunction(node.fn, node.args[0]?.dtype)
      const args = node.args.map(of)
      return (env, values) => f(...args.map(arg => arg(env, values)))
    }
    case 'select': {
      const [condition, onTrue, onFalse] = [of(node.condition), of(node.onTrue), of(node.onFalse)]
      return (env, values) => (condition(env, values) !== 0 ? onTrue : onFalse)(env, values)
    }
    case 'cast': {
      const value = of(node.value)
      const { dtype } = node
      return dtype === 'float32' || dtype === 'float64' ? value : (env, values) => castNumber(value(env, values), dtype)
    }
  }
}

/** An expression as a function of the point: each node once, in order. */
const evaluator = (expr: Expr): ((env: Environment) => number) => {
  const nodes = linearise([expr])
  const places = new Map(nodes.map((node, place) => [node, place]))
  const of = (node: Expr): NodeValue => {
    const place = places.get(node) ?? -1
    return (_, values) => values[place] ?? Number.NaN
  }
  const steps = nodes.map(node => nodeValue(node, of))
  const values = new Float64Array(nodes.length)
  return env => {
    for (let i = 0; i < steps.length; i++) values[i] = steps[i]?.(env, values) ?? Number.NaN
    return values[steps.length - 1] ?? Number.NaN
  }
}

/** argMax and argMin: the first position of the extreme value, or of the first NaN. */
const position = (axes: Shape, better: (x: number, best: number) => boolean, valueAt: (p: Point) => number): number => {
  let best = Number.NaN
  let found = 0
  let next = 0
  forEachPoint(axes, p => {
    const x = valueAt(p)
    if (next === 0 || (!Number.isNaN(best) && (Number.isNaN(x) || better(x, best)))) {
      best = x
      found = next
    }
    next++
  })
  return found
}

const reduceStage = (stage: Stage & { tag: 'reduce' }, valueAt: (inner: Point) => number): number => {
  switch (stage.monoid) {
    case 'argMax':
      return position(stage.axes, (x, best) => x > best, valueAt)
    case 'argMin':
      return position(stage.axes, (x, best) => x < best, valueAt)
    default: {
      const { unit, combine } = monoidFor(stage.monoid, stage.dtype)
      let total = unit
      forEachPoint(stage.axes, inner => {
        total = combine(total, valueAt(inner))
      })
      return total
    }
  }
}

const runNest = (kernel: Nest, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const evaluators = kernel.stages.map(stage => evaluator(stage.expr))
  const results = kernel.stages.map(stage =>
    allocate(
      stage.tag === 'map' ? stage.expr.dtype : stage.dtype,
      sizeOf(kernel.axes) * (stage.tag === 'map' ? sizeOf(stage.axes) : 1),
    ),
  )
  let outer = 0
  forEachPoint(kernel.axes, point => {
    const stages: number[] = []
    kernel.stages.forEach((stage, s) => {
      const valueAt = (inner: Point): number =>
        evaluators[s]?.({ inputs, stages, point: [...point, ...inner] }) ?? Number.NaN
      const result = results[s] ?? new Float64Array()
      if (stage.tag === 'reduce') result[outer] = stages[s] = reduceStage(stage, valueAt)
      else {
        let next = outer * sizeOf(stage.axes)
        forEachPoint(stage.axes, inner => {
          result[next++] = stages[s] = valueAt(inner)
        })
      }
    })
    outer++
  })
  return kernel.outputs.map(i => results[i] ?? new Float64Array())
}

const runContract = (kernel: Contract, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const a = evaluator(kernel.a)
  const b = evaluator(kernel.b)
  const epilogue = kernel.epilogue.map(evaluator)
  const { unit, combine } = monoidFor('sum', kernel.dtype)
  const multiply = kernel.dtype === 'int32' ? Math.imul : (x: number, y: number): number => x * y
  const outs = kernel.epilogue.map(({ dtype }) => allocate(dtype, sizeOf(kernel.axes)))
  let next = 0
  forEachPoint(kernel.axes, point => {
    let total = unit
    forEachPoint(kernel.reduce, inner => {
      const env = { inputs, stages: [], point: [...point, ...inner] }
      total = combine(total, multiply(a(env), b(env)))
    })
    outs.forEach((out, i) => {
      out[next] = epilogue[i]?.({ inputs, stages: [total], point }) ?? Number.NaN
    })
    next++
  })
  return outs
}

const runScatter = (kernel: Scatter, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const [start = new Float64Array()] = runNest(
    { tag: 'nest', axes: kernel.shape, stages: [mapStage(kernel.init)], outputs: [0] },
    inputs,
  )
  const totals = Float64Array.from(start)
  const strides = stridesOf(kernel.shape)
  const index = kernel.index.map(evaluator)
  const update = evaluator(kernel.update)
  const combine = combinationFor(kernel.combine, kernel.update.dtype)
  forEachPoint(kernel.axes, point => {
    const env = { inputs, stages: [], point }
    const coordinates = index.map(at => at(env))
    if (coordinates.some((i, axis) => !(i >= 0 && i < (kernel.shape[axis] ?? 0)))) return
    const at = coordinates.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0)
    totals[at] = combine(totals[at] ?? 0, update(env))
  })
  const out = allocate(kernel.update.dtype, totals.length)
  out.set(totals)
  return [out]
}

const runCumulate = (kernel: Cumulate, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { axes, axis, reverse, monoid, expr } = kernel
  const valueAt = evaluator(expr)
  const { combine } = monoidFor(monoid, expr.dtype)
  const strides = stridesOf(axes)
  const size = axes[axis] ?? 1
  const totals = new Float64Array(sizeOf(axes))
  forEachPoint(
    axes.map((n, i) => (i === axis ? Math.min(1, n) : n)),
    start => {
      let total = 0
      for (let k = 0; k < size; k++) {
        const point = start.map((at, i) => (i !== axis ? at : reverse ? size - 1 - k : k))
        const value = valueAt({ inputs, stages: [], point })
        total = k === 0 ? value : combine(total, value)
        totals[point.reduce((sum, at, i) => sum + at * (strides[i] ?? 0), 0)] = total
      }
    },
  )
  const out = allocate(expr.dtype, totals.length)
  out.set(totals)
  return [out]
}

/** The oracle: see the head of this file. */
export const reference: Backend = hostBackend('reference', (kernel: Kernel, inputs) => {
  switch (kernel.tag) {
    case 'nest':
      return runNest(kernel, inputs)
    case 'contract':
      return runContract(kernel, inputs)
    case 'scatter':
      return runScatter(kernel, inputs)
    case 'sort':
      return runSort(kernel, inputs)
    case 'cumulate':
      return runCumulate(kernel, inputs)
    case 'routine':
      return runRoutine(kernel, inputs)
  }
})
