import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { prefetch } from '../../src/data/index.ts'
import { mistake, SEED } from '../support/values.ts'

const later = () => new Promise<void>(done => setTimeout(done, 0))

it('keeps the order of any source, and is never more than n ahead', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 5 }), fc.boolean(), async (all, n, slow) => {
      let [made, used] = [0, 0]
      async function* source() {
        for (const x of all) {
          made++
          expect(made - used).toBeLessThanOrEqual(n + 1)
          if (slow) await later()
          yield x
        }
      }
      const found: number[] = []
      for await (const x of prefetch(n)(source())) {
        used++
        found.push(x)
      }
      expect(found).toEqual(all)
      const plain: number[] = []
      for await (const x of prefetch(n)(all)) plain.push(x)
      expect(plain).toEqual(all)
    }),
    { seed: SEED, numRuns: 40 },
  )
})

it('is n ahead while an item is in use', async () => {
  let made = 0
  async function* source() {
    for (;;) yield made++
  }
  for await (const x of prefetch(3)(source())) {
    await later()
    expect(made).toBe(x + 4)
    if (x === 5) break
  }
})

it('passes on an error of its source in its turn, and closes it when it is abandoned', async () => {
  async function* failing() {
    yield 1
    throw new Error('broken')
  }
  const found: number[] = []
  const run = async (): Promise<void> => {
    for await (const x of prefetch(4)(failing())) {
      await later()
      found.push(x)
    }
  }
  await expect(run()).rejects.toThrow('broken')
  expect(found).toEqual([1])
  let closed = false
  function* open() {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      closed = true
    }
  }
  for await (const _ of prefetch(2)(open())) break
  expect(closed).toBe(true)
})

it('needs a number of at least 1', () => {
  expect(mistake(() => prefetch(0))).toBe('ValueError: prefetch: n is a whole number of at least 1, got 0')
})
