/** Known values of PyTorch: losses of samples, their sum and mean, and the gradient of the mean. See from_torch.py. */
import { describe, expect, it } from 'vitest'
import { grad, logSoftmax, type Nested, oneHot, softmax, type Tensor, tensor } from '../../../src/index.ts'
import * as nn from '../../../src/nn/index.ts'
import { expectClose, FLOAT64 } from '../../support/values.ts'
import { inputs, losses } from './torch.ts'

const f64 = (values: Nested): Tensor => tensor(values, { dtype: 'float64' })
const [x, y, q, w, signs, z, counts] = [
  inputs.x,
  inputs.y,
  inputs.q,
  inputs.w,
  inputs.signs,
  inputs.z,
  inputs.counts,
].map(v => f64(v)) as readonly Tensor[] as readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
const labels = tensor(inputs.labels, { dtype: 'int32' })
const reductions = ['none', 'sum', 'mean'] as const
type Reduction = (typeof reductions)[number]

/** Each loss as a function of its first argument. */
const cases: { readonly [name in keyof typeof losses]: (reduction: Reduction) => (x: Tensor) => Tensor } = {
  crossEntropy: reduction => v => nn.softmaxCrossEntropy({ reduction })(v, labels),
  crossEntropySmooth: reduction => v => nn.softmaxCrossEntropy({ reduction, labelSmoothing: 0.2 })(v, labels),
  crossEntropyWeights: reduction => v => nn.softmaxCrossEntropy({ reduction, classWeights: w })(v, labels),
  crossEntropyBoth: reduction => v =>
    nn.softmaxCrossEntropy({ reduction, classWeights: w, labelSmoothing: 0.2 })(v, labels),
  probabilities: reduction => v => nn.softmaxCrossEntropy({ reduction })(v, q),
  probabilitiesBoth: reduction => v =>
    nn.softmaxCrossEntropy({ reduction, classWeights: w, labelSmoothing: 0.2 })(v, q),
  sigmoid: reduction => v => nn.sigmoidCrossEntropy({ reduction })(v, z),
  sigmoidPosWeight: reduction => v => nn.sigmoidCrossEntropy({ reduction, posWeight: w })(v, z),
  sigmoidSmooth: reduction => v => nn.sigmoidCrossEntropy({ reduction, labelSmoothing: 0.2 })(v, z),
  mse: reduction => v => nn.mse({ reduction })(v, y),
  mseSoftmax: reduction => v => nn.mse({ reduction })(softmax(v), oneHot({ classes: 3, dtype: 'float64' })(labels)),
  mae: reduction => v => nn.mae({ reduction })(v, y),
  huber: reduction => v => nn.huber({ reduction, delta: 1.5 })(v, y),
  smoothL1: reduction => v => nn.smoothL1({ reduction, beta: 1.5 })(v, y),
  logCosh: reduction => v => nn.logCosh({ reduction })(v, y),
  poissonNll: reduction => v => nn.poissonNll({ reduction })(v, counts),
  kl: reduction => v => nn.klDivergence({ reduction })(logSoftmax(v), q),
  klLog: reduction => v => nn.klDivergence({ reduction, logTargets: true })(logSoftmax(v), logSoftmax(y)),
  hinge: reduction => v => nn.hinge({ reduction })(v, signs),
  squaredHinge: reduction => v => nn.squaredHinge({ reduction })(v, signs),
  multiclassHinge: reduction => v => nn.multiclassHinge({ reduction })(v, labels),
  multiclassHingeSquared: reduction => v => nn.multiclassHinge({ reduction, power: 2, margin: 0.5 })(v, labels),
  cosine: reduction => v => nn.cosineDistance({ reduction })(v, y),
  triplet: reduction => v => nn.triplet({ reduction })(v, f64(inputs.p), f64(inputs.n)),
}

describe('losses are those of PyTorch', () => {
  it.each(Object.keys(cases) as readonly (keyof typeof cases)[])('%s', name => {
    const first = name === 'triplet' ? f64(inputs.a) : x
    const known = losses[name]
    for (const reduction of reductions) expectClose(cases[name](reduction)(first), known[reduction] as Nested, FLOAT64)
    expectClose(grad(cases[name]('mean'))(first), known.dx as Nested, FLOAT64)
  })

  it('all of them, in every reduction', () => {
    expect(Object.keys(losses)).toEqual(Object.keys(cases))
  })
})
