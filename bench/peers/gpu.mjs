/**
 * Others on the WebGPU device that is there: a kernel of gpu.js as its documentation has it, and jax-js.
 *
 * What does not start is left out, loudly. Read first: ../gpu.ts.
 */
import * as inputs from '../inputs.ts'

const reason = error => (error instanceof Error ? error.message.split('\n')[0] : String(error))

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
  return {
    library: 'gpu.js, plain kernel',
    title: `matmul ${n}`,
    flops: 2 * n ** 3,
    run: async calls => {
      let last = null
      for (let i = 0; i < calls; i++) {
        last?.delete?.()
        last = await product(...arrays)
      }
      await corner(last)
      last?.delete?.()
    },
  }
}

const jaxProduct = (jax, n) => {
  const { jit, numpy: np } = jax
  const [a, b] = inputs
    .matrices(n)
    .map(({ values, shape }) => np.array(values, { shape: [...shape], dtype: np.float32 }))
  const f = jit((x, y) => np.matmul(x, y))
  return {
    library: 'jax-js, webgpu',
    title: `matmul ${n}`,
    flops: 2 * n ** 3,
    run: async calls => {
      let last = null
      for (let i = 0; i < calls; i++) {
        last?.dispose()
        last = f(a.ref, b.ref)
      }
      await last.blockUntilReady()
      last.dispose()
    },
  }
}

const jaxMlp = ({ jit, nn, numpy: np, tree, valueAndGrad }) => {
  const array = ({ values, shape }) => np.array(values, { shape: [...shape], dtype: np.float32 })
  const x = array(inputs.vectors())
  const y = array({
    values: inputs.oneHot(inputs.vectorLabels(), inputs.CLASSES),
    shape: [inputs.BATCH, inputs.CLASSES],
  })
  const loss = (params, x, y) => {
    const logits = params.reduce((h, { w, b }, i) => {
      const z = np.matmul(h, w).add(b)
      return i < params.length - 1 ? nn.relu(z) : z
    }, x)
    return np.mean(np.sum(nn.logSoftmax(logits).mul(y), -1)).mul(-1)
  }
  const step = jit((params, x, y) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), x, y)
    return [tree.map((p, g) => p.sub(g.mul(inputs.RATES.mlp)), params, grads), value]
  })
  let params = inputs.mlpParameters().map(({ w, b }) => ({ w: array(w), b: array(b) }))
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
  return all
}
