import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/shape.ts'
import { data, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  argsort,
  eye,
  gather,
  grad,
  jvp,
  mul,
  oneHot,
  reshape,
  scatterAdd,
  sort,
  sum,
  take,
  takeAlongAxis,
  vmap,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

const m = i32([
  [0, 1, 2],
  [3, 4, 5],
])

describe('take', () => {
  it('is that of NumPy, with negative positions', () => {
    expectClose(take(m, i32([1, 0, 1])), numpy['take axis 0'])
    expectClose(
      take({ axis: 1 })(
        m,
        i32([
          [2, 0],
          [-1, 1],
        ]),
      ),
      numpy['take axis 1 matrix'],
    )
    expectClose(take(m, 1), [3, 4, 5])
    expectClose(take(m, -1), [3, 4, 5])
    expect(take({ axis: 1 })(m, zeros([0], { dtype: 'int32' })).shape).toEqual([2, 0])
  })

  it('outside -n … n-1 reads NaN, 0 or false', () => {
    expectClose(take(f64([1, 2]), i32([-3, -2, 1, 2])), [Number.NaN, 1, 2, Number.NaN])
    expectClose(take(i32([1, 2]), i32([-3, 2])), [0, 0])
    expectClose(take(tensor([true, true]), i32([1, 2])), [true, false])
    expectClose(take(f64([]), i32([0])), [Number.NaN])
  })

  it('the gradient adds up where a position comes twice, and is 0 for those outside', () => {
    const f = (x: Tensor): Tensor => sum(mul(take(x, i32([1, 1, -1, 7])), f64([1, 10, 100, 1000])))
    expectClose(grad(f)(f64([1, 2, 3])), [0, 11, 100])
    const [, dy] = jvp((x: Tensor) => take(x, i32([0, 5])))([f64([1, 2])], [f64([3, 4])])
    expectClose(dy, [3, 0])
  })

  it('mistakes', () => {
    expect(mistake(() => take(m, tensor([0.5])))).toBe(
      "DtypeError: take: indices must be int32, got float32; convert with cast('int32')",
    )
    expect(mistake(() => take(m, 0.5))).toBe('ValueError: take: 0.5 is no index: use a whole number or an int32 tensor')
    expect(mistake(() => take({ axis: 2 })(m, 0))).toContain('AxisError: take: axis 2')
    expect(mistake(() => (take as unknown as (x: Tensor) => Tensor)(m))).toBe(
      'ValueError: take: needs indices: an int32 tensor or a whole number',
    )
  })
})

describe('takeAlongAxis', () => {
  it('is that of NumPy', () => {
    expectClose(
      takeAlongAxis(
        m,
        i32([
          [2, -1],
          [0, 1],
        ]),
      ),
      numpy['take_along_axis 1'],
    )
  })

  it('at the positions that sort, sorts', () => {
    const x = wavy([3, 4])
    for (const axis of [0, 1, -1, -2])
      expectSame(takeAlongAxis({ axis })(x, argsort({ axis })(x)), sort({ axis })(x), 0)
  })

  it('mistakes', () => {
    expect(mistake(() => takeAlongAxis({ axis: 0 })(m, i32([[0, 0]])))).toBe(
      'ShapeError: takeAlongAxis: indices [1,2] and x [2,3] must agree on all axes but 0',
    )
    expect(mistake(() => takeAlongAxis(m, i32([0])))).toBe(
      'ShapeError: takeAlongAxis: indices [1] and x [2,3] must agree on all axes but 1',
    )
  })
})

describe('gather and scatterAdd', () => {
  it('gather reads slices at the coordinates in the last axis of the indices', () => {
    expectClose(
      gather()(
        m,
        i32([
          [1, 2],
          [0, 0],
        ]),
      ),
      [5, 0],
    )
    expectClose(gather()(m, i32([[1]])), [[3, 4, 5]])
    expectClose(gather()(m, zeros([2, 0], { dtype: 'int32' })), [
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ])
    expectClose(gather({ batch: 1 })(m, i32([[[2]], [[0]]])), [[2], [3]])
  })

  it('does not count from the end: negative positions are outside', () => {
    expectClose(gather()(f64([1, 2]), i32([[-1], [0], [2]])), [Number.NaN, 1, Number.NaN])
    expectClose(scatterAdd()(f64([1, 2]), i32([[-1], [0], [2]]), f64([10, 20, 30])), [21, 2])
  })

  it('scatterAdd adds at a position that comes twice', () => {
    expectClose(scatterAdd()(zeros([3]), i32([[2], [0], [2]]), tensor([1, 2, 3])), [2, 0, 4])
    expectClose(scatterAdd()(zeros([2, 2]), i32([[1]]), tensor([[5, 6]])), [
      [0, 0],
      [5, 6],
    ])
    expectClose(scatterAdd()(i32([2147483647]), i32([[0]]), i32([1])), [-2147483648])
  })

  it('are each other’s transpose: ⟨gather x, u⟩ = ⟨x, scatterAdd u⟩', () => {
    check(
      fc.property(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 5 }), at => {
        const indices = tensor(at, { dtype: 'int32', shape: [at.length, 1] })
        const [x, u] = [wavy([4, 2]), wavy([at.length, 2], 3)]
        const inside = at.map(i => i >= 0 && i < 4)
        const picked = data(gather()(x, indices))
        const left = [...data(u)].reduce((s, v, k) => (inside[Math.floor(k / 2)] ? s + v * (picked[k] ?? 0) : s), 0)
        const added = data(scatterAdd()(zeros([4, 2], { dtype: 'float64' }), indices, u))
        const right = [...data(x)].reduce((s, v, k) => s + v * (added[k] ?? 0), 0)
        expect(left).toBeCloseTo(right, 12)
      }),
      60,
    )
  })

  it('mistakes', () => {
    expect(mistake(() => gather()(m, i32([[0, 0, 0]])))).toBe(
      'ShapeError: gather: indices [1,3] do not fit [2,3] with 0 batch axes: the last size says how many axes are indexed',
    )
    expect(mistake(() => gather()(m, i32(0)))).toContain('ShapeError: gather: indices [] do not fit [2,3]')
    expect(mistake(() => gather({ batch: 1 })(m, i32([[0]])))).toContain('do not fit [2,3] with 1 batch axes')
    expect(mistake(() => gather()(m, tensor([[0]])))).toContain(
      'DtypeError: gather: indices must be int32, got float32',
    )
    expect(mistake(() => scatterAdd()(zeros([3]), i32([[0]]), zeros([2])))).toBe(
      'ShapeError: scatterAdd: updates must be float32[1], got float32[2]',
    )
  })
})

describe('oneHot', () => {
  it('is a row of the identity for each index, and zeros outside', () => {
    expectClose(oneHot({ classes: 3 })(i32([0, 2, 1])), [
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ])
    expectClose(oneHot({ classes: 2 })(i32([-1, 2, 1])), [
      [0, 0],
      [0, 0],
      [0, 1],
    ])
    expectSame(oneHot({ classes: 4, dtype: 'float64' })(i32(range(0, 4))), eye(4, { dtype: 'float64' }))
    expectClose(oneHot({ classes: 2, dtype: 'bool' })(1), [false, true])
    expect(oneHot({ classes: 0 })(i32([1])).shape).toEqual([1, 0])
    expectClose(oneHot({ classes: 2, dtype: 'int32' })(i32([[1], [0]])), [[[0, 1]], [[1, 0]]])
  })

  it('mistakes', () => {
    expect(mistake(() => oneHot({ classes: 3 })(tensor([1])))).toContain(
      'DtypeError: oneHot: indices must be int32, got float32',
    )
    expect(mistake(() => oneHot({ classes: 2.5 })(1))).toBe(
      'ValueError: oneHot: classes must be a whole number of at least 0, got 2.5',
    )
    expect(mistake(() => oneHot({ classes: -1 })(1))).toContain(
      'ValueError: oneHot: classes must be a whole number of at least 0, got -1',
    )
    expect(mistake(() => oneHot({ classes: 2 })(0.5))).toContain('ValueError: oneHot: 0.5 is no index')
  })
})

describe('sort and argsort', () => {
  const mod7 = tensor(
    range(0, 24).map(i => i % 7),
    { shape: [2, 3, 4], dtype: 'int32' },
  )

  it('are those of NumPy', () => {
    expectClose(argsort({ axis: 1 })(mod7), numpy.argsort)
    expectClose(sort({ axis: 0 })(mod7), numpy.sort)
  })

  it('ties keep their order, and derivatives go by it', () => {
    expectClose(argsort(f64([1, 0, 1, 0])), [1, 3, 0, 2])
    expectClose(grad((x: Tensor) => sum(mul(sort(x), f64([1, 2, 3, 4]))))(f64([1, 0, 1, 0])), [3, 1, 4, 2])
  })

  it('NaN comes last, after ∞; -0 and 0 tie', () => {
    expectClose(sort(f64([Number.NaN, Infinity, 1, -Infinity])), [-Infinity, 1, Infinity, Number.NaN])
    expectClose(argsort(f64([0, -0, Number.NaN, Number.NaN])), [0, 1, 2, 3])
    expectClose(argsort(f64([Infinity, Infinity, -Infinity, -Infinity])), [2, 3, 0, 1])
  })

  it('the result is sorted, and a permutation of what was there', () => {
    check(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 8 }), values => {
        const x = tensor(values, { dtype: 'int32' })
        expect([...data(sort(x))]).toEqual([...values].sort((a, b) => a - b))
        expect([...data(argsort(x))].sort((a, b) => a - b)).toEqual(range(0, values.length))
      }),
    )
  })

  it('the last axis by default, of empty and of mapped tensors', () => {
    expectClose(
      sort(
        f64([
          [2, 1],
          [0, 3],
        ]),
      ),
      [
        [1, 2],
        [0, 3],
      ],
    )
    expect([sort(zeros([0])).shape, sort(zeros([2, 0])).shape, argsort(zeros([0, 3])).shape]).toEqual([
      [0],
      [2, 0],
      [0, 3],
    ])
    expectClose(
      vmap((x: Tensor) => sort(x))(
        f64([
          [2, 1],
          [0, 3],
        ]),
      ),
      [
        [1, 2],
        [0, 3],
      ],
    )
    expect(toArray(reshape([-1])(argsort(i32([[3, 1, 2]]))))).toEqual([1, 2, 0])
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => argsort(tensor(1)))).toContain(
      'AxisError: argsort: axis -1 is out of range: a scalar has no axes',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => sort({ axis: 1 })(tensor([1])))).toContain('AxisError:')
  })
})
