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
import {
  type Contract,
  type Cumulate,
  type Expr,
  type Kernel,
  linearise,
  mapStage,
  type Nest,
  type Scatter,
  type Stage,
} from '../../core/kernel.ts'
import { type Shape, sizeOf } from '../../core/shape.ts'
import { asNest, endOf } from '../contraction.ts'
import { cumulateKernels } from './cumulate.ts'
import { noFloat64, type Scope, write } from './expressions.ts'
import { type GpuKernel, type Head, kernelOf, MOST_INPUTS, type Source } from './gpu-kernel.ts'
import { loadMade, narrowed, readsOf } from './narrow.ts'
import { inParts, productOf } from './product.ts'
import { reduceText } from './reduce.ts'
import { keyOf, type Search, type Sorted, scatterText, searchedSizes, searchOf } from './scatter.ts'
import { sortKernels } from './sort.ts'
import { tileOf } from './tiles.ts'
import { type Dialect, decode, element, MADE, type Writer } from './writer.ts'

export type { GpuKernel, Source }

/** Kernels by the number of the stage that they compute. */
type Made = { readonly kernels: GpuKernel[]; readonly at: Map<number, number> }

const dtypeOf = (stage: Stage): Dtype => (stage.tag === 'map' ? stage.expr.dtype : stage.dtype)

/** The numbers of the stages that a stage reads, itself last. */
const needed = ({ stages }: Nest, number: number): readonly number[] => {
  const found = new Set<number>()
  const visit = (s: number): void => {
    if (found.has(s)) return
    const expr = stages[s]?.expr
    for (const node of expr === undefined ? [] : linearise([expr])) if (node.tag === 'stage') visit(node.stage)
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
const stageText = (writer: Writer, at: string, nest: Nest, number: number, made: Made): string => {
  const own = ownAxes(nest.stages[number])
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
      for (const node of linearise([expr])) if (node.tag === 'stage') visit(node.stage)
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
  return kernelOf(head, dtypeOf(stage), size, (writer, at) => stageText(writer, at, nest, number, made))
}

/** How many arrays the kernel of a stage would read. */
const readCount = (nest: Nest, number: number, made: Made): number => {
  const stages = order(nest, number, made)
  const inputs = stages.flatMap(s => (made.at.has(s) ? [] : [...readsOf((nest.stages[s] as Stage).expr)]))
  return new Set([...inputs.filter(i => i >= 0), ...stages.flatMap(s => (made.at.has(s) ? [-1 - s] : []))]).size
}

/** The kernels of the stages of a nest, each made when it is asked for. `before` counts the kernels that there are already. */
const nestMaker = (head: Head, nest: Nest, made: Made): ((s: number) => number) => {
  const add = (from: Nest, s: number): number => made.kernels.push(stageKernel(head, from, s, made)) - 1
  /** A nest in which stage `s` reads no more arrays than it may: what it reads, or parts of it, are made first. */
  const fitting = (s: number): Nest => {
    const stage = nest.stages[s] as Stage
    if (readCount(nest, s, made) <= MOST_INPUTS) return nest
    for (const other of needed(nest, s)) if (other !== s && ownAxes(nest.stages[other]).length === 0) make(other)
    const expr = narrowed(stage.expr, part => {
      const stages: readonly Stage[] = [...nest.stages, mapStage(part, stage.axes)]
      return loadMade(part, add({ ...nest, stages }, nest.stages.length), [...nest.axes, ...stage.axes])
    })
    return { ...nest, stages: nest.stages.map((other, i) => (i === s ? { ...stage, expr } : other)) }
  }
  const make = (s: number): number => {
    const found = made.at.get(s)
    if (found !== undefined) return found
    const at = add(fitting(s), s)
    // Maps with axes of their own are nobody's operands.
    if (ownAxes(nest.stages[s]).length === 0) made.at.set(s, at)
    return at
  }
  return make
}

/** The kernels of a nest, behind some that it may read. */
const nestSource = (head: Head, nest: Nest, before: readonly GpuKernel[] = []): Source => {
  const made: Made = { kernels: [...before], at: new Map() }
  const make = nestMaker(head, nest, made)
  for (const s of shared(nest)) make(s)
  const outputs = nest.outputs.map(make)
  // Each result is an array of its own.
  const apart = outputs.map((at, i) =>
    outputs.indexOf(at) === i ? at : made.kernels.push(made.kernels[at] as GpuKernel) - 1,
  )
  return { outputs: apart, kernels: made.kernels }
}

/** An expression at the points of some axes, as a load of an array that is made first. */
const gathered = (head: Head, axes: Shape, expr: Expr, kernels: GpuKernel[]): Expr => {
  const nest: Nest = { tag: 'nest', axes, stages: [mapStage(expr)], outputs: [0] }
  return loadMade(expr, nestMaker(head, nest, { kernels, at: new Map() })(0), axes)
}

const scatterSource = (head: Head, kernel: Scatter): Source => {
  const kernels: GpuKernel[] = []
  const { init, index, update, shape, axes } = kernel
  const search = searchOf(kernel)
  const sorted = sortedKeys(head, kernel, search, kernels)
  // Where updates are sorted, their keys and their order are read in place of what gives their places.
  const reads = sorted === null ? readsOf(init, ...index, update).size : readsOf(init, update).size + 2
  const fitting = (axes: Shape, expr: Expr): Expr =>
    reads > MOST_INPUTS && readsOf(expr).size > 0 ? gathered(head, axes, expr, kernels) : expr
  const narrow: Scatter = {
    ...kernel,
    init: fitting(shape, init),
    update: fitting(axes, update),
    index: sorted === null ? index.map(expr => fitting(axes, expr)) : index,
  }
  const last = kernelOf(head, update.dtype, sizeOf(shape), (writer, at) =>
    scatterText(writer, at, narrow, search, sorted),
  )
  return { outputs: [kernels.push(last) - 1], kernels }
}

/** The keys of a scatter's updates and their order, which kernels make first; null where the updates are not sorted. */
const sortedKeys = (head: Head, kernel: Scatter, search: Search, kernels: GpuKernel[]): Sorted | null => {
  const key = keyOf(kernel, search)
  if (key === null) return null
  const sizes = searchedSizes(kernel, search)
  gathered(head, sizes, key, kernels)
  const keys = { tag: 'result', of: kernels.length - 1 } as const
  kernels.push(...sortKernels(head, { tag: 'sort', shape: [sizeOf(sizes)] }, 'int32', keys, kernels.length))
  return { keys, order: { tag: 'result', of: kernels.length - 1 } }
}

const cumulateSource = (head: Head, kernel: Cumulate): Source => {
  const kernels: GpuKernel[] = []
  const wide = readsOf(kernel.expr).size > MOST_INPUTS
  const expr = wide ? gathered(head, kernel.axes, kernel.expr, kernels) : kernel.expr
  kernels.push(...cumulateKernels(head, { ...kernel, expr }, kernels.length))
  return { outputs: [kernels.length - 1], kernels }
}

/** A contraction as a kernel that has a shader for its sums, then those of what is made of them; null for one that is no product. */
const tiledSource = (head: Head, kernel: Contract): Source | null => {
  const whole = productOf(kernel)
  if (whole === null) return null
  const { sums, parts } = inParts(kernel, whole)
  const product = productOf(sums)
  const [sum] = nestSource(head, { ...asNest(sums), outputs: [0] }).kernels
  if (product === null || sum === undefined) return null
  const nameOf = (input: number): string =>
    `user_a${sum.inputs.findIndex(operand => operand.tag === 'input' && operand.input === input)}`
  const tile = tileOf(product, { a: nameOf(product.inputs.a), b: nameOf(product.inputs.b) })
  const tiled: GpuKernel = { ...sum, tile }
  const plain = parts === 1 && kernel.epilogue.length === 1 && kernel.epilogue[0]?.tag === 'stage'
  return plain ? { kernels: [tiled], outputs: [0] } : nestSource(head, endOf(kernel, MADE, 0, parts), [tiled])
}

/** How a kernel is to be written. */
export type SourceOptions = {
  /** Named in messages. */
  readonly op?: string
  readonly dialect?: Dialect
  /** Whether threads can share memory; no unless given. */
  readonly tiles?: boolean
  /** The dtypes of its inputs, where expressions do not say them; float32 unless given. */
  readonly dtypes?: readonly Dtype[]
}

const checkDtypes = (op: string, dtypes: readonly Dtype[]): void => {
  if (dtypes.includes('float64')) fail(noFloat64(op))
}

/**
 * The gpu.js kernels of a kernel. What reads more arrays than WebGPU allows is computed in parts.
 * @throws RuleError for float64, for routines of linear algebra, and for a scatter into more axes than a kernel may read arrays
 */
export const sourceOf = (kernel: Kernel, options: SourceOptions = {}): Source => {
  const { op = kernel.tag, dialect = 'operators', tiles = false, dtypes = [] } = options
  const head: Head = { op, dialect }
  checkDtypes(op, dtypes)
  switch (kernel.tag) {
    case 'nest':
      return nestSource(head, kernel)
    case 'contract':
      return (tiles ? tiledSource(head, kernel) : null) ?? nestSource(head, asNest(kernel))
    case 'scatter':
      return scatterSource(head, kernel)
    case 'cumulate':
      return cumulateSource(head, kernel)
    case 'sort': {
      const kernels = sortKernels(head, kernel, dtypes[0] ?? 'float32')
      return { kernels, outputs: [kernels.length - 1] }
    }
    case 'routine':
      return fail(
        ruleError(op, `backend gpu: ${kernel.task.name} has no form in gpu.js; run this part on another backend`),
      )
  }
}
