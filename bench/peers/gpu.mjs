/**
 * Others on the WebGPU device that is there: a kernel of gpu.js as its documentation has it, jax-js, and TensorFlow.js.
 *
 * What does not start is left out, loudly. Read first: ../gpu.ts.
 */
import { createRequire } from 'node:module'
import * as inputs from '../inputs.ts'
import { mlpProgram } from './mlp-jax.mjs'
import { mlpProgram as mlpProgramOfTfjs } from './mlp-tfjs.mjs'

const reason = error => (error instanceof Error ? error.message.split('\n')[0] : String(error))

/** Products one after the other: `multiply` makes one, `finish` waits until it is there, `drop` frees it. */
const productSubject = (library, n, { multiply, finish, drop }) => ({
  library,
  title: `matmul ${n}`,
  flops: 2 * n ** 3,
  run: async calls => {
    let last = null
    for (let i = 0; i < calls; i++) {
      if (last !== null) drop(last)
      last = await multiply()
    }
    await finish(last)
    drop(last)
  },
})

/** The kernel that the documentation of gpu.js shows: a thread for each element, a loop over terms. */
const plainKernel = async n => {
  const found = await import('gpu.js')
  const { GPU } = found.GPU === undefined ? found.default : found
  const context = new GPU({ mode: 'webgpu' })
  const source = `function (a, b) {
    let sum = 0;
    for (let i = 0; i < ${n}; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
    return sum;
  }`
  const settings = { pipeline: true, loopMaxIterations: n }
  const product = context.createKernel(source, { ...settings, output: [n, n] })
  const corner = context.createKernel('function (x) { return x[0][0]; }', { output: [1] })
  const rows = ({ values }) => Array.from({ length: n }, (_, i) => values.subarray(i * n, (i + 1) * n))
  // What stays on the device is made by a kernel, one for each array.
  const resident = matrix => {
    const copy = 'function (x) { return x[this.thread.y][this.thread.x]; }'
    return context.createKernel(copy, { ...settings, output: [n, n] })(rows(matrix))
  }
  const arrays = await Promise.all(inputs.matrices(n).map(resident))
  return productSubject('gpu.js, plain kernel', n, {
    multiply: () => product(...arrays),
    finish: corner,
    drop: x => x.delete?.(),
  })
}

const jaxProduct = (jax, n) => {
  const { jit, numpy: np } = jax
  const [a, b] = inputs
    .matrices(n)
    .map(({ values, shape }) => np.array(values, { shape: [...shape], dtype: np.float32 }))
  const f = jit((x, y) => np.matmul(x, y))
  return productSubject('jax-js, webgpu', n, {
    multiply: () => f(a.ref, b.ref),
    finish: x => x.blockUntilReady(),
    drop: x => x.dispose(),
  })
}

const jaxMlp = jax => {
  const { step, params: start, x, y } = mlpProgram(jax)
  let params = start
  return {
    library: 'jax-js, webgpu',
    title: 'MLP step, batch 64',
    run: async calls => {
      for (let i = 0; i < calls; i++) {
        const [next, value] = step(params, x.ref, y.ref)
        params = next
        if (i === calls - 1) await value.blockUntilReady()
        value.dispose()
      }
    },
  }
}

const jaxSubjects = async sides => {
  const jax = await import('@jax-js/jax')
  // It asks the navigator, which in Node has nothing but a GPU.
  navigator.userAgent ??= 'Node'
  await jax.init('webgpu')
  jax.defaultDevice('webgpu')
  return [...sides.map(n => jaxProduct(jax, n)), jaxMlp(jax)]
}

const tfjsProduct = (tf, n) => {
  const [a, b] = inputs.matrices(n).map(({ values, shape }) => tf.tensor(values, [...shape], 'float32'))
  return productSubject('tfjs-webgpu', n, {
    multiply: () => tf.matMul(a, b),
    finish: async x => {
      const corner = tf.slice(x, [0, 0], [1, 1])
      await corner.data()
      corner.dispose()
    },
    drop: x => x.dispose(),
  })
}

const tfjsMlp = tf => {
  const { loss, variables } = mlpProgramOfTfjs(tf)
  const optimizer = tf.train.sgd(inputs.RATES.mlp)
  return {
    library: 'tfjs-webgpu',
    title: 'MLP step, batch 64',
    run: async calls => {
      for (let i = 0; i < calls; i++) {
        const value = optimizer.minimize(loss, i === calls - 1, variables)
        await value?.data()
        value?.dispose()
      }
    },
  }
}

const tfjsSubjects = async sides => {
  const tf = await import('@tensorflow/tfjs-core')
  // As in tfjs.mjs: the gradients, which the entry for Node leaves out.
  createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  await import('@tensorflow/tfjs-backend-webgpu')
  if (!(await tf.setBackend('webgpu'))) throw new Error('its backend webgpu did not start')
  await tf.ready()
  return [...sides.map(n => tfjsProduct(tf, n)), tfjsMlp(tf)]
}

/** Everything that starts. */
export const subjects = async sides => {
  const all = []
  const attempt = async (what, make) => {
    try {
      all.push(...(await make()))
    } catch (error) {
      console.error(`LEFT OUT: ${what}: ${reason(error)}`)
    }
  }
  for (const n of sides) await attempt(`gpu.js, plain kernel, ${n}`, async () => [await plainKernel(n)])
  await attempt('jax-js, webgpu', () => jaxSubjects(sides))
  await attempt('tfjs-webgpu', () => tfjsSubjects(sides))
  return all
}
