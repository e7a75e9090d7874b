/**
 * Shapes as types: what the compiler knows of a tensor's sizes, and what each op makes of it.
 *
 * Layer: core; types alone, nothing here runs. If you have never seen types that compute:
 *
 * - A *rule* is a function on types: `Broadcast<A, B>` is the shape that A and B broadcast to. Like the rules that run (ops/)
 *   it gives a shape or says what is wrong, and what is wrong is a *message*: a string literal type.
 * - `C extends D ? X : Y` is `if`: X when C is assignable to D. `infer H` names a part of what matched, so that
 *   `S extends readonly [infer H, ...infer T]` takes a shape apart into its first size and the others.
 * - Brackets, `[C] extends [D]`, keep a union whole; without them the question is asked of each of its members.
 * - `{ [K in keyof S]: … }` goes over the axes of a shape. K is the axis as text: '0', '1', …
 *
 * A function uses its rule twice. The result is a `Tensor<Resolved<Rule>>`. The argument that may be at fault is `Check<Rule, X>`: its own
 * type X when the rule gives a shape, else the message, which is what the compiler then prints. So it is the parameter that is
 * checked; and types are inferred from whole arguments, never from a size that two of them share, since from the sizes 3 and 5
 * TypeScript would infer `3 | 5` and accept the call.
 *
 * What is not known never fails. A size is a literal such as 784, or `number`, or a `Dim`; a shape of unknown rank is `Shape`.
 * Each rule begins by asking `[number] extends [S['length']]`, whether the rank is unknown, and then gives `Shape`. The brackets
 * make it true of type parameters as well, so that ops can be called in generic functions. There is no arithmetic: sizes that
 * would need it are `number`. Axes are counted by a table, up to rank 6.
 *
 * Read next: ops/elementwise.ts for functions that use them.
 */
import type { Shape } from './shape.ts'
import type { Tensor } from './types.ts'

declare const dimension: unique symbol

/**
 * A size known by name, such as `Dim<'batch'>`. Any number can stand for it and it for any number, but sizes of two names do not
 * go together: `[batch,10]` plus `[time,10]` is an error.
 */
export type Dim<Name extends string> = number & { readonly [dimension]?: Name }

/** The name of a `Dim`; `never` for other sizes. */
type NameOf<D> = NonNullable<D[typeof dimension & keyof D]>

/** What an op function takes where it takes a tensor: numbers are weakly typed and follow the tensors beside them. */
export type TensorLike = Tensor | number | boolean

/** The shape of an argument; numbers are scalars. */
export type ShapeOf<X> = [X] extends [Tensor<infer S>] ? S : [X] extends [number | boolean] ? readonly [] : Shape

/** The type X of an argument if the rule gives a shape, else the message. (Of a rule that is `any`, as in a generic function, X.) */
export type Check<Rule, X> = ([0] extends [1 & Rule] ? null : Rule) extends string ? Rule : X

/** The shape that a rule gives; unknown where it is a message. */
export type Resolved<Rule extends Shape | string> = Rule extends string ? Shape : Rule

// ---- messages

type ShowDim<D> = [NameOf<D>] extends [never]
  ? IsUnion<D> extends true
    ? 'one of several'
    : number extends D
      ? 'number'
      : `${D & (number | string)}`
  : `${NameOf<D> & string}`

type ShowDims<S extends readonly unknown[]> = S extends readonly [infer H, ...infer T]
  ? T extends readonly []
    ? ShowDim<H>
    : `${ShowDim<H>},${ShowDims<T>}`
  : ''

/** A shape as messages print it: '[2,3]'. */
type Show<S extends Shape> = `[${ShowDims<S>}]`

// ---- sizes

/** What two sizes agree on when they cannot. */
type Clash = 'clash'

/** The size that two axes agree on. A literal says more than a `Dim`, a `Dim` more than `number`. */
type Meet<A extends number, B extends number> = number extends A
  ? number extends B
    ? [NameOf<A>] extends [NameOf<B>]
      ? B
      : [NameOf<B>] extends [NameOf<A>]
        ? A
        : Clash
    : B
  : number extends B
    ? A
    : [A & B] extends [never]
      ? Clash
      : A & B

/** The size of the i-th axis. */
type SizeAt<S extends Shape, I> = I extends keyof S ? (S[I] extends number ? S[I] : number) : number

// ---- axes

/** For each rank, where an axis stands when counted from the front. */
type AxisTable = {
  0: Record<never, never>
  1: { '0': '0'; '-1': '0' }
  2: { '0': '0'; '1': '1'; '-1': '1'; '-2': '0' }
  3: { '0': '0'; '1': '1'; '2': '2'; '-1': '2'; '-2': '1'; '-3': '0' }
  4: { '0': '0'; '1': '1'; '2': '2'; '3': '3'; '-1': '3'; '-2': '2'; '-3': '1'; '-4': '0' }
  5: {
    '0': '0'
    '1': '1'
    '2': '2'
    '3': '3'
    '4': '4'
    '-1': '4'
    '-2': '3'
    '-3': '2'
    '-4': '1'
    '-5': '0'
  }
  6: {
    '0': '0'
    '1': '1'
    '2': '2'
    '3': '3'
    '4': '4'
    '5': '5'
    '-1': '5'
    '-2': '4'
    '-3': '3'
    '-4': '2'
    '-5': '1'
    '-6': '0'
  }
}

/** Every axis of a shape; `never` for a scalar. */
type AxesOf<S extends Shape> = Places<S>[keyof Places<S>]

/** The row of the table for the rank of S; empty beyond it. */
type Places<S extends Shape> = S['length'] extends infer R extends keyof AxisTable ? AxisTable[R] : Record<never, never>

/** One axis, or all of a list as a union. */
type Each<A> = A extends readonly number[] ? A[number] : A

/** The axes that A names, counted from the front. */
type At<S extends Shape, A> = Places<S>[`${Each<A> & number}` & keyof Places<S>]

/** Whether an axis, or one of a list, may be one or another. */
type Undecided<A> = A extends readonly unknown[]
  ? true extends { [K in keyof A]: IsUnion<A[K]> }[number]
    ? true
    : false
  : false

/** Whether the compiler cannot tell which axes: ranks above 6, and axes that are no literals. */
type Uncounted<S extends Shape, A> = [number] extends [S['length']]
  ? true
  : S['length'] extends keyof AxisTable
    ? [number] extends [Each<A>]
      ? true
      : IsUnion<A> extends true
        ? true
        : true extends Undecided<A>
          ? true
          : false
    : true

/** The axes among A that S does not have. */
type Missing<S extends Shape, A> = Exclude<`${Each<A> & number}`, keyof Places<S>>

type OutOfRange<Name extends string, S extends Shape, A> = S extends readonly []
  ? `${Name}: axis ${Missing<S, A>} is out of range: a scalar has no axes`
  : `${Name}: axis ${Missing<S, A>} is out of range for ${Show<S>}`

/** An axis that a list names twice. */
type Twice<S extends Shape, A> = A extends readonly [infer First, ...infer Rest]
  ? [At<S, First>] extends [At<S, Rest>]
    ? First
    : Twice<S, Rest>
  : never

/** `Then` if S has the axes A, each named once; a message if not; `Shape` if that cannot be told. */
type WithAxes<Name extends string, S extends Shape, A, Then> =
  Uncounted<S, A> extends true
    ? Shape
    : [Missing<S, A>] extends [never]
      ? [Twice<S, A>] extends [never]
        ? Then
        : `${Name}: axis ${Twice<S, A> & number} is named twice`
      : OutOfRange<Name, S, A>

/** Lists joined to one. */
type Flat<Lists extends readonly unknown[]> = Lists extends readonly [infer H extends Shape, ...infer T]
  ? readonly [...H, ...Flat<T>]
  : readonly []

/** A shape without some axes: each axis becomes a list, empty if it goes; then the lists are joined. */
type Without<S extends Shape, Gone> = Flat<{ readonly [K in keyof S]: K extends Gone ? readonly [] : readonly [S[K]] }>

/** A shape with a size D at the places `At` of the result, and the sizes of S in between. */
type Insert<
  S extends Shape,
  Place,
  D extends number,
  Out extends Shape = readonly [],
> = `${Out['length']}` extends Place
  ? Insert<S, Place, D, readonly [...Out, D]>
  : S extends readonly [infer H extends number, ...infer T extends Shape]
    ? Insert<T, Place, D, readonly [...Out, H]>
    : Out

/** S with the size D in place of those at `Place`. */
type Replace<S extends Shape, Place, D> = { readonly [K in keyof S]: K extends Place ? D : S[K] }

/** The shape itself, if it has the axis: of sort, softmax and their like. */
export type KeepAxis<Name extends string, S extends Shape, A> = A extends undefined ? S : WithAxes<Name, S, A, S>

// ---- broadcasting

/** Whether a size that is one of several may be 1. */
type MayBeOne<A extends number> = number extends A ? false : 1 extends A ? true : false

type BroadcastDim<A extends number, B extends number> = [A] extends [1]
  ? B
  : [B] extends [1]
    ? A
    : true extends MayBeOne<A> | MayBeOne<B>
      ? number
      : Meet<A, B>

/** Where two axes clash, counted from the front of the longer shape: `A` and `B` are what is left of both before them. */
type Longer<A extends Shape, B extends Shape, N extends Shape = readonly []> = A extends readonly [
  number,
  ...infer AT extends Shape,
]
  ? Longer<AT, B extends readonly [number, ...infer BT extends Shape] ? BT : B, readonly [...N, 0]>
  : B extends readonly [number, ...infer BT extends Shape]
    ? Longer<A, BT, readonly [...N, 0]>
    : N['length']

type Misaligned<
  A extends Shape,
  B extends Shape,
  Axis,
  M,
  N,
> = `broadcast: ${Show<A>} with ${Show<B>}: axis ${Axis & number} is ${ShowDim<M>} vs ${ShowDim<N>}`

/** From the last axis on: what is left of A and B, and what is done. */
type Align<
  A extends Shape,
  B extends Shape,
  LeftA extends Shape,
  LeftB extends Shape,
  Done extends Shape,
> = LeftA extends readonly []
  ? readonly [...LeftB, ...Done]
  : LeftB extends readonly []
    ? readonly [...LeftA, ...Done]
    : LeftA extends readonly [...infer RestA extends Shape, infer M extends number]
      ? LeftB extends readonly [...infer RestB extends Shape, infer N extends number]
        ? BroadcastDim<M, N> extends infer D extends number
          ? Align<A, B, RestA, RestB, readonly [D, ...Done]>
          : Misaligned<A, B, Longer<RestA, RestB>, M, N>
        : Shape
      : Shape

/** NumPy's broadcasting. */
export type Broadcast<A extends Shape, B extends Shape> = [number] extends [A['length'] | B['length']]
  ? Shape
  : Align<A, B, A, B, readonly []>

/** The shape of two arguments broadcast. Numbers take no part, so that x · 2 has the shape of x even where that is a type parameter. */
export type Together<X, Y> = [X] extends [number | boolean]
  ? ShapeOf<Y>
  : [Y] extends [number | boolean]
    ? ShapeOf<X>
    : Resolved<Broadcast<ShapeOf<X>, ShapeOf<Y>>>

/** The shape of three arguments broadcast. */
export type AllTogether<X, Y, Z> = Together<Tensor<Together<X, Y>>, Z>

/** `Broadcast` of an argument with one before it. */
export type Beside<X, Y> = Broadcast<ShapeOf<X>, ShapeOf<Y>>

/** What two shapes of one rank agree on, axis by axis, but for some axes, which are left open. */
type Agree<S extends Shape, T extends Shape, But> = {
  readonly [K in keyof S]: K extends But ? number : Meet<S[K], SizeAt<T, K>>
}

/** S broadcast to T, which that must not change. */
export type BroadcastTo<S extends Shape, T extends Shape> = [number] extends [S['length'] | T['length']]
  ? T
  : Broadcast<S, T> extends infer R extends Shape
    ? Fits<R, T> extends true
      ? T
      : `broadcastTo: cannot broadcast ${Show<S>} to ${Show<T>}`
    : `broadcastTo: cannot broadcast ${Show<S>} to ${Show<T>}`

// ---- reductions

/** S without the axes A, or with them as 1; without any A, all of them. */
export type Reduce<Name extends string, S extends Shape, A, Keep> = [number] extends [S['length']]
  ? [A, Keep] extends [undefined, false]
    ? readonly []
    : Shape
  : [boolean] extends [Keep]
    ? Shape
    : [A] extends [undefined]
      ? Keep extends true
        ? { readonly [K in keyof S]: 1 }
        : readonly []
      : WithAxes<Name, S, A, Keep extends true ? Replace<S, At<S, A>, 1> : Without<S, At<S, A>>>

/** The shape S for one quantile; for a list of them, with an axis for it in front. */
export type Quantiles<S extends Shape, Q> = [Q] extends [number]
  ? S
  : [number] extends [S['length']]
    ? Shape
    : Q extends Shape
      ? readonly [Q['length'], ...S]
      : Shape

// ---- products

/** A stack of matrices, or a vector, which has no row. */
type Rows<S extends Shape> = S extends readonly [
  ...infer Batch extends Shape,
  infer M extends number,
  infer K extends number,
]
  ? [batch: Batch, row: readonly [M], inner: K]
  : S extends readonly [infer K extends number]
    ? [batch: readonly [], row: readonly [], inner: K]
    : null

/** A stack of matrices, or a vector, which has no column. */
type Columns<S extends Shape> = S extends readonly [
  ...infer Batch extends Shape,
  infer K extends number,
  infer N extends number,
]
  ? [batch: Batch, column: readonly [N], inner: K]
  : S extends readonly [infer K extends number]
    ? [batch: readonly [], column: readonly [], inner: K]
    : null

type Product<A extends Shape, B extends Shape, Left, Right> = [Left, Right] extends [
  [infer BA extends Shape, infer M extends Shape, infer K extends number],
  [infer BB extends Shape, infer N extends Shape, infer L extends number],
]
  ? Clash extends Meet<K, L>
    ? `matmul: inner dimensions differ: ${Show<A>} @ ${Show<B>}`
    : Broadcast<BA, BB> extends infer Batch extends Shape
      ? readonly [...Batch, ...M, ...N]
      : `matmul: leading axes do not broadcast: ${Show<A>} @ ${Show<B>}`
  : `matmul: needs at least one axis on each side: ${Show<A>} @ ${Show<B>}`

/** NumPy's matrix product. */
export type Matmul<A extends Shape, B extends Shape> = [number] extends [A['length'] | B['length']]
  ? Shape
  : Product<A, B, Rows<A>, Columns<B>>

type Inner<A extends Shape, B extends Shape, Left, Right> = [Left, Right] extends [
  [infer BA extends Shape, infer M extends Shape, infer K extends number],
  [infer BB extends Shape, infer N extends Shape, infer L extends number],
]
  ? Clash extends Meet<K, L>
    ? `dot: summed sizes differ: ${Show<A>} · ${Show<B>}`
    : readonly [...BA, ...M, ...BB, ...N]
  : readonly [...A, ...B]

/** NumPy's dot: over the last axis of A and the second to last, or only, axis of B. */
export type Dot<A extends Shape, B extends Shape> = [number] extends [A['length'] | B['length']]
  ? Shape
  : Inner<A, B, Rows<A>, Columns<B>>

/** The size of all of a shape, where that takes no arithmetic. */
type Flattened<S extends Shape> = S extends readonly [] ? 1 : S extends readonly [infer N extends number] ? N : number

/** All products of an element of one and one of the other. */
export type Outer<A extends Shape, B extends Shape> = [number] extends [A['length'] | B['length']]
  ? readonly [number, number]
  : readonly [Flattened<A>, Flattened<B>]

/** The shapes of arguments. */
type ShapesOf<Xs extends readonly unknown[]> = { readonly [K in keyof Xs]: ShapeOf<Xs[K]> }

type ShowAll<Shapes> = Shapes extends readonly [infer S extends Shape, ...infer T]
  ? T extends readonly []
    ? Show<S>
    : `${Show<S>}, ${ShowAll<T>}`
  : ''

type Unfit<Spec extends string, All> = `einsum: '${Spec}' does not fit ${ShowAll<All>}`

/** The size of each letter, from the left. `S` is what is left of the present operand, `Rest` are the operands after it. */
type LetterSizes<
  Spec extends string,
  All,
  Letters extends string,
  S,
  Rest,
  Sizes,
> = Letters extends `${infer L}${infer More}`
  ? L extends ','
    ? [S, Rest] extends [readonly [], readonly [infer Next, ...infer Others]]
      ? LetterSizes<Spec, All, More, Next, Others, Sizes>
      : Unfit<Spec, All>
    : S extends readonly [infer D extends number, ...infer T]
      ? L extends keyof Sizes
        ? Clash extends Meet<Sizes[L] & number, D>
          ? `einsum: '${Spec}': axis ${L} is ${ShowDim<Sizes[L]>} vs ${ShowDim<D>} in ${ShowAll<All>}`
          : LetterSizes<Spec, All, More, T, Rest, Omit<Sizes, L> & Record<L, Meet<Sizes[L] & number, D>>>
        : LetterSizes<Spec, All, More, T, Rest, Sizes & Record<L, D>>
      : Unfit<Spec, All>
  : [S, Rest] extends [readonly [], readonly []]
    ? Sizes
    : Unfit<Spec, All>

/** The sizes of the letters of the result. */
type Lettered<
  Spec extends string,
  Letters extends string,
  Sizes,
  Out extends Shape = readonly [],
> = Sizes extends string
  ? Sizes
  : Letters extends `${infer L}${infer More}`
    ? L extends keyof Sizes
      ? More extends `${string}${L}${string}`
        ? `einsum: '${Spec}' repeats '${L}' in the result`
        : Lettered<Spec, More, Sizes, readonly [...Out, Sizes[L] & number]>
      : `einsum: '${Spec}' has '${L}' in the result, which no operand has`
    : Out

type EinsumOf<Spec extends string, Shapes extends readonly unknown[]> = [number] extends [
  Shapes['length'] | (Shapes[number] & Shape)['length'],
]
  ? Shape
  : Spec extends `${string}${'.' | ' '}${string}`
    ? Shape
    : [Spec, Shapes] extends [`${infer Ins}->${infer Out}`, readonly [infer S, ...infer Rest]]
      ? Lettered<Spec, Out, LetterSizes<Spec, Shapes, Ins, S, Rest, unknown>>
      : Shape

/** Einstein's summation, for a literal specification with '->' and without '...' and spaces. */
export type Einsum<Spec extends string, Xs extends readonly unknown[]> = EinsumOf<Spec, ShapesOf<Xs>>

/** A product of blocks. Its sizes are products, which would take arithmetic. */
export type Kron<A extends Shape, B extends Shape> = [number] extends [A['length'] | B['length']]
  ? Shape
  : A extends readonly []
    ? B
    : B extends readonly []
      ? A
      : A['length'] extends B['length']
        ? { readonly [K in keyof A]: number }
        : Shape

// ---- matrices

/** The shape itself, if it is that of matrices. */
export type KeepMatrix<Name extends string, S extends Shape> = [number] extends [S['length']]
  ? Shape
  : S extends readonly [...Shape, number, number]
    ? S
    : `${Name}: needs at least two axes, got ${Show<S>}`

/** A matrix with a vector on its diagonal K, or the diagonal of a matrix. */
export type Diag<S extends Shape, K> = [number] extends [S['length']]
  ? Shape
  : S extends readonly [infer N extends number]
    ? [K] extends [0]
      ? readonly [N, N]
      : readonly [number, number]
    : S extends readonly [number, number]
      ? readonly [number]
      : `diag: takes a vector or a matrix, got ${Show<S>}`

/** The diagonal in the plane of two axes, which becomes the last axis. Its size is a minimum. */
export type Diagonal<S extends Shape, A extends readonly number[]> = WithAxes<
  'diagonal',
  S,
  A,
  readonly [...Without<S, At<S, A>>, number]
>

/** The sum of a diagonal. */
export type MatrixTrace<S extends Shape, A extends readonly number[]> = WithAxes<
  'matrixTrace',
  S,
  A,
  Without<S, At<S, A>>
>

/** N powers of each element of a vector; as many as elements, unless said. */
export type Vander<S extends Shape, N> = S extends readonly [infer M extends number]
  ? readonly [M, N extends number ? N : M]
  : readonly [number, N extends number ? N : number]
// ---- matrices

/** Matrices apart from their leading axes; `null` for a shape that has none. */
type Matrices<S extends Shape> = S extends readonly [
  ...infer Batch extends Shape,
  infer M extends number,
  infer N extends number,
]
  ? [batch: Batch, rows: M, columns: N]
  : null

/** `Then` if S holds square matrices; a message if not; `Shape` if that cannot be told. */
type WithSquare<Name extends string, S extends Shape, Then> = [number] extends [S['length']]
  ? Shape
  : Matrices<S> extends [Shape, infer M extends number, infer N extends number]
    ? Clash extends Meet<M, N>
      ? `${Name}: needs square matrices, got ${Show<S>}`
      : Then
    : `${Name}: needs square matrices, got ${Show<S>}`

/** Square matrices, which keep their shape. */
export type Square<Name extends string, S extends Shape> = WithSquare<Name, S, S>

/** A number for each square matrix. */
export type PerSquare<Name extends string, S extends Shape> = WithSquare<
  Name,
  S,
  Matrices<S> extends [infer Batch extends Shape, ...unknown[]] ? readonly [...Batch] : never
>

/** A row for each square matrix, such as that of its eigenvalues. */
export type RowPerSquare<Name extends string, S extends Shape> = WithSquare<
  Name,
  S,
  Matrices<S> extends [infer Batch extends Shape, number, infer N extends number] ? readonly [...Batch, N] : never
>

/** The smaller of two sizes, where they are literally the same: it would take a comparison. */
type Least<M, N> = number extends M | N ? number : [M, N] extends [N, M] ? M : number

/** Matrices [M,N] to [M,K], [K] or [K,N], where K is the smaller of their sizes. */
export type Thin<Name extends string, S extends Shape, Part extends 'left' | 'middle' | 'right'> = [number] extends [
  S['length'],
]
  ? Shape
  : Matrices<S> extends [infer Batch extends Shape, infer M extends number, infer N extends number]
    ? {
        left: readonly [...Batch, M, Least<M, N>]
        middle: readonly [...Batch, Least<M, N>]
        right: readonly [...Batch, Least<M, N>, N]
      }[Part]
    : `${Name}: needs matrices, got ${Show<S>}`

type Differing<
  Name extends string,
  A extends Shape,
  B extends Shape,
> = `${Name}: sizes differ: ${Show<A>} with right-hand sides ${Show<B>}`

/** Matrices A with right-hand sides [..., M, K], or a vector [M]: to [..., N, K] or [..., N]. Side 'right' is of X·A = B. */
export type Solution<Name extends string, A extends Shape, B extends Shape, Side = 'left'> = [number] extends [
  A['length'] | B['length'],
]
  ? Shape
  : Matrices<A> extends [infer BatchA extends Shape, infer M extends number, infer N extends number]
    ? B extends readonly []
      ? `${Name}: right-hand sides need at least one axis, got []`
      : B extends readonly [infer L extends number]
        ? Clash extends Meet<M, L>
          ? Differing<Name, A, B>
          : readonly [...BatchA, N]
        : Matrices<B> extends [infer BatchB extends Shape, infer K extends number, infer L extends number]
          ? Clash extends Meet<M, Side extends 'right' ? L : K>
            ? Differing<Name, A, B>
            : Broadcast<BatchA, BatchB> extends infer Batch extends Shape
              ? Side extends 'right'
                ? readonly [...Batch, K, N]
                : readonly [...Batch, N, L]
              : `${Name}: leading axes do not broadcast: ${Show<A>} with right-hand sides ${Show<B>}`
          : Shape
    : Shape

// ---- movement

/** T without its first N; `null` if it has none. */
type Remove<T extends Shape, N, Before extends Shape = readonly []> = T extends readonly [
  infer H extends number,
  ...infer Rest extends Shape,
]
  ? H extends N
    ? readonly [...Before, ...Rest]
    : Remove<Rest, N, readonly [...Before, H]>
  : null

/** A shape without axes of size 1. */
type WithoutOnes<S extends Shape> = Flat<{ readonly [K in keyof S]: S[K] extends 1 ? readonly [] : readonly [S[K]] }>

/** Two shapes without the literal sizes that both have. */
type Strike<S extends Shape, T extends Shape, Left extends Shape = readonly []> = S extends readonly [
  infer N extends number,
  ...infer Rest extends Shape,
]
  ? number extends N
    ? Strike<Rest, T, readonly [...Left, N]>
    : Remove<T, N> extends infer U extends Shape
      ? Strike<Rest, U, Left>
      : Strike<Rest, T, readonly [...Left, N]>
  : [WithoutOnes<Left>, WithoutOnes<T>]

/** The size of an axis that was left open, from what else is left. */
type Fill<Left> = Left extends [readonly [], readonly [-1]]
  ? 1
  : Left extends [readonly [infer N], readonly [-1]]
    ? N
    : number

/** What cannot have the same number of elements: nothing and something, or one size and another. */
type Uneven =
  | [readonly [], readonly [number, ...Shape]]
  | [readonly [number, ...Shape], readonly []]
  | [readonly [number], readonly [number]]

type CountOf<T extends Shape, N> = Flat<{
  readonly [K in keyof T]: T[K] extends N ? readonly [0] : readonly []
}>['length']

type Unequal<
  S extends Shape,
  T extends Shape,
> = `reshape: ${Show<S>} to ${Show<T>}: the sizes must multiply to the same number`

/** T with its -1 filled in; the two must have the same number of elements, as far as can be told without multiplying. */
export type Reshape<S extends Shape, T extends Shape> = [number] extends [S['length']]
  ? ReshapeTo<T, number>
  : ReshapeTo<T, 0 extends S[number] | T[number] ? number : Fill<Strike<S, T>>> extends infer R extends Shape
    ? true extends Several<S> | Several<T>
      ? ReshapeTo<T, number>
      : [number] extends [S[number] | R['length'] | T[number]]
        ? R
        : -1 extends T[number]
          ? R
          : 0 extends S[number] & T[number]
            ? R
            : 0 extends S[number] | T[number]
              ? Unequal<S, T>
              : Strike<S, T> extends Uneven
                ? Unequal<S, T>
                : R
    : ReshapeTo<T, number>

/** Whether a size is one of several. */
type Several<S extends Shape> = { readonly [K in keyof S]: IsUnion<S[K]> }[number]

/** T with an open size filled in. */
type ReshapeTo<T extends Shape, Open> = [number] extends [T['length']]
  ? Shape
  : CountOf<T, -1> extends 0 | 1
    ? { readonly [K in keyof T]: T[K] extends -1 ? Open : T[K] }
    : `reshape: ${Show<T>} has more than one -1: only one size can be left open`

/** Axis i of the result is axis P[i] of S. */
export type Transpose<S extends Shape, P extends Shape> =
  Uncounted<S, P> extends true
    ? Shape
    : [number] extends [P['length']]
      ? Shape
      : [P['length'], AxesOf<S>] extends [S['length'], At<S, P>]
        ? { readonly [K in keyof P]: SizeAt<S, At<S, P[K]>> }
        : `transpose: ${Show<P>} is no permutation of the axes of ${Show<S>}`

type Reversed<S extends Shape> = S extends readonly [infer H, ...infer T extends Shape]
  ? readonly [...Reversed<T>, H]
  : readonly []

/** Axes in reverse order. */
export type Reverse<S extends Shape> = [number] extends [S['length']] ? Shape : Reversed<S>

/** The last two axes exchanged. */
export type MatrixTranspose<S extends Shape> = [number] extends [S['length']]
  ? Shape
  : S extends readonly [...infer Batch extends Shape, infer M extends number, infer N extends number]
    ? readonly [...Batch, N, M]
    : `matrixTranspose: needs at least two axes, got ${Show<S>}`

/** One axis at another place. */
export type MoveAxis<S extends Shape, From, To> = [number] extends [S['length']]
  ? Shape
  : WithAxes<'moveAxis', S, readonly [From, To], Insert<Without<S, At<S, From>>, At<S, To>, SizeAt<S, At<S, From>>>>

/** A shape of the rank that S has with the axes A more. */
type Wider<S extends Shape, A> = A extends Shape ? readonly [...S, ...A] : readonly [...S, 1]

/** S with axes of size N at the places A of the result. */
type Expand<Name extends string, S extends Shape, A, N extends number> =
  Uncounted<Wider<S, A>, A> extends true
    ? Shape
    : [Missing<Wider<S, A>, A>] extends [never]
      ? Insert<S, At<Wider<S, A>, A>, N>
      : `${Name}: axis ${Missing<Wider<S, A>, A>} is out of range for the result of ${Show<S>}`

/** S with axes of size 1 at the places A of the result. */
export type ExpandDims<S extends Shape, A> = Expand<'expandDims', S, A, 1>

type Squeezed<S extends Shape, Gone, Wide> = [Wide] extends [never]
  ? Without<S, Gone>
  : `squeeze: axis ${Wide & string} of ${Show<S>} has size ${ShowDim<SizeAt<S, Wide>>}, not 1`

/** The axes among some that cannot have size 1. */
type WideAxes<S extends Shape, Some> = {
  [K in keyof S & Some]: Clash extends Meet<SizeAt<S, K>, 1> ? K : never
}[keyof S & Some]

/** S without the axes A, which must be of size 1; without A, without all that are. */
export type Squeeze<S extends Shape, A> = [number] extends [S['length']]
  ? Shape
  : [A] extends [undefined]
    ? true extends { readonly [K in keyof S]: 1 extends S[K] ? ([S[K]] extends [1] ? false : true) : false }[number]
      ? Shape
      : WithoutOnes<S>
    : WithAxes<'squeeze', S, A, Squeezed<S, At<S, A>, WideAxes<S, At<S, A>>>>

/** Two axes exchanged. */
export type SwapAxes<Name extends string, S extends Shape, A, B> = WithAxes<
  Name,
  S,
  readonly [A, B],
  {
    readonly [K in keyof S]: K extends At<S, A> ? SizeAt<S, At<S, B>> : K extends At<S, B> ? SizeAt<S, At<S, A>> : S[K]
  }
>

/** Quarter turns in the plane of two axes. */
export type Rot90<S extends Shape, Times, A extends readonly [number, number]> = [Times] extends [0 | 2 | -2]
  ? WithAxes<'rot90', S, A, S>
  : [Times] extends [1 | -1 | 3 | -3]
    ? SwapAxes<'rot90', S, A[0], A[1]>
    : WithAxes<'rot90', S, A, Replace<S, At<S, A>, number>>

/** All elements in one axis. */
export type Ravel<S extends Shape> = [number] extends [S['length']] ? readonly [number] : readonly [Flattened<S>]

/** An axis that gets another size, which would take arithmetic. */
export type Resized<Name extends string, S extends Shape, A> = WithAxes<Name, S, A, Replace<S, At<S, A>, number>>

/** Elements repeated along an axis, or all of them. */
export type Repeat<S extends Shape, A> = [A] extends [undefined] ? readonly [number] : Resized<'repeat', S, A>

// ---- joining and cutting

type Differ<
  Name extends string,
  S extends Shape,
  T extends Shape,
  Rule extends string,
> = `${Name}: ${Show<S>} with ${Show<T>}: ${Rule}`

/** What all shapes of a list agree on, but for an axis. */
type AgreeAll<
  Name extends string,
  Rule extends string,
  S extends Shape,
  Rest,
  But,
  First extends Shape = S,
> = Rest extends readonly [infer T extends Shape, ...infer More]
  ? [number] extends [T['length']]
    ? Shape
    : T['length'] extends S['length']
      ? Clash extends Agree<S, T, But>[number]
        ? Differ<Name, First, T, Rule>
        : Agree<S, T, But> extends infer Both extends Shape
          ? AgreeAll<Name, Rule, Both, More, But, First>
          : never
      : Differ<Name, First, T, Rule>
  : S

/** Tensors joined along an axis. Its size is a sum, which would take arithmetic. */
export type Concat<Xs extends readonly unknown[], A extends number> =
  ShapesOf<Xs> extends readonly [infer S extends Shape, ...infer Rest]
    ? Rest extends readonly []
      ? KeepAxis<'concat', S, A>
      : WithAxes<'concat', S, A, AgreeAll<'concat', `all sizes but that of axis ${A} must agree`, S, Rest, At<S, A>>>
    : Xs extends readonly []
      ? 'concat: needs at least one tensor'
      : WithAxes<'concat', ShapeOf<Xs[number]>, A, Replace<ShapeOf<Xs[number]>, At<ShapeOf<Xs[number]>, A>, number>>

/** Tensors of one shape joined along a new axis. */
export type Stack<Xs extends readonly unknown[], A extends number> =
  ShapesOf<Xs> extends readonly [infer S extends Shape, ...infer Rest]
    ? [number] extends [S['length']]
      ? Shape
      : AgreeAll<'stack', 'all shapes must be the same', S, Rest, never> extends infer Same extends Shape
        ? Expand<'stack', Same, A, Xs['length'] & number>
        : AgreeAll<'stack', 'all shapes must be the same', S, Rest, never>
    : Xs extends readonly []
      ? 'stack: needs at least one tensor'
      : Expand<'stack', ShapeOf<Xs[number]>, A, number>

/** S, where only those axes keep their size for which what is said of them is `Same`. */
type KeptIf<S extends Shape, Said extends readonly unknown[], Same> = {
  readonly [K in keyof S]: K extends keyof Said ? (Said[K] extends Same ? S[K] : number) : S[K]
}

/** A slice of all there is. */
type Whole = null | readonly [] | readonly [null] | readonly [null, null] | readonly [null, null, null | 1 | -1]

/** Python slices. Axes that are cut have an unknown size: it would take a subtraction. */
export type Slice<S extends Shape, Specs extends readonly unknown[]> = [number] extends [S['length']]
  ? Shape
  : [number] extends [Specs['length']]
    ? { readonly [K in keyof S]: number }
    : `${S['length']}` extends keyof Specs
      ? `slice: ${Specs['length'] & number} slices for the ${S['length']} axes of ${Show<S>}`
      : KeptIf<S, Specs, Whole>

/** Padding. Only axes padded by [0, 0] keep their size. */
export type Pad<S extends Shape, Widths extends readonly unknown[]> = [number] extends [S['length'] | Widths['length']]
  ? Shape
  : S['length'] extends Widths['length']
    ? KeptIf<S, Widths, readonly [0, 0]>
    : `pad: ${Widths['length'] & number} widths for the ${S['length']} axes of ${Show<S>}`

/** Repetition. Only axes repeated once keep their size. */
export type Tile<S extends Shape, Counts extends Shape> = [number] extends [S['length'] | Counts['length']]
  ? Shape
  : S['length'] extends Counts['length']
    ? KeptIf<S, Counts, 1>
    : Shape

/** A part of S cut along an axis, of unknown size. */
export type SplitPart<S extends Shape, A> = WithAxes<'split', S, A, Replace<S, At<S, A>, number>>

/** A list of N things, if N is known and small. */
export type ListOf<N extends number, T, Out extends readonly T[] = readonly []> = [number] extends [N]
  ? readonly T[]
  : Out['length'] extends N
    ? Out
    : Out['length'] extends 16
      ? readonly T[]
      : ListOf<N, T, readonly [...Out, T]>

/** The shape of a grid over vectors. */
export type Meshgrid<Xs extends readonly unknown[], Indexing> = [number] extends [Xs['length']]
  ? Shape
  : Flat<ShapesOf<Xs>> extends infer Sizes extends Shape
    ? [Sizes['length'], Indexing] extends [Xs['length'], 'ij']
      ? Sizes
      : [Sizes['length'], Indexing] extends [Xs['length'], 'xy']
        ? Sizes extends readonly [infer M extends number, infer N extends number, ...infer Rest extends Shape]
          ? readonly [N, M, ...Rest]
          : Sizes
        : Shape
    : Shape

// ---- indexing

/** Indices of shape I in place of an axis. */
export type Take<S extends Shape, I extends Shape, A> = [number] extends [I['length']]
  ? Shape
  : WithAxes<'take', S, A, Flat<{ readonly [K in keyof S]: K extends At<S, A> ? I : readonly [S[K]] }>>

/** Indices of shape I that agree with S on all axes but one. */
export type TakeAlongAxis<S extends Shape, I extends Shape, A> = [number] extends [S['length'] | I['length']]
  ? Shape
  : WithAxes<
      'takeAlongAxis',
      S,
      A,
      S['length'] extends I['length']
        ? Clash extends Agree<S, I, At<S, A>>[number]
          ? `takeAlongAxis: indices ${Show<I>} and x ${Show<S>} must agree on all axes but ${A & number}`
          : { readonly [K in keyof S]: K extends At<S, A> ? SizeAt<I, K> : S[K] & number }
        : `takeAlongAxis: indices ${Show<I>} and x ${Show<S>} must agree on all axes but ${A & number}`
    >

/** What is left of S after the axes of I, with which it begins; `null` if it does not. */
type After<S extends Shape, I extends Shape> = I extends readonly [infer N extends number, ...infer J extends Shape]
  ? S extends readonly [infer M extends number, ...infer R extends Shape]
    ? Clash extends Meet<M, N>
      ? null
      : After<R, J>
    : null
  : S

/** Rows of S, whose segments ids of shape I say, combined into N. */
export type Segments<Name extends string, S extends Shape, I extends Shape, N extends number> = [number] extends [
  S['length'] | I['length'],
]
  ? Shape
  : After<S, I> extends infer Rest extends Shape
    ? readonly [N, ...Rest]
    : `${Name}: ids ${Show<I>} do not fit data ${Show<S>}`

/** A slice of given sizes. */
export type DynamicSlice<S extends Shape, Sizes extends Shape> = [number] extends [S['length'] | Sizes['length']]
  ? Readonly<Sizes>
  : S['length'] extends Sizes['length']
    ? Readonly<Sizes>
    : `dynamicSlice: a slice of ${Show<Sizes>} does not fit into ${Show<S>}`

/** A slice of shape U put into S. */
export type DynamicUpdate<S extends Shape, U extends Shape> = [number] extends [S['length'] | U['length']]
  ? Shape
  : S['length'] extends U['length']
    ? U
    : `dynamicUpdateSlice: a slice of ${Show<U>} does not fit into ${Show<S>}`

/** A size that an item of an index leaves: that of the axis for all of it, unknown for a slice, none for a number; else `null`. */
type ItemSize<Item, N extends number> = [Item] extends [number]
  ? readonly []
  : [Item] extends [Whole]
    ? readonly [N]
    : [Item] extends [null | readonly (number | null | undefined)[]]
      ? readonly [number]
      : null

type TooMany<S extends Shape> = `at: more indices than the ${S['length']} axes of ${Show<S>}`

/** From the first item to an ellipsis, or the end: `Left` is what is left of S, `Out` what is done. */
type IndexedFront<S extends Shape, Left extends Shape, Index, Out extends Shape> = Index extends readonly [
  infer Item,
  ...infer Items,
]
  ? [Item] extends ['...']
    ? IndexedBack<S, Left, Items, Out, readonly []>
    : [Item] extends ['newAxis']
      ? IndexedFront<S, Left, Items, readonly [...Out, 1]>
      : ItemSize<Item, number> extends null
        ? Shape
        : Left extends readonly [infer N extends number, ...infer Rest extends Shape]
          ? ItemSize<Item, N> extends infer Kept extends Shape
            ? IndexedFront<S, Rest, Items, readonly [...Out, ...Kept]>
            : Shape
          : TooMany<S>
  : readonly [...Out, ...Left]

/** From the last item to the ellipsis. */
type IndexedBack<
  S extends Shape,
  Left extends Shape,
  Index,
  Front extends Shape,
  Out extends Shape,
> = Index extends readonly [...infer Items, infer Item]
  ? [Item] extends ['...']
    ? 'at: an index has one ellipsis at most'
    : [Item] extends ['newAxis']
      ? IndexedBack<S, Left, Items, Front, readonly [1, ...Out]>
      : ItemSize<Item, number> extends null
        ? Shape
        : Left extends readonly [...infer Rest extends Shape, infer N extends number]
          ? ItemSize<Item, N> extends infer Kept extends Shape
            ? IndexedBack<S, Rest, Items, Front, readonly [...Kept, ...Out]>
            : Shape
          : TooMany<S>
  : readonly [...Front, ...Left, ...Out]

/** NumPy's indexing. Nothing is known of the result where tensors of positions take part. */
export type Indexed<S extends Shape, Index extends readonly unknown[]> = [number] extends [
  S['length'] | Index['length'],
]
  ? Shape
  : IndexedFront<S, S, Index, readonly []>
/** The first K along an axis. */
export type TopK<S extends Shape, A, K extends number> = WithAxes<'topK', S, A, Replace<S, At<S, A>, K>>

/** A shape that must have one axis. */
export type VectorOnly<Name extends string, What extends string, S extends Shape> = [number] extends [S['length']]
  ? Shape
  : S extends readonly [number]
    ? S
    : `${Name}: ${What} must have one axis, got ${Show<S>}`

// ---- images

/** How axes are ordered in a batch of signals, images or volumes. */
type Layouts = { 1: 'NWC' | 'NCW'; 2: 'NHWC' | 'NCHW'; 3: 'NDHWC' | 'NCDHW' }

/** How many spatial axes there are. */
export type SpatialRank = keyof Layouts

/** How axes are ordered in a batch with R spatial axes. */
export type ImageLayout<R extends SpatialRank = 2> = Layouts[R]

/** Channels last, the default. */
export type ChannelsLast<R extends SpatialRank> = { 1: 'NWC'; 2: 'NHWC'; 3: 'NDHWC' }[R]

/** The rank of a batch with R spatial axes, and how messages spell it. */
type BatchRank<R extends SpatialRank> = { 1: [3, 'three']; 2: [4, 'four']; 3: [5, 'five'] }[R]

/** Half of even sizes that images have, rounded up as 'same' padding does. */
type Half = {
  2: 1
  4: 2
  6: 3
  8: 4
  10: 5
  12: 6
  14: 7
  16: 8
  18: 9
  20: 10
  22: 11
  24: 12
  26: 13
  28: 14
  30: 15
  32: 16
  36: 18
  40: 20
  48: 24
  56: 28
  64: 32
  80: 40
  96: 48
  112: 56
  128: 64
  160: 80
  192: 96
  224: 112
  256: 128
  512: 256
}

/** The other way round. */
type Double = { [N in keyof Half as Half[N]]: N }

/** A spatial size after a window: kept, halved or doubled by the table, or not known. */
type Step<N, How> = How extends 'keep'
  ? N
  : How extends 'half'
    ? N extends keyof Half
      ? Half[N]
      : number
    : How extends 'double'
      ? N extends keyof Double
        ? Double[N]
        : number
      : number

type Steps<Space extends Shape, How> = { readonly [K in keyof Space]: Step<Space[K], How> }

/** A batch whose spatial sizes change as `How` says, with C channels, or with those it had if C is `null`. */
type Images<
  Name extends string,
  R extends SpatialRank,
  S extends Shape,
  Layout,
  How,
  C = null,
> = S['length'] extends BatchRank<R>[0]
  ? Layout extends `${string}C`
    ? S extends readonly [infer N extends number, ...infer Space extends Shape, infer D extends number]
      ? readonly [N, ...Steps<Space, How>, C extends number ? C : D]
      : Shape
    : S extends readonly [infer N extends number, infer D extends number, ...infer Space extends Shape]
      ? readonly [N, C extends number ? C : D, ...Steps<Space, How>]
      : Shape
  : `${Name}: needs ${BatchRank<R>[1]} axes (${Layout & string}), got ${Show<S>}`

/** Pooling: sizes stay for 'same' padding with stride 1, and halve with stride 2 or, if they are even, for windows of 2. */
export type Pool<
  Name extends string,
  R extends SpatialRank,
  S extends Shape,
  Window,
  Strides,
  Padding,
  Dilation,
  Layout,
> = [number] extends [S['length']]
  ? Shape
  : [ImageLayout<R>] extends [Layout]
    ? Shape
    : Images<
        Name,
        R,
        S,
        Layout,
        [Padding, Strides] extends ['same', 1]
          ? 'keep'
          : [Window, Strides, Padding, Dilation] extends [2, undefined | 2, 'valid' | 'same', 1]
            ? 'half'
            : [Padding, Strides] extends ['same', 2]
              ? 'half'
              : null
      >

/** Windows over any axes: those with a window of 1 and a stride of 1 keep their size, as do all for 'same' padding. */
export type ReduceWindow<S extends Shape, Window extends Shape, Strides, Padding> = [number] extends [
  S['length'] | Window['length'],
]
  ? Shape
  : S['length'] extends Window['length']
    ? Strides extends 1
      ? Padding extends 'same'
        ? S
        : Padding extends 'valid'
          ? KeptIf<S, Window, 1>
          : KeptIf<S, Window, never>
      : KeptIf<S, Window, never>
    : `reduceWindow: a window of ${Window['length'] & number} sizes for the ${S['length']} axes of ${Show<S>}`

/** The channels that a kernel takes and gives. */
type Kernel<W extends Shape, Layout> = Layout extends `${string}C`
  ? W extends readonly [...Shape, infer In extends number, infer Out extends number]
    ? { in: In; out: Out }
    : { in: number; out: number }
  : W extends readonly [infer Out extends number, infer In extends number, ...Shape]
    ? { in: In; out: Out }
    : { in: number; out: number }

type Channels<S extends Shape, Layout> = Layout extends `${string}C`
  ? S extends readonly [...Shape, infer C extends number]
    ? C
    : number
  : SizeAt<S, '1'>

/** A convolution of S with a kernel that takes and gives these channels; they are checked without groups. */
type Convolved<
  Name extends string,
  R extends SpatialRank,
  S extends Shape,
  W extends Shape,
  Layout,
  Groups,
  How,
  In extends number,
  Out,
> = [S['length'], W['length']] extends [BatchRank<R>[0], BatchRank<R>[0]]
  ? [Groups, Meet<Channels<S, Layout>, In>] extends [1, Clash]
    ? `${Name}: channels differ: ${Show<S>} with kernel ${Show<W>}`
    : Images<Name, R, S, Layout, How, Out>
  : `${Name}: needs ${BatchRank<R>[1]} axes on both sides, got ${Show<S>} with kernel ${Show<W>}`

/** Convolution: sizes stay for 'same' padding with stride 1, and halve with stride 2. */
export type Conv<
  Name extends string,
  R extends SpatialRank,
  S extends Shape,
  W extends Shape,
  Strides,
  Padding,
  Groups,
  Layout,
  InputDilation,
> = [number] extends [S['length'] | W['length']]
  ? Shape
  : [ImageLayout<R>] extends [Layout]
    ? Shape
    : Convolved<
        Name,
        R,
        S,
        W,
        Layout,
        Groups,
        [Padding, InputDilation, Strides] extends ['same', 1, 1]
          ? 'keep'
          : [Padding, InputDilation, Strides] extends ['same', 1, 2]
            ? 'half'
            : null,
        Kernel<W, Layout>['in'],
        Kernel<W, Layout>['out']
      >

/** Transposed convolution, with the kernel of the convolution: sizes stay for 'same' padding with stride 1, and double with stride 2. */
export type ConvTransposed<
  Name extends string,
  R extends SpatialRank,
  S extends Shape,
  W extends Shape,
  Strides,
  Padding,
  Groups,
  Layout,
> = [number] extends [S['length'] | W['length']]
  ? Shape
  : [ImageLayout<R>] extends [Layout]
    ? Shape
    : Convolved<
        Name,
        R,
        S,
        W,
        Layout,
        Groups,
        [Padding, Strides] extends ['same', 1] ? 'keep' : [Padding, Strides] extends ['same', 2] ? 'double' : null,
        Kernel<W, Layout>['out'],
        Groups extends 1 ? Kernel<W, Layout>['in'] : number
      >

// ---- literals, batches, layers

/** The shape of nested arrays; sizes of ragged ones are unions. */
type NestedShape<V> = [V] extends [number | boolean]
  ? readonly []
  : [V] extends [readonly unknown[]]
    ? readonly [V['length'], ...NestedShape<V[number]>]
    : Shape

/** Whether a type is one of several. */
export type IsUnion<T, U = T> = [T] extends [never] ? false : T extends U ? ([U] extends [T] ? false : true) : never

/** The shape of what `tensor` is made from: nested arrays, which must not be ragged, or a typed array. */
export type Literal<V> = V extends ArrayBufferView
  ? readonly [number]
  : NestedShape<V> extends infer S extends Shape
    ? true extends { [K in keyof S]: IsUnion<S[K]> }[number]
      ? 'tensor: ragged nested array: every row needs the same length'
      : S
    : Shape

/** The shape of a batch of N examples of shape S, along the axis A of the result; `null` for none. */
export type WithBatch<S extends Shape, N extends number, A> = [A] extends [null] ? S : Expand<'vmap', S, A, N>

/** The sizes of [0, …, N - 1], for a literal N. */
export type Counted<N> = N extends number
  ? `${N}` extends `-${string}` | `${string}.${string}` | `${string}e${string}`
    ? number
    : N
  : number

/** Labels for the rows of logits [..., classes]: of shape [...]. */
export type Labels<Name extends string, L extends Shape, T extends Shape> = [number] extends [L['length'] | T['length']]
  ? Shape
  : L extends readonly [...infer Rows extends Shape, number]
    ? Fits<Rows, T> extends true
      ? T
      : `${Name}: logits ${Show<L>} and labels ${Show<T>} do not fit`
    : `${Name}: logits ${Show<L>} and labels ${Show<T>} do not fit`

/** Labels, or probabilities of the shape of the logits themselves. */
export type Targets<Name extends string, L extends Shape, T extends Shape> = [number] extends [
  L['length'] | T['length'],
]
  ? Shape
  : Fits<L, T> extends true
    ? T
    : Labels<Name, L, T>

/** A shape that must be that of a scalar. */
export type ScalarOnly<Name extends string, S extends Shape> = [number] extends [S['length']]
  ? Shape
  : S extends readonly []
    ? S
    : `${Name}: the function must return a scalar, got ${Show<S>}`

/** A shape of one element, as far as is known. */
export type SingleElement<S extends Shape> = [number] extends [S['length']]
  ? Shape
  : [WideAxes<S, AxesOf<S>>] extends [never]
    ? S
    : `item: needs exactly one element, got ${Show<S>}`

/** A shape T that must be S. */
export type SameShape<Name extends string, What extends string, S extends Shape, T extends Shape> = [number] extends [
  S['length'] | T['length'],
]
  ? Shape
  : Fits<S, T> extends true
    ? T
    : `${Name}: the ${What} is ${Show<T>}, not ${Show<S>}`

/** Whether two shapes can be the same. */
type Fits<S extends Shape, T extends Shape> = S['length'] extends T['length']
  ? Clash extends Agree<S, T, never>[number]
    ? false
    : true
  : false

// ---- layers

/** What a layer does to shapes: nothing is known of it. */
export interface AnyShape {
  readonly kind: string
}
/** What a layer does to shapes: it keeps them, as activations do. */
export interface KeepsShape extends AnyShape {
  readonly kind: 'keeps'
}
/** What a layer does to shapes: from In features to Out, [..., In] -> [..., Out]. */
export interface Features<In extends number, Out extends number> extends AnyShape {
  readonly kind: 'features'
  readonly in: In
  readonly out: Out
}
/** The shape that a layer makes of S, for what it does to shapes. */
export type Through<L, S extends Shape> = [number] extends [S['length']]
  ? Shape
  : L extends Features<infer In, infer Out>
    ? S extends readonly [...infer Rest extends Shape, infer N extends number]
      ? Clash extends Meet<N, In>
        ? `dense: takes [..., ${ShowDim<In>}], got ${Show<S>}`
        : readonly [...Rest, Out]
      : `dense: takes [..., ${ShowDim<In>}], got ${Show<S>}`
    : L extends KeepsShape
      ? S
      : Shape

/** Layers one after the other. */
export type Composed<First, Second> = First extends KeepsShape
  ? Second
  : Second extends KeepsShape
    ? First
    : [First, Second] extends [Features<infer In, number>, Features<number, infer Out>]
      ? Features<In, Out>
      : AnyShape

/** A message when a layer cannot follow others that have the shape `Before`. */
export type Follows<Before, Next> = [Before, Next] extends [Features<number, infer Out>, Features<infer In, number>]
  ? Clash extends Meet<Out, In>
    ? `serial: this layer takes [..., ${ShowDim<In>}], the one before it gives [..., ${ShowDim<Out>}]`
    : Shape
  : Shape
