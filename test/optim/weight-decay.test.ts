import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, mul, square, sum, tensor, toArray, valueAndGrad } from '../../src/index.ts'
import { adam, addDecayedWeights, chain, rmsprop, sgd } from '../../src/optim/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check, expectSame, mistake } from '../support/values.ts'

const leaf = tensors({ shape: [3] })
const decay = fc.double({ min: 0.001, max: 2, noNaN: true })

describe('addDecayedWeights', () => {
  it('adds the gradient of decay/2 · ‖p‖²', () => {
    check(
      fc.property(leaf, leaf, decay, (g, p, c) => {
        const [, extra] = valueAndGrad((x: typeof p) => mul(c / 2, sum(square(x))))(p)
        expectSame(addDecayedWeights(c).update(g, [[]], p)[0], add(g, extra), 1e-14)
      }),
    )
  })
  it('adds up over a chain, up to rounding', () => {
    check(
      fc.property(leaf, leaf, decay, decay, (g, p, c, d) => {
        const [one] = addDecayedWeights(c + d).update(g, [[]], p)
        expectSame(chain(addDecayedWeights(c), addDecayedWeights(d)).update(g, [[], []], p)[0], one, 1e-14)
      }),
    )
  })
  it('is what weightDecay means, and no part of the chain when that is 0', () => {
    const p = tensor([1, -2, 3])
    for (const make of [sgd, rmsprop, adam]) {
      const [short, long] = [make({ learningRate: 0.1, weightDecay: 0.3 }), make({ learningRate: 0.1 })]
      const chained = chain(addDecayedWeights(0.3), long)
      expect(plain(short.update(p, short.init(p), p))).toEqual(plain(chained.update(p, chained.init(p), p)))
      expect(make({ learningRate: 0.1, weightDecay: 0 }).parts).toHaveLength(long.parts.length)
    }
    expect(toArray(sgd({ learningRate: 1, weightDecay: 1 }).update(p, [[], []], p)[0])).toEqual([-2, 4, -6])
  })
  it('refuses a decay below 0', () => {
    expect(mistake(() => addDecayedWeights(-1))).toBe(
      'ValueError: addDecayedWeights: decay must be a finite number of at least 0, got -1',
    )
    expect(mistake(() => sgd({ learningRate: 1, weightDecay: Number.NaN }))).toBe(
      'ValueError: sgd: weightDecay must be a finite number of at least 0, got NaN',
    )
  })
})
