/**
 * The laws every layer obeys, as properties that fast-check can try to break.
 *
 * Layer: testing. A layer is tried with parameters away from where they begin, and with the state that a batch left. Read first:
 * laws.ts.
 */
import { withBackend } from '../backend/current.ts'
import { reference } from '../backend/reference.ts'
import { type FloatDtype, isFloat } from '../core/dtype.ts'
import { showShape } from '../core/shape.ts'
import { identical, showType } from '../core/tensor.ts'
import { flattenWithPaths, treeLeaves, treeMap } from '../core/tree.ts'
import type { Draw, Tensor } from '../core/types.ts'
import type { Layer } from '../nn/layer.ts'
import { stack } from '../ops/arrange.ts'
import { cast } from '../ops/comparison.ts'
import { add } from '../ops/elementwise.ts'
import { rowOf, slice } from '../ops/slicing.ts'
import { type Key, key } from '../random/index.ts'
import { checkGrads } from '../transform/check.ts'
import { jit } from '../transform/jit.ts'
import { showComparison } from '../transform/report.ts'
import { vmap } from '../transform/vmap.ts'
import { roundingOf } from './approx.ts'
import { twice } from './draw.ts'
import { broken, type Law, requireClose, type Setting } from './laws.ts'

type AnyLayer = Layer<readonly unknown[]>

/** A layer to be checked. */
export type LayerSubject = {
  readonly name: string
  /** The layer with parameters of a dtype. */
  readonly layer: (dtype: FloatDtype) => AnyLayer
  /** A batch for it, whose first axis counts examples; floats in the dtype of the draw. */
  readonly input: (draw: Draw) => Tensor
  /** Whether training draws random numbers: false by default. */
  readonly draws?: boolean
  /** Whether training looks at the batch as a whole, or does else what evaluation does not: false by default. */
  readonly trainsOtherwise?: boolean
  /** Order of the derivatives to be checked: 1 by default. */
  readonly order?: 1 | 2
}

/** Parameters, state and input of a trial; together a tree that transformations take. */
type Point = { readonly params: readonly unknown[]; readonly state: readonly unknown[]; readonly x: Tensor }

const KEYS = [11, 12] as const

const modeFor = (k: Key) => ({ train: k })

/** Floats moved away from where they are, so that parameters which begin at 0 or 1 are tried elsewhere. */
const moved = <T>(draw: Draw, tree: T): T =>
  treeMap(tree, x => (isFloat(x.dtype) ? add(x, draw.tensor(x.shape, [[-0.4, 0.4]])) : x)) as T

const pointOf = ({ layer, input }: LayerSubject, draw: Draw): Point => {
  const made = layer(draw.dtype)
  const { params, state } = made.init(key(draw.integer(0, 1000)))
  const x = input(draw)
  const [, warm] = made.apply(params, state, x, modeFor(key(KEYS[0])))
  return { params: moved(draw, params), state: warm, x }
}

/** The layer as a function of a point: without a key evaluated, with one trained. */
const applied =
  (subject: LayerSubject, dtype: FloatDtype) =>
  ({ params, state, x }: Point, k?: Key): readonly [Tensor, readonly unknown[]] =>
    subject.layer(dtype).apply(params, state, x, k === undefined ? undefined : modeFor(k))

/** Structure, shapes and dtypes of a tree, as text. */
const typesIn = (tree: unknown): string => {
  const [entries] = flattenWithPaths(tree)
  return entries.map(({ path, value }) => `${path} ${showType(value as Tensor)}`).join(', ')
}

const requireSameBits = (subject: LayerSubject, law: string, found: unknown, wanted: unknown): void => {
  const [xs, ys] = [treeLeaves(found), treeLeaves(wanted)]
  const differs = ys.findIndex((y, i) => xs[i] === undefined || !identical(xs[i], y))
  if (xs.length !== ys.length || differs >= 0) broken(subject, law, `tensor ${differs} of ${ys.length} differs`)
}

/** Both ways to apply a layer, by name. */
const ways = [
  ['evaluation', undefined],
  ['training', key(KEYS[1])],
] as const

const structureLaw = (subject: LayerSubject, draw: Draw): number => {
  const point = pointOf(subject, draw)
  const made = subject.layer(draw.dtype).init(key(0))
  const f = applied(subject, draw.dtype)
  const shapes = ways.map(([way, k]) => {
    const [y, state] = f(point, k)
    const [kept, asked] = [typesIn(state), typesIn(made.state)]
    if (kept !== asked) broken(subject, 'structure', `${way} makes of the state ${asked} another, ${kept}`)
    if (y.dtype !== draw.dtype) broken(subject, 'structure', `${way} gives ${y.dtype} from ${draw.dtype}`)
    return showShape(y.shape)
  })
  if (shapes[0] !== shapes[1]) broken(subject, 'structure', `shapes are ${shapes.join(' and ')} by mode`)
  for (const w of treeLeaves(made.params))
    if (isFloat(w.dtype) && w.dtype !== draw.dtype) broken(subject, 'structure', `a parameter is ${w.dtype}`)
  return 0
}

const stateLaw = (subject: LayerSubject, draw: Draw): number => {
  const point = pointOf(subject, draw)
  requireSameBits(subject, 'evaluation keeps the state', applied(subject, draw.dtype)(point)[1], point.state)
  return 0
}

const keyLaw = (subject: LayerSubject, draw: Draw): number => {
  const seed = draw.integer(0, 1000)
  const made = () => subject.layer(draw.dtype).init(key(seed))
  requireSameBits(subject, 'equal keys make equal parameters', made(), made())
  const point = pointOf(subject, draw)
  const f = applied(subject, draw.dtype)
  for (const [way, k] of ways) requireSameBits(subject, `equal keys, equal ${way}`, f(point, k), f(point, k))
  return 0
}

const quietLaw = (subject: LayerSubject, draw: Draw): number => {
  const point = pointOf(subject, draw)
  const f = applied(subject, draw.dtype)
  const trained = f(point, key(KEYS[0]))
  requireSameBits(subject, 'no use of the key', f(point, key(KEYS[1])), trained)
  if (!subject.trainsOtherwise) requireSameBits(subject, 'no difference between modes', trained, f(point))
  return 0
}

const gradLaw =
  (order: 1 | 2, maxElements: number) =>
  (subject: LayerSubject, draw: Draw): number => {
    const point = pointOf(subject, draw)
    const f = applied(subject, 'float64')
    return Math.max(
      ...ways.map(([way, k]) => {
        const value = (params: Point['params'], x: Tensor): unknown => f({ ...point, params, x }, k)[0]
        const { worst, failures } = checkGrads(value)([point.params as never, point.x], { order, maxElements })
        const [failure] = failures
        if (failure !== undefined) broken(subject, `derivative in ${way}`, showComparison(failure))
        return worst?.error ?? 0
      }),
    )
  }

const jitLaw = (subject: LayerSubject, draw: Draw, { backend }: Setting): number => {
  const point = pointOf(subject, draw)
  const f = applied(subject, draw.dtype)
  const found = withBackend(backend, () => [jit((p: Point) => f(p))(point), jit(f)(point, key(KEYS[1]))])
  const wanted = withBackend(reference, () => ways.map(([, k]) => f(point, k)))
  return requireClose(subject, `jit on ${backend.name} = eager`, treeLeaves(found), treeLeaves(wanted))
}

const vmapLaw = (subject: LayerSubject, draw: Draw): number => {
  const [first, again] = twice(draw)
  const point = pointOf(subject, first)
  const others = [point.x, ...Array.from({ length: 2 }, () => subject.input(again()))]
  const xs = others.filter(({ shape }) => showShape(shape) === showShape(point.x.shape))
  const f = applied(subject, draw.dtype)
  return Math.max(
    ...ways.map(([way, k]) => {
      const batched = vmap((x: Tensor) => f({ ...point, x }, k))(stack(xs))
      const errors = xs.map((x, i) =>
        requireClose(
          subject,
          `vmap in ${way}, row ${i}`,
          treeLeaves(batched).map(y => rowOf(y, i)),
          treeLeaves(f({ ...point, x }, k)),
        ),
      )
      return Math.max(...errors)
    }),
  )
}

/** Examples alone give what they give together, in evaluation. */
const exampleLaw = (subject: LayerSubject, draw: Draw): number => {
  const point = pointOf(subject, draw)
  const f = applied(subject, draw.dtype)
  const only = (x: Tensor, i: number): Tensor => slice([[i, i + 1]])(x) as Tensor
  const together = f(point)[0]
  return Math.max(
    0,
    ...Array.from({ length: point.x.shape[0] ?? 0 }, (_, i) =>
      requireClose(subject, `example ${i} alone`, [f({ ...point, x: only(point.x, i) })[0]], [only(together, i)]),
    ),
  )
}

/** Float tensors of a tree in another dtype. */
const inDtype = <T>(dtype: FloatDtype, tree: T): T => treeMap(tree, x => (isFloat(x.dtype) ? cast(dtype)(x) : x)) as T

/** Single precision is double precision rounded, up to what a few sums of products lose. */
const dtypeLaw = (subject: LayerSubject, draw: Draw): number => {
  const point = pointOf(subject, draw)
  const single = applied(subject, 'float32')(inDtype('float32', point))[0]
  const double = applied(subject, 'float64')(inDtype('float64', inDtype('float32', point)))[0]
  return requireClose(subject, 'float32 ≈ float64', [cast('float64')(single)], [double], SINGLE)
}

const { relative, absolute } = roundingOf('float32')
const SINGLE = { relative: 10 * relative, absolute: 10 * absolute }

const onReference =
  (check: (subject: LayerSubject, draw: Draw) => number): Law<LayerSubject>['check'] =>
  (subject, draw) =>
    withBackend(reference, () => check(subject, draw))

const law = (
  name: string,
  title: string,
  check: Law<LayerSubject>['check'],
  rest: Partial<Pick<Law<LayerSubject>, 'share' | 'dtype' | 'appliesTo'>> = {},
): Law<LayerSubject> => ({ name, title, check, share: 1, dtype: 'float64', appliesTo: () => true, ...rest })

/** Every law of layers, by name; `propertyOf` makes a property of one, `tryLaw` tries to break it. */
export const layerLaws: readonly Law<LayerSubject>[] = [
  law('structure', 'state, shapes and dtypes are those that init made, in both modes', onReference(structureLaw)),
  law('state', 'evaluation leaves the state as it was, to the bit', onReference(stateLaw)),
  law('keys', 'equal keys give equal parameters and results', onReference(keyLaw)),
  law('quiet', 'what draws nothing does not depend on the key', onReference(quietLaw), {
    appliesTo: ({ draws }) => !draws,
  }),
  law('first', 'parameters and input have the derivatives of finite differences', onReference(gradLaw(1, 64)), {
    share: 0.3,
  }),
  law('second', 'parameters and input have second derivatives', onReference(gradLaw(2, 12)), {
    share: 0.1,
    appliesTo: ({ order }) => order === 2,
  }),
  law('jit', 'jit = eager', jitLaw, { share: 0.3 }),
  law('vmap', 'vmap over batches = a loop', onReference(vmapLaw), { share: 0.5 }),
  law('examples', 'examples do not see each other in evaluation', onReference(exampleLaw)),
  law('dtypes', 'float32 is float64 rounded', onReference(dtypeLaw)),
]
