import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHeap, type Heap } from '../../../src/backend/wasm/heap.ts'
import { SEED } from '../../support/values.ts'

type Held = { readonly at: number; readonly bytes: number }

/** Fails if two blocks overlap, or one is not aligned or not inside. */
const checkApart = (heap: Heap, held: readonly Held[]): void => {
  const sorted = [...held].sort((a, b) => a.at - b.at)
  sorted.forEach(({ at, bytes }, i) => {
    expect(at % 64).toBe(0)
    expect(at).toBeGreaterThanOrEqual(4096)
    expect(at + bytes).toBeLessThanOrEqual(heap.memory.buffer.byteLength)
    const next = sorted[i + 1]
    if (next !== undefined) expect(at + bytes).toBeLessThanOrEqual(next.at)
  })
}

const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ take: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2_000_000 })) }),
  },
  { weight: 2, arbitrary: fc.record({ give: fc.nat() }) },
)

describe('the heap', () => {
  it('never gives out memory twice', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), commands => {
        const heap = createHeap(false)
        const held: Held[] = []
        for (const step of commands)
          if ('take' in step) held.push({ at: heap.allocate(step.take), bytes: step.take })
          else if (held.length > 0) {
            const [block] = held.splice(step.give % held.length, 1)
            if (block !== undefined) heap.free(block.at, block.bytes)
          }
        checkApart(heap, held)
      }),
      { seed: SEED, numRuns: 50 },
    )
  })

  it('uses again what was freed', () => {
    const heap = createHeap(false)
    const before = heap.allocate(10_000)
    heap.free(before, 10_000)
    expect(heap.allocate(10_000)).toBe(before)
  })

  it('joins what was freed, and splits it, before it grows', () => {
    const heap = createHeap(false)
    const parts = Array.from({ length: 64 }, () => heap.allocate(196_608))
    const size = heap.memory.buffer.byteLength
    for (const at of parts) heap.free(at, 196_608)
    for (const bytes of [48 * 196_608, 65_536, 4 * 196_608, 3_145_728, 64]) {
      const at = heap.allocate(bytes)
      expect(at).toBeGreaterThan(0)
      heap.free(at, bytes)
    }
    expect(heap.memory.buffer.byteLength).toBe(size)
  })

  it('needs no more memory for sizes one after the other than for the largest', () => {
    const heap = createHeap(false)
    for (let bytes = 1000; bytes < 4_000_000; bytes *= 1.3) {
      const held = Array.from({ length: Math.floor(20_000_000 / bytes) }, () => heap.allocate(bytes))
      expect(held).not.toContain(0)
      for (const at of held) heap.free(at, bytes)
    }
    expect(heap.memory.buffer.byteLength).toBeLessThan(40_000_000)
  })

  it('grows, and says 0 when there is no room', () => {
    const heap = createHeap(false)
    const large = heap.allocate(100_000_000)
    expect(large).toBeGreaterThan(0)
    expect(heap.views().u8.length).toBeGreaterThan(100_000_000)
    expect(heap.allocate(2 ** 33)).toBe(0)
  })
})
