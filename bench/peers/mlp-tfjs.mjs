/**
 * The perceptron in TensorFlow.js, for whichever of its backends is set. Read next: tfjs.mjs, gpu.mjs.
 */
import * as inputs from '../inputs.ts'

/** Its loss, as a function of variables, and those. */
export const mlpProgram = tf => {
  const tensor = ({ values, shape }) => tf.tensor(values, [...shape], 'float32')
  const params = inputs.mlpParameters().map(({ w, b }) => [tf.variable(tensor(w)), tf.variable(tensor(b))])
  const x = tensor(inputs.vectors())
  const y = tf.tensor2d(inputs.oneHot(inputs.vectorLabels(), inputs.CLASSES), [inputs.BATCH, inputs.CLASSES])
  const logits = () =>
    params.reduce((h, [w, b], i) => {
      const z = tf.add(tf.matMul(h, w), b)
      return i < params.length - 1 ? tf.relu(z) : z
    }, x)
  return { loss: () => tf.losses.softmaxCrossEntropy(y, logits()), variables: params.flat() }
}
