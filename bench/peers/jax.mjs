/**
 * jax-js with its WebAssembly backend (one thread in Node), every step jitted as a whole.
 *
 * Arrays are reference-counted: a call takes over its arguments, and `.ref` keeps one for later. Batch norm, the loss and the
 * optimizers are composed of its ops; dropout draws from its generator.
 */
import { readFileSync } from 'node:fs'
import * as jax from '@jax-js/jax'
import * as inputs from '../inputs.ts'
import { figuresOf, norm, serve } from '../serve.ts'
import { crossEntropy, descend, mlpProgram } from './mlp-jax.mjs'

const { defaultDevice, grad, init, jit, lax, nn, numpy: np, random, tree, valueAndGrad } = jax
await init('wasm')
defaultDevice('wasm')

const array = ({ values, shape }) => np.array(values, { shape: [...shape], dtype: np.float32 })
/** What an array holds, and the array no longer needed. */
const read = x => x.dataSync()
/** All arrays of a tree finished and freed. */
const finish = async result => {
  const arrays = tree.leaves(result)
  await Promise.all(arrays.map(x => x.blockUntilReady()))
  for (const x of arrays) x.dispose()
}

const matmul = n => () => {
  const [a, b] = inputs.matrices(n).map(array)
  const f = jit((x, y) => np.matmul(x, y))
  return {
    run: () => finish(f(a.ref, b.ref)),
    figures: () => figuresOf(read(f(a.ref, b.ref))),
  }
}

const oneHot = (labels, n) => array({ values: inputs.oneHot(labels, inputs.CLASSES), shape: [n, inputs.CLASSES] })
const mlp = () => {
  const { loss, step, params: start, x, y } = mlpProgram(jax)
  let params = start
  const run = () => {
    const [next, value] = step(params, x.ref, y.ref)
    params = next
    return read(value)[0]
  }
  return {
    run,
    figures: () => {
      const grads = grad(loss)(tree.ref(params), x.ref, y.ref)
      const norms = grads.flatMap(({ w, b }) => [norm(read(w)), norm(read(b))])
      return [run(), run(), run(), ...norms]
    },
  }
}

/** Batch norm over all axes but that of channels, with the statistics of the batch; they are returned as well. */
const batchNorm = (x, { scale, shift }) => {
  const axes = [0, 2, 3]
  const mean = np.mean(x.ref, axes, { keepdims: true })
  const centred = x.sub(mean.ref)
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true })
  const y = centred.mul(np.reciprocal(np.sqrt(variance.ref.add(inputs.EPSILON))))
  const wide = v => v.reshape([1, -1, 1, 1])
  return [y.mul(wide(scale)).add(wide(shift)), { mean: mean.reshape([-1]), variance: variance.reshape([-1]) }]
}

const dropout = (x, key, rate) => {
  const keep = random.bernoulli(key, 1 - rate, x.shape)
  return np.where(keep, x.mul(1 / (1 - rate)), 0)
}

/** The largest of each 2 × 2 square. */
const maxPool = x => {
  const [n, c, h, w] = x.shape
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5])
}

const cnnLoss = rate => (params, key, x, y) => {
  const statistics = []
  const logits = inputs.CNN.reduce((h, { channels, pool }, i) => {
    const { w, b, norm } = params[i]
    const z = lax.conv(h, w, [1, 1], 'VALID').add(b.reshape([1, channels, 1, 1]))
    if (norm === undefined) return z
    const [normed, statistic] = batchNorm(nn.relu(z), norm)
    statistics.push(statistic)
    const dropped = rate > 0 ? dropout(normed, random.split(key.ref, 8).slice(i), rate) : normed
    return pool ? maxPool(dropped) : dropped
  }, x)
  key.dispose()
  return [crossEntropy(jax, logits.reshape([-1, inputs.CLASSES]), y), statistics]
}

const zerosLike = params => tree.map(p => np.zeros(p.shape), params)

/** Adam as Kingma and Ba (2015), algorithm 1, with the usual constants. */
const adam = (params, grads, { count, m, v }) => {
  const [b1, b2] = [0.9, 0.999]
  const next = count.add(1)
  const means = tree.map((old, g) => old.mul(b1).add(g.mul(1 - b1)), m, tree.ref(grads))
  const squares = tree.map((old, g) => old.mul(b2).add(np.square(g).mul(1 - b2)), v, grads)
  const debias = decay =>
    np.reciprocal(
      np
        .exp(next.ref.mul(Math.log(decay)))
        .mul(-1)
        .add(1),
    )
  const [first, second] = [debias(b1), debias(b2)]
  const update = (p, mean, square) => {
    const root = np.sqrt(square.mul(second.ref)).add(1e-8)
    return p.sub(mean.mul(first.ref).div(root).mul(inputs.RATES.cnn))
  }
  const result = [tree.map(update, params, tree.ref(means), tree.ref(squares)), { count: next, m: means, v: squares }]
  first.dispose()
  second.dispose()
  return result
}

const cnnParams = () =>
  inputs.cnnParameters().map(({ w, b }, i) => {
    const n = b.values.length
    const convolution = { w: array(inputs.channelsFirst(w)), b: array(b) }
    return i < inputs.CNN.length - 1
      ? { ...convolution, norm: { scale: np.ones([n]), shift: np.zeros([n]) } }
      : convolution
  })

const cnn = (rate, batch) => () => {
  // One channel: channels last are channels first.
  const x = array(inputs.images(batch)).reshape([batch, 1, 28, 28])
  const y = oneHot(inputs.imageLabels(batch), batch)
  const loss = cnnLoss(rate)
  const step = jit((params, optimizer, running, key, x, y) => {
    const [next, now] = random.split(key, 2)
    const [[value, statistics], grads] = valueAndGrad(loss, { hasAux: true })(tree.ref(params), now, x, y)
    const average = (old, recent) => old.mul(1 - inputs.RUNNING).add(recent.mul(inputs.RUNNING))
    return [...adam(params, grads, optimizer), tree.map(average, running, statistics), next, value]
  })
  const params = cnnParams()
  const running = params.slice(0, -1).map(({ b }) => ({ mean: np.zeros(b.shape), variance: np.ones(b.shape) }))
  const optimizer = { count: np.array(0, { dtype: np.float32 }), m: zerosLike(params), v: zerosLike(params) }
  let state = [params, optimizer, running, random.key(0)]
  const run = () => {
    const results = step(...state, x.ref, y.ref)
    state = results.slice(0, 4)
    return read(results[4])[0]
  }
  return {
    run,
    figures: () => {
      const gradient = jit(valueAndGrad(loss, { hasAux: true }))
      const [[value, statistics], grads] = gradient(tree.ref(state[0]), random.key(0), x.ref, y.ref)
      for (const unused of [value, ...tree.leaves(statistics)]) unused.dispose()
      const of = ({ w, b, norm }) => [w, b, ...(norm === undefined ? [] : [norm.scale, norm.shift])]
      const norms = grads.flatMap(of).map(g => norm(read(g)))
      return [run(), run(), run(), ...norms]
    },
  }
}

const elementwise = (a, b, c) => np.tanh(a.ref.mul(b).add(c)).mul(nn.sigmoid(a))

const forward = () => {
  const args = inputs.columns().map(array)
  const f = jit(elementwise)
  const call = () => f(...args.map(x => x.ref))
  return { run: () => finish(call()), figures: () => figuresOf(read(call())) }
}

const gradient = () => {
  const args = inputs.columns().map(array)
  const f = jit(grad((a, b, c) => np.sum(elementwise(a, b, c)), { argnums: [0, 1, 2] }))
  const call = () => f(...args.map(x => x.ref))
  return { run: () => finish(call()), figures: () => call().flatMap(g => figuresOf(read(g))) }
}

const logistic = () => {
  const [x, y] = [array(inputs.observations()), array(inputs.outcomes())]
  const loss = ({ w, b }, x, y) => {
    const z = np.matmul(x, w).add(b)
    return np.mean(nn.softplus(z.ref).sub(y.mul(z)))
  }
  const step = jit((params, x, y) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), x, y)
    return [descend(jax, params, grads, inputs.RATES.logistic), value]
  })
  let params = { w: array(inputs.coefficients()), b: np.array(0, { dtype: np.float32 }) }
  const run = () => {
    const [next, value] = step(params, x.ref, y.ref)
    params = next
    return read(value)[0]
  }
  return {
    run,
    figures: () => {
      const { w, b } = grad(loss)(tree.ref(params), x.ref, y.ref)
      const norms = [norm(read(w)), norm(read(b))]
      return [run(), ...norms, run(), run()]
    },
  }
}

const copyIn = () => {
  const { values, shape } = inputs.images()
  return { run: () => read(array({ values, shape }).slice(0, 0, 0, 0)) }
}

/** Read every time: what is not read is not computed. */
const tiny = f => () => {
  const [a, b] = [np.arange(8).astype(np.float32), np.ones([8])]
  const calls = 200
  return {
    calls,
    run: () => {
      for (let i = 0; i < calls; i++) read(f(a.ref, b.ref))
    },
  }
}

const add = (x, y) => x.add(y)
const { version } = JSON.parse(readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'))

await serve(`jax-js ${version}`, {
  'matmul 512': matmul(512),
  'matmul 1024': matmul(1024),
  mlp,
  cnn: cnn(inputs.DROPOUT, inputs.CNN_BATCH),
  // It adds up a channel's 86,528 numbers one after the other in float32: its gradients are 2 % off those of the others.
  'cnn without dropout': 'compared with a small batch',
  'small cnn without dropout': cnn(0, inputs.SMALL_BATCH),
  elementwise: forward,
  'elementwise gradient': gradient,
  logistic,
  'copy-in': copyIn,
  'tiny eager': tiny(add),
  'tiny jitted': tiny(jit(add)),
})
