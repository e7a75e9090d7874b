import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fold, foldTask } from '../../src/train/index.ts'
import { check } from '../support/values.ts'

const items = fc.array(fc.integer({ min: -100, max: 100 }))
/** Neither associative nor commutative, so that order shows. */
const step = (state: number, item: number): number => (state * 31 + item) % 1_000_003

describe('fold', () => {
  it('is reduce', () => {
    check(
      fc.property(fc.nat(), items, (start, xs) => {
        expect(fold(start, step)(xs)).toBe(xs.reduce(step, start))
      }),
    )
  })

  it('of a list and then of another is that of both', () => {
    check(
      fc.property(fc.nat(), items, items, (start, xs, ys) => {
        expect(fold(fold(start, step)(xs), step)(ys)).toBe(fold(start, step)([...xs, ...ys]))
      }),
    )
  })

  it('takes a generator, as far as it goes, without running out of stack', () => {
    const upTo = function* (n: number) {
      for (let i = 0; i < n; i++) yield i
    }
    expect(fold(0, (total, x: number) => total + x)(upTo(1_000_000))).toBe(499_999_500_000)
  })
})

describe('foldTask', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('is fold, later', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), items, async (start, xs) => {
        expect(await foldTask(start, step)(xs)()).toBe(fold(start, step)(xs))
      }),
      { seed: 1 },
    )
  })

  it('shows every state once, in order, with its number', async () => {
    const seen: (readonly [number, number])[] = []
    const sum = (a: number, b: number): number => a + b
    await foldTask(0, sum, { observe: (state, count) => seen.push([count, state]) })([5, 6, 7])()
    expect(seen).toEqual([
      [1, 5],
      [2, 11],
      [3, 18],
    ])
  })

  it('ends with the state of the items so far when told to', async () => {
    for (const stop of [0, 1, 3]) {
      const controller = new AbortController()
      if (stop === 0) controller.abort()
      const observe = (_state: number, count: number): void => {
        if (count === stop) controller.abort()
      }
      const end = await foldTask(0, step, { observe, signal: controller.signal })([1, 2, 3, 4, 5])()
      expect(end).toBe(fold(0, step)([1, 2, 3, 4, 5].slice(0, stop)))
    }
  })

  it.each(['in Node', 'in browsers'])('lets others run, so that a timer can stop it, %s', async where => {
    if (where === 'in browsers') vi.stubGlobal('setImmediate', undefined)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    const forever = function* () {
      while (true) yield 1
    }
    const steps = await foldTask(0, n => n + 1, { signal: controller.signal })(forever())()
    expect(steps).toBeGreaterThan(0)
  })

  it('rejects with the error of a step', async () => {
    const broken = (): number => {
      throw new Error('broken')
    }
    await expect(foldTask(0, broken)([1])()).rejects.toThrow('broken')
  })
})
