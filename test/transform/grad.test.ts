import { describe, expect, expectTypeOf, it } from 'vitest'
import { isTensor, item, tensor, toArray } from '../../src/core/tensor.ts'
import { treeMap } from '../../src/core/tree.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  cast,
  grad,
  matmul,
  mul,
  reshape,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  valueAndGrad,
  zeros,
} from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'

const cube = (x: Tensor): Tensor => mul(x, mul(x, x))

describe('grad', () => {
  it('of a sum of squares is twice the argument', () => {
    expectClose(grad((x: Tensor) => sum(square(x)))(tensor([1, 2, -3])), [2, 4, -6])
  })

  it('numbers stand for float32 scalars, in trees too', () => {
    const slope = grad(cube)(2)
    expect([slope.dtype, item(slope)]).toEqual(['float32', 12])
    const both = grad((p: { readonly a: Tensor; readonly b: Tensor }) => mul(p.a, p.b))({ a: 3, b: tensor(4) })
    expect([item(both.a), item(both.b)]).toEqual([4, 3])
  })

  it('has the structure, shapes and dtypes of the argument', () => {
    const params = { layers: [{ w: f64([[1, 2]]), b: tensor([3]) }], scale: tensor(2) }
    const loss = ({ layers: [layer], scale }: typeof params): Tensor =>
      add(mul(sum(cast('float32')(square(layer?.w as Tensor))), scale), sum(layer?.b as Tensor))
    const gradient = grad(loss)(params)
    expect(Object.keys(gradient)).toEqual(['layers', 'scale'])
    expect(toArray(gradient.layers[0]?.w as Tensor)).toEqual([[4, 8]])
    expect(gradient.layers[0]?.w.dtype).toBe('float64')
    expect(toArray(gradient.layers[0]?.b as Tensor)).toEqual([1])
    expect(item(gradient.scale)).toBe(5)
  })

  it('is zero in what is not used', () => {
    const gradient = grad((p: { readonly a: Tensor; readonly b: Tensor }) => sum(p.a))({
      a: zeros([2]),
      b: zeros([2, 3]),
    })
    expect(toArray(gradient.b)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(item(grad((_x: Tensor) => tensor(3))(tensor(1)))).toBe(0)
  })

  it('of an argument returned as it is, is 1', () => {
    expect(item(grad((x: Tensor) => x)(5))).toBe(1)
    expect(item(grad((x: Tensor) => reshape([])(x))(tensor([5]) as Tensor))).toBe(1)
  })

  it('adds up over all uses of an argument', () => {
    expect(item(grad((x: Tensor) => add(add(x, x), mul(x, x)))(3))).toBe(8)
    const shared = tensor([1, 2])
    const [dx, dy] = grad((x: Tensor, y: Tensor) => sum(mul(x, y)), { argnums: [0, 1] })(shared, shared)
    expect([toArray(dx), toArray(dy)]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('of no leaves is no leaves', () => {
    expect(grad((_none: { readonly [key: string]: Tensor }) => tensor(1))({})).toEqual({})
  })
})

describe('argnums', () => {
  const f = (x: Tensor, y: Tensor, scale: number): Tensor => mul(mul(x, square(y)), scale)

  it('names one argument or several, in the order of the list', () => {
    expect(item(grad(f)(2, 3, 10))).toBe(90)
    expect(item(grad(f, { argnums: 1 })(2, 3, 10))).toBe(120)
    expect(grad(f, { argnums: [1, 0] })(2, 3, 10).map(item)).toEqual([120, 90])
    expect(grad(f, { argnums: [0] })(2, 3, 10).map(item)).toEqual([90])
  })

  it('other arguments are passed on untouched', () => {
    const seen: unknown[] = []
    const options = { name: 'adam', n: 3, list: [1, 'x'] }
    grad((x: Tensor, y: unknown, z: unknown) => {
      seen.push(y, z)
      return x
    })(1, options, 7)
    expect([seen[0] === options, seen[1]]).toEqual([true, 7])
  })

  it('that name no argument, or one twice, are a mistake', () => {
    const wrong = (argnums: number | number[], text: string): void =>
      expect(mistake(() => grad((x: Tensor, y: Tensor) => mul(x, y), { argnums })(1, 2))).toBe(
        `ValueError: grad: argnums ${text} do not name different ones of 2 arguments, counted from 0`,
      )
    wrong(2, '2')
    wrong(-1, '-1')
    wrong(0.5, '0.5')
    wrong([0, 0], '[0,0]')
    wrong([], '[]')
  })
})

describe('aux', () => {
  const f = (x: Tensor) => {
    const y = square(x)
    return [sum(y), { y, text: 'note', nested: [x, 3, null], constant: tensor(7) }] as const
  }

  it('comes back beside the gradient, its tensors freed of the trace', () => {
    const [gradient, aux] = grad(f, { aux: true })(tensor([1, 2]))
    expect(toArray(gradient)).toEqual([2, 4])
    expect([aux.text, aux.nested[1], aux.nested[2]]).toEqual(['note', 3, null])
    expect(toArray(aux.y)).toEqual([1, 4])
    expect(toArray(add(aux.y, aux.nested[0] as Tensor))).toEqual([2, 6])
    expect(toArray(aux.constant)).toEqual(7)
  })

  it('of valueAndGrad is [[value, aux], gradient]', () => {
    const [[value, aux], gradient] = valueAndGrad(f, { aux: true })(tensor([1, 2]))
    expect([item(value), toArray(aux.y), toArray(gradient)]).toEqual([5, [1, 4], [2, 4]])
    const [plain, dx] = valueAndGrad(cube)(2)
    expect([item(plain), item(dx)]).toEqual([8, 12])
  })

  it('is differentiable from outside', () => {
    const outer = (x: Tensor): Tensor => {
      const [gradient, aux] = grad(f, { aux: true })(x)
      return sum(mul(gradient, aux.y))
    }
    expectClose(grad(outer)(tensor([1, 2])), [6, 24])
  })

  it('may hold the same tensor twice', () => {
    const [, [a, b]] = grad((x: Tensor) => [x, [x, x]] as const, { aux: true })(2)
    expect([item(a), item(b), isTensor(a)]).toEqual([2, 2, true])
  })

  it('needs a function that returns [scalar, aux]', () => {
    const of = (y: unknown): string =>
      mistake(() => grad((_x: Tensor) => y as readonly [Tensor, unknown], { aux: true })(1))
    expect(of(tensor(1))).toBe('TreeError: grad: with aux: true the function must return [scalar, aux], got a tensor')
    expect(of([tensor(1), 2, 3])).toContain('must return [scalar, aux], got an array')
  })
})

describe('mistakes under grad', () => {
  it('a leaf without derivative or that is no tensor: the message names its path', () => {
    const f = (p: { readonly w: Tensor; readonly step: Tensor }): Tensor => sum(p.w)
    expect(mistake(() => grad(f)({ w: tensor([1]), step: i32(3) }))).toBe(
      'DtypeError: grad: argument[0].step is int32[], which has no derivative: cast it to float32, or leave it out of argnums',
    )
    const second = grad((_x: Tensor, ps: readonly Tensor[]) => sum(ps[0] as Tensor), { argnums: 1 })
    expect(mistake(() => second(1, [tensor(1), tensor(true)]))).toContain(
      'argument[1][1] is bool[], which has no derivative',
    )
    expect(mistake(() => second(1, [tensor(1), 'x' as unknown as Tensor]))).toBe(
      'TreeError: grad: argument[1][1] is "x", not a tensor',
    )
    expect(mistake(() => second(1, undefined as unknown as Tensor[]))).toContain(
      'argument[1] is undefined, not a tensor',
    )
  })

  it('a result that is no float scalar', () => {
    const of = (y: unknown): string => mistake(() => grad((_x: Tensor) => y as Tensor)(1))
    expect(of(tensor([1, 2]))).toBe(
      'ShapeError: grad: the function must return a scalar, got float32[2]: reduce it, for example with sum or mean, or use vjp',
    )
    expect(of(tensor([1]))).toContain('got float32[1]')
    expect(of(i32(1))).toBe('DtypeError: grad: the function must return a float, got int32[]')
    expect(of([tensor(1), tensor(2)])).toContain(
      'must return a scalar tensor (with aux: true, [scalar, aux]), got an array',
    )
    expect(of(undefined)).toContain('got undefined')
  })

  it('mixed dtypes inside, as anywhere', () => {
    expect(mistake(() => grad((x: Tensor) => mul(x, f64(2)))(tensor(1)))).toBe(
      "DtypeError: mul: dtypes differ: float32 and float64; convert one, as in cast('float64')(x)",
    )
  })
})

describe('stopGradient', () => {
  it('is the identity with derivative zero, for grad and grad of grad', () => {
    const f = (x: Tensor): Tensor => mul(x, stopGradient(cube(x)))
    expect(item(f(tensor(2)))).toBe(16)
    expect(item(grad(f)(2))).toBe(8)
    expect(item(grad(grad(f))(2))).toBe(0)
  })

  it('stops every derivative around it, also that of an outer variable', () => {
    const f = (x: Tensor): Tensor => mul(x, grad((y: Tensor) => mul(y, stopGradient(mul(x, y))))(3))
    // inner gradient is stop(3x), so f = x·stop(3x) and f' = 3x
    expect(item(grad(f)(2))).toBe(6)
  })

  it('leaves values alone inside a straight-through estimator', () => {
    const round = (x: Tensor): Tensor => add(x, stopGradient(sub(cast('float32')(cast('int32')(x)), x)))
    expectClose(round(tensor([1.7, -2.2])), [1, -2])
    expectClose(grad((x: Tensor) => sum(round(x)))(tensor([1.7, -2.2])), [1, 1])
  })
})

describe('a training step', () => {
  it('lowers the loss by gradient descent on a tree of parameters', () => {
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])
    const y = tensor([[0], [1], [1], [0]])
    type Params = { readonly w1: Tensor; readonly b1: Tensor; readonly w2: Tensor }
    const start: Params = {
      w1: tensor([
        [0.9, -1.1, 0.4],
        [-0.8, 1.2, 0.3],
      ]),
      b1: tensor([0.1, -0.1, 0.2]),
      w2: tensor([[1.1], [0.9], [-0.5]]),
    }
    const loss = (p: Params): Tensor => sum(square(sub(matmul(tanh(add(matmul(x, p.w1), p.b1)), p.w2), y)))
    let params = start
    for (let i = 0; i < 300; i++) {
      const gradient = grad(loss)(params)
      params = {
        w1: sub(params.w1, mul(0.03, gradient.w1)),
        b1: sub(params.b1, mul(0.03, gradient.b1)),
        w2: sub(params.w2, mul(0.03, gradient.w2)),
      }
    }
    expect(item(loss(params))).toBeLessThan(0.2)
    expect(treeMap(start, w => w)).toEqual(start)
  })
})

describe('types', () => {
  it('of gradients follow argnums', () => {
    const f = (x: Tensor, p: { readonly w: Tensor }): Tensor => mul(x, p.w)
    type Scalar = Tensor<readonly []>
    expectTypeOf(grad(f)(1, { w: 2 })).toEqualTypeOf<Scalar>()
    expectTypeOf(grad(f, { argnums: 1 })(1, { w: 2 })).toEqualTypeOf<{ readonly w: Scalar }>()
    expectTypeOf(grad(f, { argnums: [1, 0] })(1, { w: 2 })).toEqualTypeOf<readonly [{ readonly w: Scalar }, Scalar]>()
    expectTypeOf(grad((x: Tensor) => [sin(x), 'aux'] as const, { aux: true })(1)).toEqualTypeOf<
      readonly [Scalar, 'aux']
    >()
  })
})
