/** The laws of layers find the mistakes that they are there for. */
import { expect, it } from 'vitest'
import { wasm } from '../../src/backend/wasm.ts'
import { add, cast, item, mean, mul, ones, stopGradient, sub, type Tensor, zeros } from '../../src/index.ts'
import { layer, type Mode, statefulLayer } from '../../src/nn/index.ts'
import { bernoulli } from '../../src/random/index.ts'
import { type LayerSubject, layerLaws, tryLaw } from '../../src/testing/index.ts'
import { SEED } from '../support/laws.ts'

const stateless = (apply: (w: Tensor, x: Tensor, mode?: Mode) => Tensor) =>
  layer({ init: () => ones([3], { dtype: 'float64' }), apply })
const counting = (next: (n: Tensor, mode?: Mode) => Tensor) =>
  statefulLayer({
    name: 'counting',
    init: () => ({ params: [] as const, state: zeros([2], { dtype: 'float64' }) }),
    apply: (_params, n: Tensor, x, mode) => [x, next(n, mode)],
  })

let calls = 0

it.each<readonly [law: string, mistake: string, made: unknown]>([
  ['structure', 'state of another dtype', counting((n, mode) => (mode === undefined ? n : cast('float32')(n)))],
  ['structure', 'state of another shape', counting((n, mode) => (mode === undefined ? n : mean(n)))],
  ['structure', 'output of another dtype', stateless((_w, x) => cast('float32')(x))],
  ['structure', 'a shape that depends on the mode', stateless((_w, x, mode) => (mode === undefined ? x : mean(x)))],
  ['state', 'evaluation that counts', counting(n => add(n, 1))],
  ['keys', 'numbers of its own', stateless((_w, x) => add(x, ++calls))],
  [
    'quiet',
    'dropout',
    stateless((_w, x, mode) => (mode ? mul(x, cast('float64')(bernoulli({ shape: [3] })(mode.train))) : x)),
  ],
  ['quiet', 'training that scales', stateless((_w, x, mode) => (mode === undefined ? x : mul(x, 2)))],
  ['first', 'a gradient that is cut off', stateless((w, x) => mul(stopGradient(w), x))],
  ['second', 'a second derivative that is cut off', stateless((w, x) => mul(mul(stopGradient(x), w), x))],
  ['vmap', 'a mean over everything, by reading it', stateless((_w, x) => add(x, item(mean(x))))],
  ['examples', 'a mean over the batch', stateless((_w, x) => sub(x, mean({ axis: 0 })(x)))],
  ['dtypes', 'a constant that float32 cannot hold', stateless((_w, x) => sub(add(x, 2 ** 20), 2 ** 20))],
])('%s: %s', (name, _, made) => {
  const subject: LayerSubject = {
    name: 'planted',
    layer: () => made as ReturnType<LayerSubject['layer']>,
    input: draw => draw.tensor([2, 3]),
    order: 2,
  }
  const law = layerLaws.find(l => l.name === name)
  if (law === undefined) throw new Error(`no law ${name}`)
  const trial = tryLaw(law, subject, { backend: wasm }, { runs: 10, seed: SEED })
  expect(trial.failure?.message).toMatch(/^planted: /)
})

it('jit: a number read while tracing', () => {
  const law = layerLaws.find(l => l.name === 'jit')
  const subject: LayerSubject = {
    name: 'planted',
    layer: () => stateless((_w, x) => add(x, ++calls)) as ReturnType<LayerSubject['layer']>,
    input: draw => draw.tensor([2, 3]),
  }
  expect(law && tryLaw(law, subject, { backend: wasm }, { runs: 10, seed: SEED }).failure?.message).toMatch(/jit/)
})
