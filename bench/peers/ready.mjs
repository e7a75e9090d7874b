/**
 * From the start of an import to the first result, in a process of its own: `node bench/peers/ready.mjs cotangent` prints
 * milliseconds. Plain JavaScript, since a loader for TypeScript would be measured along.
 */
const libraries = {
  cotangent: async () => {
    const ct = await import('../../dist/index.js')
    return ct.item(ct.add(1, 1))
  },
  tfjs: async () => {
    const [tf, wasm] = [await import('@tensorflow/tfjs-core'), await import('@tensorflow/tfjs-backend-wasm')]
    wasm.setWasmPaths(new URL('node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname)
    await tf.setBackend('wasm')
    return tf.add(1, 1).dataSync()[0]
  },
  jax: async () => {
    const { init, numpy: np } = await import('@jax-js/jax')
    await init('wasm')
    return np.add(1, 1).item()
  },
}

const start = performance.now()
const two = await libraries[process.argv[2]]()
const ms = performance.now() - start
if (two !== 2) throw new Error(`1 + 1 was ${two}`)
console.log(ms)
