/**
 * configure: how many threads and how much memory the engine has.
 *
 * Layer: transform.
 */
import { configureEngine, type EngineReport, theEngine } from '../backend/wasm/engine.ts'
import type { EngineOptions } from '../backend/wasm/settings.ts'
import { describe, fail, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'

export type { EngineOptions, EngineReport }

const known = ['threads', 'memory', 'fma'] as const

/**
 * Sets the engine up that runs ops: `threads` (as many as there are cores, at most 16; the environment variable COTANGENT_THREADS
 * does the same), `memory` (about how many bytes of tensors stay in its memory), `fma` (whether fused multiply-add may be used, true;
 * COTANGENT_FMA=0 forbids it). Results do not depend on the number of threads. Before the first op, all of it can be set;
 * afterwards `threads` and `memory`, unless it began with one thread.
 * @throws ValueError for options out of range; EngineError when the engine already works and `fma` would change, or more threads
 *   are wanted than its memory can be shared with; nothing is changed then
 * @example
 * configure({ threads: 1 })
 */
export const configure = (options: EngineOptions): void => {
  const { memory } = requireOptions('configure', options, known)
  if (memory !== undefined && !(memory > 0))
    fail(valueError('configure', `memory must be a positive number of bytes, got ${describe(memory)}`))
  const { fma } = options
  if (fma !== undefined && typeof fma !== 'boolean')
    fail(valueError('configure', `fma must be true or false, got ${describe(fma)}`))
  configureEngine(options)
}

/** What the engine is doing: threads, and why there are not more; bytes of its memory, of tensors in it; programs compiled. */
export const engineReport = (): EngineReport => theEngine().describe()
