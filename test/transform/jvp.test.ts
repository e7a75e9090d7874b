import { describe, expect, it } from 'vitest'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { add, argmax, cast, gt, jvp, mul, sin, square, sum, zeros } from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'

describe('jvp', () => {
  it('gives the value and the derivative in a direction', () => {
    const [y, dy] = jvp((x: Tensor) => sum(square(x)))([tensor([1, 2])], [tensor([1, -1])])
    expect([item(y), item(dy)]).toEqual([5, -2])
  })

  it('of several arguments adds up their directions', () => {
    const [, dy] = jvp((x: Tensor, y: Tensor) => mul(x, y))([2, 3], [1, 10])
    expect(item(dy)).toBe(23)
  })

  it('takes and gives trees', () => {
    const f = (p: { readonly a: Tensor; readonly b: readonly Tensor[] }) => ({
      s: add(p.a, p.b[0] as Tensor),
      list: [mul(p.a, p.b[1] as Tensor), 3],
    })
    const [y, dy] = jvp(f)(
      [{ a: tensor(1), b: [tensor(2), tensor(3)] }],
      [{ a: tensor(1), b: [tensor(0), tensor(10)] }],
    )
    expect([item(y.s), item(y.list[0] as Tensor), item(y.list[1] as Tensor)]).toEqual([3, 3, 3])
    expect([item(dy.s), item(dy.list[0] as Tensor), item(dy.list[1] as Tensor)]).toEqual([1, 13, 0])
  })

  it('numbers take the dtype of the argument they are tangents of', () => {
    const [y, dy] = jvp((x: Tensor) => sin(x))([f64(0)], [1])
    expect([y.dtype, dy.dtype, item(dy)]).toEqual(['float64', 'float64', 1])
  })

  it('of an argument returned as it is, is its tangent; of a constant, zero', () => {
    const [y, dy] = jvp((x: Tensor) => [x, tensor([1, 2])] as const)([tensor(5)], [tensor(7)])
    expect([item(y[0]), item(dy[0]), toArray(dy[1])]).toEqual([5, 7, [0, 0]])
  })

  it('takes no notice of tangents of int32 and bool leaves, whatever they are', () => {
    const f = (x: Tensor, n: Tensor, b: Tensor): Tensor => mul(mul(x, cast('float32')(n)), cast('float32')(b))
    const [y, dy] = jvp(f)([tensor(2), i32(3), tensor(true)], [tensor(1), i32(100), tensor(false)])
    expect([item(y), item(dy)]).toEqual([6, 3])
    const [, same] = jvp(f)([tensor(2), i32(3), tensor(true)], [1, 0, 0])
    expect(item(same)).toBe(3)
  })

  it('results of int32 and bool have zero tangents of their own dtype', () => {
    const [y, dy] = jvp((x: Tensor) => ({ where: gt(x, 1), at: argmax(x) }))([tensor([1, 2])], [tensor([1, 1])])
    expect([toArray(y.where), toArray(dy.where), item(y.at), item(dy.at)]).toEqual([
      [false, true],
      [false, false],
      1,
      0,
    ])
    expect([dy.where.dtype, dy.at.dtype]).toEqual(['bool', 'int32'])
  })

  it('a conversion to int32 or bool ends the derivative', () => {
    const [, dn] = jvp((x: Tensor) => cast('int32')(x))([tensor([1.5, 2])], [tensor([7, 8])])
    const [, db] = jvp((x: Tensor) => cast('bool')(x))([tensor([1.5, 2])], [tensor([7, 8])])
    expect([toArray(dn), toArray(db)]).toEqual([
      [0, 0],
      [false, false],
    ])
  })

  it('keeps the tangent’s shape where the argument broadcasts', () => {
    const [, dy] = jvp((x: Tensor) => add(x, zeros([2, 3])))([tensor([1, 2, 3])], [tensor([1, 2, 3])])
    expectClose(dy, [
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  it('tangents that do not match: the message names the path and both types', () => {
    const f = (p: { readonly w: Tensor }): Tensor => sum(p.w)
    const wrong = (tangent: unknown): string =>
      mistake(() => jvp(f)([{ w: zeros([2]) }], [tangent] as unknown as [{ readonly w: Tensor }]))
    expect(wrong({ w: zeros([3]) })).toBe('ShapeError: jvp: tangent[0].w is float32[3], but the argument is float32[2]')
    expect(wrong({ w: f64([1, 2]) })).toContain('tangent[0].w is float64[2], but the argument is float32[2]')
    expect(wrong({ w: 1 })).toContain('tangent[0].w is float32[], but the argument is float32[2]')
    expect(wrong({ v: zeros([2]) })).toBe('TreeError: jvp: tree structures differ at [0]: a record {w} vs a record {v}')
    expect(wrong({ w: 'x' })).toBe('TreeError: jvp: tangent[0].w is "x", not a tensor')
    expect(mistake(() => jvp(f)([{ w: zeros([2]) }], [] as never))).toContain(
      'tree structures differ at the root: an array of 1 vs an array of 0',
    )
  })

  it('arguments that are no list: the message says so', () => {
    const x = tensor(1)
    expect(mistake(() => jvp(sin)(x as never, x as never))).toBe(
      'TreeError: jvp: takes the arguments and the tangents as two lists: jvp(f)([x], [dx])',
    )
  })
})
