/**
 * Tensor, Trace and Op: the three ideas everything else is about. They mention each other, hence one file.
 *
 * A tensor is a value. A trace is a transformation in progress; while one is open, some tensors are its tracers. An op is
 * a function on tensors together with all that is known about it: each transformation reads the rule it needs.
 *
 * Layer: core. Read next: trace.ts (`bind` sends an op to the right trace), ops/ (the declarations).
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Dtype, FloatDtype, TypedArray } from './dtype.ts'
import type { CotangentError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { Shape } from './shape.ts'

/**
 * An immutable array of numbers with a shape and a dtype. `S` is its shape as a type; plain `Tensor` is any shape.
 * Tensors are ordinary garbage-collected values: read one with `item`, `toArray` or `data`.
 */
export interface Tensor<S extends Shape = Shape> {
  readonly shape: S
  readonly dtype: Dtype
}

/** What is known of a tensor without its values. */
export type TensorType = { readonly shape: Shape; readonly dtype: Dtype }

/** Elements in the memory of an engine, which knows how to copy them out. */
export interface Block {
  readonly read: () => TypedArray
}

/** Elements in the memory of a device, which can be read asynchronously alone. */
export interface Remote {
  /** The backend that has them, for messages. */
  readonly where: string
  /** The elements once they have been copied to the host. */
  readonly host: TypedArray | null
  /** Whether they went with their backend. */
  readonly lost: boolean
  /** Copies them to the host; rejects with an EngineError when they are lost. */
  readonly fetch: () => Promise<TypedArray>
}

/**
 * Where the elements of a tensor are: on the host, in the memory of an engine, or in both, or on a device, or nowhere
 * yet but in a formula; in none of these once the tensor has been
 * donated. Tensors that differ in shape alone share a cell. Backends change cells, nobody else.
 */
export interface Cell {
  host: TypedArray | null
  block: Block | null
  /** The elements on a device, of tensors that were computed there. */
  remote?: Remote
  /** The elements as a formula, of tensors that were made by one; they need not be anywhere else. */
  formula?: Formula
}

/** Element i is start + i·step, in row-major order. */
export type Formula = {
  readonly dtype: Dtype
  readonly size: number
  readonly start: number
  readonly step: number
}

/** A tensor whose values are at hand. */
export interface Concrete extends Tensor {
  readonly tag: 'concrete'
  readonly cell: Cell
}

/** A stand-in for a tensor while `trace` is open; `carried` is the trace's own business, `primal` the value when it is known. */
export interface Tracer extends Tensor {
  readonly tag: 'tracer'
  readonly trace: Trace
  readonly primal: Tensor | null
  readonly carried: unknown
}

/** Every `Tensor` is one of these two. */
export type Value = Concrete | Tracer

/** A transformation in progress. Traces nest; a later one has a higher serial. */
export interface Trace {
  readonly kind: string
  readonly serial: number
  readonly live: boolean
  process(op: Operation, params: Params, args: readonly Tensor[], outs: readonly TensorType[]): readonly Tensor[]
}

/** A variable of a program; `types` gives its shape and dtype. */
export type Variable = number

/** One op applied to variables. */
export type Equation = {
  readonly op: Operation
  readonly params: Params
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
}

/** A value from outside that a program uses. */
export type Captured = { readonly variable: Variable; readonly value: Tensor }

/** A recorded computation on tensors; see program.ts. */
export interface Program {
  readonly inputs: readonly Variable[]
  readonly captured: readonly Captured[]
  readonly equations: readonly Equation[]
  readonly outputs: readonly Variable[]
  readonly types: readonly TensorType[]
}

/** What may stand in an op's params: plain data and programs that capture constants alone; never a tensor. */
export type Param = string | number | boolean | null | Program | readonly Param[] | { readonly [name: string]: Param }
/** An op's static arguments. */
export type Params = { readonly [name: string]: Param }

/** A tangent or cotangent; `null` is a zero that is never built. */
export type Maybe = Tensor | null

/** What transformations need of an op. Those that hold programs (transform/) are no more than this. */
export interface Operation<P extends Params = Params> {
  readonly name: string
  readonly doc: string
  /** Shape and dtype rule. */
  infer(params: P, args: readonly TensorType[]): Either<CotangentError, readonly TensorType[]>
  /** Runs it on values. */
  evaluate(params: P, args: readonly Concrete[], outs: readonly TensorType[]): readonly Tensor[]
  /** Whether the derivative is zero wherever it exists (comparisons, rounding, positions). */
  readonly constant: boolean
  /** Output tangents, written with ops that are linear in the tangents. At least one tangent is present. */
  jvp?(params: P, primals: readonly Tensor[], tangents: readonly Maybe[], outs: readonly Tensor[]): readonly Maybe[]
  /** Cotangents of the arguments given as `null`, in which the op is linear. */
  transpose?(params: P, ct: Tensor, args: readonly Maybe[], types: readonly TensorType[]): readonly Maybe[]
  /** Values and their tangents at once, for ops that hold programs: computing both apart would run the values twice. */
  dual?(
    params: P,
    primals: readonly Tensor[],
    tangents: readonly Maybe[],
  ): readonly [values: readonly Tensor[], tangents: readonly Maybe[]]
  /** Values and pullback at once, for ops that hold programs; `active` says in which arguments. */
  vjp?(params: P, primals: readonly Tensor[], active: readonly boolean[]): readonly [readonly Tensor[], Pullback]
  /** The op on arguments of which some have a batch axis in front; every result gets one. */
  batch(params: P, args: readonly Tensor[], batched: readonly boolean[], size: number): readonly Tensor[]
}

/** From cotangents of results to those of arguments. */
export type Pullback = (cts: readonly Maybe[]) => readonly Maybe[]

/** Everything known about an op with a kernel. Which of `jvp` and `transpose` it has is the business of its declaration; see ops/define.ts. */
export interface Op<P extends Params = Params> extends Operation<P> {
  /** What it computes, for backends. */
  lower(params: P, args: readonly TensorType[], outs: readonly TensorType[]): Kernel
  /** Valid arguments, inside the domain where the op is differentiable. */
  sample(draw: Draw): Sample<P>
  /** Arguments that the shape or dtype rule must refuse. */
  invalid?(draw: Draw): Sample<P>
}

/** Params and arguments to call an op with. */
export type Sample<P extends Params = Params> = { readonly params: P; readonly args: readonly Tensor[] }

/** A set of numbers as a union of closed intervals. */
export type Domain = readonly (readonly [low: number, high: number])[]

/** One closed interval. */
export const interval = (low: number, high: number): Domain => [[low, high]]

/** The source of choices for samples. Whoever implements it decides the values: tests draw them at random and shrink them. */
export interface Draw {
  /** The dtype of `tensor`. */
  readonly dtype: FloatDtype
  /** A whole number between the two, both included. */
  integer(min: number, max: number): number
  boolean(): boolean
  pick<const A>(from: readonly A[]): A
  /** A small shape, of at least `minRank` (0) and at most `maxRank` (3) axes, sizes `minSize` (1) to `maxSize` (4). */
  shape(options?: { minRank?: number; maxRank?: number; minSize?: number; maxSize?: number }): readonly number[]
  /** A permutation of the whole numbers below n. */
  permutation(n: number): readonly number[]
  /** Numbers in `domain`, which defaults to [-3, 3]; with `distinct`, no two closer than the finite-difference step. */
  tensor(shape: Shape, domain?: Domain, options?: { distinct?: boolean }): Tensor
  /** int32 values between the two, both included. */
  integers(shape: Shape, min: number, max: number): Tensor
  booleans(shape: Shape): Tensor
}
