/**
 * Making tensors and reading them.
 *
 * Layer: core. Values are copied in and copied out, so nobody can change a tensor; only backends touch its cell.
 */
import { allocate, castNumber, type Dtype, dtypeOfArray, type TypedArray } from './dtype.ts'
import {
  CotangentError,
  describe,
  dtypeError,
  engineError,
  fail,
  orThrow,
  shapeError,
  traceError,
  valueError,
} from './errors.ts'
import { showArray, showTensor } from './print.ts'
import { dim, MAX_RANK, type Shape, showShape, sizeOf, validShape } from './shape.ts'
import type { Check, Literal, Resolved, ShapeOf, SingleElement } from './shape-types.ts'
import type { Cell, Concrete, Formula, Remote, Tensor, TensorType, Trace, Tracer, Value } from './types.ts'

const inspect = Symbol.for('nodejs.util.inspect.custom')

const noArithmetic = (): never =>
  fail(
    new CotangentError(
      'ValueError',
      'tensor',
      'JavaScript operators do not work on tensors: write add(x, y) for x + y, gt(x, y) for x > y, eq(x, y) for x == y, item(x) for the number in a scalar, and show(x) for text',
    ),
  )

/** A type as programs print it: `float32[2,3]`. */
export const showType = ({ dtype, shape }: TensorType): string => `${dtype}${showShape(shape)}`

/** How deep Node inspects in all; other runtimes may pass nothing. */
type InspectOptions = { readonly depth?: number | null }

/**
 * What `console.log` shows. Node leaves later lines of a text where they are, but moves in those of a nested object: hence
 * the second step for a tensor inside an object, whose array starts on a line of its own to stay aligned.
 */
const inspected = (x: Concrete, depth: number, options?: InspectOptions): unknown => {
  const remote = elsewhere(x.cell)
  if (remote !== undefined) return showRemote(x, remote)
  const text = showTensor(hostOf(x.cell), x.shape, x.dtype)
  const atTop = !text.includes('\n') || depth === options?.depth
  return atTop ? text : { [inspect]: () => text.replace('(', '(\n       ').replaceAll('\n     ', '\n') }
}

const showTracer = (x: Tracer): string => `Tracer(${showType(x)}, inside ${x.trace.kind})`

const concreteMethods = {
  tag: 'concrete' as const,
  [Symbol.toPrimitive](this: Concrete, hint: string) {
    return hint === 'string' ? String(this.toString()) : noArithmetic()
  },
  toString(this: Concrete) {
    const remote = elsewhere(this.cell)
    if (remote !== undefined) return showRemote(this, remote)
    return showArray(hostOf(this.cell), this.shape, this.dtype)
  },
  [inspect](this: Concrete, depth: number, options?: InspectOptions) {
    return inspected(this, depth, options)
  },
}

const tracerMethods = {
  tag: 'tracer' as const,
  [Symbol.toPrimitive](this: Tracer, hint: string) {
    return hint === 'string' ? showTracer(this) : noArithmetic()
  },
  toString(this: Tracer) {
    return showTracer(this)
  },
  [inspect](this: Tracer) {
    return showTracer(this)
  },
}

/** A tensor over a cell. For backends. */
export const tensorOn = (cell: Cell, shape: Shape, dtype: Dtype): Concrete => {
  const x = Object.create(concreteMethods)
  x.shape = shape
  x.dtype = dtype
  x.cell = cell
  return x
}

/** A tensor that owns `host`, which nobody else may change. For backends. */
export const concrete = (shape: Shape, dtype: Dtype, host: TypedArray): Concrete =>
  tensorOn({ host, block: null }, shape, dtype)

/** The same values under another shape of the same size; nothing is copied. */
export const withShape = (x: Concrete, shape: Shape): Concrete => tensorOn(x.cell, shape, x.dtype)

/** Formulas of so few elements are written out at once. */
const FEW = 64

/** A tensor whose elements follow a formula, written out when they are first read. */
export const generated = (shape: Shape, formula: Formula): Concrete =>
  formula.size <= FEW
    ? concrete(shape, formula.dtype, written(formula))
    : tensorOn({ host: null, block: null, formula }, shape, formula.dtype)

const written = ({ dtype, size, start, step }: Formula): TypedArray => {
  const host = allocate(dtype, size)
  if (step === 0) host.fill(start)
  else for (let i = 0; i < size; i++) host[i] = start + i * step
  return host
}

/** The formula that the elements of a tensor follow, if that is known or they are few enough to look at. */
export const formulaOf = ({ cell, dtype }: Concrete): Formula | undefined => {
  if (cell.formula !== undefined) return cell.formula
  const { host } = cell
  if (host === null || host.length === 0 || host.length > FEW) return undefined
  const [start = 0] = host
  return host.every(x => Object.is(x, start)) ? { dtype, size: host.length, start, step: 0 } : undefined
}

/** The elements of a cell on the host, copied out of the engine's memory or written out if they are not there yet. */
export const hostOf = (cell: Cell): TypedArray => {
  const { remote } = cell
  if (cell.host === null && remote !== undefined) return remote.host ?? fail(unread(remote))
  const host =
    cell.host ?? cell.block?.read() ?? (cell.formula === undefined ? fail(donated('data')) : written(cell.formula))
  cell.host = host
  return host
}

/** Why elements that are on a device cannot be had at once. */
export const unread = ({ where, lost }: Remote): CotangentError =>
  engineError(
    'data',
    lost
      ? `this tensor was on backend ${where}, which has been closed: call await toHost(x) before closing it`
      : `this tensor is on backend ${where}: call await toHost(x) before reading it or computing with it here`,
  )

/** Where the elements of a cell are if the host does not have them. */
const elsewhere = ({ host, remote }: Cell): Remote | undefined =>
  host === null && remote?.host === null ? remote : undefined

const showRemote = (x: TensorType, { where }: Remote): string => `Tensor(${showType(x)}, on ${where})`

/** Why a tensor has no values any more. */
export const donated = (op: string): CotangentError =>
  engineError(
    op,
    'this tensor was donated, itself or as its reshape, to a jitted function, which has overwritten it: use the result instead, or leave its argument out of { donate }',
  )

/** A tensor of the same elements in memory of its own; a tracer as it is. */
export const copy = (x: Tensor): Tensor => {
  const value = asValue(x)
  return value.tag === 'tracer' ? x : concrete(value.shape, value.dtype, hostOf(value.cell).slice())
}

/** A tracer. For traces. */
export const tracer = (trace: Trace, type: TensorType, primal: Tensor | null, carried: unknown): Tracer =>
  Object.assign(Object.create(tracerMethods), { shape: type.shape, dtype: type.dtype, trace, primal, carried })

/** Whether a value is a tensor (traced or not). */
export const isTensor = (x: unknown): x is Tensor =>
  typeof x === 'object' &&
  x !== null &&
  (Object.getPrototypeOf(x) === concreteMethods || Object.getPrototypeOf(x) === tracerMethods)

/** Which of the two kinds a tensor is. */
export const asValue = (x: Tensor): Value => x as Value

/** Shape and dtype of a tensor. */
export const typeOf = (x: Tensor): TensorType => ({ shape: x.shape, dtype: x.dtype })

/** Nested arrays of numbers or of booleans. */
export type Nested = number | boolean | readonly Nested[]

type MutableShape = number[]

const shapeOfNested = (op: string, value: unknown): MutableShape => {
  const shape: MutableShape = []
  let head = value
  while (Array.isArray(head)) {
    shape.push(head.length)
    head = head[0]
    if (shape.length > MAX_RANK) fail(shapeError(op, `the array is nested more than ${MAX_RANK} deep, or holds itself`))
  }
  const visit = (node: unknown, axis: number, path: string): void => {
    if (Array.isArray(node)) {
      if (axis >= shape.length || node.length !== shape[axis])
        fail(
          shapeError(
            op,
            `ragged nested array: ${path === '' ? 'the array' : path} has length ${node.length} where ${
              axis < shape.length ? `${shape[axis]} was expected` : 'a number was expected'
            }; every row needs the same length`,
          ),
        )
      // A hole is undefined, which forEach would pass over.
      for (let i = 0; i < node.length; i++) visit(node[i], axis + 1, `${path}[${i}]`)
    } else if (axis < shape.length)
      fail(
        shapeError(
          op,
          `ragged nested array: ${path} is ${describe(node)} where an array of length ${shape[axis]} was expected`,
        ),
      )
    else if (typeof node !== 'number' && typeof node !== 'boolean')
      fail(
        valueError(
          op,
          `${path === '' ? 'the value' : path} is ${describe(node)}; a tensor is made of numbers or booleans (to join tensors, use stack or concat)`,
        ),
      )
  }
  visit(value, 0, '')
  return shape
}

const flattenNested = (value: Nested, into: (number | boolean)[] = []): (number | boolean)[] => {
  if (typeof value === 'number' || typeof value === 'boolean') into.push(value)
  else for (const child of value) flattenNested(child, into)
  return into
}

const numberIn = (values: ArrayLike<unknown>): unknown => Array.from(values).find(x => typeof x !== 'boolean')

/** Checks that a number can be an element of `dtype` without loss of meaning. */
export const checkElement = (op: string, value: number | boolean, dtype: Dtype): number => {
  if (typeof value === 'boolean')
    return dtype === 'bool'
      ? Number(value)
      : fail(dtypeError(op, `${value} is no ${dtype}; give 1 or 0, or make a bool tensor and cast it`))
  if (typeof value !== 'number') return fail(valueError(op, `${describe(value)} is no number`))
  if (dtype === 'int32' && (!Number.isInteger(value) || (value | 0) !== value))
    return fail(
      dtypeError(op, `${value} is no int32: use a whole number between -2147483648 and 2147483647, or a float dtype`),
    )
  if (dtype === 'bool')
    return value === 0 || value === 1 ? value : fail(dtypeError(op, `${value} is no bool: use true and false`))
  return value
}

/**
 * A tensor from a number, a boolean, nested arrays or a typed array, which is copied.
 *
 * Numbers become float32 unless `dtype` says otherwise, booleans become bool; Float32Array, Float64Array and Int32Array
 * keep their type, and other typed arrays need a `dtype`.
 * @param options.dtype the element type; a value that it cannot hold (a fraction as int32) throws a DtypeError
 * @param options.shape the shape to give a flat array; its size must be the array's length
 * @throws ShapeError when nested arrays are ragged or `shape` does not fit; DtypeError; ValueError for anything else
 * @example
 * tensor([[1, 2], [3, 4]])                            // float32[2,2]
 * tensor(new Float64Array(6), { shape: [2, 3] })      // float64[2,3]
 */
export function tensor<const V extends Nested | ArrayBufferView, const S extends Shape = never>(
  value: Check<Literal<V>, V>,
  options: { readonly dtype?: Dtype; readonly shape?: S } = {},
): Tensor<Resolved<[S] extends [never] ? Literal<V> : Readonly<S>>> {
  return tensorOf(value as Nested | ArrayBufferView, options) as Tensor<
    Resolved<[S] extends [never] ? Literal<V> : Readonly<S>>
  >
}

const tensorOf = (
  value: Nested | ArrayBufferView,
  options: { readonly dtype?: Dtype; readonly shape?: Shape },
): Tensor => {
  if (typeof options !== 'object' || options === null)
    return fail(valueError('tensor', `takes options after the values, got ${describe(options)}`))
  const odd = Object.keys(options).find(name => name !== 'dtype' && name !== 'shape')
  if (odd !== undefined) return fail(valueError('tensor', `has no option ${odd}; there are dtype, shape`))
  const view = ArrayBuffer.isView(value)
  if (view && (value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array))
    return fail(valueError('tensor', `cannot read a ${value.constructor.name}; give a typed array of numbers`))
  const found = view ? [(value as unknown as TypedArray).length] : shapeOfNested('tensor', value)
  const source = view ? (value as unknown as TypedArray) : flattenNested(value as Nested)
  const mixed = view || options.dtype !== undefined || typeof source[0] !== 'boolean' ? undefined : numberIn(source)
  if (mixed !== undefined)
    return fail(dtypeError('tensor', `${mixed} is no bool: use true and false, or give numbers alone`))
  const shape = orThrow(validShape('tensor', options.shape ?? found))
  if (sizeOf(shape) !== source.length)
    return fail(
      shapeError(
        'tensor',
        `${source.length} values do not fill shape ${showShape(shape)}, which holds ${sizeOf(shape)}`,
      ),
    )
  const dtype =
    options.dtype ??
    (view ? dtypeOfArray(value as ArrayBufferView) : typeof source[0] === 'boolean' ? 'bool' : 'float32') ??
    fail(
      dtypeError(
        'tensor',
        `say which dtype a ${(value as object).constructor.name} becomes: tensor(array, { dtype: 'float32' })`,
      ),
    )
  const host = allocate(dtype, source.length)
  if (view && dtypeOfArray(value as ArrayBufferView) === dtype) host.set(source as TypedArray)
  else for (let i = 0; i < source.length; i++) host[i] = checkElement('tensor', source[i] ?? 0, dtype)
  return concrete([...shape], dtype, host)
}

/** A scalar tensor of the given dtype, float32 by default. */
export const scalar = (
  value: number | boolean,
  dtype: Dtype = typeof value === 'boolean' ? 'bool' : 'float32',
): Tensor<readonly []> => {
  const host = allocate(dtype, 1)
  host[0] = checkElement('scalar', value, dtype)
  return concrete([], dtype, host) as Tensor as Tensor<readonly []>
}

/** A scalar converted as `cast` does, so that a weakly typed constant always fits. */
export const scalarLike = (value: number, dtype: Dtype): Concrete => {
  const host = allocate(dtype, 1)
  host[0] = castNumber(value, dtype)
  return concrete([], dtype, host)
}

/** The tensor itself; anything else is a ValueError, which calls it `name`. */
export const requireTensor = <X>(op: string, x: X, name?: string): X & Tensor =>
  isTensor(x)
    ? x
    : fail(valueError(op, `${name === undefined ? 'takes' : `${name} must be`} a tensor, got ${describe(x)}`))

/** Throws a ValueError unless all arguments of a function are tensors, and says which is none. */
export const requireTensors = (op: string, ...xs: readonly unknown[]): void => {
  const wrong = xs.findIndex(x => !isTensor(x))
  if (wrong >= 0) fail(valueError(op, `takes tensors, got ${describe(xs[wrong])} for argument ${wrong}`))
}

/** The values of a tensor, through the primals of its tracers; throws where no value is known. */
const known = (op: string, x: Tensor): Concrete => {
  let value = asValue(requireTensor(op, x))
  while (value.tag === 'tracer') {
    const { trace, primal } = value
    if (primal === null)
      return fail(
        traceError(
          op,
          `the value of a ${showType(value)} is not known inside ${trace.kind}: keep it a tensor (use where for a choice between values), or take it out of the function before reading it`,
        ),
      )
    value = asValue(primal)
  }
  return value
}

/**
 * The number in a tensor of one element; `true` or `false` for bool, as 1 or 0.
 *
 * Works inside `grad`, `vjp` and `jvp`, where values are known, so that ordinary `if` and `while` do.
 * @throws ShapeError when there is not exactly one element; TraceError under `vmap` or while a program is recorded
 */
export const item = <X extends Tensor>(x: Check<SingleElement<ShapeOf<X>>, X>): number => {
  const found: Tensor = requireTensor('item', x)
  if (sizeOf(found.shape) !== 1)
    return fail(shapeError('item', `needs exactly one element, got shape ${showShape(found.shape)}`))
  return hostOf(known('item', found).cell)[0] ?? 0
}

/** A copy of a tensor's elements in row-major order, as the typed array of its dtype (Uint8Array for bool). */
export const data = (x: Tensor): TypedArray => hostOf(known('data', x).cell).slice()

/** Nested arrays, as `toArray` returns them. */
export type NestedArray = number | boolean | NestedArray[]

/** A tensor as nested arrays of numbers (of booleans for bool); a scalar as a plain number. */
export const toArray = (x: Tensor): NestedArray => {
  const { cell, shape, dtype } = known('toArray', x)
  const host = hostOf(cell)
  let next = 0
  const read = (axis: number): NestedArray => {
    if (axis < shape.length) return Array.from({ length: dim(shape, axis) }, () => read(axis + 1))
    const value = host[next++] ?? 0
    return dtype === 'bool' ? value !== 0 : value
  }
  return read(0)
}

/** A tensor as text, as NumPy's `str` shows it. */
export const show = (x: Tensor): string => String(x)

/** The elements of a tensor that must be concrete, not to be changed: for backends and for code that has checked. */
export const cellOf = (x: Tensor): TypedArray => hostOf(known('data', x).cell)

/** Same dtype, same shape, same bits up to the sign of zero; NaN equals NaN, as a law about values needs. */
export const identical = (x: Tensor, y: Tensor): boolean => {
  if (x.dtype !== y.dtype || showShape(x.shape) !== showShape(y.shape)) return false
  const a = cellOf(x)
  const b = cellOf(y)
  return a.every((v, i) => v === b[i] || (Number.isNaN(v) && Number.isNaN(b[i] ?? 0)))
}
