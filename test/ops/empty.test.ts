/**
 * Tensors without elements go through every op for which NumPy has an answer, and so do their gradients.
 */
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/core/shape.ts'
import { data, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import { f64, i32 } from '../support/values.ts'

const empty = (shape: readonly number[]): Tensor => C.zeros(shape, { dtype: 'float64' })
const weight = C.zeros([0, 3], { dtype: 'float64' })

type Case = { readonly f: (x: Tensor) => Tensor; readonly from: readonly number[]; readonly to: readonly number[] }

/** Each takes a tensor of shape `from` and gives one of shape `to`. */
const cases: { readonly [name: string]: Case } = {
  exp: { f: C.exp, from: [0], to: [0] },
  relu: { f: C.relu, from: [2, 0, 3], to: [2, 0, 3] },
  'add with a scalar': { f: x => C.add(x, 1), from: [2, 0, 3], to: [2, 0, 3] },
  'mul that broadcasts': { f: x => C.mul(x, f64([[1], [2]])), from: [0], to: [2, 0] },
  'add of size 1 to size 0': { f: x => C.add(x, f64([5])), from: [0], to: [0] },
  pow: { f: x => C.pow(x, 2), from: [0, 2], to: [0, 2] },
  maximum: { f: x => C.maximum(x, x), from: [0], to: [0] },
  where: { f: x => C.where(C.gt(x, 0), x, 0), from: [3, 0], to: [3, 0] },
  clip: { f: C.clip({ min: 0, max: 1 }), from: [0], to: [0] },
  cast: { f: x => C.cast('float64')(C.cast('float32')(x)), from: [0, 2], to: [0, 2] },
  reshape: { f: C.reshape([3, 0, 5]), from: [2, 0, 3], to: [3, 0, 5] },
  transpose: { f: x => C.transpose(x), from: [2, 0, 3], to: [3, 0, 2] },
  broadcastTo: { f: C.broadcastTo([4, 0, 3]), from: [0, 3], to: [4, 0, 3] },
  'broadcastTo from 1 to 0': { f: C.broadcastTo([0]), from: [1], to: [0] },
  'sum over the empty axis': { f: C.sum({ axis: 1 }), from: [2, 0, 3], to: [2, 3] },
  'sum over another axis': { f: C.sum({ axis: 0 }), from: [2, 0, 3], to: [0, 3] },
  'sum of all': { f: x => C.sum(x), from: [2, 0, 3], to: [] },
  'prod over the empty axis': { f: C.prod({ axis: 1 }), from: [2, 0, 3], to: [2, 3] },
  'prod over another axis': { f: C.prod({ axis: 0 }), from: [2, 0, 3], to: [0, 3] },
  'max over an axis that is not empty': { f: C.max({ axis: 2 }), from: [2, 0, 3], to: [2, 0] },
  'min of several axes': { f: C.min({ axis: [0, 2] }), from: [2, 0, 3], to: [0] },
  mean: { f: C.mean({ axis: 2 }), from: [2, 0, 3], to: [2, 0] },
  variance: { f: C.variance({ axis: 0 }), from: [2, 0, 3], to: [0, 3] },
  logsumexp: { f: C.logsumexp({ axis: 2 }), from: [2, 0, 3], to: [2, 0] },
  softmax: { f: C.softmax({ axis: 2 }), from: [2, 0, 3], to: [2, 0, 3] },
  'softmax over the empty axis': { f: C.softmax({ axis: 1 }), from: [2, 0, 3], to: [2, 0, 3] },
  logSoftmax: { f: x => C.logSoftmax(x), from: [0], to: [0] },
  slice: { f: C.slice([[0, 1], null, [null, null, -2]]), from: [2, 0, 3], to: [1, 0, 2] },
  'slice backwards': { f: C.slice([[null, null, -1]]), from: [0], to: [0] },
  'slice to nothing': { f: C.slice([[2, 2]]), from: [3], to: [0] },
  flip: { f: x => C.flip(x), from: [2, 0], to: [2, 0] },
  pad: {
    f: C.pad({
      widths: [
        [1, 2],
        [0, 0],
      ],
      value: 7,
    }),
    from: [0, 3],
    to: [3, 3],
  },
  'pad to nothing': { f: C.pad({ widths: [[-1, -1]] }), from: [2], to: [0] },
  concat: { f: x => C.concat([x, f64([[1, 2, 3]]), x]), from: [0, 3], to: [1, 3] },
  stack: { f: x => C.stack({ axis: 1 })([x, x]), from: [0], to: [0, 2] },
  tile: { f: C.tile([2, 3]), from: [0], to: [2, 0] },
  'tile by 0': { f: C.tile([0]), from: [3], to: [0] },
  expandDims: { f: C.expandDims({ axis: 0 }), from: [0], to: [1, 0] },
  squeeze: { f: x => C.squeeze(x), from: [1, 0], to: [0] },
  'take at no positions': { f: x => C.take(x, tensor([], { dtype: 'int32' })), from: [3, 2], to: [0, 2] },
  'take of no slices': { f: x => C.take({ axis: 1 })(x, i32([0])), from: [0, 3], to: [0, 1] },
  takeAlongAxis: {
    f: x => C.takeAlongAxis({ axis: 1 })(x, C.zeros([0, 2], { dtype: 'int32' })),
    from: [0, 3],
    to: [0, 2],
  },
  scatterAdd: { f: x => C.scatterAdd()(f64([1, 2]), C.zeros([0, 1], { dtype: 'int32' }), x), from: [0], to: [2] },
  sort: { f: x => C.sort(x), from: [2, 0], to: [2, 0] },
  'sort along another axis': { f: C.sort({ axis: 0 }), from: [2, 0], to: [2, 0] },
  'matmul with inner size 0': { f: x => C.matmul(x, weight), from: [2, 0], to: [2, 3] },
  'matmul with no rows': { f: x => C.matmul(x, f64([[1], [2]])), from: [0, 2], to: [0, 1] },
  'matmul of an empty batch': { f: x => C.matmul(x, f64([[1], [2]])), from: [0, 3, 2], to: [0, 3, 1] },
  dot: { f: x => C.dot(x, x), from: [0], to: [] },
  outer: { f: x => C.outer(x, f64([1, 2])), from: [0], to: [0, 2] },
  einsum: { f: x => C.einsum('ij,ik->jk', x, x), from: [0, 3], to: [3, 3] },
  'einsum diagonal': { f: x => C.einsum('ii->i', x), from: [0, 0], to: [0] },
  'conv2d of an empty batch': {
    f: x => C.conv2d()(x, C.ones([2, 2, 1, 3], { dtype: 'float64' })),
    from: [0, 4, 4, 1],
    to: [0, 3, 3, 3],
  },
  'conv2d without input channels': {
    f: x => C.conv2d()(x, C.ones([2, 2, 0, 3], { dtype: 'float64' })),
    from: [1, 4, 4, 0],
    to: [1, 3, 3, 3],
  },
  'maxPool2d of an empty batch': { f: C.maxPool2d({ window: 2 }), from: [0, 4, 4, 1], to: [0, 2, 2, 1] },
  'avgPool2d of no channels': { f: C.avgPool2d({ window: 2, padding: 'same' }), from: [1, 4, 4, 0], to: [1, 2, 2, 0] },
  'windows of none': { f: C.windows([{ axis: 0, size: 3, stride: 1, dilation: 1 }]), from: [2], to: [0, 3] },
}

describe('empty tensors', () => {
  for (const [name, { f, from, to }] of Object.entries(cases))
    it(name, () => {
      const y = f(empty(from))
      expect([y.shape, data(y).length]).toEqual([to, sizeOf(to)])
      const gradient = C.grad((x: Tensor) => C.sum(f(x)))(empty(from))
      expect([gradient.shape, data(gradient).length]).toEqual([from, sizeOf(from)])
      const [, tangent] = C.jvp(f)([empty(from)], [empty(from)])
      expect(tangent.shape).toEqual(to)
      const batch = C.vmap(f)(empty([2, ...from]))
      expect(batch.shape).toEqual([2, ...to])
      const none = C.vmap(f)(empty([0, ...from]))
      expect(none.shape).toEqual([0, ...to])
    })

  it('comparisons, positions and logic give empty results of their dtype', () => {
    const x = empty([0, 3])
    expect([C.gt(x, 0).dtype, C.gt(x, 0).shape, C.argmax({ axis: 1 })(x).shape, C.argsort(x).shape]).toEqual([
      'bool',
      [0, 3],
      [0],
      [0, 3],
    ])
    expect(C.oneHot({ classes: 3 })(C.zeros([0], { dtype: 'int32' })).shape).toEqual([0, 3])
    expect(C.split({ into: 2 })(empty([0])).map(part => part.shape)).toEqual([[0], [0]])
    expect(C.all({ axis: 0 })(C.gt(x, 0)).shape).toEqual([3])
  })
})
