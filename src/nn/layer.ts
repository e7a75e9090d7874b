/**
 * Layers as values: `init` draws parameters from a key, `apply` is a pure function of parameters and input.
 *
 * Layer: nn. A layer is a list of parts, each of which has one entry in the parameters; `serial` appends. So it is associative
 * with an identity, down to the structure of the parameters and the numbers drawn. Read next: dense.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { fail, treeError } from '../core/errors.ts'
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
export interface Layer<Ps extends readonly unknown[]> {
  /** How many entries the parameters have, and what each is for. */
  readonly parts: readonly SomePart[]
  /** Draws parameters: equal keys give equal parameters. */
  init(key: Key): Ps
  /** The network's value at x. Throws a TreeError for parameters of another network. */
  apply(params: Ps, x: Tensor): Tensor
}

const ofParts = <Ps extends readonly unknown[]>(parts: readonly SomePart[]): Layer<Ps> => ({
  parts,
  init: key => parts.map((part, i) => part.init(foldIn(i)(key))) as readonly unknown[] as Ps,
  apply: (params, x) => {
    if (params.length !== parts.length)
      return fail(
        treeError(
          'apply',
          `the parameters have ${params.length} entries, the network ${parts.length}: make them with init`,
        ),
      )
    return parts.reduce((y, part, i) => part.apply(params[i], y), x)
  },
})

/**
 * A layer of one part, from functions of your own.
 * @example
 * const bias = layer({ init: zeros({ shape: [10] }), apply: (b, x) => add(x, b) })
 */
export const layer = <P>(part: Part<P>): Layer<readonly [P]> => ofParts([part as SomePart])

/**
 * A layer without parameters, from a plain function. It has an entry in the parameters all the same: [].
 * @example
 * serial(dense(784, 100), activation(relu), dense(100, 10))
 */
export const activation = (f: (x: Tensor) => Tensor): Layer<readonly [readonly []]> =>
  layer({ init: () => [] as const, apply: (_params, x) => f(x) })

/** Lists joined: of tuples a tuple, else a list of all that may occur. */
export type Concat<Pss extends readonly (readonly unknown[])[]> = Pss extends readonly []
  ? readonly []
  : Pss extends readonly [infer Ps extends readonly unknown[], ...infer Rest extends readonly (readonly unknown[])[]]
    ? readonly [...Ps, ...Concat<Rest>]
    : readonly Pss[number][number][]

/**
 * Layers one after the other: each gets the value of the one before it. Without any, the identity.
 * @example
 * const network = serial(dense(3, 100), activation(relu), dense(100, 10))
 * const params = network.init(key(0))
 * network.apply(params, inputs) // [4,3] -> [4,10]
 */
export const serial = <const Pss extends readonly (readonly unknown[])[]>(
  ...layers: { readonly [K in keyof Pss]: Layer<Pss[K]> }
): Layer<Concat<Pss>> => ofParts(layers.flatMap(({ parts }) => parts))

/** `serial` as a monoid, for layers with any number of parts of one type of parameters; its identity changes nothing. */
export const layerMonoid = <P>(): Monoid<Layer<readonly P[]>> => ({
  empty: ofParts([]),
  concat: (first, second) => ofParts([...first.parts, ...second.parts]),
})
