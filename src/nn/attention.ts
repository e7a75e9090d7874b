/**
 * Attention: every position of a sequence reads from those that are like what it asks for.
 *
 * Layer: nn.
 */
import type { FloatDtype } from '../core/dtype.ts'
import { dtypeError, fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions, requireRecord } from '../core/options.ts'
import { dim, showShape } from '../core/shape.ts'
import type { KeepsShape } from '../core/shape-types.ts'
import { requireTensor, requireTensors } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { softmax } from '../ops/activations.ts'
import { ge, logicalAnd, where } from '../ops/comparison.ts'
import { arange } from '../ops/creation.ts'
import { mul } from '../ops/elementwise.ts'
import { matmul } from '../ops/linalg.ts'
import { reshape } from '../ops/movement.ts'
import { swapAxes } from '../ops/rearrange.ts'
import { type Key, split } from '../random/index.ts'
import { checkInits, checkInput, checkSizes } from './checks.ts'
import { type DenseOptions, type LinearParams, linear, linearParams } from './dense.ts'
import { checkRate, droppedIn } from './dropout.ts'
import { type Layer, layer, type Mode, type Stateless } from './layer.ts'

/** Which positions may be read. */
export type AttentionOptions = {
  /** True where a query may read a key: bool, broadcast to [..., queries, keys]. Everywhere by default. */
  readonly mask?: Tensor
  /** Whether position t reads from positions up to t alone: false by default. */
  readonly causal?: boolean
}

/** Below every score, so that its exponential is 0. Finite, so that a row of nothing else has no NaN. */
const NEVER = -1e30

/** Who may read what: the mask, the past, or both; `undefined` for everything. */
const allowed = ({ mask, causal = false }: AttentionOptions, queries: number, keys: number): Tensor | undefined => {
  if (mask !== undefined && requireTensor('attention', mask, 'mask').dtype !== 'bool')
    return fail(dtypeError('attention', `mask must be bool, true where a key may be read, got ${mask.dtype}`))
  if (!causal) return mask
  const past: Tensor = ge(reshape([queries, 1])(arange(queries)), arange(keys))
  return mask === undefined ? past : logicalAnd(mask, past)
}

const checkSequences = (op: string, q: Tensor, k: Tensor, v: Tensor): void => {
  requireTensors(op, q, k, v)
  const [a, b, c] = [q.shape, k.shape, v.shape]
  if ([a, b, c].some(({ length }) => length < 2) || a.at(-1) !== b.at(-1) || b.at(-2) !== c.at(-2))
    fail(
      shapeError(
        op,
        `takes queries [..., queries, features], keys [..., keys, features] and values [..., keys, any], got ${[a, b, c].map(showShape).join(', ')}`,
      ),
    )
}

/** Attention whose weights are changed before they are used, as by dropout. */
const attend = (
  options: AttentionOptions,
  [q, k, v]: readonly [Tensor, Tensor, Tensor],
  changed: (weights: Tensor) => Tensor,
): Tensor => {
  checkSequences('attention', q, k, v)
  const features = dim(q.shape, q.shape.length - 1)
  const scores: Tensor = matmul(mul(q, 1 / Math.sqrt(features)), swapAxes(-1, -2)(k))
  const may = allowed(options, dim(q.shape, q.shape.length - 2), dim(k.shape, k.shape.length - 2))
  const weights: Tensor =
    may === undefined ? softmax(scores) : where(may, softmax(where(may, scores, NEVER) as Tensor), 0)
  return matmul(changed(weights), v)
}

/**
 * softmax(q kᵀ / √features) v: queries [..., t, features], keys [..., s, features], values [..., s, n] -> [..., t, n]. Vaswani et al.
 * (2017), equation 1. A query that may read nothing gives 0 (PyTorch: NaN).
 * @throws ShapeError when shapes do not fit together; DtypeError unless the mask is bool
 * @example
 * attention({ causal: true })(ones([4, 5, 8]), ones([4, 5, 8]), ones([4, 5, 2])) // [4,5,2]
 */
export const attention = (options: AttentionOptions = {}) => {
  requireOptions('attention', options, ['mask', 'causal'])
  return (q: Tensor, k: Tensor, v: Tensor): Tensor => attend(options, [q, k, v], weights => weights)
}

/** The projections of multi-head attention: w [inputs, features], and b [features] unless there are no biases. */
export type MultiHeadParams = {
  readonly query: LinearParams
  readonly key: LinearParams
  readonly value: LinearParams
  readonly out: LinearParams
}

/** Initialisers of weights (`glorotUniform`) and biases (`zerosInit`), whether there are biases (true), the dtype (float32). */
export type MultiHeadInit = DenseOptions & {
  readonly bias?: boolean
  /** Features of what keys and values are made from, for attention to something else: those of the queries by default. */
  readonly memory?: number
}

/**
 * Draws the parameters of `multiHead` for queries of so many features.
 * @throws ValueError for sizes below 1
 * @example
 * const { query, out } = multiHeadParams(8, { memory: 6 })(key(0))
 */
export const multiHeadParams = (features: number, given: MultiHeadInit = {}) => {
  const { memory = features, ...options } = requireOptions('multiHeadParams', given, [
    'init',
    'biasInit',
    'bias',
    'dtype',
    'memory',
  ])
  return (key: Key): MultiHeadParams => {
    checkSizes('multiHeadParams', [features, memory])
    checkInits('multiHeadParams', options)
    const [first, second] = split(key)
    const [[q, k], [v, o]] = [split(first), split(second)]
    const from = (inputs: number, of: Key): LinearParams => linearParams(inputs, features, options)(of)
    return { query: from(features, q), key: from(memory, k), value: from(memory, v), out: from(features, o) }
  }
}

/** How many heads there are, what they may read, and the probability of dropping one of their weights while training (0). */
export type MultiHeadOptions = AttentionOptions & { readonly heads: number; readonly rate?: number }

/** [..., time, features] -> [..., heads, time, features / heads]. */
const inHeads = (heads: number, x: Tensor): Tensor => {
  const features = dim(x.shape, x.shape.length - 1)
  return swapAxes(-2, -3)(reshape([...x.shape.slice(0, -1), heads, features / heads])(x))
}

/** The other way round. */
const joined = (x: Tensor): Tensor => {
  const rank = x.shape.length
  return reshape([...x.shape.slice(0, -3), dim(x.shape, rank - 2), dim(x.shape, rank - 3) * dim(x.shape, rank - 1)])(
    swapAxes(-2, -3)(x),
  )
}

const checkHeads = (op: string, heads: number, features: number): void => {
  checkSizes(op, [heads])
  if (features % heads !== 0) fail(valueError(op, `${heads} heads do not divide ${features} features`))
}

/**
 * Attention by several heads, each to a part of the projected features, whose outputs are projected together: queries
 * [batch, t, features], keys and values [batch, s, memory] -> [batch, t, features]. Vaswani et al. (2017), section 3.2.2. With queries of
 * one sequence and keys and values of another it is cross-attention. A mask is broadcast to [batch, heads, t, s].
 * @throws ValueError unless heads divide the features and 0 ≤ rate < 1; ShapeError when shapes do not fit; DtypeError unless the mask
 *   is bool
 * @example
 * const cross = multiHeadParams(8, { memory: 6 })(key(0))
 * multiHead({ heads: 2 })(cross, ones([4, 5, 8]), ones([4, 7, 6]), ones([4, 7, 6])) // [4,5,8]
 */
export const multiHead = (given: MultiHeadOptions) => {
  const {
    heads,
    rate = 0,
    ...options
  } = requireOptions('multiHead', given, ['mask', 'causal', 'heads', 'rate'], ['heads'])
  return (params: MultiHeadParams, queries: Tensor, keys: Tensor, values: Tensor, mode?: Mode): Tensor => {
    requireRecord('multiHead', 'parameters, as multiHeadParams makes them', params, ['query', 'key', 'value', 'out'])
    requireTensors('multiHead', queries, keys, values)
    const [features, memory] = [dim(params.query.w.shape, 0), dim(params.key.w.shape, 0)]
    checkHeads('multiHead', heads, features)
    checkRate('multiHead', rate)
    checkInput('multiHead', queries.shape.at(-1) === features, `queries [..., time, ${features}]`, queries)
    for (const x of [keys, values])
      checkInput('multiHead', x.shape.at(-1) === memory, `keys and values [..., time, ${memory}]`, x)
    const [q, k, v] = [linear(params.query, queries), linear(params.key, keys), linear(params.value, values)]
    const parts = [inHeads(heads, q), inHeads(heads, k), inHeads(heads, v)] as const
    return linear(params.out, joined(attend(options, parts, weights => droppedIn(mode, rate, weights))))
  }
}

/** The options of `multiHeadAttention`. */
export type MultiHeadAttentionOptions = Omit<MultiHeadOptions, 'mask'> &
  Omit<MultiHeadInit, 'memory'> & { readonly dtype?: FloatDtype }

/**
 * Self-attention: `multiHead` with queries, keys and values of one sequence, [batch, time, features] -> the same. `causal` for models
 * that predict what comes next; a mask depends on the batch, so that it goes to `multiHead` instead.
 * @throws ValueError unless heads divide the features and 0 ≤ rate < 1; on application, ShapeError for other axes or features
 * @example
 * const attends = multiHeadAttention(8, { heads: 2, causal: true })
 * const { params, state } = attends.init(key(0))
 * attends.apply(params, state, ones([4, 5, 8]))[0] // [4,5,8]
 */
export const multiHeadAttention = (
  features: number,
  options: MultiHeadAttentionOptions,
): Layer<readonly [MultiHeadParams], readonly [Stateless], KeepsShape> => {
  const {
    heads,
    causal = false,
    rate = 0,
    ...init
  } = requireOptions(
    'multiHeadAttention',
    options,
    ['causal', 'heads', 'rate', 'dtype', 'init', 'biasInit', 'bias'],
    ['heads'],
  )

  checkSizes('multiHeadAttention', [features])
  checkInits('multiHeadAttention', init)
  checkHeads('multiHeadAttention', heads, features)
  checkRate('multiHeadAttention', rate)
  const apply = multiHead({ heads, causal, rate })
  return layer<MultiHeadParams, KeepsShape>({
    name: 'multiHeadAttention',
    init: multiHeadParams(features, init),
    apply: (params, x, mode) => {
      const fits = x.shape.length >= 2 && x.shape.at(-1) === features
      checkInput('multiHeadAttention', fits, `[batch, time, ${features}]`, x)
      return apply(params, x, x, x, mode)
    },
  })
}
