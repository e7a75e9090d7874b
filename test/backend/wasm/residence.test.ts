import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHeap } from '../../../src/backend/wasm/heap.ts'
import { createResidence } from '../../../src/backend/wasm/residence.ts'
import { hostOf } from '../../../src/core/tensor.ts'
import type { Cell } from '../../../src/core/types.ts'
import { SEED } from '../../support/values.ts'

const cellOf = (seed: number, size: number): Cell => ({
  host: Float32Array.from({ length: size }, (_, i) => seed + i),
  block: null,
})

describe('the cache of tensors', () => {
  it('loses nothing, whatever gives way', () => {
    const accesses = fc.array(fc.nat(19), { maxLength: 80 })
    fc.assert(
      fc.property(accesses, order => {
        const heap = createHeap(false)
        const residence = createResidence(heap, 5 * 4000)
        const inputs = Array.from({ length: 10 }, (_, i) => cellOf(1000 * i, 1000))
        // Results exist nowhere but in the memory of the engine until they are read or give way.
        const results = inputs.map((_, i) => {
          residence.begin()
          const [cell, at] = residence.make('float32', 1000)
          heap.views().f32.set(cellOf(-1000 * i, 1000).host as Float32Array, at / 4)
          return cell
        })
        for (const i of order) {
          residence.begin()
          const cell = (i < 10 ? inputs[i] : results[i - 10]) as Cell
          const at = residence.place(cell, 'float32', 1000)
          expect(heap.views().f32[at / 4 + 7]).toBe(i < 10 ? 1000 * i + 7 : -1000 * (i - 10) + 7)
        }
        results.forEach((cell, i) => {
          expect(hostOf(cell)[999]).toBe(-1000 * i + 999)
        })
      }),
      { seed: SEED, numRuns: 30 },
    )
  })

  it('stays within its bound, but for what one run needs', () => {
    const heap = createHeap(false)
    const residence = createResidence(heap, 100_000)
    for (let i = 0; i < 1000; i++) {
      residence.begin()
      residence.place(cellOf(i, 5000), 'float32', 5000)
      expect(residence.usage().bytes).toBeLessThan(130_000)
    }
    residence.begin()
    for (let i = 0; i < 20; i++) residence.place(cellOf(i, 5000), 'float32', 5000)
    expect(residence.usage().blocks).toBe(20)
  })

  it('keeps few results that nobody uses again, and as many as are used again', () => {
    const mebibytes = 2 ** 20
    const residence = createResidence(createHeap(false), 512 * mebibytes)
    const make = (): Cell => {
      residence.begin()
      return residence.make('float32', 2 * mebibytes)[0]
    }
    for (let i = 0; i < 20; i++) make()
    expect(residence.usage().bytes).toBeLessThanOrEqual(64 * mebibytes)
    const used = Array.from({ length: 12 }, make)
    const places = () =>
      used.map(cell => {
        residence.begin()
        return residence.place(cell, 'float32', 2 * mebibytes)
      })
    places()
    expect(places()).toEqual(places())
    expect(residence.usage().bytes).toBeLessThanOrEqual(200 * mebibytes)
  })

  it('copies an array in once', () => {
    const residence = createResidence(createHeap(false), 1e6)
    const cell = cellOf(1, 5000)
    const first = residence.place(cell, 'float32', 5000)
    residence.begin()
    expect(residence.place(cell, 'float32', 5000)).toBe(first)
    expect(residence.usage().blocks).toBe(1)
  })

  it('takes what is donated away for good', () => {
    const residence = createResidence(createHeap(false), 1e6)
    const cell = cellOf(1, 5000)
    residence.place(cell, 'float32', 5000)
    residence.donate(cell)
    expect(residence.usage()).toEqual({ bytes: 0, blocks: 0 })
    expect(() => hostOf(cell)).toThrow(/donated/)
    expect(() => residence.place(cell, 'float32', 5000)).toThrow(/donated/)
  })
})
