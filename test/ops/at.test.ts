import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { data, type Nested, tensor } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  type AtIndex,
  arange,
  at,
  ellipsis,
  grad,
  gt,
  jvp,
  makeProgram,
  mul,
  newAxis,
  reshape,
  sum,
  type TensorLike,
  vmap,
  where,
  zeros,
} from '../../src/index.ts'
import { expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { cases } from './at-numpy.ts'

type Case = (typeof cases)[number]

const itemOf = (item: Case['index'][number]): AtIndex => {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item as AtIndex
  const { positions, mask } = item as { positions?: Nested; mask?: Nested }
  return mask === undefined ? tensor(positions ?? [], { dtype: 'int32' }) : tensor(mask, { dtype: 'bool' })
}

const placeOf = ({ index }: Case) => at(...index.map(itemOf))
const operandOf = ({ shape }: Case): Tensor => reshape(shape)(arange(shape.reduce((a, b) => a * b, 1)))
const titled = cases.map(c => [`${JSON.stringify(c.shape)} ${JSON.stringify(c.index)}`, c] as const)

describe('is that of NumPy', () => {
  it.each(titled)('%s', (_title, c) => {
    const [x, place] = [operandOf(c), placeOf(c)]
    const got = place.get(x)
    expect([got.shape, [...data(got)]]).toEqual([c.to, c.get])
    const values = tensor(
      c.get.map((_, i) => ((i * 7) % 5) + 2),
      { shape: c.to, dtype: 'int32' },
    )
    const updated = (['set', 'add', 'mul', 'min', 'max'] as const).map(method => [
      method,
      [...data(place[method](values)(x))],
    ])
    expect(Object.fromEntries(updated)).toEqual({ set: c.set, add: c.add, mul: c.mul, min: c.min, max: c.max })
  })

  it.each(titled)('what get reads is what its gradient writes: %s', (_title, c) => {
    const place = placeOf(c)
    const [x, weights] = [wavy(c.shape), wavy(c.to, 1)]
    const gradient = grad((v: Tensor) => sum(mul(place.get(v), weights)))(x)
    expectSame(gradient, place.add(weights)(zeros(c.shape, { dtype: 'float64' })))
  })
})

const m = i32([
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [8, 9, 10, 11],
])

describe('at', () => {
  it('stands in pipes, data last', () => {
    expectClose(pipe(m, at(1, [1, 3]).get), [5, 6])
    expectClose(pipe(zeros([2, 2]), at(0).set(1), at(ellipsis, 1).add(5), at(1, 1).mul(3)), [
      [1, 6],
      [0, 15],
    ])
  })
  it('leaves x as it was', () => {
    const x = f64([1, 2, 3])
    expectClose(at(1).set(9)(x), [1, 9, 3])
    expectClose(x, [1, 2, 3])
  })
  it('values broadcast to what is indexed, and take the dtype of x', () => {
    expectClose(at(null, [0, 2]).set(i32([[7], [8], [9]]))(m), [
      [7, 7, 2, 3],
      [8, 8, 6, 7],
      [9, 9, 10, 11],
    ])
    expect(at(0).set(1)(m).dtype).toBe('int32')
    expectClose(at(gt(m, 5), newAxis).get(m), [[6], [7], [8], [9], [10], [11]])
  })
  it('tensors of positions outside -n … n-1 read NaN, 0 or false, and write nothing', () => {
    const places = i32([-4, -3, 2, 3])
    expectClose(at(places).get(f64([1, 2, 3])), [Number.NaN, 1, 3, Number.NaN])
    expectClose(at(places).get(i32([1, 2, 3])), [0, 1, 3, 0])
    expectClose(at(places).get(tensor([true, true, true])), [false, true, true, false])
    expectClose(at(places).set(f64([7, 8, 9, 10]))(f64([1, 2, 3])), [8, 2, 9])
    expectClose(
      grad((x: Tensor) => sum(where(tensor([false, true, true, false]), at(places).get(x), 0)))(f64([1, 2, 3])),
      [1, 0, 1],
    )
  })
  it('slices are clipped, and may be empty; a whole number outside throws', () => {
    expectClose(at([2, 9]).get(arange(4)), [2, 3])
    expect(at([9, null]).get(m).shape).toEqual([0, 4])
    expectClose(at([3, 1]).set(7)(arange(4)), [0, 1, 2, 3])
    expect(mistake(() => at(3).get(m))).toBe(
      'IndexError: at.get: 3 is no position on axis 0 of [3,4]: use whole numbers of -3 to 2',
    )
    expect(mistake(() => at(null, -5).set(0)(m))).toContain('IndexError: at.set: -5 is no position on axis 1')
    expect(mistake(() => at(0).get(zeros([0])))).toContain('IndexError: at.get: 0 is no position on axis 0 of [0]')
  })
  it('a place named twice: set keeps the last, the others combine all', () => {
    const place = at(i32([1, 1, 0, 1]))
    const x = f64([10, 20])
    const values = f64([2, 3, 5, 4])
    expectClose(place.set(values)(x), [5, 4])
    expectClose(place.add(values)(x), [15, 29])
    expectClose(place.mul(values)(x), [50, 480])
    expectClose(place.min(values)(x), [5, 2])
    expectClose(place.max(f64([2, 30, 50, 4]))(x), [50, 30])
    expectClose(grad((v: Tensor) => sum(place.set(v)(x)))(values), [0, 0, 1, 1])
    expectClose(grad((v: Tensor) => sum(place.mul(v)(x)))(values), [240, 160, 10, 120])
    expectClose(grad((v: Tensor) => sum(place.max(v)(f64([5, 3]))))(f64([3, 1, 5, 3])), [1 / 3, 0, 0.5, 1 / 3])
  })
  it('x has no derivative where it was set', () => {
    const weights = f64([1, 10, 100])
    expectClose(grad((x: Tensor) => sum(mul(at([1, null]).set(0)(x), weights)))(f64([1, 2, 3])), [1, 0, 0])
    const [, dy] = jvp((x: Tensor) => at(gt(x, 1.5)).set(0)(x))([f64([1, 2])], [f64([5, 6])])
    expectClose(dy, [5, 0])
  })
  it('under vmap, positions may differ along the batch', () => {
    expectClose(vmap((x: Tensor, i: Tensor) => at(i).get(x))(m, i32([3, -1, 0])), [3, 7, 8])
    expectClose(vmap((x: Tensor, i: Tensor) => at(i).set(0)(x))(m, i32([3, -1, 9])), [
      [0, 1, 2, 0],
      [4, 5, 6, 0],
      [8, 9, 10, 11],
    ])
  })
})

describe('masks', () => {
  it('are known inside grad, and everywhere when they come from outside', () => {
    expectClose(grad((x: Tensor) => sum(at(gt(x, 1)).get(mul(x, x))))(f64([1, 2, 3])), [0, 4, 6])
    const even = tensor([true, false, true, false])
    expectClose(vmap((x: Tensor) => at(even).get(x))(m), [
      [0, 2],
      [4, 6],
      [8, 10],
    ])
  })
  it('are a TraceError where their values are not known', () => {
    const clipped = (x: Tensor): Tensor => at(gt(x, 1)).set(0)(x)
    const message =
      'TraceError: at.set: how many places a mask bool[4] picks depends on values that are not known inside vmap or a recorded function: choose with where(mask, x, y), or make the mask outside'
    expect(mistake(() => vmap(clipped)(m))).toBe(message)
    expect(mistake(() => makeProgram(clipped)(arange(4)))).toBe(message)
  })
  it('must fit the axes that they stand for', () => {
    expect(mistake(() => at(tensor([true, false])).get(m))).toBe(
      'ShapeError: at.get: a mask bool[2] does not fit axis 0 of [3,4] and on',
    )
    expect(mistake(() => at(tensor(true)).get(m))).toContain('ShapeError: at.get: a mask bool[] does not fit')
  })
})

describe('mistakes', () => {
  const loose = (...index: readonly unknown[]) => at(...(index as readonly AtIndex[])).get as (x: TensorLike) => Tensor

  it('of the index', () => {
    expect(mistake(() => loose(0, 0, 0)(m))).toBe('ShapeError: at.get: 3 axes are indexed of the 2 of [3,4]')
    expect(mistake(() => loose(ellipsis, 0, ellipsis)(m))).toBe('ValueError: at.get: an index has one ellipsis at most')
    expect(mistake(() => loose(f64([0]))(m))).toBe(
      "DtypeError: at.get: a tensor as index is int32 or bool, got float64; convert with cast('int32')",
    )
    expect(mistake(() => loose(true)(m))).toContain('ValueError: at.get: true is no index: use whole numbers, slices')
    expect(mistake(() => loose([0, 1, 1, 1])(m))).toContain('ValueError: at.get: an array is no index')
    expect(mistake(() => loose(undefined)(m))).toContain('ValueError: at.get: undefined is no index')
    expect(mistake(() => loose('last')(m))).toContain('ValueError: at.get: "last" is no index')
    expect(mistake(() => loose(0.5)(m))).toContain('IndexError: at.get: 0.5 is no position on axis 0')
    expect(mistake(() => loose([0, 1, 0])(m))).toContain('ValueError: at.get: [0, 1, 0] is no slice')
    expect(mistake(() => loose(i32([0, 1]), i32([0, 1, 2]))(m))).toBe(
      'ShapeError: at.get: cannot broadcast [2] with [3]: axis 0 is 2 vs 3',
    )
  })
  it('of the values', () => {
    expect(mistake(() => at(0).set(i32([1, 2]))(m))).toContain('ShapeError: at.set: cannot broadcast [2] to [4]')
    expect(mistake(() => at(0).set(f64([1]))(m))).toContain('DtypeError: at.set: dtypes differ: int32 and float64')
    expect(mistake(() => at(0).add(0.5)(m))).toContain('DtypeError: at.add: 0.5 does not fit a tensor of int32')
    expect(mistake(() => at(0).add(true)(tensor([true])))).toContain('DtypeError: at.add: does not take bool')
  })
})

describe('empty tensors and scalars', () => {
  it('go through', () => {
    expect(at(ellipsis, newAxis).get(zeros([0, 2])).shape).toEqual([0, 2, 1])
    expect(at(zeros([0], { dtype: 'int32' })).get(m).shape).toEqual([0, 4])
    expect(at(zeros([0, 2], { dtype: 'int32' }), null).set(0)(m).shape).toEqual([3, 4])
    expectClose(at().get(5), 5)
    expectClose(at().set(7)(f64(5)), 7)
  })
})
