/**
 * traced: a function as programs, one for each structure, types and static values of its arguments.
 *
 * Layer: transform. What `jit` and `compile` have in common: they differ in what runs the program. Read next: jit.ts, compile.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { createProgram } from '../core/program.ts'
import { asValue, isTensor, scalar } from '../core/tensor.ts'
import { typesOf } from '../core/trace.ts'
import { flatten, flattenWithPaths, leafCount, type TreeShape, treeDifference } from '../core/tree.ts'
import type { Program, Tensor, TensorType, Variable } from '../core/types.ts'
import { beside, isWeak, numberAs, strong, weakly, weakScalar } from '../core/weak.ts'
import { canonical } from './compiled.ts'
import { type Body, pick, recordBody } from './derive.ts'

/** Options of `jit`: numbers of arguments. */
export type JitOptions = {
  /**
   * Arguments that are not traced but fixed: strings, booleans, functions, settings. The function is compiled for each value; lists and
   * records are equal when what is in them is. */
  readonly static?: readonly number[]
  /**
   * Arguments whose memory the function may use for its results: the state of a training loop. Their tensors cannot be read
   * afterwards.
   */
  readonly donate?: readonly number[]
}

/** Static arguments by what is in them, as it was. */
type Statics = readonly [leaves: readonly unknown[], shape: TreeShape]

const sameStatics = ([as, a]: Statics, [bs, b]: Statics): boolean =>
  as.length === bs.length && as.every((x, i) => Object.is(x, bs[i])) && treeDifference(a, b) === undefined

/** A number among the leaves, as a scalar of another dtype. */
type Reading = { readonly leaf: number; readonly dtype: Dtype }

/** What was traced for arguments of one structure, with leaves of some types, and for some static arguments. */
type Entry = {
  readonly statics: Statics
  readonly shape: TreeShape
  readonly types: readonly TensorType[]
  /** Which leaves are numbers. */
  readonly numbers: readonly boolean[]
  /** In what other dtypes the program wants numbers: its inputs after the leaves. */
  readonly readings: readonly Reading[]
  readonly program: Program
  readonly captured: readonly Tensor[]
  readonly outShape: TreeShape
  readonly donated: readonly number[]
}

const sameSizes = (a: readonly number[], b: readonly number[]): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A leaf of arguments: numbers stay what they are until it is known in which dtypes they are read. */
type Leaf = Tensor | number

/** Whether this can be a leaf: a number where there was one, tensors that stand for none wherever the program reads no number. */
const fits = ({ types, numbers, readings }: Entry, leaf: number, x: Leaf): boolean => {
  if (typeof x === 'number') return numbers[leaf] === true
  const type = types[leaf]
  if (type === undefined || x.dtype !== type.dtype || !sameSizes(x.shape, type.shape)) return false
  return isWeak(x) ? numbers[leaf] === true : readings.length === 0 || readings.every(reading => reading.leaf !== leaf)
}

/** A leaf as the input of a program. */
const asTensor = (x: Leaf): Tensor => (typeof x === 'number' ? scalar(x) : strong(x))
/** A number, or a tensor that stands for one, in a dtype. */
const inDtype = (kind: string, x: Leaf, dtype: Dtype): Tensor =>
  typeof x === 'number' ? numberAs(kind, x, dtype) : beside(kind, x, dtype)

/** Adds the leaves of a tree to a list if it has the given structure and they fit an entry from there on. */
const gather = (node: unknown, shape: TreeShape, entry: Entry, into: Leaf[]): boolean => {
  if (shape.tag === 'leaf') {
    const x = typeof node === 'boolean' ? scalar(node) : node
    if ((typeof x !== 'number' && !isTensor(x)) || !fits(entry, into.length, x)) return false
    into.push(x)
    return true
  }
  if (typeof node !== 'object' || node === null || isTensor(node)) return false
  const { items } = shape
  if (shape.tag === 'array') {
    if (!Array.isArray(node) || node.length !== items.length) return false
    for (let i = 0; i < items.length; i++) if (!gather(node[i], items[i] as TreeShape, entry, into)) return false
    return true
  }
  if (Array.isArray(node) || Object.keys(node).length !== items.length) return false
  const record = node as { readonly [key: string]: unknown }
  for (let i = 0; i < items.length; i++) {
    const key = shape.keys[i] as string
    if (!(key in record) || !gather(record[key], items[i] as TreeShape, entry, into)) return false
  }
  return true
}

const isStatic = (options: JitOptions, i: number): boolean => options.static?.includes(i) === true

/** Numbers of the leaves of donated arguments. */
const donatedLeaves = (shape: TreeShape, options: JitOptions, dynamic: readonly number[]): readonly number[] => {
  if (shape.tag !== 'array' || options.donate === undefined) return []
  let next = 0
  return shape.items.flatMap((item, k) => {
    const leaves = Array.from({ length: leafCount(item) }, () => next++)
    return options.donate?.includes(dynamic[k] as number) ? leaves : []
  })
}

/** The leaves of arguments as tensors; whatever else there is gets an error that says what to do. */
const leavesOf = (
  kind: string,
  args: readonly unknown[],
  dynamic: readonly number[],
): readonly [readonly Tensor[], TreeShape] => {
  const [leaves, shape] = flattenWithPaths(args)
  const tensors = leaves.map(({ path, value }) => {
    if (isTensor(value)) return value
    if (typeof value === 'number' || typeof value === 'boolean') return weakScalar(value)
    const at = path.replace(/^\[(\d+)\]/, (_, i) => ` ${dynamic[Number(i)]}`)
    return fail(
      treeError(
        kind,
        `argument${at} is ${describe(value)}, not a tensor: name it in { static: […] } if it is a setting`,
      ),
    )
  })
  return [tensors, shape]
}

const checkOptions = (kind: string, options: JitOptions): void => {
  for (const [name, list] of Object.entries(options))
    if (!Array.isArray(list) || list.some(i => !Number.isInteger(i) || i < 0))
      fail(valueError(kind, `${name} is a list of argument numbers, got ${describe(list)}`))
  const both = options.static?.find(i => options.donate?.includes(i))
  if (both !== undefined) fail(valueError(kind, `argument ${both} cannot be both static and donated`))
}

/** The dtypes besides float32 in which a function may want a number. */
const READINGS: readonly Dtype[] = ['float64', 'int32']

/** Which variables a program reads. */
const variablesRead = ({ equations, outputs }: Program): ReadonlySet<Variable> =>
  new Set([...equations.flatMap(eq => eq.inputs), ...outputs])

/**
 * Records a function on leaves of which some are numbers: after the leaves, the program has an input for each dtype in which it reads
 * one.
 */
const recordNumbers = (
  kind: string,
  f: (...args: readonly unknown[]) => unknown,
  shape: TreeShape,
  xs: readonly Tensor[],
): Body & { readonly readings: readonly Reading[] } => {
  const offered = xs.flatMap((x, leaf) => (isWeak(x) ? READINGS.map((dtype): Reading => ({ leaf, dtype })) : []))
  if (offered.length === 0) return { ...recordBody(kind, f, shape, typesOf(xs)), readings: [] }
  const body = (args: readonly unknown[], ...others: readonly unknown[]): unknown => {
    const [leaves] = flatten(args)
    const as = (leaf: number) => (op: string, dtype: Dtype) => {
      const at = offered.findIndex(reading => reading.leaf === leaf && reading.dtype === dtype)
      return at < 0 ? beside(op, xs[leaf] as Tensor, dtype) : (others[at] as Tensor)
    }
    xs.forEach((x, leaf) => {
      if (isWeak(x)) weakly(leaves[leaf] as Tensor, as(leaf))
    })
    return f(...args)
  }
  const whole: TreeShape = { tag: 'array', items: [shape, ...offered.map(() => ({ tag: 'leaf' as const }))] }
  const types = [...typesOf(xs), ...offered.map(({ dtype }) => ({ shape: [], dtype }))]
  const { program, captured, outShape } = recordBody(kind, body, whole, types)
  const read = variablesRead(program)
  const wanted = offered.map((_, i) => read.has(program.inputs[xs.length + i] as Variable))
  const inputs = program.inputs.filter((_, i) => wanted[i - xs.length] ?? true)
  return { program: createProgram({ ...program, inputs }), captured, outShape, readings: pick(offered, wanted) }
}

/** The program for some arguments, what it runs on, its own leaves first, and how its results are put together. */
export type Found = {
  readonly program: Program
  readonly inputs: readonly Tensor[]
  /** Numbers of inputs. */
  readonly donated: readonly number[]
  readonly outShape: TreeShape
}

/** Traces `f` for arguments that are new, and remembers it for others like them. `kind` names the transformation in messages. */
export const traced = (kind: string, f: unknown, options: JitOptions): ((args: readonly unknown[]) => Found) => {
  checkOptions(kind, options)
  const entries: Entry[] = []
  const staticsOf = (all: readonly unknown[]): Statics =>
    options.static === undefined ? none : flatten(all.filter((_, i) => isStatic(options, i)))
  const trace = (all: readonly unknown[], dynamic: readonly number[]): Entry => {
    const [xs, shape] = leavesOf(
      kind,
      dynamic.map(i => all[i]),
      dynamic,
    )
    const body = (...some: readonly unknown[]): unknown => {
      const args = [...all]
      dynamic.forEach((at, i) => {
        args[at] = some[i]
      })
      return (f as (...args: readonly unknown[]) => unknown)(...args)
    }
    const { program, captured, outShape, readings } = recordNumbers(kind, body, shape, xs)
    const entry: Entry = {
      statics: staticsOf(all),
      shape,
      types: typesOf(xs),
      numbers: xs.map(isWeak),
      readings,
      program: canonical(program),
      captured,
      outShape,
      donated: donatedLeaves(shape, options, dynamic),
    }
    // What was captured of a transformation in progress is gone when that ends.
    if (captured.every(x => asValue(x).tag === 'concrete')) entries.unshift(entry)
    return entry
  }
  const find = (all: readonly unknown[]): readonly [Entry, readonly Leaf[]] => {
    const dynamic = options.static === undefined ? all : all.filter((_, i) => !isStatic(options, i))
    const statics = staticsOf(all)
    for (const entry of entries) {
      const leaves: Leaf[] = []
      if (!sameStatics(entry.statics, statics)) continue
      if (gather(dynamic, entry.shape, entry, leaves)) return [entry, leaves]
    }
    const numbers = all.flatMap((_, i) => (isStatic(options, i) ? [] : [i]))
    const entry = trace(all, numbers)
    return [entry, leavesOf(kind, dynamic, numbers)[0]]
  }
  return all => {
    const [{ program, readings, captured, donated, outShape }, leaves] = find(all)
    const read = readings.map(({ leaf, dtype }) => inDtype(kind, leaves[leaf] as Leaf, dtype))
    return { program, inputs: [...leaves.map(asTensor), ...read, ...captured], donated, outShape }
  }
}

const none: Statics = [[], { tag: 'array', items: [] }]
