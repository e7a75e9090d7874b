/**
 * TensorFlow.js with its WebAssembly backend (SIMD; one thread in Node). Its fast backend has no gradient of a convolution's
 * filters, so it cannot train the convolutional network.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import * as inputs from '../inputs.ts'
import { figuresOf, norm, serve } from '../serve.ts'
import { mlpProgram } from './mlp-tfjs.mjs'

// The gradients, which the entry for Node leaves out: written for bundlers, they load through `require` under tsx.
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js')
setWasmPaths(`${join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`)
await tf.setBackend('wasm')
await tf.ready()

const tensor = ({ values, shape }) => tf.tensor(values, [...shape], 'float32')

const matmul = n => () => {
  const [a, b] = inputs.matrices(n).map(tensor)
  return {
    run: () => tf.matMul(a, b).dispose(),
    figures: () => figuresOf(tf.matMul(a, b).dataSync()),
  }
}

/** A step of gradient descent with the library's optimizer. */
const training = (loss, variables, learningRate) => {
  const optimizer = tf.train.sgd(learningRate)
  const step = () => {
    const value = optimizer.minimize(loss, true, variables)
    const number = value.dataSync()[0]
    value.dispose()
    return number
  }
  const gradients = () => {
    const { grads } = tf.variableGrads(loss, variables)
    return variables.map(v => norm(grads[v.name].dataSync()))
  }
  return {
    run: step,
    figures: () => {
      const norms = gradients()
      return [step(), step(), step(), ...norms]
    },
  }
}

const mlp = () => {
  const { loss, variables } = mlpProgram(tf)
  return training(loss, variables, inputs.RATES.mlp)
}

const elementwise = (a, b, c) => tf.mul(tf.tanh(tf.add(tf.mul(a, b), c)), tf.sigmoid(a))

const forward = () => {
  const args = inputs.columns().map(tensor)
  return {
    run: () => tf.tidy(() => elementwise(...args)).dispose(),
    figures: () => figuresOf(elementwise(...args).dataSync()),
  }
}

const gradient = () => {
  const args = inputs.columns().map(tensor)
  const grads = tf.grads((a, b, c) => tf.sum(elementwise(a, b, c)))
  return {
    run: () => tf.dispose(tf.tidy(() => grads(args))),
    figures: () => grads(args).flatMap(g => figuresOf(g.dataSync())),
  }
}

const logistic = () => {
  const [x, y] = [tensor(inputs.observations()), tensor(inputs.outcomes())]
  const { values } = inputs.coefficients()
  const [w, b] = [tf.variable(tf.tensor2d(values, [values.length, 1])), tf.variable(tf.scalar(0))]
  const loss = () => tf.losses.sigmoidCrossEntropy(y, tf.add(tf.reshape(tf.matMul(x, w), [-1]), b))
  const { run, figures } = training(loss, [w, b], inputs.RATES.logistic)
  return {
    run,
    figures: async () => {
      const [first, second, third, ...norms] = await figures()
      return [first, ...norms, second, third]
    },
  }
}

const copyIn = () => {
  const { values, shape } = inputs.images()
  return {
    run: () => tf.tidy(() => tf.slice(tf.tensor4d(values, [...shape]), [0, 0, 0, 0], [1, 1, 1, 1]).dataSync()),
  }
}

const tinyEager = () => {
  const [a, b] = [tf.range(0, 8), tf.ones([8])]
  const calls = 1000
  return {
    calls,
    run: () => {
      for (let i = 0; i < calls; i++) tf.add(a, b).dispose()
    },
  }
}

const noGradient = 'cannot: no filter gradient'

await serve(`tfjs-wasm ${version_wasm}`, {
  'matmul 512': matmul(512),
  'matmul 1024': matmul(1024),
  mlp,
  cnn: noGradient,
  'cnn without dropout': noGradient,
  'small cnn without dropout': noGradient,
  elementwise: forward,
  'elementwise gradient': gradient,
  logistic,
  'copy-in': copyIn,
  'tiny eager': tinyEager,
  'tiny jitted': 'eager only',
})
