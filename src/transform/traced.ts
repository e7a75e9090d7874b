/**
 * traced: a function as programs, one for each structure, types and static values of its arguments.
 *
 * Layer: transform. What `jit` and `compile` have in common: they differ in what runs the program. Read next: jit.ts, compile.ts.
 */
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { asValue, isTensor, scalar } from '../core/tensor.ts'
import { typesOf } from '../core/trace.ts'
import { flatten, flattenWithPaths, leafCount, type TreeShape, treeDifference } from '../core/tree.ts'
import type { Program, Tensor, TensorType } from '../core/types.ts'
import { canonical } from './compiled.ts'
import { recordBody } from './derive.ts'

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

/** What was traced for arguments of one structure, with leaves of some types, and for some static arguments. */
type Entry = {
  readonly statics: Statics
  readonly shape: TreeShape
  readonly types: readonly TensorType[]
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

/** Adds the leaves of a tree to a list if it has the given structure and its leaves the types from there on. */
const gather = (node: unknown, shape: TreeShape, types: readonly TensorType[], into: Tensor[]): boolean => {
  if (shape.tag === 'leaf') {
    const x = typeof node === 'number' || typeof node === 'boolean' ? scalar(node) : node
    const type = types[into.length]
    if (!isTensor(x) || type === undefined || x.dtype !== type.dtype || !sameSizes(x.shape, type.shape)) return false
    into.push(x)
    return true
  }
  if (typeof node !== 'object' || node === null || isTensor(node)) return false
  const { items } = shape
  if (shape.tag === 'array') {
    if (!Array.isArray(node) || node.length !== items.length) return false
    for (let i = 0; i < items.length; i++) if (!gather(node[i], items[i] as TreeShape, types, into)) return false
    return true
  }
  if (Array.isArray(node) || Object.keys(node).length !== items.length) return false
  const record = node as { readonly [key: string]: unknown }
  for (let i = 0; i < items.length; i++) {
    const key = shape.keys[i] as string
    if (!(key in record) || !gather(record[key], items[i] as TreeShape, types, into)) return false
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
    if (typeof value === 'number' || typeof value === 'boolean') return scalar(value)
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
    const { program, captured, outShape } = recordBody(kind, body, shape, typesOf(xs))
    const entry: Entry = {
      statics: staticsOf(all),
      shape,
      types: typesOf(xs),
      program: canonical(program),
      captured,
      outShape,
      donated: donatedLeaves(shape, options, dynamic),
    }
    // What was captured of a transformation in progress is gone when that ends.
    if (captured.every(x => asValue(x).tag === 'concrete')) entries.unshift(entry)
    return entry
  }
  const find = (all: readonly unknown[]): readonly [Entry, readonly Tensor[]] => {
    const dynamic = options.static === undefined ? all : all.filter((_, i) => !isStatic(options, i))
    const statics = staticsOf(all)
    for (const entry of entries) {
      const leaves: Tensor[] = []
      if (!sameStatics(entry.statics, statics)) continue
      if (gather(dynamic, entry.shape, entry.types, leaves)) return [entry, leaves]
    }
    const numbers = all.flatMap((_, i) => (isStatic(options, i) ? [] : [i]))
    const entry = trace(all, numbers)
    return [entry, leavesOf(kind, dynamic, numbers)[0]]
  }
  return all => {
    const [{ program, captured, donated, outShape }, leaves] = find(all)
    return { program, inputs: captured.length === 0 ? leaves : [...leaves, ...captured], donated, outShape }
  }
}

const none: Statics = [[], { tag: 'array', items: [] }]
