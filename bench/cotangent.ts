/**
 * Cotangent as a competitor: what a user would write, run on the built package (`dist`), through public names alone.
 *
 * The number of threads comes from COTANGENT_THREADS. Read next: peers/jax.mjs, the same for another library.
 */
import * as inputs from './inputs.ts'
import { cnnTraining, ct, type Dense, type Layer, mlpTraining, optim, random, type Tensor, tensor } from './programs.ts'
import { type Bench, figuresOf, norm, serve } from './serve.ts'

const { jit } = ct
const normOf = (x: Tensor): number => norm(ct.data(x))

const matmul = (n: number) => (): Bench => {
  const [a, b] = inputs.matrices(n).map(tensor) as unknown as readonly [Tensor, Tensor]
  const f = jit((x: Tensor, y: Tensor): Tensor => ct.matmul(x, y))
  return { run: () => f(a, b), figures: () => figuresOf(ct.data(f(a, b))) }
}

/** A fold over steps that return the next state and a loss, which is read each time. */
const folding = <S>(start: S, step: (state: S) => readonly [S, Tensor]): (() => number) => {
  let state = start
  return () => {
    const [next, loss] = step(state)
    state = next
    return ct.item(loss)
  }
}

const mlp = (): Bench => {
  const { start, step, x, y, loss, params } = mlpTraining()
  const jitted = jit(step, { donate: [0] })
  const run = folding(start(), state => jitted(state, x, y))
  const figures = (): readonly number[] => {
    const grads = jit((params: readonly Dense[]) => ct.grad(loss)(params, x, y))(params())
    return [run(), run(), run(), ...grads.flatMap(({ w, b }) => [normOf(w), normOf(b)])]
  }
  return { run, figures }
}

const cnn = (rate: number, batch?: number) => (): Bench => {
  const { start, step, x, y, loss, params } = cnnTraining(rate, batch)
  const jitted = jit(step, { donate: [0] })
  const run = folding(start(), state => jitted(state, x, y))
  const figures = (): readonly number[] => {
    const gradient = (params: readonly Layer[]) => ct.grad(loss, { aux: true })(params, random.key(0), x, y)
    const [grads] = jit(gradient)(params())
    const leaves = grads.flatMap(({ w, b, norm }) => [w, b, ...norm.flatMap(({ scale, shift }) => [scale, shift])])
    return [run(), run(), run(), ...leaves.map(normOf)]
  }
  return { run, figures }
}

const elementwise = (a: Tensor, b: Tensor, c: Tensor): Tensor => ct.mul(ct.tanh(ct.add(ct.mul(a, b), c)), ct.sigmoid(a))

type Three = readonly [Tensor, Tensor, Tensor]

const forward = (): Bench => {
  const args = inputs.columns().map(tensor) as unknown as Three
  const f = jit(elementwise)
  return { run: () => f(...args), figures: () => figuresOf(ct.data(f(...args))) }
}

const gradient = (): Bench => {
  const args = inputs.columns().map(tensor) as unknown as Three
  const total = (a: Tensor, b: Tensor, c: Tensor): Tensor => ct.sum(elementwise(a, b, c))
  const f = jit((a: Tensor, b: Tensor, c: Tensor): Three => ct.grad(total, { argnums: [0, 1, 2] })(a, b, c))
  return { run: () => f(...args), figures: () => f(...args).flatMap(g => figuresOf(ct.data(g))) }
}

const logistic = (): Bench => {
  const [x, y] = [tensor(inputs.observations()), tensor(inputs.outcomes())]
  const loss = ({ w, b }: Dense, x: Tensor, y: Tensor): Tensor => {
    const z = ct.add(ct.matmul(x, w), b)
    return ct.mean(ct.sub(ct.softplus(z), ct.mul(y, z)))
  }
  const optimizer = optim.sgd({ learningRate: inputs.RATES.logistic })
  const start = (): Dense => ({ w: tensor(inputs.coefficients()), b: ct.zeros([]) })
  const step = jit(
    (params: Dense, x: Tensor, y: Tensor): readonly [Dense, Tensor] => {
      const [value, grads] = ct.valueAndGrad(loss)(params, x, y)
      const [updates] = optimizer.update(grads, optimizer.init(params), params)
      return [optim.applyUpdates(params, updates), value]
    },
    { donate: [0] },
  )
  const run = folding(start(), params => step(params, x, y))
  const figures = (): readonly number[] => {
    const { w, b } = jit((params: Dense) => ct.grad(loss)(params, x, y))(start())
    return [run(), normOf(w), normOf(b), run(), run()]
  }
  return { run, figures }
}

/** A batch of images from a typed array to where a compiled function reads it, and one number back. */
const copyIn = (): Bench => {
  const batch = inputs.images()
  const f = jit((x: Tensor): Tensor => ct.reshape([])(ct.slice([0, 0, 0, 0].map(i => [i, i + 1]))(x)))
  return { run: () => ct.item(f(tensor(batch))) }
}

const tiny = (f: (x: Tensor, y: Tensor) => Tensor) => (): Bench => {
  const [a, b] = [ct.linspace(0, 7, 8), ct.ones([8])]
  const calls = 1000
  return {
    calls,
    run: () => {
      for (let i = 0; i < calls; i++) f(a, b)
    },
  }
}

const add = (x: Tensor, y: Tensor): Tensor => ct.add(x, y)

/** A program of exactly so many ops on small matrices, of ten kinds, so that compiling is all that takes time. */
const longProgram =
  (ops: number) =>
  (x: Tensor, w: Tensor): Tensor => {
    const kinds: readonly ((h: Tensor) => Tensor)[] = [
      h => ct.matmul(h, w),
      h => ct.add(h, x),
      h => ct.tanh(h),
      h => ct.transpose(h),
      h => ct.mul(h, x),
      h => ct.sum({ axis: 0 })(h),
      h => ct.mul(h, x),
      h => ct.sigmoid(h),
      h => ct.maximum(h, w),
      h => ct.neg(h),
    ]
    return Array.from({ length: ops }).reduce<Tensor>((h, _, i) => kinds[i % kinds.length]?.(h) ?? h, x)
  }

const compiling = (ops: number) => (): Bench => {
  const f = longProgram(ops)
  const [x, w]: readonly [Tensor, Tensor] = [ct.full([8, 8], 0.1), ct.full([8, 8], 0.1)]
  const found = ct.makeProgram(f)(x, w).equations.length
  if (found !== ops) throw new Error(`a program of ${ops} ops has ${found}`)
  const g = jit(f)
  return { run: () => g(x, w), figures: () => figuresOf(ct.data(g(x, w))) }
}

await serve('cotangent', {
  'matmul 512': matmul(512),
  'matmul 1024': matmul(1024),
  mlp,
  cnn: cnn(inputs.DROPOUT),
  'cnn without dropout': cnn(0),
  'small cnn without dropout': cnn(0, inputs.SMALL_BATCH),
  elementwise: forward,
  'elementwise gradient': gradient,
  logistic,
  'copy-in': copyIn,
  'tiny eager': tiny(add),
  'tiny jitted': tiny(jit(add)),
  ...Object.fromEntries([250, 500, 1000, 2000, 4000].map(ops => [`compile ${ops}`, compiling(ops)])),
})
