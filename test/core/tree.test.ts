import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import {
  flatten,
  flattenWithPaths,
  leafCount,
  type Tree,
  treeDifference,
  treeLeaves,
  treeMap,
  treeZip,
  unflatten,
} from '../../src/core/tree.ts'
import type { Tensor } from '../../src/core/types.ts'
import { add, mul } from '../../src/index.ts'
import { check, mistake } from '../support/values.ts'

/** Trees of arrays, records with awkward keys, and leaves. */
const treesOf = <A>(leaf: fc.Arbitrary<A>): fc.Arbitrary<Tree<A>> =>
  fc.letrec<{ tree: Tree<A> }>(tie => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('w', 'b', '10', '9', 'a b', '', 'Z', '__proto__'), tie('tree'), { maxKeys: 3 }),
    ),
  })).tree

const numberTrees = treesOf(fc.integer({ min: -9, max: 9 }))
const tensorTrees = treesOf(fc.integer({ min: -9, max: 9 }).map(n => tensor(n) as Tensor))

describe('pytrees', () => {
  it('unflatten is the inverse of flatten', () => {
    check(
      fc.property(numberTrees, tree => {
        const [leaves, shape] = flatten(tree)
        expect(unflatten(shape, leaves)).toEqual(tree)
        expect(leafCount(shape)).toBe(leaves.length)
      }),
      300,
    )
  })

  it('flatten is the inverse of unflatten, for any leaves', () => {
    check(
      fc.property(numberTrees, fc.infiniteStream(fc.string()), (tree, stream) => {
        const [leaves, shape] = flatten(tree)
        const others = [...stream.take(leaves.length)]
        const [found, same] = flatten(unflatten(shape, others))
        expect(found).toEqual(others)
        expect(treeDifference(same, shape)).toBeUndefined()
      }),
      200,
    )
  })

  it('the order of keys in an object does not matter', () => {
    const leavesOf = (tree: unknown): readonly unknown[] => flatten(tree)[0]
    expect(leavesOf({ b: 1, a: 2, 10: 3, 9: 4 })).toEqual(leavesOf({ 9: 4, 10: 3, a: 2, b: 1 }))
    expect(leavesOf({ b: 1, a: [2, { d: 3, c: 4 }] })).toEqual([2, 4, 3, 1])
  })

  it('paths lead back to the leaves', () => {
    const tree = { layers: [{ w: 1 }, { 'a b': 2, $x: [3] }], 1: 4 }
    expect(flattenWithPaths(tree)[0]).toEqual([
      { path: '["1"]', value: 4 },
      { path: '.layers[0].w', value: 1 },
      { path: '.layers[1].$x[0]', value: 3 },
      { path: '.layers[1]["a b"]', value: 2 },
    ])
    for (const { path, value } of flattenWithPaths(tree)[0])
      expect(new Function('tree', `return tree${path}`)(tree)).toBe(value)
  })

  it('anything but an array or a plain object is a leaf', () => {
    class Model {
      readonly w = 1
    }
    const odd = [new Model(), new Map([['w', 1]]), new Float32Array(2), tensor([1, 2]), null, undefined, () => 1]
    expect(flatten(odd)[0]).toEqual(odd)
    expect(flatten(Object.assign(Object.create(null), { a: 1 }))[0]).toEqual([1])
  })

  it('a hole in an array is a leaf like any other', () => {
    const hole: unknown[] = [1]
    hole[2] = 3
    expect(flattenWithPaths(hole)[0]).toEqual([
      { path: '[0]', value: 1 },
      { path: '[1]', value: undefined },
      { path: '[2]', value: 3 },
    ])
  })

  it('refuses what contains itself', () => {
    const ring: { next?: unknown } = {}
    ring.next = [ring]
    expect(mistake(() => flatten(ring))).toBe(
      'TreeError: tree: .next[0].next[0].nex… goes on for 500 steps: it contains itself, or is nested too deep',
    )
  })

  it('empty arrays and objects have no leaves, and come back', () => {
    for (const empty of [[], {}, { a: [], b: {} }]) {
      const [leaves, shape] = flatten(empty)
      expect(leaves).toEqual([])
      expect(unflatten(shape, [])).toEqual(empty)
    }
  })

  it('unflatten wants exactly as many leaves as there are places', () => {
    const [, shape] = flatten([1, 2])
    expect(mistake(() => unflatten(shape, [1, 2, 3]))).toBe('TreeError: unflatten: the structure has 2 leaves, got 3')
    expect(mistake(() => unflatten(shape, [1]))).toBe('TreeError: unflatten: the structure has 2 leaves, got 1')
  })
})

describe('treeMap and treeZip', () => {
  it('mapping the identity changes nothing, and maps compose', () => {
    const double = (x: Tensor): Tensor => mul(x, 2)
    const next = (x: Tensor): Tensor => add(x, 1)
    check(
      fc.property(tensorTrees, tree => {
        expect(treeMap(tree, x => x)).toEqual(tree)
        expect(treeMap(treeMap(tree, double), next)).toEqual(treeMap(tree, x => next(double(x))))
      }),
    )
  })

  it('zipping takes leaf by leaf, and sees the path of each', () => {
    const a = { w: [tensor(1), tensor(2)], b: tensor(3) }
    const paths: string[] = []
    const sums = treeZip(a, { b: tensor(30), w: [tensor(10), tensor(20)] }, (x, y, path) => {
      paths.push(path)
      return add(x, y)
    })
    expect(treeLeaves(sums).map(item)).toEqual([33, 11, 22])
    expect(paths).toEqual(['.b', '.w[0]', '.w[1]'])
  })

  it('a leaf that is no tensor: the message says where and what it is', () => {
    expect(mistake(() => treeMap({ w: [tensor(1), 'x'] } as unknown, x => x))).toBe(
      'TreeError: treeMap: tree.w[1] is "x", not a tensor',
    )
    expect(mistake(() => treeZip([tensor(1)], [undefined as unknown as Tensor<readonly []>], x => x))).toBe(
      'TreeError: treeZip: tree[0] is undefined, not a tensor',
    )
    expect(mistake(() => treeLeaves({ lr: 0.1 }))).toBe('TreeError: treeLeaves: tree.lr is 0.1, not a tensor')
  })

  it('structures that differ: the message says at which path, and how', () => {
    const t = tensor(1)
    const differ = (a: unknown, b: unknown): string => mistake(() => treeZip(a, b, x => x))
    expect(differ({ l: [t, t] }, { l: [t] })).toBe(
      'TreeError: treeZip: tree structures differ at .l: an array of 2 vs an array of 1',
    )
    expect(differ({ l: { w: t } }, { l: { w: t, b: t } })).toContain('at .l: a record {w} vs a record {b, w}')
    expect(differ({ l: { w: t } }, { l: { v: t } })).toContain('at .l: a record {w} vs a record {v}')
    expect(differ([t, [t]], [t, t])).toContain('at [1]: an array of 1 vs a leaf')
    expect(differ(t, [t])).toContain('at the root: a leaf vs an array of 1')
    expect(differ([t], { 0: t })).toContain('at the root: an array of 1 vs a record {0}')
  })

  it('two trees differ nowhere exactly when they have the same structure', () => {
    const skeleton = (tree: unknown): string =>
      JSON.stringify(
        unflatten(
          flatten(tree)[1],
          flatten(tree)[0].map(() => 0),
        ),
        sorted,
      )
    check(
      fc.property(numberTrees, numberTrees, (a, b) => {
        const difference = treeDifference(flatten(a)[1], flatten(b)[1])
        expect(difference === undefined).toBe(skeleton(a) === skeleton(b))
      }),
      300,
    )
  })

  it('tensors in a tree stay what they are', () => {
    const x = tensor([[1, 2]])
    expect(toArray(treeMap({ x }, y => y).x)).toEqual([[1, 2]])
    expect(treeMap({ x }, y => y).x).toBe(x)
  })
})

/** Records with their keys in order, marked as records, so that equal text means equal structure. */
const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { record: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) }
    : value
