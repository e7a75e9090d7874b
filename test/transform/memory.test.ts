/**
 * The engine's memory over 10,000 steps stays what it is after the first thousand, for four kinds of loop.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { item } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { add, configure, engineReport, grad, jit, mul, ones, square, sub, sum } from '../../src/index.ts'
import { fold, foldTask } from '../../src/train/index.ts'

const STEPS = 10_000
const SETTLED = 1_000
/** 80 kB each, so that the garbage collector follows them: the bound below holds a hundred of them. */
const SIZE = 20_000
const BOUND = 8_000_000
/** What the host may have more of at the end than at first: results that are dead, and those that the bound leaves to it. */
const GARBAGE = 200_000_000
const DEFAULT = 512 * 2 ** 20

/** Gradient descent on Σ(w - x)². */
const step = jit((w: Tensor, x: Tensor) => sub(w, mul(0.1, grad((v: Tensor) => sum(square(sub(v, x))))(w))))

/** Fails unless neither engine nor host holds more after all steps than after those in which they settle. */
const flat = (garbage = GARBAGE) => {
  const arrays = (): number => process.memoryUsage().arrayBuffers
  const before = arrays()
  let settled = { memory: 0, blocks: 0 }
  return (i: number): void => {
    const { memory, tensors } = engineReport()
    if (i === SETTLED) settled = { memory, blocks: tensors.blocks }
    if (i !== STEPS) return
    expect(settled.memory).toBeGreaterThan(0)
    expect(memory).toBe(settled.memory)
    expect(tensors.bytes).toBeLessThanOrEqual(BOUND)
    expect(arrays() - before).toBeLessThan(garbage)
  }
}

describe('the memory of the engine is flat over 10,000 steps', () => {
  beforeAll(() => configure({ memory: BOUND }))
  afterAll(() => configure({ memory: DEFAULT }))

  it('of a plain synchronous loop', () => {
    const look = flat()
    const x = ones([SIZE])
    let w: Tensor = mul(0, x)
    for (let i = 1; i <= STEPS; i++) {
      w = step(w, x)
      look(i)
    }
    expect(item(sum(w))).toBeCloseTo(SIZE, 1)
  })

  it('of a fold, which donates its state: with no copy to the host at all', () => {
    const look = flat()
    const start = mul(0, ones([SIZE]))
    function* items() {
      const x = ones([SIZE])
      for (let i = 1; i <= STEPS; i++) {
        yield x
        look(i)
        expect(engineReport().tensors.blocks).toBeLessThan(130)
      }
    }
    const end = fold(start, step)(items())
    expect(item(sum(end))).toBeCloseTo(SIZE, 1)
    expect(item(sum(start))).toBe(0)
  })

  it('of one that keeps its history, which the host then has', () => {
    const look = flat(Number.POSITIVE_INFINITY)
    const x = ones([SIZE])
    const history: Tensor[] = []
    let w: Tensor = mul(0, x)
    for (let i = 1; i <= STEPS; i++) {
      w = step(w, x)
      if (i % 4 === 0) history.push(w)
      look(i)
    }
    expect(history.length).toBe(STEPS / 4)
    expect(item(sum(history[0] as Tensor))).toBeCloseTo((1 - 0.8 ** 4) * SIZE, 0)
    expect(item(sum(history[STEPS / 4 - 1] as Tensor))).toBeCloseTo(SIZE, 1)
  })

  it('of one that awaits', async () => {
    const look = flat()
    const x = ones([SIZE])
    const items = Array.from({ length: STEPS }, (_, i) => i + 1)
    const next = (w: Tensor, i: number): Tensor => {
      look(i)
      return step(w, x)
    }
    const end = await foldTask(add(0, mul(0, x)), next)(items)()
    expect(item(sum(end))).toBeCloseTo(SIZE, 1)
  })
})
