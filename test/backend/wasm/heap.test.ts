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
    arbitrary: fc.record({ take: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })) }),
  },
  { weight: 2, arbitrary: fc.record({ give: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ join: true }) },
)

describe('the heap', () => {
  it('never gives out memory twice', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), commands => {
        const heap = createHeap(false)
        const held: Held[] = []
        for (const step of commands)
          if ('take' in step) held.push({ at: heap.allocate(step.take), bytes: step.take })
          else if ('join' in step) heap.coalesce()
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

  it('joins freed neighbours for a larger block', () => {
    const heap = createHeap(false)
    const parts = Array.from({ length: 64 }, () => heap.allocate(65_536))
    heap.allocate(64)
    for (const at of parts) heap.free(at, 65_536)
    heap.coalesce()
    expect(heap.allocate(48 * 65_536)).toBe(parts[0])
  })

  it('grows, and says 0 when there is no room', () => {
    const heap = createHeap(false)
    const large = heap.allocate(100_000_000)
    expect(large).toBeGreaterThan(0)
    expect(heap.views().u8.length).toBeGreaterThan(100_000_000)
    expect(heap.allocate(2 ** 33)).toBe(0)
  })
})
