/**
 * Random differentiable functions float64[2,3] -> float64[2,3], composed of ops of every kind: what laws of the
 * transformations are tried on.
 */
import * as fc from 'fast-check'
import type { Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import { wavy } from './values.ts'

type Step = { readonly name: string; readonly apply: (x: Tensor, y: Tensor) => Tensor }

const weights = wavy([3, 3], 2)
const kernel = wavy([2, 2, 1, 1], 5)

/** Each takes two tensors of shape [2,3] and keeps values in a range where the next step is smooth. */
const steps: readonly Step[] = [
  { name: 'add', apply: (x, y) => C.add(x, y) },
  { name: 'sub', apply: (x, y) => C.sub(x, C.mul(0.5, y)) },
  { name: 'mul', apply: (x, y) => C.mul(x, C.tanh(y)) },
  { name: 'div', apply: (x, y) => C.div(x, C.add(2, C.square(y))) },
  { name: 'pow', apply: (x, y) => C.pow(C.add(1.5, C.tanh(x)), C.tanh(y)) },
  { name: 'sin', apply: x => C.sin(x) },
  { name: 'tanh', apply: x => C.tanh(x) },
  { name: 'exp', apply: x => C.exp(C.tanh(x)) },
  { name: 'log', apply: x => C.log(C.add(2, C.tanh(x))) },
  { name: 'softplus', apply: x => C.softplus(x) },
  { name: 'transpose', apply: x => C.reshape([2, 3])(C.transpose(x)) },
  { name: 'matmul', apply: x => C.matmul(x, weights) },
  { name: 'matmul of both', apply: (x, y) => C.tanh(C.matmul(x, C.matmul(C.transpose(y), x))) },
  { name: 'softmax', apply: x => C.softmax(x) },
  { name: 'logsumexp', apply: (x, y) => C.sub(y, C.logsumexp({ axis: 1, keepDims: true })(x)) },
  { name: 'mean', apply: (x, y) => C.mul(y, C.mean({ axis: 0, keepDims: true })(x)) },
  { name: 'variance', apply: (x, y) => C.add(y, C.variance({ axis: 1, keepDims: true })(x)) },
  { name: 'prod', apply: (x, y) => C.add(y, C.prod({ axis: 1, keepDims: true })(C.tanh(x))) },
  {
    name: 'slice and pad',
    apply: x =>
      C.pad({
        widths: [
          [1, 0],
          [0, 1],
        ],
        value: 0.5,
      })(
        C.slice([
          [0, 1],
          [1, null],
        ])(x),
      ),
  },
  { name: 'flip', apply: x => C.flip({ axis: 1 })(x) },
  { name: 'concat', apply: (x, y) => C.slice([null, [1, 4]])(C.concat({ axis: 1 })([x, y])) },
  { name: 'take', apply: x => C.take({ axis: 1 })(x, C.tensor([2, 0, -1], { dtype: 'int32' })) },
  {
    name: 'where',
    apply: (x, y) =>
      C.where(
        C.tensor([
          [true, false, true],
          [false, false, true],
        ]),
        x,
        y,
      ),
  },
  { name: 'broadcast', apply: (x, y) => C.mul(C.slice([[0, 1]])(x), C.tanh(C.sum({ axis: 1, keepDims: true })(y))) },
  {
    name: 'stopGradient',
    apply: (x, y) => C.mul(C.stopGradient(C.tensor([[1, 2, 3]], { dtype: 'float64' })), C.add(x, y)),
  },
  {
    name: 'conv2d',
    apply: x => C.tanh(C.reshape([2, 3])(C.conv2d({ padding: 'same' })(C.reshape([1, 2, 3, 1])(x), kernel))),
  },
]

/** A composed function, with its text for counterexamples. */
export type Composition = { readonly f: (x: Tensor) => Tensor; readonly text: string }

/** Up to `most` steps, each applied to any two of the values before it. */
export const compositions = (most = 6): fc.Arbitrary<Composition> =>
  fc
    .array(fc.record({ step: fc.integer({ min: 0, max: steps.length - 1 }), x: fc.nat(), y: fc.nat() }), {
      minLength: 1,
      maxLength: most,
    })
    .map(list => ({
      f: (input: Tensor) => {
        const values = [input]
        // The first operand is recent, so that compositions are deep.
        for (const { step, x, y } of list) {
          const recent = values[values.length - 1 - (x % Math.min(2, values.length))] as Tensor
          values.push((steps[step] as Step).apply(recent, values[y % values.length] as Tensor))
        }
        return values.at(-1) as Tensor
      },
      text: list.map(({ step }) => steps[step]?.name).join(' > '),
      toString: () => list.map(({ step }) => steps[step]?.name).join(' > '),
    }))

/** A point, with a phase that chooses it. */
export const points = (shape: readonly number[] = [2, 3]): fc.Arbitrary<Tensor> =>
  fc.integer({ min: 0, max: 1000 }).map(phase => wavy(shape, phase))
