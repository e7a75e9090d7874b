import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grad, mul, reshape, slice, sum, type Tensor, tensor, toArray, transpose } from '../../src/index.ts'
import { choice, key, permutation, splitMany } from '../../src/random/index.ts'
import { vmap } from '../../src/transform/vmap.ts'
import { jax } from './known.ts'
import { CHI_SQUARE_LIMIT, chiSquareExcess, countsOf, holds, keys, throwsTagged, values } from './support.ts'

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)
const ascending = (xs: readonly number[]): readonly number[] => [...xs].sort((a, b) => a - b)
const matrix = reshape([3, 4])(tensor([...upTo(12)]))

describe('permutation', () => {
  it('gives the orders of jax.random.permutation', () => {
    const known = jax.permutation
    expect(toArray(permutation(10)(key(0)))).toEqual(known['0: 10'])
    // Enough numbers that they are sorted twice.
    expect(toArray(slice([[0, 10]])(permutation(2000)(key(42))))).toEqual(known['42: first of 2000'])
    expect(toArray(permutation(matrix)(key(42)))).toEqual(known['42: matrix'])
    expect(toArray(permutation(matrix, { axis: 1 })(key(42)))).toEqual(known['42: matrix, axis 1'])
    const independent = permutation(matrix, { axis: 1, independent: true })(key(42))
    expect(toArray(independent)).toEqual(known['42: matrix, axis 1, independent'])
  })

  it('holds every number once', () => {
    holds(
      fc.property(keys, fc.nat({ max: 40 }), (k, n) => {
        expect(ascending(values(permutation(n)(k)))).toEqual(upTo(n))
      }),
    )
    expect(ascending(values(permutation(3000)(key(0))))).toEqual(upTo(3000))
  })

  it('of a tensor is the tensor at the permuted positions', () => {
    holds(
      fc.property(keys, k => {
        const rows = toArray(matrix) as readonly (readonly number[])[]
        const order = values(permutation(3)(k))
        expect(toArray(permutation(matrix)(k))).toEqual(order.map(i => rows[i]))
        const columns = toArray(transpose([1, 0])(matrix)) as readonly (readonly number[])[]
        const turned = transpose([1, 0])(permutation(matrix, { axis: -1 })(k))
        expect(toArray(turned)).toEqual(values(permutation(4)(k)).map(i => columns[i]))
      }),
    )
  })

  it('with independent lines permutes each line', () => {
    holds(
      fc.property(keys, k => {
        const drawn = toArray(permutation(matrix, { axis: 1, independent: true })(k)) as readonly (readonly number[])[]
        expect(drawn.map(ascending)).toEqual(toArray(matrix))
      }),
    )
  })

  it('gives all orders equally often', () => {
    const orders = toArray(vmap(permutation(4))(splitMany({ count: 2400 })(key(31)))) as readonly (readonly number[])[]
    const seen = new Map<string, number>()
    for (const order of orders) seen.set(order.join(), (seen.get(order.join()) ?? 0) + 1)
    expect(seen.size).toBe(24)
    expect(chiSquareExcess([...seen.values()], Array(24).fill(1 / 24))).toBeLessThan(CHI_SQUARE_LIMIT)
  })

  it('carries derivatives to where the elements came from', () => {
    const weights = tensor([1, 10, 100, 1000])
    const x = tensor([0, 1, 2, 3])
    const ct = grad((y: Tensor) => sum(mul(weights, permutation(y)(key(2)))))(x)
    const order = values(permutation(4)(key(2)))
    expect(values(ct)).toEqual(upTo(4).map(i => 10 ** order.indexOf(i)))
  })

  it('keeps dtypes, and takes no elements or one', () => {
    const flags = permutation(tensor([true, false, true]))(key(0))
    expect([flags.dtype, ascending(values(flags))]).toEqual(['bool', [0, 1, 1]])
    expect(toArray(permutation(0)(key(0)))).toEqual([])
    expect(toArray(permutation(1)(key(0)))).toEqual([0])
  })

  it('refuses sizes and axes that are none', () => {
    throwsTagged(() => permutation(-1), 'ValueError', /^permutation: takes a tensor or a whole number/)
    throwsTagged(() => permutation(2.5), 'ValueError', /got 2.5/)
    throwsTagged(() => permutation(matrix, { axis: 2 }), 'AxisError', /^permutation: /)
  })
})

describe('choice', () => {
  it('chooses what jax.random.choice chooses', () => {
    const known = jax.choice
    expect(toArray(choice({ from: 10, shape: [2, 3] })(key(42)))).toEqual(known['42: [2,3] of 10'])
    const once = choice({ from: 10, shape: [4], replace: false })
    expect(toArray(once(key(42)))).toEqual(known['42: [4] of 10, once'])
    const columns = { from: matrix, shape: [2], axis: 1 } as const
    expect(toArray(choice(columns)(key(42)))).toEqual(known['42: [2] of matrix, axis 1'])
    const different = choice({ ...columns, replace: false })(key(42))
    expect(toArray(different)).toEqual(known['42: [2] of matrix, axis 1, once'])
  })

  it('without replacement chooses different ones', () => {
    holds(
      fc.property(keys, fc.nat({ max: 12 }), fc.nat({ max: 12 }), (k, a, b) => {
        const drawn = values(choice({ from: Math.max(a, b), shape: [Math.min(a, b)], replace: false })(k))
        expect(new Set(drawn).size).toBe(Math.min(a, b))
        expect(drawn.every(x => x >= 0 && x < Math.max(a, b))).toBe(true)
      }),
    )
  })

  it('with replacement chooses each equally often', () => {
    const counts = countsOf(values(choice({ from: 5, shape: [2000] })(key(3))), 5)
    expect(chiSquareExcess(counts, Array(5).fill(1 / 5))).toBeLessThan(CHI_SQUARE_LIMIT)
  })

  it('refuses to choose more than there are', () => {
    throwsTagged(() => choice({ from: 3, shape: [4], replace: false }), 'ShapeError', /different ones from 3/)
    throwsTagged(() => choice({ from: 0 }), 'ShapeError', /^choice: cannot choose \[\] from 0/)
    throwsTagged(() => choice({ from: -2 }), 'ValueError', /^choice: /)
    throwsTagged(() => choice({ from: matrix, axis: 5 }), 'AxisError', /^choice: /)
  })
})
