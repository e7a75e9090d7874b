import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batches, shuffle, splitRows, stratified, takeRows } from '../../src/data/index.ts'
import { arange, cast, data, mul, type Tensor, tensor, toArray } from '../../src/index.ts'
import { key, permutation } from '../../src/random/index.ts'
import { check, mistake } from '../support/values.ts'

const size = fc.integer({ min: 1, max: 40 })
const seed = fc.integer({ min: 0, max: 1000 })
const numbers = (n: number): Tensor => arange(n) as Tensor
const sorted = (...parts: readonly Tensor[]): readonly number[] =>
  parts.flatMap(x => [...data(x)]).toSorted((a, b) => a - b)
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)
const tree = (n: number) => ({ x: numbers(n), deep: [cast('float32')(mul(numbers(n), 10))] as const })

describe('shuffle', () => {
  it('keeps every row once and rows together, and is the same for equal keys', () => {
    check(
      fc.property(size, seed, (n, s) => {
        const { x, deep } = shuffle(key(s))(tree(n))
        expect(sorted(x)).toEqual(upTo(n))
        expect([...data(deep[0])]).toEqual([...data(x)].map(v => 10 * v))
        expect(toArray(shuffle(key(s))(tree(n)).x)).toEqual(toArray(x))
      }),
      40,
    )
  })

  it('of tensors with other numbers of rows is a mistake', () => {
    expect(mistake(() => shuffle(key(0))({ a: numbers(2), b: numbers(3) }))).toBe(
      'ShapeError: shuffle: needs tensors with the same number of rows, got .a [2], .b [3]',
    )
  })
})

describe('splitRows', () => {
  it('by shares that come to 1 is a partition, each part of the right size', () => {
    check(
      fc.property(size, seed, fc.double({ min: 0.05, max: 0.9, noNaN: true }), (n, s, share) => {
        const rest = (1 - share) / 2
        const parts = splitRows({ key: key(s), parts: { train: share, validation: rest, test: rest } })(tree(n))
        expect(sorted(parts.train.x, parts.validation.x, parts.test.x)).toEqual(upTo(n))
        expect(Math.abs(Number(parts.train.x.shape[0]) - share * n)).toBeLessThanOrEqual(0.5 + 1e-9)
        for (const { x, deep } of Object.values(parts))
          expect([...data(deep[0])]).toEqual([...data(x)].map(v => 10 * v))
      }),
      40,
    )
  })

  it('by numbers takes so many, none twice', () => {
    const { a, b } = splitRows({ key: key(1), parts: { a: 3, b: 4 } })(numbers(10))
    expect([a.shape, b.shape, new Set(sorted(a, b)).size]).toEqual([[3], [4], 7])
  })

  it('into more than there is, or into what is no part, is a mistake', () => {
    const into = (parts: Readonly<Record<string, number>>) =>
      mistake(() => splitRows({ key: key(0), parts })(numbers(4)))
    expect(into({ a: 3, b: 2 })).toBe('ValueError: splitRows: the parts 3 + 2 are more than the 4 rows there are')
    expect(into({ a: 0.7, b: 0.4 })).toBe('ValueError: splitRows: the parts 0.7 + 0.4 are more than 1')
    expect(into({ a: -1 })).toContain('a part is a share from 0 to 1 or a number of rows, got -1')
  })
})

describe('stratified', () => {
  it('is a partition in which each class has its share in every part, up to one row', () => {
    check(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }), seed, (classes, s) => {
        const labels: Tensor = tensor(Int32Array.from(classes))
        const parts = { train: 0.6, test: 0.4 }
        const { train, test } = stratified({ key: key(s), labels, parts })({ x: numbers(classes.length), labels })
        expect(sorted(train.x, test.x)).toEqual(upTo(classes.length))
        expect([...data(train.labels)]).toEqual([...data(train.x)].map(row => classes[row]))
        for (const label of new Set(classes)) {
          const all = classes.filter(c => c === label).length
          const here = [...data(train.labels)].filter(c => c === label).length
          expect(Math.abs(here - 0.6 * all)).toBeLessThan(1)
        }
      }),
      40,
    )
  })

  it('has parts of the sizes that splitRows makes, and each class within one row of its share of them', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 3 })
    const classSizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 25 })
    check(
      fc.property(classSizes, shares, fc.boolean(), seed, (counts, weights, complete, s) => {
        const total = weights.reduce((a, b) => a + b, 0)
        const given = complete ? weights : weights.slice(1)
        const parts = Object.fromEntries(given.map((w, i) => [`part${i}`, w / total]))
        const labels: Tensor = tensor(Int32Array.from(counts.flatMap((n, label) => Array(n).fill(label))))
        const [alike, plain] = [
          stratified({ key: key(s), labels, parts })(labels),
          splitRows({ key: key(s), parts })(labels),
        ]
        for (const [name, share] of Object.entries(parts)) {
          const found = data(alike[name] as Tensor)
          expect(found.length).toBe(plain[name]?.shape[0])
          counts.forEach((n, label) => {
            const here = found.filter((x: number) => x === label).length
            expect(Math.abs(here - share * n)).toBeLessThanOrEqual(1 + 1e-9)
          })
        }
      }),
      60,
    )
  })

  it('of classes that do not come out even gives no part the rest of all', () => {
    const sizesOf = (counts: readonly number[]) => {
      const labels: Tensor = tensor(Int32Array.from(counts.flatMap((n, label) => Array(n).fill(label))))
      const { train, test } = stratified({ key: key(0), labels, parts: { train: 0.5, test: 0.5 } })(labels)
      return [train.shape[0], test.shape[0]]
    }
    expect(sizesOf(Array(20).fill(3))).toEqual([30, 30])
    expect(sizesOf(Array(20).fill(1))).toEqual([10, 10])
  })

  it('keeps the sizes of parts that were rounded against each other', () => {
    const labels: Tensor = tensor(Int32Array.from([...Array(13).fill(0), 1]))
    const parts = { a: 4 / 47, b: 18 / 47, c: 3 / 47, d: 18 / 47, e: 4 / 47 }
    const found = Object.values(stratified({ key: key(0), labels, parts })(labels)).map(x => x.shape[0])
    expect(found).toEqual([1, 6, 0, 6, 1])
  })

  it('needs a label for each row', () => {
    const labels: Tensor = tensor([0, 1], { dtype: 'int32' })
    expect(mistake(() => stratified({ key: key(0), labels, parts: { a: 1 } })(numbers(3)))).toBe(
      'ShapeError: stratified: needs a label for each of the 3 rows, got [2]',
    )
  })
})

it('batches of a permutation cover each row once', () => {
  check(
    fc.property(size, fc.integer({ min: 1, max: 9 }), seed, (n, batch, s) => {
      const rows = batches({ size: batch })(permutation(n)(key(s)) as Tensor)
      expect(sorted(...rows.map(r => takeRows(r as Tensor)(numbers(n)) as Tensor))).toEqual(upTo(n))
    }),
    40,
  )
})
