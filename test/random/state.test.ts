import { sequenceS, sequenceT } from 'fp-ts/lib/Apply.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as S from 'fp-ts/lib/State.js'
import { describe, expect, it } from 'vitest'
import { add, mul, stack, type Tensor, toArray } from '../../src/index.ts'
import { draw, key, normal, permutation, type Random, split, uniform } from '../../src/random/index.ts'
import { values } from './support.ts'

describe('draw', () => {
  it('uses the second half of the key and leaves the first', () => {
    const [next, now] = split(key(3))
    const [x, left] = draw(normal({ shape: [2] }))(key(3))
    expect(toArray(x)).toEqual(toArray(normal({ shape: [2] })(now)))
    expect(toArray(left)).toEqual(toArray(next))
  })

  it('composes with map and chain as passing keys by hand does', () => {
    const byHand = (): Tensor => {
      const [k1, forWidth] = split(key(9))
      const [, forNoise] = split(k1)
      return mul(add(uniform()(forWidth), 1), normal({ shape: [3] })(forNoise))
    }
    const scaled: Random<Tensor> = pipe(
      draw(uniform()),
      S.map(x => add(x, 1)),
      S.chain(width =>
        pipe(
          draw(normal({ shape: [3] })),
          S.map(noise => mul(width, noise)),
        ),
      ),
    )
    expect(toArray(S.evaluate(key(9))(scaled))).toEqual(toArray(byHand()))
  })

  it('in a tuple gives every draw a key of its own', () => {
    const pair = sequenceT(S.Apply)(draw(normal({ shape: [4] })), draw(normal({ shape: [4] })))
    const [[a, b], next] = pair(key(5))
    expect(values(a)).not.toEqual(values(b))
    expect(values(next)).not.toEqual(values(key(5)))
    expect(S.evaluate(key(5))(pair).map(toArray)).toEqual([a, b].map(toArray))
  })

  it('in a record initialises parameters', () => {
    const layer = (inputs: number, outputs: number) =>
      sequenceS(S.Apply)({ w: draw(normal({ shape: [inputs, outputs] })), b: draw(uniform({ shape: [outputs] })) })
    const network = sequenceT(S.Apply)(layer(3, 4), layer(4, 2))
    const [hidden, output] = S.evaluate(key(0))(network)
    expect([hidden.w.shape, hidden.b.shape, output.w.shape, output.b.shape]).toEqual([[3, 4], [4], [4, 2], [2]])
  })

  it('in a traversal draws a list', () => {
    const three = S.sequenceArray([4, 4, 4].map(n => draw(permutation(n))))
    const orders = S.evaluate(key(1))(three)
    expect(stack(orders).shape).toEqual([3, 4])
  })

  it('obeys the laws of a monad, the key being threaded from left to right', () => {
    const f = (x: Tensor): Random<Tensor> =>
      pipe(
        draw(uniform()),
        S.map(y => add(x, y)),
      )
    const g = (x: Tensor): Random<Tensor> =>
      pipe(
        draw(normal()),
        S.map(y => mul(x, y)),
      )
    const m = draw(uniform())
    const same = (a: Random<Tensor>, b: Random<Tensor>) =>
      expect(a(key(6)).map(toArray)).toEqual(b(key(6)).map(toArray))
    same(
      pipe(
        m,
        S.chain((x): Random<Tensor> => S.of(x)),
      ),
      m,
    )
    same(
      pipe(m, S.chain(f), S.chain(g)),
      pipe(
        m,
        S.chain(x => pipe(f(x), S.chain(g))),
      ),
    )
  })
})
