import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batches, batchesOf, shuffledBatches, takeRows } from '../../src/data/index.ts'
import { arange, data, reshape, tensor, toArray } from '../../src/index.ts'
import { key, permutation } from '../../src/random/index.ts'
import { check } from '../support/values.ts'

const counts = { n: fc.integer({ min: 0, max: 60 }), size: fc.integer({ min: 1, max: 20 }), seed: fc.nat() }
const numbers = (parts: ReturnType<ReturnType<typeof batches>>): number[] => parts.flatMap(part => [...data(part)])

describe('batches', () => {
  it('one after the other are the rows they were made of', () => {
    check(
      fc.property(counts.n, counts.size, counts.seed, (n, size, seed) => {
        const rows = permutation(n)(key(seed))
        expect(numbers(batches({ size })(rows))).toEqual([...data(rows)])
      }),
    )
  })

  it('hold `size` rows each, but for the last one, which holds the rest', () => {
    check(
      fc.property(counts.n, counts.size, (n, size) => {
        const sizes = batches({ size })(arange(n)).map(part => part.shape[0] ?? 0)
        expect(sizes.slice(0, -1).every(k => k === size)).toBe(true)
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(n)
        expect(sizes.every(k => k >= 1 && k <= size)).toBe(true)
      }),
    )
  })

  it('with dropLast are the full ones', () => {
    check(
      fc.property(counts.n, counts.size, (n, size) => {
        const full = batches({ size, dropLast: true })(arange(n))
        expect(full.map(toArray)).toEqual(
          batches({ size })(arange(n))
            .filter(part => part.shape[0] === size)
            .map(toArray),
        )
      }),
    )
  })

  it('of a permutation visit every row once, in an order that the key alone decides', () => {
    check(
      fc.property(counts.n, counts.size, counts.seed, (n, size, seed) => {
        const epoch = () => numbers(batches({ size })(permutation(n)(key(seed))))
        expect(epoch()).toEqual(epoch())
        expect(epoch().sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      }),
    )
  })

  it('refuse a size that is none, and rows that are no list', () => {
    expect(() => batches({ size: 0 })(arange(3))).toThrow('batches: size must be a whole number of at least 1, got 0')
    expect(() => batches({ size: 1.5 })(arange(3))).toThrow('got 1.5')
    expect(() => batches({ size: 2 })(reshape([2, 2])(arange(4)))).toThrow('row numbers along one axis, got [2,2]')
  })
})

describe('takeRows', () => {
  it('takes the same rows of every tensor of a tree', () => {
    const tree = {
      x: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      deep: [arange(3)] as const,
    }
    const { x, deep } = takeRows(tensor([2, 0], { dtype: 'int32' }))(tree)
    expect(toArray(x)).toEqual([
      [5, 6],
      [1, 2],
    ])
    expect(toArray(deep[0])).toEqual([2, 0])
  })
})

describe('batches of a tree', () => {
  const tree = (n: number) => ({ x: reshape([n, 2])(arange(2 * n)), y: arange(n) })
  const rows = (parts: Iterable<ReturnType<typeof tree>>): number[][] => [...parts].map(({ y }) => [...data(y)])

  it('in order are its rows, each once', () => {
    check(
      fc.property(counts.n, counts.size, (n, size) => {
        const parts = batchesOf({ size })(tree(n))
        expect(rows(parts)).toEqual(batches({ size })(arange(n)).map(toArray))
        for (const { x, y } of parts) expect(toArray(x)).toEqual([...data(y)].map(i => [2 * i, 2 * i + 1]))
      }),
      30,
    )
  })

  it('shuffled are the same rows in an order of each epoch, which can be had again', () => {
    check(
      fc.property(counts.n, counts.size, counts.seed, (n, size, seed) => {
        const epochs = shuffledBatches({ size, key: key(seed) })(tree(n))
        const [first, second] = [rows(epochs(0)), rows(epochs(1))]
        expect(first.flat().toSorted((a, b) => a - b)).toEqual([...data(arange(n))])
        expect(rows(epochs(0))).toEqual(first)
        if (n > 20) expect(second).not.toEqual(first)
      }),
      30,
    )
  })

  it('of tensors that differ in rows, or of none, are a mistake', () => {
    expect(() => batchesOf({ size: 1 })({ x: arange(2), y: arange(3) })).toThrow(
      'batchesOf: tensors differ in their rows: [2], [3]',
    )
    expect(() => shuffledBatches({ size: 1, key: key(0) })([])).toThrow(
      'shuffledBatches: needs tensors with at least one axis',
    )
  })
})
