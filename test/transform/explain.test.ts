import { describe, expect, it, vi } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  configure,
  type EngineOptions,
  engineReport,
  explain,
  grad,
  jit,
  matmul,
  mul,
  ones,
  relu,
  scan,
  square,
  sub,
  sum,
  zeros,
} from '../../src/index.ts'
import { mistake } from '../support/values.ts'

describe('explain', () => {
  const layer = jit((x: Tensor, w: Tensor, b: Tensor) => relu(add(matmul(x, w), b)))

  it('shows bias and activation fused into a product', () => {
    const text = explain(layer)(ones([8, 30]), ones([30, 20]), zeros([20]))
    expect(text).toMatch(/^plan: 1 steps/)
    expect(text).toContain('contract [8,20]·[30] (in0 in1 in2): contract add relu; ')
    expect(text).toMatch(/\d+ bytes of WebAssembly$/)
  })

  it('shows an update fused into the product that gives the gradient', () => {
    const step = jit((w: Tensor, x: Tensor) => sub(w, mul(0.1, grad((v: Tensor) => sum(square(matmul(x, v))))(w))))
    const text = explain(step)(ones([30, 20]), ones([8, 30]))
    expect(text.split('\n').filter(line => line.includes('contract ['))).toHaveLength(2)
    expect(text).toMatch(/out\d+ = contract \[30,20\]·\[8\] .*: .*mul sub; /)
  })

  it('shows the steps of a loop below it', () => {
    const text = explain(jit((x: Tensor) => scan((c: Tensor, v: Tensor) => [add(c, v), square(c)] as const)(0, x)))(
      ones([5]),
    )
    expect(text).toMatch(/repeat 5/)
    expect(text).toMatch(/\n {4}body: /)
  })

  it('measures when it is told how often', () => {
    const text = explain(layer, { runs: 2 })(ones([8, 30]), ones([30, 20]), zeros([20]))
    expect(text).toMatch(/; \d+\.\d µs\n/)
    expect(text).toMatch(/ µs a run, .* Gflop\/s$/)
  })

  it('refuses what is not jitted, and odd options', () => {
    expect(mistake(() => explain(relu as (x: Tensor) => Tensor)(ones([2])))).toMatch(
      /^ValueError: explain: takes a jitted function/,
    )
    expect(mistake(() => explain(layer, { runs: -1 })(ones([8, 30]), ones([30, 20]), zeros([20])))).toMatch(
      /^ValueError/,
    )
  })
})

describe('configure', () => {
  it('sets how many threads there are', () => {
    const before = Number(engineReport().threads.split(' ')[0])
    configure({ threads: 1 })
    expect(engineReport().threads).toBe('1 thread')
    configure({ threads: before })
    expect(engineReport().threads).toMatch(new RegExp(`^${before} thread`))
  })

  it('refuses options that there are not, and values out of range', () => {
    expect(mistake(() => configure({ thread: 2 } as never))).toMatch(/has no option thread/)
    expect(mistake(() => configure({ threads: 0 }))).toMatch(/^ValueError: configure: threads/)
    expect(mistake(() => configure({ threads: 1.5 }))).toMatch(/^ValueError/)
    expect(mistake(() => configure({ fma: 1 } as never))).toMatch(/^ValueError: configure: fma/)
    expect(mistake(() => configure({ memory: -1 }))).toMatch(/^ValueError: configure: memory/)
  })

  it('refuses what an engine at work cannot change, and changes nothing', async () => {
    vi.resetModules()
    const fresh = await import('../../src/index.ts')
    fresh.configure({ threads: 1, fma: false })
    fresh.add(fresh.ones([1000]), 1)
    // What the last run has used stays whatever the limit.
    fresh.add(1, 2)
    const before = fresh.engineReport()
    // Its errors are of a class of its own.
    const refusal = (options: EngineOptions): string => {
      try {
        fresh.configure(options)
        return ''
      } catch (error) {
        return String(error)
      }
    }
    expect(refusal({ threads: 1, fma: false })).toBe('')
    expect(refusal({ fma: true, memory: 1 })).toMatch(
      /^EngineError: configure: the engine already runs with fma: false: call configure\(\{ fma: true \}\) before the first op/,
    )
    expect(refusal({ threads: 2, memory: 1 })).toMatch(
      /^EngineError: configure: .* 2 threads .*: call configure\(\{ threads: 2 \}\) before the first op/,
    )
    expect(fresh.engineReport()).toEqual(before)
  })
})
