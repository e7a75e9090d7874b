/**
 * From a declaration to an op: how the one rule of differentiation that an op declares becomes all that transformations ask.
 *
 * Layer: ops. An op declares exactly one of: `constant`, `linear`, `bilinear`, `jvp`. A declaration without a rule does not
 * compile. Read next: elementwise.ts, the family with the most members.
 */
import * as E from 'fp-ts/lib/Either.js'
import { currentBackend } from '../backend/current.ts'
import { type Dtype, isFloat } from '../core/dtype.ts'
import { CotangentError, describe, dtypeError, fail, ruleError, valueError } from '../core/errors.ts'
import type { Kernel } from '../core/kernel.ts'
import { isOptions, knownOptions, requireFunction, requireRecord } from '../core/options.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import type { Check, KeepAxis, Resolved, ShapeOf, TensorLike } from '../core/shape-types.ts'
import { generated, isTensor, scalar } from '../core/tensor.ts'
import { bind } from '../core/trace.ts'
import type { Concrete, Draw, Maybe, Op, Params, Sample, Tensor, TensorType } from '../core/types.ts'
import { beside, isWeak, numberAs } from '../core/weak.ts'

/** The result of a shape and dtype rule. */
export type Inferred = E.Either<CotangentError, readonly TensorType[]>

/** How an op is differentiated. */
export type Differentiation<P extends Params> =
  /** The derivative is zero wherever it exists: comparisons, rounding, positions. */
  | { readonly rule: 'constant' }
  /** Linear in all its float arguments together (sum, reshape, concat, gather). */
  | { readonly rule: 'linear'; readonly transpose: NonNullable<Op<P>['transpose']> }
  /** Linear in each of its float arguments by itself (contraction). */
  | { readonly rule: 'bilinear'; readonly transpose: NonNullable<Op<P>['transpose']> }
  /** Output tangents written with ops that are linear in the tangents; `transpose` if the op is linear in some arguments. */
  | { readonly rule: 'jvp'; readonly jvp: NonNullable<Op<P>['jvp']>; readonly transpose?: Op<P>['transpose'] }

/** All that is said of an op. */
export type Declaration<P extends Params> = {
  readonly name: string
  readonly doc: string
  readonly infer: (params: P, args: readonly TensorType[]) => Inferred
  readonly lower: (params: P, args: readonly TensorType[], outs: readonly TensorType[]) => Kernel
  /** A way to evaluate that copies nothing, where the op only looks at its argument differently. */
  readonly view?: (params: P, x: Concrete, out: TensorType) => Concrete
  readonly differentiation: Differentiation<P>
  readonly batch: Op<P>['batch']
  readonly sample: (draw: Draw) => Sample<P>
  readonly invalid?: (draw: Draw) => Sample<P>
}

/** Zeros of a type. */
export const zerosOf = ({ shape, dtype }: TensorType): Tensor =>
  generated([...shape], { dtype, size: sizeOf(shape), start: 0, step: 0 })

/** Whether any cotangent or tangent is there at all. */
export const present = (xs: readonly Maybe[]): boolean => xs.some(x => x !== null)

const sum = (terms: readonly Tensor[], add: (x: Tensor, y: Tensor) => Tensor): Maybe =>
  terms.length === 0 ? null : terms.reduce(add)

/** A tangent for every float argument; zeros where there is none, the argument itself where it has no tangent. */
const tangentArguments = (primals: readonly Tensor[], tangents: readonly Maybe[]): readonly Tensor[] =>
  primals.map((x, i) => (isFloat(x.dtype) ? (tangents[i] ?? zerosOf(x)) : x))

type Jvp<P extends Params> = NonNullable<Op<P>['jvp']>

const linearJvp =
  <P extends Params>(op: () => Op<P>): Jvp<P> =>
  (params, primals, tangents) =>
    bind(op(), params, ...tangentArguments(primals, tangents))

/** One term per active argument, with the tangent in its place. */
const bilinearJvp =
  <P extends Params>(op: () => Op<P>, add: (x: Tensor, y: Tensor) => Tensor): Jvp<P> =>
  (params, primals, tangents) => {
    const terms = tangents.flatMap((t, i) =>
      t === null ? [] : bind(op(), params, ...primals.map((x, k) => (k === i ? t : x))),
    )
    return [sum(terms, add)]
  }

/** Why the transpose of a product of two unknown arguments does not exist. */
export const notLinear = (name: string): CotangentError =>
  ruleError(name, 'is not linear in two arguments that both depend on what the function is to be linear in')

/** A transpose in one argument, for ops that are linear in each of theirs but not in two together. */
const inOne =
  <P extends Params>(op: () => Op<P>, transpose: NonNullable<Op<P>['transpose']>): NonNullable<Op<P>['transpose']> =>
  (params, ct, args, types) =>
    args.filter(x => x === null).length > 1 ? fail(notLinear(op().name)) : transpose(params, ct, args, types)

/** The op of a declaration. `add` sums the terms of bilinear ops; it is an argument because addition is itself declared so. */
export const defineOp = <P extends Params>(
  declaration: Declaration<P>,
  add: (x: Tensor, y: Tensor) => Tensor = () => fail(ruleError(declaration.name, 'no addition to sum its terms with')),
): Op<P> => {
  const { view, differentiation } = declaration
  const evaluate: Op<P>['evaluate'] = (params, args, outs) => {
    const [x] = args
    const [out] = outs
    if (view !== undefined && x !== undefined && out !== undefined) return [view(params, x, out)]
    return currentBackend().evaluate(op as unknown as Op, params, args, outs)
  }
  const base = {
    name: declaration.name,
    doc: declaration.doc,
    infer: declaration.infer,
    lower: declaration.lower,
    evaluate,
    batch: declaration.batch,
    sample: declaration.sample,
    ...(declaration.invalid === undefined ? {} : { invalid: declaration.invalid }),
  }
  const op: Op<P> = { ...base, ...rules(differentiation, () => op, add) }
  return op
}

const rules = <P extends Params>(
  differentiation: Differentiation<P>,
  op: () => Op<P>,
  add: (x: Tensor, y: Tensor) => Tensor,
): Pick<Op<P>, 'constant' | 'jvp' | 'transpose'> => {
  switch (differentiation.rule) {
    case 'constant':
      return { constant: true }
    case 'linear':
      return { constant: false, jvp: linearJvp(op), transpose: differentiation.transpose }
    case 'bilinear':
      return { constant: false, jvp: bilinearJvp(op, add), transpose: inOne(op, differentiation.transpose) }
    case 'jvp': {
      const { jvp, transpose } = differentiation
      return { constant: false, jvp, ...(transpose === undefined ? {} : { transpose }) }
    }
  }
}

// ---- what tests and the documentation see of a public function

/** A public function as tests walk it: a primitive op or a composition of some. */
export type Subject = {
  readonly name: string
  readonly doc: string
  /** The primitive, or `null` for a composition. */
  readonly op: Op | null
  readonly apply: (params: Params, args: readonly Tensor[]) => readonly Tensor[]
  readonly sample: (draw: Draw) => Sample
  readonly invalid?: (draw: Draw) => Sample
  /** Which modes of differentiation it has; both unless given. */
  readonly modes?: 'forward' | 'reverse'
  /** Whether it refuses what does not fit with a tagged error; `false` for functions of users, who may throw what they like. */
  readonly refuses: boolean
}

/** Whether a value is a public function that carries its subject, so that the registry finds it. */
export const isRegistered = (f: unknown): f is { readonly subject: Subject } =>
  typeof f === 'function' && 'subject' in f

/**
 * The subject of a public function. The function's own type does not have it: TypeScript infers types through `pipe` only for
 * functions that are nothing else.
 */
export const registeredSubject = (f: unknown): Subject =>
  isRegistered(f) ? f.subject : fail(valueError('registeredSubject', `${describe(f)} is no op`))

type AnyFunction = (...args: readonly unknown[]) => unknown

/** A function whose mistakes are reported in its own name, not in that of the op it is composed of. */
const inOwnName = (name: string, f: AnyFunction): AnyFunction => {
  return (...args) => {
    try {
      const y = f(...args)
      return typeof y === 'function' ? inOwnName(name, y as AnyFunction) : y
    } catch (error) {
      throw error instanceof CotangentError && error.op !== name
        ? new CotangentError(error._tag, name, error.what)
        : error
    }
  }
}

const named = <F extends (...args: never[]) => unknown>(f: F, subject: Subject): F => {
  Object.defineProperty(f, 'name', { value: subject.name })
  return Object.assign(f, { subject })
}

/** A public function over a primitive op. */
export const primitive = <P extends Params, F extends (...args: never[]) => unknown>(op: Op<P>, f: F): F => {
  const erased = op as unknown as Op
  const { name, doc, sample, invalid } = erased
  const apply: Subject['apply'] = (params, args) => bind(erased, params, ...args)
  return named(f, {
    name,
    doc,
    op: erased,
    refuses: true,
    apply,
    sample,
    ...(invalid === undefined ? {} : { invalid }),
  })
}

/** A public function that is a composition of ops: declared like an op, with its derivative, batching and kernels for free. */
export const composite = <P extends Params, F extends (...args: never[]) => unknown>(
  declaration: {
    readonly name: string
    readonly doc: string
    readonly apply: (params: P, args: readonly Tensor[]) => Tensor | readonly Tensor[]
    readonly sample: (draw: Draw) => Sample<P>
    readonly invalid?: (draw: Draw) => Sample<P>
  },
  f: F,
): F => {
  const parts = ['name', 'doc', 'apply', 'sample'] as const
  const { name, doc, sample, invalid } = requireRecord(
    'composite',
    'a declaration, { name, doc, apply, sample }',
    declaration,
    parts,
  )
  requireFunction(name, 'the public function', f)
  const apply: Subject['apply'] = (params, args) => {
    const y = declaration.apply(params as P, args)
    return isTensor(y) ? [y] : y
  }
  return named(inOwnName(name, f as unknown as AnyFunction) as unknown as F, {
    name,
    doc,
    op: null,
    refuses: true,
    apply,
    sample,
    ...(invalid === undefined ? {} : { invalid }),
  })
}

// ---- arguments

/** The dtype of the first tensor that does not stand for a number, or else of the first one; none without tensors. */
const leading = (args: readonly TensorLike[]): Dtype | undefined => {
  const tensors = args.filter(isTensor)
  const [first] = tensors
  const mixed = tensors.some(x => x.dtype !== first?.dtype)
  return ((mixed ? tensors.find(x => !isWeak(x)) : undefined) ?? first)?.dtype
}

/**
 * The arguments of an op as tensors: numbers, booleans and tensors that stand for numbers take the dtype of the first of the other
 * tensors among them, or float32 and bool when there is none.
 */
export const lift = (op: string, args: readonly TensorLike[]): readonly Tensor[] => {
  const dtype = leading(args)
  return args.map((arg, i) => {
    if (isTensor(arg)) return dtype === undefined ? arg : beside(op, arg, dtype)
    if (typeof arg !== 'number' && typeof arg !== 'boolean')
      return fail(valueError(op, `argument ${i} is ${describe(arg)}; pass a tensor or a number`))
    return dtype === undefined ? scalar(arg) : numberAs(op, arg, dtype)
  })
}

/** A list of tensors; alone or spread out is a mistake that JavaScript does not see. */
export const liftList = (op: string, xs: readonly TensorLike[]): readonly Tensor[] =>
  Array.isArray(xs) ? lift(op, xs) : fail(valueError(op, `takes a list of tensors, ${op}([x, y]), got ${describe(xs)}`))

/** One argument as a tensor. */
export const liftOne = (op: string, x: TensorLike): Tensor => {
  if (isTensor(x)) return x
  const [y] = lift(op, [x])
  return y as Tensor
}

/** A function of one tensor with its options first, `f(options)(x)`, or without them, `f(x)`. It keeps the shape. */
export interface Mapping<Options> {
  (options: Options & NotTensor): <X extends TensorLike>(x: X) => Tensor<ShapeOf<X>>
  <X extends TensorLike>(x: X): Tensor<ShapeOf<X>>
}

/** A `Mapping` along an axis, the last by default, which must be there. */
export interface AlongAxis<Name extends string, More = unknown> {
  <const A extends number = -1>(
    options: { readonly axis?: A } & More & NotTensor,
  ): <X extends TensorLike>(
    x: Check<KeepAxis<Name, ShapeOf<X>, A>, X>,
  ) => Tensor<Resolved<KeepAxis<Name, ShapeOf<X>, A>>>
  <X extends TensorLike>(x: Check<KeepAxis<Name, ShapeOf<X>, -1>, X>): Tensor<ShapeOf<X>>
}

/**
 * Makes a data-last function from one of options, whose names are given, and tensor; without options it is given none. `F` is its
 * public type, as `Mapping`.
 */
export const dataLast = <Options, F>(
  name: string,
  names: readonly (keyof Options & string)[],
  f: (options: Partial<Options>, x: Tensor) => Tensor,
): F =>
  ((arg: TensorLike | Options, ...rest: readonly unknown[]) => {
    if (!isData(arg)) {
      const options = knownOptions<Partial<Options>>(name, arg, names)
      if (isTensor(rest[0])) return fail(valueError(name, `takes its data in a second call: ${name}(options)(x)`))
      return (x: TensorLike) => f(options, liftOne(name, x))
    }
    if (isOptions(rest[0])) return fail(valueError(name, `takes its options first: ${name}(options)(x)`))
    return f({}, liftOne(name, arg))
  }) as F

/** Option types of data-last functions carry this, so that a tensor is never taken for options. */
export type NotTensor = { readonly shape?: never; readonly dtype?: never }

/** Whether the argument of a function with an options overload is the data. */
export const isData = (x: unknown): x is TensorLike => isTensor(x) || typeof x === 'number' || typeof x === 'boolean'

// ---- shape and dtype rules

/** A rule's result for an op with one output. */
export const typed = (shape: Shape, dtype: Dtype): Inferred => E.right([{ shape, dtype }])

/** The type of an op's first argument, or of its first output. */
export const first = (types: readonly TensorType[]): TensorType => types[0] ?? { shape: [], dtype: 'float32' }

/** The argument of an op that has one. */
export const only = (xs: readonly Tensor[]): Tensor => xs[0] as Tensor

/** Which dtypes an op takes. */
export type Accepts = 'float' | 'number' | 'integer' | 'bool' | 'any'

const accepted: { readonly [a in Accepts]: (dtype: Dtype) => boolean } = {
  float: isFloat,
  number: dtype => dtype !== 'bool',
  integer: dtype => dtype === 'int32',
  bool: dtype => dtype === 'bool',
  any: () => true,
}

const wanted: { readonly [a in Accepts]: string } = {
  float: `float32 or float64; convert with cast('float32')`,
  number: `float32, float64 or int32; convert with cast('float32')`,
  integer: `int32; convert with cast('int32')`,
  bool: 'bool; compare first, as in gt(x, 0)',
  any: 'any dtype',
}

/** The one of two dtypes that holds more. */
const wider = (a: Dtype, b: Dtype): Dtype => {
  const order: readonly Dtype[] = ['bool', 'int32', 'float32', 'float64']
  return order.indexOf(a) > order.indexOf(b) ? a : b
}

/** The one dtype of all arguments, if the op takes it. */
export const commonDtype = (
  op: string,
  args: readonly TensorType[],
  accepts: Accepts,
): E.Either<CotangentError, Dtype> => {
  const [first, ...rest] = args
  if (first === undefined) return E.left(valueError(op, 'needs at least one tensor'))
  const other = rest.find(arg => arg.dtype !== first.dtype)
  if (other !== undefined)
    return E.left(
      dtypeError(
        op,
        `dtypes differ: ${first.dtype} and ${other.dtype}; convert one, as in cast('${wider(first.dtype, other.dtype)}')(x)`,
      ),
    )
  return accepted[accepts](first.dtype)
    ? E.right(first.dtype)
    : E.left(dtypeError(op, `does not take ${first.dtype}; it needs ${wanted[accepts]}`))
}
