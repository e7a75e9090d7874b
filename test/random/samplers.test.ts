/**
 * The laws that every sampler obeys, whatever its distribution.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { record, run } from '../../src/core/program.ts'
import { identical } from '../../src/core/tensor.ts'
import { stack, type Tensor, tensor, toArray, vmap } from '../../src/index.ts'
import {
  bernoulli,
  bits,
  categorical,
  choice,
  exponential,
  foldIn,
  gumbel,
  key,
  normal,
  permutation,
  randint,
  type Sampler,
  split,
  splitMany,
  truncatedNormal,
  uniform,
} from '../../src/random/index.ts'
import { holds, keys, shapes, values } from './support.ts'

/** A sampler for each shape, with the dtype it promises. */
const samplers: readonly (readonly [string, (shape: readonly number[]) => Sampler<Tensor>, Tensor['dtype']])[] = [
  ['bits', shape => bits({ shape }), 'int32'],
  ['uniform', shape => uniform({ shape, minval: -1 }), 'float32'],
  ['uniform float64', shape => uniform({ shape, dtype: 'float64' }), 'float64'],
  ['normal', shape => normal({ shape }), 'float32'],
  ['normal float64', shape => normal({ shape, dtype: 'float64' }), 'float64'],
  ['truncatedNormal', shape => truncatedNormal({ lower: -1, upper: 2, shape }), 'float32'],
  ['exponential', shape => exponential({ shape }), 'float32'],
  ['gumbel', shape => gumbel({ shape }), 'float32'],
  ['bernoulli', shape => bernoulli({ p: 0.4, shape }), 'bool'],
  ['randint', shape => randint({ maxval: 100, shape }), 'int32'],
  ['categorical', shape => categorical({ logits: tensor([0.5, 0, 1]), shape }), 'int32'],
  ['choice', shape => choice({ from: 9, shape }), 'int32'],
]

/** Those that map each position to a number by itself. */
const elementwise = samplers.filter(([name]) => !['categorical', 'choice'].includes(name))

const fixed: readonly (readonly [string, Sampler<Tensor>])[] = [
  ...samplers.map(([name, sampler]) => [name, sampler([2, 3])] as const),
  ['permutation', permutation(6)],
  ['choice, once', choice({ from: 6, shape: [2], replace: false })],
  ['split', k => stack(split(k))],
  ['splitMany', splitMany({ count: 3 })],
  ['foldIn', foldIn(7)],
]

describe.each(samplers)('%s', (_name, sampler, dtype) => {
  it('has the shape and dtype it was asked for', () => {
    holds(
      fc.property(keys, shapes, (k, shape) => {
        const drawn = sampler(shape)(k)
        expect([drawn.shape, drawn.dtype]).toEqual([shape, dtype])
      }),
    )
  })
})

describe.each(elementwise)('%s', (_name, sampler) => {
  it('starts with the same numbers for every shape', () => {
    holds(
      fc.property(keys, shapes, (k, shape) => {
        const drawn = values(sampler(shape)(k))
        expect(drawn).toEqual(values(sampler([20])(k)).slice(0, drawn.length))
      }),
    )
  })
})

describe.each(fixed)('%s', (_name, sampler) => {
  it('is a function of its key', () => {
    holds(
      fc.property(keys, k => {
        const [high = 0, low = 0] = values(k)
        expect(identical(sampler(k), sampler(tensor([high, low], { dtype: 'int32' })))).toBe(true)
      }),
    )
  })

  it('mapped over keys is a loop over keys', () => {
    holds(
      fc.property(fc.array(keys, { minLength: 1, maxLength: 3 }), ks => {
        const mapped = vmap(sampler)(stack(ks))
        expect(identical(mapped, stack(ks.map(sampler)))).toBe(true)
      }),
    )
  })

  it('draws the same from a program', () => {
    const program = record(k => [sampler(k as Tensor)], [{ shape: [2], dtype: 'int32' }])
    const k = key(2 ** 40 + 3)
    expect(toArray(run(program)(k)[0] as Tensor)).toEqual(toArray(sampler(k)))
  })
})

describe('traced parameters', () => {
  const k = key(77)
  const ps = tensor([0.1, 0.5, 0.9])
  const loop = (f: (p: Tensor) => Tensor): Tensor => stack([tensor(0.1), tensor(0.5), tensor(0.9)].map(f))
  const parametric: readonly (readonly [string, (p: Tensor) => Tensor])[] = [
    ['uniform', p => uniform({ maxval: p, shape: [4] })(k)],
    ['bernoulli', p => bernoulli({ p, shape: [4] })(k)],
    ['truncatedNormal', p => truncatedNormal({ lower: -1, upper: p, shape: [4] })(k)],
    ['categorical', p => categorical({ logits: stack([p, tensor(0)]), shape: [4] })(k)],
    ['permutation', p => permutation(stack([p, tensor(0)]))(k)],
  ]
  it.each(parametric)('%s mapped over its parameter is a loop over it', (_name, f) => {
    expect(identical(vmap(f)(ps), loop(f))).toBe(true)
  })
})
