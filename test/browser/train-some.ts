/**
 * A few training steps of a small convolutional network, compiled: what is run in Node and in the browser.
 */
import * as ct from '../../src/index.ts'
import { softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key, normal } from '../../src/random/index.ts'

const draw = (shape: readonly number[], seed: number, scale = 1): ct.Tensor =>
  ct.mul(scale, normal({ shape })(key(seed)))

/** The losses of so many steps, which no thread and no runtime may change. */
export const trainSome = (steps: number): readonly number[] => {
  const [x, y] = [draw([32, 20, 20, 3], 0), ct.tensor(Int32Array.from({ length: 32 }, (_, i) => i % 10))]
  const loss = ({ k, w }: { readonly k: ct.Tensor; readonly w: ct.Tensor }): ct.Tensor => {
    const h = ct.maxPool2d({ window: 2 })(ct.relu(ct.conv2d({ padding: 'same' })(x, k)))
    return softmaxCrossEntropy(ct.matmul(ct.reshape([32, -1])(h), w), y)
  }
  const step = ct.jit((params: { readonly k: ct.Tensor; readonly w: ct.Tensor }) => {
    const [value, grads] = ct.valueAndGrad(loss)(params)
    return [ct.treeZip(params, grads, (p, g) => ct.sub(p, ct.mul(0.01, g))), value] as const
  })
  let params: { readonly k: ct.Tensor; readonly w: ct.Tensor } = {
    k: draw([3, 3, 3, 16], 1, 0.2),
    w: draw([1600, 10], 2, 0.02),
  }
  return Array.from({ length: steps }, () => {
    const [next, value] = step(params)
    params = next
    return ct.item(value as ct.Tensor<readonly []>)
  })
}
