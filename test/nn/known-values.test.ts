/** Layers with PyTorch's weights have PyTorch's values and gradients. */
import { describe, expect, it } from 'vitest'
import { grad, mul, type Nested, split, sum, type Tensor, tensor, toArray, transpose } from '../../src/index.ts'
import {
  batchNorm,
  conv,
  convTranspose,
  embedding,
  groupNorm,
  gru,
  type Layer,
  layerNorm,
  lstm,
  type MultiHeadParams,
  multiHead,
  multiHeadAttention,
  type RecurrentParams,
  rnn,
} from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import { expectClose, FLOAT64, f64 } from '../support/values.ts'
import * as torch from './torch.ts'

type AnyLayer = Layer<readonly unknown[]>
type Values = { readonly [name: string]: Nested }

const options = { dtype: 'float64' } as const
const training = { train: key(0) }

/** PyTorch's [out, in, ...window] as [...window, in, out]; the same axes for a transposed convolution. */
const kernel = (w: Nested): Tensor => {
  const x = f64(w)
  const rank = x.shape.length
  return transpose([...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1, 0])(x)
}
const maybeBias = (b: Nested | undefined): { readonly b?: Tensor } => (b === undefined ? {} : { b: f64(b) })

const value = (l: unknown, params: unknown, x: Tensor, state: readonly unknown[] = [[]]): Tensor =>
  (l as AnyLayer).apply([params], state, x)[0]

/** The gradients of Σ ct · y in parameters and input. */
const gradients = <P>(f: (params: P, x: Tensor) => Tensor, ct: Nested, params: P, x: Tensor) =>
  grad((p: P, inputs: Tensor) => sum(mul(f(p, inputs), f64(ct))) as Tensor<readonly []>, { argnums: [0, 1] })(
    params,
    x,
  ) as unknown as readonly [P, Tensor]

describe('convolutions', () => {
  it.each(torch.convolutions.map(c => [c.name, c] as const))(
    '%s',
    (_, { rank, x, y, weight, options: given, bias }) => {
      const w = kernel(weight)
      const window = w.shape.slice(0, rank) as unknown as readonly [number, number]
      const channels = f64(x).shape.at(-1) ?? 0
      const layer = conv(channels, w.shape.at(-1) ?? 0, { window, ...options, ...(given as object) })
      expect((layer.init(key(0)).params[0].w as Tensor).shape).toEqual(w.shape)
      expectClose(value(layer, { w, ...maybeBias(bias) }, f64(x)), y, FLOAT64)
    },
  )
  it.each(torch.transposed.map(c => [c.name, c] as const))('%s', (_, { rank, x, y, weight, options: given, bias }) => {
    const w = kernel(weight)
    const window = w.shape.slice(0, rank) as unknown as readonly [number, number]
    const [inputs, outputs] = [f64(x).shape.at(-1) ?? 0, f64(y).shape.at(-1) ?? 0]
    const layer = convTranspose(inputs, outputs, { window, ...options, ...(given as object) })
    expect((layer.init(key(0)).params[0].w as Tensor).shape).toEqual(w.shape)
    expectClose(value(layer, { w, ...maybeBias(bias) }, f64(x)), y, FLOAT64)
  })
})

describe('batchNorm', () => {
  it.each(torch.batchNorms.map(c => [c.momentum, c] as const))('with momentum 1 - %d', (momentum, c) => {
    const layer = batchNorm(3, { momentum: 1 - momentum, unbiased: true, ...options })
    const params = { scale: f64(c.weight), bias: f64(c.bias) }
    const { state } = layer.init(key(0))
    const x = f64(c.x)
    const [y, [next]] = layer.apply([params], state, x, training)
    expectClose(y, c.train, FLOAT64)
    expectClose(next.mean, c.mean, FLOAT64)
    expectClose(next.variance, c.variance, FLOAT64)
    expectClose(layer.apply([params], [next], x)[0], c.evaluated, FLOAT64)
    const trained = (p: typeof params, inputs: Tensor) => layer.apply([p], state, inputs, training)[0]
    const [dparams, dx] = gradients(trained, c.ct, params, x)
    expectClose(dx, c.dx, FLOAT64)
    expectClose(dparams.scale, c.dparams.weight, FLOAT64)
    expectClose(dparams.bias, c.dparams.bias, FLOAT64)
  })
})

type NormCase = {
  readonly x: Nested
  readonly y: Nested
  readonly weight: Nested
  readonly bias: Nested
  readonly ct: Nested
  readonly dx: Nested
  readonly dparams: { readonly weight: Nested; readonly bias: Nested }
}
const expectNorm = (layer: unknown, c: NormCase): void => {
  const params = { scale: f64(c.weight), bias: f64(c.bias) }
  expectClose(value(layer, params, f64(c.x)), c.y, FLOAT64)
  const [dparams, dx] = gradients((p, x) => value(layer, p, x), c.ct, params, f64(c.x))
  expectClose(dx, c.dx, FLOAT64)
  expectClose(dparams.scale, c.dparams.weight, FLOAT64)
  expectClose(dparams.bias, c.dparams.bias, FLOAT64)
}

it.each(torch.layerNorms.map(c => [c.features, c] as const))('layerNorm of %d features', (features, c) => {
  expectNorm(layerNorm(features, { eps: c.eps, ...options }), c)
})

it.each(torch.groupNorms.map(c => [c.groups, c] as const))('groupNorm with %d groups', (groups, c) => {
  expectNorm(groupNorm(groups, 4, options), c)
})

describe('recurrent layers', () => {
  const paramsOf = (c: Values): RecurrentParams => ({
    input: { w: transpose(f64(c.weight_ih_l0 as Nested)), b: f64(c.bias_ih_l0 as Nested) },
    hidden: { w: transpose(f64(c.weight_hh_l0 as Nested)), b: f64(c.bias_hh_l0 as Nested) },
  })
  it.each([
    ['lstm', lstm, torch.lstm],
    ['gru', gru, torch.gru],
    ['rnn', rnn, torch.rnn],
  ] as const)('%s', (_, make, c) => {
    const layer = make(3, 2, options)
    const params = paramsOf(c as unknown as Values)
    expectClose(value(layer, params, f64(c.x)), c.y, FLOAT64)
    expectClose(value(make(3, 2, { last: true, ...options }), params, f64(c.x)), c.end[0] as Nested, FLOAT64)
    const [dparams, dx] = gradients((p, x) => value(layer, p, x), c.ct, params, f64(c.x))
    expectClose(dx, c.dx, FLOAT64)
    const wanted = paramsOf(c.dparams as unknown as Values)
    for (const part of ['input', 'hidden'] as const) {
      expectClose(dparams[part].w, toArray(wanted[part].w) as Nested, FLOAT64)
      expectClose(dparams[part].b as Tensor, toArray(wanted[part].b as Tensor), FLOAT64)
    }
  })
})

describe('multi-head attention', () => {
  it.each(torch.attentions.map((c, i) => [['plain', 'causal', 'cross'][i], c] as const))('%s', (name, c) => {
    const thirds = (x: Nested): readonly Tensor[] => split({ into: 3 })(f64(x)) as readonly Tensor[]
    const [weights, biases] = [thirds(c.in_proj_weight), thirds(c.in_proj_bias)]
    const part = (i: number) => ({ w: transpose(weights[i] as Tensor), b: biases[i] as Tensor })
    const out = { w: transpose(f64(c.out_proj_weight)), b: f64(c.out_proj_bias) }
    const params: MultiHeadParams = { query: part(0), key: part(1), value: part(2), out }
    const memory = f64(c.memory)
    const f = (p: MultiHeadParams, x: Tensor): Tensor => {
      const from = name === 'cross' ? memory : x
      return multiHead({ heads: 2, causal: c.causal })(p, x, from, from)
    }
    expectClose(f(params, f64(c.x)), c.y, FLOAT64)
    const [dparams, dx] = gradients(f, c.ct, params, f64(c.x))
    expectClose(dx, c.dx, FLOAT64)
    expectClose(transpose(dparams.out.w), c.dparams.out_proj_weight, FLOAT64)
    const [, dkey] = thirds(c.dparams.in_proj_weight)
    expectClose(transpose(dparams.key.w), toArray(dkey as Tensor), FLOAT64)
    if (name !== 'cross') {
      const layer = multiHeadAttention(4, { heads: 2, causal: c.causal, ...options })
      expectClose(value(layer, params, f64(c.x)), c.y, FLOAT64)
    }
  })
})

it.each(torch.embeddings)('embedding', c => {
  const layer = embedding(5, 3, options)
  const x = tensor(c.x, { dtype: 'int32' })
  const params = { table: f64(c.table) }
  expectClose(value(layer, params, x), c.y, FLOAT64)
  const loss = (p: typeof params) => sum(mul(value(layer, p, x), f64(c.ct))) as Tensor<readonly []>
  expectClose(grad(loss)(params).table, c.dtable, FLOAT64)
})
