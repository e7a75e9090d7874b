import { describe, expect, it } from 'vitest'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  argmax,
  cast,
  exp,
  grad,
  jvp,
  makeProgram,
  matmul,
  mul,
  onesLike,
  sin,
  square,
  stack,
  sum,
  vjp,
  vmap,
  zeros,
} from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'

describe('vjp', () => {
  it('gives the value and a pullback to all arguments', () => {
    const [y, pullback] = vjp((x: Tensor, w: Tensor) => matmul(x, w))(tensor([[1, 2]]), tensor([[3], [4]]))
    expect(toArray(y)).toEqual([[11]])
    expect(pullback(onesLike(y)).map(toArray)).toEqual([[[3, 4]], [[1], [2]]])
  })

  it('the pullback may be called again, after the trace has ended, with other cotangents', () => {
    const [, pullback] = vjp((x: Tensor) => mul(x, exp(x)))(f64([0, 1]))
    const first = pullback(f64([1, 1]))[0]
    expectClose(first, [1, 2 * Math.E], 1e-12)
    expectClose(pullback(f64([2, 0]))[0], [2, 0], 1e-12)
    expect(toArray(pullback(f64([1, 1]))[0])).toEqual(toArray(first))
  })

  it('the pullback can be differentiated: it is linear', () => {
    const [, pullback] = vjp((x: Tensor) => mul(sin(x), x))(f64([0.5, 1]))
    const linear = (ct: Tensor): Tensor => pullback(ct)[0]
    const [value, along] = jvp(linear)([f64([1, 2])], [f64([3, 4])])
    expect([toArray(value), toArray(along)]).toEqual([toArray(linear(f64([1, 2]))), toArray(linear(f64([3, 4])))])
    const back = grad((ct: Tensor) => sum(mul(pullback(ct)[0], f64([1, 10]))))(f64([1, 2]))
    expectClose(back, toArray(linear(f64([1, 10]))) as number[], 1e-12)
  })

  it('the pullback can be vmapped: the rows of the Jacobian', () => {
    const x = f64([0.5, 1])
    const f = (v: Tensor): Tensor => stack([mul(v, v), sin(v)])
    const [, pullback] = vjp(f)(x)
    const basis = f64([
      [
        [1, 0],
        [0, 0],
      ],
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ])
    expectClose(
      vmap((ct: Tensor) => pullback(ct)[0])(basis),
      [
        [1, 0],
        [0, 2],
        [Math.cos(0.5), 0],
        [0, Math.cos(1)],
      ],
      1e-12,
    )
  })

  it('the pullback can be recorded, and sees outer variables', () => {
    const program = makeProgram((ct: Tensor) => vjp((x: Tensor) => square(x))(f64([1, 2]))[1](ct)[0])(f64([1, 1]))
    expect(program.inputs).toHaveLength(1)
    const second = grad((x: Tensor) => sum(vjp((z: Tensor) => mul(z, mul(z, x)))(x)[1](onesLike(x))[0]))(f64([3]))
    // pullback of z²x at z = x is 2zx = 2x², whose derivative is 4x
    expect(toArray(second)).toEqual([12])
  })

  it('cotangents have the structure of the result, and come back in that of the arguments', () => {
    const f = (p: { readonly a: Tensor; readonly b: Tensor }, c: readonly Tensor[]) => ({
      sum: add(p.a, c[0] as Tensor),
      parts: [mul(p.b, 2), tensor(7)],
    })
    const [, pullback] = vjp(f)({ a: tensor(1), b: tensor([1, 2]) }, [tensor(3)])
    const [p, c] = pullback({ sum: tensor(5), parts: [tensor([1, 10]), tensor(100)] })
    expect([item(p.a), toArray(p.b), item(c[0] as Tensor)]).toEqual([5, [2, 20], 5])
  })

  it('numbers take the dtype of the result they are cotangents of', () => {
    const [, pullback] = vjp((x: Tensor) => sum(x))(f64([1, 2]))
    expect(toArray(pullback(2)[0])).toEqual([2, 2])
  })

  it('an argument returned twice gets both cotangents; one not used gets zeros', () => {
    const [, pullback] = vjp((x: Tensor, _y: Tensor) => [x, x] as const)(tensor(1), tensor([1, 2]))
    const [dx, dy] = pullback([tensor(3), tensor(4)])
    expect([item(dx), toArray(dy)]).toEqual([7, [0, 0]])
  })

  it('int32 and bool leaves, in or out, take no part; their cotangents are zeros', () => {
    const f = (x: Tensor, n: Tensor) => ({ y: mul(x, cast('float32')(n)), at: argmax(x) })
    const [y, pullback] = vjp(f)(tensor([1, 2]), i32(3))
    const [dx, dn] = pullback({ y: tensor([1, 1]), at: i32(50) })
    expect([item(y.at), toArray(dx), toArray(dn), dn.dtype]).toEqual([1, [3, 3], 0, 'int32'])
  })

  it('takes cotangents back through float dtypes', () => {
    const [, pullback] = vjp((x: Tensor) => cast('float64')(x))(tensor([1, 2]))
    const [dx] = pullback(f64([1, 2]))
    expect([dx.dtype, toArray(dx)]).toEqual(['float32', [1, 2]])
  })

  it('a cotangent that does not match: the message names the path and both types', () => {
    const [, pullback] = vjp((x: Tensor) => ({ y: mul(x, 2) }))(zeros([2]))
    const wrong = (ct: unknown): string => mistake(() => pullback(ct as { readonly y: Tensor }))
    expect(wrong({ y: zeros([3]) })).toBe('ShapeError: vjp: cotangent.y is float32[3], but the output is float32[2]')
    expect(wrong({ y: f64([1, 2]) })).toContain('cotangent.y is float64[2], but the output is float32[2]')
    expect(wrong({ z: zeros([2]) })).toBe(
      'TreeError: vjp: tree structures differ at the root: a record {y} vs a record {z}',
    )
    expect(wrong({ y: null })).toBe('TreeError: vjp: cotangent.y is null, not a tensor')
  })

  it('an argument that is no tensor: the message names its path', () => {
    expect(mistake(() => vjp((x: { readonly w: Tensor }) => x.w)({ w: 'x' } as never))).toBe(
      'TreeError: vjp: argument[0].w is "x", not a tensor',
    )
  })
})
