/**
 * Layers as values: `init` draws parameters and state from a key, `apply` is a pure function of both, the input and the mode.
 *
 * Parameters are what gradients are taken of; state is what a layer remembers from batch to batch without learning it, as batch
 * norm's running statistics, and what `apply` returns beside the output. In training mode there is a key for what is drawn, as by
 * dropout; without a mode a network is evaluated.
 *
 * Layer: nn. A layer is a list of parts, each of which has one entry in the parameters and one in the state; `serial` appends. So
 * it is associative with an identity, down to the structure of the parameters and the numbers drawn. Read next: branches.ts,
 * summary.ts.
 */
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { requireFunction, requireRecord } from '../core/options.ts'
import type { Shape } from '../core/shape.ts'
import type { AnyShape, Check, Composed, Follows, KeepsShape, Resolved, ShapeOf, Through } from '../core/shape-types.ts'
import { requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { foldIn, type Key } from '../random/index.ts'

/** Training, with the key that dropout and its like draw from; no mode at all is evaluation. */
export type Mode = { readonly train: Key }

/** What `init` makes: parameters, which are learnt, and state, which is not. Both are trees of tensors. */
export type Variables<P, St> = { readonly params: P; readonly state: St }

/** One step of a network with parameters P and state St. */
export type Part<P, St> = {
  /** What `summary` calls it. */
  readonly name: string
  readonly init: (key: Key) => Variables<P, St>
  readonly apply: (params: P, state: St, x: Tensor, mode?: Mode) => readonly [y: Tensor, state: St]
}

/** A part whose types have been forgotten: what `init` made is what `apply` gets. */
export type SomePart = Part<unknown, unknown>

/**
 * A network: its parameters and its state are the lists of those of its parts. Methods, so that a layer counts as one whose
 * parameters are known less well (`Layer<readonly unknown[]>`) and layers of different kinds fit in one list.
 */
export interface Layer<
  Ps extends readonly unknown[],
  Ss extends readonly unknown[] = readonly unknown[],
  S extends AnyShape = AnyShape,
> {
  /** How many entries the parameters have, and what each is for. */
  readonly parts: readonly SomePart[]
  /** For the compiler alone. */
  readonly shapes?: S
  /** Draws parameters and makes the first state: equal keys give equal ones. */
  init(key: Key): Variables<Ps, Ss>
  /**
   * The network's value at x, and its next state, which is the same as before without a mode.
   * Throws a TreeError for parameters or state of another network.
   */
  apply<X extends Tensor>(
    params: Ps,
    state: Ss,
    x: Check<Through<S, ShapeOf<X>>, X>,
    mode?: Mode,
  ): readonly [y: Tensor<Resolved<Through<S, ShapeOf<X>>>>, state: Ss]
}

/** Why entries are not those of the parts. */
const misfit = (what: string, has: string, entries: readonly unknown[], parts: readonly SomePart[]): string => {
  if (!Array.isArray(entries))
    return `the ${what} of a network are a list with an entry for each part, got ${describe(entries)}`
  if (entries.length !== parts.length)
    return `the ${what} ${has} ${entries.length} entries, the network ${parts.length}`
  const lacking = entries.findIndex(entry => entry === undefined || entry === null)
  return `the ${what} ${has} ${describe(entries[lacking])} for part ${lacking} (${parts[lacking]?.name})`
}

/** Refuses parameters or state without an entry for each part. */
const checkEntries = (what: string, has: string, entries: readonly unknown[], parts: readonly SomePart[]): void => {
  const fits = Array.isArray(entries) && entries.length === parts.length
  if (fits && !entries.includes(undefined) && !entries.includes(null)) return
  fail(treeError('apply', `${misfit(what, has, entries, parts)}: make them with init`))
}

/** The mode of the part at a position: each trains with a key of its own. */
export const modeOfPart = (mode: Mode | undefined, i: number): Mode | undefined =>
  mode === undefined ? mode : { train: foldIn(i)(mode.train) }

/** A network of parts. */
export const ofParts = <Ps extends readonly unknown[], Ss extends readonly unknown[], S extends AnyShape = AnyShape>(
  parts: readonly SomePart[],
): Layer<Ps, Ss, S> => ({
  parts,
  init: key => {
    requireTensor('init', key, 'the key')
    const variables = parts.map((part, i) => part.init(foldIn(i)(key)))
    return {
      params: variables.map(({ params }) => params) as readonly unknown[] as Ps,
      state: variables.map(({ state }) => state) as readonly unknown[] as Ss,
    }
  },
  apply: <X extends Tensor>(params: Ps, state: Ss, x: Check<Through<S, ShapeOf<X>>, X>, mode?: Mode) => {
    checkEntries('parameters', 'have', params, parts)
    checkEntries('state', 'has', state, parts)
    let y: Tensor = requireTensor('apply', x as Tensor)
    if (mode !== undefined) requireRecord('apply', 'a mode, { train: key }', mode, ['train'])
    const states = parts.map((part, i) => {
      const [value, next] = part.apply(params[i], state[i], y, modeOfPart(mode, i))
      y = value
      return next
    })
    return [y as Tensor<Resolved<Through<S, ShapeOf<X>>>>, states as readonly unknown[] as Ss]
  },
})

/** What a layer without state remembers. */
export type Stateless = readonly []

/** A part of your own without state: parameters from a key, and the output from parameters and input. */
export type StatelessPart<P> = {
  /** What `summary` calls it: `layer` by default. */
  readonly name?: string
  readonly init: (key: Key) => P
  readonly apply: (params: P, x: Tensor, mode?: Mode) => Tensor
}

/**
 * A layer of one part without state, from functions of your own. The second type argument says what it does to shapes, if it is
 * known.
 * @example
 * const bias = layer({ name: 'bias', init: () => zeros([10]), apply: (b, x) => add(x, b) })
 */
export const layer = <P, S extends AnyShape = AnyShape>(
  part: StatelessPart<P>,
): Layer<readonly [P], readonly [Stateless], S> => {
  const { name = 'layer', init, apply } = requirePart('layer', part)
  return statefulLayer<P, Stateless, S>({
    name,
    init: key => ({ params: init(key), state: [] }),
    apply: (params, state, x, mode) => [apply(params, x, mode), state],
  })
}

/** A part of one's own; anything else is a ValueError. */
const requirePart = <A extends { readonly init: unknown; readonly apply: unknown }>(op: string, part: A): A => {
  const { init, apply } = requireRecord<{ readonly init: unknown; readonly apply: unknown }>(
    op,
    'a part, { init, apply }',
    part,
    ['init', 'apply'],
  )
  requireFunction(op, 'init', init)
  requireFunction(op, 'apply', apply)
  return part
}

/**
 * A layer of one part that remembers: `apply` returns the output and the next state. In evaluation, when there is no mode, the
 * state should be returned as it was.
 * @example
 * const counter = statefulLayer({
 *   name: 'counter',
 *   init: () => ({ params: [], state: scalar(0) }),
 *   apply: (_params, count, x, mode) => [x, mode === undefined ? count : add(count, 1)],
 * })
 */
export const statefulLayer = <P, St, S extends AnyShape = AnyShape>(
  part: Part<P, St>,
): Layer<readonly [P], readonly [St], S> => ofParts([requirePart('statefulLayer', part) as SomePart])

/** A function that keeps shapes, as `relu` does. */
export type ActivationFunction = <S extends Shape>(x: Tensor<S>) => Tensor<S>

interface Activation {
  (f: ActivationFunction): Layer<readonly [readonly []], readonly [Stateless], KeepsShape>
  (f: (x: Tensor) => Tensor): Layer<readonly [readonly []], readonly [Stateless]>
}

/**
 * A layer without parameters, from a plain function, called by that function's name. It has an entry in the parameters all the
 * same: [].
 * @example
 * serial(dense(784, 100), activation(relu), dense(100, 10))
 */
export const activation: Activation = (
  f: (x: Tensor) => Tensor,
): Layer<readonly [readonly []], readonly [Stateless], never> => {
  requireFunction('activation', 'the activation', f)
  return layer({ name: f.name === '' ? 'activation' : f.name, init: () => [] as const, apply: (_params, x) => f(x) })
}

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
export type SomeLayer = { readonly parts: readonly SomePart[]; readonly shapes?: AnyShape }

/** A layer; anything else, such as a function that could become one, is a ValueError which says what it is given for. */
export const requireLayer = <L extends SomeLayer>(op: string, what: string, layer: L): L =>
  Array.isArray(layer?.parts)
    ? layer
    : fail(
        valueError(
          op,
          `${what} is ${describe(layer)}, not a layer: a function becomes one by activation, as in activation(relu)`,
        ),
      )

/** The parameters that a layer makes. */
export type ParamsOf<L> = L extends { init(key: Key): Variables<infer Ps extends readonly unknown[], unknown> }
  ? Ps
  : readonly unknown[]
/** The state that a layer makes. */
export type StateOf<L> = L extends { init(key: Key): Variables<unknown, infer Ss extends readonly unknown[]> }
  ? Ss
  : readonly unknown[]
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
 * const { params, state } = network.init(key(0))
 * const [logits] = network.apply(params, state, inputs) // [4,3] -> [4,10]
 */
export const serial = <const Ls extends readonly SomeLayer[]>(
  ...layers: { readonly [K in keyof Ls]: Check<K extends keyof Following<Ls> ? Following<Ls>[K] : null, Ls[K]> }
): Layer<
  Concat<{ readonly [K in keyof Ls]: ParamsOf<Ls[K]> }>,
  Concat<{ readonly [K in keyof Ls]: StateOf<Ls[K]> }>,
  Chained<Ls>
> =>
  ofParts(
    (layers as unknown as readonly SomeLayer[]).flatMap((part, i) => requireLayer('serial', `part ${i}`, part).parts),
  )

/** `serial` as a monoid, for layers with any number of parts of one type of parameters and state; its identity changes nothing. */
export const layerMonoid = <P, St = unknown>(): Monoid<Layer<readonly P[], readonly St[]>> => ({
  empty: ofParts([]),
  concat: (first, second) =>
    ofParts([first, second].flatMap((part, i) => requireLayer('layerMonoid', `part ${i}`, part).parts)),
})
