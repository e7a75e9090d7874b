/**
 * The elementwise family: one scalar expression, its partial derivatives, and the domain they hold on. Broadcasting, both
 * modes of differentiation, batching, every backend and the tests follow. `add`, `mul` and `neg`, which the expansion of
 * derivatives itself needs, are declared here too.
 *
 * Layer: ops. Read next: math.ts for what declarations look like.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Dtype } from '../core/dtype.ts'
import { fail } from '../core/errors.ts'
import { apply, type Expr, load, mapNest } from '../core/kernel.ts'
import { requireRecord } from '../core/options.ts'
import { broadcastShapes, range, type Shape } from '../core/shape.ts'
import type { Beside, Check, ShapeOf, TensorLike, Together } from '../core/shape-types.ts'
import { tensor } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import {
  type Domain,
  type Draw,
  interval,
  type Maybe,
  type Op,
  type Sample,
  type Tensor,
  type TensorType,
} from '../core/types.ts'
import {
  type Accepts,
  commonDtype,
  type Differentiation,
  defineOp,
  first,
  type Inferred,
  lift,
  notLinear,
  primitive,
  typed,
} from './define.ts'
import { broadcastIndex, broadcastTo, reshape, sumTo } from './movement.ts'

type None = Record<string, never>
/** The params of ops that have none: one object, so that what passes know of it is found again. */
export const noParams: None = {}

/** ∂out/∂argument as a function of the arguments and the output; a number where it is constant. */
type Partial = number | ((...argsAndOutput: readonly Tensor[]) => TensorLike)

type Elementwise = {
  readonly name: string
  readonly doc: string
  readonly accepts: Accepts
  /** The dtype of the result; that of the arguments unless given. */
  readonly result?: Dtype
  readonly scalar: (...args: readonly Expr[]) => Expr
  /** One per argument, or `null` for a function that is constant wherever it has a derivative. */
  readonly partials: readonly Partial[] | null
  /** Arguments in which the function is linear; their partials do not use them. */
  readonly linearIn?: readonly number[]
  /** Per argument. */
  readonly domains: readonly Domain[]
}

/** t · ∂, without multiplying by ±1. */
const scale = (t: Tensor, partial: Partial, known: readonly Tensor[]): Tensor => {
  const factor = typeof partial === 'function' ? partial(...known) : partial
  return factor === 1 ? t : factor === -1 ? neg(t) : mul(t, factor)
}

const jvpOf =
  (partials: readonly Partial[]): NonNullable<Op<None>['jvp']> =>
  (_params, primals, tangents, [y]) => {
    const known = y === undefined ? primals : [...primals, y]
    const terms = tangents.flatMap((t, i) => {
      const partial = partials[i]
      return t === null || partial === undefined ? [] : [scale(t, partial, known)]
    })
    return [broadcastTo(y?.shape ?? [])(terms.reduce((a, b) => add(a, b)))]
  }

const transposeOf =
  (name: string, partials: readonly Partial[]): NonNullable<Op<None>['transpose']> =>
  (_params, ct, args, types) =>
    args.map((arg, i): Maybe => {
      const partial = partials[i]
      if (arg !== null || partial === undefined) return null
      if (typeof partial === 'function' && args.some((other, k) => k !== i && other === null))
        return fail(notLinear(name))
      return sumTo(types[i]?.shape ?? [])(scale(ct, partial, args as readonly Tensor[]))
    })

const differentiationOf = ({ name, partials, linearIn }: Elementwise): Differentiation<None> => {
  if (partials === null) return { rule: 'constant' }
  const linear = linearIn !== undefined || partials.every(p => typeof p === 'number')
  return { rule: 'jvp', jvp: jvpOf(partials), ...(linear ? { transpose: transposeOf(name, partials) } : {}) }
}

/** Puts every batched argument's batch axis in front of ranks made equal, so that broadcasting aligns the rest. */
export const alignBatch = (args: readonly Tensor[], batched: readonly boolean[]): readonly Tensor[] => {
  const ranks = args.map((x, i) => x.shape.length - (batched[i] ? 1 : 0))
  const rank = Math.max(...ranks)
  return args.map((x, i) => {
    const missing = rank - (ranks[i] ?? 0)
    if (!batched[i] || missing === 0) return x
    return reshape([x.shape[0] ?? 1, ...range(0, missing).map(() => 1), ...x.shape.slice(1)])(x)
  })
}

/** A shape that broadcasts to `shape`. */
const drawBroadcastable = (draw: Draw, shape: Shape): Shape =>
  shape.slice(draw.integer(0, shape.length)).map(n => (draw.integer(0, 3) === 0 ? 1 : n))

const drawArgument = (draw: Draw, shape: Shape, accepts: Accepts, domain: Domain): Tensor => {
  if (accepts === 'bool') return draw.booleans(shape)
  if (accepts === 'integer') return draw.integers(shape, domain[0]?.[0] ?? -9, domain[0]?.[1] ?? 9)
  return draw.tensor(shape, domain)
}

const sampleOf =
  ({ accepts, domains }: Elementwise) =>
  (draw: Draw): Sample<None> => {
    const shape = draw.shape()
    const whole = draw.integer(0, domains.length - 1)
    const args = domains.map((domain, i) =>
      drawArgument(draw, i === whole ? shape : drawBroadcastable(draw, shape), accepts, domain),
    )
    return { params: {}, args }
  }

/** Shapes that do not broadcast, or a dtype that is not taken. */
const invalidOf =
  ({ accepts, domains }: Elementwise) =>
  (draw: Draw): Sample<None> => {
    const good = (shape: Shape): Tensor => drawArgument(draw, shape, accepts, domains[0] ?? interval(0, 1))
    const wrong = accepts === 'bool' ? tensor([1, 2, 3]) : accepts === 'integer' ? tensor([0.5]) : tensor([true])
    return { params: {}, args: domains.length > 1 ? domains.map((_, i) => good([2, 3 + i])) : [wrong] }
  }

/** An op of the family. */
export const elementwise = (declaration: Elementwise): Op<None> => {
  const { name, doc, accepts, result, scalar } = declaration
  // Early returns rather than a chain: this runs at every call of every elementwise op, and a chain is four times as dear.
  const infer = (_params: None, types: readonly TensorType[]): Inferred => {
    const dtype = commonDtype(name, types, accepts)
    if (E.isLeft(dtype)) return dtype
    const shape = broadcastShapes(name, ...types.map(t => t.shape))
    return E.isLeft(shape) ? shape : typed(shape.right, result ?? dtype.right)
  }
  const op: Op<None> = defineOp({
    name,
    doc,
    infer,
    lower: (_params, types, outs) => {
      const target = first(outs).shape
      const args = types.map(({ shape, dtype }, i) => load(i, dtype, shape, broadcastIndex(shape, target)))
      return mapNest(target, scalar(...args))
    },
    differentiation: differentiationOf(declaration),
    batch: (params, args, batched) => [bind1(op, params, ...alignBatch(args, batched))],
    sample: sampleOf(declaration),
    ...(accepts === 'any' && declaration.domains.length === 1 ? {} : { invalid: invalidOf(declaration) }),
  })
  return op
}

/** A public function of one argument; keeps the shape. */
export type Unary = <X extends TensorLike>(x: X) => Tensor<ShapeOf<X>>
/** A public function of two arguments, which broadcast; numbers take the dtype of the tensor beside them. */
export type Binary = <X extends TensorLike, Y extends TensorLike>(
  x: X,
  y: Check<Beside<X, Y>, Y>,
) => Tensor<Together<X, Y>>

/**
 * A function of one argument. `derivative` is given the argument and the result; `null` says that it is constant wherever
 * it has a derivative. `sample` is where the derivative exists.
 */
export const unary = (declaration: {
  readonly name: string
  readonly doc: string
  readonly scalar: (x: Expr) => Expr
  readonly derivative: number | ((x: Tensor, y: Tensor) => TensorLike) | null
  readonly sample?: Domain
  readonly accepts?: Accepts
  readonly result?: Dtype
}): Unary => {
  const parts = ['name', 'doc', 'scalar', 'derivative'] as const
  requireRecord('unary', 'a declaration, { name, doc, scalar, derivative }', declaration, parts)
  const { derivative, scalar, accepts = 'float', sample = interval(-3, 3), ...rest } = declaration
  const partial: Partial | null =
    typeof derivative === 'function' ? (x, y) => derivative(x as Tensor, y as Tensor) : derivative
  const op = elementwise({
    ...rest,
    accepts,
    scalar: x => scalar(x as Expr),
    partials: partial === null ? null : [partial],
    domains: [sample],
  })
  return primitive(op, ((x: TensorLike) => bind1(op, noParams, ...lift(rest.name, [x]))) as Unary)
}

/** A function of two arguments. `partials` are given both arguments and the result; see `unary` for the rest. */
export const binary = (declaration: {
  readonly name: string
  readonly doc: string
  readonly scalar: (x: Expr, y: Expr) => Expr
  readonly partials:
    | readonly [
        number | ((x: Tensor, y: Tensor, out: Tensor) => TensorLike),
        number | ((x: Tensor, y: Tensor, out: Tensor) => TensorLike),
      ]
    | null
  readonly linearIn?: readonly number[]
  readonly sample?: readonly [Domain, Domain]
  readonly accepts?: Accepts
  readonly result?: Dtype
}): Binary => {
  const parts = ['name', 'doc', 'scalar', 'partials'] as const
  requireRecord('binary', 'a declaration, { name, doc, scalar, partials }', declaration, parts)
  const { partials, scalar, accepts = 'number', sample = [interval(-3, 3), interval(-3, 3)], ...rest } = declaration
  const op = elementwise({
    ...rest,
    accepts,
    scalar: (x, y) => scalar(x as Expr, y as Expr),
    partials: partials as readonly Partial[] | null,
    domains: sample,
  })
  return primitive(op, ((x: TensorLike, y: TensorLike) => bind1(op, noParams, ...lift(rest.name, [x, y]))) as Binary)
}

/** A kernel function as a scalar rule. */
export const fn =
  (name: Parameters<typeof apply>[0]) =>
  (...args: readonly [Expr, ...Expr[]]): Expr =>
    apply(name, ...args)

/** x + y, elementwise with broadcasting; int32 wraps. */
export const add = binary({ name: 'add', doc: 'x + y.', scalar: fn('add'), partials: [1, 1] })

/** x · y, elementwise with broadcasting; int32 wraps. */
export const mul = binary({
  name: 'mul',
  doc: 'x · y.',
  scalar: fn('mul'),
  partials: [(_x, y) => y, x => x],
  linearIn: [0, 1],
})

/** -x; int32 wraps. */
export const neg = unary({ name: 'neg', doc: '-x.', scalar: fn('neg'), derivative: -1, accepts: 'number' })
