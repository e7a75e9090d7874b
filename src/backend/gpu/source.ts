/**
 * sourceOf: a kernel of the kernel language as kernels of gpu.js.
 *
 * Layer: backend. A gpu.js kernel computes one array, one element at a time, by itself. A kernel with several results becomes
 * several; so does one whose results share a reduction, or have axes of their own after one: the reduction gets a kernel of its own,
 * or each element would do it again. A contraction is a nest whose first stage is the sum of products. Sizes are written into the
 * text, so that the same kernels can go into a pipeline. Read next: expressions.ts, lower.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import { fail, ruleError } from '../../core/errors.ts'
import { apply, type Contract, type Expr, type Kernel, linearise, type Nest, type Stage } from '../../core/kernel.ts'
import { type Shape, sizeOf } from '../../core/shape.ts'
import { type Scope, write } from './expressions.ts'
import type { GpuFunction } from './functions.ts'
import { reduceText } from './reduce.ts'
import type { Special } from './scalars.ts'
import { scatterText } from './scatter.ts'
import {
  type Dialect,
  decode,
  element,
  elementNumber,
  giveBack,
  type Operand,
  type Writer,
  writerOf,
} from './writer.ts'

/**
 * One gpu.js kernel. `size` counts elements, each of which takes the floats that storage.ts says; a kernel of size 0 has no text and is
 * not run. `specials` are arguments after the arrays.
 */
export type GpuKernel = {
  readonly source: string
  /** What the text calls. */
  readonly functions: readonly GpuFunction[]
  readonly inputs: readonly Operand[]
  readonly specials: readonly Special[]
  readonly size: number
  readonly dtype: Dtype
}

/** Kernels in the order in which they run, and which of them give the results. */
export type Source = { readonly kernels: readonly GpuKernel[]; readonly outputs: readonly number[] }

/** WebGPU gives a shader eight arrays unless asked for more; one is the result. */
const MOST_INPUTS = 7

type Head = { readonly op: string; readonly dialect: Dialect }

/** Kernels by the number of the stage that they compute. */
type Made = { readonly kernels: GpuKernel[]; readonly at: Map<number, number> }

const finish = (writer: Writer, size: number, dtype: Dtype): GpuKernel => {
  const { source, functions, operands, specials } = writer.text()
  if (operands.length > MOST_INPUTS)
    fail(
      ruleError(
        writer.op,
        `backend gpu: the kernel reads ${operands.length} arrays, and WebGPU allows ${MOST_INPUTS}: compile with fuse.maxInputs ${MOST_INPUTS + 1}, or combine fewer tensors at once`,
      ),
    )
  return { source, functions, inputs: operands, specials, size, dtype }
}

const nothing = (dtype: Dtype): GpuKernel => ({
  source: '',
  functions: [],
  inputs: [],
  specials: [],
  size: 0,
  dtype,
})

const dtypeOf = (stage: Stage): Dtype => (stage.tag === 'map' ? stage.expr.dtype : stage.dtype)

/** The numbers of the stages that a stage reads, itself last. */
const needed = ({ stages }: Nest, number: number): readonly number[] => {
  const found = new Set<number>()
  const visit = (s: number): void => {
    if (found.has(s)) return
    const expr = stages[s]?.expr
    for (const node of expr === undefined ? [] : linearise(expr)) if (node.tag === 'stage') visit(node.stage)
    found.add(s)
  }
  visit(number)
  return [...found]
}

/** The reductions that get a kernel of their own. */
const shared = (nest: Nest): readonly number[] => {
  const readers = nest.outputs.map(output => {
    const stage = nest.stages[output]
    const repeats = stage?.tag === 'map' && sizeOf(stage.axes) > 1
    return { reads: needed(nest, output), repeats }
  })
  return nest.stages.flatMap((stage, s) => {
    if (stage.tag !== 'reduce') return []
    const mine = readers.filter(({ reads }) => reads.includes(s))
    return mine.length > 1 || mine.some(({ repeats }) => repeats) ? [s] : []
  })
}

/** The text of stage `number` at a point of the outer axes; stages that have been computed are read. */
const stageText = (writer: Writer, nest: Nest, number: number, made: Made): string => {
  const own = ownAxes(nest.stages[number])
  const at = elementNumber(writer, dtypeOf(nest.stages[number] as Stage))
  const point = decode(writer, at, [...nest.axes, ...own])
  const rank = nest.axes.length
  const outer = { coordinates: point.coordinates.slice(0, rank), sizes: nest.axes }
  const flat = own.length === 0 ? at : writer.integer(flatText(outer.coordinates, nest.axes))
  const stages = new Map<number, string>()
  const scope: Scope = { point: outer, stages, values: new Map<Expr, string>() }
  for (const s of order(nest, number, made)) {
    const stage = nest.stages[s] as Stage
    const of = made.at.get(s)
    if (of !== undefined) stages.set(s, element(writer, dtypeOf(stage), writer.array({ tag: 'result', of }), flat))
    else if (stage.tag === 'reduce') stages.set(s, reduceText(writer, stage, scope))
    else stages.set(s, write(writer, [stage.expr], s === number ? { ...scope, point } : scope)[0] ?? '0')
  }
  return stages.get(number) ?? '0'
}

/** The stages to write for a stage, in order: none behind those that have been computed. */
const order = (nest: Nest, number: number, made: Made): readonly number[] => {
  const found = new Set<number>()
  const visit = (s: number): void => {
    if (found.has(s)) return
    const expr = nest.stages[s]?.expr
    if (!made.at.has(s) && expr !== undefined)
      for (const node of linearise(expr)) if (node.tag === 'stage') visit(node.stage)
    found.add(s)
  }
  visit(number)
  return [...found]
}

const ownAxes = (stage: Stage | undefined): Shape => (stage?.tag === 'map' ? stage.axes : [])

/** The number of a point in row-major order. */
const flatText = (coordinates: readonly string[], sizes: Shape): string =>
  coordinates.reduce<readonly [string, number]>(
    ([text, stride], _, i) => {
      const axis = sizes.length - 1 - i
      const name = coordinates[axis] ?? '0'
      const term = name === '0' ? '' : stride === 1 ? name : `${name} * ${stride}`
      return [term === '' ? text : text === '0' ? term : `${text} + ${term}`, stride * (sizes[axis] ?? 1)]
    },
    ['0', 1],
  )[0]

const stageKernel = (head: Head, nest: Nest, number: number, made: Made): GpuKernel => {
  const stage = nest.stages[number] as Stage
  const size = sizeOf([...nest.axes, ...ownAxes(stage)])
  if (size === 0) return nothing(dtypeOf(stage))
  const writer = writerOf(head.op, head.dialect)
  giveBack(writer, dtypeOf(stage), stageText(writer, nest, number, made))
  return finish(writer, size, dtypeOf(stage))
}

const nestSource = (head: Head, nest: Nest): Source => {
  const made: Made = { kernels: [], at: new Map() }
  const make = (s: number): number => {
    const found = made.at.get(s)
    if (found !== undefined) return found
    const at = made.kernels.push(stageKernel(head, nest, s, made)) - 1
    // Maps with axes of their own are nobody's operands.
    if (ownAxes(nest.stages[s]).length === 0) made.at.set(s, at)
    return at
  }
  for (const s of shared(nest)) make(s)
  return { outputs: nest.outputs.map(make), kernels: made.kernels }
}

/** A contraction as a nest: the sum of products, then maps. */
const nestOf = ({ axes, reduce, a, b, dtype, epilogue }: Contract): Nest => ({
  tag: 'nest',
  axes,
  stages: [
    { tag: 'reduce', axes: reduce, monoid: 'sum', expr: apply('mul', a, b), dtype },
    ...epilogue.map((expr): Stage => ({ tag: 'map', axes: [], expr })),
  ],
  outputs: epilogue.map((_, i) => i + 1),
})

const unsupported = (op: string, what: string): never =>
  fail(ruleError(op, `backend gpu: ${what} kernels have no form in gpu.js yet; run this part on another backend`))

/**
 * The gpu.js kernels of a kernel; `op` names it in messages.
 * @throws RuleError for float64, for more than seven arrays, and for kernels that sort, run totals or solve
 */
export const sourceOf = (kernel: Kernel, op: string = kernel.tag, dialect: Dialect = 'operators'): Source => {
  switch (kernel.tag) {
    case 'nest':
      return nestSource({ op, dialect }, kernel)
    case 'contract':
      return nestSource({ op, dialect }, nestOf(kernel))
    case 'scatter': {
      const size = sizeOf(kernel.shape)
      const writer = writerOf(op, dialect)
      if (size > 0) scatterText(writer, kernel)
      return {
        kernels: [size === 0 ? nothing(kernel.update.dtype) : finish(writer, size, kernel.update.dtype)],
        outputs: [0],
      }
    }
    case 'sort':
    case 'cumulate':
      return unsupported(op, kernel.tag)
    case 'routine':
      return unsupported(op, kernel.task.name)
  }
}
