/**
 * jit: a function traced once and compiled.
 *
 * Layer: transform. A jitted function is one op that holds its program: derivatives and batches of it are jitted again, and in a
 * program that is compiled it is an equation like others. Read first: call.ts.
 */
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { asValue, isTensor, scalar } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import { flattenWithPaths, leafCount, type TreeShape, unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor, TensorType } from '../core/types.ts'
import { type Arguments, requireFunction } from './arguments.ts'
import { again, type Holding, running } from './call.ts'
import { canonical, execute } from './compiled.ts'
import { recordBody } from './derive.ts'

type Compiled = Holding & { readonly donated: readonly number[] }

/** What is transformed donates nothing. */
const held = (program: Program): Compiled => ({ program, donated: [] })
const compiled = (program: Program, xs: readonly Tensor[]) => bind(jitOp, held(program), ...xs)

/** Runs a compiled program. Its derivative runs it again, compiled together with the way back. */
const jitOp: Operation<Compiled> = running<Compiled>({
  name: 'jit',
  doc: 'Runs a compiled program.',
  hold: held,
  evaluate: ({ program, donated }, xs) => execute(program, xs, donated),
  vjp: again(compiled, compiled),
})

/** Options of `jit`: numbers of arguments. */
export type JitOptions = {
  /** Arguments that are not traced but fixed: strings, booleans, functions, settings. The function is compiled for each value. */
  readonly static?: readonly number[]
  /**
   * Arguments whose memory the function may use for its results: the state of a training loop. Their tensors cannot be read
   * afterwards.
   */
  readonly donate?: readonly number[]
}

/** What was compiled for arguments of one structure, with leaves of some types, and for some static arguments. */
type Entry = {
  readonly statics: readonly unknown[]
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
const leavesOf = (args: readonly unknown[], dynamic: readonly number[]): readonly [readonly Tensor[], TreeShape] => {
  const [leaves, shape] = flattenWithPaths(args)
  const tensors = leaves.map(({ path, value }) => {
    if (isTensor(value)) return value
    if (typeof value === 'number' || typeof value === 'boolean') return scalar(value)
    const at = path.replace(/^\[(\d+)\]/, (_, i) => ` ${dynamic[Number(i)]}`)
    return fail(
      treeError(
        'jit',
        `argument${at} is ${describe(value)}, not a tensor: name it in { static: […] } if it is a setting`,
      ),
    )
  })
  return [tensors, shape]
}

const checkOptions = (options: JitOptions): void => {
  for (const [name, list] of Object.entries(options))
    if (!Array.isArray(list) || list.some(i => !Number.isInteger(i) || i < 0))
      fail(valueError('jit', `${name} is a list of argument numbers, got ${describe(list)}`))
  const both = options.static?.find(i => options.donate?.includes(i))
  if (both !== undefined) fail(valueError('jit', `argument ${both} cannot be both static and donated`))
}

/** The program that a jitted function runs, and what it runs it on. */
export type Traced = { readonly program: Program; readonly inputs: readonly Tensor[] }

/** What is known of a jitted function: the program for some arguments, and how to make it again. */
type Made = {
  readonly traced: (args: readonly unknown[]) => Traced
  readonly again: (options: JitOptions) => unknown
  readonly options: JitOptions
}
const jittedFunctions = new WeakMap<object, Made>()

/** What a jitted function does with these arguments. */
export const tracedOf = (f: unknown, args: readonly unknown[]): Traced =>
  (typeof f === 'function' ? jittedFunctions.get(f) : undefined)?.traced(args) ??
  fail(valueError('explain', `takes a jitted function, got ${describe(f)}: explain(jit(f))(...args)`))

/** A jitted function that donates its first argument too; `null` for a function that is not jitted. */
export const donatingFirst = <F>(f: F): F | null => {
  const made = typeof f === 'function' ? jittedFunctions.get(f) : undefined
  if (made === undefined) return null
  const { donate = [] } = made.options
  return donate.includes(0) ? f : (made.again({ ...made.options, donate: [0, ...donate] }) as F)
}

/**
 * f traced once and compiled: the same function, quicker. Arguments and results are trees of tensors; numbers are traced as
 * scalars, so that a learning rate that changes costs no compilation.
 *
 * Compiled for each combination of structure, shapes, dtypes and static arguments, and kept. Tensors from outside that f uses are
 * fixed when it is traced. Composes with all transformations: `jit(grad(f))` is what one wants; `grad(jit(f))` and `vmap(jit(f))`
 * work too. As `jax.jit`.
 * @throws TraceError when f reads a value, as `if` and `item` do (use `where`, `cond`, `scan` or `whileLoop`), or returns a
 *   promise; TreeError for arguments that are neither tensors nor static; EngineError when a donated tensor is read
 * @example
 * const step = jit((w: Tensor, x: Tensor) => sub(w, mul(0.1, grad((v: Tensor) => sum(square(matmul(x, v))))(w))))
 * step(ones([3, 1]), ones([2, 3])) // [3,1]
 */
export const jit = <Args extends readonly unknown[], Y>(
  f: (...args: Args) => Y,
  options: JitOptions = {},
): ((...args: Arguments<Args>) => Y) => {
  requireFunction('jit', f)
  checkOptions(options)
  const entries: Entry[] = []
  const trace = (all: readonly unknown[], dynamic: readonly number[]): Entry => {
    const [xs, shape] = leavesOf(
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
    const { program, captured, outShape } = recordBody('jit', body, shape, typesOf(xs))
    const entry: Entry = {
      statics: all.filter((_, i) => isStatic(options, i)),
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
    const statics = options.static === undefined ? none : all.filter((_, i) => isStatic(options, i))
    for (const entry of entries) {
      const leaves: Tensor[] = []
      if (entry.statics.length !== statics.length || entry.statics.some((x, i) => !Object.is(x, statics[i]))) continue
      if (gather(dynamic, entry.shape, entry.types, leaves)) return [entry, leaves]
    }
    const numbers = all.flatMap((_, i) => (isStatic(options, i) ? [] : [i]))
    const entry = trace(all, numbers)
    return [entry, leavesOf(dynamic, numbers)[0]]
  }
  const jitted = (...all: readonly unknown[]): unknown => {
    const [{ program, captured, donated, outShape }, leaves] = find(all)
    const inputs = captured.length === 0 ? leaves : [...leaves, ...captured]
    const ys = bind(jitOp, { program, donated }, ...inputs)
    return outShape.tag === 'leaf' ? ys[0] : unflatten(outShape, ys)
  }
  jittedFunctions.set(jitted, {
    traced: all => {
      const [{ program, captured }, leaves] = find(all)
      return { program, inputs: [...leaves, ...captured] }
    },
    again: other => jit(f, other),
    options,
  })
  return jitted as unknown as (...args: Arguments<Args>) => Y
}

const none: readonly unknown[] = []
