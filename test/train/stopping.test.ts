import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDue, type Moment } from '../../src/train/callback.ts'
import {
  type Better,
  type Callback,
  callback,
  callbackMonoid,
  log,
  shouldStop,
  standing,
  stop,
} from '../../src/train/index.ts'
import { check, mistake } from '../support/values.ts'

/** A few values, so that there are ties, and NaN. */
const values = fc.array(fc.constantFrom(0, 0.5, 1, 1.5, 2, Number.NaN), { maxLength: 12 })
const better = fc.record<Required<Better>>({
  mode: fc.constantFrom('min', 'max'),
  minDelta: fc.constantFrom(0, 0.25, 0.5),
})
const patience = fc.integer({ min: 1, max: 4 })

/** Early stopping as Keras's callback does it: after how many values it stops, and which was best; a transcription with variables. */
const naive = ({ mode, minDelta }: Required<Better>, patience: number, xs: readonly number[]) => {
  let best = mode === 'min' ? Infinity : -Infinity
  let wait = 0
  let at = -1
  for (let epoch = 0; epoch < xs.length; epoch++) {
    const x = xs[epoch] ?? 0
    wait += 1
    if (mode === 'min' ? x < best - minDelta : x > best + minDelta) {
      best = x
      at = epoch
      wait = 0
    }
    if (wait >= patience) return { stoppedAfter: epoch + 1, at }
  }
  return { stoppedAfter: null, at }
}

describe('early stopping', () => {
  it('stops where Keras stops, with the same best value', () => {
    check(
      fc.property(better, patience, values, (how, patience, xs) => {
        const gaveUp = shouldStop({ patience, ...how })
        const after = xs.findIndex((_, i) => gaveUp(xs.slice(0, i + 1)))
        const seen = after < 0 ? xs : xs.slice(0, after + 1)
        const found = { stoppedAfter: after < 0 ? null : after + 1, at: standing(how)(seen).at }
        expect(found).toEqual(naive(how, patience, xs))
      }),
      500,
    )
  })

  it('is as patient with the loss as with its negative under the other mode', () => {
    check(
      fc.property(values, patience, (xs, patience) => {
        const negative = xs.map(x => -x)
        expect(shouldStop({ patience, mode: 'max' })(negative)).toBe(shouldStop({ patience, mode: 'min' })(xs))
      }),
    )
  })

  it('knows the best value', () => {
    check(
      fc.property(values, xs => {
        const numbers = xs.filter(x => !Number.isNaN(x))
        expect(standing()(xs).best).toBe(numbers.length === 0 ? null : Math.min(...numbers))
        expect(standing({ mode: 'max' })(xs).best).toBe(numbers.length === 0 ? null : Math.max(...numbers))
      }),
    )
  })

  it.each([
    [{ patience: 0 }, 'ValueError: shouldStop: patience must be a whole number of at least 1, got 0'],
    [{ patience: 2, minDelta: -1 }, 'ValueError: shouldStop: minDelta must be at least 0, got -1'],
  ])('refuses %j', (options, message) => {
    expect(mistake(() => shouldStop(options))).toBe(message)
  })
})

describe('callbacks', () => {
  const moment = (m: Partial<Moment>): Moment => ({ step: 1, epoch: 0, epochEnds: false, ended: false, since: 0, ...m })

  it('are due every so many steps, at the end of every so many epochs, after so many seconds, or at the end', () => {
    const steps = [1, 2, 3, 4, 5, 6].filter(step => isDue([{ steps: 3 }])(moment({ step })))
    expect(steps).toEqual([3, 6])
    const epochs = [0, 1, 2, 3].filter(epoch => isDue([{ epochs: 2 }])(moment({ epoch, epochEnds: true })))
    expect(epochs).toEqual([1, 3])
    expect(isDue([{ epochs: 1 }])(moment({}))).toBe(false)
    expect([0.4, 0.5].map(since => isDue([{ seconds: 0.5 }])(moment({ since })))).toEqual([false, true])
    expect([false, true].map(ended => isDue(['end'])(moment({ ended })))).toEqual([false, true])
    expect(isDue([{ steps: 1 }, { epochs: 1 }, { seconds: 0 }])(moment({ ended: true, epochEnds: true }))).toBe(false)
  })

  it('of several moments are due at each of them', () => {
    const whens = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 4 }).map(steps => ({ steps })),
        fc.integer({ min: 1, max: 4 }).map(epochs => ({ epochs })),
        fc.constant('end' as const),
      ),
    )
    const moments = fc.record({
      step: fc.nat(20),
      epoch: fc.nat(5),
      epochEnds: fc.boolean(),
      ended: fc.boolean(),
      since: fc.nat(3),
    })
    check(
      fc.property(whens, whens, moments, (a, b, m) => {
        expect(isDue([...a, ...b])(m)).toBe(isDue(a)(m) || isDue(b)(m))
      }),
    )
  })

  it('in lists are a monoid', () => {
    const { concat, empty } = callbackMonoid<unknown, unknown>()
    const lists = fc.array(fc.integer().map((n): Callback => callback('end', () => [log(`${n}`, {}), stop()])))
    check(
      fc.property(lists, lists, lists, (a, b, c) => {
        expect(concat(concat(a, b), c)).toEqual(concat(a, concat(b, c)))
        expect(concat(empty, a)).toEqual(a)
        expect(concat(a, empty)).toEqual(a)
      }),
    )
  })

  it.each([{ steps: 0 }, { steps: 1.5 }, { epochs: -1 }, { seconds: -1 }, { seconds: Number.NaN }])(
    'every %j are refused',
    every => {
      expect(mistake(() => callback(every, () => []))).toMatch(
        /^ValueError: callback: every (steps|epochs|seconds) takes/,
      )
    },
  )
})
