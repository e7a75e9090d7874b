import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  grad,
  jit,
  matmul,
  mean,
  mul,
  relu,
  square,
  type Tensor,
  tanh,
  tensor,
  toArray,
  zeros,
} from '../../src/index.ts'
import {
  activation,
  dense,
  glorotNormal,
  type Layer,
  layer,
  layerMonoid,
  serial,
  statefulLayer,
} from '../../src/nn/index.ts'
import { type Key, key, normal } from '../../src/random/index.ts'
import { checkGrads, tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check, mistake } from '../support/values.ts'

type Anything = Layer<readonly unknown[]>

const WIDTH = 3
/** A layer that draws while training, and counts how often it has trained. */
const noisyCounter = statefulLayer({
  name: 'noisyCounter',
  init: k => ({ params: normal({ shape: [WIDTH], dtype: 'float64' })(k), state: tensor(0) }),
  apply: (w: Tensor, count: Tensor, x, mode) =>
    mode === undefined
      ? [mul(w, x), count]
      : [add(x, normal({ shape: x.shape, dtype: 'float64' })(mode.train)), add(count, 1)],
})
const anyLayer: fc.Arbitrary<Anything> = fc.oneof(
  fc.constantFrom(relu, tanh).map(f => activation(f)),
  fc.constant(dense(WIDTH, WIDTH, { dtype: 'float64', biasInit: o => k => normal(o)(k) })),
  fc.constant(serial()),
  fc.constant(noisyCounter),
)
/** What can be seen of a layer: its parameters and state from a key, and its values with them, evaluating and training. */
const seen = (l: Anything, seed: number, x: Tensor): unknown => {
  const { params, state } = l.init(key(seed))
  return plain([params, state, l.apply(params, state, x), l.apply(params, state, x, { train: key(seed) })])
}

it('serial refuses a function, and says how it becomes a layer', () => {
  expect(mistake(() => serial(dense(2, 3), relu as never))).toBe(
    'ValueError: serial: part 1 is a function, not a layer: a function becomes one by activation, as in activation(relu)',
  )
})

describe('serial is a monoid, to the bit, to the numbers drawn and to the structure of parameters', () => {
  const { concat, empty } = layerMonoid<unknown>()
  const law = (
    name: string,
    holds: (layers: readonly [Anything, Anything, Anything], seed: number, x: Tensor) => void,
  ): void =>
    it(name, () => {
      const three = fc.tuple(anyLayer, anyLayer, anyLayer)
      check(fc.property(three, fc.nat(), tensors({ shape: [2, WIDTH] }), holds), 40)
    })

  law('associative', ([a, b, c], seed, x) => {
    expect(seen(concat(concat(a, b), c), seed, x)).toEqual(seen(concat(a, concat(b, c)), seed, x))
    expect(seen(serial(a, b, c), seed, x)).toEqual(seen(serial(a, serial(b, c)), seed, x))
  })
  law('with an identity on both sides', ([a], seed, x) => {
    expect(seen(concat(empty, a), seed, x)).toEqual(seen(a, seed, x))
    expect(seen(concat(a, empty), seed, x)).toEqual(seen(a, seed, x))
  })
  law('whose identity changes nothing', (_layers, seed, x) => {
    expect(seen(empty, seed, x)).toEqual(plain([[], [], [x, []], [x, []]]))
  })
  law('whose value is the composition of values', ([a, b], seed, x) => {
    const { params, state } = serial(a, b).init(key(seed))
    const halves = (all: readonly unknown[]) => [all.slice(0, a.parts.length), all.slice(a.parts.length)] as const
    const [[p, q], [s, t]] = [halves(params), halves(state)]
    const [middle, nextS] = a.apply(p, s, x)
    const [y, nextT] = b.apply(q, t, middle)
    expect(plain(serial(a, b).apply(params, state, x))).toEqual(plain([y, [...nextS, ...nextT]]))
  })
})

describe('a network', () => {
  const network = serial(dense(4, 3), activation(tanh), dense(3, 2))

  it('has parameters by part, in the order of its layers', () => {
    const [first, none, last] = network.init(key(0)).params
    expect([first.w.shape, first.b.shape, none, last.w.shape, last.b.shape]).toEqual([[4, 3], [3], [], [3, 2], [2]])
  })

  it('draws equal parameters from equal keys, and others from others', () => {
    expect(plain(network.init(key(7)))).toEqual(plain(network.init(key(7))))
    expect(plain(network.init(key(7)))).not.toEqual(plain(network.init(key(8))))
  })

  it('draws every part from a key of its own', () => {
    const [a, , b] = serial(dense(3, 3), activation(relu), dense(3, 3)).init(key(0)).params
    expect(toArray(a.w)).not.toEqual(toArray(b.w))
  })

  it('takes any leading axes', () => {
    const { params, state } = network.init(key(0))
    expect(network.apply(params, state, zeros([4]))[0].shape).toEqual([2])
    expect(network.apply(params, state, zeros([6, 5, 4]))[0].shape).toEqual([6, 5, 2])
  })

  it('has the gradients that finite differences say', () => {
    const { params, state } = network.init(key(3))
    const x = tensor([
      [0.5, -1, 2, 0.1],
      [1, 0, -0.5, 0.3],
    ])
    const report = checkGrads((p: typeof params, inputs: Tensor) => mean(square(network.apply(p, state, inputs)[0])))(
      [params, x],
      { order: 2, maxElements: 40 },
    )
    expect(report.ok, String(report)).toBe(true)
  })

  it('has gradients in the structure of its parameters', () => {
    const { params, state } = network.init(key(0))
    const grads = grad((p: typeof params) => mean(network.apply(p, state, zeros([1, 4]))[0]))(params)
    expect(grads.map(part => Object.keys(part).sort())).toEqual([['b', 'w'], [], ['b', 'w']])
  })

  it('refuses parameters and state of another', () => {
    const { params, state } = network.init(key(0))
    const other = dense(4, 3).init(key(0)) as unknown as { params: typeof params; state: typeof state }
    expect(() => network.apply(other.params, state, zeros([4]))).toThrow(
      'apply: the parameters have 1 entries, the network 3: make them with init',
    )
    expect(() => network.apply(params, other.state, zeros([4]))).toThrow(
      'apply: the state has 1 entries, the network 3: make them with init',
    )
  })
})

describe('a layer of your own', () => {
  it('may have parameters alone', () => {
    const scaled = layer({ init: () => tensor([2, 3]), apply: (w, x) => mul(w, x) })
    const { params, state } = scaled.init(key(0))
    expect(plain(scaled.apply(params, state, tensor([1, 10])))).toEqual(plain([tensor([2, 30]), [[]]]))
  })

  it('remembers from step to step, and while evaluating nothing', () => {
    const { params, state } = noisyCounter.init(key(0))
    const x = zeros([WIDTH], { dtype: 'float64' })
    const [, once] = noisyCounter.apply(params, state, x, { train: key(1) })
    const [, twice] = noisyCounter.apply(params, once, x, { train: key(2) })
    expect(toArray(noisyCounter.apply(params, twice, x)[1][0])).toBe(2)
  })

  it('draws other numbers than its neighbour from the same key', () => {
    const two = serial(noisyCounter, noisyCounter)
    const { params, state } = two.init(key(0))
    const x = zeros([WIDTH], { dtype: 'float64' })
    const [once] = noisyCounter.apply([params[0]], [state[0]], x, { train: key(1) })
    const [both] = two.apply(params, state, x, { train: key(1) })
    expect(plain(both)).not.toEqual(plain(add(once, once)))
  })

  it('is jitted with the network it is in', () => {
    const two = serial(dense(WIDTH, WIDTH, { dtype: 'float64' }), noisyCounter)
    const { params, state } = two.init(key(0))
    const step = (p: typeof params, s: typeof state, x: Tensor, k: Key) => two.apply(p, s, x, { train: k })
    const x = tensor([[1, 2, 3]], { dtype: 'float64' })
    expect(plain(jit(step)(params, state, x, key(5)))).toEqual(plain(step(params, state, x, key(5))))
  })
})

describe('dense', () => {
  it('is x @ w + b', () => {
    const params = [
      {
        w: tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        b: tensor([10, 20]),
      },
    ] as const
    expect(
      toArray(
        dense(3, 2).apply(
          params,
          [[]],
          tensor([
            [1, 0, 0],
            [0, 1, 1],
          ]),
        )[0],
      ),
    ).toEqual([
      [11, 22],
      [18, 30],
    ])
  })
  it('begins with Glorot-uniform weights and zero biases, or as told', () => {
    const [{ w, b }] = dense(100, 50).init(key(0)).params
    expect(Math.max(...(toArray(w) as number[][]).flat().map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(6 / 150))
    expect(plain(b)).toEqual(plain(zeros([50])))
    expect(dense(2, 2, { init: glorotNormal, dtype: 'float64' }).init(key(0)).params[0]).toMatchObject({
      w: { dtype: 'float64' },
      b: { dtype: 'float64' },
    })
  })
  it('goes without biases', () => {
    const plainly = dense(2, 2, { bias: false })
    const { params, state } = plainly.init(key(0))
    expect(Object.keys(params[0])).toEqual(['w'])
    const x = tensor([[1, 2]])
    expect(plain(plainly.apply(params, state, x)[0])).toEqual(plain(matmul(x, params[0].w)))
    // @ts-expect-error the compiler knows that there are none
    expect(params[0].b?.shape).toBeUndefined()
  })
  it('refuses sizes that are none, and inputs of another size', () => {
    expect(() => dense(0, 2)).toThrow('dense: sizes are whole numbers of at least 1, got 0')
    const d = dense(3, 2)
    const { params, state } = d.init(key(0))
    // @ts-expect-error the compiler sees it too
    expect(() => d.apply(params, state, zeros([5, 4]))).toThrow('dense: takes [..., 3], got [5,4]')
  })
})
