import { describe, expect, it } from 'vitest'
import {
  add,
  cast,
  evalShape,
  grad,
  hessian,
  hvp,
  item,
  jacfwd,
  jacrev,
  jit,
  linearize,
  linearTranspose,
  matmul,
  mul,
  ones,
  pow,
  scan,
  sin,
  square,
  stack,
  sum,
  type Tensor,
  tensor,
  toArray,
  vjp,
  zeros,
} from '../../src/index.ts'
import { plain } from '../support/plain.ts'
import { expectClose, f64, mistake } from '../support/values.ts'

const vector = tensor([1, 2])

describe('Jacobians', () => {
  it('forward and reverse mode give the same, [...y, ...x]', () => {
    const f = (x: Tensor) =>
      matmul(
        x,
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      )
    for (const jacobian of [jacfwd, jacrev]) {
      expect(toArray(jacobian(f)(vector))).toEqual([
        [1, 4],
        [2, 5],
        [3, 6],
      ])
      expect(jacobian(f)(ones([5, 2])).shape).toEqual([5, 3, 5, 2])
      expect(toArray(jacobian((x: Tensor) => square(x))(3))).toBe(6)
      expect(toArray(jacobian((x: Tensor, y: Tensor) => mul(x, y), { argnums: 1 })(2, vector))).toEqual([
        [2, 0],
        [0, 2],
      ])
      expect(jacobian(f)(zeros([0, 2])).shape).toEqual([0, 3, 0, 2])
    }
  })
  it('of trees are trees of blocks', () => {
    type Point = { readonly a: Tensor; readonly b: readonly [Tensor, Tensor] }
    const f = ({ a, b: [u, v] }: Point) => ({ product: matmul(a, u), rest: [mul(u, v), sum(a)] as const })
    const at: Point = {
      a: f64([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      b: [f64([0.5, -1]), f64(3)],
    }
    const [forward, reverse] = [jacfwd(f)(at), jacrev(f)(at)]
    const { product, rest } = forward
    expect([product.a, product.b[0], product.b[1]].map(x => x.shape)).toEqual([[3, 3, 2], [3, 2], [3]])
    expect([rest[0].a, rest[0].b[0], rest[1].b[0], rest[1].b[1]].map(x => x.shape)).toEqual([
      [2, 3, 2],
      [2, 2],
      [2],
      [],
    ])
    expect(plain(forward)).toEqual(plain(reverse))
    expect(toArray(forward.product.b[0])).toEqual(toArray(at.a))
    expect(toArray(forward.rest[0].b[0])).toEqual([
      [3, 0],
      [0, 3],
    ])
    expect(toArray(forward.rest[0].b[1])).toEqual([0.5, -1])
    expect(toArray(reverse.rest[1].a)).toEqual(toArray(ones([3, 2])))
    expect(toArray(reverse.product.b[1])).toEqual([0, 0, 0])
  })
  it('in several arguments are lists, and other arguments are passed on untouched', () => {
    const f = (x: Tensor, power: number, y: Tensor) => mul(pow(x, power), y)
    for (const jacobian of [jacfwd, jacrev]) {
      const [dx, dy] = jacobian(f, { argnums: [0, 2] })(f64([1, 2]), 2, f64([3, 4]))
      expect(toArray(dx)).toEqual([
        [6, 0],
        [0, 16],
      ])
      expect(toArray(dy)).toEqual([
        [1, 0],
        [0, 4],
      ])
      const outside = jit((x: Tensor) => jacobian(f, { argnums: 0 })(x, 2, f64([3, 4])))
      expect(toArray(outside(f64([1, 2])))).toEqual(toArray(dx))
    }
  })
  it('the Hessian of a tree has all its blocks', () => {
    const f = ({ x, y }: { readonly x: Tensor; readonly y: Tensor }) => sum(mul(square(x), y))
    const h = hessian(f)({ x: f64([1, 2]), y: f64([3, 4]) })
    expect([h.x.x, h.x.y, h.y.x, h.y.y].map(toArray)).toEqual(
      [
        [6, 8],
        [2, 4],
        [2, 4],
        [0, 0],
      ].map(([a, b]) => [
        [a, 0],
        [0, b],
      ]),
    )
    const [[xx, xy], [, yy]] = hessian((x: Tensor, y: Tensor) => mul(square(x), y), { argnums: [0, 1] })(3, 5)
    expect([item(xx as Tensor<[]>), item(xy as Tensor<[]>), item(yy as Tensor<[]>)]).toEqual([10, 6, 0])
  })
  it('with aux give it back beside them, with the values it has without derivatives', () => {
    const g = jit((x: Tensor) => mul(x, 3))
    const f = (x: Tensor) => [square(x), { tripled: g(x), name: 'f', twice: [x, x] }] as const
    for (const jacobian of [jacfwd, jacrev])
      for (const whole of [
        jacobian(f, { aux: true }),
        jit(jacobian((x: Tensor) => [f(x)[0], f(x)[1].tripled] as const, { aux: true })),
      ]) {
        const [derivative, aux] = whole(f64([1, 2])) as readonly [Tensor, Tensor | ReturnType<typeof f>[1]]
        expect(toArray(derivative)).toEqual([
          [2, 0],
          [0, 4],
        ])
        if ('name' in aux) expect([aux.name, ...aux.twice.map(toArray)]).toEqual(['f', [1, 2], [1, 2]])
        expect(toArray('name' in aux ? aux.tripled : aux)).toEqual([3, 6])
      }
    const [curvature, sine] = hessian((x: Tensor) => [sum(mul(square(x), x)), sin(x)] as const, { aux: true })(
      f64([0, 1]),
    )
    expect(toArray(curvature)).toEqual([
      [0, 0],
      [0, 6],
    ])
    expectClose(sine, [0, Math.sin(1)], 1e-12)
    expect(mistake(() => jacfwd((x: Tensor) => x as unknown as readonly [Tensor, 0], { aux: true })(1))).toBe(
      'TreeError: jacfwd: with aux: true the function must return [result, aux], got a tensor',
    )
  })
  it('the Hessian is symmetric, and hvp its product with a direction', () => {
    const f = (x: Tensor) =>
      sum(
        mul(
          square(x),
          sin(
            matmul(
              tensor(
                [
                  [1, 2],
                  [3, 4],
                ],
                { dtype: x.dtype },
              ),
              x,
            ),
          ),
        ),
      )
    const x = f64([0.3, 0.7])
    const h = toArray(hessian(f)(x)) as number[][]
    expect(h[0]?.[1]).toBeCloseTo(h[1]?.[0] ?? 0, 12)
    expectClose(hvp(f)(x, f64([1, -2])), toArray(matmul(hessian(f)(x), f64([1, -2]))) as number[], 1e-12)
    expectClose(
      hvp((p: { readonly x: Tensor }) => f(p.x))({ x }, { x: f64([1, -2]) }).x,
      toArray(hvp(f)(x, f64([1, -2]))) as number[],
    )
  })
  it('say what they differentiate', () => {
    expect(mistake(() => jacfwd((x: Tensor) => x, { argnums: 1 as 0 })(1))).toBe(
      'ValueError: jacfwd: argnums 1 do not name different ones of 1 arguments, counted from 0',
    )
    expect(mistake(() => jacrev((x: readonly Tensor[]) => stack(x))([]))).toContain('jacrev: there is no tensor')
    expect(mistake(() => hessian((x: Tensor) => x)(vector))).toContain('hessian: the function must return a scalar')
    expect(mistake(() => hessian((x: Tensor) => sum(x))(tensor([1], { dtype: 'int32' })))).toContain(
      'hessian: argument',
    )
    expect(mistake(() => jacrev((x: Tensor) => x)(tensor([1], { dtype: 'int32' })))).toContain(
      'which has no derivative',
    )
    expect(mistake(() => jacfwd((x: Tensor) => cast('int32')(x))(1))).toContain('the function must return a float')
    expect(mistake(() => jacfwd((x: Tensor) => [x, 'x'] as never)(1))).toContain('jacfwd: output[1]')
  })
})

describe('linearize', () => {
  it('is the value and the derivative as a linear function', () => {
    const [y, df] = linearize((x: Tensor, w: Tensor) => mul(sin(x), w))(0, 3)
    expect([item(y), item(df(1, 0)), item(df(2, 5))]).toEqual([0, 3, 6])
  })
  it('computes what does not depend on the direction once', () => {
    let runs = 0
    const [, df] = linearize((x: Tensor) => {
      runs++
      return sin(x)
    })(1)
    df(1)
    df(2)
    expect(runs).toBe(1)
  })
  it('refuses tangents that do not fit', () => {
    const [, df] = linearize((x: Tensor) => x)(vector)
    expect(mistake(() => df(tensor([1, 2, 3])))).toContain(
      'ShapeError: linearize: tangent[0] is float32[3], but the value is float32[2]',
    )
  })
})

describe('linearTranspose', () => {
  it('is the adjoint: the pullback of a linear function', () => {
    const f = (x: Tensor) => scan((c: Tensor, v: Tensor) => [add(mul(c, 2), v), sum(c)] as const)(0, x)
    const [ct] = linearTranspose(f)(zeros([3]))([1, tensor([1, 1, 1])])
    expect(toArray(ct)).toEqual(toArray(vjp(f)(zeros([3]))[1]([1, tensor([1, 1, 1])])[0]))
  })
  it('refuses what is not linear', () => {
    expect(mistake(() => linearTranspose((x: Tensor) => sin(x))(vector)(vector))).toContain('is not linear')
    expect(mistake(() => linearTranspose((x: Tensor) => mul(x, x))(vector)(vector))).toBe(
      'RuleError: mul: is not linear in two arguments that both depend on what the function is to be linear in',
    )
    expect(mistake(() => linearTranspose((x: Tensor) => matmul(x, x))(zeros([2, 2]))(zeros([2, 2])))).toContain(
      'not linear in two',
    )
    expect(mistake(() => linearTranspose((_x: Tensor) => vector)(vector)(vector))).toContain(
      'does not depend on the arguments',
    )
  })
})

describe('evalShape', () => {
  it('says shapes and dtypes of trees, and computes nothing', () => {
    const f = (x: Tensor, p: { readonly w: Tensor }) => ({ y: matmul(x, p.w), n: sum(x) })
    expect(evalShape(f)({ shape: [1e6, 3], dtype: 'float32' }, { w: zeros([3, 4]) })).toEqual({
      y: { shape: [1e6, 4], dtype: 'float32' },
      n: { shape: [], dtype: 'float32' },
    })
    expect(evalShape(grad((x: Tensor) => square(x)))(2)).toEqual({ shape: [], dtype: 'float32' })
    expect(mistake(() => evalShape(f)('x' as never, 1 as never))).toContain('an argument is "x"')
  })
})
