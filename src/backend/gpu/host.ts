/**
 * The device whose arrays are in JavaScript: gpu.js gets them with each call, and returns results. All modes can do that.
 *
 * Layer: backend. What is copied to a GPU and back is the business of gpu.js, with each segment. Read next: prepare.ts.
 */
import { engineError, fail } from '../../core/errors.ts'
import { type Device, pipelineOf, type Segment } from './device.ts'
import type { GpuMode, Opened, Pipeline } from './facade.ts'
import { watchOf } from './watch.ts'

/** What gpu.js calls the kernels of each mode, and what it must run them by. */
const EXPECTED: { readonly [mode in GpuMode]: { readonly backend: string; readonly executor: string } } = {
  webgpu: { backend: 'webgpu', executor: 'fused-encoder' },
  webgl2: { backend: 'gpu', executor: 'generic' },
  headlessgl: { backend: 'gpu', executor: 'generic' },
  webasm: { backend: 'webasm', executor: 'fused' },
  cpu: { backend: 'cpu', executor: 'generic' },
}

/** Throws unless gpu.js has done what was asked for. */
export const checkPipeline = (mode: GpuMode, { backend, executorKind, fallbackReason }: Pipeline): void => {
  const expected = EXPECTED[mode]
  if (backend === expected.backend && executorKind.startsWith(expected.executor)) return
  fail(
    engineError(
      'gpu',
      `gpu.js ran a program in mode ${backend} (${executorKind}) instead of ${mode} (${expected.executor}): ${fallbackReason ?? 'it gives no reason'}`,
    ),
  )
}

/** Arrays of the host, and the public path of gpu.js. */
export const hostDevice = ({ mode, context }: Opened): Device<Float32Array> => {
  const watch = watchOf({ mode, context })
  let [uploaded, read] = [0, 0]
  const bytes = (arrays: readonly Float32Array[]): number => arrays.reduce((sum, x) => sum + x.byteLength, 0)
  const compile = async (segment: Segment) => {
    const { pipeline, close } = pipelineOf(context, segment)
    const run = async (inputs: readonly Float32Array[]): Promise<readonly Float32Array[]> => {
      const results = await pipeline(...inputs)
      watch.ask()
      checkPipeline(mode, pipeline)
      uploaded += bytes(inputs)
      read += bytes(results)
      return results
    }
    return {
      run,
      kernels: segment.kernels.length,
      close,
      get executor() {
        return pipeline.executorKind
      },
      get fallback() {
        return pipeline.fallbackReason
      },
    }
  }
  return {
    residency: 'host',
    upload: x => x,
    read: async x => x.slice(),
    part: (x, at, length) => x.subarray(at, at + length),
    blank: length => new Float32Array(length),
    put: (into, at, from) => into.set(from, at),
    keep: x => x,
    drop: () => undefined,
    compile,
    settle: async () => undefined,
    transfers: () => ({ uploaded, read }),
    idle: () => 0,
    close: async () => watch.close(),
  }
}
