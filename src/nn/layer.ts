/**
 * Layers as values: `init` draws parameters from a key, `apply` is a pure function of parameters and input.
 *
 * Layer: nn. A layer is a list of parts, each of which has one entry in the parameters; `serial` appends. So it is associative
 * with an identity, down to the structure of the parameters and the numbers drawn. Read next: dense.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { fail, treeError } from '../core/errors.ts'
import type { Shape } from '../core/shape.ts'
import type { AnyShape, Check, Composed, Follows, KeepsShape, Resolved, ShapeOf, Through } from '../core/shape-types.ts'
import type { Tensor } from '../core/types.ts'
import { foldIn, type Key } from '../random/index.ts'

/** One step of a network with parameters P: a tree of tensors. */
export type Part<P> = {
  readonly init: (key: Key) => P
  readonly apply: (params: P, x: Tensor) => Tensor
}

/** A part whose type of parameters has been forgotten: what `init` made is what `apply` gets. */
type SomePart = Part<unknown>

/**
 * A network: its parameters are the list of those of its parts. Methods, so that a layer counts as one whose parameters are known
 * less well (`Layer<readonly unknown[]>`) and layers of different kinds fit in one list.
 */
export interface Layer<Ps extends readonly unknown[], S extends AnyShape = AnyShape> {
  /** How many entries the parameters have, and what each is for. */
  readonly parts: readonly SomePart[]
  /** For the compiler alone. */
  readonly shapes?: S
  /** Draws parameters: equal keys give equal parameters. */
  init(key: Key): Ps
  /** The network's value at x. Throws a TreeError for parameters of another network. */
  apply<X extends Tensor>(params: Ps, x: Check<Through<S, ShapeOf<X>>, X>): Tensor<Resolved<Through<S, ShapeOf<X>>>>
}

const ofParts = <Ps extends readonly unknown[], S extends AnyShape>(parts: readonly SomePart[]): Layer<Ps, S> => ({
  parts,
  init: key => parts.map((part, i) => part.init(foldIn(i)(key))) as readonly unknown[] as Ps,
  apply: <X extends Tensor>(params: Ps, x: Check<Through<S, ShapeOf<X>>, X>) => {
    if (params.length !== parts.length)
      return fail(
        treeError(
          'apply',
          `the parameters have ${params.length} entries, the network ${parts.length}: make them with init`,
        ),
      )
    return parts.reduce<Tensor>((y, part, i) => part.apply(params[i], y), x as Tensor) as Tensor<
      Resolved<Through<S, ShapeOf<X>>>
    >
  },
})

/**
 * A layer of one part, from functions of your own. The second type argument says what it does to shapes, if it is known.
 * @example
 * const bias = layer({ init: zeros({ shape: [10] }), apply: (b, x) => add(x, b) })
 */
export const layer = <P, S extends AnyShape = AnyShape>(part: Part<P>): Layer<readonly [P], S> =>
  ofParts([part as SomePart])

/** A function that keeps shapes, as `relu` does. */
export type ActivationFunction = <S extends Shape>(x: Tensor<S>) => Tensor<S>

interface Activation {
  (f: ActivationFunction): Layer<readonly [readonly []], KeepsShape>
  (f: (x: Tensor) => Tensor): Layer<readonly [readonly []]>
}

/**
 * A layer without parameters, from a plain function. It has an entry in the parameters all the same: [].
 * @example
 * serial(dense(784, 100), activation(relu), dense(100, 10))
 */
export const activation: Activation = (f: (x: Tensor) => Tensor): Layer<readonly [readonly []], never> =>
  layer({ init: () => [] as const, apply: (_params, x) => f(x) })

/** Lists joined: of tuples a tuple, else a list of all that may occur. */
export type Concat<
  Pss extends readonly (readonly unknown[])[],
  Out extends readonly unknown[] = readonly [],
> = Pss extends readonly [infer Ps extends readonly unknown[], ...infer Rest extends readonly (readonly unknown[])[]]
  ? Concat<Rest, readonly [...Out, ...Ps]>
  : Pss extends readonly []
    ? Out
    : readonly Pss[number][number][]

/** A layer of which neither parameters nor shapes are known. */
type SomeLayer = { readonly parts: readonly SomePart[]; readonly shapes?: AnyShape }

type ParamsOf<L> = L extends { init(key: Key): infer Ps extends readonly unknown[] } ? Ps : readonly unknown[]
type ShapesOf<L> = L extends { readonly shapes?: infer S extends AnyShape } ? S : AnyShape

/** For each layer, whether it can follow those before it, whose shape is `Before`. */
type Following<Ls, Before = KeepsShape, Out extends readonly unknown[] = readonly []> = Ls extends readonly [
  infer L,
  ...infer Rest,
]
  ? Following<Rest, Composed<Before, ShapesOf<L>>, readonly [...Out, Follows<Before, ShapesOf<L>>]>
  : Ls extends readonly []
    ? Out
    : readonly null[]

type Chained<Ls, Before extends AnyShape = KeepsShape> = Ls extends readonly [infer L, ...infer Rest]
  ? Chained<Rest, Composed<Before, ShapesOf<L>>>
  : Ls extends readonly []
    ? Before
    : AnyShape

/**
 * Layers one after the other: each gets the value of the one before it. Without any, the identity.
 * @example
 * const network = serial(dense(3, 100), activation(relu), dense(100, 10))
 * const params = network.init(key(0))
 * network.apply(params, inputs) // [4,3] -> [4,10]
 */
export const serial = <const Ls extends readonly SomeLayer[]>(
  ...layers: { readonly [K in keyof Ls]: Check<K extends keyof Following<Ls> ? Following<Ls>[K] : null, Ls[K]> }
): Layer<Concat<{ readonly [K in keyof Ls]: ParamsOf<Ls[K]> }>, Chained<Ls>> =>
  ofParts((layers as unknown as readonly SomeLayer[]).flatMap(({ parts }) => parts))

/** `serial` as a monoid, for layers with any number of parts of one type of parameters; its identity changes nothing. */
export const layerMonoid = <P>(): Monoid<Layer<readonly P[]>> => ({
  empty: ofParts([]),
  concat: (first, second) => ofParts([...first.parts, ...second.parts]),
})
