/**
 * compile: a function traced once and run as one program by a backend whose results take their time, such as a GPU.
 *
 * Layer: transform. Traced and remembered as `jit` does it; only what runs the program differs. Read first: traced.ts; next:
 * to-host.ts.
 */
import type { AsyncBackend } from '../backend/backend.ts'
import { describe, fail, traceError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { asValue, isTensor } from '../core/tensor.ts'
import { flatten, unflatten } from '../core/tree.ts'
import type { Concrete, Tensor, Tracer } from '../core/types.ts'
import { type Arguments, requireFunction } from './arguments.ts'
import { type JitOptions, traced } from './traced.ts'

/** Options of `compile`: what runs the function, and numbers of arguments as `jit` has them. */
export type CompileToOptions = JitOptions & { readonly backend: AsyncBackend }

const isBackend = (x: unknown): x is AsyncBackend =>
  typeof x === 'object' && x !== null && 'execute' in x && 'describe' in x

const refuse = ({ trace }: Tracer): never =>
  fail(
    traceError(
      'compile',
      `a compiled function was called inside ${trace.kind}: transform first, then compile, as in compile(grad(f), options)`,
    ),
  )

const concreteOf = (x: Tensor): Concrete => {
  const value = asValue(x)
  return value.tag === 'concrete' ? value : refuse(value)
}

/**
 * f traced once and run as one program on `backend`: the same function, which returns a promise. Arguments and results are trees of
 * tensors; numbers are traced as scalars, as `jit` does. Results stay on the device: pass them on to functions compiled for the same backend, which
 * copies nothing, and read them after `await toHost(results)`. Arguments from the host are copied to the device and remembered there.
 *
 * Compiled for each combination of structure, shapes, dtypes and `static` arguments, and kept. `donate` names arguments whose memory
 * may be used again, the state of a training loop; their tensors cannot be read afterwards. Derivatives and batches are taken before
 * compiling: `compile(grad(f), options)`. Calls on one backend run one after the other, in the order in which they were made.
 * @throws ValueError for options that are none; TraceError when it is called inside a transformation. The promise rejects with what `jit` throws; RuleError for an op that the backend
 *   lacks; EngineError for a backend that was closed or failed, and for tensors that are on another backend
 * @example
 * const step = (backend: AsyncBackend) => compile((w: Tensor, x: Tensor) => sub(w, mul(0.1, matmul(x, w))), { backend, donate: [0] })
 */
export const compile = <Args extends readonly unknown[], Y>(
  f: (...args: Args) => Y,
  given: CompileToOptions,
): ((...args: Arguments<Args>) => Promise<Y>) => {
  requireFunction('compile', f)
  const { backend, ...options } = requireOptions('compile', given, ['backend', 'static', 'donate'], ['backend'])
  if (!isBackend(backend))
    fail(valueError('compile', `backend is ${describe(backend)}: open one with gpu({ mode }) of cotangent/gpu`))
  const find = traced('compile', f, options)
  const start = async (all: readonly unknown[]): Promise<unknown> => {
    const { program, inputs, donated, outShape } = find(all)
    return unflatten(outShape, await backend.execute(program, inputs.map(concreteOf), donated))
  }
  const compiled = (...all: readonly unknown[]): Promise<unknown> => {
    // Nobody waits for a promise inside a transformation.
    for (const x of flatten(all)[0]) if (isTensor(x)) concreteOf(x)
    return start(all)
  }
  return compiled as unknown as (...args: Arguments<Args>) => Promise<Y>
}
