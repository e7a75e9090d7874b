/**
 * The perceptron's training step in jax-js, for whichever of its devices is the default. Read next: jax.mjs, gpu.mjs.
 */
import * as inputs from '../inputs.ts'

/** Gradient descent, leaf by leaf. */
export const descend = ({ tree }, params, grads, learningRate) =>
  tree.map((p, g) => p.sub(g.mul(learningRate)), params, grads)

export const crossEntropy = ({ nn, numpy: np }, logits, y) => np.mean(np.sum(nn.logSoftmax(logits).mul(y), -1)).mul(-1)

/** The loss, a jitted step that takes over its parameters, and what both are given. */
export const mlpProgram = jax => {
  const { jit, nn, numpy: np, tree, valueAndGrad } = jax
  const array = ({ values, shape }) => np.array(values, { shape: [...shape], dtype: np.float32 })
  const hot = inputs.oneHot(inputs.vectorLabels(), inputs.CLASSES)
  const loss = (params, x, y) => {
    const logits = params.reduce((h, { w, b }, i) => {
      const z = np.matmul(h, w).add(b)
      return i < params.length - 1 ? nn.relu(z) : z
    }, x)
    return crossEntropy(jax, logits, y)
  }
  const step = jit((params, x, y) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), x, y)
    return [descend(jax, params, grads, inputs.RATES.mlp), value]
  })
  return {
    loss,
    step,
    params: inputs.mlpParameters().map(({ w, b }) => ({ w: array(w), b: array(b) })),
    x: array(inputs.vectors()),
    y: array({ values: hot, shape: [inputs.BATCH, inputs.CLASSES] }),
  }
}
