import { describe, expect, it } from 'vitest'
import { item } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'
import { activations, points } from './torch.ts'

const slope = (f: (x: Tensor) => Tensor, at: readonly number[]): Tensor => C.grad((x: Tensor) => C.sum(f(x)))(f64(at))
/** PyTorch computes erf and tanh by approximations good to fourteen digits, and hardSigmoid with 1/6 in float32. */
const CLOSE = 1e-12
const SIXTH = 1e-7

const functions: { readonly [name in keyof typeof activations]: (x: Tensor) => Tensor } = {
  relu: C.relu,
  elu: C.elu,
  selu: C.selu,
  silu: C.silu,
  mish: C.mish,
  gelu: C.gelu,
  geluTanh: C.geluTanh,
  softplus: C.softplus,
  logSigmoid: C.logSigmoid,
  softsign: C.softsign,
  relu6: C.relu6,
  hardTanh: C.hardTanh,
  hardSigmoid: C.hardSigmoid,
  hardSwish: C.hardSwish,
  leakyRelu: C.leakyRelu,
  sigmoid: C.sigmoid,
  tanh: C.tanh,
  erf: C.erf,
  erfc: C.erfc,
}

describe('activations are those of PyTorch', () => {
  /** Where conventions at a kink differ on purpose; see the tests below. */
  const differ: { readonly [name: string]: readonly number[] } = {
    hardTanh: [-1, 1],
    hardSigmoid: [-3, 3],
    hardSwish: [-3, 3],
  }
  for (const [name, { value, derivative }] of Object.entries(activations))
    it(name, () => {
      const f = functions[name as keyof typeof activations]
      const tolerance = name === 'hardSigmoid' ? SIXTH : CLOSE
      expectClose(f(f64([...points])), value, tolerance)
      const smooth = points.flatMap((x, i) => (differ[name]?.includes(x) ? [] : [i]))
      expectClose(
        slope(
          f,
          smooth.map(i => points[i] ?? 0),
        ),
        smooth.map(i => derivative[i] ?? 0),
        tolerance,
      )
    })
})

describe('conventions at kinks', () => {
  it('relu: the derivative at 0 is 0, and NaN stays NaN', () => {
    expectClose(slope(C.relu, [-1, -0, 0, 1]), [0, 0, 0, 1])
    expectClose(C.relu(f64([Number.NaN, -Infinity, Infinity])), [Number.NaN, 0, Infinity])
    expectClose(C.relu(i32([-2, 3])), [0, 3])
  })

  it('relu6: the derivative is 0 at 0 and 1/2 at 6', () => {
    expectClose(slope(C.relu6, [0, 3, 6, 7]), [0, 1, 0.5, 0])
  })

  it('hardTanh: the derivative at the bounds is 1/2', () => {
    expectClose(slope(C.hardTanh, [-2, -1, 0, 1, 2]), [0, 0.5, 1, 0.5, 0])
  })

  it('leakyRelu: the derivative at 0 is the slope', () => {
    expectClose(slope(C.leakyRelu({ slope: 0.25 }), [-1, 0, 1]), [0.25, 0.25, 1])
    expectClose(C.leakyRelu(f64([-1, 2])), [-0.01, 2])
  })

  it('elu: the derivative at 0 is alpha, so that it is smooth for alpha = 1', () => {
    expectClose(slope(C.elu, [-1e-9, 0, 1e-9]), [1, 1, 1], 1e-8)
    expectClose(slope(C.elu({ alpha: 2 }), [0, 1]), [2, 1])
    expectClose(C.elu(f64([-Infinity, 1000, -1000])), [-1, 1000, -1])
    expectClose(slope(C.elu, [1000, -1000]), [1, 0])
  })

  it('softplus, sigmoid and logSigmoid neither overflow nor lose their gradients', () => {
    expectClose(C.softplus(f64([1000, -1000, -Infinity])), [1000, 0, 0])
    expectClose(C.sigmoid(f64([1000, -1000])), [1, 0])
    expectClose(C.logSigmoid(f64([1000, -1000])), [0, -1000])
    expectClose(slope(C.softplus, [1000, -1000]), [1, 0])
    expectClose(slope(C.sigmoid, [1000, -1000]), [0, 0])
    expectClose(slope(C.logSigmoid, [1000, -1000]), [0, 1])
  })
})

describe('softmax and logSoftmax', () => {
  const x = f64([
    [1, 2, 3],
    [-1000, 0, 1000],
  ])

  it('rows add up to 1, and logSoftmax is the logarithm', () => {
    expectClose(C.sum({ axis: -1 })(C.softmax(x)), [1, 1], 1e-15)
    expectClose(C.exp(C.logSoftmax(x)), C.toArray(C.softmax(x)) as number[][], 1e-15)
    expectClose(
      C.logSoftmax(x),
      [
        [-2.4076059644443806, -1.4076059644443806, -0.4076059644443806],
        [-2000, -1000, 0],
      ],
      1e-12,
    )
  })

  it('go along any axis, in any dtype', () => {
    expectClose(
      C.softmax({ axis: 0 })(
        f64([
          [0, 0],
          [0, Math.log(3)],
        ]),
      ),
      [
        [0.5, 0.25],
        [0.5, 0.75],
      ],
      1e-15,
    )
    expectClose(C.softmax(i32([0, 0])), [0.5, 0.5])
    expect(mistake(() => C.softmax({ axis: 1 })(f64([1, 2])))).toContain('AxisError: softmax: axis 1 is out of range')
    expect(mistake(() => C.logSoftmax(f64(1)))).toContain(
      'AxisError: logSoftmax: axis -1 is out of range: a scalar has no axes',
    )
  })

  it('-∞ has probability 0; only -∞ gives NaN; ∞ is NaN beside 0', () => {
    expectClose(C.softmax(f64([0, -Infinity, 0])), [0.5, 0, 0.5])
    expectClose(C.softmax(f64([-Infinity, -Infinity])), [Number.NaN, Number.NaN])
    expectClose(C.softmax(f64([0, Infinity])), [0, Number.NaN])
    expectClose(C.softmax(f64([0, Number.NaN])), [Number.NaN, Number.NaN])
  })

  it('a masked entry (-∞) has gradient 0 and leaves the others alone', () => {
    const f = (v: Tensor): Tensor => C.sum(C.mul(C.softmax(v), f64([1, 2, 3])))
    const masked = C.grad(f)(f64([0.3, -Infinity, 0.7]))
    const small = C.grad((v: Tensor) => C.sum(C.mul(C.softmax(v), f64([1, 3]))))(f64([0.3, 0.7]))
    const [a, b] = C.toArray(small) as number[]
    expectClose(masked, [a ?? 0, 0, b ?? 0], 1e-15)
  })

  it('the gradient does not depend on a shift of the row', () => {
    const g = C.grad((v: Tensor) => C.sum(C.mul(C.softmax(v), f64([1, 2, 4]))))
    expectClose(g(f64([1001, 1002, 1003])), C.toArray(g(f64([1, 2, 3]))) as number[], 1e-12)
    expect(Math.abs(item(C.sum(g(f64([1, 2, 3])))))).toBeLessThan(1e-15)
  })
})
