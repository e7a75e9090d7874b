/**
 * explain: what a jitted function was compiled to.
 *
 * Layer: transform. Read first: jit.ts, compile/show.ts.
 */
import { theEngine } from '../backend/wasm/engine.ts'
import { readyProgram } from '../backend/wasm.ts'
import type { Step } from '../compile/plan.ts'
import { costOfPlan, showPlan } from '../compile/show.ts'
import { describe, fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Concrete } from '../core/types.ts'
import { tracedOf } from './jit.ts'

/** `runs`: how often the function is run to measure the time of each step; 0 by default. */
export type ExplainOptions = { readonly runs?: number }

const microseconds = (ms: number): string => `${(1000 * ms).toFixed(1)} µs`

/**
 * A text that says what a jitted function does with arguments like these: a line for each step with its kernel, the buffers it
 * writes and reads, the ops that were fused in it, the arithmetic operations and the bytes it moves; the totals in front. With
 * `{ runs }` the function is run, without donating, and each line ends with the mean time of the step.
 * @throws ValueError when f is not jitted; what the function throws when it is traced
 * @example
 * const f = jit((x: Tensor, w: Tensor, b: Tensor) => relu(add(matmul(x, w), b)))
 * console.log(explain(f)(ones([64, 784]), ones([784, 500]), ones([500])))
 */
export const explain =
  <Args extends readonly unknown[]>(f: (...args: Args) => unknown, options: ExplainOptions = {}) =>
  (...args: Args): string => {
    const { runs = 0 } = requireOptions('explain', options, ['runs'])
    if (!Number.isInteger(runs) || runs < 0)
      return fail(valueError('explain', `runs must be a whole number of at least 0, got ${describe(runs)}`))
    const { program, inputs } = tracedOf(f, args)
    const { ready, types } = readyProgram(program)
    const engine = theEngine()
    const { codeSize } = engine.compile(ready)
    const times = new Map<Step, number>()
    let whole = 0
    for (let i = 0; i < runs; i++) {
      const start = performance.now()
      engine.run(ready, inputs as readonly Concrete[], types, [], ({ step }, ms) => {
        times.set(step, (times.get(step) ?? 0) + ms / runs)
      })
      whole += (performance.now() - start) / runs
    }
    const text = showPlan(ready.plan, step => (runs === 0 ? '' : `; ${microseconds(times.get(step) ?? 0)}`))
    const { flops } = costOfPlan(ready.plan)
    const speed = runs === 0 ? '' : `\n${microseconds(whole)} a run, ${(flops / whole / 1e6).toFixed(1)} Gflop/s`
    return `${text}\n${codeSize} bytes of WebAssembly${speed}`
  }
