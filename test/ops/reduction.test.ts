import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orThrow } from '../../src/core/errors.ts'
import { normalizeAxes, range, stridesOf } from '../../src/core/shape.ts'
import { data, item, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  all,
  any,
  argmax,
  argmin,
  full,
  grad,
  jvp,
  logsumexp,
  max,
  mean,
  min,
  mul,
  ones,
  prod,
  reshape,
  slice,
  std,
  sum,
  variance,
  vjp,
  zeros,
} from '../../src/index.ts'
import type { ReduceOptions } from '../../src/ops/reduction.ts'
import { check, expectClose, FLOAT64, f64, i32, mistake, shapes, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

const x = i32(numbers24())
function numbers24(): number[][][] {
  return range(0, 2).map(i => range(0, 3).map(j => range(0, 4).map(k => 12 * i + 4 * j + k)))
}
const mod7 = tensor(
  range(0, 24).map(i => i % 7),
  { shape: [2, 3, 4], dtype: 'int32' },
)

/** Groups of elements that are reduced together, in the order of the result. */
const groups = (v: Tensor, axes: readonly number[]): readonly (readonly number[])[] => {
  const kept = range(0, v.shape.length).filter(i => !axes.includes(i))
  const found = new Map<string, number[]>()
  const strides = stridesOf(v.shape)
  const values = data(v)
  for (let at = 0; at < values.length; at++) {
    const place = v.shape.map((n, i) => Math.floor(at / (strides[i] ?? 1)) % n)
    const name = kept.map(i => place[i]).join()
    found.set(name, [...(found.get(name) ?? []), values[at] ?? 0])
  }
  return [...found.values()]
}

/** Reductions that can keep their axes. */
const keeping: readonly ((options: ReduceOptions) => (x: Tensor) => Tensor)[] = [
  o => sum(o),
  o => max(o),
  o => mean(o),
  o => variance(o),
  o => logsumexp(o),
]

const anyAxes = fc.oneof(fc.constant(undefined), fc.array(fc.integer({ min: -3, max: 2 }), { maxLength: 3 }))

describe('reductions', () => {
  const folds: readonly (readonly [
    string,
    (axis: readonly number[] | undefined) => (v: Tensor) => Tensor,
    (xs: readonly number[]) => number,
  ])[] = [
    ['sum', axis => sum(axis === undefined ? {} : { axis }), xs => xs.reduce((a, b) => a + b, 0)],
    ['prod', axis => prod(axis === undefined ? {} : { axis }), xs => xs.reduce((a, b) => a * b, 1)],
    ['max', axis => max(axis === undefined ? {} : { axis }), xs => Math.max(...xs)],
    ['min', axis => min(axis === undefined ? {} : { axis }), xs => Math.min(...xs)],
    ['mean', axis => mean(axis === undefined ? {} : { axis }), xs => xs.reduce((a, b) => a + b, 0) / xs.length],
    [
      'logsumexp',
      axis => logsumexp(axis === undefined ? {} : { axis }),
      xs => Math.log(xs.reduce((a, b) => a + Math.exp(b), 0)),
    ],
    [
      'variance',
      axis => variance(axis === undefined ? {} : { axis }),
      xs => {
        const m = xs.reduce((a, b) => a + b, 0) / xs.length
        return xs.reduce((a, b) => a + (b - m) ** 2, 0) / xs.length
      },
    ],
  ]
  for (const [name, reduce, fold] of folds)
    it(`${name} is a fold over each group of elements, along any axes`, () => {
      check(
        fc.property(shapes(3, 1), anyAxes, fc.nat(99), (shape, axis, phase) => {
          const axes = normalizeAxes(name, axis, shape.length)
          if (axes._tag === 'Left') {
            expect(mistake(() => reduce(axis)(wavy(shape, phase)))).toBe(`AxisError: ${axes.left.message}`)
            return
          }
          const v = wavy(shape, phase)
          const y = reduce(axis)(v)
          expect(y.shape).toEqual(shape.filter((_, i) => !axes.right.includes(i)))
          const expected = groups(v, axes.right).map(fold)
          ;[...data(y)].forEach((value, i) => {
            expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 10)
          })
        }),
        150,
      )
    })

  it('keepDims leaves reduced axes with size 1, and the values alone', () => {
    check(
      fc.property(shapes(3, 1), anyAxes, (shape, axis) => {
        if (normalizeAxes('sum', axis, shape.length)._tag === 'Left') return
        const axes = orThrow(normalizeAxes('sum', axis, shape.length))
        const options: ReduceOptions = axis === undefined ? {} : { axis }
        for (const f of keeping) {
          const y = f({ ...options, keepDims: true })(wavy(shape))
          expect(y.shape).toEqual(shape.map((n, i) => (axes.includes(i) ? 1 : n)))
          expect([...data(y)]).toEqual([...data(f(options)(wavy(shape)))])
        }
      }),
      60,
    )
  })

  it('an empty list of axes reduces nothing', () => {
    const v = wavy([2, 3])
    for (const f of [sum, prod, max, mean, logsumexp]) expectClose(f({ axis: [] })(v), [...rows(v)], 1e-12)
    expectClose(variance({ axis: [] })(v), [
      [0, 0, 0],
      [0, 0, 0],
    ])
  })

  it('are those of NumPy', () => {
    expectClose(sum({ axis: [0, 2] })(x), numpy['sum axis 0 2'])
    expectClose(sum({ axis: [2, 0] })(x), numpy['sum axis 0 2'])
    expectClose(sum({ axis: 1, keepDims: true })(x), numpy['sum keepdims'])
    expectClose(
      prod({ axis: 2 })(
        tensor(
          range(0, 24).map(i => (i % 3) + 1),
          { shape: [2, 3, 4], dtype: 'int32' },
        ),
      ),
      numpy['prod axis 2'],
    )
    expectClose(max({ axis: 1 })(x), numpy['max axis 1'])
    expectClose(argmax(mod7), numpy['argmax all'])
    expectClose(argmax({ axis: 1 })(mod7), numpy['argmax axis 1'])
    expectClose(argmin({ axis: 2 })(mod7), numpy['argmin axis 2'])
    expectClose(variance({ axis: 2, correction: 1 })(x), numpy['variance ddof 1'])
    expectClose(std({ axis: 0 })(x), numpy['std axis 0'])
  })
})

const rows = (v: Tensor): number[][] => range(0, 2).map(i => [...data(slice([[i, i + 1]])(v))])

describe('of no elements', () => {
  const none = zeros([0], { dtype: 'float64' })
  it('the sum is 0, the product 1, all true, any false, the mean NaN, logsumexp -∞', () => {
    expect([item(sum(none)), item(prod(none)), item(mean(none)), item(logsumexp(none))]).toEqual([
      0,
      1,
      Number.NaN,
      -Infinity,
    ])
    expect([item(all(tensor([], { dtype: 'bool' }))), item(any(tensor([], { dtype: 'bool' })))]).toEqual([1, 0])
    expectClose(sum({ axis: 1 })(zeros([2, 0])), [0, 0])
    expectClose(prod({ axis: 1 })(zeros([2, 0, 2])), [
      [1, 1],
      [1, 1],
    ])
    expectClose(mean({ axis: 0 })(zeros([0, 2])), [Number.NaN, Number.NaN])
    expectClose(logsumexp({ axis: 1 })(zeros([2, 0])), [-Infinity, -Infinity])
    expectClose(variance(none), Number.NaN)
  })

  it('max, min, argmax and argmin have no value: the message says along which axis', () => {
    for (const [name, f] of Object.entries({ max, min, argmax, argmin })) {
      expect(mistake(() => f(none))).toBe(`ShapeError: ${name}: of no elements has no value: [0] is empty along axis 0`)
    }
    for (const f of [max({ axis: 1 }), min({ axis: 1 }), argmax({ axis: 1 }), argmin({ axis: 1 })])
      expect(mistake(() => f(zeros([2, 0])))).toContain('[2,0] is empty along axis 1')
  })

  it('but over an axis that is not empty, or where nothing is asked, they do: nothing', () => {
    for (const f of [max, min, argmax, argmin]) {
      expect(f({ axis: 1 })(zeros([0, 3])).shape).toEqual([0])
      expect(f({ axis: 1 })(zeros([0, 0])).shape).toEqual([0])
      expect(f({ axis: 0, keepDims: true })(zeros([2, 0])).shape).toEqual([1, 0])
    }
    expect(logsumexp({ axis: 1 })(zeros([0, 3])).shape).toEqual([0])
  })

  it('gradients are of the shape of the argument', () => {
    const gradients = [sum, prod, mean, logsumexp].map(f => grad((v: Tensor) => f(v))(none))
    expect(gradients.map(g => g.shape)).toEqual([[0], [0], [0], [0]])
  })
})

describe('mean', () => {
  it('of equal numbers is that number, for any count', () => {
    for (const n of range(1, 300)) expect(item(mean(ones([n])))).toBe(1)
    for (const n of [41, 47, 49, 55, 61]) expect(item(mean(full([n], 0.1)))).toBeCloseTo(Math.fround(0.1), 7)
  })

  it('divides by the count: its derivative is 1/n', () => {
    expectClose(grad((v: Tensor) => mean(v))(f64([1, 2, 3, 4])), [0.25, 0.25, 0.25, 0.25])
  })
})

describe('variance and std', () => {
  it('survive a large mean', () => {
    expectClose(variance(f64([1e8, 1e8 + 1, 1e8 + 2])), 2 / 3, 1e-9)
  })

  it('of one element: 0, and with correction 1 NaN', () => {
    expectClose(variance(f64([5])), 0)
    expectClose(variance({ correction: 1 })(f64([5])), Number.NaN)
    expect(mistake(() => variance({ correction: Number.NaN })(f64([1])))).toBe(
      'ValueError: variance: correction must be a number, got NaN',
    )
  })

  it('std: where all elements are equal the derivative is NaN', () => {
    expectClose(grad((v: Tensor) => std(v))(f64([2, 2])), [Number.NaN, Number.NaN])
    expectClose(grad((v: Tensor) => std(v))(f64([1, 3])), [-0.5, 0.5])
    expect(mistake(() => std({ axis: 3 })(f64([1])))).toContain('AxisError: std:')
  })
})

describe('max and min', () => {
  it('elements that tie share the derivative equally', () => {
    expectClose(grad((v: Tensor) => max(v))(f64([1, 3, 3, 2, 3])), [0, 1 / 3, 1 / 3, 0, 1 / 3])
    expectClose(grad((v: Tensor) => min(v))(f64([1, 3, 1])), [0.5, 0, 0.5])
    expectClose(
      grad((v: Tensor) => sum(max({ axis: 1 })(v)))(
        f64([
          [1, 1],
          [2, 3],
        ]),
      ),
      [
        [0.5, 0.5],
        [0, 1],
      ],
    )
    const [, dy] = jvp((v: Tensor) => max(v))([f64([3, 3])], [f64([1, 5])])
    expect(item(dy)).toBe(3)
  })

  it('are NaN if there is one; infinities are ordinary', () => {
    expectClose(max(f64([1, Number.NaN, 3])), Number.NaN)
    expectClose(min(f64([Number.NaN, 1])), Number.NaN)
    expectClose(max(f64([-Infinity, -Infinity])), -Infinity)
    expectClose(grad((v: Tensor) => max(v))(f64([Infinity, 1])), [1, 0])
  })

  it('of int32 reach the ends of the range', () => {
    expectClose(max(i32([-2147483648, -2147483648])), -2147483648)
    expectClose(min(i32([2147483647])), 2147483647)
  })

  it('the second derivative is 0 away from ties', () => {
    const f = (v: Tensor): Tensor => sum(grad((w: Tensor) => max(w))(v))
    expectClose(grad(f)(f64([1, 2])), [0, 0])
  })
})

describe('argmax and argmin', () => {
  it('give the first position at a tie', () => {
    expectClose(argmax(f64([1, 3, 3])), 1)
    expectClose(
      argmin({ axis: 1 })(
        f64([
          [2, 0, 0],
          [1, 1, 1],
        ]),
      ),
      [1, 0],
    )
  })

  it('give the first NaN if there is one', () => {
    expectClose(argmax(f64([1, Number.NaN, 5, Number.NaN])), 1)
    expectClose(argmin(f64([Number.NaN, 0])), 0)
  })

  it('of infinities find the first', () => {
    expectClose(argmax(f64([-Infinity, -Infinity])), 0)
    expectClose(argmin(f64([Infinity, Infinity])), 0)
  })

  it('without an axis count in row-major order; are int32', () => {
    expectClose(
      argmax(
        f64([
          [1, 2],
          [5, 4],
        ]),
      ),
      2,
    )
    expect(argmax(f64([1])).dtype).toBe('int32')
    expect(argmax({ axis: 0, keepDims: true })(f64([[1], [2]])).shape).toEqual([1, 1])
  })
})

describe('prod', () => {
  const gradient = (values: readonly number[]): Tensor => grad((v: Tensor) => prod(v))(f64([...values]))

  it('the derivative is the product of the others, with no zero, one and two zeros', () => {
    expectClose(gradient([2, 3, 4]), [12, 8, 6])
    expectClose(gradient([2, 0, 4]), [0, 8, 0])
    expectClose(gradient([0, 0, 4]), [0, 0, 0])
    expectClose(gradient([5]), [1])
  })

  it('second derivatives too: the product of all but two, on any zeros', () => {
    for (const values of [
      [2, 3, 4, 5],
      [2, 0, 4, 5],
      [0, 3, 0, 5],
      [0, 0, 0, 5],
    ]) {
      const hessian = range(0, 4).map(i =>
        grad((v: Tensor) => reshape([])(slice([[i, i + 1]])(grad((w: Tensor) => prod(w))(v))))(f64(values)),
      )
      hessian.forEach((line, i) => {
        expectClose(
          line,
          range(0, 4).map(k => (k === i ? 0 : values.reduce((p, v, n) => (n === i || n === k ? p : p * v), 1))),
        )
      })
    }
  })

  it('forward and backward agree along an inner axis', () => {
    const v = f64([
      [1, 0, 3],
      [2, 5, 0],
    ])
    const t = wavy([2, 3])
    const [, dy] = jvp((w: Tensor) => prod({ axis: 1 })(w))([v], [t])
    const [dx] = vjp((w: Tensor) => prod({ axis: 1 })(w))(v)[1](f64([1, 10]))
    expectClose(dx, [
      [0, 3, 0],
      [0, 0, 100],
    ])
    expect(item(sum(mul(dx, t)))).toBeCloseTo(item(sum(mul(dy, f64([1, 10])))), 12)
  })
})

describe('logsumexp', () => {
  it('neither overflows nor underflows', () => {
    expectClose(logsumexp(f64([1000, 1000])), 1000 + Math.LN2, FLOAT64)
    expectClose(logsumexp(f64([-1000, -1000])), -1000 + Math.LN2, FLOAT64)
  })

  it('of only -∞ is -∞, and an ∞ wins', () => {
    expectClose(logsumexp(f64([-Infinity, -Infinity])), -Infinity)
    expectClose(logsumexp(f64([1, Infinity])), Infinity)
    expectClose(logsumexp(f64([-Infinity, 3])), 3)
    expectClose(logsumexp(f64([1, Number.NaN])), Number.NaN)
  })

  it('the gradient is softmax, 0 at -∞', () => {
    expectClose(grad((v: Tensor) => logsumexp(v))(f64([0, -Infinity, 0])), [0.5, 0, 0.5])
    expectClose(grad((v: Tensor) => logsumexp(v))(f64([1000, 0])), [1, 0])
  })
})

describe('all and any', () => {
  it('along axes', () => {
    const b = tensor([
      [true, false],
      [true, true],
    ])
    expectClose(all({ axis: 0 })(b), [true, false])
    expectClose(any({ axis: 1 })(b), [true, true])
    expectClose(all(b), false)
    expect(mistake(() => all(tensor([1])))).toContain('all: does not take float32; it needs bool; compare first')
  })
})
