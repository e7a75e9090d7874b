import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, concat, ones, relu, type Tensor, tanh } from '../../src/index.ts'
import {
  activation,
  addBranches,
  concatBranches,
  dense,
  type Merge,
  type Parallel,
  parallel,
  parallelMonoid,
  residual,
  serial,
} from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check } from '../support/values.ts'

type Branches = Parallel<readonly unknown[], readonly unknown[]>

const WIDTH = 3
const branch = fc.constantFrom(
  dense(WIDTH, WIDTH, { dtype: 'float64' }),
  activation(relu),
  serial(dense(WIDTH, WIDTH, { dtype: 'float64' }), activation(tanh)),
)
const seen = (l: Branches, seed: number, x: Tensor): unknown => {
  const { params, state } = l.init(key(seed))
  return plain([params, state, l.apply(params, state, x)])
}

describe.each([
  ['sums', addBranches],
  ['concatenations', concatBranches()],
] as const)('parallel of %s is a monoid', (_name, merge: Merge) => {
  const { concat: beside, empty } = parallelMonoid(merge)
  const some = fc.array(branch, { minLength: 1, maxLength: 3 }).map(ls => parallel(merge)(...ls) as Branches)
  const x = tensors({ shape: [2, WIDTH] })

  it('associative, to the bit', () =>
    check(
      fc.property(some, some, some, fc.nat(), x, (a, b, c, seed, at) => {
        expect(seen(beside(beside(a, b), c), seed, at)).toEqual(seen(beside(a, beside(b, c)), seed, at))
      }),
      20,
    ))
  it('with an identity on both sides', () =>
    check(
      fc.property(some, fc.nat(), x, (a, seed, at) => {
        expect(seen(beside(empty, a), seed, at)).toEqual(seen(a, seed, at))
        expect(seen(beside(a, empty), seed, at)).toEqual(seen(a, seed, at))
      }),
      20,
    ))
})

describe('parallel', () => {
  it('merges what its branches give, each with its own parameters', () => {
    const [a, b] = [dense(2, 3), dense(2, 4)]
    const both = parallel(concatBranches())(a, b)
    const { params, state } = both.init(key(0))
    const x = ones([5, 2])
    const [[p, q]] = params
    const expected = concat({ axis: -1 })([a.apply(p, [[]], x)[0], b.apply(q, [[]], x)[0]])
    expect(plain(both.apply(params, state, x)[0])).toEqual(plain(expected))
  })
  it('has no value without branches, and says when outputs do not fit', () => {
    const nothing = parallel(addBranches)()
    expect(() => nothing.apply([[]], [[]], ones([2]))).toThrow('parallel: has no branches, so it has no output')
    const uneven = parallel(addBranches)(dense(2, 3), dense(2, 4))
    const { params, state } = uneven.init(key(0))
    expect(() => uneven.apply(params, state, ones([2]))).toThrow('addBranches: branches give [3] and [4]')
  })
})

describe('residual', () => {
  it('adds the input, or a projection of it', () => {
    const inner = dense(2, 2)
    const plainly = residual(inner)
    const { params, state } = plainly.init(key(0))
    const x = ones([5, 2])
    expect(plain(plainly.apply(params, state, x)[0])).toEqual(plain(add(x, inner.apply(params[0][1], [[]], x)[0])))
    const wider = residual(dense(2, 4), dense(2, 4))
    const made = wider.init(key(0))
    expect(wider.apply(made.params, made.state, x)[0].shape).toEqual([5, 4])
  })
})
