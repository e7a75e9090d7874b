/**
 * Where programs run: the CPU engine, or a GPU. Whichever it is, functions are compiled and return promises.
 *
 * Read next: learner.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { gpu } from '../../src/gpu/index.ts'
import { type AsyncBackend, compile, engineReport, type JitOptions, jit } from '../../src/index.ts'
import type { Place } from './protocol.ts'

/** Compiles a function of trees of tensors. */
export type Compile = <Args extends readonly unknown[], Y>(
  f: (...args: Args) => Y,
  options?: JitOptions,
) => (...args: Args) => Promise<Y>

export type Runner = {
  /** For `fit`; nothing for the engine, on which it runs by itself. */
  readonly backend: { readonly backend?: AsyncBackend }
  readonly compile: Compile
  /** What it really is: how many threads, or which GPU. */
  readonly about: () => string
  readonly close: T.Task<void>
}

const engine: Runner = {
  backend: {},
  compile: (f, options) => {
    const compiled = jit(f, options) as typeof f
    return async (...args) => compiled(...args)
  },
  about: () => engineReport().threads,
  close: async () => {},
}

/** Opens a place; a Left says why it is not there. */
export const openPlace = (place: Place): TE.TaskEither<string, Runner> =>
  place === 'engine'
    ? TE.right(engine)
    : pipe(
        gpu({ mode: place }),
        TE.bimap(
          error => error.what,
          backend => ({
            backend: { backend },
            compile: ((f, options) => compile(f, { ...options, backend })) as Compile,
            about: () => backend.describe().adapter ?? 'ready',
            close: backend.close,
          }),
        ),
      )
